//! Errors of reference strings.

use thiserror::Error;

use crate::snarkjs::ZkeyError;

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

/// A Groth16 key from which no reference string follows.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// The file is no key.
    #[error(transparent)]
    Key(#[from] ZkeyError),
    /// A domain that is too small or too large for a string.
    #[error("the key has a domain of {got} points; {min} to {max} are needed")]
    Domain {
        /// Smallest domain.
        min: usize,
        /// Largest domain.
        max: usize,
        /// The size in the file.
        got: usize,
    },
    /// The derived points are no reference string under the ceremony's `[tau]_2`.
    #[error("the key does not follow from this ceremony: {0}")]
    Invalid(#[from] SrsFault),
}
