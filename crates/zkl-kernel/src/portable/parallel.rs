//! Loops over indices, on all threads when there are enough of them.

use crate::threads::prelude::*;
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

/// Elements below which a loop runs on one thread.
pub(super) const PARALLEL_FROM: usize = 1 << 11;

/// The table of `f(0), .., f(len - 1)`.
pub(super) fn tabulate(len: usize, f: impl Fn(usize) -> Fr + Sync + Send) -> Vec<Fr> {
    if len < PARALLEL_FROM {
        return (0..len).map(f).collect();
    }
    (0..len).into_par_iter().with_min_len(PARALLEL_FROM / 2).map(f).collect()
}

/// `eq(i, z)` for every `i < 2^z.len()`.
pub(super) fn eq_table(z: &[Fr]) -> Vec<Fr> {
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

/// `sum_i eq(i, z) values(i)` with values in `N` sums at once, where `add(i, weight, sums)` adds what entry i
/// contributes. The eq table is split into two of half the coordinates, so it is never stored.
pub(super) fn eq_sum<const N: usize>(z: &[Fr], add: impl Fn(usize, Fr, &mut [Fr; N]) + Sync) -> [Fr; N] {
    let inner_bits = z.len().min(10);
    let inner = eq_table(&z[..inner_bits]);
    let outer = eq_table(&z[inner_bits..]);
    let block = |(index, weight): (usize, &Fr)| {
        let mut sums = [Fr::ZERO; N];
        for (i, &eq) in inner.iter().enumerate() {
            add((index << inner_bits) + i, eq, &mut sums);
        }
        sums.map(|sum| sum * weight)
    };
    if outer.len() == 1 {
        return block((0, &outer[0]));
    }
    outer.par_iter().enumerate().map(block).reduce(|| [Fr::ZERO; N], add_arrays)
}

/// `sum_i f(i)` over `i < len`, in `N` sums at once.
pub(super) fn sum<const N: usize>(len: usize, add: impl Fn(usize, &mut [Fr; N]) + Sync) -> [Fr; N] {
    let chunk = PARALLEL_FROM / 2;
    let block = |start: usize| {
        let mut sums = [Fr::ZERO; N];
        for i in start..(start + chunk).min(len) {
            add(i, &mut sums);
        }
        sums
    };
    if len <= chunk {
        return block(0);
    }
    (0..len.div_ceil(chunk)).into_par_iter().map(|c| block(c * chunk)).reduce(|| [Fr::ZERO; N], add_arrays)
}

fn add_arrays<const N: usize>(mut a: [Fr; N], b: [Fr; N]) -> [Fr; N] {
    for (a, b) in a.iter_mut().zip(b) {
        *a += b;
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eq_tables_sum_to_one_and_split_sums_agree_with_them() {
        let z: Vec<Fr> = (0..12u64).map(|i| Fr::from(i * i + 7)).collect();
        let table = eq_table(&z);
        assert_eq!(table.iter().sum::<Fr>(), Fr::ONE);
        let direct: Fr = table.iter().enumerate().map(|(i, eq)| *eq * Fr::from(i as u64)).sum();
        assert_eq!(eq_sum(&z, |i, eq, sums: &mut [Fr; 1]| sums[0] += eq * Fr::from(i as u64)), [direct]);
    }
}
