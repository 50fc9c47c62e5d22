//! The blob of a scan proof: what a verifier needs beside the entry and the layout.
//!
//! ```text
//! reference string    132 bytes, or 196 with a base of its own: its verifier's part
//! table proof         the rest: commitments and proofs of every segment, of every group of columns, and what joins them
//! ```
//!
//! The length follows from the layout, the keys and the kind of the string, which comes first.

use zkl_argument::srs::{Setup, SrsError, SrsVerifierKey};
use zkl_circuits::scan::{JoinedPlan, JoinedProof, TableKeys};

use crate::verify::VerifyError;

/// The parts of a blob.
pub struct ScanBundle {
    /// The reference string's verifier's part.
    pub srs: SrsVerifierKey,
    /// Commitments and proofs.
    pub proof: JoinedProof,
}

impl ScanBundle {
    /// The blob's bytes.
    pub fn encode(srs: &SrsVerifierKey, proof: &JoinedProof) -> Vec<u8> {
        let mut bytes = srs.to_bytes();
        bytes.extend(proof.to_bytes());
        bytes
    }

    /// The string at the head of a blob.
    ///
    /// # Errors
    /// [`VerifyError::Srs`].
    pub fn srs(bytes: &[u8]) -> Result<SrsVerifierKey, VerifyError> {
        let len = SrsVerifierKey::encoded_bytes_at(bytes).map_err(VerifyError::Srs)?;
        SrsVerifierKey::from_bytes(bytes.get(..len).unwrap_or(bytes)).map_err(VerifyError::Srs)
    }

    /// Compares the length with that of the blob of a table that is cut as `plan` says and proved with keys of the sizes of `keys`.
    /// Returns the length of the string.
    ///
    /// # Errors
    /// [`VerifyError::ScanLength`], [`VerifyError::Srs`], [`VerifyError::ScanEncoding`].
    pub(crate) fn check_len(plan: &JoinedPlan, keys: &TableKeys<'_>, bytes: &[u8]) -> Result<usize, VerifyError> {
        let proof_len = JoinedProof::encoded_bytes(plan, keys).map_err(VerifyError::ScanEncoding)?;
        let srs_len = match SrsVerifierKey::encoded_bytes_at(bytes) {
            // Too short to name a kind: the shortest string is as good as any.
            Err(SrsError::Truncated { .. }) => SrsVerifierKey::encoded_bytes(Setup::Ceremony),
            read => read.map_err(VerifyError::Srs)?,
        };
        let expected = proof_len.saturating_add(srs_len);
        if bytes.len() != expected {
            return Err(VerifyError::ScanLength { expected, got: bytes.len() });
        }
        Ok(srs_len)
    }

    /// Reads the blob of a table that is cut as `plan` says and proved with `keys`.
    ///
    /// # Errors
    /// [`VerifyError::ScanLength`], [`VerifyError::Srs`], [`VerifyError::ScanEncoding`].
    pub fn decode(plan: &JoinedPlan, keys: &TableKeys<'_>, bytes: &[u8]) -> Result<Self, VerifyError> {
        let srs_len = Self::check_len(plan, keys, bytes)?;
        let (srs, proof) = bytes.split_at(srs_len);
        Ok(Self {
            srs: SrsVerifierKey::from_bytes(srs).map_err(VerifyError::Srs)?,
            proof: JoinedProof::from_bytes(plan, keys, proof).map_err(VerifyError::ScanEncoding)?,
        })
    }
}
