//! Multi-scalar multiplication in G1 and G2 for the scalars that tables and witnesses are made of: bits, codes, limbs,
//! counts, and full field elements.
//!
//! # Algorithm
//! Scalars are cut into windows of `w` bits. In each window `sum_i d_i G_i = o sum_i G_i + sum_i (d_i - o) G_i` for any
//! offset `o`: the first term comes from block sums that are computed once per key, and entries with `d_i = o` cost
//! nothing. `o` is the middle of the window, which halves the number of buckets, or its most frequent digit when one
//! stands out (zeros of a top limb, a majority category). References to points are then sorted by bucket (`window.rs`), and
//! everything else is sums of sets of points, which [`zkl_kernel::points`] computes for all windows together: the buckets,
//! and what `reduce.rs` makes of them.
//!
//! Equal points, opposite points and the neutral element are summed like others: bases need not be distinct.
//!
//! # Side channels
//! Running time depends on the scalars. Commitments are computed by the owner of the table.

mod coded;
mod digits;
mod fixed;
mod reduce;
mod window;

use zeroize::Zeroizing;
use zkl_core::ark::{
    Fr,
    bn254::g1,
    ec::{
        CurveGroup,
        short_weierstrass::{Affine, Projective},
    },
    ff::{PrimeField, Zero},
};
pub use zkl_kernel::points::Curve;
use zkl_kernel::threads::prelude::*;
use zkl_kernel::{
    Choice,
    points::{PointKernel, PointTable, PointTask, Run, sums},
    selection,
};

pub use self::fixed::FixedBase;
use self::{
    coded::CodeSums,
    digits::Digits,
    reduce::Buckets,
    window::{Sorted, windows},
};

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
    /// Field elements of which few are different: those of `values` that `codes` name, and 0 for a code beyond them.
    Coded {
        /// The place of each scalar's value.
        codes: &'a [u16],
        /// The values.
        values: &'a [Fr],
    },
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
            Self::Coded { codes, .. } => codes.len(),
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
            Self::Coded { codes, values } => Self::Coded { codes: part(codes, group, rows), values },
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

/// Bases of a multi-scalar multiplication on the curve `C`, with what is precomputed about them.
#[derive(Clone, Debug)]
pub struct MsmBases<C: Curve = g1::Config> {
    table: PointTable<C>,
    /// `block_sums[k]` is the sum of the first `k * BLOCK` points.
    block_sums: Vec<Affine<C>>,
}

impl<C: Curve> PartialEq for MsmBases<C> {
    fn eq(&self, other: &Self) -> bool {
        self.points() == other.points() && self.block_sums == other.block_sums
    }
}

impl<C: Curve> Eq for MsmBases<C> {}

impl<C: Curve> MsmBases<C> {
    /// Points between two stored sums: at most this many are added to get the sum of a prefix.
    const BLOCK: usize = 1 << 10;
    /// Most points of one sum: more are summed one part after the other. References to points and their digits, four bytes for a
    /// point and window, are all in memory at once.
    const PART: usize = 1 << 20;

    /// Prepares `points`, elements of the group in any order, repeated or zero or not.
    pub fn new(points: Vec<Affine<C>>) -> Self {
        Self::prepared_for(selection().choice, points)
    }

    /// Prepares `points` for a given implementation instead of the one of this process.
    pub fn prepared_for(choice: Choice, points: Vec<Affine<C>>) -> Self {
        let table = PointTable::new(choice, points);
        let blocks = table.run(BlockSums(Self::BLOCK));
        let mut sums = vec![Projective::zero()];
        let mut sum = Projective::zero();
        for block in blocks {
            sum += block;
            sums.push(sum);
        }
        Self { table, block_sums: Projective::normalize_batch(&sums) }
    }

    /// Bases whose [`Self::block_sums`] are known already. Wrong sums give wrong results and nothing worse.
    ///
    /// # Errors
    /// [`MsmLengthError`] unless there are as many sums as [`Self::new`] makes.
    pub fn from_parts(points: Vec<Affine<C>>, block_sums: Vec<Affine<C>>) -> Result<Self, MsmLengthError> {
        let expected = points.len() / Self::BLOCK + 1;
        if block_sums.len() != expected {
            return Err(MsmLengthError { scalars: block_sums.len(), bases: expected });
        }
        Ok(Self { table: PointTable::new(selection().choice, points), block_sums })
    }

    /// The points.
    pub fn points(&self) -> &[Affine<C>] {
        self.table.points()
    }

    /// What [`Self::new`] computes: to be kept with the points where they are loaded often.
    pub fn block_sums(&self) -> &[Affine<C>] {
        &self.block_sums
    }

    /// Number of points.
    pub const fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are no points.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `sum_i scalars[i] points[i]`; points after the last scalar are ignored.
    ///
    /// # Errors
    /// [`MsmLengthError`] when there are more scalars than points.
    pub fn msm(&self, scalars: Scalars<'_>) -> Result<Projective<C>, MsmLengthError> {
        if scalars.len() > self.len() {
            return Err(MsmLengthError { scalars: scalars.len(), bases: self.len() });
        }
        Ok(match scalars {
            Scalars::Bits(values) => self.sum(values),
            Scalars::U8(values) => self.sum(values),
            Scalars::U16(values) => self.sum(values),
            Scalars::U32(values) => self.sum(values),
            Scalars::U64(values) => self.sum(values),
            Scalars::Full(values) => {
                let integers: Zeroizing<Vec<_>> =
                    Zeroizing::new(values.par_iter().map(|value| value.into_bigint()).collect());
                self.sum(&integers)
            }
            Scalars::Coded { codes, values } => {
                let sums = Self::new(self.table.run(CodeSums { codes, sets: values.len() }));
                return sums.msm(Scalars::Full(values));
            }
        })
    }

    fn sum<D: Digits>(&self, scalars: &[D]) -> Projective<C> {
        let parts = scalars.chunks(Self::PART).enumerate();
        parts.map(|(part, scalars)| self.table.run(Sum { bases: self, start: part * Self::PART, scalars })).sum()
    }
}

/// Sums of the whole blocks of so many points.
struct BlockSums(usize);

impl<C: Curve> PointTask<C> for BlockSums {
    type Output = Vec<Affine<C>>;

    fn run<K: PointKernel<C>>(self, kernel: K, table: &[K::Point]) -> Self::Output {
        let blocks = table.len() / self.0;
        let entries: Vec<u32> = (0..(blocks * self.0) as u32).map(|index| index << 1).collect();
        let run = |set: usize| Run { set: set as u32, start: (set * self.0) as u32, len: self.0 as u32 };
        let runs: Vec<Run> = (0..blocks).map(run).collect();
        kernel.restore(&sums(kernel, table, &entries, &runs, blocks))
    }
}

/// `sum_i scalars[i] points[start + i]`, where `start` is at the border of a block.
struct Sum<'a, C: Curve, D> {
    bases: &'a MsmBases<C>,
    start: usize,
    scalars: &'a [D],
}

impl<C: Curve, D: Digits> PointTask<C> for Sum<'_, C, D> {
    type Output = Projective<C>;

    fn run<K: PointKernel<C>>(self, kernel: K, table: &[K::Point]) -> Projective<C> {
        let Self { bases, start, scalars } = self;
        let n = scalars.len();
        let bits = scalars.par_iter().map(Digits::bits).max().unwrap_or(0);
        let nonzero = scalars.par_iter().filter(|scalar| scalar.bits() > 0).count();
        let windows = windows(bits, n, nonzero);

        // Points after the last whole block, whose sum is no stored one.
        let (first, block) = (start / MsmBases::<C>::BLOCK, (start + n) / MsmBases::<C>::BLOCK);
        let rest = block * MsmBases::<C>::BLOCK..start + n;
        let mut entries = Zeroizing::new(vec![0; windows.len() * n + rest.len()]);
        let (sorted_entries, rest_entries) = entries.split_at_mut(windows.len() * n);
        let sorted: Vec<Sorted> = sorted_entries
            .par_chunks_mut(n.max(1))
            .zip(&windows)
            .map(|(entries, window)| window.sort(scalars, entries))
            .collect();
        for (entry, index) in rest_entries.iter_mut().zip(rest.clone()) {
            *entry = (index - start) as u32 * 2;
        }

        let mut buckets = Vec::with_capacity(windows.len());
        let mut runs = Vec::new();
        let mut sets = 0;
        for (index, Sorted { window, buckets: len, runs: sorted, .. }) in sorted.iter().enumerate() {
            let first_entry = (index * n) as u32;
            runs.extend(sorted.iter().map(|run| Run {
                set: run.set + sets as u32,
                start: run.start + first_entry,
                len: run.len,
            }));
            buckets.push(Buckets { first: sets, len: *len, shift: window.shift });
            sets += len;
        }
        let with_offset = sorted.iter().any(|sorted| sorted.offset != 0);
        if with_offset {
            runs.push(Run { set: sets as u32, start: (windows.len() * n) as u32, len: rest.len() as u32 });
        }
        let table = sums(kernel, &table[start..start + n], &entries, &runs, sets + 1);

        let mut all = bases.block_sums[block] - bases.block_sums[first];
        let mut factor = vec![false; bits as usize];
        if with_offset {
            all += kernel.restore(&table[sets..])[0];
            for Sorted { window, offset, .. } in &sorted {
                for bit in 0..window.width {
                    factor[(window.shift + bit) as usize] = offset >> bit & 1 == 1;
                }
            }
        }
        let powers = reduce::powers(kernel, &table, &runs, &buckets);
        reduce::evaluate(&kernel.restore(&powers), &factor, &all.into_affine())
    }
}
