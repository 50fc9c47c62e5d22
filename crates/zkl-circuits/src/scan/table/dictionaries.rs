//! The scan over the large dictionaries of a table: commitments and blinders that follow from those of the segments.

use zkl_argument::{
    Cell, ScanPlan,
    commit::{Blinders, Commitment, CommitmentSeed, RowGroups},
};
use zkl_core::ark::{Fr, G1Affine, G1Projective, ec::CurveGroup as _, ff::AdditiveGroup as _};

use super::{plan::TablePlan, proof::is_own};
use crate::scan::{ColumnCommitments, CommitmentsError};

/// Positions of the multiplicities of every large dictionary among a segment's committed columns, in layout order.
pub(super) fn multiplicity_columns(plan: &ScanPlan) -> Vec<usize> {
    let cells = plan.cells().iter().enumerate();
    cells.filter(|(_, cell)| matches!(cell, Cell::Multiplicity { .. })).map(|(index, _)| index).collect()
}

/// All commitments of the scan: the public columns, the sums of the segments' multiplicities, and `own`. `base` is the
/// first power of the reference string.
pub(super) fn commitments(
    base: G1Affine,
    plan: &TablePlan,
    scan: &ScanPlan,
    groups: RowGroups,
    segments: &[&ColumnCommitments],
    own: &[Vec<Commitment>],
) -> Result<ColumnCommitments, CommitmentsError> {
    let positions = plan.segment(0).map(|segment| multiplicity_columns(segment.scan)).unwrap_or_default();
    let mut own = own.iter();
    let columns = scan.cells().iter().map(|&cell| match cell {
        Cell::Origin => {
            let mut column = vec![Commitment::default(); groups.count()];
            // Row 0 is the first of the first group, so its 1 is one times the first power.
            if let Some(first) = column.first_mut() {
                *first = Commitment::new(base);
            }
            column
        }
        Cell::Nothing => vec![Commitment::default(); groups.count()],
        Cell::GroupSum { column } => {
            let position = positions.get(column).copied().unwrap_or(usize::MAX);
            sums(groups, segments.iter().filter_map(|segment| segment.columns().get(position)))
        }
        _ => own.next().cloned().unwrap_or_default(),
    });
    let columns = columns.collect();
    let rest = own.count();
    if rest > 0 {
        let expected = scan.cells().len();
        return Err(CommitmentsError::Columns { expected, got: expected + rest });
    }
    ColumnCommitments::new(scan, groups, columns)
}

/// Sums of the first groups of one column of every segment. Row groups of segments are as large, or larger and then there
/// is one: rows beyond the dictionary hold 0, as every segment's proof shows.
fn sums<'a>(groups: RowGroups, columns: impl Iterator<Item = &'a Vec<Commitment>>) -> Vec<Commitment> {
    let mut sums = vec![G1Projective::ZERO; groups.count()];
    for column in columns {
        for (sum, commitment) in sums.iter_mut().zip(column) {
            *sum += commitment.point();
        }
    }
    sums.into_iter().map(|sum| Commitment::new(sum.into_affine())).collect()
}

/// Blinders of the columns of the scan.
pub(super) struct DictionaryBlinders<'a> {
    pub(super) scan: &'a ScanPlan,
    /// Positions of the multiplicities in a segment.
    pub(super) positions: Vec<usize>,
    /// One seed per segment.
    pub(super) segments: Vec<CommitmentSeed>,
    pub(super) own: CommitmentSeed,
}

impl Blinders for DictionaryBlinders<'_> {
    fn blinder(&self, column: u32, group: u32) -> Fr {
        match self.scan.cells().get(column as usize) {
            Some(&Cell::GroupSum { column }) => match self.positions.get(column) {
                Some(&position) => self.segments.iter().map(|seed| seed.blinder(position as u32, group)).sum(),
                None => Fr::ZERO,
            },
            Some(&cell) if is_own(cell) => self.own.blinder(column, group),
            _ => Fr::ZERO,
        }
    }
}
