//! Claims: a statement about a notarized table, proved of its sealed profile.

mod wire;

use zkl_circuits::claims::{
    self,
    language::{Claim, TextForm},
    resolve,
};
use zkl_circuits::keys::claim_circuit;
use zkl_core::{digest::TransactionId, name::DatasetName, time::Timestamp, transaction::OperationKind};
use zkl_merkle::{dsse::Envelope, keys::VerifyingKey, statement::Subject};

use super::{EvidenceBlobs, Record, StatementKind, open};
use crate::{
    dataset_ref::DatasetRef,
    entry::EntryError,
    nonce::Nonce,
    proof_record::ProofRecord,
    receipt::{Evidence, ProofPart},
    verify::{NamedProof, ProofReport, Scope, TrustAt, VerifiedStatement, VerifiedTable, VerifyError},
};

const V1: &str = "urn:zkp-dataset-ledger:claim:v1";
const V2: &str = "urn:zkp-dataset-ledger:claim:v2";

/// A claim about a notarized table was proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRecord {
    /// Version of the claim's text that the proof is tied to, and so version of the record.
    pub text: TextForm,
    /// The table, in the role [`Role::dataset`](crate::Role::dataset).
    pub dataset: DatasetRef,
    /// What is claimed.
    pub claim: Claim,
    /// The proof.
    pub proof: ProofRecord,
    /// Key of the notary, who signs this entry.
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness, bound into the proof.
    pub nonce: Nonce,
}

impl Record for ClaimRecord {
    fn open(envelope: &Envelope, type_uri: &str) -> Option<Result<Self, EntryError>> {
        match type_uri {
            V1 => Some(open::<wire::ClaimV1, _>(envelope, type_uri)),
            V2 => Some(open::<wire::ClaimV2, _>(envelope, type_uri)),
            _ => None,
        }
    }
}

impl StatementKind for ClaimRecord {
    fn type_uri(&self) -> &str {
        match self.text {
            TextForm::V1 => V1,
            TextForm::V2 => V2,
        }
    }

    fn kind(&self) -> OperationKind {
        OperationKind::CLAIM
    }

    fn subject(&self) -> Subject {
        Subject::new(self.dataset.name.as_str()).with_digest("zklDataset", self.dataset.id.as_bytes())
    }

    fn dataset(&self) -> Option<&DatasetName> {
        Some(&self.dataset.name)
    }

    fn in_words(&self) -> String {
        self.claim.to_string()
    }

    fn blobs(&self) -> EvidenceBlobs {
        EvidenceBlobs::of_proof(&self.proof)
    }

    fn names(&self) -> Vec<TransactionId> {
        vec![self.dataset.entry]
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
        let table = scope.dataset(&self.dataset)?;
        let proof = self.check_proof(&table, part, scope.trust)?;
        Ok(VerifiedStatement::Claim {
            claim: Box::new(self.claim.clone()),
            notarization: Box::new(table.notarization.clone()),
            notarization_id: self.dataset.entry,
            layout: table.layout.clone(),
            notes: table.notes.to_vec(),
            profile: table.profile.clone(),
            proof,
        })
    }
}

impl ClaimRecord {
    /// Checks that the claim is about that table, and its proof.
    fn check_proof(
        &self,
        table: &VerifiedTable<'_>,
        part: &ProofPart,
        trust: TrustAt<'_>,
    ) -> Result<ProofReport, VerifyError> {
        let VerifiedTable { notarization, layout, .. } = table;
        // Whoever holds the opening may prove claims, but only the notary speaks for the notarization.
        if self.notary != notarization.notary {
            return Err(VerifyError::DatasetMismatch { field: "notary" });
        }
        let resolved = resolve(&self.claim, layout).map_err(VerifyError::Claim)?;
        let (notary, nonce) = (self.notary.as_bytes(), self.nonce.as_bytes());
        let ctx = claims::context(self.text, &self.claim, self.dataset.entry, notary, nonce);
        let (circuit, public_inputs) =
            claims::statement(&resolved, layout, &notarization.seal, ctx).map_err(VerifyError::ClaimStatement)?;
        if circuit != self.proof.circuit {
            return Err(VerifyError::Circuit { expected: circuit, got: self.proof.circuit.clone() });
        }
        let instance = claim_circuit(&circuit);
        let named = NamedProof { record: &self.proof, instance: instance.as_deref(), public_inputs: &public_inputs };
        named.check(part, trust)
    }
}
