//! Claims about a sealed profile: what can be said, in one text form, one JSON form and one typed form.
//!
//! [`Claim`] is what a user writes: column names and exact thresholds. [`ResolvedClaim`] is a claim matched to one
//! [`Layout`](zkl_core::layout::Layout): column positions, and thresholds as integers in the units of the committed
//! columns. `docs/claims.md` says for each kind what it means and whether nulls count.

mod decimal;
mod display;
mod error;
mod lex;
mod literal;
mod parse;
mod resolve;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::{
    decimal::Decimal,
    error::{
        ClaimError, ClaimSyntaxError, Coarse, DecimalError, Expected, LiteralError, OneSided, PairKind, Unsupported,
        Vacuity,
    },
    literal::{DateLiteral, Literal, TimestampLiteral},
    resolve::{Bound, Bounds, GapAxes, GroupTarget, ResolvedClaim, resolve},
};

/// A statement about a table. The text form is read with [`str::parse`] and printed by [`Display`](std::fmt::Display);
/// both name the same claim. The JSON form is tagged by `claim`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "claim", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Claim {
    /// `rows >= 1000`: the number of rows, which is public.
    Rows {
        /// The range, in rows.
        is: Comparison<Decimal>,
    },
    /// `count(email) >= 900`: rows with a value in the column.
    Count {
        /// The column.
        column: String,
        /// The range, in rows.
        is: Comparison<Decimal>,
    },
    /// `nulls(email) <= 10` or `nulls(email) <= 1%`: rows without a value.
    Nulls {
        /// The column.
        column: String,
        /// Rows, or a part of all rows.
        unit: NullUnit,
        /// The range: rows, or a rate out of 1.
        is: Comparison<Decimal>,
    },
    /// `mean(age) between 30 and 60`: the mean of the column's values; nulls do not count.
    Mean {
        /// The column.
        column: String,
        /// The range.
        is: Comparison<Decimal>,
    },
    /// `sum(amount) <= 1000000`: the sum of the column's values; nulls do not count.
    Sum {
        /// The column.
        column: String,
        /// The range.
        is: Comparison<Decimal>,
    },
    /// `var(age) <= 25`, `var_sample(age) <= 25`: the variance of the column's values; nulls do not count.
    /// `std(age) <= 5` is read as `var(age) <= 25`.
    Variance {
        /// The column.
        column: String,
        /// What the sum of squares is divided by.
        estimator: Estimator,
        /// The range, in squared units.
        is: Comparison<Decimal>,
    },
    /// `values(age) between 0 and 120`, `min(age) >= 0`, `max(age) <= 120`: every value lies in the range. Nulls do not
    /// count; at least one value exists.
    Values {
        /// The column.
        column: String,
        /// The range.
        is: Comparison<Literal>,
    },
    /// `share(species = 'Adelie') >= 20%`: the part of the rows that hold one value.
    Share {
        /// The column.
        column: String,
        /// The value; `true` or `false` for booleans.
        value: String,
        /// What it is a part of.
        over: ShareBase,
        /// The range, out of 1.
        is: Comparison<Decimal>,
    },
    /// `gap(hired = 'yes' by sex: 'f', 'm') <= 5%`: the absolute difference between two groups in the rate of one label.
    /// Rows in which the label is null do not count. Needs a sealed joint pair.
    Gap {
        /// The label column.
        column: String,
        /// The label.
        value: String,
        /// The group column.
        by: String,
        /// The two groups.
        groups: [String; 2],
        /// The range, out of 1.
        is: Comparison<Decimal>,
    },
    /// `min_group(zip3) >= 20`, `min_group(sex, species) >= 5`: every group that occurs has at least so many rows. Two
    /// columns need a sealed joint pair.
    MinGroup {
        /// One column, or two.
        columns: Vec<String>,
        /// Whether rows with a null are groups too.
        nulls: NullGroups,
        /// `>=` or `>`.
        is: Comparison<Decimal>,
    },
    /// `balance(species) >= 0.4`: rows of the smallest class that occurs over rows of the largest. Nulls do not count;
    /// at least two classes occur.
    Balance {
        /// The column.
        column: String,
        /// `>=` or `>`, out of 1.
        is: Comparison<Decimal>,
    },
    /// `corr(a, b) <= 0.3`: Pearson's correlation over the rows where both columns have a value. Needs a sealed product
    /// pair.
    Correlation {
        /// The first column.
        left: String,
        /// The second column.
        right: String,
        /// The range, between -1 and 1.
        is: Comparison<Decimal>,
    },
}

impl Claim {
    /// Longest text and longest name or value in bytes.
    pub const MAX_LEN: usize = 4_096;

    /// The claim's function in the language, as `mean`.
    pub const fn function(&self) -> &'static str {
        match self {
            Self::Rows { .. } => "rows",
            Self::Count { .. } => "count",
            Self::Nulls { .. } => "nulls",
            Self::Mean { .. } => "mean",
            Self::Sum { .. } => "sum",
            Self::Variance { estimator: Estimator::Population, .. } => "var",
            Self::Variance { estimator: Estimator::Sample, .. } => "var_sample",
            Self::Values { is: Comparison::AtLeast(_) | Comparison::Above(_), .. } => "min",
            Self::Values { is: Comparison::AtMost(_) | Comparison::Below(_), .. } => "max",
            Self::Values { .. } => "values",
            Self::Share { .. } => "share",
            Self::Gap { .. } => "gap",
            Self::MinGroup { .. } => "min_group",
            Self::Balance { .. } => "balance",
            Self::Correlation { .. } => "corr",
        }
    }

    /// The columns that the claim names, in the order of the text.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Rows { .. } => Vec::new(),
            Self::Count { column, .. }
            | Self::Nulls { column, .. }
            | Self::Mean { column, .. }
            | Self::Sum { column, .. }
            | Self::Variance { column, .. }
            | Self::Values { column, .. }
            | Self::Share { column, .. }
            | Self::Balance { column, .. } => vec![column],
            Self::Gap { column, by, .. } => vec![column, by],
            Self::MinGroup { columns, .. } => columns.iter().map(String::as_str).collect(),
            Self::Correlation { left, right, .. } => vec![left, right],
        }
    }
}

/// A range of values, as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison<T> {
    /// `<= t`
    AtMost(T),
    /// `< t`
    Below(T),
    /// `>= t`
    AtLeast(T),
    /// `> t`
    Above(T),
    /// `= t`
    Equal(T),
    /// `between t and t`, both included.
    Between(T, T),
}

impl<T> Comparison<T> {
    /// The same range with each threshold mapped.
    ///
    /// # Errors
    /// The first error of `map`.
    pub fn try_map<U, E>(self, mut map: impl FnMut(T) -> Result<U, E>) -> Result<Comparison<U>, E> {
        Ok(match self {
            Self::AtMost(t) => Comparison::AtMost(map(t)?),
            Self::Below(t) => Comparison::Below(map(t)?),
            Self::AtLeast(t) => Comparison::AtLeast(map(t)?),
            Self::Above(t) => Comparison::Above(map(t)?),
            Self::Equal(t) => Comparison::Equal(map(t)?),
            Self::Between(lower, upper) => Comparison::Between(map(lower)?, map(upper)?),
        })
    }
}

/// What a null claim counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NullUnit {
    /// Rows.
    Rows,
    /// The part of all rows, out of 1.
    Rate,
}

/// Divisor of a variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimator {
    /// The number of values, at least 1.
    Population,
    /// The number of values less one; at least two values exist.
    Sample,
}

/// What a share is a part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareBase {
    /// The rows with a value in the column.
    #[default]
    ValidRows,
    /// All rows: `over all rows`.
    AllRows,
}

/// Whether rows with a null form groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NullGroups {
    /// Rows with a null in a named column are in no group.
    #[default]
    Excluded,
    /// Null is a value like any other: `with nulls`.
    Included,
}
