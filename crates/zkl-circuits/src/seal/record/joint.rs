//! Joint counts of a group and a label column.
//!
//! ```text
//! body0 = H_joint(counts, seven to an element), cell g * label_capacity + l for codes g and l, null codes included
//! body1 = label_capacity
//! ```

use zkl_argument::{Slots, shape::CATEGORY_SIZES};
use zkl_core::{
    ark::{Fr, ff::AdditiveGroup as _},
    layout::{Encoding, Layout, PairLayout},
    profile::{ColumnStats, JointCounts, Profile},
};
use zkl_poseidon::{Domain, hash_many};
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, IntVar, hash_many_var};

use super::{
    Frame, Opening, Record, RecordHead, RecordIndexVar, RecordKind, SlotRecord, SlotVars, Subject, Widths,
    enforce_opening, kept_as, kind_constant, pack_counts, packed_counts_witness, summed_counts, summed_counts_bits,
    wrong_length,
};
use crate::seal::PairFault;

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
    /// The record of a pair of the layout.
    pub(super) fn new(salt: Fr, layout: &Layout, pair: &PairLayout, joint: &JointCounts) -> Self {
        let (_, label_capacity) = capacities(layout, pair);
        let labels = joint.counts.chunks(label_capacity.max(1)).skip(1);
        let valid = labels.flat_map(|labels| labels.iter().skip(1)).sum();
        Self { salt, valid, label_capacity, counts: joint.counts.clone() }
    }

    /// Whether a pair of the layout can have these counts beside those of its columns.
    pub(in crate::seal) fn check(
        layout: &Layout,
        profile: &Profile,
        pair: &PairLayout,
        (group, label): (usize, usize),
        joint: &JointCounts,
    ) -> Result<(), PairFault> {
        let (groups, labels) = capacities(layout, pair);
        if joint.counts.len() != groups * labels {
            return Err(PairFault::Cells { expected: groups * labels, got: joint.counts.len() });
        }
        let sum = |cells: &mut dyn Iterator<Item = &u64>| cells.map(|&count| u128::from(count)).sum::<u128>();
        for code in 0..groups {
            let got = sum(&mut joint.counts.iter().skip(code * labels).take(labels));
            check_marginal("group", code, code_count(layout, profile, group, code), got)?;
        }
        for code in 0..labels {
            let got = sum(&mut joint.counts.iter().skip(code).step_by(labels));
            check_marginal("label", code, code_count(layout, profile, label, code), got)?;
        }
        Ok(())
    }

    /// The record as every kind is hashed.
    pub fn head(&self) -> RecordHead {
        let Self { salt, valid, label_capacity, counts } = self;
        let body = [hash_many(JOINT, &pack_counts(counts)), Fr::from(*label_capacity as u64)];
        RecordHead { kind: RecordKind::Joint, salt: *salt, valid: *valid, body }
    }
}

/// Slots of the group's and of the label's dictionary; 0 for a pair that is no joint pair of the layout.
fn capacities(layout: &Layout, pair: &PairLayout) -> (usize, usize) {
    let capacity = |index: u32| match layout.columns().get(index as usize).map(|column| column.encoding) {
        Some(Encoding::Category { capacity }) => capacity as usize,
        _ => 0,
    };
    match *pair {
        PairLayout::Joint { group, label } => (capacity(group), capacity(label)),
        PairLayout::Product { .. } => (0, 0),
    }
}

fn check_marginal(side: &'static str, code: usize, expected: u64, got: u128) -> Result<(), PairFault> {
    if got == u128::from(expected) { Ok(()) } else { Err(PairFault::Marginal { side, code, expected, got }) }
}

/// Rows of `code` of a dictionary column; 0 for an unused code.
fn code_count(layout: &Layout, profile: &Profile, column: usize, code: usize) -> u64 {
    let Some(column) = profile.columns.get(column) else { return 0 };
    match (&column.stats, code.checked_sub(1)) {
        (_, None) => layout.rows() - column.valid,
        (ColumnStats::Category(stats), Some(entry)) => stats.entries.get(entry).map_or(0, |entry| entry.count),
        _ => 0,
    }
}

/// Capacities that the label of a slot of `size` cells can have.
fn label_capacities(size: usize) -> Vec<usize> {
    let fits = |label: &usize| size.is_multiple_of(*label) && CATEGORY_SIZES.contains(&(size / label));
    CATEGORY_SIZES.into_iter().filter(fits).collect()
}

impl Record for JointRecord {
    fn leaf(&self) -> Fr {
        self.head().leaf()
    }
}

impl SlotRecord for JointRecord {
    const KIND: RecordKind = RecordKind::Joint;
    const SUBJECT: Subject = Subject::Pair;
    /// The count of every pair of codes.
    type Sealed<V> = Vec<V>;

    kept_as!(Joint, joint);

    fn sizes(slots: &Slots) -> Vec<usize> {
        slots.small_tables().split_off(slots.category_count())
    }

    fn blank(size: usize) -> Self {
        Self { salt: Fr::ZERO, valid: 0, label_capacity: 0, counts: vec![0; size] }
    }

    /// Which label capacity, one of those that divide the size.
    fn fact_bits(size: usize) -> Vec<usize> {
        vec![1; label_capacities(size).len()]
    }

    fn facts(layout: &Layout, position: usize, size: usize) -> Vec<u64> {
        let (_, own) = layout.pairs().get(position).map_or((0, 0), |pair| capacities(layout, pair));
        label_capacities(size).into_iter().map(|label| u64::from(label == own)).collect()
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
        let capacities = label_capacities(slot.size);
        let labels: Vec<&BoolVar> = slot.facts.iter().filter_map(|bits| bits.first()).collect();
        let weighted = capacities.iter().zip(&labels).map(|(&capacity, bit)| (Fr::from(capacity as u64), bit.field()));
        let capacity = FieldVar::linear(weighted, Fr::ZERO);
        let (record, leaf) = JointRecordVar::read(cs, widths, slot.size, capacity, record)?;
        let mut valid = Vec::with_capacity(capacities.len());
        for (&capacity, bit) in capacities.iter().zip(&labels) {
            let both = record.counts.chunks(capacity).skip(1).flat_map(|labels| labels.iter().skip(1));
            valid.push(FieldVar::sum(both.map(IntVar::field)).mul(cs, bit.field())?);
        }
        FieldVar::sum(&valid).enforce_equal(cs, record.valid.field())?;
        Ok((record.counts.iter().map(|count| wire(count.field())).collect(), leaf))
    }

    fn common_bits() -> Vec<Option<u64>> {
        vec![None, None]
    }

    fn summed_bits(size: usize) -> Vec<Option<u64>> {
        summed_counts_bits(size)
    }

    fn common(&self) -> Vec<Fr> {
        vec![self.salt, Fr::from(self.label_capacity as u64)]
    }

    fn summed(&self) -> Vec<Fr> {
        summed_counts(self.valid, &self.counts)
    }

    fn body(cs: &Cs, common: &[FieldVar], summed: &[FieldVar]) -> Result<[FieldVar; 2], GadgetError> {
        let [label_capacity] = common else { return Err(wrong_length(1 + summed.len(), common, summed)) };
        Ok([hash_many_var(cs, JOINT, summed)?, label_capacity.clone()])
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
    fn read(
        cs: &Cs,
        widths: Widths,
        cells: usize,
        label_capacity: FieldVar,
        record: Option<&JointRecord>,
    ) -> Result<(Self, FieldVar), GadgetError> {
        let (counts, packed) = packed_counts_witness(cs, widths, cells, record.map(|record| record.counts.as_slice()))?;
        let digest = hash_many_var(cs, JOINT, &packed)?;
        let body = [digest, label_capacity];
        let frame = Frame::new(cs, widths, record.map(|record| (record.salt, record.valid)))?;
        let (valid, leaf) = frame.leaf(cs, kind_constant(RecordKind::Joint), body)?;
        Ok((Self { valid, counts }, leaf))
    }
}
