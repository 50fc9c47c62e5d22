//! Errors of keys, provers, verifiers and decoders.

use thiserror::Error;
use zkl_argument::{
    commit::{CommitError, PointError},
    hyperkzg::{DecodeError as OpeningDecodeError, MaskedError, OpenError},
};
use zkl_core::circuit::CircuitId;

use crate::{
    ark::relations::gr1cs::SynthesisError,
    matrices::{CircuitError, MatricesError},
};

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

/// The challenges that must not be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// Weight of the masks of the inner rounds.
    Alpha,
    /// Weight of the mask of the opening.
    Delta,
}

impl std::fmt::Display for Challenge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Alpha => "alpha",
            Self::Delta => "delta",
        })
    }
}

/// Parts of a proof that have a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Commitments to the blocks of the witness.
    Witness,
    /// Messages of the outer rounds.
    Outer,
    /// Messages of the inner rounds.
    Inner,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Witness => "commitments to the witness",
            Self::Outer => "outer rounds",
            Self::Inner => "inner rounds",
        })
    }
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
    /// A link where the key has none, or none where it needs one.
    #[error("{}", if *.needed { "the circuit's proofs open committed columns: a link is needed" } else { "the circuit's proofs open no committed columns: there can be no link" })]
    Link {
        /// Whether the key needs one.
        needed: bool,
    },
    /// Columns with so many variables cannot be opened.
    #[error("linked columns have {got} variables, between 1 and {max} can be opened")]
    LinkVariables {
        /// Largest number of variables.
        max: usize,
        /// Variables of the link.
        got: usize,
    },
    /// The blocks of the witness are as long as the linked columns, which are too short for this circuit.
    #[error("the witness has {got} blocks of the length of the linked columns, at most {max} are supported")]
    Blocks {
        /// Largest number of blocks.
        max: usize,
        /// Blocks of this circuit.
        got: usize,
    },
    /// A part of the proof has another length than the key and the link call for.
    #[error("{got} {part}, expected {expected}")]
    Count {
        /// Which part.
        part: Part,
        /// Length that follows from the key and the link.
        expected: usize,
        /// Length there is.
        got: usize,
    },
    /// A challenge came out as zero, which no honest prover meets.
    #[error("challenge {challenge} is zero")]
    ZeroChallenge {
        /// Which one.
        challenge: Challenge,
    },
    /// What the rounds end in is not the value of the committed vectors. Every false proof of the right form ends here: rounds cannot
    /// contradict one another.
    #[error("the proof is invalid for these public inputs, this key, string and link")]
    Opening(#[from] MaskedError),
}

/// Bytes that are no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Too short or too long.
    #[error("expected {expected} bytes of a proof, got {got}")]
    Length {
        /// Bytes of a proof of these sizes.
        expected: usize,
        /// Bytes there are.
        got: usize,
    },
    /// A point that cannot be read.
    #[error("point {index}: {source}")]
    Point {
        /// Position among the points before the opening.
        index: usize,
        /// What is wrong with it.
        source: PointError,
    },
    /// A field element that is not below the modulus.
    #[error("field element {index} is not canonical")]
    Scalar {
        /// Position among the field elements before the opening.
        index: usize,
    },
    /// The opening.
    #[error(transparent)]
    Opening(#[from] OpeningDecodeError),
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
    /// The key is of another circuit.
    #[error("the universal key does not fit the constraints of {circuit}")]
    Key {
        /// The circuit.
        circuit: CircuitId,
    },
    /// The linked columns have another value than the link says.
    #[error("the linked columns do not have the value of the link")]
    LinkValue,
    /// A gadget refused.
    #[error("the circuit could not be synthesized")]
    Synthesis(#[from] SynthesisError),
    /// A challenge that masks nothing, with probability about 2^-247: prove again with fresh randomness everywhere.
    #[error("a challenge came out as zero: prove again")]
    Degenerate,
    /// The string has fewer powers than a block has entries.
    #[error("the witness cannot be committed to under this string")]
    Commit(#[from] CommitError),
    /// The opening could not be made.
    #[error("the masked opening could not be made")]
    Open(#[from] OpenError),
    /// The proof that would be made is refused for its form.
    #[error("there is no such proof")]
    Shape(#[source] VerifyError),
    /// The finished proof does not verify: a fault of the machine, or a link whose commitments are not to its columns.
    #[error("the proof that was just made does not verify")]
    SelfCheck(#[source] VerifyError),
    /// The operating system has no randomness.
    #[error("no randomness from the operating system")]
    Entropy(#[source] getrandom::Error),
}
