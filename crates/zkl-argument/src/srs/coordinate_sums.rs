//! Sums of powers that multilinear functions of degree 1 are committed to with.

use std::sync::{Arc, OnceLock};

use zkl_core::ark::{G1Affine, G1Projective, ec::CurveGroup as _};

use super::Srs;
use crate::{commit::CommitError, hyperkzg::MAX_VARS, msm::Scalars};

/// Sums for every number of variables, made when they are first asked for.
#[derive(Clone, Default)]
pub(super) struct CoordinateSums(Arc<[OnceLock<Vec<G1Affine>>; MAX_VARS + 1]>);

impl Srs {
    /// `sum of G_i` over all `i < 2^kappa`, then for every coordinate j `sum of G_i` over those i whose bit j is set: what commits to
    /// `u + sum_j u_j y_j` with `kappa + 1` products instead of `2^kappa`. Made once.
    ///
    /// # Errors
    /// [`CommitError::TooManyRows`] for a string with fewer powers.
    pub fn coordinate_sums(&self, kappa: usize) -> Result<&[G1Affine], CommitError> {
        let entries = 1usize.checked_shl(kappa as u32).unwrap_or(usize::MAX);
        let powers = self.powers().len();
        let place = self.coordinate_sums.0.get(kappa).filter(|_| entries <= powers);
        let place = place.ok_or(CommitError::TooManyRows { rows: entries, max: powers })?;
        if let Some(sums) = place.get() {
            return Ok(sums);
        }
        let sum = |bits: Vec<bool>| self.bases().msm(Scalars::Bits(&bits)).map_err(CommitError::from);
        let mut sums = vec![sum(vec![true; entries])?];
        for coordinate in 0..kappa {
            sums.push(sum((0..entries).map(|index| index >> coordinate & 1 == 1).collect())?);
        }
        Ok(place.get_or_init(|| G1Projective::normalize_batch(&sums)))
    }
}
