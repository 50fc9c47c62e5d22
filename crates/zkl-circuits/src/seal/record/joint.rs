//! Joint counts of a group and a label column.
//!
//! ```text
//! body0 = H_joint(counts, seven to an element), cell g * label_capacity + l for codes g and l, null codes included
//! body1 = label_capacity
//! ```

use zkl_core::ark::Fr;
use zkl_poseidon::{Domain, hash_many};

use super::{
    Frame, Opening, Record, RecordHead, RecordIndexVar, RecordKind, kind_constant, pack_counts, packed_counts_witness,
};
use crate::gadgets::{Cs, FieldVar, GadgetError, IntVar, hash_many_var};

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
        let record = opening.map(|opening| &opening.record);
        let cells = group_capacity * label_capacity;
        let (counts, packed) = packed_counts_witness(cs, cells, record.map(|record| record.counts.as_slice()))?;
        let digest = hash_many_var(cs, JOINT, &packed)?;
        let body = [digest, FieldVar::constant(Fr::from(label_capacity as u64))];
        let frame = Frame::new(cs, opening, |record| (record.salt, record.valid))?;
        let valid = frame.open(cs, kind_constant(RecordKind::Joint), body, index, h)?;
        Ok(Self { valid, counts })
    }
}
