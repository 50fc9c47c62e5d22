//! Claims: a statement about a notarized table, proved of its sealed profile.

use serde::{Deserialize, Serialize};
use zkl_circuits::claims;
use zkl_core::{
    circuit::CircuitId,
    claim::{Claim, resolve},
    digest::{BlobDigest, DatasetId, KeyDigest, TransactionId},
    layout::Layout,
    name::DatasetName,
    time::Timestamp,
    transaction::OperationKind,
};
use zkl_merkle::{keys::VerifyingKey, statement::Subject};

use super::{Notarization, StatementKind};
use crate::{
    nonce::Nonce,
    receipt::{ProofPart, key_blob},
    verify::{InLog, ProofReport, Trust, VerifyError, check_proof},
};

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
    /// The circuit that the proof satisfies.
    pub circuit: CircuitId,
    /// Digest of the verifying key that checks the proof.
    pub verifying_key: KeyDigest,
    /// Digest of the proof.
    pub proof: BlobDigest,
    /// Key of the notary, who signs this entry.
    #[serde(with = "crate::text")]
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness, bound into the proof.
    pub nonce: Nonce,
}

impl StatementKind for ClaimRecord {
    const KIND: OperationKind = OperationKind::CLAIM;
    const TYPES: &'static [&'static str] = &["urn:zkp-dataset-ledger:claim:v1"];

    fn type_uri(&self) -> &'static str {
        Self::TYPES[0]
    }

    fn subject(&self) -> Subject {
        Subject::new(self.dataset.as_str()).with_digest("zklDataset", self.dataset_id.as_bytes())
    }

    fn dataset(&self) -> Option<&DatasetName> {
        Some(&self.dataset)
    }

    fn blobs(&self) -> Vec<BlobDigest> {
        vec![self.proof, key_blob(self.verifying_key)]
    }

    fn notary(&self) -> &VerifyingKey {
        &self.notary
    }

    fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }
}

/// Checks that the notarization was logged before the claim, by one state of the log: a log that shows two histories
/// could otherwise have each entry in another one.
pub(crate) fn check_order(notarization: &InLog, claim: &InLog) -> Result<(), VerifyError> {
    if (notarization.size, notarization.root) != (claim.size, claim.root) {
        return Err(VerifyError::Checkpoints { claim: claim.size, notarization: notarization.size });
    }
    if notarization.index >= claim.index {
        return Err(VerifyError::Order { claim: claim.index, notarization: notarization.index });
    }
    Ok(())
}

/// Checks that the claim is about that notarization, and its proof.
pub(crate) fn check_claim(
    record: &ClaimRecord,
    notarization: &Notarization,
    layout: &Layout,
    part: &ProofPart,
    trust: &Trust,
) -> Result<ProofReport, VerifyError> {
    let agreements = [
        ("dataset", record.dataset == notarization.dataset),
        ("dataset id", record.dataset_id == notarization.dataset_id),
        // Whoever holds the opening may prove claims, but only the notary speaks for the notarization.
        ("notary", record.notary == notarization.notary),
    ];
    if let Some((field, _)) = agreements.into_iter().find(|(_, agree)| !agree) {
        return Err(VerifyError::ClaimMismatch { field });
    }
    let resolved = resolve(&record.claim, layout).map_err(VerifyError::Claim)?;
    let ctx = claims::context(&record.claim, record.notarization, record.notary.as_bytes(), record.nonce.as_bytes());
    let (circuit, public_inputs) =
        claims::statement(&resolved, layout, &notarization.seal, ctx).map_err(VerifyError::ClaimStatement)?;
    if circuit != record.circuit {
        return Err(VerifyError::Circuit { expected: circuit, got: record.circuit.clone() });
    }
    check_proof(part, &circuit, &public_inputs, record.verifying_key, record.proof, trust)
}
