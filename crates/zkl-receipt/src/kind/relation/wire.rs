//! How a relation is written.
//!
//! `digest` is what the proof is bound to; `open` has what it stands for. Every statement is open so far.

use serde::{Deserialize, Serialize, Serializer};
use zkl_circuits::relation::Operation;
use zkl_core::{
    digest::{Sha256Digest, TransactionId},
    time::Timestamp,
};
use zkl_merkle::keys::VerifyingKey;

use super::{RelationRecord, RelationTerms, terms::StatementText};
use crate::{dataset_ref::DatasetRef, entry::EntryError, nonce::Nonce, proof_record::ProofRecord};

/// Version 1.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RelationV1 {
    operation: Operation,
    datasets: Vec<DatasetRef>,
    digest: Sha256Digest,
    open: OpenV1,
    proof: ProofRecord,
    #[serde(with = "crate::text")]
    notary: VerifyingKey,
    recorded_at: Timestamp,
    nonce: Nonce,
}

/// The statement of an open relation.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenV1 {
    salt: Nonce,
    statement: StatementText,
}

/// Whether the tables are as many as the operation has, in its roles.
pub(super) fn in_roles(operation: Operation, datasets: &[DatasetRef]) -> bool {
    let in_role = |(dataset, role): (&DatasetRef, &&str)| dataset.role.as_str() == *role;
    operation.tables().contains(&datasets.len()) && datasets.iter().zip(operation.roles()).all(in_role)
}

impl TryFrom<RelationV1> for RelationRecord {
    type Error = EntryError;

    fn try_from(wire: RelationV1) -> Result<Self, EntryError> {
        let RelationV1 { operation, datasets, digest, open: OpenV1 { salt, statement }, .. } = wire;
        if !in_roles(operation, &datasets) {
            return Err(EntryError::Datasets);
        }
        let entries: Vec<TransactionId> = datasets.iter().map(|dataset| dataset.entry).collect();
        let terms = RelationTerms { operation, columns: statement.columns.clone() };
        if statement != terms.text(&entries) || terms.digest(&salt, &entries) != digest {
            return Err(EntryError::Relation);
        }
        Ok(Self {
            terms,
            datasets,
            salt,
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
        let Self { terms, datasets, salt, proof, notary, recorded_at, nonce } = self.clone();
        let digest = terms.digest(&salt, &entries);
        let open = OpenV1 { salt, statement: terms.text(&entries) };
        let operation = terms.operation;
        RelationV1 { operation, datasets, digest, open, proof, notary, recorded_at, nonce }.serialize(serializer)
    }
}
