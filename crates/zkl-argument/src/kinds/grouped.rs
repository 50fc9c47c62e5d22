//! Large dictionary columns: multiplicities `m` of the codes, and the remainder of `m - k_min`.

use zkl_core::{
    ark::Fr,
    profile::{ColumnProfile, ColumnStats},
};
use zkl_kernel::moments::{Series, Term};

use super::{Relation, Summand, Weights};
use crate::{
    context::Value,
    error::PlanError,
    shape::Slots,
    statement::{LayoutVector, SealedProfile},
};

/// Sealed about a large dictionary column: codes `1..=distinct` are in use, each in at least `smallest` rows.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedGroups<V> {
    /// Null rows.
    pub nulls: V,
    /// `D`, the number of groups.
    pub distinct: V,
    /// `k_min`; must be sealed as a number below 2^32.
    pub smallest: V,
}

pub(crate) enum Grouped {}

impl Relation<3, 2, 3> for Grouped {
    type Sealed<V> = SealedGroups<V>;
    /// The slot, and `k_min`.
    type Known<'a, V: 'a> = (usize, &'a V);

    fn count(slots: &Slots) -> usize {
        slots.grouped
    }

    fn sealed<V>(profile: &SealedProfile<V>) -> &[SealedGroups<V>] {
        &profile.grouped
    }

    fn fields<V: Clone>(sealed: &SealedGroups<V>) -> [V; 3] {
        let SealedGroups { nulls, distinct, smallest } = sealed;
        [nulls, distinct, smallest].map(V::clone)
    }

    fn from_fields<V>([nulls, distinct, smallest]: [V; 3]) -> SealedGroups<V> {
        SealedGroups { nulls, distinct, smallest }
    }

    fn known<'a, V>(_: &'a LayoutVector<V>, profile: &'a SealedProfile<V>) -> impl Iterator<Item = (usize, &'a V)> {
        profile.grouped.iter().map(|record| &record.smallest).enumerate()
    }

    fn sums<V>(sealed: &SealedGroups<V>) -> [Option<&V>; 3] {
        [Some(&sealed.nulls), None, None]
    }

    fn add_terms<V: Value>(
        (slot, smallest): (usize, &V),
        [m, rest]: [V; 2],
        [nulls, unused, counted]: [V; 3],
        weights: &Weights<V>,
        summand: &mut Summand<V>,
    ) {
        // One weight a slot, both from the shape.
        let Some(group) = weights.groups.get(slot) else { return };
        let outside = (weights.one.clone() - group) * &weights.eq;
        let inside = (group.clone() - &weights.origin) * &weights.eq;
        summand.weighted += &(nulls * (m.clone() * &weights.origin));
        summand.weighted += &(unused * (m.clone() * outside));
        summand.weighted += &(counted * ((m - smallest - rest) * inside));
    }

    fn kernel_term((group, smallest): (usize, &Fr), [m, rest]: [Series; 2], powers: [Fr; 3]) -> Term {
        Term::Grouped { powers, m, rest, smallest: *smallest, group }
    }
}

impl SealedGroups<Fr> {
    /// What is sealed of column `index` of a table of `rows` rows.
    pub(crate) fn from_column(rows: u64, index: usize, profile: &ColumnProfile) -> Result<Self, PlanError> {
        match &profile.stats {
            ColumnStats::Grouped(stats) => Ok(Self {
                nulls: Fr::from(rows.saturating_sub(profile.valid)),
                distinct: Fr::from(stats.distinct() as u64),
                smallest: Fr::from(stats.smallest_group()),
            }),
            _ => Err(PlanError::Profile { index }),
        }
    }
}
