//! Products before they are reduced: sums of products cost one reduction.
//!
//! # Invariants
//! A `Product<F, K>` holds in each lane an integer below `K p^2`, in ten limbs of at most `10 K` times `2^52`, below 2^63 for
//! `K <= 128`. It is a sum of at most K products. The reduction of one with `K <= 84` is below 2p.

use std::marker::PhantomData;

use super::{
    lanes::{Lanes, carried, constant},
    word::{Avx512, Word},
};
use crate::modulus::{LIMB_BITS, LIMB_MASK, LIMBS, Modulus};

/// Eight sums of products.
#[derive(Clone, Copy, Debug)]
pub struct Product<F, const K: u32> {
    limbs: [Word; 2 * LIMBS],
    field: PhantomData<F>,
}

impl<F: Modulus, const K: u32> Product<F, K> {
    #[inline(always)]
    fn from_limbs(limbs: [Word; 2 * LIMBS]) -> Self {
        const { assert!(K <= 128, "limbs must stay below 2^63") };
        Self { limbs, field: PhantomData }
    }

    /// `a b`, with `A B <= K`.
    #[inline(always)]
    pub fn of<const A: u32, const B: u32>(a: Lanes<F, A>, b: Lanes<F, B>) -> Self {
        const { assert!(A * B <= K, "the product of the bounds") };
        Self::from_limbs(accumulated([Word::zero(a.cpu()); 2 * LIMBS], a, b))
    }

    /// `a^2`, with `A^2 <= K`.
    #[inline(always)]
    pub fn square<const A: u32>(a: Lanes<F, A>) -> Self {
        const { assert!(A * A <= K, "the product of the bounds") };
        let limbs = &a.limbs;
        let mut sums = [Word::zero(a.cpu()); 2 * LIMBS];
        for i in 0..LIMBS {
            for j in i + 1..LIMBS {
                sums[i + j] = sums[i + j].add_low(limbs[i], limbs[j]);
                sums[i + j + 1] = sums[i + j + 1].add_high(limbs[i], limbs[j]);
            }
        }
        // Each product of two different limbs occurs twice.
        for i in 0..2 * LIMBS {
            sums[i] = sums[i] + sums[i];
        }
        for i in 0..LIMBS {
            sums[2 * i] = sums[2 * i].add_low(limbs[i], limbs[i]);
            sums[2 * i + 1] = sums[2 * i + 1].add_high(limbs[i], limbs[i]);
        }
        Self::from_limbs(sums)
    }

    /// `self + a b`.
    #[inline(always)]
    #[must_use]
    pub fn plus_product<const A: u32, const B: u32, const C: u32>(
        self,
        a: Lanes<F, A>,
        b: Lanes<F, B>,
    ) -> Product<F, C> {
        const { assert!(K + A * B <= C, "the sum of the bounds") };
        Product::from_limbs(accumulated(self.limbs, a, b))
    }

    /// `self + other`.
    #[inline(always)]
    #[must_use]
    pub fn plus<const B: u32, const C: u32>(self, other: Product<F, B>) -> Product<F, C> {
        const { assert!(K + B <= C, "the sum of the bounds") };
        let mut limbs = self.limbs;
        for i in 0..2 * LIMBS {
            limbs[i] = limbs[i] + other.limbs[i];
        }
        Product::from_limbs(limbs)
    }

    /// The Montgomery reduction: the elements whose sum of products this is.
    #[inline(always)]
    #[must_use]
    pub fn reduce(self) -> Lanes<F, 2> {
        const { assert!(K <= F::HEADROOM, "the reduction must be below 2p") };
        Lanes::from_limbs(montgomery::<F>(self.limbs))
    }
}

/// `sums + a b`. Each limb grows by at most ten numbers below 2^52.
#[inline(always)]
fn accumulated<F: Modulus, const A: u32, const B: u32>(
    mut sums: [Word; 2 * LIMBS],
    a: Lanes<F, A>,
    b: Lanes<F, B>,
) -> [Word; 2 * LIMBS] {
    for i in 0..LIMBS {
        for j in 0..LIMBS {
            sums[i + j] = sums[i + j].add_low(a.limbs[i], b.limbs[j]);
            sums[i + j + 1] = sums[i + j + 1].add_high(a.limbs[i], b.limbs[j]);
        }
    }
    sums
}

/// `(sums + q p) / 2^260` with `q < 2^260` such that the division is exact. Limbs of `sums` are below 2^63; the result has
/// limbs below 2^52 but for the top one, which holds what is above.
#[inline(always)]
fn montgomery<F: Modulus>(mut sums: [Word; 2 * LIMBS]) -> [Word; LIMBS] {
    let cpu = sums[0].cpu();
    let p = constant(cpu, &F::P);
    let inverse = Word::splat(cpu, F::NEG_INV);
    let mask = Word::splat(cpu, LIMB_MASK);
    let zero = Word::zero(cpu);
    for i in 0..LIMBS {
        let q = zero.add_low(sums[i], inverse);
        // sums[i] + low(q p_0) is sums[i] rounded up to a multiple of 2^52: no need to compute the product.
        let carry = (sums[i] + mask).shr::<LIMB_BITS>();
        sums[i + 1] = (sums[i + 1] + carry).add_high(q, p[0]);
        for j in 1..LIMBS {
            sums[i + j] = sums[i + j].add_low(q, p[j]);
            sums[i + j + 1] = sums[i + j + 1].add_high(q, p[j]);
        }
    }
    carried([sums[5], sums[6], sums[7], sums[8], sums[9]])
}

/// A running sum of any number of products.
///
/// Limbs are reduced after every 128 products, so nothing overflows.
#[derive(Clone, Copy, Debug)]
pub struct Accumulator<F> {
    limbs: [Word; 2 * LIMBS],
    waiting: u32,
    total: Lanes<F, 2>,
}

/// Products between two reductions: limbs stay below `10 * 128 * 2^52 < 2^63`.
const ROUND: u32 = 128;

impl<F: Modulus> Accumulator<F> {
    /// Zero.
    #[inline(always)]
    pub fn new(cpu: Avx512) -> Self {
        Self { limbs: [Word::zero(cpu); 2 * LIMBS], waiting: 0, total: Lanes::zero(cpu).weaken() }
    }

    /// Adds `a b`.
    #[inline(always)]
    pub fn add<const A: u32, const B: u32>(&mut self, a: Lanes<F, A>, b: Lanes<F, B>) {
        // 128 * 54 p^2 / 2^260 + p < 84 p.
        const { assert!(A * B <= 54, "the reduction of a full round must fit 260 bits") };
        self.limbs = accumulated(self.limbs, a, b);
        self.waiting += 1;
        if self.waiting == ROUND {
            self.settle();
        }
    }

    #[inline(always)]
    fn settle(&mut self) {
        let zero = Word::zero(self.limbs[0].cpu());
        let part: Lanes<F, 84> = Lanes::from_limbs(montgomery::<F>(self.limbs));
        self.total = self.total.plus::<2, 4>(part.reduce()).halve();
        self.limbs = [zero; 2 * LIMBS];
        self.waiting = 0;
    }

    /// The sum, lane by lane.
    #[inline(always)]
    #[must_use]
    pub fn total(mut self) -> Lanes<F, 2> {
        self.settle();
        self.total
    }
}

/// A running sum of any number of elements.
#[derive(Clone, Copy, Debug)]
pub struct LaneSum<F> {
    limbs: [Word; LIMBS],
    waiting: u32,
    total: Lanes<F, 2>,
}

impl<F: Modulus> LaneSum<F> {
    /// Zero.
    #[inline(always)]
    pub fn new(cpu: Avx512) -> Self {
        Self { limbs: [Word::zero(cpu); LIMBS], waiting: 0, total: Lanes::zero(cpu).weaken() }
    }

    /// Adds `a`.
    #[inline(always)]
    pub fn add<const A: u32>(&mut self, a: Lanes<F, A>) {
        const { assert!(A <= 5, "16 elements below 5p must fit 260 bits") };
        for i in 0..LIMBS {
            self.limbs[i] = self.limbs[i] + a.limbs[i];
        }
        self.waiting += 1;
        if self.waiting == 16 {
            self.settle();
        }
    }

    #[inline(always)]
    fn settle(&mut self) {
        let part: Lanes<F, 84> = Lanes::from_limbs(carried(self.limbs));
        self.total = self.total.plus::<2, 4>(part.reduce()).halve();
        self.limbs = [Word::zero(self.limbs[0].cpu()); LIMBS];
        self.waiting = 0;
    }

    /// The sum, lane by lane.
    #[inline(always)]
    #[must_use]
    pub fn total(mut self) -> Lanes<F, 2> {
        self.settle();
        self.total
    }
}
