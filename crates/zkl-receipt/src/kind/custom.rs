//! Custom statements: an embedder's circuit is satisfied with public inputs that the entry states.

mod public_input;
mod wire;

use zkl_circuits::claims;
use zkl_core::{ark::Fr, digest::TransactionId, name::DatasetName, time::Timestamp, transaction::OperationKind};
use zkl_merkle::{dsse::Envelope, keys::VerifyingKey, statement::Subject};
use zkl_snark::keys::Setup;

pub use public_input::PublicInput;

use super::{EvidenceBlobs, Record, StatementKind, open};
use crate::{
    dataset_ref::DatasetRef,
    entry::EntryError,
    nonce::Nonce,
    proof_record::ProofRecord,
    receipt::Evidence,
    verify::{NamedProof, ProofReport, Scope, VerifiedStatement, VerifyError},
};

const V1: &str = "urn:zkp-dataset-ledger:custom:v1";
const V2: &str = "urn:zkp-dataset-ledger:custom:v2";

/// An embedder's custom circuit was proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRecord {
    /// What the statement is about.
    pub about: About,
    /// What the statement means, in the embedder's words.
    pub description: String,
    /// How the notary says that the key was made.
    pub setup: Setup,
    /// The public inputs, in the circuit's order.
    pub public_inputs: Vec<PublicInput>,
    /// The proof.
    pub proof: ProofRecord,
    /// Key of the notary, who signs this entry.
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness of this entry.
    pub nonce: Nonce,
}

/// What a custom statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Version 1: a name at most, which nothing checks.
    Named(Option<DatasetName>),
    /// Version 2: notarized tables by role, at most [`MAX_DATASETS`](crate::MAX_DATASETS) of them, each in a receipt with the statement.
    Notarized(Vec<DatasetRef>),
}

impl About {
    /// The notarized tables.
    pub fn datasets(&self) -> &[DatasetRef] {
        match self {
            Self::Named(_) => &[],
            Self::Notarized(datasets) => datasets,
        }
    }

    /// The name of the one table, or of the first.
    pub fn name(&self) -> Option<&DatasetName> {
        match self {
            Self::Named(name) => name.as_ref(),
            Self::Notarized(datasets) => datasets.first().map(|dataset| &dataset.name),
        }
    }
}

impl Record for CustomRecord {
    fn open(envelope: &Envelope, type_uri: &str) -> Option<Result<Self, EntryError>> {
        match type_uri {
            V1 => Some(open::<wire::CustomV1, _>(envelope, type_uri)),
            V2 => Some(open::<wire::CustomV2, _>(envelope, type_uri)),
            _ => None,
        }
    }
}

impl StatementKind for CustomRecord {
    fn type_uri(&self) -> &str {
        match self.about {
            About::Named(_) => V1,
            About::Notarized(_) => V2,
        }
    }

    fn kind(&self) -> OperationKind {
        OperationKind::CUSTOM
    }

    fn subject(&self) -> Subject {
        let name = self.about.name().map_or(self.proof.circuit.name(), DatasetName::as_str);
        Subject::new(name).with_digest("zklVerifyingKey", self.proof.key.as_bytes())
    }

    fn dataset(&self) -> Option<&DatasetName> {
        self.about.name()
    }

    fn datasets(&self) -> Vec<&DatasetName> {
        match &self.about {
            About::Named(name) => name.iter().collect(),
            About::Notarized(datasets) => datasets.iter().map(|dataset| &dataset.name).collect(),
        }
    }

    fn in_words(&self) -> String {
        self.description.clone()
    }

    fn blobs(&self) -> EvidenceBlobs {
        EvidenceBlobs::of_proof(&self.proof)
    }

    fn names(&self) -> Vec<TransactionId> {
        self.about.datasets().iter().map(|dataset| dataset.entry).collect()
    }

    fn notary(&self) -> &VerifyingKey {
        &self.notary
    }

    fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    fn verify(&self, scope: &Scope<'_>) -> Result<VerifiedStatement, VerifyError> {
        let Evidence { manifest, scan, proof, statement: _ } = scope.evidence;
        scope.absent("manifest", manifest.as_ref())?;
        scope.absent("scan proof", scan.as_ref())?;
        let part = scope.present("proof", proof.as_ref())?;
        // Here the public inputs are the notary's words: a claim's proof under a chosen seal would pass for a claim.
        if claims::is_reserved(&self.proof.circuit) {
            return Err(VerifyError::ClaimCircuit { circuit: self.proof.circuit.clone() });
        }
        for dataset in self.about.datasets() {
            scope.dataset(dataset)?;
        }
        let public_inputs: Vec<Fr> = self.public_inputs.iter().map(PublicInput::value).collect();
        let instance = scope.trust.trust.circuit(&self.proof.circuit);
        let named = NamedProof { record: &self.proof, instance, public_inputs: &public_inputs };
        let report = named.check(part, scope.trust)?;
        // Trust by digest does not tell how a key was made; where the notary admits a forgeable setup, that is what counts.
        let setup = if self.setup.is_forgeable() { self.setup } else { report.setup };
        let proof = ProofReport { setup, ..report };
        Ok(VerifiedStatement::Custom { record: Box::new(self.clone()), proof })
    }
}
