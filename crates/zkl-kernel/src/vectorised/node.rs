//! The nodes of the fractional sum, eight at a time.
//!
//! Bounds: a value of a table is below 2p; at the points of a round polynomial below 6p (`high + (high - low)` is 2p + 4p). So products of two
//! are below 36p^2, and a sum of two of them is still reduced to 2p.

use zkl_core::ark::Fr;

use super::columns::Pairs;
use crate::avx512::{Accumulator, Avx512, Block, Lanes, Product, Task};

/// A numerator on a chunk.
#[derive(Clone, Copy)]
pub(super) enum Numerator<'s> {
    Zero,
    One,
    Values(&'s Pairs),
}

/// Sums over pairs of `eq` times the node polynomial of `A` children, which have no trivial ones among them.
///
/// | children | sums |
/// |---|---|
/// | 1 | at 0, -, -, slope |
/// | 2 | at 0, -, at -1, leading coefficient |
/// | 3 | at 0, at 2, at -1, - |
/// | 4 | at 0, at 2, at -1, leading coefficient |
pub(super) struct NodeSums<'s, const A: usize> {
    pub(super) p: [Numerator<'s>; A],
    pub(super) q: [&'s Pairs; A],
    pub(super) eq: &'s [Block<Fr>],
    pub(super) lambda: Fr,
    /// Multiplies the sums of this chunk before they are added to `totals`.
    pub(super) weight: Fr,
    pub(super) totals: &'s mut [Accumulator<Fr>; 4],
}

/// Values at a point of the round polynomial.
type At = Lanes<Fr, 6>;

impl<const A: usize> Task for NodeSums<'_, A> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let lambda = Lanes::splat(cpu, self.lambda);
        let mut sums = [Accumulator::new(cpu); 4];
        let mut constants = true;
        for j in 0..A {
            constants &= !matches!(self.p[j], Numerator::Values(_));
        }
        if constants {
            self.constant_numerators(cpu, lambda, &mut sums);
        } else {
            self.numerators(cpu, lambda, &mut sums);
        }
        let weight = Lanes::splat(cpu, self.weight);
        for k in 0..4 {
            if used::<A>(k) {
                self.totals[k].add(sums[k].total(), weight);
            }
        }
    }
}

/// Which points a node of `A` children needs.
#[inline(always)]
const fn used<const A: usize>(k: usize) -> bool {
    match A {
        1 => k == 0 || k == 3,
        2 => k != 1,
        3 => k != 3,
        _ => true,
    }
}

impl<const A: usize> NodeSums<'_, A> {
    #[inline(always)]
    fn constant_numerators(&self, cpu: Avx512, lambda: Lanes<Fr, 1>, sums: &mut [Accumulator<Fr>; 4]) {
        let mut ones = [false; A];
        for j in 0..A {
            ones[j] = matches!(self.p[j], Numerator::One);
        }
        for b in 0..self.eq.len() {
            let eq = Lanes::load(cpu, &self.eq[b]);
            let mut q = [[Lanes::zero(cpu).weaken(); A]; 4];
            for j in 0..A {
                let at = at_points(cpu, &self.q[j].low[b], &self.q[j].high[b]);
                for k in 0..4 {
                    q[k][j] = at[k];
                }
            }
            for k in 0..4 {
                if used::<A>(k) {
                    // The leading coefficient of a numerator that does not move is 0.
                    let p = if k == 3 { [false; A] } else { ones };
                    sums[k].add(eq, constant_node(cpu, &p, &q[k], lambda));
                }
            }
        }
    }

    #[inline(always)]
    fn numerators(&self, cpu: Avx512, lambda: Lanes<Fr, 1>, sums: &mut [Accumulator<Fr>; 4]) {
        let one = Lanes::splat(cpu, zkl_core::ark::ff::Field::ONE);
        for b in 0..self.eq.len() {
            let eq = Lanes::load(cpu, &self.eq[b]);
            let mut q = [[Lanes::zero(cpu).weaken(); A]; 4];
            let mut p = [[Lanes::zero(cpu).weaken(); A]; 4];
            for j in 0..A {
                let at = at_points(cpu, &self.q[j].low[b], &self.q[j].high[b]);
                for k in 0..4 {
                    q[k][j] = at[k];
                }
                match self.p[j] {
                    Numerator::Zero => {}
                    Numerator::One => {
                        for k in 0..3 {
                            p[k][j] = one.weaken();
                        }
                    }
                    Numerator::Values(pairs) => {
                        let at = at_points(cpu, &pairs.low[b], &pairs.high[b]);
                        for k in 0..4 {
                            p[k][j] = at[k];
                        }
                    }
                }
            }
            for k in 0..4 {
                if used::<A>(k) {
                    sums[k].add(eq, node(&p[k], &q[k], lambda));
                }
            }
        }
    }
}

/// A pair of neighbours at 0, 2, -1, and its slope.
#[inline(always)]
fn at_points(cpu: Avx512, low: &Block<Fr>, high: &Block<Fr>) -> [At; 4] {
    let (low, high) = (Lanes::load(cpu, low), Lanes::load(cpu, high));
    let slope: Lanes<Fr, 4> = high.minus(low);
    [low.weaken(), high.plus(slope), low.minus(slope), slope.weaken()]
}

/// `p + lambda q` of a node.
#[inline(always)]
fn node<const A: usize>(p: &[At; A], q: &[At; A], lambda: Lanes<Fr, 1>) -> Lanes<Fr> {
    if A == 1 {
        return Product::<Fr, 6>::of(q[0], lambda).reduce().plus::<6, 8>(p[0]).reduce();
    }
    let low = q[0].times(q[1]);
    let left = Product::<Fr, 36>::of(p[0], q[1]).plus_product::<6, 6, 72>(p[1], q[0]);
    if A == 2 {
        return left.plus_product::<2, 1, 74>(low, lambda).reduce();
    }
    if A == 3 {
        let left = left.plus_product::<2, 1, 74>(low, lambda).reduce();
        return Product::<Fr, 12>::of(left, q[2]).plus_product::<2, 6, 24>(low, p[2]).reduce();
    }
    let high = q[2].times(q[3]);
    let right = Product::<Fr, 36>::of(p[2], q[3]).plus_product::<6, 6, 72>(p[3], q[2]);
    let right = right.plus_product::<2, 1, 74>(high, lambda).reduce();
    Product::<Fr, 4>::of(left.reduce(), high).plus_product::<2, 2, 8>(low, right).reduce()
}

/// The same with numerators that are 0 or 1.
#[inline(always)]
fn constant_node<const A: usize>(cpu: Avx512, p: &[bool; A], q: &[At; A], lambda: Lanes<Fr, 1>) -> Lanes<Fr> {
    if A == 1 {
        let product = q[0].times(lambda);
        return if p[0] {
            product.plus::<1, 3>(Lanes::splat(cpu, zkl_core::ark::ff::Field::ONE)).reduce()
        } else {
            product
        };
    }
    let low = q[0].times(q[1]);
    let left = chosen(cpu, p[0], p[1], q[0], q[1]);
    let lambda_low = low.times(lambda);
    if A == 2 {
        return left.plus::<2, 14>(lambda_low).reduce();
    }
    if A == 3 {
        let product = Product::<Fr, 84>::of(left.plus::<2, 14>(lambda_low), q[2]);
        let reduced = product.reduce();
        return if p[2] { reduced.plus::<2, 4>(low).halve() } else { reduced };
    }
    let high = q[2].times(q[3]);
    let right = chosen(cpu, p[2], p[3], q[2], q[3]);
    let left = left.plus::<2, 14>(lambda_low);
    Product::<Fr, 28>::of(left, high).plus_product::<2, 12, 52>(low, right).reduce()
}

/// `p0 q1 + p1 q0` for numerators that are 0 or 1.
#[inline(always)]
fn chosen(cpu: Avx512, p0: bool, p1: bool, q0: At, q1: At) -> Lanes<Fr, 12> {
    match (p0, p1) {
        (true, true) => q0.plus(q1),
        (true, false) => q1.weaken(),
        (false, true) => q0.weaken(),
        (false, false) => Lanes::zero(cpu).weaken(),
    }
}

/// Fractions of nodes from those of their four children, `None` for numerators that are 0 and `Some(None)` for those that are 1.
pub(super) struct Join<'s> {
    pub(super) p: [Single<'s>; 4],
    pub(super) q: [Option<&'s [Block<Fr>]>; 4],
    pub(super) out_p: &'s mut [Block<Fr>],
    pub(super) out_q: &'s mut [Block<Fr>],
}

/// A numerator on some rows.
#[derive(Clone, Copy)]
pub(super) enum Single<'s> {
    Zero,
    One,
    Values(&'s [Block<Fr>]),
}

impl Task for Join<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let one: Lanes<Fr> = Lanes::splat(cpu, zkl_core::ark::ff::Field::ONE).weaken();
        for b in 0..self.out_p.len() {
            let mut p = [Lanes::zero(cpu).weaken(); 4];
            let mut q = [one; 4];
            for j in 0..4 {
                match self.p[j] {
                    Single::Zero => {}
                    Single::One => p[j] = one,
                    Single::Values(blocks) => p[j] = Lanes::load(cpu, &blocks[b]),
                }
                if let Some(blocks) = self.q[j] {
                    q[j] = Lanes::load(cpu, &blocks[b]);
                }
            }
            let low = q[0].times(q[1]);
            let left = cross(cpu, &self.p[..2], &p[..2], &q[..2]);
            if matches!(self.p[2..], [Single::Zero, Single::Zero]) && self.q[2].is_none() && self.q[3].is_none() {
                left.store(&mut self.out_p[b]);
                low.store(&mut self.out_q[b]);
                continue;
            }
            let high = q[2].times(q[3]);
            let right = cross(cpu, &self.p[2..], &p[2..], &q[2..]);
            let joined = Product::<Fr, 4>::of(left, high).plus_product::<2, 2, 8>(right, low);
            joined.reduce().store(&mut self.out_p[b]);
            low.times(high).store(&mut self.out_q[b]);
        }
    }
}

/// `p0 q1 + p1 q0`, without products where numerators are 0 or 1.
#[inline(always)]
fn cross(cpu: Avx512, kinds: &[Single<'_>], p: &[Lanes<Fr>], q: &[Lanes<Fr>]) -> Lanes<Fr> {
    match (kinds[0], kinds[1]) {
        (Single::Zero, Single::Zero) => Lanes::zero(cpu).weaken(),
        (Single::One, Single::Zero) => q[1],
        (Single::Zero, Single::One) => q[0],
        (Single::One, Single::One) => q[0].plus::<2, 4>(q[1]).halve(),
        _ => Product::<Fr, 4>::of(p[0], q[1]).plus_product::<2, 2, 8>(p[1], q[0]).reduce(),
    }
}
