//! The prover of the lookup tree: built from the leaves up, proved from the root down, each layer released once proved.

use zkl_core::ark::Fr;
use zkl_kernel::{
    Kernel,
    fraction::{LayerRounds, Leaf, LeafGroup},
};

use super::{
    Fraction, LeafClaim, combine,
    layer::{self, LayerEnd},
};
use crate::{error::PlanError, mle, transcript::ProverTape};

/// Proves the sum of `blocks` (a power of two of them, at least 4, of `2^log_rows` rows): sends the root and every layer,
/// returns the claim about the leaves.
pub(crate) fn prove<K: Kernel>(
    kernel: K,
    tape: &mut ProverTape,
    blocks: Vec<Leaf<'_>>,
    log_rows: usize,
) -> Result<LeafClaim<Fr>, PlanError> {
    let groups = group_blocks(blocks)?;
    let mut levels = vec![kernel.above_leaves(&groups, log_rows)];
    while let Some(above) = levels.last().filter(|level| kernel.nodes(level) >= 4).map(|level| kernel.above(level)) {
        levels.push(above);
    }
    let top = levels.pop().ok_or(PlanError::Degenerate)?;
    let (p, q) = kernel.fractions(&top);
    let root = match (p.as_slice(), q.as_slice()) {
        (&[p], &[q]) => Fraction { p, q },
        (p, q) => combine(p, q).ok_or(PlanError::Degenerate)?,
    };
    tape.send(&[root.p, root.q]);

    let (mut point, mut value) = (Vec::new(), root);
    if p.len() == 2 {
        tape.challenge();
        tape.send(&p);
        tape.send(&q);
        point.push(tape.challenge());
        value = joined(&p, &q, &point)?;
    }
    while let Some(level) = levels.pop() {
        (point, value) = prove_layer(tape, |lambda| kernel.layer(level, lambda), &point, value)?;
    }
    let (point, value) = prove_layer(tape, |lambda| kernel.leaf_layer(&groups, log_rows, lambda), &point, value)?;
    Ok(LeafClaim { point, value })
}

/// One layer: lambda, the rounds, the children, the joins.
fn prove_layer<L: LayerRounds>(
    tape: &mut ProverTape,
    layer: impl FnOnce(Fr) -> L,
    z: &[Fr],
    value: Fraction<Fr>,
) -> Result<(Vec<Fr>, Fraction<Fr>), PlanError> {
    let lambda = tape.challenge();
    let claim = value.p + lambda * value.q;
    let LayerEnd { mut point, p, q } = layer::prove(tape, layer(lambda), z, claim, lambda)?;
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
fn group_blocks(blocks: Vec<Leaf<'_>>) -> Result<Vec<LeafGroup<'_>>, PlanError> {
    let count = blocks.len() / 4;
    let mut children: Vec<Vec<Leaf<'_>>> = (0..count).map(|_| Vec::with_capacity(4)).collect();
    for (index, leaf) in blocks.into_iter().enumerate() {
        children[index % count].push(leaf);
    }
    children.into_iter().map(|four| four.try_into().map_err(|_| PlanError::Degenerate)).collect()
}
