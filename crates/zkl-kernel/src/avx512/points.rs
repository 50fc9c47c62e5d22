//! Additions of points on eight lanes, as the kernel's interface has them.

use zkl_core::ark::{
    ec::{AffineRepr, short_weierstrass::Affine},
    ff::AdditiveGroup,
};

use super::{
    coordinate::Coordinate,
    pairs::{AddPairs, Apart, Within},
    word::{Avx512, Task},
};
use crate::points::{Curve, Pair, PointKernel};

type Point<C> = <<C as Curve>::Eight as Coordinate>::Point;

/// Products of denominators, kept between two calls.
pub struct Products<C: Coordinate>(Vec<C::Memory>);

impl<C: Coordinate> Default for Products<C> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<C: Curve> PointKernel<C> for Avx512 {
    type Point = Point<C>;
    type Scratch = Products<C::Eight>;

    fn prepare(self, points: &[Affine<C>]) -> Vec<Point<C>> {
        self.run(Prepare(points))
    }

    fn restore(self, points: &[Point<C>]) -> Vec<Affine<C>> {
        self.run(Restore::<C>(points))
    }

    fn negated(self, point: &Point<C>) -> Point<C> {
        C::Eight::negated(point)
    }

    fn add_apart(self, table: &[Point<C>], pairs: &[Pair], out: &mut [Point<C>], scratch: &mut Self::Scratch) {
        let points = Apart::<C::Eight> { table, sums: out };
        self.run(AddPairs { pairs, points, products: &mut scratch.0 });
    }

    fn add_within(self, points: &mut [Point<C>], pairs: &[Pair], scratch: &mut Self::Scratch) {
        let points = Within::<C::Eight> { points };
        self.run(AddPairs { pairs, points, products: &mut scratch.0 });
    }
}

struct Prepare<'a, C: Curve>(&'a [Affine<C>]);

impl<C: Curve> Task for Prepare<'_, C> {
    type Output = Vec<Point<C>>;

    #[inline(always)]
    fn run(self, cpu: Avx512) -> Self::Output {
        let mut prepared = Vec::with_capacity(self.0.len().next_multiple_of(8));
        for points in self.0.chunks(8) {
            let (mut x, mut y) = ([C::BaseField::ZERO; 8], [C::BaseField::ZERO; 8]);
            for i in 0..points.len() {
                // The neutral element is all zeros.
                (x[i], y[i]) = points[i].xy().unwrap_or_default();
            }
            prepared.extend(C::Eight::store(C::Eight::from_elements(cpu, &x), C::Eight::from_elements(cpu, &y)));
        }
        prepared.truncate(self.0.len());
        prepared
    }
}

struct Restore<'a, C: Curve>(&'a [Point<C>]);

impl<C: Curve> Task for Restore<'_, C> {
    type Output = Vec<Affine<C>>;

    #[inline(always)]
    fn run(self, cpu: Avx512) -> Self::Output {
        let neutral = Point::<C>::default();
        let mut restored = Vec::with_capacity(self.0.len());
        for points in self.0.chunks(8) {
            let mut eight = [&neutral; 8];
            for i in 0..points.len() {
                eight[i] = &points[i];
            }
            let (x, y) = C::Eight::load(cpu, eight);
            let (x, y) = (x.to_elements(), y.to_elements());
            for i in 0..points.len() {
                let is_neutral = x[i] == C::BaseField::ZERO && y[i] == C::BaseField::ZERO;
                restored.push(if is_neutral { Affine::identity() } else { Affine::new_unchecked(x[i], y[i]) });
            }
        }
        restored
    }
}
