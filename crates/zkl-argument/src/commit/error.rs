//! Errors of commitments.

use thiserror::Error;

use crate::msm::MsmLengthError;

/// Bytes that are not a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PointError {
    /// No point has this first coordinate, or the coordinate is not below the modulus.
    #[error("the bytes are not a point of the curve")]
    NotOnCurve,
    /// A second encoding of some point.
    #[error("the point is not encoded canonically")]
    NotCanonical,
}

/// Values that cannot be committed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CommitError {
    /// Sizes outside what the protocol has.
    #[error("{groups} row groups of 2^{kappa} rows: the number must be a power of two and the exponent 1 to 17")]
    Shape {
        /// Logarithm of the rows of a group.
        kappa: u32,
        /// Number of groups.
        groups: u32,
    },
    /// More rows than the groups or the reference string hold.
    #[error("{rows} rows where {max} can be committed to")]
    TooManyRows {
        /// Rows there are.
        rows: usize,
        /// Rows there is room for.
        max: usize,
    },
    /// A column without exactly one commitment per row group.
    #[error("column {column} has {got} commitments, expected {expected}")]
    GroupCount {
        /// Position of the column.
        column: u32,
        /// Number of row groups.
        expected: usize,
        /// Commitments there are.
        got: usize,
    },
    /// More columns than can be numbered.
    #[error("{got} columns cannot be numbered with 32 bits")]
    ColumnCount {
        /// Columns there are.
        got: usize,
    },
}

impl From<MsmLengthError> for CommitError {
    fn from(error: MsmLengthError) -> Self {
        Self::TooManyRows { rows: error.scalars, max: error.bases }
    }
}
