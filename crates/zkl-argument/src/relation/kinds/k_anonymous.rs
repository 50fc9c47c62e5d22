//! Classes of at least k rows.
//!
//! # Statement
//! Every row below n of the one table is equal to k - 1 others, at least, in the columns. Null equals null.
//!
//! # Relation
//! A selector s and limbs of a remainder e, `0 <= e < 2^32`, in every row. How often s is 1 is a message that precedes X. `K` has a component for
//! every column of the key.
//!
//! | posting | weight | tuple | says |
//! |---|---|---|---|
//! | classes | `ind`, `-(k s + e)` | `[K]` | the rows of a key are as many as `k s + e` adds up to over them |
//! | remainders | `1 - s`, in all rows | `[e]` | e is 0 where s is 0, and beyond n |
//!
//! # Soundness
//! A class of c >= 1 rows has `c = sum (k s + e)`, whose terms are 0 or at least k; so c is at least k. Cells of one table that are equal are equal
//! values, so classes of values are made of whole classes of cells.

use foldhash::HashMap;
use zkl_core::ark::{Fr, ff::Field as _};

use super::{Features, Given, Kind, Reads, exactly};
use crate::{
    error::PlanError,
    relation::{
        condition::Tests,
        extra::ExtraCells,
        limbs::{Limbs, limb_terms},
        posting::{Amount, Column, ExtraColumn, Posting, Postings, Target, Term, Weight, cells_of, two},
        row_hash::{RowHash, RowHasher, Rows},
        shape::{ColumnShape, RelationShape},
    },
    shape::LIMB_BITS,
    witness::CellData,
};

/// Bits of what a class has beyond k.
const REMAINDER_BITS: usize = 32;

pub(super) struct KAnonymous {
    pub(super) k: u32,
}

impl Kind for KAnonymous {
    const FEATURES: Features = Features { tables: 1..=1, reads: Reads::Cells, tests: Tests::None, has_limbs: true };

    fn post(&self, given: &Given<'_>, postings: &mut Postings) -> Result<(), PlanError> {
        let [table] = exactly(given.tables)?;
        let selector = cells_of(&table.columns);
        postings.selectors(table, selector, given.space, [Amount::First(0), Amount::RowsLessFirst(0)]);
        let (first, limbs) = (selector + 1, REMAINDER_BITS.div_ceil(given.limb_bits));
        let (classes, remainders) = (given.space + 1, given.space + 2);
        let mut counted = vec![(Fr::from(self.k), selector)];
        counted.extend((0..limbs).map(|limb| (two(given.limb_bits * limb), first + limb)));
        for unit in given.units(0) {
            let posting = |space, negative, weight, terms| Posting { unit, space, negative, weight, terms, shift: 0 };
            let key = || components(&table.columns);
            postings.push(posting(classes, false, Weight::Below, key()));
            postings.push(posting(classes, true, Weight::Form(0, counted.clone()), key()));
            let remainder = limb_terms(first, limbs, given.limb_bits, 1).collect();
            postings.push(posting(remainders, false, Weight::Form(1, vec![(-Fr::ONE, selector)]), remainder));
            postings.look_up(unit, first, limbs, ExtraColumn::Remainder);
        }
        postings.limb_table(first + limbs);
        postings.targets.push(Target::zeros(remainders, Amount::AllLessFirst, 1));
        postings.firsts = 1;
        Ok(())
    }

    /// The first row of every class of at least k rows, and how many more it has.
    fn fill(&self, shape: &RelationShape, tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
        let &[(_, _, units)] = exactly(tables)?;
        let hashes = RowHasher::new().cells(units);
        let mut sizes: HashMap<RowHash, u32> = HashMap::default();
        for hash in hashes.iter().flatten() {
            *sizes.entry(*hash).or_default() += 1;
        }
        let mut limbs = Limbs::new(shape.limb_bits());
        let count = REMAINDER_BITS.div_ceil(shape.limb_bits());
        let mut selected = 0u64;
        let mut columns: Vec<Vec<CellData<'static>>> = Vec::with_capacity(units.len());
        for hashes in &hashes {
            // The first row of a class takes its size.
            let rest = |hash| sizes.get_mut(hash).and_then(|size| std::mem::take(size).checked_sub(self.k));
            let rests: Vec<Option<u32>> = hashes.iter().map(rest).collect();
            let selector: Vec<bool> = rests.iter().map(Option::is_some).collect();
            selected += selector.iter().map(|is_selected| u64::from(*is_selected)).sum::<u64>();
            let remainders: Vec<u128> = rests.iter().map(|rest| rest.unwrap_or(0).into()).collect();
            let mut own = vec![CellData::Bits(selector.into())];
            own.extend(limbs.columns(&remainders, count));
            columns.push(own);
        }
        if let Some(first) = columns.first_mut() {
            first.push(limbs.multiplicities());
        }
        Ok(ExtraCells { columns, firsts: vec![Fr::from(selected)] })
    }
}

/// The components of a key within one table, column by column.
fn components(columns: &[ColumnShape]) -> Vec<Term> {
    let (mut terms, mut cell) = (Vec::new(), 0);
    for (column, power) in columns.iter().zip(1..) {
        match *column {
            // u + b: 0 for null, whose limbs are 0.
            ColumnShape::Numeric { limbs, nullable, .. } => {
                let limbs = usize::from(limbs);
                terms.extend(limb_terms(cell, limbs, LIMB_BITS, power));
                if nullable {
                    terms.push((power, Fr::ONE, Column::Cell(cell + limbs)));
                }
            }
            ColumnShape::Category { .. } | ColumnShape::Code { .. } => {
                terms.push((power, Fr::ONE, Column::Cell(cell)));
            }
            ColumnShape::Hashed => terms.push((power, Fr::ONE, Column::Digest(cell))),
        }
        cell += column.cells();
    }
    terms
}
