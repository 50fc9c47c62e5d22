//! A ledger with a directory of its own: its key, its settings and its openings there, its log in the store that the
//! settings name.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use zkl_core::storage::{StorageError, StorageErrorKind};
use zkl_merkle::{keys::Origin, note::NoteSigner};
use zkl_snark::keys::KeyStore;

use crate::{
    error::LedgerError,
    home::LedgerHome,
    ledger::Ledger,
    store_url::{AnyStore, StoreUrl},
};

/// How often a locked store is tried again.
const RETRY: Duration = Duration::from_millis(50);

impl Ledger<AnyStore> {
    /// Makes a new ledger in `dir`, with a fresh signing key, its log in `store` (`None`: the embedded store, in `dir`).
    ///
    /// # Errors
    /// [`LedgerError::LedgerExists`], [`LedgerError::NotCompiledIn`], [`LedgerError::Io`], [`LedgerError::Storage`].
    pub async fn create(
        dir: &Path,
        origin: Origin,
        store: Option<StoreUrl>,
        keys: KeyStore,
    ) -> Result<Self, LedgerError> {
        let home = LedgerHome::create(dir, origin, store)?;
        let storage = match home.store().create().await {
            Ok(storage) => storage,
            Err(error) => {
                // What was made a moment ago and has no log: the next attempt may begin anew, with another store.
                home.discard()?;
                return Err(error);
            }
        };
        Ok(Self::new(storage, signer(&home)?, keys, home.openings()))
    }

    /// Opens the ledger in `dir` for reading and writing. An embedded store is open for writing in one process; others are
    /// waited for until `wait` is over.
    ///
    /// # Errors
    /// [`LedgerError::NoLedger`]; [`LedgerError::StoreAbsent`] for a ledger that was used and has lost its store;
    /// [`LedgerError::Storage`], with [`StorageErrorKind::Locked`] when another process has it; [`LedgerError::NotCompiledIn`],
    /// [`LedgerError::Io`], [`LedgerError::Settings`], [`LedgerError::Key`].
    pub async fn open(dir: &Path, keys: KeyStore, wait: Duration) -> Result<Self, LedgerError> {
        let home = LedgerHome::open(dir)?;
        let signer = signer(&home)?;
        let storage = home.open_store(wait).await?;
        Ok(Self::new(storage, signer, keys, home.openings()).with_witnesses(home.witness_keys()))
    }

    /// Opens the ledger in `dir` for reading, beside whoever writes to it. Sees what was acknowledged before the call.
    ///
    /// # Errors
    /// As [`Ledger::open`], but for the lock.
    pub async fn open_read_only(dir: &Path, keys: KeyStore) -> Result<Self, LedgerError> {
        let home = LedgerHome::open(dir)?;
        let verifier = home.signing_key()?.verifying_key().note_verifier(home.origin().clone());
        let storage = home.store().open_read_only().await?;
        Ok(Self::read_only(storage, verifier, keys, home.openings()).with_witnesses(home.witness_keys()))
    }
}

impl LedgerHome {
    /// Opens the ledger's store for writing. `create` may have been interrupted before it made the store; one that was
    /// written to and is gone must not be replaced by an empty one, because the key would sign a second history.
    async fn open_store(&self, wait: Duration) -> Result<AnyStore, LedgerError> {
        let deadline = Instant::now() + wait;
        loop {
            match self.store().open().await {
                Err(LedgerError::Storage(StorageError { kind: StorageErrorKind::Locked, .. }))
                    if Instant::now() < deadline =>
                {
                    tokio::time::sleep(RETRY).await;
                }
                Err(LedgerError::Storage(StorageError { kind: StorageErrorKind::NotFound, .. })) => {
                    if self.openings().holds_any() {
                        return Err(LedgerError::StoreAbsent { store: self.store().to_string() });
                    }
                    return self.store().create().await;
                }
                other => return other,
            }
        }
    }

    /// Opens the ledger's store to restore a copy into it: also when the ledger was used and has lost its store.
    ///
    /// # Errors
    /// As [`Ledger::open`], but for the absent store.
    pub async fn open_store_to_restore(&self, wait: Duration) -> Result<AnyStore, LedgerError> {
        match self.open_store(wait).await {
            Err(LedgerError::StoreAbsent { .. }) => self.store().create().await,
            other => other,
        }
    }
}

impl StoreUrl {
    /// Opens the store for writing, making it if there is none.
    ///
    /// # Errors
    /// As [`StoreUrl::open`] and [`StoreUrl::create`].
    pub async fn open_or_create(&self) -> Result<AnyStore, LedgerError> {
        match self.open().await {
            Err(LedgerError::Storage(StorageError { kind: StorageErrorKind::NotFound, .. })) => self.create().await,
            other => other,
        }
    }
}

fn signer(home: &LedgerHome) -> Result<NoteSigner, LedgerError> {
    Ok(NoteSigner::new(home.origin().clone(), home.signing_key()?))
}
