//! Transforms on eight lanes.
//!
//! Layers go over the values two at a time (radix 4), and the last three, whose butterflies are between lanes of one block, all
//! at once over pairs of blocks. Sums are reduced once in two or three layers: bounds are in the types.

use zkl_core::ark::Fr;

use super::vector::Vector;
use crate::threads::{self, prelude::*};
use crate::{
    avx512::{Avx512, Block, Lanes, Task, Word},
    kernel::{Kernel as _, LengthMismatch},
    portable::Portable,
    transform::{TransformKernel, check_lengths},
};

/// Blocks whose transform runs on one thread and stays in the second-level cache.
const LEAF: usize = 1 << 9;
/// Blocks of a loop that one thread takes at a time.
const PART: usize = 1 << 7;
/// Fewest elements for which there is a pair of blocks.
const FEWEST: usize = 16;

impl TransformKernel for Avx512 {
    fn forward(self, values: &mut Vector, twiddles: &Vector) -> Result<(), LengthMismatch> {
        check_lengths(values.len(), twiddles.len())?;
        if values.len() < FEWEST {
            let mut elements = values.elements(self);
            Portable.forward(&mut elements, &twiddles.elements(self))?;
            *values = self.vector(&elements);
            return Ok(());
        }
        forward(self, values.storage.blocks_mut(), 0, twiddles.storage.blocks());
        Ok(())
    }

    fn inverse(self, values: &mut Vector, twiddles: &Vector) -> Result<(), LengthMismatch> {
        check_lengths(values.len(), twiddles.len())?;
        if values.len() < FEWEST {
            let mut elements = values.elements(self);
            Portable.inverse(&mut elements, &twiddles.elements(self))?;
            *values = self.vector(&elements);
            return Ok(());
        }
        inverse(self, values.storage.blocks_mut(), 0, twiddles.storage.blocks());
        Ok(())
    }

    fn erase(self, values: &mut Vector) {
        values.storage.erase();
    }
}

/// `values` is part number `part` of its layer.
fn forward(cpu: Avx512, values: &mut [Block<Fr>], part: usize, twiddles: &[Block<Fr>]) {
    if values.len() <= LEAF {
        cpu.run(ForwardLeaf { values, part, twiddles });
        return;
    }
    let quarters = quarters(values);
    in_parts(quarters, |quarters| cpu.run(ForwardTwo { quarters, part, twiddles }));
    each_quarter(values, |index, quarter| forward(cpu, quarter, 4 * part + index, twiddles));
}

fn inverse(cpu: Avx512, values: &mut [Block<Fr>], part: usize, twiddles: &[Block<Fr>]) {
    if values.len() <= LEAF {
        cpu.run(InverseLeaf { values, part, twiddles });
        return;
    }
    each_quarter(values, |index, quarter| inverse(cpu, quarter, 4 * part + index, twiddles));
    let quarters = quarters(values);
    in_parts(quarters, |quarters| cpu.run(InverseTwo { quarters, part, twiddles }));
}

type Quarters<'a> = [&'a mut [Block<Fr>]; 4];

#[inline(always)]
fn quarters(values: &mut [Block<Fr>]) -> Quarters<'_> {
    let (low, high) = values.split_at_mut(values.len() / 2);
    let (a, b) = low.split_at_mut(low.len() / 2);
    let (c, d) = high.split_at_mut(high.len() / 2);
    [a, b, c, d]
}

fn in_parts([a, b, c, d]: Quarters<'_>, pass: impl Fn(Quarters<'_>) + Sync) {
    let low = a.par_chunks_mut(PART).zip(b.par_chunks_mut(PART));
    let high = c.par_chunks_mut(PART).zip(d.par_chunks_mut(PART));
    low.zip(high).for_each(|((a, b), (c, d))| pass([a, b, c, d]));
}

fn each_quarter(values: &mut [Block<Fr>], transform: impl Fn(usize, &mut [Block<Fr>]) + Sync) {
    let [a, b, c, d] = quarters(values);
    threads::join(
        || threads::join(|| transform(0, a), || transform(1, b)),
        || threads::join(|| transform(2, c), || transform(3, d)),
    );
}

/// Twiddle `index` in every lane.
#[inline(always)]
fn twiddle(cpu: Avx512, twiddles: &[Block<Fr>], index: usize) -> Lanes<Fr> {
    Lanes::load(cpu, &twiddles[index / 8]).permute(Word::splat(cpu, index as u64 % 8))
}

/// Two layers of the forward transform, the first of them over part number `part`.
struct ForwardTwo<'a> {
    quarters: Quarters<'a>,
    part: usize,
    twiddles: &'a [Block<Fr>],
}

impl Task for ForwardTwo<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        forward_two(cpu, self.quarters, self.part, self.twiddles);
    }
}

#[inline(always)]
fn forward_two(cpu: Avx512, quarters: Quarters<'_>, part: usize, twiddles: &[Block<Fr>]) {
    let [a, b, c, d] = quarters;
    let outer = twiddle(cpu, twiddles, part);
    let (left, right) = (twiddle(cpu, twiddles, 2 * part), twiddle(cpu, twiddles, 2 * part + 1));
    for i in 0..a.len() {
        let (x0, x1) = (Lanes::load(cpu, &a[i]), Lanes::load(cpu, &b[i]));
        let p2 = Lanes::load(cpu, &c[i]).times(outer);
        let p3 = Lanes::load(cpu, &d[i]).times(outer);
        let (y0, y2): (Lanes<Fr, 4>, Lanes<Fr, 4>) = (x0.plus(p2), x0.minus(p2));
        let (y1, y3): (Lanes<Fr, 4>, Lanes<Fr, 4>) = (x1.plus(p3), x1.minus(p3));
        let (q1, q3) = (y1.times(left), y3.times(right));
        y0.plus::<2, 6>(q1).reduce().store(&mut a[i]);
        y0.minus::<2, 6>(q1).reduce().store(&mut b[i]);
        y2.plus::<2, 6>(q3).reduce().store(&mut c[i]);
        y2.minus::<2, 6>(q3).reduce().store(&mut d[i]);
    }
}

/// Two layers of the inverse transform, the second of them over part number `part`.
struct InverseTwo<'a> {
    quarters: Quarters<'a>,
    part: usize,
    twiddles: &'a [Block<Fr>],
}

impl Task for InverseTwo<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        inverse_two(cpu, self.quarters, self.part, self.twiddles);
    }
}

#[inline(always)]
fn inverse_two(cpu: Avx512, quarters: Quarters<'_>, part: usize, twiddles: &[Block<Fr>]) {
    let [a, b, c, d] = quarters;
    let outer = twiddle(cpu, twiddles, part);
    let (left, right) = (twiddle(cpu, twiddles, 2 * part), twiddle(cpu, twiddles, 2 * part + 1));
    for i in 0..a.len() {
        let (x0, x1) = (Lanes::load(cpu, &a[i]), Lanes::load(cpu, &b[i]));
        let (x2, x3) = (Lanes::load(cpu, &c[i]), Lanes::load(cpu, &d[i]));
        let (y0, y2): (Lanes<Fr, 4>, Lanes<Fr, 4>) = (x0.plus(x1), x2.plus(x3));
        let y1 = x0.minus::<2, 4>(x1).times(left);
        let y3 = x2.minus::<2, 4>(x3).times(right);
        y0.plus::<4, 8>(y2).reduce().store(&mut a[i]);
        y1.plus::<2, 4>(y3).reduce().store(&mut b[i]);
        y0.minus::<4, 8>(y2).times(outer).store(&mut c[i]);
        y1.minus::<2, 4>(y3).times(outer).store(&mut d[i]);
    }
}

/// All layers of the forward transform below part number `part`.
struct ForwardLeaf<'a> {
    values: &'a mut [Block<Fr>],
    part: usize,
    twiddles: &'a [Block<Fr>],
}

impl Task for ForwardLeaf<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let Self { values, part, twiddles } = self;
        let total = values.len();
        let (mut len, mut first) = (total, part);
        while len >= 4 {
            for (index, part) in (first..).zip(values.chunks_exact_mut(len)) {
                forward_two(cpu, quarters(part), index, twiddles);
            }
            len /= 4;
            first *= 4;
        }
        let (pairs, _) = values.as_chunks_mut::<2>();
        for (index, [a, b]) in (part * (total / 2)..).zip(pairs) {
            let (mut x0, mut x1) = (Lanes::load(cpu, a), Lanes::load(cpu, b));
            if len == 2 {
                let product = x1.times(twiddle(cpu, twiddles, index));
                (x0, x1) = (x0.plus::<2, 4>(product).reduce(), x0.minus::<2, 4>(product).reduce());
            }
            let (x0, x1) = forward_lanes(cpu, x0, x1, index, twiddles);
            x0.store(a);
            x1.store(b);
        }
    }
}

/// All layers of the inverse transform below part number `part`.
struct InverseLeaf<'a> {
    values: &'a mut [Block<Fr>],
    part: usize,
    twiddles: &'a [Block<Fr>],
}

impl Task for InverseLeaf<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let Self { values, part, twiddles } = self;
        let total = values.len();
        let in_pairs = total.trailing_zeros() % 2 == 1;
        let (pairs, _) = values.as_chunks_mut::<2>();
        for (index, [a, b]) in (part * (total / 2)..).zip(pairs) {
            let (mut x0, mut x1) = inverse_lanes(cpu, Lanes::load(cpu, a), Lanes::load(cpu, b), index, twiddles);
            if in_pairs {
                let difference: Lanes<Fr, 4> = x0.minus(x1);
                x0 = x0.plus::<2, 4>(x1).reduce();
                x1 = difference.times(twiddle(cpu, twiddles, index));
            }
            x0.store(a);
            x1.store(b);
        }
        let mut len = if in_pairs { 8 } else { 4 };
        while len <= total {
            for (index, part) in (part * (total / len)..).zip(values.chunks_exact_mut(len)) {
                inverse_two(cpu, quarters(part), index, twiddles);
            }
            len *= 4;
        }
    }
}

/// The first halves of two blocks, or of four pairs of lanes; the second ones.
const FIRST_HALVES: [u64; 8] = [0, 1, 2, 3, 8, 9, 10, 11];
const SECOND_HALVES: [u64; 8] = [4, 5, 6, 7, 12, 13, 14, 15];
/// Pairs of lanes from two registers, alternating: the even pairs, the odd ones.
const EVEN_PAIRS: [u64; 8] = [0, 1, 8, 9, 4, 5, 12, 13];
const ODD_PAIRS: [u64; 8] = [2, 3, 10, 11, 6, 7, 14, 15];
/// Lanes from two registers, alternating: the even lanes, the odd ones.
const EVEN_LANES: [u64; 8] = [0, 8, 2, 10, 4, 12, 6, 14];
const ODD_LANES: [u64; 8] = [1, 9, 3, 11, 5, 13, 7, 15];
/// Lanes from two registers, alternating: the first four, the last four.
const FIRST_LANES: [u64; 8] = [0, 8, 1, 9, 2, 10, 3, 11];
const LAST_LANES: [u64; 8] = [4, 12, 5, 13, 6, 14, 7, 15];

#[inline(always)]
fn picked<const K: u32>(
    (a, b): (Lanes<Fr, K>, Lanes<Fr, K>),
    first: &[u64; 8],
    second: &[u64; 8],
) -> (Lanes<Fr, K>, Lanes<Fr, K>) {
    let cpu = a.cpu();
    (a.pick(b, Word::load(cpu, first)), a.pick(b, Word::load(cpu, second)))
}

/// Twiddles of the butterflies of pair number `pair` of blocks: over distances of 4, 2 and 1.
#[inline(always)]
fn lane_twiddles(cpu: Avx512, twiddles: &[Block<Fr>], pair: usize) -> [Lanes<Fr>; 3] {
    let (two, four) = (pair as u64 % 4 * 2, pair as u64 % 2 * 4);
    let by_four = Word::load(cpu, &[two, two, two, two, two + 1, two + 1, two + 1, two + 1]);
    let by_two = Word::load(cpu, &[four, four, four + 1, four + 1, four + 2, four + 2, four + 3, four + 3]);
    [
        Lanes::load(cpu, &twiddles[pair / 4]).permute(by_four),
        Lanes::load(cpu, &twiddles[pair / 2]).permute(by_two),
        Lanes::load(cpu, &twiddles[pair]),
    ]
}

/// The last three layers of the forward transform, within blocks `2 pair` and `2 pair + 1`.
#[inline(always)]
fn forward_lanes(
    cpu: Avx512,
    x0: Lanes<Fr>,
    x1: Lanes<Fr>,
    pair: usize,
    twiddles: &[Block<Fr>],
) -> (Lanes<Fr>, Lanes<Fr>) {
    let [by_four, by_two, by_one] = lane_twiddles(cpu, twiddles, pair);
    let (low, high) = picked((x0, x1), &FIRST_HALVES, &SECOND_HALVES);
    let product = high.times(by_four);
    let halves: (Lanes<Fr, 4>, Lanes<Fr, 4>) = (low.plus(product), low.minus(product));
    let (low, high) = picked(halves, &EVEN_PAIRS, &ODD_PAIRS);
    let product = high.times(by_two);
    let pairs: (Lanes<Fr, 6>, Lanes<Fr, 6>) = (low.plus(product), low.minus(product));
    let (low, high) = picked(pairs, &EVEN_LANES, &ODD_LANES);
    let product = high.times(by_one);
    let lanes = (low.plus::<2, 8>(product).reduce(), low.minus::<2, 8>(product).reduce());
    picked(lanes, &FIRST_LANES, &LAST_LANES)
}

/// Undoes [`forward_lanes`] but for a factor of 8.
#[inline(always)]
fn inverse_lanes(
    cpu: Avx512,
    x0: Lanes<Fr>,
    x1: Lanes<Fr>,
    pair: usize,
    twiddles: &[Block<Fr>],
) -> (Lanes<Fr>, Lanes<Fr>) {
    let [by_four, by_two, by_one] = lane_twiddles(cpu, twiddles, pair);
    let (low, high) = x0.even_odd(x1);
    let lanes: (Lanes<Fr, 4>, _) = (low.plus(high), low.minus::<2, 4>(high).times(by_one).weaken());
    let (low, high) = picked(lanes, &EVEN_LANES, &ODD_LANES);
    let pairs: (Lanes<Fr, 8>, _) = (low.plus(high), low.minus::<4, 8>(high).times(by_two).weaken());
    let (low, high) = picked(pairs, &EVEN_PAIRS, &ODD_PAIRS);
    let halves = (low.plus::<8, 16>(high).reduce(), low.minus::<8, 16>(high).times(by_four));
    picked(halves, &FIRST_HALVES, &SECOND_HALVES)
}
