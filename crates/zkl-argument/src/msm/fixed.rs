//! Multiples of one point by many scalars: how keys are made.
//!
//! With `T[j][d] = d 2^(w j) G`, a product is the sum of one table entry per window of its scalar, and the sums of many
//! scalars are pairwise affine additions that share their inversions (`bucket.rs`).

use rayon::prelude::*;
use zkl_core::ark::{
    Fr,
    ec::{
        CurveGroup,
        short_weierstrass::{Affine, Projective, SWCurveConfig},
    },
    ff::{AdditiveGroup, PrimeField},
};

use super::{bucket, window::Digits};

/// Bits of a window: the tables of G1 stay in the second-level cache.
const WIDTH: u32 = 10;
/// Windows of a scalar.
const WINDOWS: u32 = Fr::MODULUS_BIT_SIZE.div_ceil(WIDTH);
/// Scalars whose additions share inversions.
const BATCH: usize = 256;

/// A point with tables of its multiples.
pub struct FixedBase<P: SWCurveConfig> {
    /// `tables[j][d - 1]` is `d 2^(WIDTH j)` times the point.
    tables: Vec<Vec<Affine<P>>>,
}

impl<P: SWCurveConfig<ScalarField = Fr>> FixedBase<P> {
    /// Makes the tables.
    pub fn new(point: Projective<P>) -> Self {
        let mut starts = vec![point];
        for _ in 1..WINDOWS {
            let mut next = starts[starts.len() - 1];
            for _ in 0..WIDTH {
                next.double_in_place();
            }
            starts.push(next);
        }
        let table = |start: &Projective<P>| {
            let mut multiples = vec![*start];
            for _ in 2..1 << WIDTH {
                multiples.push(multiples[multiples.len() - 1] + start);
            }
            Projective::normalize_batch(&multiples)
        };
        Self { tables: starts.par_iter().map(table).collect() }
    }

    /// `scalars[i]` times the point, for every i.
    pub fn multiply(&self, scalars: &[Fr]) -> Vec<Affine<P>> {
        scalars.par_chunks(BATCH).flat_map_iter(|scalars| self.multiply_batch(scalars)).collect()
    }

    fn multiply_batch(&self, scalars: &[Fr]) -> Vec<Affine<P>> {
        let mut points = Vec::with_capacity(scalars.len() * WINDOWS as usize);
        let mut starts = vec![0];
        for scalar in scalars {
            let integer = scalar.into_bigint();
            for (window, table) in (0..).zip(&self.tables) {
                let digit = integer.digit(window * WIDTH, WIDTH);
                points.extend(digit.checked_sub(1).map(|index| table[index]));
            }
            starts.push(points.len());
        }
        bucket::sums(points, &starts)
    }
}

#[cfg(test)]
mod tests {
    use zkl_core::ark::{
        ec::PrimeGroup,
        ff::{Field, One, Zero},
    };

    use super::*;

    fn compare<P: SWCurveConfig<ScalarField = Fr>>() {
        let generator = Projective::<P>::generator();
        let base = FixedBase::new(generator);
        let mut scalars =
            vec![Fr::zero(), Fr::one(), -Fr::one(), Fr::from(1u64 << WIDTH), Fr::from((1u64 << WIDTH) - 1)];
        scalars.extend((1..600u64).map(|i| Fr::from(i).pow([11 + i % 90])));
        let products = base.multiply(&scalars);
        assert_eq!(products.len(), scalars.len());
        for (product, scalar) in products.iter().zip(&scalars) {
            assert_eq!(*product, (generator * scalar).into_affine());
        }
        assert!(base.multiply(&[]).is_empty());
    }

    #[test]
    fn equals_the_products_one_by_one_in_both_groups() {
        compare::<zkl_core::ark::bn254::g1::Config>();
        compare::<zkl_core::ark::bn254::g2::Config>();
    }
}
