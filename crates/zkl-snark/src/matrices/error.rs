//! Circuits that have no matrices, and bytes that are none.

use thiserror::Error;
use zkl_core::circuit::CircuitId;

use crate::ark::relations::gr1cs::SynthesisError;

/// A circuit whose constraints cannot be written as matrices.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CircuitError {
    /// The circuit uses constraints other than rank-1 ones.
    #[error("{circuit} uses constraints other than rank-1 constraints")]
    NotR1cs {
        /// The circuit.
        circuit: CircuitId,
    },
    /// A gadget refused.
    #[error("the circuit could not be synthesized")]
    Synthesis(#[from] SynthesisError),
}

/// Bytes that are not the one encoding of some matrices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MatricesError {
    /// Fewer or more bytes than the counts call for.
    #[error("expected {expected} bytes of matrices, got {got}")]
    Length {
        /// Length that follows from the counts; the largest integer when they overflow.
        expected: usize,
        /// Length of the input.
        got: usize,
    },
    /// A coefficient that is zero, or not below the modulus.
    #[error("coefficient {index} is zero or not canonical")]
    Coefficient {
        /// Position of the coefficient.
        index: usize,
    },
    /// A coefficient twice.
    #[error("coefficient {index} is listed twice")]
    RepeatedCoefficient {
        /// Position of the second one.
        index: usize,
    },
    /// Coefficients must be used, and numbered in the order in which terms first name them.
    #[error("coefficients are not numbered by their first use")]
    CoefficientOrder,
    /// A term with a variable that does not exist.
    #[error("term {index} names a variable that does not exist")]
    Variable {
        /// Position of the term.
        index: usize,
    },
    /// The variables of a combination do not ascend.
    #[error("the variables of combination {index} do not ascend")]
    TermOrder {
        /// Position of the combination.
        index: usize,
    },
    /// Combinations do not cut the terms into consecutive pieces.
    #[error("the ends of combinations do not fit the terms")]
    Ends,
    /// A combination twice.
    #[error("combination {index} is listed twice")]
    RepeatedCombination {
        /// Position of the second one.
        index: usize,
    },
    /// Combinations must be used, and numbered in the order in which constraints first name them.
    #[error("combinations are not numbered by their first use")]
    CombinationOrder,
}
