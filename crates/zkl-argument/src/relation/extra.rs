//! The columns that a relation has beside those of its tables, as an honest prover fills them.

use foldhash::HashMap;
use zeroize::Zeroize as _;
use zkl_core::ark::Fr;

use super::{
    SealedTable, UnitCells,
    row_hash::{RowHash, RowHasher, Rows},
    shape::RelationShape,
};
use crate::{error::PlanError, witness::CellData};

/// Columns beside those of the tables, and the messages that precede the first challenge. Secret.
#[derive(Clone, Default)]
pub struct ExtraCells {
    /// `[unit][column]`, in the order of [`RelationShape::extra`].
    pub columns: Vec<Vec<CellData<'static>>>,
    /// [`RelationShape::first_count`] elements.
    pub firsts: Vec<Fr>,
}

impl Drop for ExtraCells {
    fn drop(&mut self) {
        self.firsts.zeroize();
    }
}

/// The extra columns of a true relation between `units`, whose cells are those of the tables alone. Of a false one there are columns as well:
/// they prove nothing.
///
/// # Errors
/// [`PlanError::Column`] for units and [`PlanError::Profile`] for seals that do not fit the shape.
pub fn extra_columns(
    shape: &RelationShape,
    sealed: &[SealedTable<Fr>],
    units: &[UnitCells<'_>],
) -> Result<ExtraCells, PlanError> {
    let mut extra = shape.kind().fill(shape, &by_table(shape, sealed, units)?)?;
    extra.columns.resize_with(units.len(), Vec::new);
    Ok(extra)
}

/// Each table with its seal and its units.
fn by_table<'a>(
    shape: &'a RelationShape,
    sealed: &'a [SealedTable<Fr>],
    units: &'a [UnitCells<'a>],
) -> Result<Vec<Rows<'a>>, PlanError> {
    let tables = shape.tables();
    if tables.len() != sealed.len() {
        return Err(PlanError::Profile { index: sealed.len() });
    }
    let mut rest = units;
    let mut all = Vec::with_capacity(tables.len());
    for (table, sealed) in tables.iter().zip(sealed) {
        let (own, after) = rest.split_at_checked(table.units).ok_or(PlanError::Column { index: units.len() })?;
        rest = after;
        all.push((table, sealed, own));
    }
    if rest.is_empty() { Ok(all) } else { Err(PlanError::Column { index: units.len() }) }
}

/// How often each row is there.
pub(super) fn count_rows(hashes: &[Vec<RowHash>]) -> HashMap<RowHash, u64> {
    let mut counts = HashMap::default();
    for hash in hashes.iter().flatten() {
        *counts.entry(*hash).or_default() += 1;
    }
    counts
}

/// Selects as many rows of the whole as the part has of the same values, where there are that many.
pub(super) fn selectors(whole: Rows<'_>, part: Rows<'_>) -> Vec<Vec<CellData<'static>>> {
    let hasher = RowHasher::new();
    let mut wanted = count_rows(&hasher.values(part, &|_| true));
    let select = |hashes: &Vec<RowHash>| {
        let is_wanted = |hash| match wanted.get_mut(hash) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        };
        let selected: Vec<bool> = hashes.iter().map(is_wanted).collect();
        vec![CellData::Bits(selected.into())]
    };
    hasher.values(whole, &|_| true).iter().map(select).collect()
}
