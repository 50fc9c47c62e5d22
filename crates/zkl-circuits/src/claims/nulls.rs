//! `nulls(email) <= 10`, `nulls(email) <= 1%`: rows without a value, as a number or out of all rows.
//!
//! Public inputs: h, ctx, layout; record index; rate (0 or 1); range (6). Relation, with `n` rows and `c` valid:
//!
//! ```text
//! x = n - c >= 0,  y = if rate { n } else { 1 } >= 1,  x / y in the range
//! ```
//!
//! Width: `a y` below 2^159.

use zkl_core::{
    ark::Fr,
    claim::{Bounds, NullUnit},
};
use zkl_snark::gadgets::{BoolVar, Cs, GadgetError, IntVar};

use super::{
    range::{BoundsVar, WIDE, bounds_inputs},
    relation::{Frame, Relation, enforce_at_least},
};
use crate::seal::{Opening, RecordHead, RecordHeadVar, RecordIndex, RecordIndexVar, Seal, SealError};

#[derive(Clone)]
pub(super) struct Nulls {
    pub(super) column: usize,
    pub(super) index: RecordIndex,
    pub(super) unit: NullUnit,
    pub(super) is: Bounds,
}

impl Nulls {
    fn rate(&self) -> bool {
        self.unit == NullUnit::Rate
    }
}

impl Relation for Nulls {
    type Witness = Opening<RecordHead>;

    fn name(&self) -> String {
        "nulls".to_owned()
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs = vec![self.index.public_input(), Fr::from(self.rate())];
        inputs.extend(bounds_inputs(&self.is));
        inputs
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.head(self.column)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let index = RecordIndexVar::input(cs, Some(self.index))?;
        let rate = BoolVar::input(cs, Some(self.rate()))?;
        let range = BoundsVar::input(cs, WIDE, &self.is)?;
        let record = RecordHeadVar::open(cs, &index, witness, &frame.h)?;
        let nulls = frame.rows.sub(&record.valid)?;
        nulls.enforce_nonnegative(cs)?;
        let base = IntVar::select(cs, &rate, &frame.rows, &IntVar::constant(1)?)?;
        enforce_at_least(cs, &base, 1)?;
        range.enforce(cs, &nulls, &base)
    }
}
