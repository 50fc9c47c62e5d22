//! Errors of provers, verifiers and decoders, whatever the proof system.

use std::{error::Error, fmt};

use thiserror::Error;
use zkl_argument::{
    commit::{CommitError, PointError},
    hyperkzg::{DecodeError as OpeningDecodeError, MaskedError, OpenError},
    msm::MsmLengthError,
    snarkjs::ZkeyError,
};
use zkl_core::{circuit::CircuitId, random::RandomnessError};
use zkl_kernel::LengthMismatch;

use crate::{ark::relations::gr1cs::SynthesisError, keys::KeyError, matrices::CircuitError};

/// Bytes that are no verifying key, by what the proof system says.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct KeyDecodeError(pub(crate) Box<dyn Error + Send + Sync>);

/// The challenges that must not be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// Weight of the masks of the inner rounds.
    Alpha,
    /// Weight of the mask of the opening.
    Delta,
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
    /// There is no reference string, and the proof is under one.
    #[error("the proof is under a reference string, and there is none")]
    SrsMissing,
    /// The key is what a receipt says of it, which proves nothing: its matrices have to be made from the circuit.
    #[error("the key has no matrices: they were not made from the circuit")]
    MatricesMissing,
    /// Bytes that are no proof.
    #[error("the bytes are no proof")]
    Encoding(#[from] DecodeError),
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
    /// The circuit's own proof, which opens nothing.
    #[error("the proof is invalid for these public inputs and this key")]
    Invalid,
    /// What was committed to does not open as the proof says. Every false universal proof of the right form ends here: its rounds cannot
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
    /// Points that are not all in their groups, or not in their one encoding.
    #[error("not points of the groups, or not in their one encoding")]
    Points,
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

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySizes {
    /// Variables: the constant 1, public inputs, private ones.
    pub variables: usize,
    /// Public inputs, without the constant 1.
    pub inputs: usize,
    /// Points of the evaluation domain.
    pub domain: usize,
}

impl fmt::Display for KeySizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { variables, inputs, domain } = self;
        write!(f, "{variables} variables, {inputs} public inputs and a domain of {domain} points")
    }
}

/// A key that could not be taken over from another program.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportKeyError {
    /// The circuits of the system have no setup, so that there is nothing to import.
    #[error("{system} needs no key from a ceremony")]
    NoSetup {
        /// The proof system.
        system: &'static str,
    },
    /// The file is no key.
    #[error("the file is no key")]
    File(#[from] ZkeyError),
    /// The key of another circuit.
    #[error("the key is for another circuit than {circuit}: it has {got}, expected {expected}")]
    Sizes {
        /// The circuit.
        circuit: CircuitId,
        /// What the circuit has.
        expected: KeySizes,
        /// What the key has.
        got: KeySizes,
    },
    /// The circuit has no matrices.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// The points make no key.
    #[error("the points make no key")]
    Key(#[source] KeyDecodeError),
    /// The directory of keys.
    #[error(transparent)]
    Store(#[from] KeyError),
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
    #[error("the key does not fit the constraints of {circuit}")]
    Key {
        /// The circuit.
        circuit: CircuitId,
    },
    /// The linked columns have another value than the link says.
    #[error("the linked columns do not have the value of the link")]
    LinkValue,
    /// The circuit has no matrices.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// A gadget refused.
    #[error("the circuit could not be synthesized")]
    Synthesis(#[from] SynthesisError),
    /// The key has fewer points than variables.
    #[error("the proving key has too few points")]
    Points(#[from] MsmLengthError),
    /// The domain is for another number of constraints. Lengths are compared when a key is made or loaded.
    #[error("the quotient polynomial does not fit the key")]
    Quotient(#[from] LengthMismatch),
    /// The setup made a key that its own decoder refuses.
    #[error("the setup made an unusable key")]
    Setup(#[source] KeyDecodeError),
    /// A challenge that masks nothing, with probability about 2^-247: prove again with fresh randomness everywhere.
    #[error("a challenge came out as zero: prove again")]
    Degenerate,
    /// There is no reference string to prove under.
    #[error("the proof would be under a reference string, and there is none")]
    SrsMissing,
    /// The string has fewer powers than there are entries to commit to.
    #[error("the witness cannot be committed to under this string")]
    Commit(#[from] CommitError),
    /// The opening could not be made.
    #[error("the masked opening could not be made")]
    Open(#[from] OpenError),
    /// The proof that would be made is refused for its form.
    #[error("there is no such proof")]
    Shape(#[source] VerifyError),
    /// The finished proof does not verify: a fault of the machine, a damaged proving key, or a link whose commitments are not to its
    /// columns.
    #[error("the proof that was just made does not verify")]
    SelfCheck(#[source] VerifyError),
    /// The operating system has no randomness.
    #[error("no randomness from the operating system")]
    Entropy(#[source] RandomnessError),
}
