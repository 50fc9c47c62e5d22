//! The prover of the lookup tree: built from the leaves up, proved from the root down, each layer released once proved.

use std::borrow::Cow;

use rayon::prelude::*;
use zkl_core::ark::{Fr, ff::AdditiveGroup as _};

use super::{
    Fraction, LeafClaim, combine,
    layer::{self, Child, Group, LayerEnd, node_fraction},
    source::{Denominator, Numerator},
};
use crate::{error::PlanError, mle, transcript::ProverTape};

/// One block of leaves.
pub(crate) struct LeafBlock<'a> {
    pub(crate) p: Numerator<'a>,
    pub(crate) q: Denominator<'a>,
}

/// Fractions of one layer above the leaves.
struct Level {
    p: Vec<Fr>,
    q: Vec<Fr>,
}

/// Proves the sum of `blocks` (a power of two of them, at least 4, of `2^log_rows` rows): sends the root and every layer,
/// returns the claim about the leaves.
pub(crate) fn prove(
    tape: &mut ProverTape,
    blocks: Vec<LeafBlock<'_>>,
    log_rows: usize,
) -> Result<LeafClaim<Fr>, PlanError> {
    let groups = group_blocks(blocks)?;
    let group_vars = groups.len().trailing_zeros() as usize;
    let mut levels = vec![leaf_parents(&groups, 1 << log_rows)];
    while let Some(parent) = levels.last().filter(|level| level.p.len() >= 4).map(parents) {
        levels.push(parent);
    }
    let Some(top) = levels.pop() else { return Err(PlanError::Degenerate) };
    let root = match top.p.len() {
        1 => Fraction { p: top.p[0], q: top.q[0] },
        _ => combine(&top.p, &top.q).ok_or(PlanError::Degenerate)?,
    };
    tape.send(&[root.p, root.q]);

    let (mut point, mut value) = (Vec::new(), root);
    if top.p.len() == 2 {
        tape.challenge();
        tape.send(&top.p);
        tape.send(&top.q);
        point.push(tape.challenge());
        value = joined(&top.p, &top.q, &point)?;
    }
    while let Some(level) = levels.pop() {
        let quarter = level.p.len() / 4;
        let part = |j: usize| j * quarter..(j + 1) * quarter;
        let group: Group<'_> = std::array::from_fn(|j| Child {
            p: Numerator::Dense(Cow::Borrowed(&level.p[part(j)])),
            q: Denominator::Dense(Cow::Borrowed(&level.q[part(j)])),
        });
        let row_vars = point.len();
        (point, value) = prove_layer(tape, vec![group], row_vars, &point, value)?;
    }
    let row_vars = point.len() - group_vars;
    let (point, value) = prove_layer(tape, groups, row_vars, &point, value)?;
    Ok(LeafClaim { point, value })
}

/// One layer: lambda, the rounds, the children, the joins.
fn prove_layer(
    tape: &mut ProverTape,
    groups: Vec<Group<'_>>,
    row_vars: usize,
    z: &[Fr],
    value: Fraction<Fr>,
) -> Result<(Vec<Fr>, Fraction<Fr>), PlanError> {
    let lambda = tape.challenge();
    let claim = value.p + lambda * value.q;
    let LayerEnd { mut point, p, q } = layer::prove(tape, groups, row_vars, z, claim, lambda)?;
    tape.send(&p);
    tape.send(&q);
    let joins = [tape.challenge(), tape.challenge()];
    point.extend(joins);
    Ok((point, joined(&p, &q, &joins)?))
}

fn joined(p: &[Fr], q: &[Fr], joins: &[Fr]) -> Result<Fraction<Fr>, PlanError> {
    match (mle::evaluate(p, joins), mle::evaluate(q, joins)) {
        (Some(p), Some(q)) => Ok(Fraction { p, q }),
        _ => Err(PlanError::Degenerate),
    }
}

/// Block `c` is child `c / groups` of group `c mod groups`: the two highest block bits join first.
fn group_blocks(blocks: Vec<LeafBlock<'_>>) -> Result<Vec<Group<'_>>, PlanError> {
    let count = blocks.len() / 4;
    let mut children: Vec<Vec<Child<'_>>> = (0..count).map(|_| Vec::with_capacity(4)).collect();
    for (index, LeafBlock { p, q }) in blocks.into_iter().enumerate() {
        children[index % count].push(Child { p, q });
    }
    children.into_iter().map(|four| four.try_into().map_err(|_| PlanError::Degenerate)).collect()
}

/// The layer above the leaves, straight from the small integers.
fn leaf_parents(groups: &[Group<'_>], rows: usize) -> Level {
    let mut level = Level { p: vec![Fr::ZERO; groups.len() * rows], q: vec![Fr::ZERO; groups.len() * rows] };
    let chunks = level.p.chunks_exact_mut(rows).zip(level.q.chunks_exact_mut(rows));
    for (group, (p, q)) in groups.iter().zip(chunks) {
        let fill = |(row, (p, q)): (usize, (&mut Fr, &mut Fr))| {
            let numerators = std::array::from_fn(|j| group[j].p.single(row));
            let denominators = std::array::from_fn(|j| group[j].q.value(row));
            (*p, *q) = node_fraction(&numerators, &denominators);
        };
        p.par_iter_mut().zip(q).enumerate().with_min_len(1 << 10).for_each(fill);
    }
    level
}

/// The layer above `level`, which has at least four nodes.
fn parents(level: &Level) -> Level {
    let quarter = level.p.len() / 4;
    let mut above = Level { p: vec![Fr::ZERO; quarter], q: vec![Fr::ZERO; quarter] };
    let fill = |(i, (p, q)): (usize, (&mut Fr, &mut Fr))| {
        let child = |values: &[Fr], j: usize| values[i + j * quarter];
        let numerators = std::array::from_fn(|j| super::source::Line::Values(child(&level.p, j), child(&level.p, j)));
        (*p, *q) = node_fraction(&numerators, &std::array::from_fn(|j| child(&level.q, j)));
    };
    above.p.par_iter_mut().zip(&mut above.q).enumerate().with_min_len(1 << 10).for_each(fill);
    above
}
