//! What the vector arithmetic knows about a field: constants, and the way to an element's stored integer.

use zkl_core::ark::ff::{BigInt, Fp, MontBackend, MontConfig, PrimeField};

/// Bits of a limb: what the multiplier of AVX-512 IFMA takes.
pub const LIMB_BITS: u32 = 52;
/// Limbs of an element, `5 * 52 = 260` bits.
pub const LIMBS: usize = 5;
/// `2^52 - 1`.
pub const LIMB_MASK: u64 = (1 << LIMB_BITS) - 1;

/// A prime field of arkworks with four 64-bit words, seen in radix 2^52.
///
/// With `p` the modulus, arkworks stores `x 2^256 mod p`; the kernel form of x is any small representative of `x 2^260 mod p`.
pub trait Modulus: PrimeField<BigInt = BigInt<4>> {
    /// Limbs of p.
    const P: [u64; LIMBS] = limbs(Self::MODULUS.0);
    /// `-1/p mod 2^52`.
    const NEG_INV: u64 = neg_inverse(Self::MODULUS.0[0]) & LIMB_MASK;
    /// Largest K with `K p < 2^260`, also the largest product of two bounds whose Montgomery product is below 2p.
    const HEADROOM: u32 = headroom(Self::MODULUS.0[3]);
    /// `k p` for `k = 0 ..= 84`, as limbs.
    const MULTIPLES: [[u64; LIMBS]; MAX_HEADROOM as usize + 1] = multiples(limbs(Self::MODULUS.0));
    /// Limbs of `2^256 mod p`: the Montgomery product with it leads back to the form of arkworks.
    const TO_ARK: [u64; LIMBS];
    /// Limbs of `2^260 - p`: adding it k times modulo 2^260 takes k p away.
    const NEG_P: [u64; LIMBS] = negated(limbs(Self::MODULUS.0));
    /// `floor(2^97 / (floor(p / 2^208) + 1))`: turns a top limb into an estimate of the quotient by p.
    const QUOTIENT: u64 = quotient(limbs(Self::MODULUS.0)[4]);

    /// The stored integer `x 2^256 mod p`, below p.
    fn montgomery(&self) -> [u64; 4];

    /// The element stored as `words`, which must be below p.
    fn from_montgomery(words: [u64; 4]) -> Self;
}

/// Largest headroom that the tables of multiples are made for.
pub const MAX_HEADROOM: u32 = 84;

impl<C: MontConfig<4>> Modulus for Fp<MontBackend<C, 4>, 4> {
    const TO_ARK: [u64; LIMBS] = limbs(C::R.0);

    #[inline(always)]
    fn montgomery(&self) -> [u64; 4] {
        self.0.0
    }

    #[inline(always)]
    fn from_montgomery(words: [u64; 4]) -> Self {
        Self::new_unchecked(BigInt(words))
    }
}

/// Limbs of a 256-bit integer.
pub(crate) const fn limbs(w: [u64; 4]) -> [u64; LIMBS] {
    [
        w[0] & LIMB_MASK,
        (w[0] >> 52 | w[1] << 12) & LIMB_MASK,
        (w[1] >> 40 | w[2] << 24) & LIMB_MASK,
        (w[2] >> 28 | w[3] << 36) & LIMB_MASK,
        w[3] >> 16,
    ]
}

/// `-1/p0 mod 2^64` by Newton's iteration, for odd `p0`.
const fn neg_inverse(p0: u64) -> u64 {
    let mut inverse = 1u64;
    let mut step = 0;
    // Bits that are right double each time: 1, 2, .., 64.
    while step < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(p0.wrapping_mul(inverse)));
        step += 1;
    }
    inverse.wrapping_neg()
}

/// A lower bound of `2^260 / p` from the top word of p, at most [`MAX_HEADROOM`].
const fn headroom(top: u64) -> u32 {
    let bound = (1u128 << 68) / (top as u128 + 1);
    if bound > MAX_HEADROOM as u128 { MAX_HEADROOM } else { bound as u32 }
}

const fn multiples(p: [u64; LIMBS]) -> [[u64; LIMBS]; MAX_HEADROOM as usize + 1] {
    let mut table = [[0; LIMBS]; MAX_HEADROOM as usize + 1];
    let mut k = 0;
    while k <= MAX_HEADROOM as usize {
        let mut carry = 0u64;
        let mut i = 0;
        while i < LIMBS {
            let value = p[i] * k as u64 + carry;
            // The top limb keeps everything: multiples beyond the headroom are never used, and are not cut.
            table[k][i] = if i + 1 < LIMBS { value & LIMB_MASK } else { value };
            carry = value >> LIMB_BITS;
            i += 1;
        }
        k += 1;
    }
    table
}

const fn negated(p: [u64; LIMBS]) -> [u64; LIMBS] {
    // p is odd, so the lowest limb is not zero and takes the 1 of the two's complement without a carry.
    let mut result = [0; LIMBS];
    let mut i = 0;
    while i < LIMBS {
        result[i] = !p[i] & LIMB_MASK;
        i += 1;
    }
    result[0] += 1;
    result
}

const fn quotient(top: u64) -> u64 {
    let estimate = (1u128 << 97) / (top as u128 + 1);
    assert!(estimate < 1 << LIMB_BITS, "the quotient estimate takes one limb");
    estimate as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use zkl_core::ark::{Fq, Fr};

    fn check<F: Modulus>() {
        let p = F::MODULUS.0;
        assert_eq!(F::P, limbs(p));
        assert_eq!(F::P[0].wrapping_mul(F::NEG_INV) & LIMB_MASK, LIMB_MASK, "p * (-1/p) = -1 mod 2^52");
        assert_eq!(F::HEADROOM, 84);
        assert_eq!(F::MULTIPLES[1], F::P);
        assert!(F::MULTIPLES[84][4] <= LIMB_MASK, "84 p fits 260 bits");
        assert!(F::MULTIPLES[84][4] + F::P[4] > LIMB_MASK, "85 p does not");
    }

    #[test]
    fn constants_of_both_fields_are_what_they_say() {
        check::<Fr>();
        check::<Fq>();
    }
}
