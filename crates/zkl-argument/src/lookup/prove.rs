//! The prover of the lookups: the blocks of a plan as leaves of the fractional sum.

use std::borrow::Cow;

use zkl_core::ark::{Fr, ff::AdditiveGroup as _};

use super::LookupClaim;
use crate::{
    context::Native,
    error::PlanError,
    fraction::{self, Denominator, LeafBlock, Numerator, RowWeight},
    kernel,
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
pub(crate) fn prove(tape: &mut ProverTape, input: &LookupInput<'_>) -> Result<LookupClaim<Fr>, PlanError> {
    let (plan, cells) = (input.plan, input.witness.cells());
    let shape = plan.shape();
    let x = tape.challenge();
    let y = tape.challenge();

    // One table of denominators per looked-up table.
    let forms = plan.block_forms();
    let tables: Vec<Vec<Fr>> = table_sizes(plan)
        .into_iter()
        .enumerate()
        .map(|(tau, size)| {
            let base = x - y * Fr::from(tau as u64);
            kernel::tabulate(size, |v| base - Fr::from(v as u64))
        })
        .collect();
    let rows = plan.layout().rows() as usize;
    let mut blocks: Vec<LeafBlock<'_>> = Vec::with_capacity(1 << shape.block_bits());
    for (&block, form) in shape.blocks().iter().zip(forms) {
        let lut = tables.get(shape.table(block) as usize).map_or(&[][..], Vec::as_slice);
        let leaf = leaf_block(input, cells, block, form, lut, rows);
        blocks.push(leaf.unwrap_or(LeafBlock { p: Numerator::Zero, q: Denominator::One }));
    }
    blocks.resize_with(1 << shape.block_bits(), || LeafBlock { p: Numerator::Zero, q: Denominator::One });

    let leaf = fraction::prove(tape, blocks, shape.log_rows())?;
    // The tree was built from the columns, so its leaf claim is true, and so is what follows from it.
    let ctx = &mut Native;
    let n_bits: Vec<Fr> = (0..=shape.log_rows()).map(|bit| Fr::from(rows >> bit & 1 == 1)).collect();
    Ok(super::open_leaf(ctx, shape, plan.vector(), &n_bits, input.sealed, (&x, &y), leaf))
}

/// Entries per table, by tau.
fn table_sizes(plan: &ScanPlan) -> Vec<usize> {
    let slots = plan.shape().slots();
    let large = 1usize << plan.shape().limb_bits();
    let mut sizes = vec![large];
    sizes.extend(slots.small_tables());
    sizes.resize(sizes.len() + slots.grouped, large);
    sizes
}

/// The leaves of one block, or `None` when it is not in use.
fn leaf_block<'a>(
    input: &'a LookupInput<'a>,
    cells: &'a [CellData<'a>],
    block: Block,
    form: &LinearForm,
    lut: &'a [Fr],
    rows: usize,
) -> Option<LeafBlock<'a>> {
    let first = || form.first().and_then(|&(cell, _)| cells.get(cell));
    let in_rows = Numerator::Rows(RowWeight::new(rows));
    Some(match block {
        Block::Limb(_) | Block::Category(_) | Block::GroupCode(_) => {
            LeafBlock { p: in_rows, q: Denominator::Codes { lut, cell: first()? } }
        }
        Block::GroupLow(_) | Block::GroupHigh(_) => {
            LeafBlock { p: Numerator::One, q: Denominator::Codes { lut, cell: first()? } }
        }
        Block::Top(slot) => {
            let top = input.sealed.numeric.get(slot).map_or(Fr::ZERO, |record| record.top);
            let offset = lut.first().map_or(Fr::ZERO, |base| *base + base) - top;
            LeafBlock { p: in_rows, q: Denominator::Top { lut, offset, cell: first()? } }
        }
        Block::Joint(slot) => {
            let pair = input.plan.slots().joint.get(slot).copied().flatten()?;
            let labels = input.plan.label_capacity(pair)?;
            let (&(group, _), &(label, _)) = (form.first()?, form.get(1)?);
            let (group, label) = (cells.get(group)?, cells.get(label)?);
            LeafBlock { p: in_rows, q: Denominator::Joint { lut, labels, group, label } }
        }
        Block::LimbTable => LeafBlock {
            // Without lookups the column is absent and every multiplicity 0.
            p: first().map_or(Numerator::Zero, Numerator::Table),
            q: Denominator::Periodic(Cow::Borrowed(lut)),
        },
        Block::GroupTable(_) => {
            LeafBlock { p: Numerator::Table(first()?), q: Denominator::Periodic(Cow::Borrowed(lut)) }
        }
    })
}
