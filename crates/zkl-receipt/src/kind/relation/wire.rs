//! How a relation is written.
//!
//! `digest` is what the proof is bound to; `open` has what it stands for, unless receipts alone have it.

use serde::{Deserialize, Serialize, Serializer};
use zkl_circuits::relation::Operation;
use zkl_core::{
    digest::{Sha256Digest, TransactionId},
    time::Timestamp,
};
use zkl_merkle::keys::VerifyingKey;

use super::{Disclosure, RelationRecord, StatementPart};
use crate::{dataset_ref::DatasetRef, entry::EntryError, nonce::Nonce, proof_record::ProofRecord};

/// Version 1.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RelationV1 {
    operation: Operation,
    datasets: Vec<DatasetRef>,
    digest: Sha256Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open: Option<StatementPart>,
    proof: ProofRecord,
    #[serde(with = "crate::text")]
    notary: VerifyingKey,
    recorded_at: Timestamp,
    nonce: Nonce,
}

/// Whether the tables are as many as the operation has, in its roles.
pub(super) fn in_roles(operation: Operation, datasets: &[DatasetRef]) -> bool {
    let in_role = |(dataset, role): (&DatasetRef, &&str)| dataset.role.as_str() == *role;
    operation.tables().contains(&datasets.len()) && datasets.iter().zip(operation.roles()).all(in_role)
}

impl TryFrom<RelationV1> for RelationRecord {
    type Error = EntryError;

    fn try_from(wire: RelationV1) -> Result<Self, EntryError> {
        let RelationV1 { operation, datasets, digest, open, .. } = wire;
        if !in_roles(operation, &datasets) {
            return Err(EntryError::Datasets);
        }
        let entries: Vec<TransactionId> = datasets.iter().map(|dataset| dataset.entry).collect();
        let disclosure = match open {
            Some(part) => Disclosure::Open(part.open(&digest, &entries).ok_or(EntryError::Relation)?),
            None => Disclosure::Closed { operation, digest },
        };
        if disclosure.operation() != operation {
            return Err(EntryError::Relation);
        }
        Ok(Self {
            disclosure,
            datasets,
            proof: wire.proof,
            notary: wire.notary,
            recorded_at: wire.recorded_at,
            nonce: wire.nonce,
        })
    }
}

impl Serialize for RelationRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = self.entries();
        let Self { disclosure, datasets, proof, notary, recorded_at, nonce } = self.clone();
        let (operation, digest) = (disclosure.operation(), disclosure.digest(&entries));
        let open = match disclosure {
            Disclosure::Open(said) => Some(said.part(&entries)),
            Disclosure::Closed { .. } => None,
        };
        RelationV1 { operation, datasets, digest, open, proof, notary, recorded_at, nonce }.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use zkl_circuits::relation::Details;
    use zkl_core::digest::{BlobDigest, DatasetId, KeyDigest};
    use zkl_merkle::keys::SigningKey;
    use zkl_snark::proof_system::UNIVERSAL;

    use super::{super::terms::SaltedTerms, *};
    use crate::{kind::RelationTerms, scheme::Scheme};

    fn record() -> RelationRecord {
        let dataset = |role: &str, byte: u8| DatasetRef {
            role: role.parse().unwrap(),
            name: format!("t{byte}").parse().unwrap(),
            id: DatasetId::new([byte; 32]),
            entry: TransactionId::new([byte; 32]),
        };
        RelationRecord {
            disclosure: Disclosure::Open(SaltedTerms {
                salt: Nonce::generate().unwrap(),
                terms: RelationTerms {
                    operation: Operation::SameRows,
                    columns: vec!["a".to_owned(), "b".to_owned()],
                    details: Details::default(),
                },
            }),
            datasets: vec![dataset("left", 1), dataset("right", 2)],
            proof: ProofRecord {
                scheme: Scheme::of(UNIVERSAL),
                circuit: "relation/rows-16-0@1".parse().unwrap(),
                key: KeyDigest::of(b"key"),
                srs: Some(KeyDigest::of(b"string")),
                digest: BlobDigest::of(b"proof"),
            },
            notary: SigningKey::from_seed(&[7; 32]).verifying_key(),
            recorded_at: Timestamp::now(),
            nonce: Nonce::generate().unwrap(),
        }
    }

    /// What is read when the text of the record is changed like this.
    fn read(change: &dyn Fn(&mut serde_json::Value)) -> Result<RelationRecord, EntryError> {
        let mut text = serde_json::to_value(record()).unwrap();
        change(&mut text);
        RelationRecord::try_from(serde_json::from_value::<RelationV1>(text).unwrap())
    }

    #[test]
    fn a_statement_stands_for_its_digest_and_its_datasets() {
        let record = record();
        let text = serde_json::to_string(&record).unwrap();
        let again = RelationRecord::try_from(serde_json::from_str::<RelationV1>(&text).unwrap()).unwrap();
        assert_eq!((&again, serde_json::to_string(&again).unwrap()), (&record, text));
        assert!(read(&|_| ()).is_ok());
        let other = "1".repeat(64);
        let condition = serde_json::json!([{ "column": "a", "is": { "at_least": "1" } }]);
        let changes: [&dyn Fn(&mut serde_json::Value); 11] = [
            &|text| text["digest"] = other.clone().into(),
            &|text| text["open"]["salt"] = other.clone().into(),
            // Of the same roles.
            &|text| text["operation"] = "disjoint".into(),
            &|text| text["open"]["statement"]["columns"] = vec!["a"].into(),
            &|text| text["open"]["statement"]["operation"] = "split".into(),
            &|text| text["open"]["statement"]["k"] = 3.into(),
            &|text| text["open"]["statement"]["where"] = condition.clone(),
            &|text| text["open"]["statement"]["nulls"] = true.into(),
            &|text| text["open"]["statement"]["key"] = vec!["a"].into(),
            &|text| text["open"]["statement"]["datasets"][1] = other.clone().into(),
            &|text| text["datasets"][1]["entry"] = other.clone().into(),
        ];
        for (index, change) in changes.iter().enumerate() {
            assert!(matches!(read(change), Err(EntryError::Relation)), "change {index}");
        }
    }

    #[test]
    fn a_closed_statement_is_its_digest_and_opens_to_one_text_alone() {
        let open = record();
        let (entries, Disclosure::Open(said)) = (open.entries(), &open.disclosure) else { unreachable!() };
        let digest = said.digest(&entries);
        let record = RelationRecord {
            disclosure: Disclosure::Closed { operation: Operation::SameRows, digest },
            ..open.clone()
        };
        let text = serde_json::to_string(&record).unwrap();
        assert!(!text.contains("salt") && !text.contains("columns"), "{text}");
        let again = RelationRecord::try_from(serde_json::from_str::<RelationV1>(&text).unwrap()).unwrap();
        assert_eq!((&again, again.disclosure.open()), (&record, None));
        let part = said.part(&entries);
        assert_eq!(record.opened(&part).as_ref(), Some(said));
        let disclosure = Disclosure::Closed { operation: Operation::Disjoint, digest };
        assert_eq!(RelationRecord { disclosure, ..open.clone() }.opened(&part), None, "another operation");
        assert_eq!(part.clone().open(&digest, &entries).as_ref(), Some(said));
        assert_eq!(part.clone().open(&digest, &entries[..1]), None);
        let mut other = said.clone();
        other.terms.columns.pop();
        assert_eq!(other.part(&entries).open(&digest, &entries), None);
        let salted = SaltedTerms { salt: Nonce::generate().unwrap(), ..said.clone() };
        assert_eq!(salted.part(&entries).open(&digest, &entries), None);
    }

    #[test]
    fn tables_stand_in_the_roles_of_the_operation() {
        let changes: [&dyn Fn(&mut serde_json::Value); 3] = [
            &|text| text["datasets"][0]["role"] = "whole".into(),
            &|text| text["operation"] = "split".into(),
            &|text| drop(text["datasets"].as_array_mut().unwrap().pop()),
        ];
        for (index, change) in changes.iter().enumerate() {
            assert!(matches!(read(change), Err(EntryError::Datasets)), "change {index}");
        }
    }
}
