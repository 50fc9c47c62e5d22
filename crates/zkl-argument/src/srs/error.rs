//! Errors of reference strings.

use thiserror::Error;

/// A reference string that could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SrsError {
    /// The source of bytes failed.
    #[error("cannot read the reference string")]
    Io(#[from] std::io::Error),
    /// Not a reference string.
    #[error("not a reference string: the first bytes are not \"zkl-srs\"")]
    Magic,
    /// A format that this version does not know.
    #[error("reference string format {got}, this version reads {expected}")]
    Version {
        /// The version that is read.
        expected: u32,
        /// The version in the file.
        got: u32,
    },
    /// Neither a dev string nor one from a ceremony.
    #[error("unknown kind of setup {got}")]
    UnknownSetup {
        /// The code in the file.
        got: u32,
    },
    /// Too few or too many powers.
    #[error("{got} powers, a reference string has {min} to {max}")]
    PowerCount {
        /// Fewest powers.
        min: usize,
        /// Maximum number of powers.
        max: usize,
        /// The number asked for, or the number in the file.
        got: u64,
    },
    /// Fewer bytes than the header announces.
    #[error("the reference string has {got} bytes of {expected}")]
    Truncated {
        /// Bytes announced.
        expected: usize,
        /// Bytes there are.
        got: usize,
    },
    /// More bytes than the header announces.
    #[error("the reference string has {extra} bytes too many")]
    TrailingBytes {
        /// Bytes after the end.
        extra: usize,
    },
    /// The trailer is not the SHA-256 of the file: it was damaged.
    #[error("the reference string does not match its checksum")]
    Checksum,
    /// A point or a power that cannot be part of a reference string.
    #[error("invalid reference string: {0}")]
    Invalid(#[from] SrsFault),
}

/// Why points are not a reference string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SrsFault {
    /// A coordinate that is not below the modulus.
    #[error("coordinate {coordinate} of the {group} point {index} is not canonical")]
    Coordinate {
        /// `"G1"` or `"G2"`.
        group: &'static str,
        /// Position of the point.
        index: usize,
        /// Position of the coordinate.
        coordinate: usize,
    },
    /// The neutral element.
    #[error("the {group} point {index} is zero")]
    Zero {
        /// `"G1"` or `"G2"`.
        group: &'static str,
        /// Position of the point.
        index: usize,
    },
    /// Not on the curve.
    #[error("the {group} point {index} is not on the curve")]
    NotOnCurve {
        /// `"G1"` or `"G2"`.
        group: &'static str,
        /// Position of the point.
        index: usize,
    },
    /// On the curve, outside the group of prime order.
    #[error("the G2 point {index} is outside the group of prime order")]
    Subgroup {
        /// Position of the point.
        index: usize,
    },
    /// The first element is not the generator.
    #[error("the first {group} point is not the generator")]
    Generator {
        /// `"G1"` or `"G2"`.
        group: &'static str,
    },
    /// A string over the generator that says that its base is another point.
    #[error("the first G1 point is the generator, but the string says that its base was derived")]
    BaseIsGenerator,
    /// The points are not consecutive powers of the secret behind `[tau]_2`.
    #[error("the {group} points are not consecutive powers of one secret")]
    Powers {
        /// `"G1"` or `"G2"`.
        group: &'static str,
    },
}

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

/// A Groth16 key from which no reference string follows.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeriveError {
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
    /// The derived points are no reference string under the ceremony's `[tau]_2`.
    #[error("the key does not follow from this ceremony: {0}")]
    Invalid(#[from] SrsFault),
}
