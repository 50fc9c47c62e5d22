//! Of the rows with one key, one.
//!
//! # Statement
//! The rows of the second table are some of those of the first, no two of them have one key, and every key of the first table is one of theirs. Null equals
//! null. Which of the rows with one key is kept, nobody learns.
//!
//! # Relation
//! A selector in the first table, as for a subset; the chain of `relation/chain.rs` through the key cells of the second; and in a space of its own, with a free
//! column m in the second table and keys as values (`v_j`, then `b_j` if either table may have null there; a dictionary's digest)
//! ```text
//! sum_first ind [key, 0] - sum_second m [key, 1 - ind] = 0
//! ```
//!
//! # Soundness
//! A key of the first table is a pole whose weight is a number of rows, which is not 0: so a row below n of the second one has it, as a value. The chain is
//! about the cells of the second table, in which equal values have equal cells; of its dictionaries the verifier checks that a value has one code.

use zkl_core::ark::{Fr, ff::Field as _};

use super::{Counted, Features, Given, Kind, Reads, exactly};
use crate::{
    error::PlanError,
    relation::{
        chain::{KeyLayout, gaps},
        column::Place,
        condition::Tests,
        extra::{ExtraCells, count_rows, selectors},
        posting::{Amount, Column, ExtraColumn, Posting, Postings, Term, Weight, cells_of},
        row_hash::{RowHasher, Rows},
        shape::{ColumnShape, RelationShape, TableShape},
    },
    witness::CellData,
};

/// Some of the compared columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ColumnSet(u64);

impl ColumnSet {
    /// These columns; `None` if one of them is the 65th or a later one, which no relation has.
    pub fn new(columns: impl IntoIterator<Item = usize>) -> Option<Self> {
        let bit = |column: usize| u32::try_from(column).ok().and_then(|column| 1u64.checked_shl(column));
        columns.into_iter().try_fold(0, |set, column| Some(set | bit(column)?)).map(Self)
    }

    /// Whether a column is one of them.
    pub fn contains(self, column: usize) -> bool {
        u32::try_from(column).ok().and_then(|column| self.0.checked_shr(column)).is_some_and(|rest| rest & 1 == 1)
    }

    /// The columns, in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..u64::BITS as usize).filter(move |column| self.contains(*column))
    }
}

pub(super) struct Dedup {
    pub(super) key: ColumnSet,
}

impl Kind for Dedup {
    const FEATURES: Features =
        Features { tables: 2..=2, reads: Reads::Rows(Counted::Selected), tests: Tests::None, has_limbs: true };

    fn post(&self, given: &Given<'_>, postings: &mut Postings) -> Result<(), PlanError> {
        let [whole, kept] = exactly(given.tables)?;
        let (key, space) = (self.key, given.space);
        if let Some(index) = key.iter().find(|index| *index >= kept.columns.len()) {
            return Err(PlanError::Column { index });
        }
        let layout = KeyLayout::new(&kept.columns, |column| key.contains(column))?;
        let selector = cells_of(&whole.columns);
        postings.selectors(whole, selector, space, [Amount::Rows(1), Amount::RowsLeft]);
        let matches = cells_of(&kept.columns);
        let occurs =
            |unit, negative, weight, terms| Posting { unit, space: space + 1, negative, weight, terms, shift: 0 };
        for unit in given.units(0) {
            let (terms, _) = values(key, 0, [whole, kept]);
            postings.push(occurs(unit, false, Weight::Below, terms));
        }
        for unit in given.units(1) {
            let (mut terms, power) = values(key, 1, [whole, kept]);
            terms.push((power, Fr::ONE, Column::Beyond));
            postings.push(occurs(unit, true, Weight::Form(0, vec![(Fr::ONE, matches)]), terms));
            postings.push_extra(unit, ExtraColumn::Match);
        }
        postings.chain(given, 1, &layout, matches + 1, space + 2);
        postings.limb_table(selector + 1);
        Ok(())
    }

    /// The selector of the first table; of the second how many rows of the first each stands for, and the gaps between their keys.
    fn fill(&self, shape: &RelationShape, tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
        let [whole, kept] = *exactly(tables)?;
        let is_key = |column: usize| self.key.contains(column);
        let hasher = RowHasher::new();
        let mut rows = count_rows(&hasher.values(whole, &is_key));
        let mut chain = gaps(shape.limb_bits(), &KeyLayout::new(&kept.0.columns, is_key)?, kept.2)?;
        let mut columns = selectors(whole, kept);
        // The first unit of all has the multiplicities.
        if let (Some(first), Some(multiplicities)) = (columns.first_mut(), chain.columns.first_mut().and_then(Vec::pop))
        {
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
}

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
