//! Additions of pairs with the field of arkworks: the reference.

use zkl_core::ark::{
    ec::{AffineRepr, short_weierstrass::Affine},
    ff::{AdditiveGroup, Field, One, Zero},
};

use super::{Curve, Pair, PointKernel};
use crate::portable::Portable;

/// Pairs that share one inversion: their points and products stay in the second-level cache.
const BATCH: usize = 1024;

impl<C: Curve> PointKernel<C> for Portable {
    type Point = Affine<C>;
    type Scratch = Vec<C::BaseField>;

    fn prepare(self, points: &[Affine<C>]) -> Vec<Affine<C>> {
        points.to_vec()
    }

    fn restore(self, points: &[Affine<C>]) -> Vec<Affine<C>> {
        points.to_vec()
    }

    fn negated(self, point: &Affine<C>) -> Affine<C> {
        -*point
    }

    fn add_apart(self, table: &[Affine<C>], pairs: &[Pair], out: &mut [Affine<C>], scratch: &mut Self::Scratch) {
        let point = |index: u32| {
            let point = table[(index >> 1) as usize];
            if index & 1 == 0 { point } else { -point }
        };
        for pairs in pairs.chunks(BATCH) {
            invert(pairs.iter().map(|pair| (point(pair.left), point(pair.right))), scratch);
            for (pair, inverse) in pairs.iter().zip(&*scratch) {
                out[pair.to as usize] = add(&point(pair.left), &point(pair.right), inverse);
            }
        }
    }

    fn add_within(self, points: &mut [Affine<C>], pairs: &[Pair], scratch: &mut Self::Scratch) {
        for pairs in pairs.chunks(BATCH) {
            invert(pairs.iter().map(|pair| (points[pair.left as usize], points[pair.right as usize])), scratch);
            for (pair, inverse) in pairs.iter().zip(&*scratch) {
                points[pair.to as usize] = add(&points[pair.left as usize], &points[pair.right as usize], inverse);
            }
        }
    }
}

/// Inverses of the denominators of pairs, none of which is zero.
fn invert<C: Curve>(
    pairs: impl DoubleEndedIterator<Item = (Affine<C>, Affine<C>)> + ExactSizeIterator + Clone,
    inverses: &mut Vec<C::BaseField>,
) {
    inverses.clear();
    let mut product = C::BaseField::one();
    for (p, q) in pairs.clone() {
        inverses.push(product);
        product *= denominator(&p, &q);
    }
    let mut inverse = product.inverse().unwrap_or_default();
    for (slot, (p, q)) in inverses.iter_mut().zip(pairs).rev() {
        *slot *= inverse;
        inverse *= denominator(&p, &q);
    }
}

/// What the slope of the line through `p` and `q` divides by: `x_q - x_p`, `2 y` when they are equal, 1 when there is
/// no slope. Never zero: `y = 0` would be a point of order 2.
fn denominator<C: Curve>(p: &Affine<C>, q: &Affine<C>) -> C::BaseField {
    if p.is_zero() || q.is_zero() {
        return C::BaseField::one();
    }
    let difference = q.x - p.x;
    if !difference.is_zero() {
        return difference;
    }
    if p.y == q.y { p.y.double() } else { C::BaseField::one() }
}

/// `p + q`, given the inverse of their [`denominator`].
fn add<C: Curve>(p: &Affine<C>, q: &Affine<C>, inverse: &C::BaseField) -> Affine<C> {
    if p.is_zero() {
        return *q;
    }
    if q.is_zero() {
        return *p;
    }
    let slope = if p.x != q.x {
        (q.y - p.y) * inverse
    } else if p.y == q.y {
        let square = p.x.square();
        (square.double() + square) * inverse
    } else {
        return Affine::identity();
    };
    let x = slope.square() - p.x - q.x;
    Affine::new_unchecked(x, slope * (p.x - x) - p.y)
}
