//! Sums of many small sets of points by pairwise affine addition.
//!
//! An affine addition needs one inversion, and many inversions cost one inversion and three multiplications each
//! (Montgomery's trick). So all buckets are halved together, pass by pass. [`add_pairs`] is the kernel: whoever has a
//! faster one replaces that function.

use zkl_core::ark::{
    Fq, G1Affine, G1Projective,
    ec::{AffineRepr, CurveGroup},
    ff::{Field, One, Zero},
};

/// Pairs that share one inversion. Their points and products stay in the second-level cache.
const BATCH: usize = 512;
/// With fewer pairs left in a pass, the inversion costs more than projective additions do.
const FEW: usize = 12;

/// Sum of each bucket: bucket `k` is `points[starts[k]..starts[k + 1]]`.
pub(super) fn sums(mut points: Vec<G1Affine>, starts: &[usize]) -> Vec<G1Affine> {
    let mut live: Vec<(usize, usize)> =
        starts.windows(2).map(|pair| (pair[0], pair[1] - pair[0])).filter(|(_, len)| *len > 1).collect();
    let mut kernel = Kernel::default();
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
        .map(|(start, len)| points[*start..start + len].iter().fold(G1Projective::zero(), |sum, point| sum + point))
        .collect();
    for ((start, _), sum) in live.iter().zip(G1Projective::normalize_batch(&rest)) {
        points[*start] = sum;
    }
    starts.windows(2).map(|pair| if pair[0] == pair[1] { G1Affine::identity() } else { points[pair[0]] }).collect()
}

/// One addition: `points[to] = points[from] + points[from + 1]`, `to <= from`.
#[derive(Clone, Copy)]
struct Pair {
    from: usize,
    to: usize,
}

/// Pairs waiting for their inversion, and room for it.
#[derive(Default)]
struct Kernel {
    pairs: Vec<Pair>,
    inverses: Vec<Fq>,
}

impl Kernel {
    fn push(&mut self, points: &mut [G1Affine], pair: Pair) {
        self.pairs.push(pair);
        if self.pairs.len() == BATCH {
            self.flush(points);
        }
    }

    fn flush(&mut self, points: &mut [G1Affine]) {
        add_pairs(points, &self.pairs, &mut self.inverses);
        self.pairs.clear();
    }
}

/// Adds pairs in order. A pair may write where an earlier one has read, never where a later one will.
fn add_pairs(points: &mut [G1Affine], pairs: &[Pair], inverses: &mut Vec<Fq>) {
    // Products of all denominators before each.
    inverses.clear();
    let mut product = Fq::one();
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
/// no slope. Never zero: `y = 0` would be a point of order 2, and the order of the group is odd.
fn denominator(p: &G1Affine, q: &G1Affine) -> Fq {
    if p.is_zero() || q.is_zero() {
        return Fq::one();
    }
    let difference = q.x - p.x;
    if !difference.is_zero() {
        return difference;
    }
    if p.y == q.y { p.y + p.y } else { Fq::one() }
}

/// `p + q`, given the inverse of their [`denominator`].
fn add(p: &G1Affine, q: &G1Affine, inverse: &Fq) -> G1Affine {
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
        (square + square + square) * inverse
    } else {
        return G1Affine::identity();
    };
    let x = slope.square() - p.x - q.x;
    G1Affine::new_unchecked(x, slope * (p.x - x) - p.y)
}
