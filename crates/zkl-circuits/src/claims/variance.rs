//! `var(age) <= 25`, `var_sample(age) <= 25`: the variance over the valid rows, in squared integer units of the column.
//!
//! Public inputs: h, ctx, layout; record index; sample (0 or 1); range (6). Relation, with `c` valid rows,
//! `S1 = sum u`, `S2 = sum u^2` and `d = sample`:
//!
//! ```text
//! c >= 1 + d,  V = c S2 - S1^2,  V / (c (c - d)) in the range
//! ```
//!
//! Width: `V` below 2^192, `b V` below 2^248, `a c^2` below 2^191; k = 249.

use zkl_core::{
    ark::Fr,
    claim::{Bounds, Estimator},
};
use zkl_snark::gadgets::{BoolVar, Cs, GadgetError, IntVar};

use super::{
    range::{BoundsVar, WIDE, bounds_inputs},
    relation::{Frame, Relation, enforce_at_least},
};
use crate::seal::{NumericRecord, NumericRecordVar, Opening, RecordIndex, RecordIndexVar, Seal, SealError};

#[derive(Clone)]
pub(super) struct Variance {
    pub(super) column: usize,
    pub(super) index: RecordIndex,
    pub(super) estimator: Estimator,
    pub(super) is: Bounds,
}

impl Variance {
    fn sample(&self) -> bool {
        self.estimator == Estimator::Sample
    }
}

/// `c S2 - S1^2`: two constraints.
pub(super) fn spread(cs: &Cs, count: &IntVar, sum: &IntVar, squares: &IntVar) -> Result<IntVar, GadgetError> {
    count.mul(cs, squares)?.sub(&sum.square(cs)?)
}

impl Relation for Variance {
    type Witness = Opening<NumericRecord>;

    fn name(&self) -> String {
        "variance".to_owned()
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs = vec![self.index.public_input(), Fr::from(self.sample())];
        inputs.extend(bounds_inputs(&self.is));
        inputs
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.numeric(self.column)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let index = RecordIndexVar::input(cs, Some(self.index))?;
        let sample = IntVar::from_bit(&BoolVar::input(cs, Some(self.sample()))?);
        let range = BoundsVar::input(cs, WIDE, &self.is)?;
        let record = NumericRecordVar::open(cs, &index, witness, &frame.h)?;
        let divisor = record.valid.sub(&sample)?;
        enforce_at_least(cs, &divisor, 1)?;
        let spread = spread(cs, &record.valid, &record.sum, &record.sum_squares)?;
        range.enforce(cs, &spread, &record.valid.mul(cs, &divisor)?)
    }
}
