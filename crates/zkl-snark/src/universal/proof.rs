//! Proofs and their one encoding.
//!
//! ```text
//! C_{W_0} .. C_{W_{K-1}}, C_U, C_V, C_D                points
//! sigma; outer rounds, 2 each; a, b; inner rounds, 2 each; d        field elements
//! masked opening
//! ```
//! 32 bytes each. The length follows from [`Sizes`].

use std::fmt;

use zkl_argument::{
    chain::{read_scalar, scalar_bytes},
    commit::Commitment,
    hyperkzg::MaskedOpening,
};

use super::{masks::MaskCommitments, sizes::Sizes};
use crate::{ark::Fr, proof_system::DecodeError};

/// A proof that an assignment satisfies a circuit.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    /// Commitments to the blocks of the extended witness.
    pub(super) witness: Vec<Commitment>,
    pub(super) masks: MaskCommitments,
    /// Sum of the inner mask over the cube.
    pub(super) sigma: Fr,
    /// Two coefficients a round.
    pub(super) outer: Vec<[Fr; 2]>,
    /// `a` and `b`.
    pub(super) ends: [Fr; 2],
    /// Two coefficients a round.
    pub(super) inner: Vec<[Fr; 2]>,
    /// Value of the mask of the opening.
    pub(super) d: Fr,
    pub(super) opening: MaskedOpening,
}

impl Proof {
    /// The encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let masks = self.masks.to_array();
        let points = self.witness.iter().chain(&masks).map(Commitment::to_bytes);
        let scalars = [&self.sigma].into_iter().chain(self.outer.as_flattened()).chain(&self.ends);
        let scalars = scalars.chain(self.inner.as_flattened()).chain([&self.d]).map(scalar_bytes);
        let mut bytes: Vec<u8> = points.chain(scalars).flatten().collect();
        bytes.extend(self.opening.to_bytes());
        bytes
    }

    /// Reads [`Self::to_bytes`]. The length is compared before anything is allocated.
    ///
    /// # Errors
    /// [`DecodeError`] for another length, and for points and field elements that are not encoded canonically.
    pub fn from_bytes(sizes: &Sizes, bytes: &[u8]) -> Result<Self, DecodeError> {
        let length = DecodeError::Length { expected: sizes.proof_bytes(), got: bytes.len() };
        if bytes.len() != sizes.proof_bytes() {
            return Err(length);
        }
        let points = sizes.blocks + MaskCommitments::COUNT;
        let scalars = 1 + 2 * sizes.rounds + 2 + 2 * sizes.kappa + 1;
        let (head, opening) = bytes.split_at_checked(32 * (points + scalars)).ok_or(length)?;
        let (points, scalars) = head.as_chunks::<32>().0.split_at(points);
        let points = points
            .iter()
            .enumerate()
            .map(|(index, bytes)| Commitment::from_bytes(bytes).map_err(|source| DecodeError::Point { index, source }))
            .collect::<Result<Vec<_>, _>>()?;
        let scalars = scalars
            .iter()
            .enumerate()
            .map(|(index, bytes)| read_scalar(bytes).ok_or(DecodeError::Scalar { index }))
            .collect::<Result<Vec<_>, _>>()?;
        let (witness, masks) = points.split_at(sizes.blocks);
        let (outer, rest) = scalars.get(1..).ok_or(length)?.split_at(2 * sizes.rounds);
        let (ends, rest) = rest.split_first_chunk::<2>().ok_or(length)?;
        let (inner, rest) = rest.split_at(2 * sizes.kappa);
        let ([sigma, ..], [d]) = (scalars.as_slice(), rest) else { return Err(length) };
        Ok(Self {
            witness: witness.to_vec(),
            masks: MaskCommitments::from_slice(masks).ok_or(length)?,
            sigma: *sigma,
            outer: outer.as_chunks().0.to_vec(),
            ends: *ends,
            inner: inner.as_chunks().0.to_vec(),
            d: *d,
            opening: MaskedOpening::from_bytes(sizes.kappa, opening)?,
        })
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proof({})", hex::encode(self.to_bytes()))
    }
}
