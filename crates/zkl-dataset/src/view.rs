//! The profile for people: exact decimals as text, in the table's own units.

use std::collections::BTreeMap;

use num_bigint::{BigInt, BigUint};
use num_integer::Integer as _;
use num_traits::{One as _, Pow as _, Signed as _, Zero as _};
use serde::Serialize;
use zkl_core::{
    column::ColumnType,
    layout::Layout,
    profile::{CategoryCount, CategoryStats, ColumnStats, GroupedStats, NumericStats, Profile},
};

use crate::temporal;

/// A table's profile as shown to its owner. Serialises as the `profile` JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProfileView {
    /// Rows.
    pub rows: u64,
    /// Columns, in file order.
    pub columns: Vec<ColumnView>,
}

/// One column's statistics. What does not apply to the column's type, or to a column without values, is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnView {
    /// Name.
    pub name: String,
    /// Type.
    #[serde(rename = "type")]
    pub ty: ColumnType,
    /// Values that are not null.
    pub count: u64,
    /// Nulls.
    pub nulls: u64,
    /// Smallest value: a decimal at the column's scale, or ISO 8601 text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<String>,
    /// Largest value, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<String>,
    /// Sum, at the column's scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum: Option<String>,
    /// Mean: exact when it has at most [`EXACT_DIGITS`] digits after the point, otherwise rounded half to even to
    /// [`ROUNDED_DIGITS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<String>,
    /// Population variance, digits as for the mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variance: Option<String>,
    /// Rows per value, by value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categories: Option<BTreeMap<String, u64>>,
}

/// Most digits after the point with which a mean or variance is shown exactly.
pub const EXACT_DIGITS: u32 = 30;
/// Digits after the point of a mean or variance that has no such exact form.
pub const ROUNDED_DIGITS: u32 = 20;

/// The view of a profile. Columns beyond the shorter of layout and profile are left out; they are equally long in every
/// profile that a scan makes.
pub fn view(layout: &Layout, profile: &Profile) -> ProfileView {
    let columns = layout.columns().iter().zip(&profile.columns).map(|(column, found)| {
        let mut shown = ColumnView {
            name: column.name.clone(),
            ty: column.ty,
            count: found.valid,
            nulls: profile.rows.saturating_sub(found.valid),
            min: None,
            max: None,
            sum: None,
            mean: None,
            variance: None,
            categories: None,
        };
        match &found.stats {
            ColumnStats::Numeric(stats) if found.valid > 0 => shown.set_numeric(stats),
            ColumnStats::Category(CategoryStats { entries }) | ColumnStats::Grouped(GroupedStats { entries }) => {
                let count = |CategoryCount { value, count }: &CategoryCount| (value.clone(), *count);
                shown.categories = Some(entries.iter().map(count).collect());
            }
            ColumnStats::Numeric(_) | ColumnStats::Opaque => {}
        }
        shown
    });
    ProfileView { rows: profile.rows, columns: columns.collect() }
}

impl ColumnView {
    fn set_numeric(&mut self, stats: &NumericStats) {
        self.min = Some(format_value(self.ty, stats.min));
        self.max = Some(format_value(self.ty, stats.max));
        if !self.ty.is_quantity() {
            return;
        }
        let scale = u32::from(self.ty.scale());
        let count = BigInt::from(self.count);
        let shifted = BigInt::from(stats.sum.clone());
        let sum = &count * stats.min + &shifted;
        let spread = &count * BigInt::from(stats.sum_squares.clone()) - &shifted * &shifted;
        self.sum = Some(fixed_point(&sum, scale));
        let unit = BigInt::from(10u8).pow(scale);
        self.mean = Some(format_ratio(&sum, &(&count * &unit)));
        self.variance = Some(format_ratio(&spread, &(&count * &count * &unit * &unit)));
    }
}

/// A stored value of type `ty` as text: a decimal at the type's scale, or ISO 8601.
pub fn format_value(ty: ColumnType, value: i64) -> String {
    match ty {
        ColumnType::Date => temporal::format_date(value),
        ColumnType::Timestamp { unit } => temporal::format_timestamp(value, unit),
        _ => fixed_point(&BigInt::from(value), u32::from(ty.scale())),
    }
}

/// `value / 10^scale` with exactly `scale` digits after the point.
pub(crate) fn fixed_point(value: &BigInt, scale: u32) -> String {
    let digits = format!("{:0>width$}", value.magnitude(), width = scale as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
    let sign = if value.is_negative() { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// `numerator / denominator` for a positive denominator: exact without trailing zeros when that takes at most
/// [`EXACT_DIGITS`] digits after the point, otherwise rounded half to even to [`ROUNDED_DIGITS`].
fn format_ratio(numerator: &BigInt, denominator: &BigInt) -> String {
    let common = numerator.gcd(denominator);
    let (numerator, denominator) = (numerator / &common, (denominator / &common).magnitude().clone());
    let (twos, rest) = strip(denominator.clone(), 2);
    let (fives, rest) = strip(rest, 5);
    let exact_digits = twos.max(fives);
    if rest.is_one() && exact_digits <= EXACT_DIGITS {
        let scaled = numerator * BigInt::from(10u8).pow(exact_digits) / BigInt::from(denominator);
        return fixed_point(&scaled, exact_digits);
    }
    let scaled = numerator.magnitude() * BigUint::from(10u8).pow(ROUNDED_DIGITS);
    let (mut quotient, remainder) = scaled.div_rem(&denominator);
    let twice = remainder * 2u8;
    if twice > denominator || (twice == denominator && quotient.is_odd()) {
        quotient += 1u8;
    }
    fixed_point(&BigInt::from_biguint(numerator.sign(), quotient), ROUNDED_DIGITS)
}

/// How often `prime` divides `value`, and what is left.
fn strip(mut value: BigUint, prime: u8) -> (u32, BigUint) {
    let mut times = 0;
    while !value.is_zero() {
        let (quotient, remainder) = value.div_rem(&BigUint::from(prime));
        if !remainder.is_zero() {
            break;
        }
        value = quotient;
        times += 1;
    }
    (times, value)
}
