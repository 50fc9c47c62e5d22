//! A dictionary of at most 256 slots: every count and every value is sealed.
//!
//! ```text
//! body0 = H_counts(counts, seven to an element)
//! body1 = H_values(salt, hv_0, ..., hv_(capacity - 1))      hv_0 = 0 for null, 0 for an unused slot
//! ```

use std::collections::HashSet;

use zkl_argument::Slots;
use zkl_core::{
    ark::{Fr, ff::AdditiveGroup as _},
    column::ColumnType,
    profile::{CategoryCount, CategoryStats},
};
use zkl_poseidon::{Domain, hash_many, hash_to_field};
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, IntVar, hash_many_var};

use super::{
    Frame, Opening, Record, RecordHead, RecordIndexVar, RecordKind, SlotRecord, SlotVars, Subject, Widths, check_len,
    enforce_opening, kept_as, kind_constant, pack_counts, packed_counts_witness, summed_counts, summed_counts_bits,
    wrong_length,
};
use crate::seal::{ColumnFault, check::Scope};

const COUNTS: Domain = Domain::new("zkl/seal/v1/category-counts");
const VALUES: Domain = Domain::new("zkl/seal/v1/category-values");
const VALUE: Domain = Domain::new("zkl/seal/v1/value");

/// The element that stands for a value of a column of type `ty`: hash-to-field of the type's text, a zero byte, and the
/// value's text. It is 0, the mark of an unused slot, for no value that anybody can find.
pub fn value_digest(ty: ColumnType, value: &str) -> Fr {
    let mut message = ty.to_string().into_bytes();
    message.push(0);
    message.extend_from_slice(value.as_bytes());
    hash_to_field(VALUE, &message)
}

/// Record of a dictionary column; both vectors have one entry per slot, code 0 first.
#[derive(Clone, PartialEq, Eq)]
pub struct CategoryRecord {
    /// Hides the rest.
    pub salt: Fr,
    /// Rows with a value.
    pub valid: u64,
    /// Rows of each code; `counts[0]` are the nulls.
    pub counts: Vec<u64>,
    /// [`value_digest`] of each code, 0 for null and unused ones.
    pub values: Vec<Fr>,
}

impl CategoryRecord {
    /// The record of a column of type `ty` with this many nulls and values.
    pub(super) fn new(
        salt: Fr,
        [nulls, valid]: [u64; 2],
        ty: ColumnType,
        capacity: u32,
        stats: &CategoryStats,
    ) -> Self {
        let mut counts = vec![0; capacity as usize];
        let mut values = vec![Fr::ZERO; capacity as usize];
        counts[0] = nulls;
        for (slot, entry) in stats.entries.iter().enumerate() {
            counts[slot + 1] = entry.count;
            values[slot + 1] = value_digest(ty, &entry.value);
        }
        Self { salt, valid, counts, values }
    }

    /// The record as every kind is hashed.
    pub fn head(&self) -> RecordHead {
        let Self { salt, valid, counts, values: _ } = self;
        let body = [hash_many(COUNTS, &pack_counts(counts)), self.values_digest()];
        RecordHead { kind: RecordKind::Category, salt: *salt, valid: *valid, body }
    }

    fn values_digest(&self) -> Fr {
        let mut message = vec![self.salt];
        message.extend_from_slice(&self.values);
        hash_many(VALUES, &message)
    }
}

impl Record for CategoryRecord {
    fn leaf(&self) -> Fr {
        self.head().leaf()
    }
}

/// Whether a dictionary of this capacity with `valid` values can have these entries.
pub(in crate::seal) fn check_entries(
    scope: Scope,
    ty: ColumnType,
    capacity: u32,
    valid: u64,
    entries: &[CategoryCount],
) -> Result<(), ColumnFault> {
    let max = capacity as usize - 1;
    if entries.len() > max {
        return Err(ColumnFault::Values { got: entries.len(), max });
    }
    let mut seen = HashSet::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        if !seen.insert(entry.value.as_str()) {
            return Err(ColumnFault::Duplicate { index });
        }
        if entry.count == 0 && scope == Scope::Table {
            return Err(ColumnFault::ZeroCount { index });
        }
        if ty == ColumnType::Bool && !matches!(entry.value.as_str(), "true" | "false") {
            return Err(ColumnFault::NotBool { index });
        }
    }
    let got = entries.iter().map(|entry| u128::from(entry.count)).sum();
    if got != u128::from(valid) {
        return Err(ColumnFault::Counts { expected: valid, got });
    }
    Ok(())
}

impl SlotRecord for CategoryRecord {
    const KIND: RecordKind = RecordKind::Category;
    const SUBJECT: Subject = Subject::Column;
    /// The count of every code, null first.
    type Sealed<V> = Vec<V>;

    kept_as!(Category, category);

    fn sizes(slots: &Slots) -> Vec<usize> {
        let mut tables = slots.small_tables();
        tables.truncate(slots.category_count());
        tables
    }

    fn blank(size: usize) -> Self {
        Self { salt: Fr::ZERO, valid: 0, counts: vec![0; size], values: vec![Fr::ZERO; size] }
    }

    fn sealed(&self, _: u64) -> Vec<Fr> {
        self.counts.iter().map(|&count| Fr::from(count)).collect()
    }

    fn open_slot<V>(
        cs: &Cs,
        widths: Widths,
        slot: &SlotVars<'_>,
        record: Option<&Self>,
        wire: impl Fn(&FieldVar) -> V,
    ) -> Result<(Vec<V>, FieldVar), GadgetError> {
        let (record, leaf) = CategoryRecordVar::read_parts(cs, widths, slot.size, (true, false), record)?;
        let values = record.counts.get(1..).unwrap_or_default();
        FieldVar::sum(values.iter().map(IntVar::field)).enforce_equal(cs, record.valid.field())?;
        Ok((record.counts.iter().map(|count| wire(count.field())).collect(), leaf))
    }

    fn common_bits() -> Vec<Option<u64>> {
        vec![None, None]
    }

    fn summed_bits(size: usize) -> Vec<Option<u64>> {
        summed_counts_bits(size)
    }

    fn common(&self) -> Vec<Fr> {
        vec![self.salt, self.values_digest()]
    }

    fn summed(&self) -> Vec<Fr> {
        summed_counts(self.valid, &self.counts)
    }

    fn body(cs: &Cs, common: &[FieldVar], summed: &[FieldVar]) -> Result<[FieldVar; 2], GadgetError> {
        let [values] = common else { return Err(wrong_length(1 + summed.len(), common, summed)) };
        Ok([hash_many_var(cs, COUNTS, summed)?, values.clone()])
    }
}

/// A dictionary column in a circuit.
#[derive(Clone)]
pub struct CategoryRecordVar {
    /// Rows with a value, below 2^32.
    pub valid: IntVar,
    /// Rows of each code, below 2^32; code 0 is null. Empty when only the values were opened.
    pub counts: Vec<IntVar>,
    /// Digest of each code's value, 0 for null and unused codes. Empty when only the counts were opened.
    pub values: Vec<FieldVar>,
}

impl CategoryRecordVar {
    /// Opens counts and values of the record at `index` of `h`, for a dictionary of `capacity` slots.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without an opening, [`GadgetError::Length`] for one of another capacity.
    pub fn open(
        cs: &Cs,
        capacity: usize,
        index: &RecordIndexVar,
        opening: Option<&Opening<CategoryRecord>>,
        h: &FieldVar,
    ) -> Result<Self, GadgetError> {
        Self::open_parts(cs, capacity, (true, true), index, opening, h)
    }

    /// Opens the counts alone: for 256 slots a third of the constraints.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_counts(
        cs: &Cs,
        capacity: usize,
        index: &RecordIndexVar,
        opening: Option<&Opening<CategoryRecord>>,
        h: &FieldVar,
    ) -> Result<Self, GadgetError> {
        Self::open_parts(cs, capacity, (true, false), index, opening, h)
    }

    /// Opens the values alone: for the group and the label of a joint table.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_values(
        cs: &Cs,
        capacity: usize,
        index: &RecordIndexVar,
        opening: Option<&Opening<CategoryRecord>>,
        h: &FieldVar,
    ) -> Result<Self, GadgetError> {
        Self::open_parts(cs, capacity, (false, true), index, opening, h)
    }

    fn open_parts(
        cs: &Cs,
        capacity: usize,
        parts: (bool, bool),
        index: &RecordIndexVar,
        opening: Option<&Opening<CategoryRecord>>,
        h: &FieldVar,
    ) -> Result<Self, GadgetError> {
        let (record, leaf) =
            Self::read_parts(cs, Widths::Format, capacity, parts, opening.map(|opening| &opening.record))?;
        enforce_opening(cs, &leaf, index, opening.map(|opening| &opening.path), h)?;
        Ok(record)
    }

    /// Reads parts of a record without saying where it is sealed. Returns its leaf beside it.
    ///
    /// # Soundness
    /// The caller must constrain the leaf to be in a seal.
    fn read_parts(
        cs: &Cs,
        widths: Widths,
        capacity: usize,
        (with_counts, with_values): (bool, bool),
        record: Option<&CategoryRecord>,
    ) -> Result<(Self, FieldVar), GadgetError> {
        check_len(capacity, record.map(|record| record.values.len()))?;
        let frame = Frame::new(cs, widths, record.map(|record| (record.salt, record.valid)))?;
        let (counts, counts_digest) = if with_counts {
            let (counts, packed) =
                packed_counts_witness(cs, widths, capacity, record.map(|record| record.counts.as_slice()))?;
            (counts, hash_many_var(cs, COUNTS, &packed)?)
        } else {
            (Vec::new(), FieldVar::witness(cs, record.map(|record| record.head().body[0]))?)
        };
        let (values, values_digest) = if with_values {
            let mut message = vec![frame.salt.clone()];
            for slot in 0..capacity {
                message.push(FieldVar::witness(cs, record.map(|record| record.values[slot]))?);
            }
            let digest = hash_many_var(cs, VALUES, &message)?;
            (message.split_off(1), digest)
        } else {
            (Vec::new(), FieldVar::witness(cs, record.map(CategoryRecord::values_digest))?)
        };
        let body = [counts_digest, values_digest];
        let (valid, leaf) = frame.leaf(cs, kind_constant(RecordKind::Category), body)?;
        Ok((Self { valid, counts, values }, leaf))
    }

    /// For every slot whether its value is `value`: two constraints per slot. More than one slot can match when a dishonest
    /// notary split a value over two codes, so whoever counts sums over all of them.
    ///
    /// # Soundness
    /// `value` must not be 0, or null and unused slots match; [`value_digest`] never is.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn matches(&self, cs: &Cs, value: &FieldVar) -> Result<Vec<BoolVar>, GadgetError> {
        self.values.iter().map(|slot| slot.is_equal(cs, value)).collect()
    }
}
