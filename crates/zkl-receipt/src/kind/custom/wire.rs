//! How a custom statement is written, by version.
//!
//! ```text
//! custom:v1   the name of a dataset, which nothing checks; one proof system, which is not named
//! custom:v2   notarized datasets by role; the proof system by name
//! ```

use serde::{Deserialize, Serialize, Serializer, ser::Error as _};
use zkl_core::{
    circuit::CircuitId,
    digest::{BlobDigest, KeyDigest},
    name::DatasetName,
    time::Timestamp,
};
use zkl_merkle::keys::VerifyingKey;
use zkl_snark::keys::Setup;

use super::{About, CustomRecord, PublicInput};
use crate::{dataset_ref::DatasetRef, entry::EntryError, nonce::Nonce, proof_record::ProofRecord};

/// Version 1.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CustomV1 {
    dataset: Option<DatasetName>,
    description: String,
    circuit: CircuitId,
    setup: Setup,
    verifying_key: KeyDigest,
    public_inputs: Vec<PublicInput>,
    proof: BlobDigest,
    #[serde(with = "crate::text")]
    notary: VerifyingKey,
    recorded_at: Timestamp,
    nonce: Nonce,
}

/// Version 2.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CustomV2 {
    datasets: Vec<DatasetRef>,
    description: String,
    setup: Setup,
    public_inputs: Vec<PublicInput>,
    proof: ProofRecord,
    #[serde(with = "crate::text")]
    notary: VerifyingKey,
    recorded_at: Timestamp,
    nonce: Nonce,
}

impl From<CustomV1> for CustomRecord {
    fn from(wire: CustomV1) -> Self {
        Self {
            about: About::Named(wire.dataset),
            description: wire.description,
            setup: wire.setup,
            public_inputs: wire.public_inputs,
            proof: ProofRecord::unnamed(wire.circuit, wire.verifying_key, wire.proof),
            notary: wire.notary,
            recorded_at: wire.recorded_at,
            nonce: wire.nonce,
        }
    }
}

impl TryFrom<CustomV2> for CustomRecord {
    type Error = EntryError;

    fn try_from(wire: CustomV2) -> Result<Self, EntryError> {
        DatasetRef::check_roles(&wire.datasets)?;
        Ok(Self {
            about: About::Notarized(wire.datasets),
            description: wire.description,
            setup: wire.setup,
            public_inputs: wire.public_inputs,
            proof: wire.proof,
            notary: wire.notary,
            recorded_at: wire.recorded_at,
            nonce: wire.nonce,
        })
    }
}

impl Serialize for CustomRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { about, description, setup, public_inputs, proof, notary, recorded_at, nonce } = self.clone();
        match about {
            About::Named(_) if !proof.is_unnamed() => Err(S::Error::custom("version 1 does not name a proof system")),
            About::Named(dataset) => CustomV1 {
                dataset,
                description,
                circuit: proof.circuit,
                setup,
                verifying_key: proof.key,
                public_inputs,
                proof: proof.digest,
                notary,
                recorded_at,
                nonce,
            }
            .serialize(serializer),
            About::Notarized(datasets) => {
                CustomV2 { datasets, description, setup, public_inputs, proof, notary, recorded_at, nonce }
                    .serialize(serializer)
            }
        }
    }
}
