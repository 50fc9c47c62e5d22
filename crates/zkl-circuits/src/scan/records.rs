//! The records of a seal in the slots of a shape, natively.

use zkl_argument::{ScanPlan, SealedGroups, SealedNumeric, SealedProduct, SealedProfile};
use zkl_core::{
    ark::{Fr, ff::AdditiveGroup as _},
    profile::ProductSums,
};

use super::lay::joint_sizes;
use crate::seal::{
    CategoryRecord, ColumnRecord, GroupedRecord, HeaderRecord, JointRecord, NumericRecord, ProductRecord, RecordHead,
    RecordKind, Seal, SealError,
};

/// One record per slot; slots that are not in use hold zeros. Secret.
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
        let zero = Fr::ZERO;
        let numeric = slots.numeric.iter().map(|slot| match slot {
            Some(column) => Ok(seal.numeric(*column)?.record),
            None => Ok(NumericRecord {
                salt: zero,
                valid: 0,
                sum: 0u64.into(),
                sum_squares: 0u64.into(),
                min: 0,
                top_limb: 0,
                limbs: 1,
            }),
        });
        let opaque = slots.opaque.iter().map(|slot| match slot {
            Some(column) => match seal.columns().get(*column) {
                Some(ColumnRecord::Opaque(record)) => Ok(record.clone()),
                Some(other) => Err(SealError::Kind { expected: RecordKind::Opaque, got: other.head().kind }),
                None => Err(SealError::Absent { what: "column", index: *column }),
            },
            None => Ok(RecordHead { kind: RecordKind::Opaque, salt: zero, valid: 0, body: [zero; 2] }),
        });
        let category = slots.category.iter().zip(sizes.small_tables()).map(|(slot, size)| match slot {
            Some(column) => Ok(seal.category(*column)?.record),
            None => Ok(CategoryRecord { salt: zero, valid: 0, counts: vec![0; size], values: vec![zero; size] }),
        });
        let joint = slots.joint.iter().zip(joint_sizes(sizes)).map(|(slot, size)| match slot {
            Some(pair) => Ok(seal.joint(*pair)?.record),
            None => Ok(JointRecord { salt: zero, valid: 0, label_capacity: 0, counts: vec![0; size] }),
        });
        let grouped = slots.grouped.iter().map(|slot| match slot {
            Some(column) => Ok(seal.grouped(*column)?.record),
            None => Ok(GroupedRecord { salt: zero, valid: 0, distinct: 0, smallest_group: 0 }),
        });
        let product = slots.product.iter().map(|slot| match slot {
            Some(pair) => Ok(seal.product(*pair)?.record),
            None => Ok(ProductRecord { salt: zero, sums: no_sums() }),
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
            product: self
                .product
                .iter()
                .map(|ProductRecord { sums, .. }| SealedProduct {
                    valid: Fr::from(sums.valid),
                    products: Fr::from(sums.products.clone()),
                    left_sum: Fr::from(sums.left_sum.clone()),
                    right_sum: Fr::from(sums.right_sum.clone()),
                    left_squares: Fr::from(sums.left_squares.clone()),
                    right_squares: Fr::from(sums.right_squares.clone()),
                })
                .collect(),
        }
    }
}

fn no_sums() -> ProductSums {
    ProductSums {
        valid: 0,
        products: 0u64.into(),
        left_sum: 0u64.into(),
        right_sum: 0u64.into(),
        left_squares: 0u64.into(),
        right_squares: 0u64.into(),
    }
}
