//! `sum(amount) <= 1000000`: the sum over the valid rows, in integer units of the column.
//!
//! Public inputs: h, ctx, layout; record index; range (6). Relation, with `c` valid rows and `S1 = sum (v - min)`:
//!
//! ```text
//! c >= 1,  (S1 + c min) / 1 in the range
//! ```
//!
//! Width: `b (S1 + c min)` below 2^153, `a` below 2^127.

use zkl_core::{ark::Fr, claim::Bounds};
use zkl_snark::gadgets::{Cs, GadgetError, IntVar};

use super::{
    mean::total,
    range::{BoundsVar, WIDE, bounds_inputs},
    relation::{Frame, Relation, enforce_at_least},
};
use crate::seal::{NumericRecord, NumericRecordVar, Opening, RecordIndex, RecordIndexVar, Seal, SealError};

#[derive(Clone)]
pub(super) struct Sum {
    pub(super) column: usize,
    pub(super) index: RecordIndex,
    pub(super) is: Bounds,
}

impl Relation for Sum {
    type Witness = Opening<NumericRecord>;

    fn name(&self) -> String {
        "sum".to_owned()
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs = vec![self.index.public_input()];
        inputs.extend(bounds_inputs(&self.is));
        inputs
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.numeric(self.column)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let index = RecordIndexVar::input(cs, Some(self.index))?;
        let range = BoundsVar::input(cs, WIDE, &self.is)?;
        let record = NumericRecordVar::open(cs, &index, witness, &frame.h)?;
        enforce_at_least(cs, &record.valid, 1)?;
        range.enforce(cs, &total(cs, &record)?, &IntVar::constant(1)?)
    }
}
