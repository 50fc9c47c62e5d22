//! The range that a statistic is said to lie in.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::decimal::Decimal;

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

    /// Both ends, mapped, and whether they are strict.
    pub(in crate::claims) fn ends<U>(&self, value: impl Fn(&T) -> U) -> Ends<U> {
        let (lower, upper) = match self {
            Self::AtMost(t) => (None, Some((t, false))),
            Self::Below(t) => (None, Some((t, true))),
            Self::AtLeast(t) => (Some((t, false)), None),
            Self::Above(t) => (Some((t, true)), None),
            Self::Equal(t) => (Some((t, false)), Some((t, false))),
            Self::Between(lower, upper) => (Some((lower, false)), Some((upper, false))),
        };
        Ends { lower: lower.map(|(t, strict)| (value(t), strict)), upper: upper.map(|(t, strict)| (value(t), strict)) }
    }
}

/// Both ends of a comparison and whether they are strict.
pub(in crate::claims) struct Ends<T> {
    pub(in crate::claims) lower: Option<(T, bool)>,
    pub(in crate::claims) upper: Option<(T, bool)>,
}

impl<T: fmt::Display> fmt::Display for Comparison<T> {
    /// `<= 3`, `between 1 and 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(t) => write!(f, "<= {t}"),
            Self::Below(t) => write!(f, "< {t}"),
            Self::AtLeast(t) => write!(f, ">= {t}"),
            Self::Above(t) => write!(f, "> {t}"),
            Self::Equal(t) => write!(f, "= {t}"),
            Self::Between(lower, upper) => write!(f, "between {lower} and {upper}"),
        }
    }
}

/// A number out of 1 as a percentage.
#[derive(Clone, Copy)]
pub(in crate::claims) struct Percent(Decimal);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0.as_percent())
    }
}

impl Comparison<Decimal> {
    /// The same range, printed in percent.
    pub(in crate::claims) fn percent(&self) -> Comparison<Percent> {
        match *self {
            Self::AtMost(t) => Comparison::AtMost(Percent(t)),
            Self::Below(t) => Comparison::Below(Percent(t)),
            Self::AtLeast(t) => Comparison::AtLeast(Percent(t)),
            Self::Above(t) => Comparison::Above(Percent(t)),
            Self::Equal(t) => Comparison::Equal(Percent(t)),
            Self::Between(lower, upper) => Comparison::Between(Percent(lower), Percent(upper)),
        }
    }
}
