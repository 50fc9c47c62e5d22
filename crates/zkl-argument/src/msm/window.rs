//! Scalars in windows, and the sum of one window.

use rayon::prelude::*;
use zkl_core::ark::{
    ec::short_weierstrass::{Affine, Projective, SWCurveConfig},
    ff::{AdditiveGroup, BigInt, BigInteger, Zero},
};

use super::{bucket, reduce::weighted_sum};

/// Most points of one task: its scattered copy (64 bytes a point) stays in the caches.
const MAX_PIECE: usize = 1 << 16;
/// Fewest points of one task: below, buckets cost as much as points.
const MIN_PIECE: usize = 1 << 13;
/// Tasks per thread, so that the last ones to finish leave little idle.
const TASKS_PER_THREAD: usize = 2;
/// A digit that is at least this share (one in `DOMINANT`) of a window becomes its offset.
const DOMINANT: usize = 8;
/// Widest window: its counters stay in the second-level cache.
const MAX_WIDTH: u32 = 16;

/// A scalar that can be cut into digits.
pub(super) trait Digits: Copy + Sync {
    /// Number of bits up to the highest that is set.
    fn bits(&self) -> u32;

    /// Bits `shift .. shift + width`, `width <= 16`.
    fn digit(&self, shift: u32, width: u32) -> usize;
}

macro_rules! digits_of_integer {
    ($($integer:ty),*) => {$(
        impl Digits for $integer {
            fn bits(&self) -> u32 {
                Self::BITS - self.leading_zeros()
            }

            fn digit(&self, shift: u32, width: u32) -> usize {
                (u64::from(*self) >> shift) as usize & ((1 << width) - 1)
            }
        }
    )*};
}

digits_of_integer!(u8, u16, u32, u64);

impl Digits for bool {
    fn bits(&self) -> u32 {
        u32::from(*self)
    }

    fn digit(&self, shift: u32, _width: u32) -> usize {
        usize::from(*self && shift == 0)
    }
}

impl Digits for BigInt<4> {
    fn bits(&self) -> u32 {
        self.num_bits()
    }

    fn digit(&self, shift: u32, width: u32) -> usize {
        let (limb, bit) = ((shift / 64) as usize, shift % 64);
        let low = self.0.get(limb).map_or(0, |limb| limb >> bit);
        let high = if bit == 0 { 0 } else { self.0.get(limb + 1).map_or(0, |limb| limb << (64 - bit)) };
        (low | high) as usize & ((1 << width) - 1)
    }
}

/// `sum_i scalars[i] points[i]` over slices of one length; `range_sum(a, b)` is the sum of points `a..b`.
pub(super) fn sum<P: SWCurveConfig, D: Digits>(
    points: &[Affine<P>],
    scalars: &[D],
    range_sum: impl Fn(usize, usize) -> Projective<P> + Sync,
) -> Projective<P> {
    let bits = scalars.iter().map(Digits::bits).max().unwrap_or(0);
    let (width, piece) = plan(bits, points.len(), rayon::current_num_threads());
    let pieces = points.par_chunks(piece).zip(scalars.par_chunks(piece)).enumerate();
    pieces
        .map(|(index, (points, scalars))| {
            let start = index * piece;
            sum_piece(points, scalars, bits, width, || range_sum(start, start + points.len()))
        })
        .reduce(Projective::zero, |a, b| a + b)
}

fn sum_piece<P: SWCurveConfig, D: Digits>(
    points: &[Affine<P>],
    scalars: &[D],
    bits: u32,
    width: u32,
    sum_of_points: impl Fn() -> Projective<P>,
) -> Projective<P> {
    let windows: Vec<_> =
        (0..bits.div_ceil(width)).into_par_iter().map(|j| sum_window(points, scalars, j * width, width)).collect();

    let all = if windows.iter().any(|(offset, _)| *offset != 0) { sum_of_points() } else { Projective::zero() };
    windows.into_iter().rev().fold(Projective::zero(), |mut sum, (offset, window)| {
        for _ in 0..width {
            sum.double_in_place();
        }
        sum + window + times(&all, offset)
    })
}

/// Width of a window and points of a piece.
fn plan(bits: u32, n: usize, threads: usize) -> (u32, usize) {
    let windows = bits.div_ceil(choose_width(bits, n.min(MAX_PIECE))).max(1) as usize;
    let pieces = (TASKS_PER_THREAD * threads).div_ceil(windows);
    let piece = n.div_ceil(pieces).next_multiple_of(MIN_PIECE).clamp(MIN_PIECE, MAX_PIECE);
    (choose_width(bits, n.min(piece)), piece)
}

/// The width for which points and buckets together cost the fewest additions: `n` scattered points and `2^(width - 1)`
/// buckets in each window. A bucket costs about four times what a point does: two additions, and memory that is touched
/// out of order.
fn choose_width(bits: u32, n: usize) -> u32 {
    const PER_WINDOW: usize = 300;
    (1..=MAX_WIDTH.min(bits.max(1)))
        .min_by_key(|width| bits.div_ceil(*width) as usize * (n + (2 << width) + PER_WINDOW))
        .unwrap_or(1)
}

/// The offset `o` of a window and `sum_i (digit_i - o) points[i]`.
fn sum_window<P: SWCurveConfig, D: Digits>(
    points: &[Affine<P>],
    scalars: &[D],
    shift: u32,
    width: u32,
) -> (usize, Projective<P>) {
    let mut counts = vec![0u32; 1 << width];
    for scalar in scalars {
        counts[scalar.digit(shift, width)] += 1;
    }
    let offset = choose_offset(&counts, points.len());

    // Bucket k holds the points of the digits o + k + 1 and, negated, o - k - 1.
    let buckets = offset.max(counts.len() - 1 - offset);
    let mut starts = Vec::with_capacity(buckets + 1);
    let mut start = 0;
    for distance in 1..=buckets {
        starts.push(start);
        let above = counts.get(offset + distance).copied().unwrap_or(0);
        let below = offset.checked_sub(distance).map_or(0, |digit| counts[digit]);
        start += (above + below) as usize;
    }
    starts.push(start);

    let mut cursors = starts.clone();
    let mut scattered = vec![Affine::identity(); start];
    for (point, scalar) in points.iter().zip(scalars) {
        let digit = scalar.digit(shift, width);
        let distance = digit.abs_diff(offset);
        if distance == 0 {
            continue;
        }
        let cursor = &mut cursors[distance - 1];
        scattered[*cursor] = if digit > offset { *point } else { -*point };
        *cursor += 1;
    }
    (offset, weighted_sum(&bucket::sums(scattered, &starts)))
}

/// The most frequent digit when it stands out, else the middle.
fn choose_offset(counts: &[u32], n: usize) -> usize {
    let mode = counts.iter().enumerate().max_by_key(|(_, count)| **count).map_or(0, |(digit, _)| digit);
    if counts.get(mode).map_or(0, |count| *count as usize) * DOMINANT >= n { mode } else { counts.len() / 2 }
}

/// `factor * point` for a factor of a few bits.
pub(super) fn times<P: SWCurveConfig>(point: &Projective<P>, factor: usize) -> Projective<P> {
    let mut sum = Projective::zero();
    for bit in (0..usize::BITS - factor.leading_zeros()).rev() {
        sum.double_in_place();
        if factor >> bit & 1 == 1 {
            sum += point;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_put_together_are_the_scalar() {
        let scalar = BigInt([0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, u64::MAX, 1 << 61]);
        for width in 1..=MAX_WIDTH {
            let mut bits = Vec::new();
            for j in 0..scalar.bits().div_ceil(width) {
                let digit = scalar.digit(j * width, width);
                bits.extend((0..width).map(|bit| digit >> bit & 1 == 1));
            }
            bits.truncate(254);
            assert_eq!(BigInt::<4>::from_bits_le(&bits), scalar, "{width}");
        }
    }

    #[test]
    fn pieces_and_widths_stay_inside_their_bounds() {
        for bits in [0, 1, 8, 16, 33, 64, 254] {
            for n in [0, 1, MIN_PIECE, MIN_PIECE + 1, MAX_PIECE, MAX_PIECE + 1, 1 << 20] {
                for threads in [1, 2, 64] {
                    let (width, piece) = plan(bits, n, threads);
                    assert!((1..=MAX_WIDTH).contains(&width), "{bits} {n} {threads}");
                    assert!((MIN_PIECE..=MAX_PIECE).contains(&piece), "{bits} {n} {threads}");
                }
            }
        }
    }

    #[test]
    fn offsets_follow_a_dominant_digit_and_otherwise_halve_the_buckets() {
        assert_eq!(choose_offset(&[5, 1, 1, 1], 8), 0);
        assert_eq!(choose_offset(&[1, 1, 1, 5], 8), 3);
        assert_eq!(choose_offset(&[1; 16], 16), 8);
    }
}
