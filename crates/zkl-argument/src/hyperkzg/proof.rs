//! Opening proofs and their bytes.

use zkl_core::ark::Fr;

use super::{MAX_VARS, error::DecodeError};
use crate::{
    chain::{self, scalar_bytes},
    commit::Commitment,
};

/// Values of one folded polynomial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluations {
    /// `f_i(r)`.
    pub at_r: Fr,
    /// `f_i(-r)`.
    pub at_minus_r: Fr,
    /// `f_i(r^2)`.
    pub at_r_squared: Fr,
}

impl Evaluations {
    /// The three values, in the order in which they are encoded.
    pub const fn scalars(&self) -> [Fr; 3] {
        [self.at_r, self.at_minus_r, self.at_r_squared]
    }
}

/// A proof that a commitment opens to a value at a point.
///
/// ```text
/// folds (kappa - 1 points) || evaluations (3 kappa field elements) || witnesses (3 points)        32 bytes each
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HyperKzgProof {
    /// Commitments to `f_1 .. f_{kappa-1}`.
    pub folds: Vec<Commitment>,
    /// Values of `f_0 .. f_{kappa-1}`.
    pub evaluations: Vec<Evaluations>,
    /// Commitments to the quotients at `r`, `-r` and `r^2`.
    pub witnesses: [Commitment; 3],
}

impl HyperKzgProof {
    /// Bytes of a proof in `kappa` variables.
    ///
    /// # Errors
    /// [`DecodeError::Variables`] unless `1 <= kappa <= MAX_VARS`.
    pub const fn encoded_bytes(kappa: usize) -> Result<usize, DecodeError> {
        if kappa == 0 || kappa > MAX_VARS {
            return Err(DecodeError::Variables { max: MAX_VARS, got: kappa });
        }
        Ok(32 * (kappa - 1 + 3 * kappa + 3))
    }

    /// Canonical encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let folds = self.folds.iter().map(Commitment::to_bytes);
        let evaluations = self.evaluations.iter().flat_map(Evaluations::scalars).map(|value| scalar_bytes(&value));
        folds.chain(evaluations).chain(self.witnesses.iter().map(Commitment::to_bytes)).flatten().collect()
    }

    /// Reads [`HyperKzgProof::to_bytes`] for a shape of `kappa` variables.
    ///
    /// # Errors
    /// [`DecodeError`] for another length, and for points and field elements that are not encoded canonically.
    pub fn from_bytes(kappa: usize, bytes: &[u8]) -> Result<Self, DecodeError> {
        let expected = Self::encoded_bytes(kappa)?;
        let (chunks, rest) = bytes.as_chunks::<32>();
        if bytes.len() != expected || !rest.is_empty() {
            return Err(DecodeError::Length { expected, got: bytes.len() });
        }
        let (folds, chunks) = chunks.split_at(kappa - 1);
        let (evaluations, witnesses) = chunks.split_at(3 * kappa);
        let folds =
            folds.iter().enumerate().map(|(index, bytes)| read_point(index, bytes)).collect::<Result<Vec<_>, _>>()?;
        let (triples, _) = evaluations.as_chunks::<3>();
        let evaluations = triples
            .iter()
            .enumerate()
            .map(|(index, [at_r, at_minus_r, at_r_squared])| {
                Ok(Evaluations {
                    at_r: read_scalar(3 * index, at_r)?,
                    at_minus_r: read_scalar(3 * index + 1, at_minus_r)?,
                    at_r_squared: read_scalar(3 * index + 2, at_r_squared)?,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut quotients = [Commitment::default(); 3];
        for (index, (slot, bytes)) in quotients.iter_mut().zip(witnesses).enumerate() {
            *slot = read_point(kappa - 1 + index, bytes)?;
        }
        Ok(Self { folds, evaluations, witnesses: quotients })
    }
}

fn read_point(index: usize, bytes: &[u8; 32]) -> Result<Commitment, DecodeError> {
    Commitment::from_bytes(bytes).map_err(|source| DecodeError::Point { index, source })
}

/// Reads field element `index`.
pub(super) fn read_scalar(index: usize, bytes: &[u8; 32]) -> Result<Fr, DecodeError> {
    chain::read_scalar(bytes).ok_or(DecodeError::Scalar { index })
}
