//! Multiples of one point by many scalars: how keys are made.
//!
//! With `T[j][d] = d 2^(w j) G`, a product is the sum of one table entry per window of its scalar: a set of points for the
//! kernel's sums.

use zkl_core::ark::{
    Fr,
    ec::{
        CurveGroup,
        short_weierstrass::{Affine, Projective},
    },
    ff::{AdditiveGroup, PrimeField},
};
use zkl_kernel::threads::prelude::*;
use zkl_kernel::{
    Choice,
    points::{Curve, PointKernel, PointTable, PointTask, Run, sums},
    selection,
};

use super::digits::Digits;

/// Bits of a window: the tables of G1 stay in the second-level cache.
const WIDTH: u32 = 10;
/// Windows of a scalar.
const WINDOWS: u32 = Fr::MODULUS_BIT_SIZE.div_ceil(WIDTH);
/// Multiples of a window, all but the neutral element.
const MULTIPLES: u32 = (1 << WIDTH) - 1;
/// Scalars whose products are made together: what bounds the memory of their entries.
const BATCH: usize = 1 << 14;

/// A point with tables of its multiples.
pub struct FixedBase<C: Curve> {
    /// Entry `j MULTIPLES + d - 1` is `d 2^(WIDTH j)` times the point.
    tables: PointTable<C>,
}

impl<C: Curve> FixedBase<C> {
    /// Makes the tables, for the implementation that this process runs.
    pub fn new(point: Projective<C>) -> Self {
        Self::prepared_for(selection().choice, point)
    }

    /// [`Self::new`] for an implementation of one's choice.
    pub fn prepared_for(choice: Choice, point: Projective<C>) -> Self {
        let mut starts = vec![point];
        for _ in 1..WINDOWS {
            let mut next = starts[starts.len() - 1];
            for _ in 0..WIDTH {
                next.double_in_place();
            }
            starts.push(next);
        }
        let table = |start: &Projective<C>| {
            let mut multiples = vec![*start];
            for _ in 1..MULTIPLES {
                multiples.push(multiples[multiples.len() - 1] + start);
            }
            Projective::normalize_batch(&multiples)
        };
        let points = starts.par_iter().flat_map_iter(table).collect();
        Self { tables: PointTable::new(choice, points) }
    }

    /// `scalars[i]` times the point, for every i.
    pub fn multiply(&self, scalars: &[Fr]) -> Vec<Affine<C>> {
        scalars.chunks(BATCH).flat_map(|scalars| self.tables.run(Products { scalars })).collect()
    }
}

struct Products<'a> {
    scalars: &'a [Fr],
}

impl<C: Curve> PointTask<C> for Products<'_> {
    type Output = Vec<Affine<C>>;

    fn run<K: PointKernel<C>>(self, kernel: K, table: &[K::Point]) -> Self::Output {
        let mut entries = Vec::with_capacity(self.scalars.len() * WINDOWS as usize);
        let mut runs = Vec::with_capacity(self.scalars.len());
        for (set, scalar) in (0..).zip(self.scalars) {
            let start = entries.len() as u32;
            let integer = scalar.into_bigint();
            for window in 0..WINDOWS {
                let digit = integer.digit(window * WIDTH, WIDTH) as u32;
                entries.extend(digit.checked_sub(1).map(|index| (window * MULTIPLES + index) << 1));
            }
            runs.push(Run { set, start, len: entries.len() as u32 - start });
        }
        kernel.restore(&sums(kernel, table, &entries, &runs, self.scalars.len()))
    }
}

#[cfg(test)]
mod tests {
    use zkl_core::ark::{
        ec::PrimeGroup,
        ff::{Field, One, Zero},
    };

    use super::*;

    fn compare<P: Curve>() {
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
