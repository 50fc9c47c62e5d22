//! Errors of the witness protocol, on both sides.

use thiserror::Error;
use zkl_core::tree::TreeSize;

use crate::error::{CheckpointError, NoteError, ProofError};

/// A request is malformed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Longer than this crate reads.
    #[error("the request has {got} bytes, at most {max} are read")]
    TooLong {
        /// Most bytes.
        max: usize,
        /// Bytes of this request.
        got: usize,
    },
    /// Not UTF-8.
    #[error("the request is not UTF-8")]
    NotUtf8,
    /// The first line is not `old` and a canonical decimal.
    #[error("the first line is not the old size")]
    OldSize,
    /// A proof line is not the base64 of 32 bytes.
    #[error("proof line {line} is not the base64 of 32 bytes")]
    Hash {
        /// Position among the proof lines, from 0.
        line: usize,
    },
    /// More proof lines than the specification allows.
    #[error("the proof has more than {max} hashes")]
    TooManyHashes {
        /// Most hashes.
        max: usize,
    },
    /// No empty line before the checkpoint.
    #[error("the request ends before the checkpoint")]
    NoCheckpoint,
    /// The checkpoint is malformed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Why a witness does not cosign.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No key is trusted for the checkpoint's origin.
    #[error("log {origin:?} is not known here")]
    UnknownLog {
        /// The origin.
        origin: String,
    },
    /// No trusted key signed the checkpoint, or its line does not verify.
    #[error("the log did not sign the checkpoint")]
    Signature(#[source] CheckpointError),
    /// The old size is above the checkpoint's.
    #[error("the old size {old} is above the checkpoint's {new}")]
    OldSize {
        /// The old size.
        old: TreeSize,
        /// Size of the checkpoint.
        new: TreeSize,
    },
    /// The old size is not that of the tree cosigned last.
    #[error("the tree cosigned last has {latest} entries")]
    Conflict {
        /// Its size.
        latest: TreeSize,
    },
    /// The checkpoint is not proved to continue the tree cosigned last.
    #[error("the checkpoint is not proved to continue the tree that was cosigned last")]
    Inconsistent(#[from] ProofError),
}

impl Refusal {
    /// The HTTP status that the specification gives to this refusal.
    pub const fn status(&self) -> u16 {
        match self {
            Self::UnknownLog { .. } => 404,
            Self::Signature(_) => 403,
            Self::OldSize { .. } => 400,
            Self::Conflict { .. } => 409,
            Self::Inconsistent(_) => 422,
        }
    }
}

impl RequestError {
    /// The HTTP status of a request that cannot be read.
    pub const fn status(&self) -> u16 {
        match self {
            Self::TooLong { .. } => 413,
            // The specification counts this among the consistency checks.
            Self::Checkpoint(CheckpointError::EmptyTreeRoot { .. }) => 422,
            _ => 400,
        }
    }
}

/// A witness's answer is no cosignature.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// Longer than this crate reads.
    #[error("the answer has {got} bytes, at most {max} are read")]
    TooLong {
        /// Most bytes.
        max: usize,
        /// Bytes of this answer.
        got: usize,
    },
    /// Not UTF-8.
    #[error("the answer is not UTF-8")]
    NotUtf8,
    /// A conflict without a size.
    #[error("the answer names no tree size")]
    Size,
    /// Another status.
    #[error("the witness refused with status {status}: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The beginning of what it says.
        message: String,
    },
    /// Not exactly one line of the witness's key.
    #[error("the answer does not hold one cosignature of {witness}")]
    NotCosigned {
        /// Name of the witness's key.
        witness: String,
    },
    /// A line is malformed, or the cosignature does not verify.
    #[error(transparent)]
    Note(#[from] NoteError),
}
