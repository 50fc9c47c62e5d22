//! Errors of keys.

use std::{io, path::PathBuf};

use thiserror::Error;
use zkl_argument::srs::{SrsError, SrsFault};
use zkl_core::{circuit::CircuitId, digest::KeyDigest};

use crate::proof_system::ProveError;

/// A key that could not be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The store has no directory to keep keys in.
    #[error("no directory for generated keys: neither XDG_CACHE_HOME nor HOME is set")]
    NoDirectory,
    /// The key directory or a file in it.
    #[error("{operation} {}", .path.display())]
    Io {
        /// What was tried.
        operation: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The setup failed.
    #[error("the setup of {circuit} failed")]
    Setup {
        /// The circuit.
        circuit: CircuitId,
        /// Why.
        #[source]
        source: ProveError,
    },
    /// The matrices of a circuit make no key.
    #[error("the matrices of {circuit} make no key")]
    Matrices {
        /// The circuit.
        circuit: CircuitId,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A key from a ceremony lies here and cannot be used; nobody but the ceremony can replace it.
    #[error("the key {} cannot be used: import it again", .path.display())]
    Ceremony {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: FileFault,
    },
    /// The key of a built-in circuit is not the pinned one: the circuit changed and kept its id.
    #[error("the key of {circuit} is not the one that this version pins")]
    NotPinned {
        /// The circuit.
        circuit: CircuitId,
    },
    /// A reference string that this program makes or holds is not the one that it pins.
    #[error("the reference string is not the one that this version pins")]
    SrsNotPinned,
    /// A reference string could not be made or read.
    #[error("the reference string {} cannot be used", .path.display())]
    Srs {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: SrsError,
    },
    /// The points of a reference string are not consecutive powers of one secret.
    #[error("reference string {digest}, as it lies here, is damaged")]
    SrsPoints {
        /// Its digest.
        digest: KeyDigest,
        /// What is wrong.
        #[source]
        source: SrsFault,
    },
    /// No reference string of that digest is here.
    #[error("reference string {digest} is not on this machine")]
    SrsAbsent {
        /// The digest asked for.
        digest: KeyDigest,
    },
    /// A file holds another reference string than its name says.
    #[error("{} holds reference string {got}, expected {expected}", .path.display())]
    SrsDigest {
        /// The file.
        path: PathBuf,
        /// Digest asked for.
        expected: KeyDigest,
        /// Digest of the string in the file.
        got: KeyDigest,
    },
    /// A reference string that is too short.
    #[error("the reference string has {got} powers, {expected} are needed")]
    SrsPowers {
        /// Powers of a row group.
        expected: usize,
        /// Powers of the string.
        got: usize,
    },
}

/// Why a cached key file was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileFault {
    /// Not a key file.
    #[error("not a key file")]
    Magic,
    /// A key file of another version.
    #[error("format version {got}, this program reads {expected}")]
    Version {
        /// The version that is read.
        expected: u32,
        /// The version of the file.
        got: u32,
    },
    /// The key of another circuit.
    #[error("the key of another circuit")]
    Circuit,
    /// The file ends early or goes on after its end.
    #[error("the file was cut off or extended")]
    Length,
    /// A key differs from its digest.
    #[error("the {part} key differs from its digest")]
    Digest {
        /// `proving` or `verifying`.
        part: &'static str,
    },
    /// A key with the right digest cannot be read.
    #[error("the {part} key cannot be decoded")]
    Decode {
        /// `proving` or `verifying`.
        part: &'static str,
    },
    /// The parts of the file do not belong together.
    #[error("the points, the matrices and the verifying key are not of one circuit")]
    Pair,
}
