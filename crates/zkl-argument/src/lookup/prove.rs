//! The prover of the lookups: the blocks of a plan as leaves of the fractional sum.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};
use zkl_kernel::{
    Cells, Form, Kernel,
    fraction::{Denominator, Leaf, Numerator},
};

use super::LookupClaim;
use crate::{
    context::Native,
    error::PlanError,
    fraction,
    plan::{LinearForm, ScanPlan},
    shape::Block,
    statement::SealedProfile,
    transcript::ProverTape,
    witness::{CellData, ScanWitness},
};

/// What the prover of the lookups reads.
pub(crate) struct LookupInput<'a> {
    pub(crate) plan: &'a ScanPlan,
    pub(crate) witness: &'a ScanWitness<'a>,
    pub(crate) sealed: &'a SealedProfile<Fr>,
}

/// Proves the lookups. With a false profile the messages are those of the true columns, and verification fails.
pub(crate) fn prove<K: Kernel>(
    kernel: K,
    tape: &mut ProverTape,
    input: &LookupInput<'_>,
) -> Result<LookupClaim<Fr>, PlanError> {
    let (plan, cells) = (input.plan, input.witness.cells());
    let shape = plan.shape();
    let x = tape.challenge();
    let y = tape.challenge();

    let mut blocks: Vec<Leaf<'_>> = Vec::with_capacity(1 << shape.block_bits());
    for (&block, form) in shape.blocks().iter().zip(plan.block_forms()) {
        let base = x - y * Fr::from(shape.table(block));
        blocks.push(leaf(input, cells, block, form, base).unwrap_or(Leaf::TRIVIAL));
    }
    blocks.resize_with(1 << shape.block_bits(), || Leaf::TRIVIAL);

    let leaf = fraction::prove(kernel, tape, blocks, shape.log_rows())?;
    // The tree was built from the columns, so its leaf claim is true, and so is what follows from it.
    let ctx = &mut Native;
    let rows = plan.layout().rows() as usize;
    let n_bits: Vec<Fr> = (0..=shape.log_rows()).map(|bit| Fr::from(rows >> bit & 1 == 1)).collect();
    Ok(super::open_leaf(ctx, shape, plan.vector(), &n_bits, input.sealed, (&x, &y), leaf))
}

/// The leaves of one block, or `None` when it is not in use. `base` is `X - Y tau`.
fn leaf<'a>(
    input: &'a LookupInput<'a>,
    cells: &'a [CellData<'a>],
    block: Block,
    form: &LinearForm,
    base: Fr,
) -> Option<Leaf<'a>> {
    let shape = input.plan.shape();
    let first = || form.first().and_then(|&(cell, _)| cells.get(cell)).map(CellData::cells);
    let denominator = |constant, terms| Denominator::Form(Form { constant, terms });
    let looked_up = |cells| denominator(base, vec![(-Fr::ONE, cells)]);
    // Tables repeat along their block.
    let entries = || looked_up(Cells::Periodic { bits: shape.limb_bits() as u32 });
    let multiplicities = |cells| Numerator::Form(Form { constant: Fr::ZERO, terms: vec![(-Fr::ONE, cells)] });
    let in_rows = Numerator::Below(input.plan.layout().rows() as usize);
    Some(match block {
        Block::Limb(_) | Block::Category(_) | Block::GroupCode(_) => Leaf { p: in_rows, q: looked_up(first()?) },
        Block::GroupLow(_) | Block::GroupHigh(_) => Leaf { p: Numerator::One, q: looked_up(first()?) },
        Block::Top(slot) => {
            let top = input.sealed.numeric.get(slot).map_or(Fr::ZERO, |record| record.top);
            Leaf { p: in_rows, q: denominator(base - top, vec![(Fr::ONE, first()?)]) }
        }
        Block::Joint(slot) => {
            let pair = input.plan.slots().joint.get(slot).copied().flatten()?;
            let labels = Fr::from(input.plan.label_capacity(pair)?);
            let (&(group, _), &(label, _)) = (form.first()?, form.get(1)?);
            let (group, label) = (cells.get(group)?.cells(), cells.get(label)?.cells());
            Leaf { p: in_rows, q: denominator(base, vec![(-labels, group), (-Fr::ONE, label)]) }
        }
        // Without lookups the column is absent and every multiplicity 0.
        Block::LimbTable => Leaf { p: first().map_or(Numerator::Zero, multiplicities), q: entries() },
        Block::GroupTable(_) => Leaf { p: multiplicities(first()?), q: entries() },
    })
}
