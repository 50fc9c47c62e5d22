//! A dictionary above 256 slots: its size and its smallest group.
//!
//! ```text
//! body0 = D | k_min << 32        64 bits
//! body1 = 0
//! ```

use zkl_core::ark::Fr;
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError, IntVar};

use super::{
    COUNT_BITS, Frame, Opening, Record, RecordHead, RecordIndexVar, RecordKind, Widths, enforce_opening, kind_constant,
    pack_fields,
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
    /// The record as every kind is hashed.
    pub fn head(&self) -> RecordHead {
        RecordHead {
            kind: RecordKind::Grouped,
            salt: self.salt,
            valid: self.valid,
            body: [Fr::from(u128::from(self.distinct) | u128::from(self.smallest_group) << COUNT_BITS), Fr::from(0u64)],
        }
    }
}

impl Record for GroupedRecord {
    fn leaf(&self) -> Fr {
        self.head().leaf()
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
    pub(crate) fn read(
        cs: &Cs,
        widths: Widths,
        record: Option<&GroupedRecord>,
    ) -> Result<(Self, FieldVar), GadgetError> {
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
