//! `rows >= 1000`: the row count in the header.
//!
//! Public inputs: h, ctx, layout; range (6). Relation: `rows / 1` in the range. Width: `a y` and `b x` below 2^128.

use zkl_core::{ark::Fr, claim::Bounds};
use zkl_snark::gadgets::{Cs, GadgetError, IntVar};

use super::{
    range::{BoundsVar, WIDE, bounds_inputs},
    relation::{Frame, Relation},
};
use crate::seal::{Seal, SealError};

#[derive(Clone)]
pub(super) struct Rows {
    pub(super) is: Bounds,
}

impl Relation for Rows {
    type Witness = ();

    fn name(&self) -> String {
        "rows".to_owned()
    }

    fn inputs(&self) -> Vec<Fr> {
        bounds_inputs(&self.is)
    }

    fn open(&self, _: &Seal) -> Result<(), SealError> {
        Ok(())
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, _: Option<&()>) -> Result<(), GadgetError> {
        BoundsVar::input(cs, WIDE, &self.is)?.enforce(cs, &frame.rows, &IntVar::constant(1)?)
    }
}
