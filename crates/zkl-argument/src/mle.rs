//! Multilinear extensions.
//!
//! # Index order
//! A table of `2^k` values is a function on `{0,1}^k`: entry `i` is the value at `(i_0, .., i_{k-1})` with
//! `i = sum_j 2^j i_j`. Points are written in the same order: coordinate 0 belongs to the LEAST significant bit. Every
//! sumcheck binds coordinate 0 first, so the challenges in the order in which they are drawn are the point. In the stacked
//! leaves of the lookup tree the row bits are coordinates `0..mu` and the block bits are above them; a row group of
//! `2^kappa` rows is coordinates `0..kappa` of the row, its number is coordinates `kappa..mu`.
//!
//! | symbol | here |
//! |---|---|
//! | `eq(z, x)` | `prod_j (1 - z_j)(1 - x_j) + z_j x_j` |
//! | `ind_n(z)` | extension of `[i < n]` |
//! | `t(z)` | extension of `i mod 2^bits` |

use crate::context::{Context, Value};

/// Extension of `values` at `point`, by folding coordinate 0 first.
///
/// `values` has `2^point.len()` entries; shorter tables are not padded.
pub fn evaluate<V: Value>(values: &[V], point: &[V]) -> Option<V> {
    let mut table = values.to_vec();
    for r in point {
        table = table.chunks_exact(2).map(|pair| pair[0].clone() + (pair[1].clone() - &pair[0]) * r).collect();
    }
    table.into_iter().next()
}

/// `eq(a, b)` of two points of equal length.
pub fn eq_points<C: Context>(ctx: &mut C, a: &[C::Value], b: &[C::Value]) -> C::Value {
    let one = ctx.constant(1);
    a.iter().zip(b).fold(one.clone(), |product, (a, b)| {
        let both = a.clone() * b;
        product * (one.clone() - a - b + &both + &both)
    })
}

/// `eq(i, z)` for every `i < 2^z.len()`.
pub fn eq_values<C: Context>(ctx: &mut C, z: &[C::Value]) -> Vec<C::Value> {
    let mut table = vec![ctx.constant(1)];
    for r in z {
        let upper: Vec<_> = table.iter().map(|value| value.clone() * r).collect();
        for (value, upper) in table.iter_mut().zip(&upper) {
            *value = value.clone() - upper;
        }
        table.extend(upper);
    }
    table
}

/// Extension of `[i < n]` at `z`, for `n` given by its `z.len() + 1` bits, lowest first, and `1 <= n <= 2^z.len()`.
///
/// From the lowest bit up, `less` is the extension of `[i mod 2^j < n mod 2^j]`: a higher bit decides alone when it
/// differs, and leaves the decision to the lower ones when it agrees. `n = 2^z.len()` has only its top bit, and then `less` is 0.
pub fn below<C: Context>(ctx: &mut C, n_bits: &[C::Value], z: &[C::Value]) -> C::Value {
    let one = ctx.constant(1);
    let mut less = ctx.constant(0);
    for (n, z) in n_bits.iter().zip(z) {
        let both = n.clone() * z;
        let agree = one.clone() - n - z + &both + &both;
        less = less * &agree + (n.clone() - &both);
    }
    match n_bits.get(z.len()) {
        Some(top) => less + top,
        None => less,
    }
}

/// `eq(0, z)`.
pub fn at_origin<C: Context>(ctx: &mut C, z: &[C::Value]) -> C::Value {
    let one = ctx.constant(1);
    z.iter().fold(one.clone(), |product, z| product * (one.clone() - z))
}

/// Extension of the periodic table `i mod 2^bits` at `z`.
pub fn periodic<C: Context>(ctx: &mut C, bits: usize, z: &[C::Value]) -> C::Value {
    let mut sum = ctx.constant(0);
    for (i, z) in z.iter().take(bits).enumerate() {
        let weight = ctx.constant(1u64 << i);
        sum = sum + z.clone() * weight;
    }
    sum
}
