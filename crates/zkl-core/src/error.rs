//! Errors of the vocabulary types.

use thiserror::Error;

/// A text or a number that is not a value of the type it was read as.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Not 64 lower-case hexadecimal digits.
    #[error("{what} must be 64 lower-case hexadecimal digits")]
    Digest {
        /// The type that was read.
        what: &'static str,
    },
    /// Not a dataset name.
    #[error(
        "a dataset name has 1 to {max} characters out of a-z A-Z 0-9 . _ - / and starts with a letter or digit, got {got:?}"
    )]
    DatasetName {
        /// Longest name, in bytes.
        max: usize,
        /// The text that was read.
        got: String,
    },
    /// Not a column type.
    #[error("unknown column type {got:?}")]
    ColumnType {
        /// The text that was read.
        got: String,
    },
    /// Not a kind of statement.
    #[error(
        "a kind has 1 to {max} characters out of a-z 0-9 -, starts with a letter and does not end with a hyphen, got {got:?}"
    )]
    OperationKind {
        /// Longest kind, in bytes.
        max: usize,
        /// The text that was read.
        got: String,
    },
    /// Not a circuit id.
    #[error("a circuit id is NAME@VERSION with a name out of a-z 0-9 - / and a version from 1, got {got:?}")]
    CircuitId {
        /// The text that was read.
        got: String,
    },
    /// Not a privacy level.
    #[error("unknown privacy level {got:?}, expected \"private\" or \"public\"")]
    PrivacyLevel {
        /// The text that was read.
        got: String,
    },
    /// A layout that no table can have.
    #[error("invalid layout: {reason}")]
    Layout {
        /// What is wrong with it.
        reason: LayoutFault,
    },
}

/// What is wrong with a layout.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LayoutFault {
    /// The table has no rows, or more than fit a 32-bit count.
    #[error("row count {got} is outside 1..2^32")]
    Rows {
        /// The row count.
        got: u64,
    },
    /// No columns, or too many for the profile tree.
    #[error("{got} columns and pairs, between 1 and {max} can be sealed")]
    Records {
        /// Columns plus pairs.
        got: usize,
        /// The most a profile tree holds.
        max: usize,
    },
    /// Two columns of one name.
    #[error("column {name:?} appears twice")]
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// A numeric column with an impossible limb count, or a dictionary of impossible capacity.
    #[error("column {name:?} has an impossible encoding")]
    Encoding {
        /// The column's name.
        name: String,
    },
    /// A rounding of what is no number, or a zone of what is no time.
    #[error("column {name:?} was not read as its type")]
    Reading {
        /// The column's name.
        name: String,
    },
    /// A pair that names a column that is absent or of the wrong kind.
    #[error("pair {index} does not fit its columns")]
    Pair {
        /// Position of the pair.
        index: usize,
    },
}
