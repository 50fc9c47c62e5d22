//! `min_group(zip3) >= 20`, `min_group(sex, species) >= 5`: every group that occurs has at least k rows.
//!
//! Public inputs: h, ctx, layout; record index; k; nulls (0 or 1). Relations, with `cnt` the count of a group and the
//! groups with a null code left out unless nulls is 1:
//!
//! ```text
//! counts sealed:           for each group  cnt = 0 or cnt >= k;  sum of the cnt >= 1
//! smallest count sealed:   c = 0 or smallest >= k;  nulls: n - c = 0 or n - c >= k;  (nulls ? n : c) >= 1
//! ```
//!
//! Width: below 2^33 for one group, below 2^41 for the sum.

use zkl_core::{ark::Fr, claim::NullGroups};
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, IntVar};

use super::{
    relation::{Frame, Relation, enforce_at_least},
    share::enforce_complete,
};
use crate::seal::{
    CategoryRecord, CategoryRecordVar, GroupedRecord, GroupedRecordVar, JointRecord, JointRecordVar, Opening,
    RecordIndex, RecordIndexVar, Seal, SealError,
};

/// Bits of k.
const BITS: u64 = 32;

/// The public side of all three circuits.
#[derive(Clone, Copy)]
pub(super) struct Threshold {
    pub(super) index: RecordIndex,
    pub(super) at_least: u32,
    pub(super) nulls: NullGroups,
}

struct ThresholdVar {
    index: RecordIndexVar,
    at_least: IntVar,
    nulls: BoolVar,
}

impl Threshold {
    fn with_nulls(self) -> bool {
        self.nulls == NullGroups::Included
    }

    fn inputs(self) -> Vec<Fr> {
        vec![self.index.public_input(), Fr::from(self.at_least), Fr::from(self.with_nulls())]
    }

    fn input(self, cs: &Cs) -> Result<ThresholdVar, GadgetError> {
        Ok(ThresholdVar {
            index: RecordIndexVar::input(cs, Some(self.index))?,
            at_least: IntVar::input(cs, BITS, Some(&self.at_least.into()))?,
            nulls: BoolVar::input(cs, Some(self.with_nulls()))?,
        })
    }
}

impl ThresholdVar {
    /// `count = 0 or count >= k`.
    fn enforce_group(&self, cs: &Cs, count: &IntVar) -> Result<(), GadgetError> {
        let occurs = occurs(cs, count)?;
        count.sub(&self.at_least)?.masked(cs, &occurs)?.enforce_nonnegative(cs)
    }

    /// Checks the groups `(has a null code, count)`, and that there is a row in one of them.
    fn enforce_groups<'a>(
        &self,
        cs: &Cs,
        groups: impl IntoIterator<Item = (bool, &'a IntVar)>,
    ) -> Result<(), GadgetError> {
        let mut counted = Vec::new();
        for (null, count) in groups {
            let count = if null { count.masked(cs, &self.nulls)? } else { count.clone() };
            self.enforce_group(cs, &count)?;
            counted.push(count);
        }
        enforce_at_least(cs, &IntVar::sum(&counted)?, 1)
    }
}

/// A bit that is 1 when `count` is not 0: two constraints. A prover may set it for a zero count too, and then has to pass
/// whatever check it turns on.
pub(super) fn occurs(cs: &Cs, count: &IntVar) -> Result<BoolVar, GadgetError> {
    let bit = BoolVar::witness(cs, count.value().map(|count| count.sign() != num_bigint::Sign::NoSign))?;
    FieldVar::enforce_product(cs, bit.not().field(), count.field(), &FieldVar::zero())?;
    Ok(bit)
}

/// Over the values of a column with every count sealed.
#[derive(Clone)]
pub(super) struct MinGroup {
    pub(super) column: usize,
    pub(super) capacity: usize,
    pub(super) threshold: Threshold,
}

impl Relation for MinGroup {
    type Witness = Opening<CategoryRecord>;

    fn name(&self) -> String {
        format!("min-group-{}", self.capacity)
    }

    fn inputs(&self) -> Vec<Fr> {
        self.threshold.inputs()
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.category(self.column)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let threshold = self.threshold.input(cs)?;
        let record = CategoryRecordVar::open_counts(cs, self.capacity, &threshold.index, witness, &frame.h)?;
        enforce_complete(cs, &record)?;
        threshold.enforce_groups(cs, record.counts.iter().enumerate().map(|(code, count)| (code == 0, count)))
    }
}

/// Over the cells of a joint table.
#[derive(Clone)]
pub(super) struct MinJointGroup {
    pub(super) pair: usize,
    /// Capacities of the first and the second dictionary.
    pub(super) capacities: (usize, usize),
    pub(super) threshold: Threshold,
}

impl Relation for MinJointGroup {
    type Witness = Opening<JointRecord>;

    fn name(&self) -> String {
        format!("min-group-{}x{}", self.capacities.0, self.capacities.1)
    }

    fn inputs(&self) -> Vec<Fr> {
        self.threshold.inputs()
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.joint(self.pair)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let (groups, labels) = self.capacities;
        let threshold = self.threshold.input(cs)?;
        let record = JointRecordVar::open(cs, groups, labels, &threshold.index, witness, &frame.h)?;
        let null = |cell: usize| cell < labels || cell.is_multiple_of(labels);
        threshold.enforce_groups(cs, record.counts.iter().enumerate().map(|(cell, count)| (null(cell), count)))
    }
}

/// Over the values of a column of which only the smallest count is sealed.
#[derive(Clone)]
pub(super) struct MinLargeGroup {
    pub(super) column: usize,
    pub(super) threshold: Threshold,
}

impl Relation for MinLargeGroup {
    type Witness = Opening<GroupedRecord>;

    fn name(&self) -> String {
        "min-group-large".to_owned()
    }

    fn inputs(&self) -> Vec<Fr> {
        self.threshold.inputs()
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.grouped(self.column)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let threshold = self.threshold.input(cs)?;
        let record = GroupedRecordVar::open(cs, &threshold.index, witness, &frame.h)?;
        let occurs = occurs(cs, &record.valid)?;
        record.smallest_group.sub(&threshold.at_least)?.masked(cs, &occurs)?.enforce_nonnegative(cs)?;
        let nulls = frame.rows.sub(&record.valid)?;
        nulls.enforce_nonnegative(cs)?;
        let nulls = nulls.masked(cs, &threshold.nulls)?;
        threshold.enforce_group(cs, &nulls)?;
        enforce_at_least(cs, &record.valid.add(&nulls)?, 1)
    }
}
