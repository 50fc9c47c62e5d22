//! The blob of a scan proof: what a verifier needs beside the entry and the layout.
//!
//! ```text
//! reference string    132 bytes: its verifier's part
//! commitments         32 each, column by column, row group by row group
//! scan proof          the rest
//! ```
//!
//! Every length follows from the layout.

use zkl_argument::{ScanPlan, srs::SrsVerifierKey};
use zkl_circuits::{
    keys::SRS_LOG_POWERS,
    scan::{ColumnCommitments, ScanProof},
};

use crate::verify::VerifyError;

/// The parts of a blob.
pub(crate) struct ScanBundle {
    pub(crate) srs: SrsVerifierKey,
    pub(crate) commitments: ColumnCommitments,
    pub(crate) proof: ScanProof,
}

impl ScanBundle {
    /// The blob's bytes.
    pub(crate) fn encode(srs: &SrsVerifierKey, commitments: &ColumnCommitments, proof: &ScanProof) -> Vec<u8> {
        let mut bytes = srs.to_bytes();
        bytes.extend(commitments.to_bytes());
        bytes.extend(proof.to_bytes());
        bytes
    }

    /// Reads the blob of a table in the slots of `plan`.
    pub(crate) fn decode(plan: &ScanPlan, bytes: &[u8]) -> Result<Self, VerifyError> {
        let groups = ColumnCommitments::row_groups(plan, SRS_LOG_POWERS).map_err(VerifyError::ScanCommitments)?;
        let commitments_len = ColumnCommitments::encoded_bytes(plan, groups);
        let proof_len = ScanProof::encoded_bytes(plan.shape(), groups).map_err(VerifyError::ScanEncoding)?;
        let expected = SrsVerifierKey::ENCODED_BYTES + commitments_len + proof_len;
        if bytes.len() != expected {
            return Err(VerifyError::ScanLength { expected, got: bytes.len() });
        }
        let (srs, rest) = bytes.split_at(SrsVerifierKey::ENCODED_BYTES);
        let (commitments, proof) = rest.split_at(commitments_len);
        Ok(Self {
            srs: SrsVerifierKey::from_bytes(srs).map_err(VerifyError::Srs)?,
            commitments: ColumnCommitments::from_bytes(plan, groups, commitments)
                .map_err(VerifyError::ScanCommitments)?,
            proof: ScanProof::from_bytes(plan.shape(), groups, proof).map_err(VerifyError::ScanEncoding)?,
        })
    }
}
