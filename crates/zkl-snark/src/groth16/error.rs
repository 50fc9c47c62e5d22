//! Errors of the prover, the verifier and the decoders.

use thiserror::Error;
use zkl_argument::msm::MsmLengthError;
use zkl_core::circuit::CircuitId;
use zkl_kernel::LengthMismatch;

use crate::{ark::relations::gr1cs::SynthesisError, matrices::CircuitError};

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

/// A proof that was not made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProveError {
    /// The assignment violates a constraint: the statement is false, or its witness is that of another one.
    #[error("the witness violates constraint {constraint} of {circuit}")]
    Unsatisfied {
        /// The circuit.
        circuit: CircuitId,
        /// Position of the first violated constraint.
        constraint: usize,
    },
    /// The inputs that the circuit announces are not those that it allocates.
    #[error("{circuit} announces {announced} public inputs and allocates {allocated}, or other values")]
    Inputs {
        /// The circuit.
        circuit: CircuitId,
        /// Inputs of `public_inputs()`.
        announced: usize,
        /// Inputs of `synthesize()`.
        allocated: usize,
    },
    /// The key was made for other constraints.
    #[error("the proving key does not fit the constraints of {circuit}")]
    Key {
        /// The circuit.
        circuit: CircuitId,
    },
    /// The key has fewer points than variables.
    #[error("the proving key has too few points")]
    Points(#[from] MsmLengthError),
    /// The domain is for another number of constraints. Lengths are compared when a key is made or loaded.
    #[error("the quotient polynomial does not fit the key")]
    Quotient(#[from] LengthMismatch),
    /// The circuit has no matrices.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// A gadget refused.
    #[error("the circuit could not be synthesized")]
    Synthesis(#[from] SynthesisError),
    /// The set-up made a key that its own decoder refuses.
    #[error("the set-up made an unusable key")]
    Setup(#[from] DecodeError),
    /// The finished proof does not verify: a fault of the machine, or a damaged proving key.
    #[error("the proof that was just made does not verify")]
    SelfCheck(#[source] VerifyError),
    /// The operating system has no randomness.
    #[error("no randomness from the operating system")]
    Entropy(#[source] getrandom::Error),
}

/// A proof that does not show what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The key is for another number of public inputs.
    #[error("the key takes {expected} public inputs, got {got}")]
    Inputs {
        /// Inputs of the key.
        expected: usize,
        /// Inputs that were given.
        got: usize,
    },
    /// The pairing equation does not hold.
    #[error("the proof is invalid for these public inputs and this key")]
    Invalid,
}
