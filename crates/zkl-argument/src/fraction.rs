//! The fractional sum: a tree that adds fractions without dividing.
//!
//! # Statement
//! The root fraction is the sum of the leaf fractions, given as extensions `p`, `q` over `2^k` leaves:
//! ```text
//! p_root / q_root = sum_i p_i / q_i        as p_root prod(q_i) = q_root * (..), never dividing
//! ```
//! and reduces to `p(z)`, `q(z)` at one random point.
//!
//! # Relation
//! Layer `l` has `2^d` nodes; node `x` has four children `x + j 2^d` (`j = 0..3`), so the two highest coordinates of a
//! layer join first and stacked blocks join before rows:
//! ```text
//! p(x) = (p0 q1 + p1 q0) q2 q3 + (p2 q3 + p3 q2) q0 q1       q(x) = q0 q1 q2 q3
//! p(z) + lambda q(z) = sum_x eq(z, x) [p + lambda q](x)       d rounds, degree 4 per coordinate, eq factored out
//! ```
//! then the eight values at the new point and two challenges that join them. With an odd number of coordinates the layer
//! at the root is binary and has no rounds.
//!
//! Papineni-Haboeck 2023/1284, section 3 (<https://eprint.iacr.org/2023/1284>), there with arity 2; the sum itself is
//! LogUp, Haboeck 2022/1530 (<https://eprint.iacr.org/2022/1530>).
//!
//! # Soundness
//! Per layer `(1 + 4 d + 2) / |Fr|`: lambda, the rounds, the joins. A zero among the `q_i` makes `q_root` zero, which the
//! caller must refuse. Wider arity would save rounds and cost elements: at 4 elements per permutation, 8-ary layers need
//! more permutations than 4-ary ones, and binary layers half as many again.
//!
//! | symbol | here |
//! |---|---|
//! | `d` | coordinates bound so far, `point.len()` |
//! | `lambda` | `lambda` |
//! | `z` | `point` |

mod layer;
mod tree;

pub(crate) use tree::prove;

use crate::{
    context::{Context, Value},
    error::ScanError,
    sumcheck::eq_round,
};

/// A fraction `p / q`.
#[derive(Clone, Copy)]
pub struct Fraction<V> {
    /// Numerator.
    pub p: V,
    /// Denominator.
    pub q: V,
}

/// What remains to be shown: `p(point)` and `q(point)` of the leaves.
pub struct LeafClaim<V> {
    /// Coordinates, lowest first: row bits, then block bits.
    pub point: Vec<V>,
    /// The claimed values.
    pub value: Fraction<V>,
}

/// Sum of the fractions of one node: arity 2 or 4.
pub fn combine<V: Value>(p: &[V], q: &[V]) -> Option<Fraction<V>> {
    let add = |p: &[V], q: &[V]| match (p, q) {
        ([p0, p1], [q0, q1]) => Some(Fraction { p: p0.clone() * q1 + p1.clone() * q0, q: q0.clone() * q1 }),
        _ => None,
    };
    if p.len() != q.len() {
        return None;
    }
    if p.len() == 2 {
        return add(p, q);
    }
    let (p_low, p_high) = p.split_at_checked(2)?;
    let (q_low, q_high) = q.split_at_checked(2)?;
    let (low, high) = (add(p_low, q_low)?, add(p_high, q_high)?);
    add(&[low.p, high.p], &[low.q, high.q])
}

/// Reduces a claim about the root to a claim about the leaves. `layers` are the binary logarithms of the arities, from
/// the root, as `Shape::layers` gives them.
///
/// # Errors
/// [`ScanError::LayerEnd`] when a layer does not follow from the one below.
///
/// # Soundness
/// The caller checks the root, `q != 0` included, and the leaf claim.
pub fn verify<C: Context>(
    ctx: &mut C,
    root: Fraction<C::Value>,
    layers: &[usize],
) -> Result<LeafClaim<C::Value>, C::Error> {
    let mut point: Vec<C::Value> = Vec::new();
    let mut value = root;
    for (layer, &log_arity) in layers.iter().enumerate() {
        let arity = 1 << log_arity;
        let lambda = ctx.challenge()?;
        let mut claim = value.p + value.q * &lambda;
        let mut next = Vec::with_capacity(point.len() + log_arity);
        for z in &point {
            let (after, r) = eq_round(ctx, arity, &claim, z)?;
            claim = after;
            next.push(r);
        }
        let p = ctx.receive(arity)?;
        let q = ctx.receive(arity)?;
        // `combine` is total on the arities that a shape has; anything else fails like a wrong layer.
        let zero = ctx.constant(0);
        let node = combine(&p, &q).unwrap_or(Fraction { p: claim.clone() + &lambda, q: zero });
        ctx.assert_equal(&claim, &(node.p + node.q * &lambda), ScanError::LayerEnd { layer })?;
        let mut joins = Vec::with_capacity(log_arity);
        for _ in 0..log_arity {
            joins.push(ctx.challenge()?);
        }
        value = Fraction { p: join(ctx, &p, &joins), q: join(ctx, &q, &joins) };
        next.append(&mut joins);
        point = next;
    }
    Ok(LeafClaim { point, value })
}

fn join<C: Context>(ctx: &mut C, values: &[C::Value], joins: &[C::Value]) -> C::Value {
    crate::mle::evaluate(values, joins).unwrap_or_else(|| ctx.constant(0))
}
