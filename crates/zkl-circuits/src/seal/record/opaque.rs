//! A column of which only the valid count is sealed.
//!
//! ```text
//! body0 = body1 = 0
//! ```

use zkl_argument::Slots;
use zkl_core::ark::{Fr, ff::AdditiveGroup as _};
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError};

use super::{Frame, Record, RecordHead, RecordKind, SlotRecord, SlotVars, Subject, Widths, kept_as, kind_constant};

/// Record of a column whose values are not looked into.
#[derive(Clone, PartialEq, Eq)]
pub struct OpaqueRecord {
    /// Hides the rest.
    pub salt: Fr,
    /// Rows with a value.
    pub valid: u64,
}

impl OpaqueRecord {
    /// The record as every kind is hashed.
    pub fn head(&self) -> RecordHead {
        let &Self { salt, valid } = self;
        RecordHead { kind: RecordKind::Opaque, salt, valid, body: [Fr::ZERO; 2] }
    }
}

impl Record for OpaqueRecord {
    fn leaf(&self) -> Fr {
        self.head().leaf()
    }
}

impl SlotRecord for OpaqueRecord {
    const KIND: RecordKind = RecordKind::Opaque;
    const SUBJECT: Subject = Subject::Column;
    /// The valid count.
    type Sealed<V> = V;

    kept_as!(Opaque, opaque);

    fn sizes(slots: &Slots) -> Vec<usize> {
        vec![1; slots.opaque]
    }

    fn blank(_: usize) -> Self {
        Self { salt: Fr::ZERO, valid: 0 }
    }

    fn sealed(&self, _: u64) -> Fr {
        Fr::from(self.valid)
    }

    fn open_slot<V>(
        cs: &Cs,
        widths: Widths,
        _: &SlotVars<'_>,
        record: Option<&Self>,
        wire: impl Fn(&FieldVar) -> V,
    ) -> Result<(V, FieldVar), GadgetError> {
        let frame = Frame::new(cs, widths, record.map(|record| (record.salt, record.valid)))?;
        let body = [FieldVar::zero(), FieldVar::zero()];
        let (valid, leaf) = frame.leaf(cs, kind_constant(RecordKind::Opaque), body)?;
        Ok((wire(valid.field()), leaf))
    }

    fn common_bits() -> Vec<Option<u64>> {
        vec![None]
    }

    fn summed_bits(_: usize) -> Vec<Option<u64>> {
        vec![None]
    }

    fn common(&self) -> Vec<Fr> {
        vec![self.salt]
    }

    fn summed(&self) -> Vec<Fr> {
        vec![Fr::from(self.valid)]
    }

    fn body(_: &Cs, _: &[FieldVar], _: &[FieldVar]) -> Result<[FieldVar; 2], GadgetError> {
        Ok([FieldVar::zero(), FieldVar::zero()])
    }
}
