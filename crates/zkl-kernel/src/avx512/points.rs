//! Additions of points on eight lanes, as the kernel's interface has them.

use zkl_core::ark::{
    ec::{AffineRepr, short_weierstrass::Affine},
    ff::AdditiveGroup,
};

use super::{coordinate::Coordinate, word::Avx512};
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
        let mut prepared = Vec::with_capacity(points.len().next_multiple_of(8));
        for points in points.chunks(8) {
            let (mut x, mut y) = ([C::BaseField::ZERO; 8], [C::BaseField::ZERO; 8]);
            for (i, point) in points.iter().enumerate() {
                // The neutral element is all zeros.
                (x[i], y[i]) = point.xy().unwrap_or_default();
            }
            prepared.extend(C::Eight::pack(self, &x, &y));
        }
        prepared.truncate(points.len());
        prepared
    }

    fn restore(self, points: &[Point<C>]) -> Vec<Affine<C>> {
        let neutral = Point::<C>::default();
        let mut restored = Vec::with_capacity(points.len());
        for points in points.chunks(8) {
            let mut eight = [&neutral; 8];
            for (i, point) in points.iter().enumerate() {
                eight[i] = point;
            }
            let (x, y) = C::Eight::unpack(self, eight);
            let affine = |(x, y): (C::BaseField, C::BaseField)| {
                let is_neutral = x == C::BaseField::ZERO && y == C::BaseField::ZERO;
                if is_neutral { Affine::identity() } else { Affine::new_unchecked(x, y) }
            };
            restored.extend(x.into_iter().zip(y).take(points.len()).map(affine));
        }
        restored
    }

    fn negated(self, point: &Point<C>) -> Point<C> {
        C::Eight::negated(point)
    }

    fn add_apart(self, table: &[Point<C>], pairs: &[Pair], out: &mut [Point<C>], scratch: &mut Self::Scratch) {
        C::Eight::add_apart(self, table, pairs, out, &mut scratch.0);
    }

    fn add_within(self, points: &mut [Point<C>], pairs: &[Pair], scratch: &mut Self::Scratch) {
        C::Eight::add_within(self, points, pairs, &mut scratch.0);
    }
}
