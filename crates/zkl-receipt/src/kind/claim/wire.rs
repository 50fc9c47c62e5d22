//! How a claim is written, by version.
//!
//! ```text
//! claim:v1   one proof system, which is not named; the context binds version 1 of the claim's text
//! claim:v2   the proof system by name; the context binds version 2
//! ```

use serde::{Deserialize, Serialize, Serializer, ser::Error as _};
use zkl_circuits::claims::language::{Claim, TextForm};
use zkl_core::{
    circuit::CircuitId,
    digest::{BlobDigest, DatasetId, KeyDigest, TransactionId},
    name::DatasetName,
    time::Timestamp,
};
use zkl_merkle::keys::VerifyingKey;

use super::ClaimRecord;
use crate::{
    dataset_ref::{DatasetRef, Role},
    entry::EntryError,
    nonce::Nonce,
    proof_record::ProofRecord,
};

/// Version 1.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClaimV1 {
    dataset: DatasetName,
    dataset_id: DatasetId,
    notarization: TransactionId,
    claim: Claim,
    circuit: CircuitId,
    verifying_key: KeyDigest,
    proof: BlobDigest,
    #[serde(with = "crate::text")]
    notary: VerifyingKey,
    recorded_at: Timestamp,
    nonce: Nonce,
}

/// Version 2.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClaimV2 {
    datasets: Vec<DatasetRef>,
    claim: Claim,
    proof: ProofRecord,
    #[serde(with = "crate::text")]
    notary: VerifyingKey,
    recorded_at: Timestamp,
    nonce: Nonce,
}

impl From<ClaimV1> for ClaimRecord {
    fn from(wire: ClaimV1) -> Self {
        Self {
            text: TextForm::V1,
            dataset: DatasetRef {
                role: Role::dataset(),
                name: wire.dataset,
                id: wire.dataset_id,
                entry: wire.notarization,
            },
            claim: wire.claim,
            proof: ProofRecord::unnamed(wire.circuit, wire.verifying_key, wire.proof),
            notary: wire.notary,
            recorded_at: wire.recorded_at,
            nonce: wire.nonce,
        }
    }
}

impl TryFrom<ClaimV2> for ClaimRecord {
    type Error = EntryError;

    fn try_from(wire: ClaimV2) -> Result<Self, EntryError> {
        let [dataset] = <[DatasetRef; 1]>::try_from(wire.datasets).map_err(|_| EntryError::Datasets)?;
        if dataset.role != Role::dataset() {
            return Err(EntryError::Datasets);
        }
        Ok(Self {
            text: TextForm::V2,
            dataset,
            claim: wire.claim,
            proof: wire.proof,
            notary: wire.notary,
            recorded_at: wire.recorded_at,
            nonce: wire.nonce,
        })
    }
}

impl Serialize for ClaimRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { text, dataset, claim, proof, notary, recorded_at, nonce } = self.clone();
        match text {
            TextForm::V1 if !proof.is_unnamed() => Err(S::Error::custom("version 1 does not name a proof system")),
            TextForm::V1 => ClaimV1 {
                dataset: dataset.name,
                dataset_id: dataset.id,
                notarization: dataset.entry,
                claim,
                circuit: proof.circuit,
                verifying_key: proof.key,
                proof: proof.digest,
                notary,
                recorded_at,
                nonce,
            }
            .serialize(serializer),
            TextForm::V2 => {
                ClaimV2 { datasets: vec![dataset], claim, proof, notary, recorded_at, nonce }.serialize(serializer)
            }
        }
    }
}
