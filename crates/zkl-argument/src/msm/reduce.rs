//! From buckets to the sum of all windows.
//!
//! With weights `t = 2^m hi + lo`, `sum_t t B_t = 2^m sum_hi hi R_hi + sum_lo lo L_lo` over the sums `R_hi` of the buckets
//! with one `hi`, and `L_lo` of those with one `lo`. And `sum_w w S_w = sum_b 2^b sum_(w with bit b) S_w`: so every
//! window becomes one sum for each of its bits, by additions that all windows share, and one chain of doublings takes all
//! of them. Two cheap additions for a bucket, and few after that.

use zkl_core::ark::{
    ec::short_weierstrass::{Affine, Projective},
    ff::{AdditiveGroup, Zero},
};
use zkl_kernel::points::{Curve, PointKernel, Run, sums};

/// Buckets of one window in a table of all: bucket t of `1 ..= len` is number `first + t - 1`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buckets {
    pub(super) first: usize,
    pub(super) len: usize,
    /// The window's lowest bit.
    pub(super) shift: u32,
}

/// Sets of points that are being listed.
#[derive(Default)]
struct Sets {
    entries: Vec<u32>,
    runs: Vec<Run>,
}

impl Sets {
    /// Adds the points among `indices` that are `filled` to set `set`.
    fn push(&mut self, set: usize, indices: impl Iterator<Item = usize>, filled: &[bool]) {
        let start = self.entries.len() as u32;
        self.entries.extend(indices.filter(|&index| filled[index]).map(|index| 2 * index as u32));
        let len = self.entries.len() as u32 - start;
        if len > 0 {
            self.runs.push(Run { set: set as u32, start, len });
        }
    }

    /// Which of `sets` sets are not empty.
    fn filled(runs: &[Run], sets: usize) -> Vec<bool> {
        let mut filled = vec![false; sets];
        for run in runs {
            filled[run.set as usize] = true;
        }
        filled
    }
}

/// `sum 2^shift sum_t t B_t` over windows, as one point for each power of 2; `runs` says which buckets are not empty.
pub(super) fn powers<C: Curve, K: PointKernel<C>>(
    kernel: K,
    table: &[K::Point],
    runs: &[Run],
    windows: &[Buckets],
) -> Vec<K::Point> {
    let filled = Sets::filled(runs, table.len());
    let mut halves = Sets::default();
    let mut weights = Vec::new();
    let mut bits = 0;
    for &Buckets { first, len, shift } in windows {
        let width = usize::BITS - len.leading_zeros();
        let m = width / 2;
        bits = bits.max(shift + width);
        for hi in 1..=len >> m {
            let last = (((hi + 1) << m) - 1).min(len);
            halves.push(weights.len(), (hi << m..=last).map(|t| first + t - 1), &filled);
            weights.push((hi, shift + m));
        }
        for lo in 1..1 << m {
            halves.push(weights.len(), (lo..=len).step_by(1 << m).map(|t| first + t - 1), &filled);
            weights.push((lo, shift));
        }
    }
    let table = sums(kernel, table, &halves.entries, &halves.runs, weights.len());

    let filled = Sets::filled(&halves.runs, weights.len());
    let mut powers = Sets::default();
    for bit in 0..bits {
        let has_bit =
            |(weight, shift): (usize, u32)| bit >= shift && weight.checked_shr(bit - shift).unwrap_or(0) & 1 == 1;
        let indices = (0..weights.len()).filter(|&index| has_bit(weights[index]));
        powers.push(bit as usize, indices, &filled);
    }
    sums(kernel, &table, &powers.entries, &powers.runs, bits as usize)
}

/// `sum_b 2^b powers[b] + factor * all`, where `factor` is given by its bits.
pub(super) fn evaluate<C: Curve>(powers: &[Affine<C>], factor: &[bool], all: &Affine<C>) -> Projective<C> {
    let mut sum = Projective::zero();
    for bit in (0..powers.len().max(factor.len())).rev() {
        sum.double_in_place();
        if let Some(power) = powers.get(bit) {
            sum += power;
        }
        if factor.get(bit) == Some(&true) {
            sum += all;
        }
    }
    sum
}
