//! Points in memory, and eight of them in registers.
//!
//! A point is a row of eight 64-bit words for each pair of field elements: one cache line, which is one register. Eight rows
//! become eight lanes by a transposition of eight registers, whatever their addresses are. So points may lie anywhere,
//! and their order costs nothing.
//!
//! # Invariants
//! Words 0 to 3 and words 4 to 7 of a row are two integers `a < 2p` that stand for `a 2^-260 mod p`. The neutral element is
//! all zeros, and nothing else is: no point of an odd-order group has y = 0.

use zkl_core::ark::ff::BigInteger as _;

use super::{
    lanes::Lanes,
    word::{Avx512, Word},
};
use crate::modulus::{LIMB_MASK, Modulus};

/// A point of a curve: x, then y, in `ROWS` rows.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct PackedPoint<const ROWS: usize> {
    pub(super) rows: [[u64; 8]; ROWS],
}

impl<const ROWS: usize> Default for PackedPoint<ROWS> {
    /// The neutral element.
    #[inline(always)]
    fn default() -> Self {
        Self { rows: [[0; 8]; ROWS] }
    }
}

/// The first integers of eight rows, and the second ones.
#[inline(always)]
pub(super) fn load<F: Modulus>(cpu: Avx512, rows: [&[u64; 8]; 8]) -> (Lanes<F, 2>, Lanes<F, 2>) {
    let [w0, w1, w2, w3, w4, w5, w6, w7] = transposed(words(cpu, rows));
    (split([w0, w1, w2, w3]), split([w4, w5, w6, w7]))
}

/// The first integers of eight rows, for half of what [`load`] costs.
#[inline(always)]
pub(super) fn load_first<F: Modulus>(cpu: Avx512, rows: [&[u64; 8]; 8]) -> Lanes<F, 2> {
    split(transposed_half(words(cpu, rows), &LOW_WORDS))
}

/// Eight rows of two integers each.
#[inline(always)]
pub(super) fn store<F: Modulus>(first: Lanes<F, 2>, second: Lanes<F, 2>) -> [[u64; 8]; 8] {
    let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (joined(first), joined(second));
    let words = transposed([a0, a1, a2, a3, b0, b1, b2, b3]);
    let mut rows = [[0; 8]; 8];
    for i in 0..8 {
        words[i].store(&mut rows[i]);
    }
    rows
}

#[inline(always)]
fn words(cpu: Avx512, rows: [&[u64; 8]; 8]) -> [Word; 8] {
    let mut words = [Word::zero(cpu); 8];
    for i in 0..8 {
        words[i] = Word::load(cpu, rows[i]);
    }
    words
}

/// Words 0 to 3 of two registers, alternating; then words 4 to 7.
const LOW_WORDS: [u64; 8] = [0, 8, 1, 9, 2, 10, 3, 11];
const HIGH_WORDS: [u64; 8] = [4, 12, 5, 13, 6, 14, 7, 15];
/// The same with pairs of words.
const LOW_PAIRS: [u64; 8] = [0, 1, 8, 9, 2, 3, 10, 11];
const HIGH_PAIRS: [u64; 8] = [4, 5, 12, 13, 6, 7, 14, 15];
/// The same with halves of registers.
const LOW_HALVES: [u64; 8] = [0, 1, 2, 3, 8, 9, 10, 11];
const HIGH_HALVES: [u64; 8] = [4, 5, 6, 7, 12, 13, 14, 15];

/// Lane i of word k is lane k of word i.
#[inline(always)]
fn transposed(rows: [Word; 8]) -> [Word; 8] {
    let [w0, w1, w2, w3] = transposed_half(rows, &LOW_WORDS);
    let [w4, w5, w6, w7] = transposed_half(rows, &HIGH_WORDS);
    [w0, w1, w2, w3, w4, w5, w6, w7]
}

/// Four of the words of [`transposed`]: the first or the last, as `which` takes the low or the high ones.
#[inline(always)]
fn transposed_half(rows: [Word; 8], which: &[u64; 8]) -> [Word; 4] {
    let cpu = rows[0].cpu();
    let which = Word::load(cpu, which);
    let (low_pairs, high_pairs) = (Word::load(cpu, &LOW_PAIRS), Word::load(cpu, &HIGH_PAIRS));
    let (low_halves, high_halves) = (Word::load(cpu, &LOW_HALVES), Word::load(cpu, &HIGH_HALVES));
    let ab = rows[0].permute_two(rows[1], which);
    let cd = rows[2].permute_two(rows[3], which);
    let ef = rows[4].permute_two(rows[5], which);
    let gh = rows[6].permute_two(rows[7], which);
    let (abcd_0, abcd_2) = (ab.permute_two(cd, low_pairs), ab.permute_two(cd, high_pairs));
    let (efgh_0, efgh_2) = (ef.permute_two(gh, low_pairs), ef.permute_two(gh, high_pairs));
    [
        abcd_0.permute_two(efgh_0, low_halves),
        abcd_0.permute_two(efgh_0, high_halves),
        abcd_2.permute_two(efgh_2, low_halves),
        abcd_2.permute_two(efgh_2, high_halves),
    ]
}

/// Limbs of 52 bits from words of 64. The integers are below 2p.
#[inline(always)]
fn split<F: Modulus>([w0, w1, w2, w3]: [Word; 4]) -> Lanes<F, 2> {
    let mask = Word::splat(w0.cpu(), LIMB_MASK);
    Lanes::from_limbs([
        w0 & mask,
        (w0.shr::<52>() | w1.shl::<12>()) & mask,
        (w1.shr::<40>() | w2.shl::<24>()) & mask,
        (w2.shr::<28>() | w3.shl::<36>()) & mask,
        w3.shr::<16>(),
    ])
}

/// Words of 64 bits from limbs of 52. Below 2p is below 2^256.
#[inline(always)]
fn joined<F: Modulus>(lanes: Lanes<F, 2>) -> [Word; 4] {
    const { assert!(F::MULTIPLES[2][4] < 1 << 48, "2p must fit 256 bits") };
    let [l0, l1, l2, l3, l4] = lanes.limbs;
    [
        l0 | l1.shl::<52>(),
        l1.shr::<12>() | l2.shl::<40>(),
        l2.shr::<24>() | l3.shl::<28>(),
        l3.shr::<36>() | l4.shl::<16>(),
    ]
}

/// `2p` minus an integer below 2p; zero stays zero.
#[inline(always)]
pub(super) fn negate<F: Modulus>(words: &mut [u64]) {
    if words.iter().all(|word| *word == 0) {
        return;
    }
    let mut double = F::MODULUS;
    double.mul2();
    let mut borrow = false;
    for (word, minuend) in words.iter_mut().zip(double.0) {
        let (difference, below) = minuend.overflowing_sub(*word);
        let (difference, below_again) = difference.overflowing_sub(u64::from(borrow));
        *word = difference;
        borrow = below | below_again;
    }
}
