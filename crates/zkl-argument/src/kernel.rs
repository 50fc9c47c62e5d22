//! The hot loops over slices of field elements. Everything above calls these functions with plain slices, so a vectorised
//! field replaces their bodies and nothing else.

use rayon::prelude::*;
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

/// Elements below which a loop runs on one thread.
const PARALLEL_FROM: usize = 1 << 11;

/// `lo + r (hi - lo)`.
#[inline]
pub(crate) fn fold_pair(lo: Fr, hi: Fr, r: Fr) -> Fr {
    lo + r * (hi - lo)
}

/// Binds coordinate 0: entry i of the result is `fold_pair` of entries 2i and 2i + 1.
pub(crate) fn fold(values: &[Fr], r: Fr) -> Vec<Fr> {
    tabulate(values.len() / 2, |i| fold_pair(values[2 * i], values[2 * i + 1], r))
}

/// The table of `f(0), .., f(len - 1)`.
pub(crate) fn tabulate(len: usize, f: impl Fn(usize) -> Fr + Sync + Send) -> Vec<Fr> {
    if len < PARALLEL_FROM {
        return (0..len).map(f).collect();
    }
    (0..len).into_par_iter().with_min_len(PARALLEL_FROM / 2).map(f).collect()
}

/// `eq(i, z)` for every `i < 2^z.len()`.
pub(crate) fn eq_table(z: &[Fr]) -> Vec<Fr> {
    let mut table = vec![Fr::ZERO; 1 << z.len()];
    table[0] = Fr::ONE;
    for (bit, r) in z.iter().enumerate() {
        let (low, rest) = table.split_at_mut(1 << bit);
        let double = |(low, high): (&mut Fr, &mut Fr)| {
            *high = *low * r;
            *low -= *high;
        };
        if low.len() < PARALLEL_FROM {
            low.iter_mut().zip(rest).for_each(double);
        } else {
            low.par_iter_mut().zip(rest).with_min_len(PARALLEL_FROM / 2).for_each(double);
        }
    }
    table
}

/// `sum_i eq(i, z) values(i)` with values in `K` sums at once, where `values(i, weight, sums)` adds what entry i
/// contributes. The eq table is split into two of half the coordinates, so it is never stored.
pub(crate) fn eq_sum<const K: usize>(z: &[Fr], add: impl Fn(usize, Fr, &mut [Fr; K]) + Sync) -> [Fr; K] {
    let inner_bits = z.len().min(10);
    let inner = eq_table(&z[..inner_bits]);
    let outer = eq_table(&z[inner_bits..]);
    let block = |(index, weight): (usize, &Fr)| {
        let mut sums = [Fr::ZERO; K];
        for (i, &eq) in inner.iter().enumerate() {
            add((index << inner_bits) + i, eq, &mut sums);
        }
        sums.map(|sum| sum * weight)
    };
    if outer.len() == 1 {
        return block((0, &outer[0]));
    }
    outer.par_iter().enumerate().map(block).reduce(|| [Fr::ZERO; K], add_arrays)
}

/// `sum_i f(i)` over `i < len`, in `K` sums at once.
pub(crate) fn sum<const K: usize>(len: usize, add: impl Fn(usize, &mut [Fr; K]) + Sync) -> [Fr; K] {
    let chunk = PARALLEL_FROM / 2;
    let block = |start: usize| {
        let mut sums = [Fr::ZERO; K];
        for i in start..(start + chunk).min(len) {
            add(i, &mut sums);
        }
        sums
    };
    if len <= chunk {
        return block(0);
    }
    (0..len.div_ceil(chunk)).into_par_iter().map(|c| block(c * chunk)).reduce(|| [Fr::ZERO; K], add_arrays)
}

fn add_arrays<const K: usize>(mut a: [Fr; K], b: [Fr; K]) -> [Fr; K] {
    for (a, b) in a.iter_mut().zip(b) {
        *a += b;
    }
    a
}

/// Coefficients, lowest first, of the polynomial of degree below `N` with `values[k]` at `points[k]`.
pub(crate) fn interpolate<const N: usize>(points: [Fr; N], values: [Fr; N]) -> [Fr; N] {
    let mut result = [Fr::ZERO; N];
    for k in 0..N {
        let mut basis = [Fr::ZERO; N];
        basis[0] = Fr::ONE;
        let mut scale = Fr::ONE;
        for (j, point) in points.iter().enumerate().filter(|&(j, _)| j != k) {
            for d in (1..N).rev() {
                basis[d] = basis[d - 1] - basis[d] * point;
            }
            basis[0] *= -*point;
            scale *= points[k] - points[j];
        }
        let weight = values[k] * scale.inverse().unwrap_or_default();
        for (result, basis) in result.iter_mut().zip(basis) {
            *result += basis * weight;
        }
    }
    result
}

/// Value at `x` of the polynomial with these coefficients, lowest first.
pub(crate) fn horner(coefficients: &[Fr], x: Fr) -> Fr {
    coefficients.iter().rev().fold(Fr::ZERO, |value, coefficient| value * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_finds_the_coefficients() {
        let coefficients = [3u64, 1, 4, 1, 5].map(Fr::from);
        let points = [-Fr::ONE, Fr::ZERO, Fr::ONE, Fr::from(2), Fr::from(3)];
        assert_eq!(interpolate(points, points.map(|x| horner(&coefficients, x))), coefficients);
    }

    #[test]
    fn eq_tables_sum_to_one_and_split_sums_agree_with_them() {
        let z: Vec<Fr> = (0..12u64).map(|i| Fr::from(i * i + 7)).collect();
        let table = eq_table(&z);
        assert_eq!(table.iter().sum::<Fr>(), Fr::ONE);
        let direct: Fr = table.iter().enumerate().map(|(i, eq)| *eq * Fr::from(i as u64)).sum();
        assert_eq!(eq_sum(&z, |i, eq, sums: &mut [Fr; 1]| sums[0] += eq * Fr::from(i as u64)), [direct]);
    }
}
