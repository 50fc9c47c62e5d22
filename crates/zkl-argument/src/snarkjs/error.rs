//! Files of snarkjs that cannot be read.

use thiserror::Error;

use crate::srs::SrsFault;

/// A file of snarkjs that cannot be read: a `.ptau` or a `.zkey`.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SnarkjsError {
    /// The source of bytes failed.
    #[error("cannot read the file")]
    Io(#[from] std::io::Error),
    /// A file of another kind.
    #[error("not a {expected} file: the first bytes are not \"{expected}\"")]
    Magic {
        /// The first bytes of such files.
        expected: &'static str,
    },
    /// A format that this version does not know.
    #[error("file format {got}, this version reads {expected}")]
    Version {
        /// The version that is read.
        expected: u32,
        /// The version in the file.
        got: u32,
    },
    /// More sections than such a file has.
    #[error("{got} sections, such a file has at most {max}")]
    SectionCount {
        /// Maximum number of sections.
        max: u32,
        /// The number in the file.
        got: u32,
    },
    /// The file ends inside its header or inside a section.
    #[error("the file has {got} bytes, its sections need {expected}")]
    Truncated {
        /// Bytes needed so far; `u64::MAX` when the announced length overflows.
        expected: u64,
        /// Bytes there are.
        got: u64,
    },
    /// Bytes after the last section.
    #[error("the file has {extra} bytes after its last section")]
    TrailingBytes {
        /// Bytes after the end.
        extra: u64,
    },
    /// A section that is needed is absent.
    #[error("section {id} is missing")]
    MissingSection {
        /// Number of the section.
        id: u32,
    },
    /// A section that appears twice.
    #[error("section {id} appears more than once")]
    DuplicateSection {
        /// Number of the section.
        id: u32,
    },
    /// A section whose length does not follow from the ceremony's size.
    #[error("section {id} has {got} bytes, expected {expected}")]
    SectionLength {
        /// Number of the section.
        id: u32,
        /// Bytes that the size of the ceremony implies.
        expected: u64,
        /// Bytes announced.
        got: u64,
    },
    /// A ceremony on another curve.
    #[error("the ceremony is not on BN254")]
    Curve,
    /// An exponent that no ceremony has.
    #[error("ceremony of 2^{got} powers, the largest is 2^{max}")]
    Power {
        /// Largest exponent.
        max: u32,
        /// The exponent in the file.
        got: u32,
    },
    /// Too few or too many powers were asked for.
    #[error("{got} powers were asked for, this file has {min} to {max}")]
    PowerCount {
        /// Fewest powers.
        min: usize,
        /// Maximum number of powers that can be imported.
        max: u64,
        /// The number asked for.
        got: usize,
    },
    /// A point or a power that cannot be part of a reference string.
    #[error("invalid ceremony file: {0}")]
    Invalid(#[from] SrsFault),
}

/// A file that is no Groth16 key over BN254.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ZkeyError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] SnarkjsError),
    /// A key of another proof system.
    #[error("the key is for protocol {got}, not for Groth16")]
    Protocol {
        /// The number in the file.
        got: u32,
    },
    /// A domain that is no power of two, or too large.
    #[error("the key has a domain of {got} points; a power of two up to {max} is needed")]
    Domain {
        /// Largest domain.
        max: usize,
        /// The size in the file.
        got: usize,
    },
    /// More public inputs than variables.
    #[error("the key has {inputs} public inputs and {variables} variables")]
    Inputs {
        /// Public inputs.
        inputs: usize,
        /// Variables, the constant 1 and public inputs among them.
        variables: usize,
    },
}
