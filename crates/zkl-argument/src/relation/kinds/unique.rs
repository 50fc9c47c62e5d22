//! No two rows are equal.
//!
//! # Statement
//! No two rows below n of the one table are equal in the columns. Null equals null.
//!
//! # Relation
//! The chain of `relation/chain.rs` through the cells of all columns.

use super::{Features, Given, Kind, Reads, exactly};
use crate::{
    error::PlanError,
    relation::{
        chain::{KeyLayout, gaps},
        condition::Tests,
        extra::ExtraCells,
        posting::{Postings, cells_of},
        row_hash::Rows,
        shape::RelationShape,
    },
};

pub(super) struct Unique;

impl Kind for Unique {
    const FEATURES: Features = Features { tables: 1..=1, reads: Reads::Cells, tests: Tests::None, has_limbs: true };

    fn post(&self, given: &Given<'_>, postings: &mut Postings) -> Result<(), PlanError> {
        let [table] = exactly(given.tables)?;
        let (key, first) = (KeyLayout::new(&table.columns, |_| true)?, cells_of(&table.columns));
        postings.chain(given, 0, &key, first, given.space);
        postings.limb_table(first + key.gap_limbs(given.limb_bits));
        Ok(())
    }

    fn fill(&self, shape: &RelationShape, tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
        let &[(table, _, units)] = exactly(tables)?;
        gaps(shape.limb_bits(), &KeyLayout::new(&table.columns, |_| true)?, units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relation::{ColumnShape, RelationKind, Side, TableShape};

    #[test]
    fn few_units_with_many_postings_each_are_bounded() {
        let columns = vec![ColumnShape::Numeric { limbs: 1, nullable: false, fraction_bits: 0 }];
        let keys = TableShape { side: Side::Left, units: 60, columns };
        let error = RelationShape::of(RelationKind::Unique, 16, 20, vec![keys]).err();
        assert!(matches!(error, Some(PlanError::Size { what: "number of blocks", .. })), "{error:?}");
    }
}
