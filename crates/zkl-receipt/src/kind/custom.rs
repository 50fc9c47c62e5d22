//! Custom statements: an embedder's circuit is satisfied with public inputs that the entry states.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zkl_circuits::claims;
use zkl_core::{
    ark::{
        Fr,
        serialize::{CanonicalDeserialize as _, CanonicalSerialize as _},
    },
    circuit::CircuitId,
    digest::{BlobDigest, KeyDigest, Sha256Digest},
    name::DatasetName,
    time::Timestamp,
    transaction::OperationKind,
};
use zkl_merkle::{keys::VerifyingKey, statement::Subject};
use zkl_snark::keys::Setup;

use super::{EvidenceBlobs, StatementKind};
use crate::{
    nonce::Nonce,
    receipt::Evidence,
    scheme::Scheme,
    verify::{NamedProof, ProofReport, Scope, VerifiedStatement, VerifyError},
};

const TYPE: &str = "urn:zkp-dataset-ledger:custom:v1";

/// An embedder's custom circuit was proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomRecord {
    /// The dataset that the statement is about, if it is about one.
    pub dataset: Option<DatasetName>,
    /// What the statement means, in the embedder's words.
    pub description: String,
    /// The proof system, unless it is the one that is never named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Scheme>,
    /// The circuit.
    pub circuit: CircuitId,
    /// How the notary says that the key was made.
    pub setup: Setup,
    /// Digest of the verifying key that checks the proof.
    pub verifying_key: KeyDigest,
    /// Digest of the reference string, under a proof system that needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub srs: Option<KeyDigest>,
    /// The public inputs, in the circuit's order.
    pub public_inputs: Vec<PublicInput>,
    /// Digest of the proof, and of the string's verifier's part before it.
    pub proof: BlobDigest,
    /// Key of the notary, who signs this entry.
    #[serde(with = "crate::text")]
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness of this entry.
    pub nonce: Nonce,
}

/// A public input: an element of the scalar field of BN254, written as 64 hexadecimal digits, least significant byte
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicInput(Fr);

impl PublicInput {
    /// The public input with this value.
    pub const fn new(value: Fr) -> Self {
        Self(value)
    }

    /// The value.
    pub const fn value(&self) -> Fr {
        self.0
    }
}

impl fmt::Display for PublicInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0u8; 32];
        self.0.serialize_compressed(bytes.as_mut_slice()).map_err(|_| fmt::Error)?;
        f.write_str(&hex::encode(bytes))
    }
}

impl Serialize for PublicInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicInput {
    /// Refuses numbers that are not below the field's modulus.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = *Sha256Digest::deserialize(deserializer)?.as_bytes();
        let value = Fr::deserialize_compressed(bytes.as_slice());
        value.map(Self).map_err(|_| serde::de::Error::custom("not an element of the scalar field"))
    }
}

impl CustomRecord {
    pub(crate) const TYPES: &[&str] = &[TYPE];
}

impl StatementKind for CustomRecord {
    fn type_uri(&self) -> &str {
        TYPE
    }

    fn kind(&self) -> OperationKind {
        OperationKind::CUSTOM
    }

    fn subject(&self) -> Subject {
        let name = self.dataset.as_ref().map_or(self.circuit.name(), |name| name.as_str());
        Subject::new(name).with_digest("zklVerifyingKey", self.verifying_key.as_bytes())
    }

    fn dataset(&self) -> Option<&DatasetName> {
        self.dataset.as_ref()
    }

    fn blobs(&self) -> EvidenceBlobs {
        EvidenceBlobs::of_proof(self.proof, self.verifying_key)
    }

    fn notary(&self) -> &VerifyingKey {
        &self.notary
    }

    fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }
    fn verify(&self, scope: &Scope<'_>) -> Result<VerifiedStatement, VerifyError> {
        let Evidence { manifest, scan, proof } = scope.evidence;
        scope.absent("manifest", manifest.as_ref())?;
        scope.absent("scan proof", scan.as_ref())?;
        let part = scope.present("proof", proof.as_ref())?;
        // Here the public inputs are the notary's words: a claim's proof under a chosen seal would pass for a claim.
        if claims::is_reserved(&self.circuit) {
            return Err(VerifyError::ClaimCircuit { circuit: self.circuit.clone() });
        }
        let public_inputs: Vec<Fr> = self.public_inputs.iter().map(PublicInput::value).collect();
        let named = NamedProof {
            scheme: self.scheme,
            circuit: &self.circuit,
            instance: scope.trust.circuit(&self.circuit),
            public_inputs: &public_inputs,
            key: self.verifying_key,
            srs: self.srs,
            proof: self.proof,
        };
        let report = named.check(part, scope.trust)?;
        // Trust by digest does not tell how a key was made; where the notary admits a forgeable setup, that is what counts.
        let setup = if self.setup.is_forgeable() { self.setup } else { report.setup };
        let proof = ProofReport { setup, ..report };
        Ok(VerifiedStatement::Custom { record: Box::new(self.clone()), proof })
    }
}
