//! The one error of every backend.

use std::error::Error as StdError;

use thiserror::Error;

/// Why a storage operation failed. Backends have private error types and convert them into this one.
#[derive(Debug, Error)]
#[error("storage {operation}: {kind}")]
pub struct StorageError {
    /// What went wrong.
    pub kind: StorageErrorKind,
    /// Whether the same call may succeed later without anything else changing.
    pub retryable: bool,
    /// The operation that failed, as `append`, `find`, ...
    pub operation: &'static str,
    /// The backend's own error.
    #[source]
    pub source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The error of a backend, as far as the contract knows it. What the contract itself names, such as a conflict, backends take from
/// [`StorageErrorKind`]; of their own they have what only they can meet.
pub trait BackendError: StdError + Send + Sync + Sized + 'static {
    /// The kind under which callers see it.
    fn kind(&self) -> StorageErrorKind;

    /// Whether the same call may succeed later without anything else changing.
    fn is_retryable(&self) -> bool;

    /// This error as the contract's, during `operation`.
    fn during(self, operation: &'static str) -> StorageError {
        StorageError { kind: self.kind(), retryable: self.is_retryable(), operation, source: Some(Box::new(self)) }
    }
}

/// Classes of storage errors.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StorageErrorKind {
    /// The head is not the expected one; nothing was written.
    #[error("the head has {actual} entries, expected {expected}")]
    Conflict {
        /// Entries that the caller expected.
        expected: u64,
        /// Entries found.
        actual: u64,
    },
    /// The caller handed in something that no store may accept.
    #[error("invalid request: {0}")]
    Invalid(&'static str),
    /// Another process has the store open for writing.
    #[error("the store is in use by another process")]
    Locked,
    /// The store was opened for reading only.
    #[error("the store is open for reading only")]
    ReadOnly,
    /// There is no store at that place.
    #[error("there is no ledger at this place")]
    NotFound,
    /// The store was written by a version of the format that this program does not know.
    #[error("storage format {got} is not supported, expected {expected}")]
    Format {
        /// Format that this program reads.
        expected: u32,
        /// Format found.
        got: u32,
    },
    /// Stored bytes are not what was written.
    #[error("stored data is corrupt: {0}")]
    Corrupt(&'static str),
    /// No space left.
    #[error("no space left")]
    Full,
    /// An earlier write failed with unknown outcome; the store refuses to write until it is reopened.
    #[error("an earlier write failed and its outcome is unknown; reopen the ledger")]
    Poisoned,
    /// The store did not answer in time.
    #[error("timed out")]
    Timeout,
    /// The store cannot be reached or refuses work.
    #[error("unavailable")]
    Unavailable,
    /// An I/O error of another kind.
    #[error("input/output error")]
    Io,
}

impl StorageError {
    /// An error of `kind` during `operation`, not retryable, without a source.
    pub const fn new(operation: &'static str, kind: StorageErrorKind) -> Self {
        Self { kind, retryable: false, operation, source: None }
    }

    /// The same error with its cause attached.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error marked as worth repeating.
    #[must_use]
    pub const fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }
}
