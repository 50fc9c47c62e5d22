//! What a ledger's directory has seen of its log, so that an older copy of the store does not pass for the log: to go on from there
//! signs a second history.

use std::{fs, io, path::PathBuf};

use serde::{Deserialize, Serialize};
use zkl_core::{
    digest::RootHash,
    storage::{Head, StorageBackend},
    tree::TreeSize,
};
use zkl_merkle::{
    error::TreeError,
    tile::{RightEdge, right_edge_tiles},
};

use super::{LedgerHome, io_error, read_small_file};
use crate::{error::LedgerError, files::write_public_file, log::load_tiles, store_url::AnyStore};

/// The file of the largest state of the log that the directory has seen.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    size: TreeSize,
    root: RootHash,
}

impl LedgerHome {
    pub(crate) fn seen(&self) -> Seen {
        Seen { path: self.dir().join("seen.json") }
    }

    /// Checks that a store holds the log as this directory has seen it, or more.
    ///
    /// # Errors
    /// [`LedgerError::SetBack`], [`LedgerError::Io`], and what the store answers.
    pub async fn check_seen(&self, storage: &AnyStore) -> Result<(), LedgerError> {
        self.seen().check(&**storage).await
    }
}

impl Seen {
    /// Checks that `storage` holds what was seen, or continues it.
    ///
    /// # Errors
    /// As [`LedgerHome::check_seen`].
    pub(crate) async fn check(&self, storage: &dyn StorageBackend) -> Result<(), LedgerError> {
        let Some(State { size, root }) = self.read()? else { return Ok(()) };
        let stored = storage.head().await?.map_or(TreeSize(0), |head| head.size);
        let set_back = || LedgerError::SetBack { seen: size, stored };
        if stored < size {
            return Err(set_back());
        }
        let tiles = load_tiles(storage, &right_edge_tiles(size)).await?;
        match RightEdge::load(size, root, &tiles) {
            Ok(_) => Ok(()),
            Err(TreeError::EdgeRoot { .. }) => Err(set_back()),
            Err(error) => Err(error.into()),
        }
    }

    /// Remembers a head. Written without a sync: a crash of the machine may lose the newest one, and then an earlier one is
    /// remembered.
    ///
    /// # Errors
    /// [`LedgerError::Io`].
    pub(crate) fn record(&self, head: &Head) -> Result<(), LedgerError> {
        let failed = |source| io_error("write", &self.path, source);
        let text = serde_json::to_vec(&State { size: head.size, root: head.root });
        write_public_file(&self.path, &text.map_err(|error| failed(error.into()))?).map_err(failed)
    }

    /// Goes on from the state that `storage` is in, whatever was seen.
    ///
    /// # Errors
    /// [`LedgerError::Io`], and what the store answers.
    pub(crate) async fn accept(&self, storage: &dyn StorageBackend) -> Result<(), LedgerError> {
        match storage.head().await? {
            Some(head) => self.record(&head),
            None => match fs::remove_file(&self.path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => Err(io_error("remove", &self.path, source)),
                _ => Ok(()),
            },
        }
    }

    fn read(&self) -> Result<Option<State>, LedgerError> {
        let text = match read_small_file(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|source| io_error("read", &self.path, source))?,
        };
        // What a crash of the machine may leave of a file that was just written.
        if text.is_empty() {
            return Ok(None);
        }
        serde_json::from_str(&text).map(Some).map_err(|error| io_error("read", &self.path, error.into()))
    }
}
