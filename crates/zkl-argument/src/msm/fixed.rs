//! Multiples of one point by many scalars: how keys are made.
//!
//! With `T[j][d] = d 2^(w j) G`, a product is the sum of one table entry for each digit of its scalar that is not zero.

use rayon::prelude::*;
use zeroize::Zeroizing;
use zkl_core::ark::{
    Fr,
    ec::{
        CurveGroup,
        short_weierstrass::{Affine, Projective},
    },
    ff::{AdditiveGroup, PrimeField},
};
use zkl_kernel::{
    Choice,
    points::{Curve, PointKernel, PointTable, PointTask, Run, sums},
    selection,
};

use super::digits::Digits;

/// Bits of a window: the table of G1 stays in the second-level cache.
const WIDTH: u32 = 10;
/// Windows of a scalar.
const WINDOWS: u32 = Fr::MODULUS_BIT_SIZE.div_ceil(WIDTH);
/// Multiples in the table of a window.
const MULTIPLES: u32 = (1 << WIDTH) - 1;
/// Scalars that are worked on at once.
const BATCH: usize = 1 << 13;

/// A point with a table of its multiples.
#[derive(Debug)]
pub struct FixedBase<C: Curve> {
    /// Entry `MULTIPLES j + d - 1` is `d 2^(WIDTH j)` times the point.
    table: PointTable<C>,
}

impl<C: Curve> FixedBase<C> {
    /// Makes the table.
    pub fn new(point: Projective<C>) -> Self {
        Self::prepared_for(selection().choice, point)
    }

    /// Makes the table for a given implementation instead of the one of this process.
    pub fn prepared_for(choice: Choice, point: Projective<C>) -> Self {
        let starts: Vec<_> = std::iter::successors(Some(point), |start| {
            let mut next = *start;
            for _ in 0..WIDTH {
                next.double_in_place();
            }
            Some(next)
        })
        .take(WINDOWS as usize)
        .collect();
        let multiples = |start: &Projective<C>| {
            let multiples: Vec<_> = std::iter::successors(Some(*start), |multiple| Some(*multiple + start))
                .take(MULTIPLES as usize)
                .collect();
            Projective::normalize_batch(&multiples)
        };
        let points: Vec<_> = starts.par_iter().flat_map_iter(multiples).collect();
        Self { table: PointTable::new(choice, points) }
    }

    /// `scalars[i]` times the point, for every i.
    pub fn multiply(&self, scalars: &[Fr]) -> Vec<Affine<C>> {
        scalars.chunks(BATCH).flat_map(|scalars| self.table.run(Multiply { scalars })).collect()
    }
}

struct Multiply<'a> {
    scalars: &'a [Fr],
}

impl<C: Curve> PointTask<C> for Multiply<'_> {
    type Output = Vec<Affine<C>>;

    fn run<K: PointKernel<C>>(self, kernel: K, table: &[K::Point]) -> Vec<Affine<C>> {
        let mut entries = Zeroizing::new(Vec::with_capacity(self.scalars.len() * WINDOWS as usize));
        let mut runs = Vec::with_capacity(self.scalars.len());
        for (set, scalar) in (0..).zip(self.scalars) {
            let start = entries.len() as u32;
            let integer = Zeroizing::new(scalar.into_bigint());
            for window in 0..WINDOWS {
                let digit = integer.digit(window * WIDTH, WIDTH) as u32;
                entries.extend(digit.checked_sub(1).map(|multiple| (window * MULTIPLES + multiple) << 1));
            }
            runs.push(Run { set, start, len: entries.len() as u32 - start });
        }
        kernel.restore(&sums(kernel, table, &entries, &runs, self.scalars.len()))
    }
}

#[cfg(test)]
mod tests {
    use zkl_core::ark::{
        bn254::{g1, g2},
        ec::PrimeGroup,
        ff::{Field, One, Zero},
    };

    use super::*;

    fn compare<C: Curve>() {
        let generator = Projective::<C>::generator();
        let base = FixedBase::new(generator);
        let mut scalars =
            vec![Fr::zero(), Fr::one(), -Fr::one(), Fr::from(1u64 << WIDTH), Fr::from((1u64 << WIDTH) - 1)];
        scalars.extend((1..600u64).map(|i| Fr::from(i).pow([11 + i % 90])));
        let products = base.multiply(&scalars);
        let expected: Vec<_> = scalars.iter().map(|scalar| generator * scalar).collect();
        assert_eq!(products, Projective::normalize_batch(&expected));
        assert!(base.multiply(&[]).is_empty());
    }

    #[test]
    fn equals_the_products_one_by_one_in_both_groups() {
        compare::<g1::Config>();
        compare::<g2::Config>();
    }
}
