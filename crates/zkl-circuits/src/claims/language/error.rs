//! What can be wrong with a claim: its text, or its fit to a table.

use std::{fmt, ops::Range};

use thiserror::Error;
use zkl_core::text::visible;

use super::decimal::Decimal;
use crate::claims::kinds::KINDS;
use zkl_core::column::ColumnType;

/// A text that is not a decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// Not of the form `-12.5`.
    #[error("expected a decimal number such as 12.5")]
    NotANumber,
    /// More digits than an exact threshold can have.
    #[error("a number has at most {max} digits")]
    TooLong {
        /// The most digits.
        max: u8,
    },
}

/// A text that is neither a number nor a date nor a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LiteralError {
    /// A bad number.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// A day that the calendar does not have.
    #[error("the calendar has no such date")]
    NoSuchDate,
    /// Not of the form `2024-02-29T12:30:00`.
    #[error("expected a timestamp such as 2024-02-29T12:30:00 or 2024-02-29T12:30:00Z")]
    NotATimestamp,
}

/// What a claim's text should have had at the place of a syntax error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Expected {
    /// A claim to start.
    #[error("a claim: {}", functions())]
    Function,
    /// A column name.
    #[error("a column name, in \"double quotes\" or `backticks` unless it is made of letters, digits and _")]
    Column,
    /// A value of a category.
    #[error("a value in 'single quotes', a whole number, or true or false")]
    Value,
    /// One symbol or keyword.
    #[error("{0}")]
    Symbol(&'static str),
    /// A comparison.
    #[error("<=, >=, <, >, = or between A and B")]
    Comparison,
    /// A comparison from below.
    #[error("{function} with >= or >: {reason}")]
    LowerBound {
        /// The function.
        function: &'static str,
        /// Why it has no other comparison.
        reason: OneSided,
    },
    /// A comparison from above.
    #[error("{function} with <= or <: {reason}")]
    UpperBound {
        /// The function.
        function: &'static str,
        /// Why it has no other comparison.
        reason: OneSided,
    },
    /// A number.
    #[error("a number such as 12.5 or -3, without thousands separators or exponent")]
    Number,
    /// A number or a percentage.
    #[error("a number such as 0.05 or a percentage such as 5%")]
    Rate,
    /// A whole number of rows or a percentage.
    #[error("a whole number of rows or a percentage such as 1%, both ends of a range alike")]
    RowsOrRate,
    /// A number, a date or a timestamp.
    #[error("a number, a date such as 2024-02-29 or a timestamp such as 2024-02-29T12:30:00")]
    Literal,
    /// A threshold that is not negative.
    #[error("a threshold of at least 0, since a standard deviation is never negative")]
    NonNegative,
    /// A second end of a range that is no smaller than the first and of its kind.
    #[error("a second bound of the same kind that is not below the first")]
    OrderedRange,
    /// A number that fits.
    #[error(transparent)]
    Decimal(DecimalError),
    /// A date that exists.
    #[error(transparent)]
    Date(LiteralError),
    /// A closing quote.
    #[error("a closing {0}")]
    ClosingQuote(char),
    /// A known escape.
    #[error("one of the escapes \\\\ \\' \\\" \\` \\n \\r \\t \\u{{1F600}}")]
    Escape,
    /// Something else than what stands there already.
    #[error("two different names")]
    Different,
    /// A character of the language.
    #[error("a name, a number, a quoted value or one of ( ) [ ] , : % = < >")]
    Token,
    /// A shorter text.
    #[error("a claim of at most {max} bytes")]
    Shorter {
        /// The most bytes.
        max: usize,
    },
    /// Nothing more.
    #[error("the end of the claim")]
    End,
}

/// Every function of the language, as a list in words.
fn functions() -> String {
    let names: Vec<&str> = KINDS.iter().flat_map(|kind| kind.functions.iter().chain(kind.aliases)).copied().collect();
    match names.as_slice() {
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
        [] => String::new(),
    }
}

/// What a statistic can be, in words.
fn limits(lowest: i8, highest: Option<i8>) -> String {
    match highest {
        Some(highest) => format!("lies between {lowest} and {highest}"),
        None => format!("is at least {lowest}"),
    }
}

/// Why a function is compared from one side only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OneSided {
    /// What is sealed are bounds that no value passes; whether one reaches them is not sealed.
    #[error("the seal bounds all values, it does not say which ones occur")]
    BoundsOnly,
    /// Only the smallness of groups is provable.
    #[error("only a lower bound can be proved")]
    LowerOnly,
}

/// A text that is not a claim. Displays the text with a caret under the place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ClaimSyntaxError {
    /// The text that was read; cut off when it was too long.
    pub text: String,
    /// Bytes of `text` that are wrong; empty at the end of the text.
    pub span: Range<usize>,
    /// What should have stood there.
    pub expected: Expected,
}

impl fmt::Display for ClaimSyntaxError {
    /// Three lines: what was expected, the text, carets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.text.get(..self.span.start).unwrap_or(&self.text);
        let place = self.text.get(self.span.clone()).unwrap_or("");
        let width = |part: &str| visible(part).chars().count();
        let (indent, width) = (width(before), width(place).max(1));
        let expected = match self.expected {
            Expected::Decimal(_) | Expected::Date(_) => "",
            _ => "expected ",
        };
        write!(f, "{expected}{}\n  {}\n  {:indent$}{:^<width$}", self.expected, visible(&self.text), "", "")
    }
}

/// A kind of declared pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairKind {
    /// Joint counts of a group and a label column.
    Joint,
    /// Sums of products of two numeric columns.
    Product,
}

impl PairKind {
    /// The option of `zkl notarize` that declares such a pair.
    pub const fn option(self) -> &'static str {
        match self {
            Self::Joint => "--joint",
            Self::Product => "--product",
        }
    }
}

impl fmt::Display for PairKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Joint => "joint",
            Self::Product => "product",
        })
    }
}

/// Why a column cannot serve a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// The claim needs a quantity.
    #[error("it needs numbers")]
    NeedsQuantity,
    /// The claim needs something ordered.
    #[error("it needs numbers, dates or timestamps")]
    NeedsNumeric,
    /// The claim needs a category with every count sealed.
    #[error("it needs a category or boolean column of at most 255 values")]
    NeedsCategory,
    /// The claim needs a category of any size.
    #[error("it needs a category or boolean column")]
    NeedsGroups,
}

/// A claim that does not fit a table, or that cannot be proved about it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// No column of that name.
    #[error("no column {column:?}{}", suggestion.as_ref().map(|name| format!(", did you mean {name:?}?")).unwrap_or_default())]
    UnknownColumn {
        /// The name in the claim.
        column: String,
        /// The closest name in the table.
        suggestion: Option<String>,
    },
    /// The column's type does not support the claim.
    #[error(
        "{function} is not provable about column {column:?} of type {ty}: {reason}; provable there: {}",
        supported.join(", ")
    )]
    Unsupported {
        /// The claim's function.
        function: &'static str,
        /// The column.
        column: String,
        /// The column's type.
        ty: ColumnType,
        /// What the claim needs.
        reason: Unsupported,
        /// The functions that the column supports.
        supported: Vec<&'static str>,
    },
    /// The statistic of two columns was not sealed.
    #[error("{function} needs the sealed {kind} pair of {first:?} and {second:?}")]
    MissingPair {
        /// The claim's function.
        function: &'static str,
        /// The kind of pair.
        kind: PairKind,
        /// The first column, as the option names it.
        first: String,
        /// The second column.
        second: String,
    },
    /// A pair of a column with itself, or of a group with itself.
    #[error("{function} names {name:?} twice")]
    Repeated {
        /// The claim's function.
        function: &'static str,
        /// The name.
        name: String,
    },
    /// `min_group` over no column or more than two.
    #[error("min_group takes one or two columns, got {got}")]
    GroupColumns {
        /// The number of columns.
        got: usize,
    },
    /// A value that a boolean column cannot hold.
    #[error("column {column:?} is boolean: expected true or false, got {got:?}")]
    NotABoolean {
        /// The column.
        column: String,
        /// The value in the claim.
        got: String,
    },
    /// A threshold of another type than the column.
    #[error("column {column:?} of type {ty} cannot be compared with {got}")]
    ThresholdType {
        /// The column.
        column: String,
        /// The column's type.
        ty: ColumnType,
        /// The threshold.
        got: String,
    },
    /// A count compared with a fraction of a row.
    #[error("{function} counts rows: {got} is no whole number{}", if *.function == "nulls" { " (write a rate as a percentage)" } else { "" })]
    NotWhole {
        /// The claim's function.
        function: &'static str,
        /// The threshold.
        got: Decimal,
    },
    /// A threshold that the statistic can never reach.
    #[error("{function} {}, the threshold {got} is outside", limits(*.lowest, *.highest))]
    OutsideRange {
        /// The claim's function.
        function: &'static str,
        /// The least possible value.
        lowest: i8,
        /// The greatest possible value, where there is one.
        highest: Option<i8>,
        /// The threshold.
        got: Decimal,
    },
    /// A threshold too large or too finely divided for the circuit.
    #[error(
        "the threshold {got} is too large or has too many digits: in the column's units it needs a numerator below 2^{numerator_bits} and a denominator below 2^{denominator_bits}"
    )]
    ThresholdTooWide {
        /// The threshold.
        got: String,
        /// Bits of the numerator.
        numerator_bits: u32,
        /// Bits of the denominator.
        denominator_bits: u32,
    },
    /// A range of a rounded column that is no wider than the rounding.
    #[error("the values of {column:?} were rounded by up to {error} each: only a wider range can be proved of them")]
    Rounded {
        /// The column.
        column: String,
        /// The largest error of a value.
        error: String,
    },
    /// A range whose first bound exceeds its second.
    #[error("the range from {lower} to {upper} is empty")]
    EmptyRange {
        /// The first bound.
        lower: String,
        /// The second bound.
        upper: String,
    },
    /// A comparison that the claim does not have.
    #[error("{function} can only be compared with >= or >")]
    LowerBoundOnly {
        /// The claim's function.
        function: &'static str,
    },
    /// A name or a value too long to be one.
    #[error("a name or value has at most {max} bytes, got {got}")]
    TooLong {
        /// The most bytes.
        max: usize,
        /// Its length in bytes.
        got: usize,
    },
    /// The layout and the profile are not of one table.
    #[error("the profile does not fit the layout")]
    ProfileMismatch,
    /// The claim says nothing about this table.
    #[error("{function} has no meaning here: {reason}")]
    Vacuous {
        /// The claim's function.
        function: &'static str,
        /// What is missing.
        reason: Vacuity,
    },
    /// The claim does not hold. What the value is stays hidden.
    #[error("the claim is false")]
    False,
    /// The claim holds, but what is sealed is too coarse to show it.
    #[error("the claim is true but not provable: {reason}")]
    NotProvable {
        /// What is too coarse.
        reason: Coarse,
    },
}

/// What makes a claim say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Vacuity {
    /// No row has a value.
    #[error("no row has a value")]
    NoValues,
    /// A sample variance of one value.
    #[error("fewer than two rows have a value")]
    OneValue,
    /// A group without a labelled row.
    #[error("one of the groups has no row with a label")]
    EmptyGroup,
    /// A balance of one class.
    #[error("fewer than two classes occur")]
    OneClass,
    /// A correlation with a constant.
    #[error("one of the columns is constant")]
    Constant,
}

/// Why a true claim cannot be proved.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Coarse {
    /// The sealed upper bound of the values is above the threshold.
    #[error("the seal rounds the largest value up; the lowest provable upper bound is {provable}")]
    UpperBound {
        /// The sealed bound, in the column's notation. Reveals the largest value's rounding to whoever sees it.
        provable: String,
    },
    /// The threshold is closer to the correlation than the integer roots resolve.
    #[error("the threshold is too close to the correlation; move it by about 1 in 10^{digits}")]
    Root {
        /// Digits that the roots resolve.
        digits: u32,
    },
}
