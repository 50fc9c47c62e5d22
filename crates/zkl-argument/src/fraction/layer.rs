//! The prover of one 4-ary layer: an eq-weighted sumcheck over groups of four children.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::source::{Denominator, Line, Numerator};
use crate::{error::PlanError, kernel, transcript::ProverTape};

/// Fractions of one child, as a function of the coordinates that are still free.
pub(crate) struct Child<'a> {
    pub(crate) p: Numerator<'a>,
    pub(crate) q: Denominator<'a>,
}

/// Four children that join into one node each row.
pub(crate) type Group<'a> = [Child<'a>; 4];

/// What a layer leaves: the challenges and the children's values there.
pub(crate) struct LayerEnd {
    pub(crate) point: Vec<Fr>,
    pub(crate) p: [Fr; 4],
    pub(crate) q: [Fr; 4],
}

/// Proves `claim = sum_x eq(z, x) [p + lambda q](x)`, where x runs over `2^row_vars` rows and then over the groups, of
/// which there are `2^(z.len() - row_vars)`.
pub(crate) fn prove(
    tape: &mut ProverTape,
    mut groups: Vec<Group<'_>>,
    row_vars: usize,
    z: &[Fr],
    mut claim: Fr,
    lambda: Fr,
) -> Result<LayerEnd, PlanError> {
    let (z_row, z_group) = z.split_at(row_vars);
    let group_weights = kernel::eq_table(z_group);
    let mut point = Vec::with_capacity(z.len());
    for (round, &z_now) in z_row.iter().enumerate() {
        let mut sums = [Fr::ZERO; 4];
        for (group, weight) in groups.iter().zip(&group_weights) {
            let part = group_sums(group, &z_row[round + 1..], lambda);
            for (sum, part) in sums.iter_mut().zip(part) {
                *sum += part * weight;
            }
        }
        let (coefficients, after) = send_round(tape, sums, claim, z_now)?;
        let r = after;
        claim = kernel::horner(&coefficients, r);
        point.push(r);
        let len = 1 << (row_vars - round);
        for group in &mut groups {
            for child in group {
                let p = std::mem::replace(&mut child.p, Numerator::Zero);
                let q = std::mem::replace(&mut child.q, Denominator::One);
                *child = Child { p: p.fold(len, r), q: q.fold(len, r) };
            }
        }
    }
    if z_group.is_empty() {
        let Some(group) = groups.first() else { return Err(PlanError::Degenerate) };
        let p = std::array::from_fn(|j| group[j].p.value(0));
        let q = std::array::from_fn(|j| group[j].q.value(0));
        return Ok(LayerEnd { point, p, q });
    }
    // One value per block is left: the groups become the rows of a single one.
    let merged = std::array::from_fn(|j| Child {
        p: Numerator::Dense(groups.iter().map(|group| group[j].p.value(0)).collect()),
        q: Denominator::Dense(groups.iter().map(|group| group[j].q.value(0)).collect()),
    });
    let rest = prove(tape, vec![merged], z_group.len(), z_group, claim, lambda)?;
    point.extend(&rest.point);
    Ok(LayerEnd { point, ..rest })
}

/// Interpolates the round polynomial from its values at 0, 2, -1 and its leading coefficient, sends `c_1..c_4`, draws r.
fn send_round(
    tape: &mut ProverTape,
    [at_zero, at_two, at_minus_one, leading]: [Fr; 4],
    claim: Fr,
    z: Fr,
) -> Result<([Fr; 5], Fr), PlanError> {
    // claim = (1 - z) t(0) + z t(1)
    let at_one = (claim - at_zero) * z.inverse().ok_or(PlanError::Degenerate)? + at_zero;
    let two = Fr::from(2u64);
    let points = [Fr::ZERO, Fr::ONE, two, -Fr::ONE];
    let sixteen = Fr::from(16u64);
    let values = [at_zero, at_one - leading, at_two - sixteen * leading, at_minus_one - leading];
    let [c0, c1, c2, c3] = kernel::interpolate(points, values);
    let coefficients = [c0, c1, c2, c3, leading];
    tape.send(&coefficients[1..]);
    Ok((coefficients, tape.challenge()))
}

/// The node polynomial of a group, summed over its pairs, at 0, 2, -1 and its coefficient of degree 4.
///
/// Trivial children (p = 0, q = 1) leave the node as it is, and each lowers the degree by one: with two of them three
/// values of a quadratic are enough, with one three values of a cubic.
fn group_sums(group: &Group<'_>, z: &[Fr], lambda: Fr) -> [Fr; 4] {
    let is_trivial = |child: &&Child<'_>| matches!((&child.p, &child.q), (Numerator::Zero, Denominator::One));
    let active: Vec<&Child<'_>> = group.iter().filter(|child| !is_trivial(child)).collect();
    match active[..] {
        // sum_i eq(i, z) = 1
        [] => [lambda, lambda, lambda, Fr::ZERO],
        [a] => {
            let [at_0, slope] = kernel::eq_sum(z, |i, eq, sums: &mut [Fr; 2]| {
                let (p, q) = child_at_points(a, i);
                for (sum, k) in sums.iter_mut().zip([0, 3]) {
                    *sum += eq * (numerator(p[k]) + lambda * q[k]);
                }
            });
            [at_0, at_0 + slope + slope, at_0 - slope, Fr::ZERO]
        }
        [a, b] => {
            let [at_0, at_m1, leading] = kernel::eq_sum(z, |i, eq, sums: &mut [Fr; 3]| {
                let ((pa, qa), (pb, qb)) = (child_at_points(a, i), child_at_points(b, i));
                for (sum, k) in sums.iter_mut().zip([0, 2, 3]) {
                    *sum += eq * (cross(pa[k], pb[k], qa[k], qb[k]) + lambda * (qa[k] * qb[k]));
                }
            });
            // f = at_0 + a X + leading X^2
            let linear = at_0 + leading - at_m1;
            let at_2 = at_0 + linear.double() + leading.double().double();
            [at_0, at_2, at_m1, Fr::ZERO]
        }
        [a, b, c] => {
            let [at_0, at_2, at_m1] = kernel::eq_sum(z, |i, eq, sums: &mut [Fr; 3]| {
                let ((pa, qa), (pb, qb)) = (child_at_points(a, i), child_at_points(b, i));
                let (pc, qc) = child_at_points(c, i);
                for (sum, k) in sums.iter_mut().zip([0, 1, 2]) {
                    let two = cross(pa[k], pb[k], qa[k], qb[k]) * qc[k];
                    *sum += eq * (two + qa[k] * qb[k] * (numerator(pc[k]) + lambda * qc[k]));
                }
            });
            [at_0, at_2, at_m1, Fr::ZERO]
        }
        _ => kernel::eq_sum(z, |i, eq, sums| add_pair(group, i, lambda, eq, sums)),
    }
}

/// Adds `eq` times the node polynomial of pair i at 0, 2, -1 and infinity.
#[inline]
fn add_pair(group: &Group<'_>, i: usize, lambda: Fr, eq: Fr, sums: &mut [Fr; 4]) {
    let mut p = [[Line::Zero; 4]; 4];
    let mut q = [[Fr::ZERO; 4]; 4];
    for (j, child) in group.iter().enumerate() {
        let ([p0, p1, p2, p3], [q0, q1, q2, q3]) = child_at_points(child, i);
        (p[0][j], p[1][j], p[2][j], p[3][j]) = (p0, p1, p2, p3);
        (q[0][j], q[1][j], q[2][j], q[3][j]) = (q0, q1, q2, q3);
    }
    for ((p, q), sum) in p.iter().zip(&q).zip(sums) {
        *sum += eq * node(p, q, lambda);
    }
}

#[inline]
fn child_at_points(child: &Child<'_>, i: usize) -> ([Line; 4], [Fr; 4]) {
    let q = match &child.q {
        Denominator::One => [Fr::ONE, Fr::ONE, Fr::ONE, Fr::ZERO],
        source => at_points(source.value(2 * i), source.value(2 * i + 1)),
    };
    let p = match child.p.pair(i) {
        Line::Zero => [Line::Zero; 4],
        Line::One => [Line::One, Line::One, Line::One, Line::Zero],
        Line::Values(lo, hi) => at_points(lo, hi).map(|value| Line::Values(value, value)),
    };
    (p, q)
}

#[inline]
fn at_points(lo: Fr, hi: Fr) -> [Fr; 4] {
    let slope = hi - lo;
    [lo, hi + slope, lo - slope, slope]
}

/// `p + lambda q` of a node.
#[inline]
fn node(p: &[Line; 4], q: &[Fr; 4], lambda: Fr) -> Fr {
    let low = q[0] * q[1];
    let high = q[2] * q[3];
    let left = cross(p[0], p[1], q[0], q[1]);
    let right = cross(p[2], p[3], q[2], q[3]);
    two_products(left, high, low, right + lambda * high)
}

/// The fraction of a node, from single values.
#[inline]
pub(crate) fn node_fraction(p: &[Line; 4], q: &[Fr; 4]) -> (Fr, Fr) {
    let low = q[0] * q[1];
    let left = cross(p[0], p[1], q[0], q[1]);
    if matches!(p[2..], [Line::Zero, Line::Zero]) && q[2..] == [Fr::ONE; 2] {
        return (left, low);
    }
    let high = q[2] * q[3];
    let right = cross(p[2], p[3], q[2], q[3]);
    (two_products(left, high, low, right), low * high)
}

/// `p0 q1 + p1 q0`.
#[inline]
fn cross(p0: Line, p1: Line, q0: Fr, q1: Fr) -> Fr {
    match (p0, p1) {
        (Line::Values(p0, _), Line::Values(p1, _)) => two_products(p0, q1, p1, q0),
        _ => times(p0, q1) + times(p1, q0),
    }
}

/// `a b + c d` with one reduction.
#[inline]
fn two_products(a: Fr, b: Fr, c: Fr, d: Fr) -> Fr {
    Fr::sum_of_products(&[a, c], &[b, d])
}

/// `p q`, with p a single value.
#[inline]
fn times(p: Line, q: Fr) -> Fr {
    match p {
        Line::Zero => Fr::ZERO,
        Line::One => q,
        Line::Values(value, _) => value * q,
    }
}

#[inline]
fn numerator(p: Line) -> Fr {
    match p {
        Line::Zero => Fr::ZERO,
        Line::One => Fr::ONE,
        Line::Values(value, _) => value,
    }
}
