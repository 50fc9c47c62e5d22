//! The sealed profile of a table in the slots of a plan.

use zkl_core::{
    ark::{Fr, ff::AdditiveGroup as _},
    layout::{Layout, PairLayout},
    profile::{CategoryStats, ColumnStats, PairProfile, Profile},
};

use crate::{
    error::PlanError,
    kinds::{Grouped, Numeric, Product, Relation as _, SealedGroups, SealedNumeric, SealedProduct},
    plan::ScanPlan,
    statement::SealedProfile,
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
            Some(index) => SealedNumeric::from_column(plan, *index, column(*index)?),
            None => Ok(Numeric::from_fields([Fr::ZERO; _])),
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
            Some(index) => SealedGroups::from_column(profile.rows, *index, column(*index)?),
            None => Ok(Grouped::from_fields([Fr::ZERO; _])),
        });
        let product = slots.product.iter().map(|slot| match slot {
            Some(index) => match pair(*index)? {
                PairProfile::Product(sums) => {
                    Ok(SealedProduct::from(&sums.committed(fraction_bits(plan.layout(), *index))))
                }
                PairProfile::Joint(_) => Err(PlanError::Profile { index: columns.len() + index }),
            },
            None => Ok(Product::from_fields([Fr::ZERO; _])),
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

/// [`ColumnLayout::fraction_bits`](zkl_core::layout::ColumnLayout::fraction_bits) of both columns of a product.
fn fraction_bits(layout: &Layout, pair: usize) -> [u8; 2] {
    let bits = |index: u32| layout.columns().get(index as usize).map_or(0, |column| column.fraction_bits);
    match layout.pairs().get(pair) {
        Some(&PairLayout::Product { left, right }) => [left, right].map(bits),
        _ => [0, 0],
    }
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
