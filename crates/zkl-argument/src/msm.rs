//! Multi-scalar multiplication in G1 and G2 for the scalars that tables and witnesses are made of: bits, codes, limbs,
//! counts, and full field elements.
//!
//! # Algorithm
//! Scalars are cut into windows of `w` bits. In each window `sum_i s_i G_i = o sum_i G_i + sum_i (s_i - o) G_i` for any
//! offset `o`: the first term comes from block sums that are computed once per key, and entries with `s_i = o` cost
//! nothing. `o` is the middle of the window, which halves the number of buckets, or its most frequent digit when one
//! stands out (zeros of a top limb, a majority category). Points are then scattered by bucket and added pairwise in
//! affine form, with one field inversion for a whole pass (`bucket.rs`), and the buckets are reduced by the same
//! additions (`reduce.rs`).
//!
//! Equal points, opposite points and the neutral element take their own paths: bases need not be distinct.
//!
//! # Side channels
//! Running time depends on the scalars. Commitments are computed by the owner of the table.

mod bucket;
mod fixed;
mod reduce;
mod window;

use rayon::prelude::*;
use zeroize::Zeroizing;
use zkl_core::ark::{
    Fr, bn254,
    ec::{
        CurveGroup,
        short_weierstrass::{Affine, Projective, SWCurveConfig},
    },
    ff::{PrimeField, Zero},
};

pub use self::fixed::FixedBase;
use self::window::Digits;

/// Scalars by their width. The width is a bound: the work follows the largest value that is present.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Scalars<'a> {
    /// Single bits.
    Bits(&'a [bool]),
    /// 8-bit values.
    U8(&'a [u8]),
    /// 16-bit limbs and dictionary codes.
    U16(&'a [u16]),
    /// Counts and multiplicities.
    U32(&'a [u32]),
    /// 64-bit values.
    U64(&'a [u64]),
    /// Field elements.
    Full(&'a [Fr]),
}

impl<'a> Scalars<'a> {
    /// Number of scalars.
    pub const fn len(&self) -> usize {
        match self {
            Self::Bits(values) => values.len(),
            Self::U8(values) => values.len(),
            Self::U16(values) => values.len(),
            Self::U32(values) => values.len(),
            Self::U64(values) => values.len(),
            Self::Full(values) => values.len(),
        }
    }

    /// Whether there are no scalars.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The scalars of row group `group` when groups have `rows` rows; empty past the end.
    pub fn group(&self, group: usize, rows: usize) -> Self {
        fn part<T>(values: &[T], group: usize, rows: usize) -> &[T] {
            let start = group.saturating_mul(rows).min(values.len());
            let end = start.saturating_add(rows).min(values.len());
            &values[start..end]
        }
        match self {
            Self::Bits(values) => Self::Bits(part(values, group, rows)),
            Self::U8(values) => Self::U8(part(values, group, rows)),
            Self::U16(values) => Self::U16(part(values, group, rows)),
            Self::U32(values) => Self::U32(part(values, group, rows)),
            Self::U64(values) => Self::U64(part(values, group, rows)),
            Self::Full(values) => Self::Full(part(values, group, rows)),
        }
    }
}

/// More scalars than there are bases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{scalars} scalars for {bases} bases")]
pub struct MsmLengthError {
    /// Number of scalars.
    pub scalars: usize,
    /// Number of bases.
    pub bases: usize,
}

/// Bases of a multi-scalar multiplication on the curve `P`, with what is precomputed about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MsmBases<P: SWCurveConfig = bn254::g1::Config> {
    points: Vec<Affine<P>>,
    /// `block_sums[k]` is the sum of the first `k * BLOCK` points.
    block_sums: Vec<Affine<P>>,
}

impl<P: SWCurveConfig<ScalarField = Fr>> MsmBases<P> {
    /// Points between two stored sums: at most this many are added to get the sum of a prefix.
    const BLOCK: usize = 1 << 10;

    /// Prepares `points`, elements of the group in any order, repeated or zero or not.
    pub fn new(points: Vec<Affine<P>>) -> Self {
        let sum_of = |block: &[Affine<P>]| block.iter().fold(Projective::zero(), |sum, point| sum + point);
        let blocks: Vec<Projective<P>> = points.par_chunks_exact(Self::BLOCK).map(sum_of).collect();
        let mut sums = vec![Projective::zero()];
        let mut sum = Projective::zero();
        for block in blocks {
            sum += block;
            sums.push(sum);
        }
        Self { points, block_sums: Projective::normalize_batch(&sums) }
    }

    /// Bases whose [`Self::block_sums`] are known already. Wrong sums give wrong results and nothing worse.
    ///
    /// # Errors
    /// [`MsmLengthError`] unless there are as many sums as [`Self::new`] makes.
    pub fn from_parts(points: Vec<Affine<P>>, block_sums: Vec<Affine<P>>) -> Result<Self, MsmLengthError> {
        if block_sums.len() != points.len() / Self::BLOCK + 1 {
            return Err(MsmLengthError { scalars: block_sums.len(), bases: points.len() / Self::BLOCK + 1 });
        }
        Ok(Self { points, block_sums })
    }

    /// The points.
    pub fn points(&self) -> &[Affine<P>] {
        &self.points
    }

    /// What [`Self::new`] computes: to be kept with the points where they are loaded often.
    pub fn block_sums(&self) -> &[Affine<P>] {
        &self.block_sums
    }

    /// Number of points.
    pub const fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there are no points.
    pub const fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// `sum_i scalars[i] points[i]`; points after the last scalar are ignored.
    ///
    /// # Errors
    /// [`MsmLengthError`] when there are more scalars than points.
    pub fn msm(&self, scalars: Scalars<'_>) -> Result<Projective<P>, MsmLengthError> {
        let Some(points) = self.points.get(..scalars.len()) else {
            return Err(MsmLengthError { scalars: scalars.len(), bases: self.points.len() });
        };
        Ok(match scalars {
            Scalars::Bits(values) => self.windows(points, values),
            Scalars::U8(values) => self.windows(points, values),
            Scalars::U16(values) => self.windows(points, values),
            Scalars::U32(values) => self.windows(points, values),
            Scalars::U64(values) => self.windows(points, values),
            Scalars::Full(values) => {
                let integers: Zeroizing<Vec<_>> =
                    Zeroizing::new(values.iter().map(|value| value.into_bigint()).collect());
                self.windows(points, &integers)
            }
        })
    }

    fn windows<D: Digits>(&self, points: &[Affine<P>], scalars: &[D]) -> Projective<P> {
        window::sum(points, scalars, |from, to| self.prefix_sum(to) - self.prefix_sum(from))
    }

    /// Sum of the first `len` points.
    fn prefix_sum(&self, len: usize) -> Projective<P> {
        let block = (len / Self::BLOCK).min(self.block_sums.len() - 1);
        let mut sum = Projective::from(self.block_sums[block]);
        for point in &self.points[block * Self::BLOCK..len] {
            sum += point;
        }
        sum
    }
}
