//! Columns of small integers as words.

use crate::{
    avx512::{Avx512, Packed, Word},
    cells::Cells,
};

/// Most words that are read at once.
pub(super) const MOST: usize = 8;

/// `2^R` words of the `8 * 2^R` rows from `row` on: lane i of word j is row `row + i 2^R + j`. The others are 0.
///
/// `R` is at most 3. Field elements read as 0: they never come here.
#[inline(always)]
pub(super) fn read<const R: usize>(cpu: Avx512, cells: &Cells<'_>, row: usize) -> [Word; MOST] {
    match cells {
        Cells::U16(values) => read_u16::<R>(cpu, values, row),
        Cells::U32(values) => read_u32::<R>(cpu, values, row),
        Cells::Bits(values) => read_bits::<R>(cpu, values, row),
        Cells::Periodic { bits } => {
            let mask = Word::splat(cpu, (1 << bits) - 1);
            let lanes = Word::load(cpu, &[0, 1, 2, 3, 4, 5, 6, 7]);
            let lanes = match R {
                0 => lanes,
                1 => lanes.shl::<1>(),
                2 => lanes.shl::<2>(),
                _ => lanes.shl::<3>(),
            };
            let mut words = [Word::zero(cpu); MOST];
            for j in 0..1 << R {
                words[j] = (lanes + Word::splat(cpu, (row + j) as u64)) & mask;
            }
            words
        }
        Cells::Field(_) => [Word::zero(cpu); MOST],
    }
}

/// `N` values from `start` on, as a reference into the slice or, at its end, to a copy filled up with zeros.
#[inline(always)]
fn window<'v, T: Packed + Default, const N: usize>(values: &'v [T], start: usize, copy: &'v mut [T; N]) -> &'v [T; N] {
    if let Some(window) = values.get(start..).and_then(<[T]>::first_chunk) {
        return window;
    }
    *copy = [T::default(); N];
    let rest = values.get(start..).unwrap_or_default();
    copy[..rest.len()].copy_from_slice(rest);
    copy
}

/// The parts of each lane, `WIDTH` bits each, lowest first.
#[inline(always)]
fn split<const WIDTH: u32, const PARTS: usize>(word: Word, words: &mut [Word]) {
    let mask = Word::splat(word.cpu(), (1 << WIDTH) - 1);
    let mut rest = word;
    for part in 0..PARTS {
        words[part] = rest & mask;
        rest = rest.shr::<WIDTH>();
    }
}

#[inline(always)]
fn even_odd(a: Word, b: Word) -> [Word; 2] {
    let even = Word::load(a.cpu(), &[0, 2, 4, 6, 8, 10, 12, 14]);
    let odd = Word::load(a.cpu(), &[1, 3, 5, 7, 9, 11, 13, 15]);
    [a.permute_two(b, even), a.permute_two(b, odd)]
}

#[inline(always)]
fn read_u16<const R: usize>(cpu: Avx512, values: &[u16], row: usize) -> [Word; MOST] {
    let mut words = [Word::zero(cpu); MOST];
    match R {
        0 => words[0] = Word::load_packed(cpu, window::<_, 8>(values, row, &mut [0; 8])),
        1 => split::<16, 2>(Word::load_packed(cpu, window::<_, 16>(values, row, &mut [0; 16])), &mut words),
        2 => split::<16, 4>(Word::load_packed(cpu, window::<_, 32>(values, row, &mut [0; 32])), &mut words),
        _ => {
            let a = Word::load_packed(cpu, window::<_, 32>(values, row, &mut [0; 32]));
            let b = Word::load_packed(cpu, window::<_, 32>(values, row + 32, &mut [0; 32]));
            let [low, high] = even_odd(a, b);
            split::<16, 4>(low, &mut words);
            split::<16, 4>(high, &mut words[4..]);
        }
    }
    words
}

#[inline(always)]
fn read_u32<const R: usize>(cpu: Avx512, values: &[u32], row: usize) -> [Word; MOST] {
    let mut words = [Word::zero(cpu); MOST];
    match R {
        0 => words[0] = Word::load_packed(cpu, window::<_, 8>(values, row, &mut [0; 8])),
        1 => split::<32, 2>(Word::load_packed(cpu, window::<_, 16>(values, row, &mut [0; 16])), &mut words),
        2 => {
            let a = Word::load_packed(cpu, window::<_, 16>(values, row, &mut [0; 16]));
            let b = Word::load_packed(cpu, window::<_, 16>(values, row + 16, &mut [0; 16]));
            let [low, high] = even_odd(a, b);
            split::<32, 2>(low, &mut words);
            split::<32, 2>(high, &mut words[2..]);
        }
        _ => {
            let mut quads = [Word::zero(cpu); 4];
            for k in 0..4 {
                quads[k] = Word::load_packed(cpu, window::<_, 16>(values, row + 16 * k, &mut [0; 16]));
            }
            let [a0, a1] = even_odd(quads[0], quads[1]);
            let [b0, b1] = even_odd(quads[2], quads[3]);
            let [w0, w2] = even_odd(a0, b0);
            let [w1, w3] = even_odd(a1, b1);
            split::<32, 2>(w0, &mut words);
            split::<32, 2>(w1, &mut words[2..]);
            split::<32, 2>(w2, &mut words[4..]);
            split::<32, 2>(w3, &mut words[6..]);
        }
    }
    words
}

#[inline(always)]
fn read_bits<const R: usize>(cpu: Avx512, values: &[bool], row: usize) -> [Word; MOST] {
    let mut words = [Word::zero(cpu); MOST];
    match R {
        0 => words[0] = Word::load_packed(cpu, window::<_, 8>(values, row, &mut [false; 8])),
        1 => split::<8, 2>(Word::load_packed(cpu, window::<_, 16>(values, row, &mut [false; 16])), &mut words),
        2 => split::<8, 4>(Word::load_packed(cpu, window::<_, 32>(values, row, &mut [false; 32])), &mut words),
        _ => split::<8, 8>(Word::load_packed(cpu, window::<_, 64>(values, row, &mut [false; 64])), &mut words),
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<const R: usize>(cpu: Avx512) {
        let u16s: Vec<u16> = (0..1000u32).map(|i| (i * 40_503) as u16).collect();
        let u32s: Vec<u32> = (0..1000u32).map(|i| i.wrapping_mul(2_654_435_761)).collect();
        let bits: Vec<bool> = u32s.iter().map(|value| value >> 31 == 1).collect();
        for cells in [Cells::U16(&u16s), Cells::U32(&u32s), Cells::Bits(&bits), Cells::Periodic { bits: 5 }] {
            for row in [0, 64, 128, 896, 960, 1024, 4096] {
                let words = read::<R>(cpu, &cells, row).map(Word::to_array);
                for (j, word) in words.iter().enumerate().take(1 << R) {
                    for (i, value) in word.iter().enumerate() {
                        let expected = cells.entry(row + (i << R) + j);
                        assert_eq!(expected, crate::cells::Entry::Small(*value as u32), "{R} {row} {i} {j}");
                        assert_eq!(value >> 32, 0);
                    }
                }
            }
        }
    }

    #[test]
    fn words_hold_the_rows_they_say_beyond_the_end_too() {
        let Some(cpu) = Avx512::detect() else { return };
        check::<0>(cpu);
        check::<1>(cpu);
        check::<2>(cpu);
        check::<3>(cpu);
    }
}
