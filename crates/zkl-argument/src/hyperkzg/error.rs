//! Errors of openings: proofs that are invalid, and callers who ask for the impossible.

use std::fmt;

use thiserror::Error;

use crate::commit::{CommitError, PointError};

/// The challenges of the opening's own transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// Where the folds are compared.
    R,
    /// Batches the folds.
    Q,
    /// Batches the three openings.
    D,
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::R => "r",
            Self::Q => "q",
            Self::D => "d",
        })
    }
}

/// Why an opening proof is rejected. Each check has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HyperKzgError {
    /// A point with no or too many coordinates: a statement that nothing proves.
    #[error("a point of {got} coordinates, between 1 and {max} can be opened")]
    Variables {
        /// Most coordinates.
        max: usize,
        /// Coordinates of the point.
        got: usize,
    },
    /// Not one commitment per fold.
    #[error("{got} fold commitments, expected {expected}")]
    FoldCount {
        /// One fewer than variables.
        expected: usize,
        /// Commitments in the proof.
        got: usize,
    },
    /// Not three evaluations per fold.
    #[error("evaluations of {got} polynomials, expected {expected}")]
    EvaluationCount {
        /// Number of variables.
        expected: usize,
        /// Triples in the proof.
        got: usize,
    },
    /// A challenge came out as zero, which no honest prover meets.
    #[error("challenge {challenge} is zero")]
    ZeroChallenge {
        /// Which one.
        challenge: Challenge,
    },
    /// The evaluations of two neighbours do not belong to a polynomial and its fold; in the last round, to the claimed
    /// value.
    #[error("fold {round} is inconsistent")]
    Fold {
        /// Variable that was folded, from 0.
        round: usize,
    },
    /// The evaluations do not belong to the commitments.
    #[error("the evaluations do not open the commitments")]
    Pairing,
}

/// Why a masked opening is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MaskedError {
    /// Not one coordinate per row variable.
    #[error("a point of {got} coordinates, expected {expected}")]
    PointLength {
        /// `kappa` and the variables that number the groups.
        expected: usize,
        /// Coordinates of the point.
        got: usize,
    },
    /// A column without exactly one commitment (or blinder) per row group.
    #[error("column {column} has {got} row groups, expected {expected}")]
    GroupCount {
        /// Position of the column.
        column: usize,
        /// Number of row groups.
        expected: usize,
        /// Number there is.
        got: usize,
    },
    /// The mask's weight is zero: the mask would hide nothing.
    #[error("the weight of the mask is zero")]
    ZeroRho,
    /// The opening itself.
    #[error(transparent)]
    Opening(#[from] HyperKzgError),
}

/// Why an opening cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Not `2^kappa` coefficients.
    #[error("{got} coefficients, expected {expected}")]
    PolynomialLength {
        /// `2^kappa`.
        expected: usize,
        /// Coefficients there are.
        got: usize,
    },
    /// The polynomial has another value at the point.
    #[error("the polynomial does not have the claimed value")]
    Value,
    /// The values do not fit their groups, or the reference string is too short.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A masked opening of shapes that do not fit one another.
    #[error(transparent)]
    Shape(#[from] MaskedError),
    /// A point without coordinates, or a challenge that came out as zero: try again with fresh randomness.
    #[error(transparent)]
    Protocol(#[from] HyperKzgError),
}

/// Bytes that are not a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A shape that has no proofs.
    #[error("no opening has {got} variables, the most is {max}")]
    Variables {
        /// Most variables.
        max: usize,
        /// Variables of the shape.
        got: usize,
    },
    /// Fewer or more bytes than a proof of this shape has.
    #[error("{got} bytes, a proof of this shape has {expected}")]
    Length {
        /// Bytes of a proof of this shape.
        expected: usize,
        /// Bytes there are.
        got: usize,
    },
    /// A point that cannot be read.
    #[error("point {index}: {source}")]
    Point {
        /// Position among the points of the proof.
        index: usize,
        /// What is wrong with it.
        source: PointError,
    },
    /// A field element that is not below the modulus.
    #[error("field element {index} is not canonical")]
    Scalar {
        /// Position among the field elements of the proof.
        index: usize,
    },
}
