//! The tree and the layers of the fractional sum.

use std::sync::Arc;

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::{
    parallel,
    source::{Multiples, Source, TabledForm},
};
use crate::threads::prelude::*;
use crate::{
    cells::Form,
    fraction::{Denominator, LayerRounds, LeafGroup, Numerator, quadratic_at_two},
    row_weight::RowWeight,
};

/// Fractions of one layer above the leaves.
#[derive(Debug)]
pub struct Level {
    p: Vec<Fr>,
    q: Vec<Fr>,
}

impl Level {
    /// Numerators and denominators of equally many nodes.
    pub fn of_fractions(p: Vec<Fr>, q: Vec<Fr>) -> Self {
        Self { p, q }
    }

    pub(crate) fn nodes(&self) -> usize {
        self.p.len()
    }

    pub(crate) fn values(&self) -> (Vec<Fr>, Vec<Fr>) {
        (self.p.clone(), self.q.clone())
    }

    fn filled(nodes: usize, fill: impl Fn(usize) -> (Fr, Fr) + Sync) -> Self {
        let mut level = Self { p: vec![Fr::ZERO; nodes], q: vec![Fr::ZERO; nodes] };
        let write = |(i, (p, q)): (usize, (&mut Fr, &mut Fr))| (*p, *q) = fill(i);
        if nodes < parallel::PARALLEL_FROM {
            level.p.iter_mut().zip(&mut level.q).enumerate().for_each(write);
        } else {
            level.p.par_iter_mut().zip(&mut level.q).enumerate().with_min_len(1 << 10).for_each(write);
        }
        level
    }

    /// The layer above the leaves, straight from the small integers.
    pub(crate) fn above_leaves(groups: &[LeafGroup<'_>], log_rows: usize) -> Self {
        let groups = children(groups, log_rows);
        let row_mask = (1 << log_rows) - 1;
        Self::filled(groups.len() << log_rows, |i| {
            let (group, row) = (&groups[i >> log_rows], i & row_mask);
            let p = std::array::from_fn(|j| group[j].p.single(row));
            let q = std::array::from_fn(|j| group[j].q.value(row));
            node_fraction(&p, &q)
        })
    }

    /// The layer above this one, which has at least four nodes.
    pub(crate) fn above(&self) -> Self {
        let quarter = self.p.len() / 4;
        Self::filled(quarter, |i| {
            let child = |values: &[Fr], j: usize| values[i + j * quarter];
            let p = std::array::from_fn(|j| Line::Values(child(&self.p, j), child(&self.p, j)));
            node_fraction(&p, &std::array::from_fn(|j| child(&self.q, j)))
        })
    }
}

/// A numerator on one pair of neighbours, `low + X (high - low)`. Zeros and ones cost no multiplication.
#[derive(Clone, Copy)]
enum Line {
    Zero,
    One,
    Values(Fr, Fr),
}

enum Numerators<'a> {
    Zero,
    One,
    Rows(RowWeight),
    Values(Source<'a>),
}

impl Numerators<'_> {
    #[inline]
    fn value(&self, index: usize) -> Fr {
        match self {
            Self::Zero => Fr::ZERO,
            Self::One => Fr::ONE,
            Self::Rows(weight) => weight.value(index),
            Self::Values(source) => source.value(index),
        }
    }

    #[inline]
    fn pair(&self, index: usize) -> Line {
        match self {
            Self::Zero => Line::Zero,
            Self::One => Line::One,
            Self::Rows(weight) if 2 * index + 1 < weight.ones() => Line::One,
            Self::Rows(weight) if weight.is_zero_from(2 * index) => Line::Zero,
            _ => match (self.value(2 * index), self.value(2 * index + 1)) {
                (low, high) if low == Fr::ZERO && high == Fr::ZERO => Line::Zero,
                (low, high) => Line::Values(low, high),
            },
        }
    }

    /// The value at `index`, as a line whose two ends are equal.
    #[inline]
    fn single(&self, index: usize) -> Line {
        match self {
            Self::Zero => Line::Zero,
            Self::One => Line::One,
            Self::Rows(weight) if index < weight.ones() => Line::One,
            _ => match self.value(index) {
                value if value == Fr::ZERO => Line::Zero,
                value => Line::Values(value, value),
            },
        }
    }

    fn bind(&mut self, len: usize, r: Fr) {
        match self {
            Self::Zero | Self::One => {}
            Self::Rows(weight) => *weight = weight.fold(r),
            Self::Values(source) => source.bind(len, r),
        }
    }
}

enum Denominators<'a> {
    One,
    Values(Source<'a>),
}

impl Denominators<'_> {
    #[inline]
    fn value(&self, index: usize) -> Fr {
        match self {
            Self::One => Fr::ONE,
            Self::Values(source) => source.value(index),
        }
    }
}

struct Child<'a> {
    p: Numerators<'a>,
    q: Denominators<'a>,
}

fn children<'a>(groups: &[LeafGroup<'a>], log_rows: usize) -> Vec<[Child<'a>; 4]> {
    let forms = groups.iter().flatten().flat_map(|leaf| {
        let p = if let Numerator::Form(form) = &leaf.p { Some(form) } else { None };
        let q = if let Denominator::Form(form) = &leaf.q { Some(form) } else { None };
        p.into_iter().chain(q)
    });
    let multiples = Multiples::new(forms, 1 << log_rows);
    let source = |form: &Form<'a>| Source::Form(TabledForm::new(form, &multiples));
    let child = |leaf: &crate::fraction::Leaf<'a>| Child {
        p: match &leaf.p {
            Numerator::Zero => Numerators::Zero,
            Numerator::One => Numerators::One,
            Numerator::Below(rows) => Numerators::Rows(RowWeight::new(*rows)),
            Numerator::Form(form) => Numerators::Values(source(form)),
        },
        q: match &leaf.q {
            Denominator::One => Denominators::One,
            Denominator::Form(form) => Denominators::Values(source(form)),
        },
    };
    groups.iter().map(|group| std::array::from_fn(|j| child(&group[j]))).collect()
}

/// The sumcheck of a layer.
pub struct Layer<'a> {
    groups: Vec<[Child<'a>; 4]>,
    free: usize,
    lambda: Fr,
}

impl<'a> Layer<'a> {
    pub(crate) fn of_leaves(groups: &[LeafGroup<'a>], log_rows: usize, lambda: Fr) -> Self {
        Self { groups: children(groups, log_rows), free: log_rows, lambda }
    }

    pub(crate) fn of_level(level: Level, lambda: Fr) -> Self {
        let free = (level.nodes() / 4).trailing_zeros() as usize;
        let (p, q) = (Arc::new(level.p), Arc::new(level.q));
        let child = |part| Child {
            p: Numerators::Values(Source::Quarter { table: Arc::clone(&p), part }),
            q: Denominators::Values(Source::Quarter { table: Arc::clone(&q), part }),
        };
        Self { groups: vec![std::array::from_fn(child)], free, lambda }
    }

    /// A layer in the middle of its sumcheck: numerators and denominators (`None` for 1) of the children.
    pub(crate) fn resume(groups: Vec<[(ResumedNumerators, Option<Vec<Fr>>); 4]>, free: usize, lambda: Fr) -> Self {
        let child = |(p, q): (ResumedNumerators, Option<Vec<Fr>>)| Child {
            p: match p {
                ResumedNumerators::Zero => Numerators::Zero,
                ResumedNumerators::One => Numerators::One,
                ResumedNumerators::Rows(weight) => Numerators::Rows(weight),
                ResumedNumerators::Values(values) => Numerators::Values(Source::Dense(values)),
            },
            q: q.map_or(Denominators::One, |values| Denominators::Values(Source::Dense(values))),
        };
        Self { groups: groups.into_iter().map(|group| group.map(child)).collect(), free, lambda }
    }
}

/// Numerators of a child in the middle of a sumcheck.
pub(crate) enum ResumedNumerators {
    Zero,
    One,
    Rows(RowWeight),
    Values(Vec<Fr>),
}

impl LayerRounds for Layer<'_> {
    fn free(&self) -> usize {
        self.free
    }

    fn sums(&mut self, weights: &[Fr], z: &[Fr]) -> [Fr; 4] {
        let mut sums = [Fr::ZERO; 4];
        for (group, weight) in self.groups.iter().zip(weights) {
            for (sum, part) in sums.iter_mut().zip(group_sums(group, z, self.lambda)) {
                *sum += part * weight;
            }
        }
        sums
    }

    fn bind(&mut self, r: Fr) {
        let len = 1 << self.free;
        for child in self.groups.iter_mut().flatten() {
            child.p.bind(len, r);
            if let Denominators::Values(source) = &mut child.q {
                source.bind(len, r);
            }
        }
        self.free -= 1;
    }

    fn ends(self) -> Vec<([Fr; 4], [Fr; 4])> {
        let ends = |group: &[Child<'_>; 4]| {
            (std::array::from_fn(|j| group[j].p.value(0)), std::array::from_fn(|j| group[j].q.value(0)))
        };
        self.groups.iter().map(ends).collect()
    }
}

/// The node polynomial of a group, summed over its pairs, at 0, 2, -1 and its coefficient of degree 4.
///
/// Trivial children (p = 0, q = 1) leave the node as it is, and each lowers the degree by one: with two of them three
/// values of a quadratic are enough, with one three values of a cubic.
fn group_sums(group: &[Child<'_>; 4], z: &[Fr], lambda: Fr) -> [Fr; 4] {
    let is_trivial = |child: &&Child<'_>| matches!((&child.p, &child.q), (Numerators::Zero, Denominators::One));
    let active: Vec<&Child<'_>> = group.iter().filter(|child| !is_trivial(child)).collect();
    match active[..] {
        // sum_i eq(i, z) = 1
        [] => [lambda, lambda, lambda, Fr::ZERO],
        [a] => {
            let [at_0, slope] = parallel::eq_sum(z, |i, eq, sums: &mut [Fr; 2]| {
                let (p, q) = child_at_points(a, i);
                for (sum, k) in sums.iter_mut().zip([0, 3]) {
                    *sum += eq * (numerator(p[k]) + lambda * q[k]);
                }
            });
            [at_0, at_0 + slope + slope, at_0 - slope, Fr::ZERO]
        }
        [a, b] => {
            let [at_0, at_m1, leading] = parallel::eq_sum(z, |i, eq, sums: &mut [Fr; 3]| {
                let ((pa, qa), (pb, qb)) = (child_at_points(a, i), child_at_points(b, i));
                for (sum, k) in sums.iter_mut().zip([0, 2, 3]) {
                    *sum += eq * (cross(pa[k], pb[k], qa[k], qb[k]) + lambda * (qa[k] * qb[k]));
                }
            });
            [at_0, quadratic_at_two(at_0, at_m1, leading), at_m1, Fr::ZERO]
        }
        [a, b, c] => {
            let [at_0, at_2, at_m1] = parallel::eq_sum(z, |i, eq, sums: &mut [Fr; 3]| {
                let ((pa, qa), (pb, qb)) = (child_at_points(a, i), child_at_points(b, i));
                let (pc, qc) = child_at_points(c, i);
                for (k, sum) in sums.iter_mut().enumerate() {
                    let low = qa[k] * qb[k];
                    let left = cross(pa[k], pb[k], qa[k], qb[k]);
                    *sum += eq * (times(pc[k], low) + (left + lambda * low) * qc[k]);
                }
            });
            [at_0, at_2, at_m1, Fr::ZERO]
        }
        _ => parallel::eq_sum(z, |i, eq, sums| add_pair(group, i, lambda, eq, sums)),
    }
}

/// Adds `eq` times the node polynomial of pair i at 0, 2, -1 and infinity.
#[inline]
fn add_pair(group: &[Child<'_>; 4], i: usize, lambda: Fr, eq: Fr, sums: &mut [Fr; 4]) {
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
        Denominators::One => [Fr::ONE, Fr::ONE, Fr::ONE, Fr::ZERO],
        Denominators::Values(source) => at_points(source.value(2 * i), source.value(2 * i + 1)),
    };
    let p = match child.p.pair(i) {
        Line::Zero => [Line::Zero; 4],
        Line::One => [Line::One, Line::One, Line::One, Line::Zero],
        Line::Values(low, high) => at_points(low, high).map(|value| Line::Values(value, value)),
    };
    (p, q)
}

#[inline]
fn at_points(low: Fr, high: Fr) -> [Fr; 4] {
    let slope = high - low;
    [low, high + slope, low - slope, slope]
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
fn node_fraction(p: &[Line; 4], q: &[Fr; 4]) -> (Fr, Fr) {
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
