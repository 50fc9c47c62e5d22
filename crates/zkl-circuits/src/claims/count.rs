//! `count(email) >= 900`: the valid count of a column of any kind.
//!
//! Public inputs: h, ctx, layout; record index; range (6). Relation: `valid / 1` in the range. Width: below 2^128.

use zkl_core::{ark::Fr, claim::Bounds};
use zkl_snark::gadgets::{Cs, GadgetError, IntVar};

use super::{
    range::{BoundsVar, WIDE, bounds_inputs},
    relation::{Frame, Relation},
};
use crate::seal::{Opening, RecordHead, RecordHeadVar, RecordIndex, RecordIndexVar, Seal, SealError};

#[derive(Clone)]
pub(super) struct Count {
    pub(super) column: usize,
    pub(super) index: RecordIndex,
    pub(super) is: Bounds,
}

impl Relation for Count {
    type Witness = Opening<RecordHead>;

    fn name(&self) -> String {
        "count".to_owned()
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs = vec![self.index.public_input()];
        inputs.extend(bounds_inputs(&self.is));
        inputs
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.head(self.column)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let index = RecordIndexVar::input(cs, Some(self.index))?;
        let range = BoundsVar::input(cs, WIDE, &self.is)?;
        // Any kind will do: the field that is read stands at the same place in all of them.
        let record = RecordHeadVar::open(cs, &index, witness, &frame.h)?;
        range.enforce(cs, &record.valid, &IntVar::constant(1)?)
    }
}
