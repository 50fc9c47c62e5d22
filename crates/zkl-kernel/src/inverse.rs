//! Inverses in the field by divisions of 2-adic numbers, a quarter of what arkworks' inversion takes.
//!
//! Bernstein and Yang, "Fast constant-time gcd computation and modular inversion", <https://eprint.iacr.org/2019/266>, in the
//! variable-time form with 62 steps at once that libsecp256k1 describes (doc/safegcd_implementation.md).
//!
//! # Relation
//! ```text
//! f = d x  (mod p),  g = e x  (mod p),  from f = p, g = x, d = 0, e = 1, until g = 0 and f = +-1
//! ```
//! 62 division steps depend on the lowest 62 bits of f and g alone. They are a matrix of integers `t = (u v; q r)`, rows of
//! absolute sum at most 2^62, with `2^62 (f', g') = t (f, g)`; d and e follow modulo p.
//!
//! Running time depends on the element.

use zkl_core::ark::ff::BigInt;

use crate::modulus::Modulus;

/// Bits of a limb.
const BITS: u32 = 62;
/// `2^62 - 1`.
const MASK: u64 = (1 << BITS) - 1;
/// Limbs of an integer. All but the last are in `0 .. 2^62`, the last has the sign.
const LIMBS: usize = 5;

type Integer = [i64; LIMBS];

/// `1 / element`; zero for zero.
pub(crate) fn inverse<F: Modulus>(element: F) -> F {
    let integer = inverse_integer(element.into_bigint().0, F::MODULUS.0);
    F::from_bigint(BigInt(integer)).unwrap_or_default()
}

/// `1 / x mod p` for odd p below 2^255 and x below p; zero for zero.
fn inverse_integer(x: [u64; 4], p: [u64; 4]) -> [u64; 4] {
    let modulus = limbs(p);
    let inverse_of_p = inverse_modulo_limb(p[0]);
    let (mut f, mut g) = (modulus, limbs(x));
    let (mut d, mut e): (Integer, Integer) = ([0; LIMBS], [0; LIMBS]);
    e[0] = 1;
    let mut delta = Delta(-1);
    while g != [0; LIMBS] {
        let step = delta.steps(f[0].cast_unsigned(), g[0].cast_unsigned());
        step.apply_modulo(&mut d, &mut e, &modulus, inverse_of_p);
        step.apply(&mut f, &mut g);
    }
    // f is 1 or -1, and d = f / x up to multiples of p, between -2p and p.
    if f[LIMBS - 1] < 0 {
        negate(&mut d);
    }
    while d[LIMBS - 1] < 0 {
        add(&mut d, &modulus, 1);
    }
    loop {
        let mut less = d;
        add(&mut less, &modulus, -1);
        if less[LIMBS - 1] < 0 {
            return words(&d);
        }
        d = less;
    }
}

/// `eta`, the negative of the delta of division steps.
struct Delta(i64);

/// What 62 division steps do, times 2^62.
struct Step {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

impl Delta {
    fn steps(&mut self, f: u64, g: u64) -> Step {
        let (mut f, mut g) = (f, g);
        // Wrapping: the entries are integers of at most 63 bits.
        let (mut u, mut v, mut q, mut r) = (1u64, 0u64, 0u64, 1u64);
        let mut left = BITS;
        loop {
            let zeros = (g | u64::MAX << left).trailing_zeros();
            g >>= zeros;
            u <<= zeros;
            v <<= zeros;
            self.0 -= i64::from(zeros);
            left -= zeros;
            if left == 0 {
                let [u, v, q, r] = [u, v, q, r].map(u64::cast_signed);
                return Step { u, v, q, r };
            }
            // g is odd. A multiple of f clears as many of its low bits as can be before the next swap.
            let factor = if self.0 < 0 {
                self.0 = -self.0;
                (f, g) = (g, f.wrapping_neg());
                (u, q) = (q, u.wrapping_neg());
                (v, r) = (r, v.wrapping_neg());
                let mask = self.low_bits(left) & 63;
                // -g / f modulo 64, as f (f^2 - 2) = -1 / f.
                f.wrapping_mul(g).wrapping_mul(f.wrapping_mul(f).wrapping_sub(2)) & mask
            } else {
                let mask = self.low_bits(left) & 15;
                // f + 2 (f + 1 & 4) = 1 / f modulo 16.
                let inverse = f.wrapping_add((f.wrapping_add(1) & 4) << 1);
                inverse.wrapping_neg().wrapping_mul(g) & mask
            };
            g = g.wrapping_add(f.wrapping_mul(factor));
            q = q.wrapping_add(u.wrapping_mul(factor));
            r = r.wrapping_add(v.wrapping_mul(factor));
        }
    }

    /// A one for each step until the next swap, and for at most `left` steps.
    fn low_bits(&self, left: u32) -> u64 {
        let limit = (self.0 + 1).min(i64::from(left)).cast_unsigned();
        u64::MAX >> (64 - limit)
    }
}

impl Step {
    /// `(f, g) = t (f, g) / 2^62`, which is exact.
    fn apply(&self, f: &mut Integer, g: &mut Integer) {
        let mut carry_f = wide(self.u, f[0]) + wide(self.v, g[0]);
        let mut carry_g = wide(self.q, f[0]) + wide(self.r, g[0]);
        carry_f >>= BITS;
        carry_g >>= BITS;
        for i in 1..LIMBS {
            carry_f += wide(self.u, f[i]) + wide(self.v, g[i]);
            carry_g += wide(self.q, f[i]) + wide(self.r, g[i]);
            f[i - 1] = low(carry_f);
            g[i - 1] = low(carry_g);
            carry_f >>= BITS;
            carry_g >>= BITS;
        }
        f[LIMBS - 1] = carry_f as i64;
        g[LIMBS - 1] = carry_g as i64;
    }

    /// `(d, e) = t (d, e) / 2^62 mod p`, both between -2p and p before and after.
    fn apply_modulo(&self, d: &mut Integer, e: &mut Integer, modulus: &Integer, inverse_of_p: u64) {
        // Negative numbers are lifted by p, then whatever multiple of p makes the division exact is taken.
        let (sign_d, sign_e) = (d[LIMBS - 1] >> 63, e[LIMBS - 1] >> 63);
        let mut multiple_d = (self.u & sign_d) + (self.v & sign_e);
        let mut multiple_e = (self.q & sign_d) + (self.r & sign_e);
        let mut carry_d = wide(self.u, d[0]) + wide(self.v, e[0]);
        let mut carry_e = wide(self.q, d[0]) + wide(self.r, e[0]);
        let exact = |carry: i128, multiple: i64| {
            let residue = inverse_of_p.wrapping_mul(carry as u64).wrapping_add(multiple.cast_unsigned()) & MASK;
            multiple - residue.cast_signed()
        };
        multiple_d = exact(carry_d, multiple_d);
        multiple_e = exact(carry_e, multiple_e);
        carry_d = (carry_d + wide(modulus[0], multiple_d)) >> BITS;
        carry_e = (carry_e + wide(modulus[0], multiple_e)) >> BITS;
        for i in 1..LIMBS {
            carry_d += wide(self.u, d[i]) + wide(self.v, e[i]) + wide(modulus[i], multiple_d);
            carry_e += wide(self.q, d[i]) + wide(self.r, e[i]) + wide(modulus[i], multiple_e);
            d[i - 1] = low(carry_d);
            e[i - 1] = low(carry_e);
            carry_d >>= BITS;
            carry_e >>= BITS;
        }
        d[LIMBS - 1] = carry_d as i64;
        e[LIMBS - 1] = carry_e as i64;
    }
}

fn wide(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

/// The lowest 62 bits.
fn low(value: i128) -> i64 {
    (value as u64 & MASK).cast_signed()
}

/// `a += factor b`, carried.
fn add(a: &mut Integer, b: &Integer, factor: i64) {
    let mut carry = 0;
    for (index, (a, b)) in a.iter_mut().zip(b).enumerate() {
        let sum = *a + factor * b + carry;
        (*a, carry) = if index < LIMBS - 1 { (sum & MASK.cast_signed(), sum >> BITS) } else { (sum, 0) };
    }
}

fn negate(a: &mut Integer) {
    let mut negated = [0; LIMBS];
    add(&mut negated, a, -1);
    *a = negated;
}

/// `1 / p mod 2^62` by Newton's iteration, for odd p.
fn inverse_modulo_limb(p: u64) -> u64 {
    // Bits that are right double each time: 3, 6, .., 96.
    (0..5).fold(p, |inverse, _| inverse.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(inverse)))) & MASK
}

fn limbs(w: [u64; 4]) -> Integer {
    [w[0], w[0] >> 62 | w[1] << 2, w[1] >> 60 | w[2] << 4, w[2] >> 58 | w[3] << 6, w[3] >> 56]
        .map(|limb| (limb & MASK).cast_signed())
}

/// Words of an integer below 2^256.
fn words(limbs: &Integer) -> [u64; 4] {
    let l = limbs.map(i64::cast_unsigned);
    [l[0] | l[1] << 62, l[1] >> 2 | l[2] << 60, l[2] >> 4 | l[3] << 58, l[3] >> 6 | l[4] << 56]
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
    use zkl_core::ark::{Fq, Fr};

    use super::*;

    fn agrees<F: Modulus>() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut elements: Vec<F> = (0..2000).map(|_| F::rand(&mut rng)).collect();
        // Stored integers at borders: small ones, those next to p, powers of 2 and their neighbours.
        for bit in 0..254 {
            let power = F::from(2u64).pow([bit]);
            elements.extend([power, -power, power + F::ONE, power - F::ONE]);
            let mut words = [0; 4];
            words[bit as usize / 64] = 1 << (bit % 64);
            if words[3] < F::MODULUS.0[3] {
                elements.extend([F::from_montgomery(words), -F::from_montgomery(words)]);
            }
        }
        for element in elements {
            assert_eq!(inverse(element), element.inverse().unwrap_or_default(), "{element}");
        }
        assert_eq!(inverse(F::ZERO), F::ZERO);
    }

    #[test]
    fn inverses_are_those_of_arkworks_in_both_fields() {
        agrees::<Fr>();
        agrees::<Fq>();
    }
}
