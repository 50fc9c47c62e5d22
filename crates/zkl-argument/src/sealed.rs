//! The sealed profile of a table in the slots of a plan.

use zkl_core::{
    ark::{Fr, ff::AdditiveGroup as _},
    layout::Encoding,
    profile::{CategoryStats, ColumnProfile, ColumnStats, NumericStats, PairProfile, Profile},
};

use crate::{
    error::PlanError,
    plan::ScanPlan,
    statement::{SealedGroups, SealedNumeric, SealedProduct, SealedProfile},
};

impl SealedProfile<Fr> {
    /// What is sealed of `profile`, slot by slot; slots that are not in use seal zeros.
    ///
    /// # Errors
    /// [`PlanError::Profile`] when a record does not have the form that the layout says.
    pub fn from_profile(plan: &ScanPlan, profile: &Profile) -> Result<Self, PlanError> {
        let columns = plan.layout().columns();
        if profile.columns.len() != columns.len() || profile.pairs.len() != plan.layout().pairs().len() {
            return Err(PlanError::Profile { index: profile.columns.len().min(columns.len()) });
        }
        let column = |index: usize| profile.columns.get(index).ok_or(PlanError::Profile { index });
        let pair = |index: usize| profile.pairs.get(index).ok_or(PlanError::Profile { index: columns.len() + index });
        let slots = plan.slots();
        let sizes = plan.shape().slots().small_tables();
        let (category_sizes, joint_sizes) = sizes.split_at(slots.category.len());

        let numeric = slots.numeric.iter().map(|slot| match slot {
            Some(index) => numeric(plan, *index, column(*index)?),
            None => Ok(SealedNumeric { valid: Fr::ZERO, sum: Fr::ZERO, sum_squares: Fr::ZERO, top: Fr::ZERO }),
        });
        let opaque = slots.opaque.iter().map(|slot| match slot {
            Some(index) => Ok(Fr::from(column(*index)?.valid)),
            None => Ok(Fr::ZERO),
        });
        let category = slots.category.iter().zip(category_sizes).map(|(slot, &size)| match slot {
            Some(index) => match &column(*index)?.stats {
                ColumnStats::Category(stats) => counts(profile.rows, column(*index)?.valid, stats, size),
                _ => None,
            }
            .ok_or(PlanError::Profile { index: *index }),
            None => Ok(vec![Fr::ZERO; size]),
        });
        let joint = slots.joint.iter().zip(joint_sizes).map(|(slot, &size)| match slot {
            Some(index) => match pair(*index)? {
                PairProfile::Joint(joint) if joint.counts.len() == size => {
                    Ok(joint.counts.iter().map(|&count| Fr::from(count)).collect())
                }
                _ => Err(PlanError::Profile { index: columns.len() + index }),
            },
            None => Ok(vec![Fr::ZERO; size]),
        });
        let grouped = slots.grouped.iter().map(|slot| match slot {
            Some(index) => match &column(*index)?.stats {
                ColumnStats::Grouped(stats) => Ok(SealedGroups {
                    nulls: Fr::from(profile.rows.saturating_sub(column(*index)?.valid)),
                    distinct: Fr::from(stats.distinct() as u64),
                    smallest: Fr::from(stats.smallest_group()),
                }),
                _ => Err(PlanError::Profile { index: *index }),
            },
            None => Ok(SealedGroups { nulls: Fr::ZERO, distinct: Fr::ZERO, smallest: Fr::ZERO }),
        });
        let product = slots.product.iter().map(|slot| match slot {
            Some(index) => match pair(*index)? {
                PairProfile::Product(sums) => Ok(SealedProduct {
                    valid: Fr::from(sums.valid),
                    products: Fr::from(sums.products.clone()),
                    left_sum: Fr::from(sums.left_sum.clone()),
                    right_sum: Fr::from(sums.right_sum.clone()),
                    left_squares: Fr::from(sums.left_squares.clone()),
                    right_squares: Fr::from(sums.right_squares.clone()),
                }),
                PairProfile::Joint(_) => Err(PlanError::Profile { index: columns.len() + index }),
            },
            None => Ok(SealedProduct {
                valid: Fr::ZERO,
                products: Fr::ZERO,
                left_sum: Fr::ZERO,
                right_sum: Fr::ZERO,
                left_squares: Fr::ZERO,
                right_squares: Fr::ZERO,
            }),
        });
        Ok(Self {
            numeric: numeric.collect::<Result<_, _>>()?,
            opaque: opaque.collect::<Result<_, _>>()?,
            category: category.collect::<Result<_, _>>()?,
            joint: joint.collect::<Result<_, _>>()?,
            grouped: grouped.collect::<Result<_, _>>()?,
            product: product.collect::<Result<_, _>>()?,
        })
    }
}

fn numeric(plan: &ScanPlan, index: usize, profile: &ColumnProfile) -> Result<SealedNumeric<Fr>, PlanError> {
    let encoding = plan.layout().columns().get(index).map(|column| column.encoding);
    match (encoding, &profile.stats) {
        (Some(Encoding::Numeric { limbs }), ColumnStats::Numeric(stats)) => Ok(SealedNumeric {
            valid: Fr::from(profile.valid),
            sum: Fr::from(stats.sum.clone()),
            sum_squares: Fr::from(stats.sum_squares.clone()),
            top: Fr::from(top_limb(stats, limbs, plan.shape().limb_bits())),
        }),
        _ => Err(PlanError::Profile { index }),
    }
}

/// `NumericStats::top_limb` for limbs of any width.
fn top_limb(stats: &NumericStats, limbs: u8, limb_bits: usize) -> u64 {
    stats.max.abs_diff(stats.min).checked_shr(limb_bits as u32 * (u32::from(limbs).saturating_sub(1))).unwrap_or(0)
}

/// Counts in code order, null first, filled up with zeros; `None` when there are more values than codes.
fn counts(rows: u64, valid: u64, stats: &CategoryStats, size: usize) -> Option<Vec<Fr>> {
    let mut counts = vec![Fr::from(rows.checked_sub(valid)?)];
    counts.extend(stats.entries.iter().map(|entry| Fr::from(entry.count)));
    if counts.len() > size {
        return None;
    }
    counts.resize(size, Fr::ZERO);
    Some(counts)
}
