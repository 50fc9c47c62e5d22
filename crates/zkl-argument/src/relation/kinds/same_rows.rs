//! The same rows: postings of rows and dictionaries say all of it.

use super::{Counted, Features, Given, Kind, Reads, RelationKind};
use crate::{
    error::PlanError,
    relation::{
        condition::Tests,
        extra::ExtraCells,
        posting::Postings,
        row_hash::Rows,
        shape::{RelationShape, TableShape},
    },
    shape::LIMB_BITS,
};

pub(super) struct SameRows;

impl Kind for SameRows {
    const FEATURES: Features = Features {
        tables: 2..=RelationShape::MAX_TABLES,
        reads: Reads::Rows(Counted::All),
        tests: Tests::None,
        has_limbs: false,
    };

    fn post(&self, _given: &Given<'_>, _postings: &mut Postings) -> Result<(), PlanError> {
        Ok(())
    }

    fn fill(&self, _shape: &RelationShape, _tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
        Ok(ExtraCells::default())
    }
}

impl RelationShape {
    /// The shape of a relation of the same rows between `tables`, whose units have at most `2^log_rows` rows.
    ///
    /// # Errors
    /// [`PlanError::Size`] for what is too many or too few, [`PlanError::Column`] when columns do not correspond.
    pub fn new(log_rows: usize, tables: Vec<TableShape>) -> Result<Self, PlanError> {
        Self::of(RelationKind::SameRows, LIMB_BITS, log_rows, tables)
    }
}
