//! Bytes that are no key and no proof.

use thiserror::Error;

use crate::proof_system;

/// Bytes that are no proof or no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Too short or too long.
    #[error("expected {expected} bytes, got {got}")]
    Length {
        /// Length of a valid encoding.
        expected: usize,
        /// Length of the input.
        got: usize,
    },
    /// A point is not canonical, not on the curve, or outside the subgroup.
    #[error("not a point of the group, or not in its one encoding")]
    Point,
    /// A key holds the point at infinity where none can be.
    #[error("the key holds the point at infinity")]
    Identity,
    /// The points of a proving key are not for the constraints that it comes with.
    #[error("the key is for other constraints")]
    Matrices,
}

impl DecodeError {
    /// As an error about a key.
    pub(super) fn of_key(self) -> proof_system::KeyDecodeError {
        proof_system::KeyDecodeError(Box::new(self))
    }

    /// As an error about a proof.
    pub(super) const fn of_proof(self) -> proof_system::DecodeError {
        match self {
            Self::Length { expected, got } => proof_system::DecodeError::Length { expected, got },
            _ => proof_system::DecodeError::Points,
        }
    }
}
