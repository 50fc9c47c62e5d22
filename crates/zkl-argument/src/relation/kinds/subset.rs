//! Some of the rows.
//!
//! # Statement
//! The rows of the second table are some of those of the first, none more often than there.
//!
//! # Relation
//! Rows of the first table count with a selector, which is 1 in as many rows as the second table has.

use super::{Counted, Features, Given, Kind, Reads, exactly};
use crate::{
    error::PlanError,
    relation::{
        condition::Tests,
        extra::{ExtraCells, selectors},
        posting::{Amount, Postings, cells_of},
        row_hash::Rows,
        shape::RelationShape,
    },
};

pub(super) struct Subset;

impl Kind for Subset {
    const FEATURES: Features =
        Features { tables: 2..=2, reads: Reads::Rows(Counted::Selected), tests: Tests::None, has_limbs: false };

    fn post(&self, given: &Given<'_>, postings: &mut Postings) -> Result<(), PlanError> {
        let [whole, _] = exactly(given.tables)?;
        postings.selectors(whole, cells_of(&whole.columns), given.space, [Amount::Rows(1), Amount::RowsLeft]);
        Ok(())
    }

    fn fill(&self, _shape: &RelationShape, tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
        let [whole, part] = *exactly(tables)?;
        Ok(ExtraCells { columns: selectors(whole, part), firsts: Vec::new() })
    }
}
