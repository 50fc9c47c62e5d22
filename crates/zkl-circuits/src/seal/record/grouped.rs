//! A dictionary above 256 slots: its size and its smallest group.
//!
//! ```text
//! body0 = D | k_min << 32        64 bits
//! body1 = 0
//! ```

use zkl_argument::{SealedGroups, Slots};
use zkl_core::{
    ark::{Fr, ff::AdditiveGroup as _},
    profile::GroupedStats,
};
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError, IntVar};

use super::{
    COUNT_BITS, Frame, Opening, Record, RecordHead, RecordIndexVar, RecordKind, SlotRecord, SlotVars, Subject, Widths,
    above, enforce_opening, kept_as, kind_constant, pack_fields, wrong_length,
};

/// Record of a large dictionary column.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupedRecord {
    /// Hides the rest.
    pub salt: Fr,
    /// Rows with a value.
    pub valid: u64,
    /// Distinct values.
    pub distinct: u64,
    /// Rows of the rarest value.
    pub smallest_group: u64,
}

impl GroupedRecord {
    /// The record of a column with this many values.
    pub(super) fn new(salt: Fr, valid: u64, stats: &GroupedStats) -> Self {
        Self { salt, valid, distinct: stats.distinct() as u64, smallest_group: stats.smallest_group() }
    }

    /// The record as every kind is hashed.
    pub fn head(&self) -> RecordHead {
        let &Self { salt, valid, distinct, smallest_group } = self;
        let packed = u128::from(distinct) | u128::from(smallest_group) << COUNT_BITS;
        RecordHead { kind: RecordKind::Grouped, salt, valid, body: [Fr::from(packed), Fr::ZERO] }
    }
}

impl Record for GroupedRecord {
    fn leaf(&self) -> Fr {
        self.head().leaf()
    }
}

impl SlotRecord for GroupedRecord {
    const KIND: RecordKind = RecordKind::Grouped;
    const SUBJECT: Subject = Subject::Column;
    const HAS_SMALLEST: bool = true;
    type Sealed<V> = SealedGroups<V>;

    kept_as!(Grouped, grouped);

    fn sizes(slots: &Slots) -> Vec<usize> {
        vec![1; slots.grouped]
    }

    fn blank(_: usize) -> Self {
        Self { salt: Fr::ZERO, valid: 0, distinct: 0, smallest_group: 0 }
    }

    fn sealed(&self, rows: u64) -> SealedGroups<Fr> {
        SealedGroups {
            nulls: Fr::from(rows) - Fr::from(self.valid),
            distinct: Fr::from(self.distinct),
            smallest: Fr::from(self.smallest_group),
        }
    }

    fn open_slot<V>(
        cs: &Cs,
        widths: Widths,
        slot: &SlotVars<'_>,
        record: Option<&Self>,
        wire: impl Fn(&FieldVar) -> V,
    ) -> Result<(SealedGroups<V>, FieldVar), GadgetError> {
        let (record, leaf) = GroupedRecordVar::read(cs, widths, record)?;
        let rows = slot.in_use.field().mul(cs, slot.rows)?;
        let sealed = SealedGroups {
            nulls: wire(&(&rows - record.valid.field())),
            distinct: wire(record.distinct.field()),
            smallest: wire(record.smallest_group.field()),
        };
        Ok((sealed, leaf))
    }

    fn common_bits() -> Vec<Option<u64>> {
        vec![None, Some(COUNT_BITS)]
    }

    fn summed_bits(_: usize) -> Vec<Option<u64>> {
        vec![None, Some(COUNT_BITS)]
    }

    fn common(&self) -> Vec<Fr> {
        vec![self.salt, Fr::from(self.distinct)]
    }

    fn summed(&self) -> Vec<Fr> {
        vec![Fr::from(self.valid), Fr::from(self.smallest_group)]
    }

    fn body(_: &Cs, common: &[FieldVar], summed: &[FieldVar]) -> Result<[FieldVar; 2], GadgetError> {
        let ([distinct], [smallest]) = (common, summed) else { return Err(wrong_length(2, common, summed)) };
        Ok([above(distinct, smallest, COUNT_BITS), FieldVar::zero()])
    }
}

/// A large dictionary column in a circuit.
#[derive(Clone)]
pub struct GroupedRecordVar {
    /// Rows with a value, below 2^32.
    pub valid: IntVar,
    /// Distinct values, below 2^32.
    pub distinct: IntVar,
    /// Rows of the rarest value, below 2^32.
    pub smallest_group: IntVar,
}

impl GroupedRecordVar {
    /// Opens the record at `index` of `h`.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without an opening.
    pub fn open(
        cs: &Cs,
        index: &RecordIndexVar,
        opening: Option<&Opening<GroupedRecord>>,
        h: &FieldVar,
    ) -> Result<Self, GadgetError> {
        let (record, leaf) = Self::read(cs, Widths::Format, opening.map(|opening| &opening.record))?;
        enforce_opening(cs, &leaf, index, opening.map(|opening| &opening.path), h)?;
        Ok(record)
    }

    /// Reads a record without saying where it is sealed. Returns its leaf beside it.
    ///
    /// # Soundness
    /// The caller must constrain the leaf to be in a seal.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without a record.
    fn read(cs: &Cs, widths: Widths, record: Option<&GroupedRecord>) -> Result<(Self, FieldVar), GadgetError> {
        let distinct = widths.count(cs, record.map(|record| record.distinct))?;
        // The argument bounds it from above only.
        let smallest_group = Widths::Format.count(cs, record.map(|record| record.smallest_group))?;
        let packed = pack_fields(&[distinct.clone(), smallest_group.clone()], COUNT_BITS);
        let frame = Frame::new(cs, widths, record.map(|record| (record.salt, record.valid)))?;
        let kind = kind_constant(RecordKind::Grouped);
        let (valid, leaf) = frame.leaf(cs, kind, [packed, FieldVar::zero()])?;
        Ok((Self { valid, distinct, smallest_group }, leaf))
    }
}
