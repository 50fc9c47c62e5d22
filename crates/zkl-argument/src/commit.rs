//! Hiding KZG commitments to columns, by row group.
//!
//! ```text
//! C_{c,g} = sum_i V_c[g 2^kappa + i] G_i + r_{c,g} H
//! ```
//!
//! | symbol | here |
//! |---|---|
//! | `V_c` | column `c`: small integers, one per row; absent rows are 0 |
//! | `kappa`, `g` | a row group has `2^kappa` rows; `g` counts groups from 0 |
//! | `G_i`, `H` | [`Srs::powers`], [`Srs::h`] |
//! | `r_{c,g}` | [`CommitmentSeed::blinder`] |
//!
//! Perfectly hiding, because `r_{c,g}` is uniform to whoever lacks the seed; binding under the reference string. A
//! group without rows is `r H`, and looks like any other.

mod error;
mod root;
mod seed;

use std::fmt;

use zkl_core::ark::{
    Fr, G1Affine, G1Projective,
    ec::{AffineRepr, CurveGroup},
    serialize::{CanonicalDeserialize, CanonicalSerialize},
};
use zkl_kernel::threads::prelude::*;

pub use self::{
    error::{CommitError, PointError},
    root::{commitment_leaves, commitment_root, merkle_root},
    seed::{Blinders, CommitmentSeed},
};
use crate::{msm::Scalars, srs::Srs};

/// A commitment: an element of G1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Commitment(G1Affine);

impl Commitment {
    /// Bytes of an encoded commitment: `x`, little-endian, with the sign of `y` and the zero flag in its two top bits.
    pub const ENCODED_BYTES: usize = 32;

    /// The point as a commitment.
    pub const fn new(point: G1Affine) -> Self {
        Self(point)
    }

    /// The point.
    pub const fn point(&self) -> G1Affine {
        self.0
    }

    /// Canonical encoding.
    pub fn to_bytes(&self) -> [u8; Self::ENCODED_BYTES] {
        let mut bytes = [0; Self::ENCODED_BYTES];
        // Writing 32 bytes into a buffer of 32 bytes does not fail; if it did, decoding would refuse the result.
        let written = self.0.serialize_compressed(&mut bytes[..]);
        debug_assert!(written.is_ok());
        bytes
    }

    /// Reads [`Commitment::to_bytes`].
    ///
    /// # Errors
    /// [`PointError`] when the bytes are not the canonical encoding of an element of G1.
    pub fn from_bytes(bytes: &[u8; Self::ENCODED_BYTES]) -> Result<Self, PointError> {
        // G1 has cofactor 1 and the second coordinate comes from the curve equation: there is nothing left to validate.
        let point = G1Affine::deserialize_compressed_unchecked(&bytes[..]).map_err(|_| PointError::NotOnCurve)?;
        let commitment = Self(point);
        // The decoder ignores the other bits of a zero, and the sign of a `y` of its own choice.
        if commitment.to_bytes() != *bytes {
            return Err(PointError::NotCanonical);
        }
        Ok(commitment)
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Commitment({})", self.0)
    }
}

/// How rows are cut into groups. Every size of a commitment follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowGroups {
    log_rows: u32,
    groups: u32,
}

impl RowGroups {
    /// Largest `kappa`.
    pub const MAX_LOG_ROWS: u32 = 17;

    /// `groups` groups of `2^kappa` rows.
    ///
    /// # Errors
    /// [`CommitError::Shape`] unless `1 <= kappa <= 17` and `groups` is a power of two.
    pub fn new(kappa: u32, groups: u32) -> Result<Self, CommitError> {
        if !(1..=Self::MAX_LOG_ROWS).contains(&kappa) || !groups.is_power_of_two() {
            return Err(CommitError::Shape { kappa, groups });
        }
        Ok(Self { log_rows: kappa, groups })
    }

    /// `kappa`: variables of one group.
    pub const fn kappa(&self) -> usize {
        self.log_rows as usize
    }

    /// Rows of one group, `2^kappa`.
    pub const fn rows(&self) -> usize {
        1 << self.log_rows
    }

    /// Number of groups, a power of two.
    pub const fn count(&self) -> usize {
        self.groups as usize
    }

    /// Variables that number the groups.
    pub const fn group_vars(&self) -> usize {
        self.groups.trailing_zeros() as usize
    }
}

/// Commits to the rows of one group with a given blinder.
///
/// # Errors
/// [`CommitError::TooManyRows`] when there are more values than powers.
pub fn commit_group(srs: &Srs, values: Scalars<'_>, blinder: &Fr) -> Result<G1Projective, CommitError> {
    let sum = srs.bases().msm(values)?;
    Ok(sum + srs.h() * blinder)
}

/// Commits to column `column` group by group; groups after the last row are `r H`.
///
/// `column` numbers the blinders. It must be unique among everything that is committed to under one seed: two vectors
/// under one number reveal the commitment to their difference.
///
/// # Errors
/// [`CommitError::TooManyRows`] when the groups hold fewer rows than there are values, or the string fewer powers than
/// a group has rows.
pub fn commit_column(
    srs: &Srs,
    groups: RowGroups,
    column: u32,
    values: Scalars<'_>,
    seed: &CommitmentSeed,
) -> Result<Vec<Commitment>, CommitError> {
    let capacity = groups.count().saturating_mul(groups.rows());
    if values.len() > capacity {
        return Err(CommitError::TooManyRows { rows: values.len(), max: capacity });
    }
    let points = (0..groups.groups)
        .into_par_iter()
        .map(|group| commit_group(srs, values.group(group as usize, groups.rows()), &seed.blinder(column, group)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(G1Projective::normalize_batch(&points).into_iter().map(Commitment).collect())
}

/// The commitment to nothing: a base for sums.
impl Default for Commitment {
    fn default() -> Self {
        Self(G1Affine::zero())
    }
}
