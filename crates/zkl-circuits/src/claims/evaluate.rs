//! Whether a claim is true, and whether the seal can show it: exact arithmetic on the profile, without a circuit.

use std::fmt;

use crate::claims::language::{
    Bound, Bounds, ClaimError, Coarse, Estimator, GapAxes, GroupTarget, NullGroups, NullUnit, ResolvedClaim, ShareBase,
    Vacuity,
};
use num_bigint::{BigInt, Sign};
use num_rational::BigRational;
use num_traits::{One as _, Signed as _, Zero as _};
use zkl_core::{
    layout::{Encoding, Layout},
    profile::{CategoryStats, ColumnStats, GroupedStats, JointCounts, NumericStats, PairProfile, ProductSums, Profile},
};

use super::{
    correlation::{coefficients, root, spreads},
    observed::{Observed, in_type},
};

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
    let table = Table { layout, profile, function: claim.function() };
    match claim {
        ResolvedClaim::Rows { is } => Ok(table.fraction(profile.rows, 1u64, is, 0)),
        ResolvedClaim::Count { column, is } => Ok(table.fraction(table.valid(*column)?, 1u64, is, 0)),
        ResolvedClaim::Nulls { column, unit, is } => {
            let nulls = profile.rows.checked_sub(table.valid(*column)?).ok_or(ClaimError::ProfileMismatch)?;
            match unit {
                NullUnit::Rows => Ok(table.fraction(nulls, 1u64, is, 0)),
                NullUnit::Rate => Ok(rate(nulls, profile.rows, is)),
            }
        }
        ResolvedClaim::Mean { column, is } => {
            let (total, valid) = table.total(*column)?;
            Ok(table.fraction(total, valid, is, table.scale(*column)))
        }
        ResolvedClaim::Sum { column, is } => {
            Ok(table.fraction(table.total(*column)?.0, 1u64, is, table.scale(*column)))
        }
        ResolvedClaim::Variance { column, estimator, is } => table.variance(*column, *estimator, is),
        ResolvedClaim::Values { column, limbs, lower, upper } => table.values(*column, *limbs, *lower, *upper),
        ResolvedClaim::Share { column, value, over, is, .. } => table.share(*column, value, *over, is),
        ResolvedClaim::Gap { pair, axes, group, label, label_capacity, group_capacity, value, groups, is } => {
            let cells = Cells {
                joint: table.joint(*pair)?,
                axes: *axes,
                groups: *group_capacity as usize,
                labels: *label_capacity as usize,
            };
            table.gap(&cells, *group, *label, value, groups, is)
        }
        ResolvedClaim::MinGroup { target, nulls, at_least } => table.min_group(*target, *nulls, *at_least),
        ResolvedClaim::Balance { column, at_least, .. } => table.balance(*column, at_least),
        ResolvedClaim::Correlation { pair, is } => table.correlation(*pair, is),
    }
}

/// `x` compared with one end of a range.
fn above(x: &BigRational, bound: &Bound) -> bool {
    let threshold = BigRational::new(bound.numerator.into(), bound.denominator.into());
    if bound.strict { *x > threshold } else { *x >= threshold }
}

fn below(x: &BigRational, bound: &Bound) -> bool {
    let threshold = BigRational::new(bound.numerator.into(), bound.denominator.into());
    if bound.strict { *x < threshold } else { *x <= threshold }
}

fn within(x: &BigRational, is: &Bounds) -> bool {
    is.lower.is_none_or(|bound| above(x, &bound)) && is.upper.is_none_or(|bound| below(x, &bound))
}

const fn exact(holds: bool, observed: Observed) -> Evaluation {
    Evaluation { holds, provable: holds, absent_values: Vec::new(), coarse: None, observed }
}

/// A part of 1; `whole` is not 0.
fn rate(part: impl Into<BigInt>, whole: impl Into<BigInt>, is: &Bounds) -> Evaluation {
    let value = Observed::fraction(part.into(), whole.into());
    exact(within(&value, is), Observed::Rate(value))
}

struct Table<'a> {
    layout: &'a Layout,
    profile: &'a Profile,
    function: &'static str,
}

/// A joint table, its axes named.
struct Cells<'a> {
    joint: &'a JointCounts,
    axes: GapAxes,
    groups: usize,
    labels: usize,
}

impl Cells<'_> {
    fn count(&self, group: usize, label: usize) -> u64 {
        let cell = match self.axes {
            GapAxes::GroupFirst => group * self.labels + label,
            GapAxes::LabelFirst => label * self.groups + group,
        };
        self.joint.counts.get(cell).copied().unwrap_or(0)
    }
}

impl<'a> Table<'a> {
    fn vacuous<T>(&self, reason: Vacuity) -> Result<T, ClaimError> {
        Err(ClaimError::Vacuous { function: self.function, reason })
    }

    fn scale(&self, column: usize) -> u32 {
        self.layout.columns().get(column).map_or(0, |column| column.ty.scale().into())
    }

    /// `numerator / denominator` in integer units of `10^-scale`; the denominator is not 0.
    fn fraction(
        &self,
        numerator: impl Into<BigInt>,
        denominator: impl Into<BigInt>,
        is: &Bounds,
        scale: u32,
    ) -> Evaluation {
        let value = Observed::fraction(numerator.into(), denominator.into());
        exact(within(&value, is), Observed::Number(value / BigInt::from(10).pow(scale)))
    }

    fn valid(&self, column: usize) -> Result<u64, ClaimError> {
        self.profile.columns.get(column).map(|column| column.valid).ok_or(ClaimError::ProfileMismatch)
    }

    fn numeric(&self, column: usize) -> Result<(u64, &'a NumericStats), ClaimError> {
        match self.profile.columns.get(column) {
            Some(column) if column.valid == 0 => self.vacuous(Vacuity::NoValues),
            Some(column) => match &column.stats {
                ColumnStats::Numeric(stats) => Ok((column.valid, stats)),
                _ => Err(ClaimError::ProfileMismatch),
            },
            None => Err(ClaimError::ProfileMismatch),
        }
    }

    fn category(&self, column: usize) -> Result<(u64, &'a CategoryStats), ClaimError> {
        match self.profile.columns.get(column) {
            Some(column) => match &column.stats {
                ColumnStats::Category(stats) => Ok((column.valid, stats)),
                _ => Err(ClaimError::ProfileMismatch),
            },
            None => Err(ClaimError::ProfileMismatch),
        }
    }

    fn joint(&self, pair: usize) -> Result<&'a JointCounts, ClaimError> {
        match self.profile.pairs.get(pair) {
            Some(PairProfile::Joint(joint)) => Ok(joint),
            _ => Err(ClaimError::ProfileMismatch),
        }
    }

    /// Sum of the values and their number.
    fn total(&self, column: usize) -> Result<(BigInt, u64), ClaimError> {
        let (valid, stats) = self.numeric(column)?;
        let shifted = BigInt::from_biguint(Sign::Plus, stats.sum.clone());
        Ok((shifted + BigInt::from(valid) * stats.min, valid))
    }

    fn variance(&self, column: usize, estimator: Estimator, is: &Bounds) -> Result<Evaluation, ClaimError> {
        let (valid, stats) = self.numeric(column)?;
        let count = BigInt::from(valid);
        let divisor = match estimator {
            Estimator::Population => count.clone(),
            Estimator::Sample if valid < 2 => return self.vacuous(Vacuity::OneValue),
            Estimator::Sample => &count - 1,
        };
        let [sum, squares] =
            [&stats.sum, &stats.sum_squares].map(|value| BigInt::from_biguint(Sign::Plus, value.clone()));
        let spread = &count * squares - &sum * &sum;
        Ok(self.fraction(spread, count * divisor, is, 2 * self.scale(column)))
    }

    fn values(
        &self,
        column: usize,
        limbs: u8,
        lower: Option<i128>,
        upper: Option<i128>,
    ) -> Result<Evaluation, ClaimError> {
        let (_, stats) = self.numeric(column)?;
        let about = self.layout.columns().get(column).ok_or(ClaimError::ProfileMismatch)?;
        if about.encoding != (Encoding::Numeric { limbs }) {
            return Err(ClaimError::ProfileMismatch);
        }
        let sealed_max = stats.sealed_max(limbs);
        let from_below = lower.is_none_or(|bound| i128::from(stats.min) >= bound);
        let holds = from_below && upper.is_none_or(|bound| i128::from(stats.max) <= bound);
        let provable = holds && upper.is_none_or(|bound| sealed_max <= bound);
        let coarse = (holds && !provable).then(|| Coarse::UpperBound { provable: in_type(sealed_max, about.ty) });
        let observed = Observed::Range { min: stats.min, max: stats.max, ty: about.ty };
        Ok(Evaluation { holds, provable, absent_values: Vec::new(), coarse, observed })
    }

    fn share(&self, column: usize, value: &str, over: ShareBase, is: &Bounds) -> Result<Evaluation, ClaimError> {
        let (valid, stats) = self.category(column)?;
        let base = match over {
            ShareBase::ValidRows => valid,
            ShareBase::AllRows => self.profile.rows,
        };
        if base == 0 {
            return self.vacuous(Vacuity::NoValues);
        }
        let entry = stats.entries.iter().find(|entry| entry.value == value);
        let mut evaluation = rate(entry.map_or(0, |entry| entry.count), base, is);
        if entry.is_none() {
            evaluation.absent_values.push(value.to_owned());
        }
        Ok(evaluation)
    }

    fn gap(
        &self,
        cells: &Cells<'_>,
        group: usize,
        label: usize,
        value: &str,
        groups: &[String; 2],
        is: &Bounds,
    ) -> Result<Evaluation, ClaimError> {
        if cells.joint.counts.len() != cells.groups * cells.labels {
            return Err(ClaimError::ProfileMismatch);
        }
        let (group, label) = (self.category(group)?.1, self.category(label)?.1);
        let label_code = label.code_of(value);
        let rate_of = |name: &String| {
            let code = group.code_of(name);
            let total: u64 = code.map_or(0, |g| (1..cells.labels).map(|l| cells.count(g, l)).sum());
            let hits = code.zip(label_code).map_or(0, |(g, l)| cells.count(g, l));
            if total == 0 {
                return self.vacuous(Vacuity::EmptyGroup);
            }
            Ok(Observed::fraction(hits.into(), total.into()))
        };
        let gap = (rate_of(&groups[0])? - rate_of(&groups[1])?).abs();
        let mut evaluation = exact(within(&gap, is), Observed::Rate(gap));
        if label_code.is_none() {
            evaluation.absent_values.push(value.to_owned());
        }
        Ok(evaluation)
    }

    fn min_group(&self, target: GroupTarget, nulls: NullGroups, at_least: u32) -> Result<Evaluation, ClaimError> {
        let with_nulls = nulls == NullGroups::Included;
        let column_groups = |valid: u64, smallest: Option<u64>| {
            let nulls = self.profile.rows.saturating_sub(valid);
            let nulls = (with_nulls && nulls > 0).then_some(nulls);
            smallest.filter(|&count| count > 0).into_iter().chain(nulls).min()
        };
        let smallest = match target {
            GroupTarget::Category { column, .. } => {
                let (valid, stats) = self.category(column)?;
                column_groups(valid, stats.entries.iter().map(|entry| entry.count).min())
            }
            GroupTarget::Grouped { column } => match self.profile.columns.get(column) {
                Some(profile) => match &profile.stats {
                    ColumnStats::Grouped(stats) => {
                        column_groups(profile.valid, Some(GroupedStats::smallest_group(stats)))
                    }
                    _ => return Err(ClaimError::ProfileMismatch),
                },
                None => return Err(ClaimError::ProfileMismatch),
            },
            GroupTarget::Joint { pair, label_capacity, .. } => {
                let labels = label_capacity as usize;
                let cells = self.joint(pair)?.counts.iter().enumerate();
                cells
                    .filter(|(cell, _)| with_nulls || (*cell >= labels && !cell.is_multiple_of(labels)))
                    .map(|(_, &count)| count)
                    .filter(|&count| count > 0)
                    .min()
            }
        };
        let Some(smallest) = smallest else { return self.vacuous(Vacuity::NoValues) };
        let observed = Observed::Number(BigRational::from_integer(smallest.into()));
        Ok(exact(smallest >= u64::from(at_least), observed))
    }

    fn balance(&self, column: usize, at_least: &Bound) -> Result<Evaluation, ClaimError> {
        let (_, stats) = self.category(column)?;
        let counts = || stats.entries.iter().map(|entry| entry.count).filter(|&count| count > 0);
        let (Some(smallest), Some(largest)) = (counts().min(), counts().max()) else {
            return self.vacuous(Vacuity::NoValues);
        };
        if counts().count() < 2 {
            return self.vacuous(Vacuity::OneClass);
        }
        let balance = Observed::fraction(smallest.into(), largest.into());
        Ok(exact(above(&balance, at_least), Observed::Number(balance)))
    }

    fn correlation(&self, pair: usize, is: &Bounds) -> Result<Evaluation, ClaimError> {
        let sums: &ProductSums = match self.profile.pairs.get(pair) {
            Some(PairProfile::Product(sums)) => sums,
            _ => return Err(ClaimError::ProfileMismatch),
        };
        if sums.valid == 0 {
            return self.vacuous(Vacuity::NoValues);
        }
        let ([left, right], covariance) = spreads(sums);
        if !left.is_positive() || !right.is_positive() {
            return self.vacuous(Vacuity::Constant);
        }
        let square = &left * &right;
        let roots = [root(&left), root(&right)].map(BigInt::from);
        let mut ends = Vec::new();
        ends.extend(is.lower.map(|bound| (bound, false)));
        ends.extend(is.upper.map(|bound| (bound, true)));
        let holds = ends.iter().all(|(bound, upper)| correlation_holds(&covariance, &square, bound, *upper));
        let provable =
            holds && ends.iter().all(|(bound, upper)| correlation_provable(&covariance, &roots, bound, *upper));
        let coarse = (holds && !provable).then(|| {
            let smaller = roots.iter().min().map_or(0, |root| root.to_string().len() as u32);
            Coarse::Root { digits: smaller.saturating_sub(1) }
        });
        let observed = Observed::Correlation { covariance, left, right };
        Ok(Evaluation { holds, provable, absent_values: Vec::new(), coarse, observed })
    }
}

/// `b cov` against `a sqrt(square)`, by signs and squares.
fn correlation_holds(covariance: &BigInt, square: &BigInt, bound: &Bound, upper: bool) -> bool {
    let (a, b) = (BigInt::from(bound.numerator), BigInt::from(bound.denominator));
    let signed_square = |value: &BigInt| value * value.abs();
    let difference = signed_square(&(b * covariance)) - signed_square(&a) * square;
    let difference = if upper { -difference } else { difference };
    if bound.strict { difference.is_positive() } else { !difference.is_negative() }
}

/// The circuit's inequality.
fn correlation_provable(covariance: &BigInt, [left, right]: &[BigInt; 2], bound: &Bound, upper: bool) -> bool {
    let (floor, ceiling) = coefficients(bound.numerator, upper);
    let threshold = BigInt::from(floor) * left * right + BigInt::from(ceiling) * (left + 1) * (right + 1);
    let difference: BigInt = BigInt::from(bound.denominator) * covariance - threshold;
    let difference = if upper { -difference } else { difference };
    let least = if bound.strict { BigInt::one() } else { BigInt::zero() };
    difference >= least
}
