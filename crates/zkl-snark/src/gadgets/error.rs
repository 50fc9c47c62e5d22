//! Errors of gadgets.

use thiserror::Error;

use crate::ark::relations::gr1cs::SynthesisError;

/// A gadget that cannot be put into the circuit as asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GadgetError {
    /// The result of an integer operation could exceed what the field holds without wrapping. It depends on the bounds of
    /// the operands alone, so it shows the first time the circuit is synthesized, whatever the values.
    #[error("{operation} can reach {bits} bits, an integer in a circuit has at most {max}")]
    Wrap {
        /// The operation.
        operation: &'static str,
        /// Bits of the largest magnitude that the bounds allow.
        bits: u64,
        /// Most bits of an integer variable.
        max: u64,
    },
    /// Two sequences that must have one length differ.
    #[error("expected {expected} elements, got {got}")]
    Length {
        /// The length that the circuit fixes.
        expected: usize,
        /// The length that was given.
        got: usize,
    },
    /// Whatever arkworks answered.
    #[error(transparent)]
    Synthesis(#[from] SynthesisError),
}

impl From<GadgetError> for SynthesisError {
    /// arkworks' error has no room for a cause: a circuit that could wrap or has a wrong length is `Unsatisfiable`.
    fn from(error: GadgetError) -> Self {
        match error {
            GadgetError::Synthesis(error) => error,
            GadgetError::Wrap { .. } | GadgetError::Length { .. } => Self::Unsatisfiable,
        }
    }
}
