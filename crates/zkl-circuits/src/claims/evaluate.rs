//! Whether a claim is true, and whether the seal can show it: exact arithmetic on the profile, without a circuit.

use std::fmt;

use num_bigint::BigInt;
use zkl_core::{
    layout::{Layout, PairLayout},
    profile::{
        CategoryStats, ColumnProfile, ColumnStats, JointCounts, NumericStats, PairProfile, ProductSums, Profile,
    },
};

use super::{
    bounds::{Bounds, Unit},
    language::{ClaimError, Coarse, Vacuity},
    observed::Observed,
    resolve::{Place, ResolvedClaim},
};
use crate::seal::layout_digest;

/// What a claim is about one profile. Its `Debug` leaves the observed value out.
#[derive(Clone)]
pub struct Evaluation {
    /// Whether the claim is true.
    pub holds: bool,
    /// Whether the circuit can show it. Never without `holds`.
    pub provable: bool,
    /// Values that the claim names and the column does not hold: misspelt, perhaps.
    pub absent_values: Vec<String>,
    coarse: Option<Coarse>,
    observed: Observed,
}

impl Evaluation {
    /// Of a claim that can be proved whenever it is true.
    pub(super) const fn exact(holds: bool, observed: Observed) -> Self {
        Self { holds, provable: holds, absent_values: Vec::new(), coarse: None, observed }
    }

    /// Of a claim that can be true and not `provable`, for the reason `coarse`.
    pub(super) fn rounded(holds: bool, provable: bool, observed: Observed, coarse: impl FnOnce() -> Coarse) -> Self {
        let provable = holds && provable;
        let coarse = (holds && !provable).then(coarse);
        Self { holds, provable, absent_values: Vec::new(), coarse, observed }
    }

    /// A part of 1; `whole` is not 0.
    pub(super) fn rate(part: impl Into<BigInt>, whole: impl Into<BigInt>, is: &Bounds) -> Self {
        let value = Observed::fraction(part.into(), whole.into());
        Self::exact(is.hold(&value), Observed::Rate(value))
    }

    /// `numerator / denominator` of `unit`; the denominator is not 0.
    pub(super) fn fraction(
        numerator: impl Into<BigInt>,
        denominator: impl Into<BigInt>,
        is: &Bounds,
        unit: Unit,
    ) -> Self {
        let value = Observed::fraction(numerator.into(), denominator.into());
        Self::exact(is.hold(&value), Observed::Number(value / unit.per_one()))
    }

    /// The statistic's value, which the seal hides.
    pub const fn observed(&self) -> &Observed {
        &self.observed
    }

    /// Passes a claim that can be proved.
    ///
    /// # Errors
    /// [`ClaimError::False`], which does not say by how much, or [`ClaimError::NotProvable`].
    pub fn check(&self) -> Result<(), ClaimError> {
        if !self.holds {
            return Err(ClaimError::False);
        }
        match &self.coarse {
            Some(reason) if !self.provable => Err(ClaimError::NotProvable { reason: reason.clone() }),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { holds, provable, .. } = self;
        f.debug_struct("Evaluation").field("holds", holds).field("provable", provable).finish_non_exhaustive()
    }
}

/// Evaluates `claim` on `profile`.
///
/// # Errors
/// [`ClaimError::Vacuous`] when the statistic does not exist, [`ClaimError::ProfileMismatch`] when claim, layout and profile
/// are not of one table.
pub fn evaluate(claim: &ResolvedClaim, layout: &Layout, profile: &Profile) -> Result<Evaluation, ClaimError> {
    if claim.layout != layout_digest(layout) {
        return Err(ClaimError::ProfileMismatch);
    }
    claim.relation.evaluate(&Facts { layout, profile, function: claim.function })
}

/// What there is to know about a table, by place.
pub(super) struct Facts<'a> {
    pub(super) layout: &'a Layout,
    pub(super) profile: &'a Profile,
    function: &'static str,
}

impl<'a> Facts<'a> {
    /// The claim says nothing about this table.
    pub(super) fn vacuous<T>(&self, reason: Vacuity) -> Result<T, ClaimError> {
        Err(ClaimError::Vacuous { function: self.function, reason })
    }

    /// What a column's committed integers count.
    pub(super) fn unit(&self, column: Place) -> Unit {
        self.layout.columns().get(column.position).map_or(Unit::ONE, Unit::of)
    }

    fn fraction_bits(&self, position: usize) -> u8 {
        self.layout.columns().get(position).map_or(0, |column| column.fraction_bits)
    }

    /// A column of any kind.
    pub(super) fn column(&self, column: Place) -> Result<&'a ColumnProfile, ClaimError> {
        self.profile.columns.get(column.position).ok_or(ClaimError::ProfileMismatch)
    }

    /// Rows with a value, and rows without.
    pub(super) fn rows(&self, column: Place) -> Result<(u64, u64), ClaimError> {
        let valid = self.column(column)?.valid;
        let nulls = self.profile.rows.checked_sub(valid).ok_or(ClaimError::ProfileMismatch)?;
        Ok((valid, nulls))
    }

    /// A column of numbers of which at least one row has one: statistics of the committed integers.
    pub(super) fn numeric(&self, place: Place) -> Result<(u64, NumericStats), ClaimError> {
        let column = self.column(place)?;
        if column.valid == 0 {
            return self.vacuous(Vacuity::NoValues);
        }
        match &column.stats {
            ColumnStats::Numeric(stats) => Ok((column.valid, stats.committed(self.fraction_bits(place.position)))),
            _ => Err(ClaimError::ProfileMismatch),
        }
    }

    /// A column of categories with every count sealed.
    pub(super) fn category(&self, column: Place) -> Result<(u64, &'a CategoryStats), ClaimError> {
        let column = self.column(column)?;
        match &column.stats {
            ColumnStats::Category(stats) => Ok((column.valid, stats)),
            _ => Err(ClaimError::ProfileMismatch),
        }
    }

    /// A joint table.
    pub(super) fn joint(&self, pair: Place) -> Result<&'a JointCounts, ClaimError> {
        match self.profile.pairs.get(pair.position) {
            Some(PairProfile::Joint(joint)) => Ok(joint),
            _ => Err(ClaimError::ProfileMismatch),
        }
    }

    /// Sums of products of the committed integers.
    pub(super) fn product(&self, pair: Place) -> Result<ProductSums, ClaimError> {
        match (self.profile.pairs.get(pair.position), self.layout.pairs().get(pair.position)) {
            (Some(PairProfile::Product(sums)), Some(&PairLayout::Product { left, right })) => {
                Ok(sums.committed([left, right].map(|column| self.fraction_bits(column as usize))))
            }
            _ => Err(ClaimError::ProfileMismatch),
        }
    }
}
