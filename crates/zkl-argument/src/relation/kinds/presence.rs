//! A row that holds certain values, or none.
//!
//! # Statement
//! A row of the one table meets all tests, which are for equality; or no row does.
//!
//! # Relation
//! Constants are public, minima are sealed, b is validity (1 if the column is never null), v the value of a column:
//! ```text
//! present       m [v - c b, 1 - b, .., 1 - ind] = 1 [0, 0, .., 0]                  m free
//! absent        (v - c b) Y + (1 - b) Y^2 + .. + (1 - ind) Y^k is not 0
//! ```
//!
//! # Soundness
//! Beyond n the last component is 1, so both are about rows below n alone. Differences do not wrap around (`relation/condition.rs`).

use zkl_core::ark::{Fr, ff::Field as _};

use super::{Features, Given, Kind, Reads, exactly};
use crate::{
    error::PlanError,
    relation::{
        column::{Place, Values},
        condition::{Test, Tests},
        extra::ExtraCells,
        posting::{Amount, Column, ExtraColumn, Posting, Postings, Target, Term, Weight, cells_of},
        row_hash::Rows,
        shape::RelationShape,
    },
    witness::CellData,
};

const FEATURES: Features = Features { tables: 1..=1, reads: Reads::Values, tests: Tests::Equality, has_limbs: false };

pub(super) struct Present;

impl Kind for Present {
    const FEATURES: Features = FEATURES;

    fn post(&self, given: &Given<'_>, postings: &mut Postings) -> Result<(), PlanError> {
        let [table] = exactly(given.tables)?;
        let (space, free) = (given.space, cells_of(&table.columns));
        let (terms, len) = differences(given)?;
        for unit in given.units(0) {
            let weight = Weight::Form(0, vec![(Fr::ONE, free)]);
            postings.push(Posting { unit, space, negative: false, weight, terms: terms.clone(), shift: 0 });
            postings.push_extra(unit, ExtraColumn::Match);
        }
        postings.targets.push(Target::zeros(space, Amount::Constant(1), len));
        Ok(())
    }

    /// Points at the first row that holds all constants, if there is one.
    fn fill(&self, shape: &RelationShape, tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
        let &[(table, sealed, units)] = exactly(tables)?;
        let tests = shape.tests();
        let values: Vec<Values<'_>> = tests.iter().filter_map(|test| Values::new(table, sealed, test.column)).collect();
        let mut columns = Vec::with_capacity(units.len());
        let mut found = false;
        for unit in units {
            let mut is_first = |row: usize| {
                let holds = tests.iter().zip(&values).all(|(test, values)| test.test.holds(values.at(unit, row)));
                let first = holds && !found;
                found |= holds;
                first
            };
            columns.push(vec![CellData::Bits((0..unit.rows).map(&mut is_first).collect::<Vec<_>>().into())]);
        }
        Ok(ExtraCells { columns, firsts: Vec::new() })
    }
}

pub(super) struct Absent;

impl Kind for Absent {
    const FEATURES: Features = FEATURES;

    fn post(&self, given: &Given<'_>, postings: &mut Postings) -> Result<(), PlanError> {
        let (terms, _) = differences(given)?;
        for unit in given.units(0) {
            let terms = terms.clone();
            let space = given.space;
            postings.push(Posting { unit, space, negative: false, weight: Weight::NonZero, terms, shift: 0 });
        }
        Ok(())
    }

    fn fill(&self, _shape: &RelationShape, _tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
        Ok(ExtraCells::default())
    }
}

/// What is 0 in the rows that hold all constants and in no other, with the number of components.
fn differences(given: &Given<'_>) -> Result<(Vec<Term>, usize), PlanError> {
    let [table] = exactly(given.tables)?;
    let (mut terms, mut power) = (Vec::new(), 1);
    for test in given.tests {
        let (Some(place), Test::Equal(constant)) = (Place::new(0, &table.columns, test.column), test.test) else {
            continue;
        };
        let (own, next) = place.difference(power, constant);
        terms.extend(own);
        power = next;
    }
    terms.push((power, Fr::ONE, Column::Beyond));
    Ok((terms, power))
}
