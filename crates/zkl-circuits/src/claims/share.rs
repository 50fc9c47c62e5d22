//! `share(species = 'Adelie') >= 20%`: the part of the valid rows, or of all rows, that hold one value.
//!
//! Public inputs: h, ctx, layout; record index; digest of the value; all rows (0 or 1); range (6). Relation, over
//! counts `cnt` and value digests `hv` of all codes, code 0 being null:
//!
//! ```text
//! hv_0 = 0,  sum_{t >= 1} cnt_t = c
//! x = sum_{t >= 1, hv_t = value} cnt_t,  y = if all rows { n } else { c } >= 1,  x / y in the range
//! ```
//!
//! The counts of ALL matching codes are added: a dictionary that splits one value over two codes changes nothing.
//! Width: `b x` and `a y` below 2^96.

use zkl_core::{
    ark::Fr,
    claim::{Bounds, ShareBase},
};
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, IntVar};

use super::{
    range::{BoundsVar, NARROW, bounds_inputs},
    relation::{Frame, Relation, enforce_at_least},
};
use crate::seal::{CategoryRecord, CategoryRecordVar, Opening, RecordIndex, RecordIndexVar, Seal, SealError};

#[derive(Clone)]
pub(super) struct Share {
    pub(super) column: usize,
    pub(super) index: RecordIndex,
    pub(super) capacity: usize,
    pub(super) value: Fr,
    pub(super) over: ShareBase,
    pub(super) is: Bounds,
}

impl Share {
    fn all_rows(&self) -> bool {
        self.over == ShareBase::AllRows
    }
}

/// The counts of the values of a dictionary are those of its valid rows: one constraint.
pub(super) fn enforce_complete(cs: &Cs, record: &CategoryRecordVar) -> Result<(), GadgetError> {
    IntVar::sum(&record.counts[1..])?.enforce_equal(cs, &record.valid)
}

/// For every code from 1 whether its value is `value`. Code 0 is null and must not carry a value.
pub(super) fn value_codes(cs: &Cs, record: &CategoryRecordVar, value: &FieldVar) -> Result<Vec<BoolVar>, GadgetError> {
    record.values[0].enforce_equal(cs, &FieldVar::zero())?;
    record.values[1..].iter().map(|slot| slot.is_equal(cs, value)).collect()
}

impl Relation for Share {
    type Witness = Opening<CategoryRecord>;

    fn name(&self) -> String {
        format!("share-{}", self.capacity)
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs = vec![self.index.public_input(), self.value, Fr::from(self.all_rows())];
        inputs.extend(bounds_inputs(&self.is));
        inputs
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.category(self.column)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let index = RecordIndexVar::input(cs, Some(self.index))?;
        let value = FieldVar::input(cs, Some(self.value))?;
        let all_rows = BoolVar::input(cs, Some(self.all_rows()))?;
        let range = BoundsVar::input(cs, NARROW, &self.is)?;
        let record = CategoryRecordVar::open(cs, self.capacity, &index, witness, &frame.h)?;
        enforce_complete(cs, &record)?;
        let matching = value_codes(cs, &record, &value)?;
        let hits = IntVar::masked_sum(cs, &matching, &record.counts[1..])?;
        let base = IntVar::select(cs, &all_rows, &frame.rows, &record.valid)?;
        enforce_at_least(cs, &base, 1)?;
        range.enforce(cs, &hits, &base)
    }
}
