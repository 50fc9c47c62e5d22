//! `values(age) between 0 and 120`, `min(age) >= 0`, `max(age) <= 120`: every value lies within integer bounds.
//!
//! Public inputs: h, ctx, layout; record index; lower present (0 or 1), lower; upper present, upper. Relation, where `max`
//! is the sealed upper bound `min + (T + 1) 2^(16 (limbs - 1)) - 1`:
//!
//! ```text
//! c >= 1,  lower present: min - lower >= 0,  upper present: upper - max >= 0
//! ```
//!
//! An absent end is zero and its side is multiplied by 0. Width: below 2^67.

use num_bigint::BigInt;
use zkl_core::ark::Fr;
use zkl_snark::gadgets::{BoolVar, Cs, GadgetError, IntVar};

use super::relation::{Frame, Relation, enforce_at_least};
use crate::seal::{NumericRecord, NumericRecordVar, Opening, RecordIndex, RecordIndexVar, Seal, SealError};

/// Bits of a bound's magnitude; [`zkl_core::claim::ResolvedClaim::MAX_VALUE`] fits.
const BITS: u64 = 66;

#[derive(Clone)]
pub(super) struct Values {
    pub(super) column: usize,
    pub(super) index: RecordIndex,
    pub(super) lower: Option<i128>,
    pub(super) upper: Option<i128>,
}

/// One end: whether it is there, and its value or zero.
struct End {
    present: BoolVar,
    value: IntVar,
}

impl End {
    fn inputs(end: Option<i128>) -> [Fr; 2] {
        [Fr::from(end.is_some()), IntVar::public_value(&BigInt::from(end.unwrap_or(0)))]
    }

    fn input(cs: &Cs, end: Option<i128>) -> Result<Self, GadgetError> {
        let present = BoolVar::input(cs, Some(end.is_some()))?;
        let value = IntVar::signed_input(cs, BITS, Some(&BigInt::from(end.unwrap_or(0))))?;
        Ok(Self { present, value })
    }
}

impl Relation for Values {
    type Witness = Opening<NumericRecord>;

    fn name(&self) -> String {
        "values".to_owned()
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs = vec![self.index.public_input()];
        inputs.extend(End::inputs(self.lower));
        inputs.extend(End::inputs(self.upper));
        inputs
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.numeric(self.column)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let index = RecordIndexVar::input(cs, Some(self.index))?;
        let lower = End::input(cs, self.lower)?;
        let upper = End::input(cs, self.upper)?;
        let record = NumericRecordVar::open(cs, &index, witness, &frame.h)?;
        enforce_at_least(cs, &record.valid, 1)?;
        record.min.sub(&lower.value)?.masked(cs, &lower.present)?.enforce_nonnegative(cs)?;
        let sealed_max = record.sealed_max(cs)?;
        upper.value.sub(&sealed_max)?.masked(cs, &upper.present)?.enforce_nonnegative(cs)
    }
}
