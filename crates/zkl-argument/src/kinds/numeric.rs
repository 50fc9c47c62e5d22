//! Numeric columns: `u` and its validity `b`, summed and squared.

use zkl_core::{
    ark::Fr,
    layout::Encoding,
    profile::{ColumnProfile, ColumnStats, NumericStats},
};
use zkl_kernel::moments::{Series, Term};

use super::{Relation, Summand, Weights};
use crate::{
    context::Value,
    error::PlanError,
    plan::ScanPlan,
    shape::Slots,
    statement::{LayoutVector, SealedProfile},
};

/// Sealed about a numeric column.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedNumeric<V> {
    /// Rows with a value.
    pub valid: V,
    /// `sum u`.
    pub sum: V,
    /// `sum u^2`.
    pub sum_squares: V,
    /// `T`, the bound on the top limb.
    pub top: V,
}

pub(crate) enum Numeric {}

impl Relation<4, 2, 5> for Numeric {
    type Sealed<V> = SealedNumeric<V>;
    /// `full`: 1 for a column that is never null.
    type Known<'a, V: 'a> = &'a V;

    fn count(slots: &Slots) -> usize {
        slots.numeric
    }

    fn sealed<V>(profile: &SealedProfile<V>) -> &[SealedNumeric<V>] {
        &profile.numeric
    }

    fn fields<V: Clone>(sealed: &SealedNumeric<V>) -> [V; 4] {
        let SealedNumeric { valid, sum, sum_squares, top } = sealed;
        [valid, sum, sum_squares, top].map(V::clone)
    }

    fn from_fields<V>([valid, sum, sum_squares, top]: [V; 4]) -> SealedNumeric<V> {
        SealedNumeric { valid, sum, sum_squares, top }
    }

    fn known<'a, V>(layout: &'a LayoutVector<V>, _: &'a SealedProfile<V>) -> impl Iterator<Item = &'a V> {
        layout.numeric_full.iter()
    }

    fn sums<V>(sealed: &SealedNumeric<V>) -> [Option<&V>; 5] {
        [Some(&sealed.sum), Some(&sealed.sum_squares), Some(&sealed.valid), None, None]
    }

    fn add_terms<V: Value>(
        full: &V,
        [u, b]: [V; 2],
        [sum, square, valid, bit, null]: [V; 5],
        weights: &Weights<V>,
        summand: &mut Summand<V>,
    ) {
        let b = b + full;
        summand.rows += &(sum * u.clone());
        summand.rows += &(square * (u.clone() * &u));
        summand.rows += &(valid * b.clone());
        let invalid = weights.one.clone() - &b;
        summand.rules -= &(bit * (b * &invalid));
        summand.rules += &(null * (u * &invalid));
    }

    fn kernel_term(full: &Fr, [u, b]: [Series; 2], powers: [Fr; 5]) -> Term {
        Term::Numeric { powers, u, b, full: *full }
    }
}

impl SealedNumeric<Fr> {
    /// What is sealed of column `index`.
    pub(crate) fn from_column(plan: &ScanPlan, index: usize, profile: &ColumnProfile) -> Result<Self, PlanError> {
        let column = plan.layout().columns().get(index).ok_or(PlanError::Profile { index })?;
        match (column.encoding, &profile.stats) {
            (Encoding::Numeric { limbs }, ColumnStats::Numeric(stats)) => {
                let stats = stats.committed(column.fraction_bits);
                let top = Fr::from(top_limb(&stats, limbs, plan.shape().limb_bits()));
                let NumericStats { min: _, max: _, sum, sum_squares } = stats;
                Ok(Self { valid: Fr::from(profile.valid), sum: Fr::from(sum), sum_squares: Fr::from(sum_squares), top })
            }
            _ => Err(PlanError::Profile { index }),
        }
    }
}

/// `NumericStats::top_limb` for limbs of any width.
fn top_limb(stats: &NumericStats, limbs: u8, limb_bits: usize) -> u64 {
    stats.max.abs_diff(stats.min).checked_shr(limb_bits as u32 * (u32::from(limbs).saturating_sub(1))).unwrap_or(0)
}
