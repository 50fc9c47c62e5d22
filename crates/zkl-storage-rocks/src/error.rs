//! The backend's own errors and their one conversion into the contract's.

use std::{io, path::PathBuf};

use thiserror::Error;
use zkl_core::storage::{BackendError, StorageErrorKind};

/// What went wrong inside the RocksDB backend.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RocksError {
    /// What the contract names: a conflict, a broken rule, damage, a handle that may not write.
    #[error(transparent)]
    Contract(#[from] StorageErrorKind),
    /// The directory holds no finished store.
    #[error("no ledger in {}", path.display())]
    NotFound {
        /// The directory.
        path: PathBuf,
    },
    /// The directory already holds a store.
    #[error("there is already a ledger in {}", path.display())]
    AlreadyExists {
        /// The directory.
        path: PathBuf,
    },
    /// Another process, or another handle of this one, has the store open for writing.
    #[error("{} is open for writing elsewhere", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The acknowledgement file promises more than the store holds.
    #[error("{acknowledged} writes were acknowledged, {found} are there")]
    Lost {
        /// Sequence number of the last acknowledged write.
        acknowledged: u64,
        /// Sequence number of the last write found.
        found: u64,
    },
    /// RocksDB reported an error.
    #[error(transparent)]
    Rocks(#[from] rocksdb::Error),
    /// The operating system reported an error on a file of this crate's own.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The thread that did the work was cancelled or panicked.
    #[error("the storage thread ended early")]
    Task(#[from] tokio::task::JoinError),
}

impl BackendError for RocksError {
    fn kind(&self) -> StorageErrorKind {
        match self {
            Self::Contract(kind) => kind.clone(),
            Self::NotFound { .. } => StorageErrorKind::NotFound,
            Self::AlreadyExists { .. } => StorageErrorKind::Invalid("there is already a ledger at this place"),
            Self::Locked { .. } => StorageErrorKind::Locked,
            Self::Lost { .. } => StorageErrorKind::Corrupt("acknowledged writes are missing"),
            Self::Rocks(error) => rocks_kind(error),
            Self::Io(error) => io_kind(error),
            Self::Task(_) => StorageErrorKind::Unavailable,
        }
    }

    fn is_retryable(&self) -> bool {
        false
    }
}

/// RocksDB hands over its status as text: `<class>: <detail>`. The detail of an I/O error holds `strerror` text, which is
/// not translated because no part of the process sets a C locale.
fn rocks_kind(error: &rocksdb::Error) -> StorageErrorKind {
    use rocksdb::ErrorKind;
    let text = error.as_ref();
    // A full disk can surface inside another class, as when a flush fails in the background.
    if ["No space left on device", "Disk quota exceeded", "File too large"].iter().any(|full| text.contains(full)) {
        return StorageErrorKind::Full;
    }
    match error.kind() {
        ErrorKind::Corruption => StorageErrorKind::Corrupt("a checksum or the structure of a file is wrong"),
        // RocksDB names only files that its own manifest lists.
        ErrorKind::IOError if text.contains("No such file or directory") => {
            StorageErrorKind::Corrupt("a file of the store is missing")
        }
        // An unknown compression type, checksum type or format version: a damaged footer or block trailer.
        ErrorKind::NotSupported | ErrorKind::InvalidArgument => {
            StorageErrorKind::Corrupt("a file of the store cannot be interpreted")
        }
        ErrorKind::TimedOut => StorageErrorKind::Timeout,
        ErrorKind::Busy | ErrorKind::TryAgain | ErrorKind::ShutdownInProgress => StorageErrorKind::Unavailable,
        _ => StorageErrorKind::Io,
    }
}

fn io_kind(error: &io::Error) -> StorageErrorKind {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            StorageErrorKind::Full
        }
        _ => StorageErrorKind::Io,
    }
}

/// Whether `error` says that the lock file of the store is held: by another process (`fcntl` answers EAGAIN or EACCES) or by
/// another handle of this one (RocksDB's own table of locks).
pub(crate) fn is_lock_held(error: &rocksdb::Error, lock_file: &str) -> bool {
    let text = error.as_ref();
    let elsewhere = text.strip_prefix("IO error: While lock file: ").and_then(|rest| rest.strip_prefix(lock_file));
    let busy = |reason: &str| matches!(reason, ": Resource temporarily unavailable" | ": Permission denied");
    let here = text.starts_with("IO error: lock hold by current process") && text.contains(lock_file);
    elsewhere.is_some_and(busy) || here
}
