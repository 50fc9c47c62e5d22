//! The witness of a scan over dictionaries: counts of the whole table, by code.

use std::borrow::Cow;

use zkl_core::ark::Fr;

use super::{CellData, ScanWitness, groups, limb_multiplicities};
use crate::{
    error::PlanError,
    plan::{Cell, ScanPlan},
    statement::SealedProfile,
};

impl<'a> ScanWitness<'a> {
    /// The witness of a plan made by [`ScanPlan::dictionaries`]. `sums[j][t]` is the number of rows of code t in large
    /// dictionary j, `2^limb_bits` entries each or fewer.
    ///
    /// # Errors
    /// [`PlanError::Column`] unless there is one list of counts per dictionary, each at most as long as the shape has
    /// rows, and [`PlanError::Range`] when a group is smaller than the sealed smallest one.
    pub fn dictionaries(plan: &ScanPlan, sums: &'a [Vec<u32>], sealed: &SealedProfile<Fr>) -> Result<Self, PlanError> {
        let columns = plan.layout().columns().len();
        let misfit = sums.iter().position(|sums| sums.len() > plan.shape().rows());
        if sums.len() != columns || misfit.is_some() {
            return Err(PlanError::Column { index: misfit.unwrap_or(columns) });
        }
        let mut cells = vec![CellData::U16(Cow::Owned(vec![1])), CellData::U16(Cow::Owned(Vec::new()))];
        for (index, (sums, record)) in sums.iter().zip(&sealed.grouped).enumerate() {
            let position = plan.position(Cell::GroupSum { column: index }).ok_or(PlanError::Column { index })?;
            let limb_bits = plan.shape().limb_bits();
            let [_, low, high] = groups(sums.clone(), &record.distinct, &record.smallest, limb_bits, position)?;
            cells.extend([CellData::U32(Cow::Borrowed(sums.as_slice())), low, high]);
        }
        let multiplicities = limb_multiplicities(plan, &cells, sealed)?;
        cells.push(CellData::U32(Cow::Owned(multiplicities)));
        Self::from_cells_unchecked(plan, cells)
    }
}
