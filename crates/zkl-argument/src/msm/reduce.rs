//! From buckets to the sum of a window.

use zkl_core::ark::{
    ec::short_weierstrass::{Affine, Projective, SWCurveConfig},
    ff::{AdditiveGroup, Zero},
};

use super::bucket;

/// Up to this many buckets, running sums in projective form are cheapest.
const FEW: usize = 64;

/// `sum_k (k + 1) buckets[k]`.
///
/// With weights `k + 1 = 2^m hi + lo`, the sum is `2^m sum_hi hi R_hi + sum_lo lo L_lo` over the sums `R_hi` of the
/// buckets with one `hi`, and `L_lo` of those with one `lo`: two cheap additions per bucket instead of two expensive
/// ones.
pub(super) fn weighted_sum<P: SWCurveConfig>(buckets: &[Affine<P>]) -> Projective<P> {
    if buckets.len() <= FEW {
        return running_sum(buckets);
    }
    let m = (usize::BITS - buckets.len().leading_zeros()) / 2;
    let (rows, columns) = (buckets.len() >> m, (1 << m) - 1);
    let mut points = Vec::with_capacity(2 * buckets.len());
    let mut starts = vec![0];
    // The set with hi = 0 (and the one with lo = 0) has no weight. `buckets[k - 1]` has weight k.
    for hi in 1..=rows {
        let end = ((hi + 1) << m).min(buckets.len() + 1);
        points.extend_from_slice(&buckets[(hi << m) - 1..end - 1]);
        starts.push(points.len());
    }
    for lo in 1..=columns {
        points.extend(buckets[lo - 1..].iter().step_by(1 << m));
        starts.push(points.len());
    }
    let sums = bucket::sums(points, &starts);
    let (high, low) = sums.split_at(rows);
    let mut high = running_sum(high);
    for _ in 0..m {
        high.double_in_place();
    }
    high + running_sum(low)
}

fn running_sum<P: SWCurveConfig>(buckets: &[Affine<P>]) -> Projective<P> {
    let mut running = Projective::zero();
    let mut sum = Projective::zero();
    for bucket in buckets.iter().rev() {
        running += bucket;
        sum += running;
    }
    sum
}

#[cfg(test)]
mod tests {
    use zkl_core::ark::{
        Fr, G1Projective,
        ec::{CurveGroup, PrimeGroup},
    };

    use super::*;

    #[test]
    fn weights_count_from_one_for_every_number_of_buckets() {
        let g = G1Projective::generator();
        let points: Vec<_> = (0..300u64).map(|i| (g * Fr::from(i * i % 17)).into_affine()).collect();
        for len in (0..=130).chain([255, 256, 257, 300]) {
            let expected: u64 = (0..len as u64).map(|i| (i + 1) * (i * i % 17)).sum();
            assert_eq!(weighted_sum(&points[..len]), g * Fr::from(expected), "{len}");
        }
    }
}
