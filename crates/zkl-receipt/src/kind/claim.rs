//! Claims: a statement about a notarized table, proved of its sealed profile.

use serde::{Deserialize, Serialize};
use zkl_circuits::claims::{language::Claim, resolve};
use zkl_circuits::{claims, keys::claim_circuit};
use zkl_core::{
    circuit::CircuitId,
    digest::{BlobDigest, DatasetId, KeyDigest, TransactionId},
    name::DatasetName,
    time::Timestamp,
    transaction::OperationKind,
};
use zkl_merkle::{keys::VerifyingKey, statement::Subject};

use super::{EvidenceBlobs, StatementKind};
use crate::{
    nonce::Nonce,
    receipt::{Evidence, ProofPart},
    scheme::Scheme,
    verify::{NamedProof, ProofReport, Scope, Trust, VerifiedStatement, VerifiedTable, VerifyError},
};

const TYPE: &str = "urn:zkp-dataset-ledger:claim:v1";

/// A claim about a notarized table was proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimRecord {
    /// Name of the dataset.
    pub dataset: DatasetName,
    /// Id of the notarized version.
    pub dataset_id: DatasetId,
    /// The entry that notarized it.
    pub notarization: TransactionId,
    /// What is claimed.
    pub claim: Claim,
    /// The proof system, unless it is the one that is never named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Scheme>,
    /// The circuit that the proof satisfies.
    pub circuit: CircuitId,
    /// Digest of the verifying key that checks the proof.
    pub verifying_key: KeyDigest,
    /// Digest of the reference string, under a proof system that needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub srs: Option<KeyDigest>,
    /// Digest of the proof, and of the string's verifier's part before it.
    pub proof: BlobDigest,
    /// Key of the notary, who signs this entry.
    #[serde(with = "crate::text")]
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness, bound into the proof.
    pub nonce: Nonce,
}

impl ClaimRecord {
    pub(crate) const TYPES: &[&str] = &[TYPE];
}

impl StatementKind for ClaimRecord {
    fn type_uri(&self) -> &str {
        TYPE
    }

    fn kind(&self) -> OperationKind {
        OperationKind::CLAIM
    }

    fn subject(&self) -> Subject {
        Subject::new(self.dataset.as_str()).with_digest("zklDataset", self.dataset_id.as_bytes())
    }

    fn dataset(&self) -> Option<&DatasetName> {
        Some(&self.dataset)
    }

    fn blobs(&self) -> EvidenceBlobs {
        EvidenceBlobs::of_proof(self.proof, self.verifying_key)
    }

    fn names(&self) -> Vec<TransactionId> {
        vec![self.notarization]
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
        let table = scope.notarization(self.notarization)?;
        let proof = self.check_proof(&table, part, scope.trust)?;
        Ok(VerifiedStatement::Claim {
            claim: Box::new(self.claim.clone()),
            notarization: Box::new(table.notarization.clone()),
            notarization_id: self.notarization,
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
        trust: &Trust,
    ) -> Result<ProofReport, VerifyError> {
        let VerifiedTable { notarization, layout, .. } = table;
        let agreements = [
            ("dataset", self.dataset == notarization.dataset),
            ("dataset id", self.dataset_id == notarization.dataset_id),
            // Whoever holds the opening may prove claims, but only the notary speaks for the notarization.
            ("notary", self.notary == notarization.notary),
        ];
        if let Some((field, _)) = agreements.into_iter().find(|(_, agree)| !agree) {
            return Err(VerifyError::ClaimMismatch { field });
        }
        let resolved = resolve(&self.claim, layout).map_err(VerifyError::Claim)?;
        let ctx = claims::context(&self.claim, self.notarization, self.notary.as_bytes(), self.nonce.as_bytes());
        let (circuit, public_inputs) =
            claims::statement(&resolved, layout, &notarization.seal, ctx).map_err(VerifyError::ClaimStatement)?;
        if circuit != self.circuit {
            return Err(VerifyError::Circuit { expected: circuit, got: self.circuit.clone() });
        }
        let instance = claim_circuit(&circuit);
        let named = NamedProof {
            scheme: self.scheme,
            circuit: &circuit,
            instance: instance.as_deref(),
            public_inputs: &public_inputs,
            key: self.verifying_key,
            srs: self.srs,
            proof: self.proof,
        };
        named.check(part, trust)
    }
}
