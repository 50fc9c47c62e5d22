//! Sums of many small sets of points by pairwise affine addition.
//!
//! An affine addition needs one inversion, and many inversions cost one inversion and three multiplications each
//! (Montgomery's trick). So all buckets are halved together, pass by pass. [`add_pairs`] is the kernel: whoever has a
//! faster one replaces that function.

use zkl_core::ark::{
    ec::{
        AffineRepr, CurveGroup,
        short_weierstrass::{Affine, Projective, SWCurveConfig},
    },
    ff::{AdditiveGroup, Field, One, Zero},
};

/// Pairs that share one inversion. Their points and products stay in the second-level cache.
const BATCH: usize = 512;
/// With fewer pairs left in a pass, the inversion costs more than projective additions do.
const FEW: usize = 12;

/// Sum of each bucket: bucket `k` is `points[starts[k]..starts[k + 1]]`.
pub(super) fn sums<P: SWCurveConfig>(mut points: Vec<Affine<P>>, starts: &[usize]) -> Vec<Affine<P>> {
    let mut live: Vec<(usize, usize)> =
        starts.windows(2).map(|pair| (pair[0], pair[1] - pair[0])).filter(|(_, len)| *len > 1).collect();
    let mut kernel = Kernel { pairs: Vec::with_capacity(BATCH), inverses: Vec::with_capacity(BATCH) };
    loop {
        let pairs: usize = live.iter().map(|(_, len)| len / 2).sum();
        if pairs < FEW {
            break;
        }
        for (start, len) in &live {
            for pair in 0..len / 2 {
                kernel.push(&mut points, Pair { from: start + 2 * pair, to: start + pair });
            }
        }
        kernel.flush(&mut points);
        // Only now: the kernel may still have had to read the place that the odd one moves to.
        for (start, len) in &mut live {
            if *len % 2 == 1 {
                points[*start + *len / 2] = points[*start + *len - 1];
            }
            *len = len.div_ceil(2);
        }
        live.retain(|(_, len)| *len > 1);
    }
    let rest: Vec<_> = live
        .iter()
        .map(|(start, len)| points[*start..start + len].iter().fold(Projective::<P>::zero(), |sum, point| sum + point))
        .collect();
    for ((start, _), sum) in live.iter().zip(Projective::normalize_batch(&rest)) {
        points[*start] = sum;
    }
    starts.windows(2).map(|pair| if pair[0] == pair[1] { Affine::identity() } else { points[pair[0]] }).collect()
}

/// One addition: `points[to] = points[from] + points[from + 1]`, `to <= from`.
#[derive(Clone, Copy)]
struct Pair {
    from: usize,
    to: usize,
}

/// Pairs waiting for their inversion, and room for it.
struct Kernel<P: SWCurveConfig> {
    pairs: Vec<Pair>,
    inverses: Vec<P::BaseField>,
}

impl<P: SWCurveConfig> Kernel<P> {
    fn push(&mut self, points: &mut [Affine<P>], pair: Pair) {
        self.pairs.push(pair);
        if self.pairs.len() == BATCH {
            self.flush(points);
        }
    }

    fn flush(&mut self, points: &mut [Affine<P>]) {
        add_pairs(points, &self.pairs, &mut self.inverses);
        self.pairs.clear();
    }
}

/// Adds pairs in order. A pair may write where an earlier one has read, never where a later one will.
fn add_pairs<P: SWCurveConfig>(points: &mut [Affine<P>], pairs: &[Pair], inverses: &mut Vec<P::BaseField>) {
    // Products of all denominators before each.
    inverses.clear();
    let mut product = P::BaseField::one();
    for pair in pairs {
        inverses.push(product);
        product *= denominator(&points[pair.from], &points[pair.from + 1]);
    }
    let Some(mut inverse) = product.inverse() else {
        // No denominator is zero; without an inverse there are no pairs either.
        return;
    };
    for (slot, pair) in inverses.iter_mut().zip(pairs).rev() {
        *slot *= inverse;
        inverse *= denominator(&points[pair.from], &points[pair.from + 1]);
    }
    for (pair, inverse) in pairs.iter().zip(inverses.iter()) {
        points[pair.to] = add(&points[pair.from], &points[pair.from + 1], inverse);
    }
}

/// What the slope of the line through `p` and `q` divides by: `x_q - x_p`, `2 y` when they are equal, 1 when there is
/// no slope. Never zero: `y = 0` would be a point of order 2, and G1 and G2 lie on curves of odd order.
fn denominator<P: SWCurveConfig>(p: &Affine<P>, q: &Affine<P>) -> P::BaseField {
    if p.is_zero() || q.is_zero() {
        return P::BaseField::one();
    }
    let difference = q.x - p.x;
    if !difference.is_zero() {
        return difference;
    }
    if p.y == q.y { p.y.double() } else { P::BaseField::one() }
}

/// `p + q`, given the inverse of their [`denominator`].
fn add<P: SWCurveConfig>(p: &Affine<P>, q: &Affine<P>, inverse: &P::BaseField) -> Affine<P> {
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
        (square.double() + square + P::COEFF_A) * inverse
    } else {
        return Affine::identity();
    };
    let x = slope.square() - p.x - q.x;
    Affine::new_unchecked(x, slope * (p.x - x) - p.y)
}
