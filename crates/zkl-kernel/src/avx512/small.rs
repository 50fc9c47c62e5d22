//! Products of field elements with small integers: a fifth of a full product.
//!
//! With `c` stored as `c 2^52` times the usual, one of the five steps of the reduction is enough: `(c w + q p) / 2^52`.
//!
//! # Invariants
//! A [`SmallSum`] holds in each lane `sum_k c_k w_k` in six limbs, where `sum_k w_k <= 2^52`; its reduction is below
//! `(sum_k w_k / 2^52 + 1) p`, at most 2p.

use std::marker::PhantomData;

use super::{
    lanes::{Lanes, carried, constant, kernel_form},
    word::{Avx512, Word},
};
use crate::modulus::{LIMB_BITS, LIMB_MASK, LIMBS, Modulus};

/// A field element, ready to be multiplied by small integers.
#[derive(Clone, Copy, Debug)]
pub struct Coefficient<F> {
    limbs: [u64; LIMBS],
    field: PhantomData<F>,
}

impl<F: Modulus> Coefficient<F> {
    /// `value`, the same in all lanes.
    pub fn new(value: F) -> Self {
        Self { limbs: kernel_form(value * F::from(1u64 << LIMB_BITS)), field: PhantomData }
    }
}

/// `sum_k c_k w_k` with small integers `w_k`.
#[derive(Clone, Copy, Debug)]
pub struct SmallSum<F> {
    limbs: [Word; LIMBS + 1],
    field: PhantomData<F>,
}

impl<F: Modulus> SmallSum<F> {
    /// Zero.
    #[inline(always)]
    pub fn new(cpu: Avx512) -> Self {
        Self { limbs: [Word::zero(cpu); LIMBS + 1], field: PhantomData }
    }

    /// `coefficient` in every lane, which counts as one term.
    #[inline(always)]
    pub fn starting_from(cpu: Avx512, coefficient: &Coefficient<F>) -> Self {
        let [l0, l1, l2, l3, l4] = constant(cpu, &coefficient.limbs);
        Self { limbs: [l0, l1, l2, l3, l4, Word::zero(cpu)], field: PhantomData }
    }

    /// Adds `coefficient * word`.
    ///
    /// The words of a sum must add up to at most 2^52, and be at most 2^10: any two numbers below 2^51, any 2^10 of 32 bits.
    #[inline(always)]
    #[must_use]
    pub fn plus(mut self, coefficient: &Coefficient<F>, word: Word) -> Self {
        let limbs = constant(word.cpu(), &coefficient.limbs);
        for i in 0..LIMBS {
            self.limbs[i] = self.limbs[i].add_low(limbs[i], word);
            self.limbs[i + 1] = self.limbs[i + 1].add_high(limbs[i], word);
        }
        self
    }

    /// The elements.
    #[inline(always)]
    #[must_use]
    pub fn reduce(self) -> Lanes<F, 2> {
        let cpu = self.limbs[0].cpu();
        let p = constant(cpu, &F::P);
        let mut sums = self.limbs;
        let q = Word::zero(cpu).add_low(sums[0], Word::splat(cpu, F::NEG_INV));
        let carry = (sums[0] + Word::splat(cpu, LIMB_MASK)).shr::<LIMB_BITS>();
        sums[1] = (sums[1] + carry).add_high(q, p[0]);
        for j in 1..LIMBS {
            sums[j] = sums[j].add_low(q, p[j]);
            sums[j + 1] = sums[j + 1].add_high(q, p[j]);
        }
        Lanes::from_limbs(carried([sums[1], sums[2], sums[3], sums[4], sums[5]]))
    }
}
