//! Errors of sealing.

use thiserror::Error;
use zkl_core::{error::ParseError, random::RandomnessError};

use super::RecordKind;

/// A profile that cannot be sealed under its layout, or a record that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SealError {
    /// Profile and layout count different rows.
    #[error("the layout has {expected} rows, the profile {got}")]
    Rows {
        /// Rows of the layout.
        expected: u64,
        /// Rows of the profile.
        got: u64,
    },
    /// Profile and layout have different numbers of columns.
    #[error("the layout has {expected} columns, the profile {got}")]
    Columns {
        /// Columns of the layout.
        expected: usize,
        /// Columns of the profile.
        got: usize,
    },
    /// Profile and layout have different numbers of pairs.
    #[error("the layout has {expected} pairs, the profile {got}")]
    Pairs {
        /// Pairs of the layout.
        expected: usize,
        /// Pairs of the profile.
        got: usize,
    },
    /// A column's statistics cannot be those of such a column.
    #[error("column {index}: {fault}")]
    Column {
        /// Position of the column.
        index: usize,
        /// What is wrong.
        fault: ColumnFault,
    },
    /// A pair's statistics cannot be those of such a pair.
    #[error("pair {index}: {fault}")]
    Pair {
        /// Position of the pair.
        index: usize,
        /// What is wrong.
        fault: PairFault,
    },
    /// The seal has no such column or pair.
    #[error("the seal has no {what} {index}")]
    Absent {
        /// `column` or `pair`.
        what: &'static str,
        /// The position asked for.
        index: usize,
    },
    /// The record is of another kind.
    #[error("expected a {expected} record, found a {got} record")]
    Kind {
        /// The kind asked for.
        expected: RecordKind,
        /// The kind that is sealed.
        got: RecordKind,
    },
    /// Not a commitment: not 64 lower-case hexadecimal digits of a number below the field's modulus.
    #[error("a seal commitment is 64 lower-case hexadecimal digits of a field element")]
    Commitment,
    /// The operating system has no randomness.
    #[error("no randomness from the operating system")]
    Entropy(#[source] RandomnessError),
    /// A vocabulary type refused its text.
    #[error(transparent)]
    Parse(#[from] ParseError),
}

/// What is wrong with a column's statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ColumnFault {
    /// The statistics are those of another encoding.
    #[error("the layout says {expected}, the statistics are {got}")]
    Kind {
        /// Kind that the layout's encoding asks for.
        expected: RecordKind,
        /// Kind of the statistics.
        got: RecordKind,
    },
    /// More valid rows than rows.
    #[error("{got} valid rows out of {rows}")]
    Valid {
        /// Rows of the table.
        rows: u64,
        /// Valid rows.
        got: u64,
    },
    /// Nulls in a column that cannot be null.
    #[error("{nulls} nulls in a column that is not nullable")]
    Nulls {
        /// Null rows.
        nulls: u64,
    },
    /// `max < min`, or bounds other than 0 in a column without values.
    #[error("impossible bounds {min} to {max}")]
    Bounds {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// `max - min` does not fit the limbs.
    #[error("a span of {span} does not fit {limbs} limbs")]
    Span {
        /// `max - min`.
        span: u64,
        /// 16-bit limbs of the encoding.
        limbs: u8,
    },
    /// A sum that no values within the bounds can have.
    #[error("the sum of {moment} is impossible for these bounds and rows")]
    Sum {
        /// `values` or `squares`.
        moment: &'static str,
    },
    /// More values than the dictionary has slots.
    #[error("{got} values, the dictionary holds {max}")]
    Values {
        /// Values.
        got: usize,
        /// Slots without the null code.
        max: usize,
    },
    /// A value that is listed twice.
    #[error("value {index} is listed twice")]
    Duplicate {
        /// Position of the second one.
        index: usize,
    },
    /// A value that never occurs.
    #[error("value {index} has count 0")]
    ZeroCount {
        /// Position of the value.
        index: usize,
    },
    /// A value of a boolean column that is neither `true` nor `false`.
    #[error("value {index} is not a boolean")]
    NotBool {
        /// Position of the value.
        index: usize,
    },
    /// The counts do not add up to the valid rows.
    #[error("counts add up to {got}, {expected} rows are valid")]
    Counts {
        /// Valid rows.
        expected: u64,
        /// Sum of the counts.
        got: u128,
    },
}

/// What is wrong with a pair's statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PairFault {
    /// Joint counts where products are declared, or the reverse.
    #[error("the layout says {expected}, the statistics are {got}")]
    Kind {
        /// Kind that the layout declares.
        expected: RecordKind,
        /// Kind of the statistics.
        got: RecordKind,
    },
    /// Not one count per pair of codes.
    #[error("{got} joint counts, expected {expected}")]
    Cells {
        /// Product of the capacities.
        expected: usize,
        /// Counts.
        got: usize,
    },
    /// The joint counts of one code do not add up to that code's count.
    #[error("joint counts of code {code} of the {side} column add up to {got}, its count is {expected}")]
    Marginal {
        /// `group` or `label`.
        side: &'static str,
        /// The code, 0 for null.
        code: usize,
        /// The code's count in its own column.
        expected: u64,
        /// Sum of the joint counts.
        got: u128,
    },
    /// More, or fewer, rows where both are valid than the columns allow.
    #[error("{got} rows with both values, possible are {min} to {max}")]
    Valid {
        /// Rows where both are valid.
        got: u64,
        /// Fewest possible.
        min: u64,
        /// Most possible.
        max: u64,
    },
    /// A sum that the columns' own sums rule out.
    #[error("the sum of {moment} is impossible for these columns")]
    Sum {
        /// Which sum.
        moment: &'static str,
    },
}
