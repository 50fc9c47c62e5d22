//! Errors of keys.

use thiserror::Error;

use crate::matrices::{CircuitError, MatricesError};

/// Something that is no key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Too short or too long.
    #[error("expected {expected} bytes of a universal key, got {got}")]
    Length {
        /// Length of a valid encoding.
        expected: usize,
        /// Length of the input.
        got: usize,
    },
    /// Other first bytes, another version, or a byte with a meaning that nobody gave it.
    #[error("not a universal key of this version")]
    Format,
    /// The circuit's id is none, or not spelled as it prints.
    #[error("the universal key has no circuit id")]
    Id,
    /// More than the scheme supports, or nothing.
    #[error("{got} {what}, a universal key has {min} to {max}")]
    Size {
        /// What is counted.
        what: &'static str,
        /// Smallest number.
        min: usize,
        /// Largest number.
        max: usize,
        /// The number there is.
        got: usize,
    },
    /// The matrices have another digest than the key names.
    #[error("the matrices are not those of the universal key")]
    OtherMatrices,
    /// The matrices are not encoded as they must be.
    #[error("the matrices of the universal key cannot be read")]
    Matrices(#[from] MatricesError),
    /// The circuit has no matrices.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
}
