//! Every value within bounds.
//!
//! # Statement
//! Every value of the one column of the one table, a number, lies within bounds. Null does if nulls are allowed.
//!
//! # Relation
//! Bounds are public, the minimum is sealed, b is validity (1 if the column is never null), v the value; limbs of d, d' are looked up:
//! ```text
//! ind [d - (v - lower b), d' - (upper b - v), 1 - b] = n [0, 0, 0]
//! ```
//! Where nulls are allowed there is no `1 - b`; in a row without value u and b are 0, and d, d' with them.
//!
//! # Soundness
//! Distances do not wrap around (`relation/condition.rs`), and have as many limbs as the distance between the ends. Both are at least 0, so v is in between.

use zkl_core::ark::{Fr, ff::Field as _};

use super::{Features, Given, Kind, Reads, exactly};
use crate::{
    error::PlanError,
    relation::{
        column::{Place, Values, signed},
        condition::Tests,
        extra::ExtraCells,
        limbs::{Limbs, limb_terms},
        posting::{Amount, ExtraColumn, Posting, Postings, Target, Term, Weight, cells_of},
        row_hash::Rows,
        shape::{ColumnShape, RelationShape},
    },
};

pub(super) struct Bounds {
    pub(super) lower: i64,
    pub(super) upper: i64,
    pub(super) nulls: bool,
}

impl Bounds {
    /// Limbs of each of both distances: those of the distance between the ends.
    fn limbs(&self, limb_bits: usize) -> usize {
        let bits = 64 - self.lower.abs_diff(self.upper).leading_zeros() as usize;
        bits.div_ceil(limb_bits).max(1)
    }
}

impl Kind for Bounds {
    const FEATURES: Features = Features { tables: 1..=1, reads: Reads::Numbers, tests: Tests::None, has_limbs: true };

    fn post(&self, given: &Given<'_>, postings: &mut Postings) -> Result<(), PlanError> {
        let &Given { limb_bits, space, .. } = given;
        let [table] = exactly(given.tables)?;
        let misfit = PlanError::Column { index: 0 };
        if self.lower > self.upper || !matches!(*table.columns, [ColumnShape::Numeric { .. }]) {
            return Err(misfit);
        }
        let place = Place::new(0, &table.columns, 0).ok_or(misfit)?;
        let (first, limbs) = (cells_of(&table.columns), self.limbs(limb_bits));
        let null = if self.nulls { Vec::new() } else { place.null(3) };
        for unit in given.units(0) {
            let mut terms: Vec<Term> = limb_terms(first, limbs, limb_bits, 1).collect();
            terms.extend(place.value(1, -Fr::ONE));
            terms.push(place.constant(1, Fr::from(self.lower)));
            terms.extend(limb_terms(first + limbs, limbs, limb_bits, 2));
            terms.extend(place.value(2, Fr::ONE));
            terms.push(place.constant(2, -Fr::from(self.upper)));
            terms.extend(null.iter().copied());
            postings.push(Posting { unit, space, negative: false, weight: Weight::Below, terms, shift: 0 });
            postings.look_up(unit, first, 2 * limbs, ExtraColumn::Distance);
        }
        postings.targets.push(Target::zeros(space, Amount::Rows(0), 2 + usize::from(!null.is_empty())));
        postings.limb_table(first + 2 * limbs);
        Ok(())
    }

    /// The distances to both bounds.
    fn fill(&self, shape: &RelationShape, tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
        let &[(table, sealed, units)] = exactly(tables)?;
        let values = Values::new(table, sealed, 0).ok_or(PlanError::Column { index: 0 })?;
        let mut limbs = Limbs::new(shape.limb_bits());
        let count = self.limbs(shape.limb_bits());
        let mut columns = Vec::with_capacity(units.len());
        for unit in units {
            let values: Vec<Option<i128>> = (0..unit.rows).map(|row| values.at(unit, row).map(signed)).collect();
            let distances = |from: &dyn Fn(i128) -> i128| -> Vec<u128> {
                // Of a value out of bounds there is none: no proof either.
                values.iter().map(|value| value.map_or(0, from).max(0).unsigned_abs()).collect()
            };
            let mut own = limbs.columns(&distances(&|value| value - i128::from(self.lower)), count);
            own.extend(limbs.columns(&distances(&|value| i128::from(self.upper) - value), count));
            columns.push(own);
        }
        if let Some(first) = columns.first_mut() {
            first.push(limbs.multiplicities());
        }
        Ok(ExtraCells { columns, firsts: Vec::new() })
    }
}
