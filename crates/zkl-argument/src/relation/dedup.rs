//! Of the rows with one key, one.
//!
//! # Statement
//! The rows of the second table are some of those of the first, no two of them have one key, and every key of the first table is one of theirs. Null equals
//! null. Which of the rows with one key is kept, nobody learns.
//!
//! # Relation
//! A selector in the first table, as for a subset; the chain of [`super::chain`] through the key cells of the second; and in a space of its own, with a free
//! column m in the second table and keys as values (`v_j`, then `b_j` if either table may have null there; a dictionary's digest)
//! ```text
//! sum_first ind [key, 0] - sum_second m [key, 1 - ind] = 0
//! ```
//!
//! # Soundness
//! A key of the first table is a pole whose weight is a number of rows, which is not 0: so a row below n of the second one has it, as a value. The chain is
//! about the cells of the second table, in which equal values have equal cells; of its dictionaries the verifier checks that a value has one code.

use zkl_core::ark::{Fr, ff::Field as _};

use super::{
    SealedTable, UnitCells,
    chain::KeyLayout,
    condition::Place,
    extra::{ExtraCells, count_rows, gaps, pair, selectors},
    posting::{Amount, Column, ColumnSet, ExtraColumn, Posting, Postings, Term, Weight, cells_of},
    row_hash::RowHasher,
    shape::{ColumnShape, RelationShape, TableShape},
};
use crate::{error::PlanError, witness::CellData};

/// The key of a row of a table as values, and the power of Y after them. Both tables give each component the same power.
fn values(key: ColumnSet, table: usize, tables: [&TableShape; 2]) -> (Vec<Term>, usize) {
    let is_nullable = |column: usize| {
        let is_nullable = |table: &&TableShape| match table.columns.get(column) {
            Some(ColumnShape::Numeric { nullable, .. }) => *nullable,
            // Null is the digest 0.
            _ => false,
        };
        tables.iter().any(is_nullable)
    };
    let columns = tables.get(table).map(|table| table.columns.as_slice()).unwrap_or_default();
    let (mut terms, mut power) = (Vec::new(), 1);
    for column in key.iter() {
        let Some(place) = Place::new(table, columns, column) else { continue };
        terms.extend(place.value(power, Fr::ONE));
        power += 1;
        if is_nullable(column) {
            terms.push(place.constant(power, Fr::ONE));
            power += 1;
        }
    }
    (terms, power)
}

impl Postings {
    /// The second table has one row for each key of the first.
    pub(super) fn dedup(
        &mut self,
        key: ColumnSet,
        (whole, kept): (&TableShape, &TableShape),
        limb_bits: usize,
        space: u64,
    ) -> Result<(), PlanError> {
        if let Some(index) = key.iter().find(|index| *index >= kept.columns.len()) {
            return Err(PlanError::Column { index });
        }
        let layout = KeyLayout::new(&kept.columns, |column| key.contains(column))?;
        let selector = cells_of(&whole.columns);
        self.selectors(whole, selector, space, [Amount::Rows(1), Amount::RowsLeft]);
        let matches = cells_of(&kept.columns);
        let units = whole.units..whole.units + kept.units;
        let occurs =
            |unit, negative, weight, terms| Posting { unit, space: space + 1, negative, weight, terms, shift: 0 };
        for unit in 0..whole.units {
            let (terms, _) = values(key, 0, [whole, kept]);
            self.postings.push(occurs(unit, false, Weight::Below, terms));
        }
        for unit in units.clone() {
            let (mut terms, power) = values(key, 1, [whole, kept]);
            terms.push((power, Fr::ONE, Column::Beyond));
            self.postings.push(occurs(unit, true, Weight::Form(0, vec![(Fr::ONE, matches)]), terms));
            self.push_extra(unit, ExtraColumn::Match);
        }
        self.chain(units, &layout, (matches + 1, limb_bits), space + 2);
        self.limb_table(selector + 1);
        Ok(())
    }
}

/// The selector of the first table; of the second how many rows of the first each stands for, and the gaps between their keys.
pub(super) fn columns(
    shape: &RelationShape,
    key: ColumnSet,
    sealed: &[SealedTable<Fr>],
    units: &[UnitCells<'_>],
) -> Result<ExtraCells, PlanError> {
    let [whole, kept] = pair(shape, sealed, units)?;
    let is_key = |column: usize| key.contains(column);
    let hasher = RowHasher::new();
    let mut rows = count_rows(&hasher.values(whole, &is_key));
    let mut chain = gaps(shape.limb_bits(), &KeyLayout::new(&kept.0.columns, is_key)?, kept.2)?;
    let mut columns = selectors(whole, kept);
    // The first unit of all has the multiplicities.
    if let (Some(first), Some(multiplicities)) = (columns.first_mut(), chain.columns.first_mut().and_then(Vec::pop)) {
        first.push(multiplicities);
    }
    for (hashes, gaps) in hasher.values(kept, &is_key).iter().zip(&chain.columns) {
        let stands_for: Vec<u32> = hashes.iter().map(|hash| rows.remove(hash).unwrap_or(0) as u32).collect();
        let mut own = vec![CellData::U32(stands_for.into())];
        own.extend(gaps.iter().cloned());
        columns.push(own);
    }
    Ok(ExtraCells { columns, firsts: chain.firsts.clone() })
}
