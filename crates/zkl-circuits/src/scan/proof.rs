//! A scan proof and its one encoding.

use zkl_argument::{
    Opening, Shape,
    commit::{Commitment, RowGroups},
};
use zkl_core::ark::{Fr, serialize::CanonicalDeserialize as _};
use zkl_snark::proof_system::VerifyingKey;

use super::{
    circuit::{opening_elements, opening_from_elements, opening_len},
    error::ScanDecodeError,
    statement::scalar_bytes,
};

/// What a prover publishes beside the commitments and `h`.
///
/// ```text
/// mask commitment    32 bytes
/// claim              32 each: r*, z_blk, beta, eta, rho, y
/// proof              of the transcript circuit and its link, as its proof system encodes it
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ScanProof {
    pub(super) mask: Commitment,
    pub(super) claim: Opening<Fr>,
    pub(super) proof: Vec<u8>,
}

impl ScanProof {
    /// Bytes of a proof of `shape` in row groups of `groups`, which `key` verifies.
    ///
    /// # Errors
    /// [`ScanDecodeError::Proof`] for row groups that have no openings.
    pub fn encoded_bytes(shape: &Shape, groups: RowGroups, key: &dyn VerifyingKey) -> Result<usize, ScanDecodeError> {
        let proof = key.proof_len(Some(groups.kappa())).map_err(ScanDecodeError::Proof)?;
        Ok(Self::bytes_before(shape) + proof)
    }

    /// Bytes of mask and claim.
    fn bytes_before(shape: &Shape) -> usize {
        Commitment::ENCODED_BYTES + 32 * opening_len(shape)
    }

    /// Canonical encoding. Proofs of one shape in row groups of one size and under one key have one length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.mask.to_bytes().to_vec();
        bytes.extend(opening_elements(&self.claim).iter().flat_map(scalar_bytes));
        bytes.extend_from_slice(&self.proof);
        bytes
    }

    /// Reads [`ScanProof::to_bytes`]; every length comes from shape and key. The circuit's proof is read when it is verified.
    ///
    /// # Errors
    /// [`ScanDecodeError`].
    pub fn from_bytes(
        shape: &Shape,
        groups: RowGroups,
        key: &dyn VerifyingKey,
        bytes: &[u8],
    ) -> Result<Self, ScanDecodeError> {
        let expected = Self::encoded_bytes(shape, groups, key)?;
        let length = ScanDecodeError::Length { expected, got: bytes.len() };
        if bytes.len() != expected {
            return Err(length);
        }
        let (before, proof) = bytes.split_at_checked(Self::bytes_before(shape)).ok_or_else(|| length.clone())?;
        let (mask, claim) = before.split_first_chunk::<32>().ok_or_else(|| length.clone())?;
        let mask = Commitment::from_bytes(mask).map_err(ScanDecodeError::Mask)?;
        let (elements, _) = claim.as_chunks::<32>();
        let read = |(index, bytes): (usize, &[u8; 32])| {
            Fr::deserialize_compressed(bytes.as_slice()).map_err(|_| ScanDecodeError::Element { index })
        };
        let elements: Vec<Fr> = elements.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        let claim = opening_from_elements(shape, &elements).ok_or(length)?;
        Ok(Self { mask, claim, proof: proof.to_vec() })
    }

    /// The public claim that the messages end in.
    pub const fn claim(&self) -> &Opening<Fr> {
        &self.claim
    }
}
