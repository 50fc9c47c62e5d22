//! A ledger in a directory of its own, with the embedded store.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use zkl_circuits::keys::KeyStore;
use zkl_core::storage::{StorageError, StorageErrorKind};
use zkl_merkle::{keys::Origin, note::NoteSigner};
use zkl_storage_rocks::{RocksBackend, RocksConfig};

use crate::{error::LedgerError, home::LedgerHome, ledger::Ledger};

/// How often a locked store is tried again.
const RETRY: Duration = Duration::from_millis(50);

impl Ledger<RocksBackend> {
    /// Makes a new ledger in `dir`, with a fresh signing key.
    ///
    /// # Errors
    /// [`LedgerError::LedgerExists`], [`LedgerError::Io`], [`LedgerError::Storage`].
    pub fn create(dir: &Path, origin: Origin, keys: KeyStore) -> Result<Self, LedgerError> {
        let home = LedgerHome::create(dir, origin)?;
        let storage = RocksBackend::create(home.database_path(), &RocksConfig::default())?;
        Ok(Self::new(storage, signer(&home)?, keys, home.openings()))
    }

    /// Opens the ledger in `dir` for reading and writing. Only one process can; others are waited for until `wait` is
    /// over.
    ///
    /// # Errors
    /// [`LedgerError::NoLedger`]; [`LedgerError::StoreAbsent`] for a ledger that was used and has lost its store; [`LedgerError::Storage`], with [`StorageErrorKind::Locked`] when another process has
    /// it; [`LedgerError::Io`], [`LedgerError::Settings`], [`LedgerError::Key`].
    pub async fn open(dir: &Path, keys: KeyStore, wait: Duration) -> Result<Self, LedgerError> {
        let home = LedgerHome::open(dir)?;
        let signer = signer(&home)?;
        // `create` may have been interrupted before it made the store. A store that was written to and is gone must not be
        // replaced by an empty one: the key would sign a second history.
        if !home.database_path().exists() && home.openings().holds_any() {
            return Err(LedgerError::StoreAbsent { path: home.database_path() });
        }
        let deadline = Instant::now() + wait;
        let storage = loop {
            match RocksBackend::open_or_create(home.database_path(), &RocksConfig::default()) {
                Err(StorageError { kind: StorageErrorKind::Locked, .. }) if Instant::now() < deadline => {
                    tokio::time::sleep(RETRY).await;
                }
                other => break other?,
            }
        };
        Ok(Self::new(storage, signer, keys, home.openings()))
    }

    /// Opens the ledger in `dir` for reading, beside whoever writes to it. Sees what was acknowledged before the call.
    ///
    /// # Errors
    /// As [`Ledger::open`], but for the lock.
    pub fn open_read_only(dir: &Path, keys: KeyStore) -> Result<Self, LedgerError> {
        let home = LedgerHome::open(dir)?;
        let verifier = home.signing_key()?.verifying_key().note_verifier(home.origin().clone());
        let storage = RocksBackend::open_read_only(home.database_path(), &RocksConfig::default())?;
        Ok(Self::read_only(storage, verifier, keys, home.openings()))
    }
}

fn signer(home: &LedgerHome) -> Result<NoteSigner, LedgerError> {
    Ok(NoteSigner::new(home.origin().clone(), home.signing_key()?))
}
