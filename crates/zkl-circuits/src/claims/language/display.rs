//! The canonical text of a claim: one spelling, which reads back as the same claim.

use std::fmt;

use super::{
    Claim, Comparison, NullGroups, NullUnit, ShareBase,
    decimal::Decimal,
    lex::{is_bare_name, write_quoted},
};

/// A column name, quoted when it is no bare word.
struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_bare_name(self.0) { f.write_str(self.0) } else { write_quoted(f, self.0, '"') }
    }
}

/// A category's value.
struct Value<'a>(&'a str);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_quoted(f, self.0, '\'')
    }
}

/// A number out of 1 as a percentage.
#[derive(Clone, Copy)]
struct Percent(Decimal);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0.as_percent())
    }
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

impl Comparison<Decimal> {
    fn percent(&self) -> Comparison<Percent> {
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

impl fmt::Display for Claim {
    /// The canonical text. Names that are no bare words are in double quotes, rates are percentages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let function = self.function();
        match self {
            Self::Rows { is } => write!(f, "{function} {is}"),
            Self::Nulls { column, unit: NullUnit::Rate, is } => {
                write!(f, "{function}({}) {}", Name(column), is.percent())
            }
            Self::Count { column, is }
            | Self::Nulls { column, unit: NullUnit::Rows, is }
            | Self::Mean { column, is }
            | Self::Sum { column, is }
            | Self::Variance { column, is, .. }
            | Self::Balance { column, is } => write!(f, "{function}({}) {is}", Name(column)),
            Self::Values { column, is } => write!(f, "{function}({}) {is}", Name(column)),
            Self::Share { column, value, over, is } => {
                write!(f, "{function}({} = {}) {}", Name(column), Value(value), is.percent())?;
                f.write_str(match over {
                    ShareBase::ValidRows => "",
                    ShareBase::AllRows => " over all rows",
                })
            }
            Self::Gap { column, value, by, groups: [first, second], is } => {
                write!(f, "{function}({} = {} by {}: ", Name(column), Value(value), Name(by))?;
                write!(f, "{}, {}) {}", Value(first), Value(second), is.percent())
            }
            Self::MinGroup { columns, nulls, is } => {
                write!(f, "{function}(")?;
                for (index, column) in columns.iter().enumerate() {
                    write!(f, "{}{}", if index == 0 { "" } else { ", " }, Name(column))?;
                }
                write!(f, ") {is}")?;
                f.write_str(match nulls {
                    NullGroups::Excluded => "",
                    NullGroups::Included => " with nulls",
                })
            }
            Self::Correlation { left, right, is } => write!(f, "{function}({}, {}) {is}", Name(left), Name(right)),
        }
    }
}
