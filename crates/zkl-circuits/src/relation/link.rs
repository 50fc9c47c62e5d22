//! The committed columns of a relation in the opening that joins them.
//!
//! A unit shorter than the longest has 0 in the row groups that it lacks: its columns count with `prod (1 - r*_i)` over the coordinates
//! beyond its own.

use zkl_argument::{
    commit::Commitment,
    hyperkzg::{CombinedColumns, CommittedColumn, MaskedError, OpenError, OpeningColumn, combination_terms},
    msm::Scalars,
    relation::{RelationOpening, relation_constant, relation_weights},
};
use zkl_core::ark::{Fr, ff::Field as _};
use zkl_snark::proof_system::Linked;

use super::{
    plan::{RelationPlan, RelationUnit},
    statement::RelationRole,
};
use crate::scan::ColumnCommitments;

/// A committed column as its owner has it: values, and the blinder of each row group.
pub(super) type OwnedColumn<'a> = (Scalars<'a>, Vec<Fr>);

/// What the proof says of the committed columns: that they have the claim's value.
pub(super) fn link(
    plan: &RelationPlan<'_>,
    roles: &[RelationRole<'_>],
    fresh: &[Vec<Vec<Commitment>>],
    mask: &Commitment,
    claim: &RelationOpening<Fr>,
) -> Result<Linked, MaskedError> {
    let mut terms = Vec::new();
    let weights = relation_weights(plan.shape(), claim);
    for ((unit, weights), fresh) in plan.units().zip(&weights).zip(fresh) {
        let committed = roles.get(unit.table).and_then(|role| role.segments.get(unit.segment));
        let columns = committed.map(|committed| unit_columns(plan, &unit, committed, fresh)).unwrap_or_default();
        let (point, scale) = place(&unit, &claim.r_star);
        let columns: Vec<_> = weights
            .iter()
            .zip(columns)
            .map(|(&weight, commitments)| CommittedColumn { weight: weight * scale, commitments })
            .collect();
        terms.extend(combination_terms(unit.groups, point, &columns)?);
    }
    let low = claim.r_star.get(..plan.groups().kappa()).unwrap_or(&claim.r_star);
    // What is public of the value is no column's.
    let value = claim.value - relation_constant(plan.shape(), claim);
    Linked::of_terms(low, terms, mask, claim.rho, value)
}

/// The commitments of a unit, in the order of the weights.
fn unit_columns<'a>(
    plan: &RelationPlan<'_>,
    unit: &RelationUnit<'_>,
    committed: &'a ColumnCommitments,
    fresh: &'a [Vec<Commitment>],
) -> Vec<&'a [Commitment]> {
    let mut fresh = fresh.iter().map(Vec::as_slice);
    let dictionaries = plan.dictionaries();
    let mut columns = Vec::new();
    for (place, cells) in unit.cells(plan.positions(unit.table)).iter().enumerate() {
        let own = cells.iter().filter_map(|&cell| committed.columns().get(cell)).map(Vec::as_slice);
        columns.extend(own);
        if dictionaries.contains(&place) {
            columns.extend(fresh.next());
        }
    }
    columns.extend(fresh);
    columns
}

/// The weighted sum of all columns, without the mask. `columns` are those of each unit, in the order of the weights.
pub(super) fn combine(
    plan: &RelationPlan<'_>,
    columns: &[Vec<OwnedColumn<'_>>],
    claim: &RelationOpening<Fr>,
) -> Result<CombinedColumns, OpenError> {
    let mut sum = CombinedColumns::zero(plan.groups());
    let weights = relation_weights(plan.shape(), claim);
    for ((unit, weights), columns) in plan.units().zip(&weights).zip(columns) {
        let (point, scale) = place(&unit, &claim.r_star);
        let own: Vec<OpeningColumn<'_>> = weights
            .iter()
            .zip(columns)
            .map(|(&weight, (values, blinders))| OpeningColumn { weight: weight * scale, values: *values, blinders })
            .collect();
        sum.add(&CombinedColumns::new(unit.groups, point, &own)?);
    }
    Ok(sum)
}

/// The point of a unit, and the weight of its being shorter than the longest.
fn place<'p>(unit: &RelationUnit<'_>, r_star: &'p [Fr]) -> (&'p [Fr], Fr) {
    let log_rows = unit.scan.shape().log_rows().min(r_star.len());
    let (own, beyond) = r_star.split_at(log_rows);
    (own, beyond.iter().map(|coordinate| Fr::ONE - coordinate).product())
}
