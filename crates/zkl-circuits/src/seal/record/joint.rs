//! Joint counts of a group and a label column.
//!
//! ```text
//! body0 = H_joint(counts, seven to an element), cell g * label_capacity + l for codes g and l, null codes included
//! body1 = label_capacity
//! ```

use zkl_core::ark::Fr;
use zkl_poseidon::{Domain, hash_many};
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError, IntVar, hash_many_var};

use super::{
    Frame, Opening, Record, RecordHead, RecordIndexVar, RecordKind, Widths, enforce_opening, kind_constant,
    pack_counts, packed_counts_witness,
};

const JOINT: Domain = Domain::new("zkl/seal/v1/joint-counts");

/// Record of a declared (group, label) pair.
#[derive(Clone, PartialEq, Eq)]
pub struct JointRecord {
    /// Hides the rest.
    pub salt: Fr,
    /// Rows where both columns have a value.
    pub valid: u64,
    /// Slots of the label's dictionary.
    pub label_capacity: usize,
    /// Rows of each pair of codes.
    pub counts: Vec<u64>,
}

impl JointRecord {
    /// The record as every kind is hashed.
    pub fn head(&self) -> RecordHead {
        RecordHead {
            kind: RecordKind::Joint,
            salt: self.salt,
            valid: self.valid,
            body: [hash_many(JOINT, &pack_counts(&self.counts)), Fr::from(self.label_capacity as u64)],
        }
    }
}

impl Record for JointRecord {
    fn leaf(&self) -> Fr {
        self.head().leaf()
    }
}

/// Digest of packed joint counts in a circuit.
///
/// # Errors
/// Those of the constraint system.
pub(crate) fn joint_counts_var(cs: &Cs, packed: &[FieldVar]) -> Result<FieldVar, GadgetError> {
    hash_many_var(cs, JOINT, packed)
}

/// Joint counts in a circuit.
#[derive(Clone)]
pub struct JointRecordVar {
    /// Rows where both columns have a value, below 2^32.
    pub valid: IntVar,
    /// `counts[g * label_capacity + l]`, each below 2^32.
    pub counts: Vec<IntVar>,
}

impl JointRecordVar {
    /// Opens the record at `index` of `h`, for dictionaries of `group_capacity` and `label_capacity` slots.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without an opening, [`GadgetError::Length`] for one of other capacities.
    pub fn open(
        cs: &Cs,
        group_capacity: usize,
        label_capacity: usize,
        index: &RecordIndexVar,
        opening: Option<&Opening<JointRecord>>,
        h: &FieldVar,
    ) -> Result<Self, GadgetError> {
        let (cells, capacity) = (group_capacity * label_capacity, FieldVar::constant(Fr::from(label_capacity as u64)));
        let (record, leaf) = Self::read(cs, Widths::Format, cells, capacity, opening.map(|opening| &opening.record))?;
        enforce_opening(cs, &leaf, index, opening.map(|opening| &opening.path), h)?;
        Ok(record)
    }

    /// Reads a record of `cells` counts without saying where it is sealed. Returns its leaf beside it.
    ///
    /// # Soundness
    /// The caller must constrain the leaf to be in a seal, and `label_capacity` to be the layout's.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without a record, [`GadgetError::Length`] for one of another size.
    pub(crate) fn read(
        cs: &Cs,
        widths: Widths,
        cells: usize,
        label_capacity: FieldVar,
        record: Option<&JointRecord>,
    ) -> Result<(Self, FieldVar), GadgetError> {
        let (counts, packed) = packed_counts_witness(cs, widths, cells, record.map(|record| record.counts.as_slice()))?;
        let digest = joint_counts_var(cs, &packed)?;
        let body = [digest, label_capacity];
        let frame = Frame::new(cs, widths, record.map(|record| (record.salt, record.valid)))?;
        let (valid, leaf) = frame.leaf(cs, kind_constant(RecordKind::Joint), body)?;
        Ok((Self { valid, counts }, leaf))
    }
}
