//! The ledger's store: opened, restored into, and moved to another place.

use std::time::Duration;

use zkl_core::storage::{StorageError, StorageErrorKind};

use super::LedgerHome;
use crate::{
    error::LedgerError,
    fsck::check_store,
    stage::StageReporter,
    store_url::{AnyStore, StoreUrl},
    transfer::{Copied, copy_log},
};

/// What moving a log to another store did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MovedStore {
    /// Where it was, and still is.
    pub from: StoreUrl,
    /// Where it is.
    pub to: StoreUrl,
    /// What was copied.
    pub copied: Copied,
}

impl LedgerHome {
    /// Opens the ledger's store for writing. `create` may have been interrupted before it made the store; one that was
    /// written to and is gone must not be replaced by an empty one, because the key would sign a second history.
    pub(crate) async fn open_store(&self, wait: Duration) -> Result<AnyStore, LedgerError> {
        match Box::pin(self.store().open_within(wait)).await {
            Err(LedgerError::Storage(StorageError { kind: StorageErrorKind::NotFound, .. })) => {
                if self.openings().holds_any() {
                    return Err(LedgerError::StoreAbsent { store: self.store().to_string() });
                }
                self.store().create().await
            }
            other => other,
        }
    }

    /// Opens the ledger's store to restore a copy into it: also when the ledger was used and has lost its store.
    ///
    /// # Errors
    /// As [`LedgerBuilder::open`](crate::LedgerBuilder::open), but for the absent store.
    pub async fn open_store_to_restore(&self, wait: Duration) -> Result<AnyStore, LedgerError> {
        match self.open_store(wait).await {
            Err(LedgerError::StoreAbsent { .. }) => self.store().create().await,
            other => other,
        }
    }

    /// Moves the log to the store at `to`, which is absent, empty, or an earlier copy: everything is copied and verified, the copy is
    /// checked from its bytes, and only then the settings name it. The old store stays where it is. Interrupted, it can be repeated.
    ///
    /// An embedded store is open for writing meanwhile. Of other stores nobody keeps other processes from writing: those that use
    /// this log are stopped first.
    ///
    /// # Errors
    /// [`LedgerError::SameStore`], [`LedgerError::SetBack`], as [`copy_log`], and [`LedgerError::Damaged`] when the copy is not sound.
    pub async fn move_store(
        &mut self,
        to: StoreUrl,
        wait: Duration,
        reporter: &dyn StageReporter,
    ) -> Result<MovedStore, LedgerError> {
        if to == *self.store() {
            return Err(LedgerError::SameStore { store: to.to_string() });
        }
        let log = self.log_key()?;
        let source = self.open_store(wait).await?;
        self.check_seen(&source).await?;
        let target = to.open_or_create().await?;
        let copied = copy_log(&*source, &*target, &log, reporter).await?;
        check_store(&*target, &log, &self.witness_keys(), reporter).await?.into_size()?;
        self.set(&[("store", Some(&to.to_setting()))])?;
        let from = std::mem::replace(&mut self.store, to.clone());
        Ok(MovedStore { from, to, copied })
    }
}
