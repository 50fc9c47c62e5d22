//! Windows of scalars: how wide they are, and points sorted into their buckets.

use zkl_kernel::points::Run;
use zkl_kernel::threads::{self, prelude::*};

use super::digits::{Digits, MAX_WIDTH};

/// Fewest scalars that a thread sorts on its own.
const MIN_PIECE: usize = 1 << 12;

/// A window: bits `shift .. shift + width` of every scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) shift: u32,
    pub(super) width: u32,
}

/// The windows of scalars of `bits` bits, of `n` scalars `nonzero` of which are not zero.
///
/// Widths differ by one at most, so that no window is nearly empty. Their number is that for which additions are
/// fewest: one for a point, two for a bucket.
pub(super) fn windows(bits: u32, n: usize, nonzero: usize) -> Vec<Window> {
    // In hundredths of an addition: a point that is added, one that is sorted, a bucket, a window.
    const POINT: usize = 100;
    const SORTED: usize = 10;
    const BUCKET: usize = 230;
    const WINDOW: usize = 10_000;
    let widths = |count: u32| (0..count).map(move |index| bits / count + u32::from(index < bits % count));
    let cost = |count: &u32| -> usize {
        let window = |width: u32| (1usize << (width - 1)).min(nonzero) * BUCKET + (10 << (width - 1)) + WINDOW;
        *count as usize * (n * SORTED + nonzero * POINT) + widths(*count).map(window).sum::<usize>()
    };
    let count = (bits.div_ceil(MAX_WIDTH)..=bits).min_by_key(cost).unwrap_or(0);
    let mut shift = 0;
    let place = |width| {
        shift += width;
        Window { shift: shift - width, width }
    };
    widths(count).map(place).collect()
}

/// The points of a window by bucket.
///
/// With an offset `o`, `sum_i d_i G_i = o sum_i G_i + sum_i (d_i - o) G_i`. Bucket `t - 1` holds the points whose digits are
/// `o + t` and, negated, `o - t`.
pub(super) struct Sorted {
    pub(super) window: Window,
    pub(super) offset: usize,
    pub(super) buckets: usize,
    /// Runs of entries by bucket; `set` is a bucket.
    pub(super) runs: Vec<Run>,
}

impl Window {
    /// Writes references to points (`2 i + sign`) into `entries`, one for each scalar, those of one bucket side by side.
    pub(super) fn sort<D: Digits>(self, scalars: &[D], entries: &mut [u32]) -> Sorted {
        let pieces = (scalars.len() / (MIN_PIECE.max(4 << self.width))).clamp(1, threads::current_num_threads());
        let piece = scalars.len().div_ceil(pieces).max(1);
        let count = |scalars: &[D]| {
            let mut counts = vec![0u32; 1 << self.width];
            for scalar in scalars {
                counts[scalar.digit(self.shift, self.width)] += 1;
            }
            counts
        };
        let counts: Vec<Vec<u32>> = scalars.par_chunks(piece).map(count).collect();
        let offset = choose_offset(&counts, self.width);
        let buckets = offset.max((1 << self.width) - 1 - offset);

        let parts = entries.par_chunks_mut(piece).zip(scalars.par_chunks(piece)).zip(counts).enumerate();
        let runs = parts.map(|(index, ((entries, scalars), counts))| {
            self.sort_piece(scalars, index * piece, offset, counts, entries)
        });
        Sorted { window: self, offset, buckets, runs: runs.collect::<Vec<_>>().concat() }
    }

    /// Sorts the points from `first` on. Those with digit `offset` come last and belong to no run.
    fn sort_piece<D: Digits>(
        self,
        scalars: &[D],
        first: usize,
        offset: usize,
        mut counts: Vec<u32>,
        entries: &mut [u32],
    ) -> Vec<Run> {
        let buckets = offset.max(counts.len() - 1 - offset);
        let mut runs = Vec::with_capacity(buckets);
        let mut end = 0;
        for distance in 1..=buckets {
            let start = end;
            for digit in [Some(offset + distance), offset.checked_sub(distance)].into_iter().flatten() {
                if let Some(count) = counts.get_mut(digit) {
                    // From here on, the place of the next point with this digit.
                    end += std::mem::replace(count, end);
                }
            }
            if end > start {
                runs.push(Run { set: distance as u32 - 1, start: first as u32 + start, len: end - start });
            }
        }
        counts[offset] = end;

        for (index, scalar) in (first as u32..).zip(scalars) {
            let digit = scalar.digit(self.shift, self.width);
            let place = &mut counts[digit];
            entries[*place as usize] = index << 1 | u32::from(digit < offset);
            *place += 1;
        }
        runs
    }
}

/// The middle digit, which halves the number of buckets, or the most frequent one where that saves more additions.
fn choose_offset(counts: &[Vec<u32>], width: u32) -> usize {
    let total = |digit: usize| counts.iter().map(|counts| counts[digit] as usize).sum::<usize>();
    let (middle, len) = (1 << (width - 1), 1usize << width);
    let (mode, count) = (0..len).map(|digit| (digit, total(digit))).max_by_key(|(_, count)| *count).unwrap_or((0, 0));
    let buckets = mode.max(len - 1 - mode);
    if count > total(middle) + 2 * (buckets - middle) { mode } else { middle }
}
