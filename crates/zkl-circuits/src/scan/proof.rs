//! A scan proof and its one encoding.

use zkl_argument::{
    Opening, Shape,
    commit::{Commitment, RowGroups},
    hyperkzg::MaskedOpening,
};
use zkl_core::ark::{Fr, serialize::CanonicalDeserialize as _};
use zkl_snark::groth16;

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
/// Groth16 proof      128
/// masked opening     s, then the HyperKZG proof
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ScanProof {
    pub(super) mask: Commitment,
    pub(super) claim: Opening<Fr>,
    pub(super) groth16: groth16::Proof,
    pub(super) opening: MaskedOpening,
}

impl ScanProof {
    /// Bytes of a proof of `shape` in row groups of `groups`.
    ///
    /// # Errors
    /// [`ScanDecodeError::Opening`] for row groups that have no openings.
    pub fn encoded_bytes(shape: &Shape, groups: RowGroups) -> Result<usize, ScanDecodeError> {
        let opening = MaskedOpening::encoded_bytes(groups.kappa()).map_err(ScanDecodeError::Opening)?;
        Ok(Commitment::ENCODED_BYTES + 32 * opening_len(shape) + groth16::Proof::LEN + opening)
    }

    /// Canonical encoding. Proofs of one shape in row groups of one size have one length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.mask.to_bytes().to_vec();
        bytes.extend(opening_elements(&self.claim).iter().flat_map(scalar_bytes));
        bytes.extend_from_slice(&self.groth16.to_bytes());
        bytes.extend(self.opening.to_bytes());
        bytes
    }

    /// Reads [`ScanProof::to_bytes`]; every length comes from the shape.
    ///
    /// # Errors
    /// [`ScanDecodeError`].
    pub fn from_bytes(shape: &Shape, groups: RowGroups, bytes: &[u8]) -> Result<Self, ScanDecodeError> {
        let expected = Self::encoded_bytes(shape, groups)?;
        let length = ScanDecodeError::Length { expected, got: bytes.len() };
        if bytes.len() != expected {
            return Err(length);
        }
        let (mask, rest) = bytes.split_first_chunk::<32>().ok_or_else(|| length.clone())?;
        let (claim, rest) = rest.split_at_checked(32 * opening_len(shape)).ok_or_else(|| length.clone())?;
        let (groth16, opening) = rest.split_at_checked(groth16::Proof::LEN).ok_or_else(|| length.clone())?;

        let mask = Commitment::from_bytes(mask).map_err(ScanDecodeError::Mask)?;
        let (elements, _) = claim.as_chunks::<32>();
        let read = |(index, bytes): (usize, &[u8; 32])| {
            Fr::deserialize_compressed(bytes.as_slice()).map_err(|_| ScanDecodeError::Element { index })
        };
        let elements: Vec<Fr> = elements.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        let claim = opening_from_elements(shape, &elements).ok_or(length)?;
        let groth16 = groth16::Proof::from_bytes(groth16).map_err(ScanDecodeError::Groth16)?;
        let opening = MaskedOpening::from_bytes(groups.kappa(), opening).map_err(ScanDecodeError::Opening)?;
        Ok(Self { mask, claim, groth16, opening })
    }

    /// The public claim that the messages end in.
    pub const fn claim(&self) -> &Opening<Fr> {
        &self.claim
    }
}
