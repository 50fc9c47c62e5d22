//! Linear combinations of columns of small integers, without a field multiplication per cell.

use zeroize::Zeroize;
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, BigInt, PrimeField},
};
use zkl_kernel::threads::prelude::*;

use crate::msm::Scalars;

/// Rows handled by one task: the accumulators stay in the first-level cache.
const CHUNK: usize = 512;

/// `sums[i] += sum_t coefficient_t values_t[i]`; values past the end of a term are 0.
pub(super) fn accumulate(sums: &mut [Fr], terms: &[(Fr, Scalars<'_>)]) {
    // Columns that a claim is not about have no weight.
    let terms: Vec<_> = terms
        .iter()
        .filter(|(coefficient, _)| *coefficient != Fr::ZERO)
        .map(|(coefficient, values)| (coefficient, coefficient.into_bigint().0, values))
        .collect();
    sums.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, sums)| {
        let mut wide = vec![Wide::default(); sums.len()];
        for (coefficient, limbs, values) in &terms {
            match values.group(chunk, CHUNK) {
                Scalars::Bits(values) => add_small(&mut wide, limbs, values, |bit| u64::from(*bit)),
                Scalars::U8(values) => add_small(&mut wide, limbs, values, |value| u64::from(*value)),
                Scalars::U16(values) => add_small(&mut wide, limbs, values, |value| u64::from(*value)),
                Scalars::U32(values) => add_small(&mut wide, limbs, values, |value| u64::from(*value)),
                Scalars::U64(values) => add_small(&mut wide, limbs, values, |value| *value),
                Scalars::Full(values) => {
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum += **coefficient * value;
                    }
                }
                Scalars::Coded { codes, values } => {
                    for (sum, code) in sums.iter_mut().zip(codes) {
                        *sum += values.get(usize::from(*code)).map_or(Fr::ZERO, |value| **coefficient * value);
                    }
                }
            }
        }
        for (sum, wide) in sums.iter_mut().zip(&wide) {
            *sum += wide.reduce();
        }
        wide.zeroize();
    });
}

fn add_small<T>(wide: &mut [Wide], coefficient: &[u64; 4], values: &[T], integer: impl Fn(&T) -> u64) {
    for (wide, value) in wide.iter_mut().zip(values) {
        wide.add_product(coefficient, integer(value));
    }
}

/// A sum of products of 254-bit and 64-bit integers: room for 2^66 of them.
#[derive(Clone, Copy, Default, Zeroize)]
struct Wide([u64; 6]);

impl Wide {
    fn add_product(&mut self, coefficient: &[u64; 4], value: u64) {
        let mut carry = 0u128;
        for (limb, factor) in self.0.iter_mut().zip(coefficient) {
            carry += u128::from(*factor) * u128::from(value) + u128::from(*limb);
            *limb = carry as u64;
            carry >>= 64;
        }
        for limb in &mut self.0[4..] {
            carry += u128::from(*limb);
            *limb = carry as u64;
            carry >>= 64;
        }
    }

    fn reduce(&self) -> Fr {
        let [l0, l1, l2, l3, l4, l5] = self.0;
        // 2^192 splits the sum into two integers below the modulus.
        let low = from_integer([l0, l1, l2, 0]);
        let high = from_integer([l3, l4, l5, 0]);
        low + high * from_integer([0, 0, 0, 1])
    }
}

/// An integer below 2^193, which is below the modulus.
fn from_integer(limbs: [u64; 4]) -> Fr {
    Fr::from_bigint(BigInt(limbs)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    use zkl_core::ark::ff::{UniformRand, Zero};

    use super::*;

    #[test]
    fn wide_sums_agree_with_field_arithmetic_at_the_extremes() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        for rows in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let values = vec![u64::MAX; rows];
            let bits: Vec<_> = (0..rows / 2).map(|i| i % 3 == 0).collect();
            let full: Vec<_> = (0..rows).map(|_| Fr::rand(&mut rng)).collect();
            let [a, b, c] = [-Fr::from(1u64), Fr::rand(&mut rng), Fr::rand(&mut rng)];
            let mut terms = vec![(a, Scalars::U64(&values)); 40];
            terms.extend([(b, Scalars::Bits(&bits)), (c, Scalars::Full(&full))]);
            let mut sums = vec![Fr::zero(); rows];
            accumulate(&mut sums, &terms);
            for (i, sum) in sums.iter().enumerate() {
                let bit = bits.get(i).copied().unwrap_or_default();
                let expected = a * Fr::from(40u64) * Fr::from(u64::MAX) + b * Fr::from(u64::from(bit)) + c * full[i];
                assert_eq!(*sum, expected, "{rows} {i}");
            }
        }
    }
}
