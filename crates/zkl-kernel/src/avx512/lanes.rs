//! Eight field elements in five registers, with the bound of every value in its type.
//!
//! # Invariants
//! A `Lanes<F, K>` holds in each lane an integer `a < K p` in five limbs below 2^52 that stands for `a 2^-260 mod p`. `K` is
//! checked when the program is compiled: an operation whose result could leave its type, or the 260 bits, does not build.
//!
//! | operation | takes | gives |
//! |---|---|---|
//! | [`plus`](Lanes::plus) | `A`, `B` | any `C >= A + B` |
//! | [`minus`](Lanes::minus) | `A`, `B` | any `C >= A + B` (`a + B p - b`) |
//! | [`times`](Lanes::times) | `A B <= 84` | 2 |
//! | [`reduce`](Lanes::reduce) | up to 84 | 2 |
//! | [`canonical`](Lanes::canonical) | up to 2 | 1 |
//!
//! Everything here is loops over limbs, without closures: a closure that is not melted into its caller would run without the
//! instructions it needs (see [`Word`]).
//!
//! Why `A B <= 84` is enough: with `R = 2^260 > 84 p`, the Montgomery product is `(a b + q p) / R` for some `q < R`, below
//! `A B p (p / R) + p < 2 p`.

use std::marker::PhantomData;

use super::{
    block::Block,
    product::Product,
    word::{Avx512, Word},
};
use crate::modulus::{LIMB_BITS, LIMB_MASK, LIMBS, Modulus, limbs};

/// Eight elements of `F`, each below `K p`.
#[derive(Clone, Copy, Debug)]
pub struct Lanes<F, const K: u32 = 2> {
    pub(super) limbs: [Word; LIMBS],
    field: PhantomData<F>,
}

impl<F: Modulus, const K: u32> Lanes<F, K> {
    /// Limbs must be below 2^52 and values below `K p`.
    #[inline(always)]
    pub(super) fn from_limbs(limbs: [Word; LIMBS]) -> Self {
        const { assert!(K <= F::HEADROOM, "K p must fit 260 bits") };
        Self { limbs, field: PhantomData }
    }

    /// The same integers under a larger bound.
    #[inline(always)]
    pub fn weaken<const C: u32>(self) -> Lanes<F, C> {
        const { assert!(C >= K, "a bound can only grow") };
        Lanes::from_limbs(self.limbs)
    }

    /// What `block` holds.
    #[inline(always)]
    pub fn load(cpu: Avx512, block: &Block<F, K>) -> Self {
        let mut limbs = [Word::zero(cpu); LIMBS];
        for i in 0..LIMBS {
            limbs[i] = Word::load(cpu, &block.limbs[i]);
        }
        Self::from_limbs(limbs)
    }

    /// Writes the lanes into `block`.
    #[inline(always)]
    pub fn store(self, block: &mut Block<F, K>) {
        for i in 0..LIMBS {
            self.limbs[i].store(&mut block.limbs[i]);
        }
    }

    /// The lanes as a block.
    #[inline(always)]
    pub fn to_block(self) -> Block<F, K> {
        let mut block = Block::default();
        self.store(&mut block);
        block
    }

    /// The processor's proof that these lanes carry.
    #[inline(always)]
    pub fn cpu(&self) -> Avx512 {
        self.limbs[0].cpu()
    }

    /// `self + other`.
    #[inline(always)]
    #[must_use]
    pub fn plus<const B: u32, const C: u32>(self, other: Lanes<F, B>) -> Lanes<F, C> {
        const { assert!(K + B <= C, "the sum of the bounds") };
        let mut limbs = self.limbs;
        for i in 0..LIMBS {
            limbs[i] = limbs[i] + other.limbs[i];
        }
        Lanes::from_limbs(carried(limbs))
    }

    /// `2 self`.
    #[inline(always)]
    #[must_use]
    pub fn double<const C: u32>(self) -> Lanes<F, C> {
        self.plus(self)
    }

    /// `self - other`, as `self + B p - other`.
    #[inline(always)]
    #[must_use]
    pub fn minus<const B: u32, const C: u32>(self, other: Lanes<F, B>) -> Lanes<F, C> {
        const { assert!(K + B <= C, "the sum of the bounds") };
        let lift = constant(self.cpu(), &F::MULTIPLES[B as usize]);
        let mut limbs = self.limbs;
        for i in 0..LIMBS {
            limbs[i] = limbs[i] + (lift[i] - other.limbs[i]);
        }
        Lanes::from_limbs(carried(limbs))
    }

    /// `-self`, as `K p - self`.
    #[inline(always)]
    #[must_use]
    pub fn negate<const C: u32>(self) -> Lanes<F, C> {
        const { assert!(K < C, "K p - 0 is not below K p") };
        let mut limbs = constant(self.cpu(), &F::MULTIPLES[K as usize]);
        for i in 0..LIMBS {
            limbs[i] = limbs[i] - self.limbs[i];
        }
        Lanes::from_limbs(carried(limbs))
    }

    /// `self * other`.
    #[inline(always)]
    #[must_use]
    pub fn times<const B: u32>(self, other: Lanes<F, B>) -> Lanes<F, 2> {
        const { assert!(K * B <= F::HEADROOM, "the product of the bounds") };
        Product::<F, 84>::of(self, other).reduce()
    }

    /// `self^2`, for less than `times` costs.
    #[inline(always)]
    #[must_use]
    pub fn square(self) -> Lanes<F, 2> {
        const { assert!(K * K <= F::HEADROOM, "the product of the bounds") };
        Product::<F, 84>::square(self).reduce()
    }

    /// The same elements below 2p: an estimate of the quotient by p times p is taken away.
    #[inline(always)]
    #[must_use]
    pub fn reduce(self) -> Lanes<F, 2> {
        let cpu = self.cpu();
        // The quotient is right or one too small.
        let estimate = Word::zero(cpu).add_high(self.limbs[4], Word::splat(cpu, F::QUOTIENT)).shr::<45>();
        let negative = constant(cpu, &F::NEG_P);
        let mut sums = self.limbs;
        for i in 0..LIMBS {
            sums[i] = sums[i].add_low(estimate, negative[i]);
        }
        for i in 1..LIMBS {
            sums[i] = sums[i].add_high(estimate, negative[i - 1]);
        }
        let mut limbs = carried(sums);
        // Modulo 2^260: adding 2^260 - p instead of taking p away has left multiples of 2^260.
        limbs[4] = limbs[4] & Word::splat(cpu, LIMB_MASK);
        Lanes::from_limbs(limbs)
    }

    /// The same elements below `C p`, for less than [`Lanes::reduce`] costs when `C` is half of `K`.
    #[inline(always)]
    #[must_use]
    pub fn halve<const C: u32>(self) -> Lanes<F, C> {
        const { assert!(K <= 2 * C, "one subtraction of C p halves the bound at most") };
        let lift = constant(self.cpu(), &F::MULTIPLES[C as usize]);
        let mut less = self.limbs;
        for i in 0..LIMBS {
            less[i] = less[i] - lift[i];
        }
        less = carried(less);
        let below = less[4].negative();
        for i in 0..LIMBS {
            less[i] = less[i].replace(below, self.limbs[i]);
        }
        Lanes::from_limbs(less)
    }

    /// Lane i of `other` where bit i of `mask` is set, else of `self`.
    #[inline(always)]
    #[must_use]
    pub fn replace(self, mask: u8, other: Self) -> Self {
        let mut limbs = self.limbs;
        for i in 0..LIMBS {
            limbs[i] = limbs[i].replace(mask, other.limbs[i]);
        }
        Self::from_limbs(limbs)
    }

    /// Sixteen neighbours, `self` then `next`, as those at even and those at odd places.
    #[inline(always)]
    pub fn even_odd(self, next: Self) -> (Self, Self) {
        let cpu = self.cpu();
        let even = Word::load(cpu, &[0, 2, 4, 6, 8, 10, 12, 14]);
        let odd = Word::load(cpu, &[1, 3, 5, 7, 9, 11, 13, 15]);
        (self.pick(next, even), self.pick(next, odd))
    }

    /// Lane i is lane `indices[i] mod 16` of the sixteen lanes of `self` and then `next`.
    #[inline(always)]
    #[must_use]
    pub fn pick(self, next: Self, indices: Word) -> Self {
        let mut limbs = self.limbs;
        for i in 0..LIMBS {
            limbs[i] = limbs[i].permute_two(next.limbs[i], indices);
        }
        Self::from_limbs(limbs)
    }

    /// Lane i is lane `indices[i] mod 8`.
    #[inline(always)]
    #[must_use]
    pub fn permute(self, indices: Word) -> Self {
        let mut limbs = self.limbs;
        for i in 0..LIMBS {
            limbs[i] = limbs[i].permute(indices);
        }
        Self::from_limbs(limbs)
    }
}

impl<F: Modulus> Lanes<F, 1> {
    /// Zero in every lane.
    #[inline(always)]
    pub fn zero(cpu: Avx512) -> Self {
        Self::from_limbs([Word::zero(cpu); LIMBS])
    }

    /// `value` in every lane.
    #[inline(always)]
    pub fn splat(cpu: Avx512, value: F) -> Self {
        Self::from_limbs(constant(cpu, &kernel_form(value)))
    }

    /// Bit i: whether lane i is zero. Canonical integers, so nothing else stands for zero.
    #[inline(always)]
    pub fn zeros(self) -> u8 {
        let [l0, l1, l2, l3, l4] = self.limbs;
        let any = (l0 | l1) | (l2 | l3) | l4;
        !any.differs(Word::zero(self.cpu()))
    }

    /// Bit i: whether lane i equals lane i of `other`.
    #[inline(always)]
    pub fn equals(self, other: Self) -> u8 {
        let mut differs = 0;
        for i in 0..LIMBS {
            differs |= self.limbs[i].differs(other.limbs[i]);
        }
        !differs
    }
}

impl<F: Modulus> Lanes<F, 2> {
    /// The same elements below p: the only integers that stand for them.
    #[inline(always)]
    #[must_use]
    pub fn canonical(self) -> Lanes<F, 1> {
        self.halve()
    }
}

/// Limbs of `value 2^260 mod p`, below p.
#[inline]
pub(super) fn kernel_form<F: Modulus>(value: F) -> [u64; LIMBS] {
    // 2^4 times the stored integer, below p again.
    limbs(value.double().double().double().double().montgomery())
}

/// A constant in every lane.
#[inline(always)]
pub(super) fn constant(cpu: Avx512, limbs: &[u64; LIMBS]) -> [Word; LIMBS] {
    let mut words = [Word::zero(cpu); LIMBS];
    for i in 0..LIMBS {
        words[i] = Word::splat(cpu, limbs[i]);
    }
    words
}

/// Limbs below 2^52 of the same integer, from signed limbs of at most 62 bits. The top limb keeps what is above, its sign
/// included.
#[inline(always)]
pub(super) fn carried(mut limbs: [Word; LIMBS]) -> [Word; LIMBS] {
    let mask = Word::splat(limbs[0].cpu(), LIMB_MASK);
    for i in 0..LIMBS - 1 {
        limbs[i + 1] = limbs[i + 1] + limbs[i].shr_signed::<LIMB_BITS>();
        limbs[i] = limbs[i] & mask;
    }
    limbs
}
