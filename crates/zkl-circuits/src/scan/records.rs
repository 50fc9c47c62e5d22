//! The records of a seal in the slots of a shape, natively.

use zkl_argument::{ScanPlan, SealedGroups, SealedNumeric, SealedProduct, SealedProfile, Slots, shape::CATEGORY_SIZES};
use zkl_core::{
    ark::{Fr, ff::AdditiveGroup as _},
    profile::ProductSums,
};

use super::lay::joint_sizes;
use crate::seal::{
    CategoryRecord, ColumnRecord, GroupedRecord, HeaderRecord, JointRecord, NumericRecord, ProductRecord, Record as _,
    RecordHead, RecordKind, Seal, SealError,
};

/// One record per slot; slots that are not in use hold records of zeros. Secret.
#[derive(Clone)]
pub(super) struct Records {
    pub(super) header: HeaderRecord,
    pub(super) numeric: Vec<NumericRecord>,
    pub(super) opaque: Vec<RecordHead>,
    pub(super) category: Vec<CategoryRecord>,
    pub(super) joint: Vec<JointRecord>,
    pub(super) grouped: Vec<GroupedRecord>,
    pub(super) product: Vec<ProductRecord>,
}

impl Records {
    /// The records of `seal`, which must be of the plan's layout.
    pub(super) fn new(plan: &ScanPlan, seal: &Seal) -> Result<Self, SealError> {
        let (slots, sizes) = (plan.slots(), plan.shape().slots());
        let numeric = slots.numeric.iter().map(|slot| match slot {
            Some(column) => Ok(seal.numeric(*column)?.record),
            None => Ok(blank::numeric()),
        });
        let opaque = slots.opaque.iter().map(|slot| match slot {
            Some(column) => match seal.columns().get(*column) {
                Some(ColumnRecord::Opaque(record)) => Ok(record.clone()),
                Some(other) => Err(SealError::Kind { expected: RecordKind::Opaque, got: other.head().kind }),
                None => Err(SealError::Absent { what: "column", index: *column }),
            },
            None => Ok(blank::opaque()),
        });
        let category = slots.category.iter().zip(sizes.small_tables()).map(|(slot, size)| match slot {
            Some(column) => Ok(seal.category(*column)?.record),
            None => Ok(blank::category(size)),
        });
        let joint = slots.joint.iter().zip(joint_sizes(sizes)).map(|(slot, size)| match slot {
            Some(pair) => Ok(seal.joint(*pair)?.record),
            None => Ok(blank::joint(size)),
        });
        let grouped = slots.grouped.iter().map(|slot| match slot {
            Some(column) => Ok(seal.grouped(*column)?.record),
            None => Ok(blank::grouped()),
        });
        let product = slots.product.iter().map(|slot| match slot {
            Some(pair) => Ok(seal.product(*pair)?.record),
            None => Ok(blank::product()),
        });
        Ok(Self {
            header: seal.header().record,
            numeric: numeric.collect::<Result<_, SealError>>()?,
            opaque: opaque.collect::<Result<_, _>>()?,
            category: category.collect::<Result<_, SealError>>()?,
            joint: joint.collect::<Result<_, SealError>>()?,
            grouped: grouped.collect::<Result<_, SealError>>()?,
            product: product.collect::<Result<_, SealError>>()?,
        })
    }

    /// What the argument proves about: the same values that the circuit reads out of the records.
    pub(super) fn sealed(&self, plan: &ScanPlan) -> SealedProfile<Fr> {
        let counts = |counts: &[u64]| counts.iter().map(|&count| Fr::from(count)).collect::<Vec<_>>();
        let nulls = |slot: &Option<usize>, valid: u64| match slot {
            Some(_) => Fr::from(self.header.rows) - Fr::from(valid),
            None => Fr::ZERO,
        };
        SealedProfile {
            numeric: self
                .numeric
                .iter()
                .map(|record| SealedNumeric {
                    valid: Fr::from(record.valid),
                    sum: Fr::from(record.sum.clone()),
                    sum_squares: Fr::from(record.sum_squares.clone()),
                    top: Fr::from(record.top_limb),
                })
                .collect(),
            opaque: self.opaque.iter().map(|record| Fr::from(record.valid)).collect(),
            category: self.category.iter().map(|record| counts(&record.counts)).collect(),
            joint: self.joint.iter().map(|record| counts(&record.counts)).collect(),
            grouped: self
                .grouped
                .iter()
                .zip(&plan.slots().grouped)
                .map(|(record, slot)| SealedGroups {
                    nulls: nulls(slot, record.valid),
                    distinct: Fr::from(record.distinct),
                    smallest: Fr::from(record.smallest_group),
                })
                .collect(),
            product: self.product.iter().map(|record| SealedProduct::from(&record.sums)).collect(),
        }
    }
}

/// What slots hold that are not in use.
mod blank {
    use zkl_core::ark::ff::AdditiveGroup as _;

    use super::{
        CategoryRecord, Fr, GroupedRecord, JointRecord, NumericRecord, ProductRecord, ProductSums, RecordHead,
        RecordKind,
    };

    const ZERO: Fr = Fr::ZERO;

    pub(super) fn numeric() -> NumericRecord {
        let zero = || 0u64.into();
        NumericRecord { salt: ZERO, valid: 0, sum: zero(), sum_squares: zero(), min: 0, top_limb: 0, limbs: 1 }
    }

    pub(super) fn opaque() -> RecordHead {
        RecordHead { kind: RecordKind::Opaque, salt: ZERO, valid: 0, body: [ZERO; 2] }
    }

    pub(super) fn category(size: usize) -> CategoryRecord {
        CategoryRecord { salt: ZERO, valid: 0, counts: vec![0; size], values: vec![ZERO; size] }
    }

    pub(super) fn joint(size: usize) -> JointRecord {
        JointRecord { salt: ZERO, valid: 0, label_capacity: 0, counts: vec![0; size] }
    }

    pub(super) fn grouped() -> GroupedRecord {
        GroupedRecord { salt: ZERO, valid: 0, distinct: 0, smallest_group: 0 }
    }

    pub(super) fn product() -> ProductRecord {
        let zero = || 0u64.into();
        let sums = ProductSums {
            valid: 0,
            products: zero(),
            left_sum: zero(),
            right_sum: zero(),
            left_squares: zero(),
            right_squares: zero(),
        };
        ProductRecord { salt: ZERO, sums }
    }
}

/// Leaves of the records that slots hold when they are not in use, in the order of record slots.
pub(super) fn blank_leaves(slots: &Slots) -> Vec<Fr> {
    let mut leaves = vec![blank::numeric().leaf(); slots.numeric];
    leaves.extend(vec![blank::opaque().leaf(); slots.opaque]);
    for (size, count) in CATEGORY_SIZES.into_iter().zip(slots.categories) {
        leaves.extend(vec![blank::category(size).leaf(); count]);
    }
    let mut joint = (0, Fr::ZERO);
    for size in joint_sizes(slots) {
        if joint.0 != size {
            joint = (size, blank::joint(size).leaf());
        }
        leaves.push(joint.1);
    }
    leaves.extend(vec![blank::grouped().leaf(); slots.grouped]);
    leaves.extend(vec![blank::product().leaf(); slots.products]);
    leaves
}
