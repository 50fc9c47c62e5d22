//! The core: what a server does, whatever face it is asked through.
//!
//! Plain functions with typed requests and answers. Each takes the evidence that it was authorised
//! ([`Permit`](crate::access::Permit)) and cannot be called without.

mod keys;
mod reads;
mod submit;
mod views;

use std::{
    fs::{File, TryLockError},
    path::Path,
    sync::Arc,
};

use tokio::sync::Semaphore;
use zkl_ledger::{Ledger, Trust, home::create_private_dir};

pub use self::{
    reads::{EntryQuery, Page},
    submit::{NotarizeOptions, ProveRequest, Submitted},
    views::{DatasetDetailView, DatasetView, EntryView, VerdictView},
};
use crate::{
    access::{Access, KeyRing},
    error::{ServerError, ServiceError},
    operations::{OperationLimits, Operations},
};

/// Receipts that are verified at a time: each takes a processor.
const VERIFIERS: usize = 4;

/// What a service is started with.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceSettings {
    /// What is open to everybody.
    pub access: Access,
    /// Bounds of operations.
    pub operations: OperationLimits,
}

/// A ledger and what a server keeps beside it.
#[derive(Debug)]
pub struct Service {
    ledger: Ledger,
    trust: Trust,
    access: Access,
    keys: Arc<KeyRing>,
    operations: Arc<Operations>,
    verifiers: Semaphore,
    /// Held as long as the service is there.
    _lock: File,
}

impl Service {
    /// The directory of a server in that of its ledger.
    pub fn dir(ledger: &Path) -> std::path::PathBuf {
        ledger.join("server")
    }

    /// Starts the service of `ledger`, which is open for writing, and keeps keys and operations in `dir`. Blocking.
    ///
    /// # Errors
    /// [`ServerError::Running`] when another service has `dir`; [`ServerError::Service`], [`ServerError::Keys`].
    pub fn start(ledger: Ledger, dir: &Path, settings: ServiceSettings) -> Result<Self, ServerError> {
        let io = |action, path: &Path, source| ServiceError::Io { action, path: path.to_owned(), source };
        create_private_dir(dir).map_err(|source| io("create", dir, source))?;
        let path = dir.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(|source| io("open", &path, source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ServerError::Running { dir: dir.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(io("lock", &path, source).into()),
        }
        Ok(Self {
            trust: Trust::default().with_log(ledger.log_key()),
            ledger,
            access: settings.access,
            keys: Arc::new(KeyRing::open(dir)?),
            operations: Operations::open(dir, settings.operations)?,
            verifiers: Semaphore::new(VERIFIERS),
            _lock: lock,
        })
    }

    /// What decides who may do what.
    pub const fn access(&self) -> Access {
        self.access
    }

    /// Whose token it is, if it is one of a key that is good now.
    ///
    /// # Errors
    /// [`ServiceError::Keys`].
    pub async fn authenticate(&self, token: &str) -> Result<Option<crate::access::Subject>, ServiceError> {
        let (keys, token) = (Arc::clone(&self.keys), zeroize::Zeroizing::new(token.to_owned()));
        Ok(tokio::task::spawn_blocking(move || keys.authenticate(&token)).await??)
    }

    /// Whether the store answers, with a head that the ledger's key signed.
    ///
    /// # Errors
    /// [`ServiceError::Ledger`].
    pub async fn check_ready(&self) -> Result<(), ServiceError> {
        self.ledger.checkpoint().await?;
        Ok(())
    }

    /// The work that takes seconds.
    pub const fn operations(&self) -> &Arc<Operations> {
        &self.operations
    }
}
