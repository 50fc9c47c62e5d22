//! Between the form of arkworks and the kernel form.
//!
//! Arkworks stores `x 2^256 mod p` in four words; four bits to the left it is `x 2^260` below `16 p`. The way back is a
//! Montgomery product with `2^256` and a canonical reduction.

use super::{
    lanes::{Lanes, constant},
    word::{Avx512, Word},
};
use crate::modulus::{LIMB_MASK, Modulus};

impl<F: Modulus> Lanes<F, 16> {
    /// Lane i is `values[i]`.
    #[inline(always)]
    pub fn from_ark(cpu: Avx512, values: &[F; 8]) -> Self {
        let mut places = [&values[0]; 8];
        for i in 1..8 {
            places[i] = &values[i];
        }
        Self::from_ark_refs(cpu, places)
    }

    /// Lane i is `values[i]`, wherever that is.
    #[inline(always)]
    pub fn from_ark_refs(cpu: Avx512, values: [&F; 8]) -> Self {
        let [w0, w1, w2, w3] = transposed(cpu, values);
        let mask = Word::splat(cpu, LIMB_MASK);
        Self::from_limbs([
            w0.shl::<4>() & mask,
            (w0.shr::<48>() | w1.shl::<16>()) & mask,
            (w1.shr::<36>() | w2.shl::<28>()) & mask,
            (w2.shr::<24>() | w3.shl::<40>()) & mask,
            w3.shr::<12>(),
        ])
    }
}

impl<F: Modulus> Lanes<F, 1> {
    /// Lane i is a sixteenth of `values[i]`, as arkworks has it: `16 x` there has the same integer as `x` here.
    #[inline(always)]
    pub fn sixteenths(cpu: Avx512, values: [&F; 8]) -> Self {
        let [w0, w1, w2, w3] = transposed(cpu, values);
        let mask = Word::splat(cpu, LIMB_MASK);
        Self::from_limbs([
            w0 & mask,
            (w0.shr::<52>() | w1.shl::<12>()) & mask,
            (w1.shr::<40>() | w2.shl::<24>()) & mask,
            (w2.shr::<28>() | w3.shl::<36>()) & mask,
            w3.shr::<16>(),
        ])
    }
}

/// Word k of the stored integers of eight elements.
#[inline(always)]
fn transposed<F: Modulus>(cpu: Avx512, values: [&F; 8]) -> [Word; 4] {
    let mut rows = [Word::zero(cpu); 4];
    for i in 0..4 {
        let [a0, a1, a2, a3] = values[2 * i].montgomery();
        let [b0, b1, b2, b3] = values[2 * i + 1].montgomery();
        rows[i] = Word::load(cpu, &[a0, a1, a2, a3, b0, b1, b2, b3]);
    }
    let low = Word::load(cpu, &[0, 4, 8, 12, 1, 5, 9, 13]);
    let high = Word::load(cpu, &[2, 6, 10, 14, 3, 7, 11, 15]);
    // Words 0 and 1, then 2 and 3, of four elements in each.
    let (low_a, low_b) = (rows[0].permute_two(rows[1], low), rows[2].permute_two(rows[3], low));
    let (high_a, high_b) = (rows[0].permute_two(rows[1], high), rows[2].permute_two(rows[3], high));
    let first = Word::load(cpu, &[0, 1, 2, 3, 8, 9, 10, 11]);
    let second = Word::load(cpu, &[4, 5, 6, 7, 12, 13, 14, 15]);
    [
        low_a.permute_two(low_b, first),
        low_a.permute_two(low_b, second),
        high_a.permute_two(high_b, first),
        high_a.permute_two(high_b, second),
    ]
}

impl<F: Modulus, const K: u32> Lanes<F, K> {
    /// The elements, lane 0 first.
    #[inline(always)]
    pub fn to_ark(self) -> [F; 8] {
        let cpu = self.cpu();
        let back: Lanes<F, 1> = Lanes::from_limbs(constant(cpu, &F::TO_ARK));
        let [l0, l1, l2, l3, l4] = self.times(back).canonical().limbs;
        let w0 = l0 | l1.shl::<52>();
        let w1 = l1.shr::<12>() | l2.shl::<40>();
        let w2 = l2.shr::<24>() | l3.shl::<28>();
        let w3 = l3.shr::<36>() | l4.shl::<16>();
        let low = Word::load(cpu, &[0, 8, 1, 9, 2, 10, 3, 11]);
        let high = Word::load(cpu, &[4, 12, 5, 13, 6, 14, 7, 15]);
        // Words 0, 1 and words 2, 3 of elements 0 to 3, then of elements 4 to 7.
        let (low_a, high_a) = (w0.permute_two(w1, low), w2.permute_two(w3, low));
        let (low_b, high_b) = (w0.permute_two(w1, high), w2.permute_two(w3, high));
        let first = Word::load(cpu, &[0, 1, 8, 9, 2, 3, 10, 11]);
        let second = Word::load(cpu, &[4, 5, 12, 13, 6, 7, 14, 15]);
        let rows = [
            low_a.permute_two(high_a, first),
            low_a.permute_two(high_a, second),
            low_b.permute_two(high_b, first),
            low_b.permute_two(high_b, second),
        ];
        let mut values = [F::ZERO; 8];
        for i in 0..4 {
            let [a0, a1, a2, a3, b0, b1, b2, b3] = rows[i].to_array();
            values[2 * i] = F::from_montgomery([a0, a1, a2, a3]);
            values[2 * i + 1] = F::from_montgomery([b0, b1, b2, b3]);
        }
        values
    }

    /// The sum of the lanes.
    #[inline(always)]
    pub fn sum(self) -> F {
        self.to_ark().into_iter().sum()
    }

    /// The inverse of each lane; zero stays zero.
    #[inline(always)]
    #[must_use]
    pub fn invert(self) -> Lanes<F, 16> {
        let cpu = self.cpu();
        let mut values = self.to_ark();
        zkl_core::ark::ff::batch_inversion(&mut values);
        Lanes::from_ark(cpu, &values)
    }
}
