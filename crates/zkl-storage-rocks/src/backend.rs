//! The public handle: each call of the contract, moved to a thread that may block.

use std::{fmt, path::Path, sync::Arc};

use async_trait::async_trait;
use zkl_core::{
    digest::{BlobDigest, TransactionId},
    name::DatasetName,
    storage::{AppendBatch, BackendError as _, DatasetSummary, Head, Query, StorageBackend, StorageError},
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};

use crate::{
    compression::CompressionInUse,
    config::RocksConfig,
    error::RocksError,
    open::{Access, Store},
};

/// A ledger in a directory. Cloning is cheap and shares the handle; the directory is free for another writer when the
/// last clone is dropped and the calls under way have ended.
///
/// The constructors block; the methods of [`StorageBackend`] need a tokio runtime.
#[derive(Clone)]
pub struct RocksBackend {
    store: Arc<Store>,
}

impl RocksBackend {
    /// Makes a new, empty ledger in `dir`, which is created if necessary, and opens it for writing.
    ///
    /// # Errors
    /// `Invalid` when there is a ledger already, `Locked` when another writer is at it, `Full`, `Io`.
    pub fn create(dir: impl AsRef<Path>, config: &RocksConfig) -> Result<Self, StorageError> {
        Self::wrap("create", Store::create(dir.as_ref(), config))
    }

    /// Opens the ledger in `dir` for writing. At most one handle in the system does so at a time.
    ///
    /// # Errors
    /// `NotFound` when there is no ledger, `Locked` when another handle has it open for writing, `Format` for a format that
    /// this program does not know, `Corrupt` for damaged files or missing acknowledged writes, `Io`.
    pub fn open(dir: impl AsRef<Path>, config: &RocksConfig) -> Result<Self, StorageError> {
        Self::wrap("open", Store::open(dir.as_ref(), config, Access::Write))
    }

    /// Opens the ledger in `dir` for writing, making it if there is none.
    ///
    /// # Errors
    /// As [`RocksBackend::open`] and [`RocksBackend::create`].
    pub fn open_or_create(dir: impl AsRef<Path>, config: &RocksConfig) -> Result<Self, StorageError> {
        match Store::open(dir.as_ref(), config, Access::Write) {
            Err(RocksError::NotFound { .. }) => Self::create(dir, config),
            opened => Self::wrap("open", opened),
        }
    }

    /// Opens the ledger in `dir` for reading, also while another process writes to it.
    ///
    /// The handle shows one state: at least everything that was acknowledged before the call. Later appends show in a
    /// later handle. Writing methods answer `ReadOnly`.
    ///
    /// # Errors
    /// As [`RocksBackend::open`], but never `Locked`.
    pub fn open_read_only(dir: impl AsRef<Path>, config: &RocksConfig) -> Result<Self, StorageError> {
        Self::wrap("open", Store::open(dir.as_ref(), config, Access::Read))
    }

    /// The directory of the ledger.
    pub fn dir(&self) -> &Path {
        self.store.path()
    }

    /// How this handle compresses new data: the setting, as far as the linked RocksDB has what it names.
    pub fn compression(&self) -> CompressionInUse {
        self.store.compression()
    }

    fn wrap(operation: &'static str, opened: Result<Store, RocksError>) -> Result<Self, StorageError> {
        opened.map(|store| Self { store: Arc::new(store) }).map_err(|error| error.during(operation))
    }

    /// Runs `work` on a thread that may block. It runs to its end even if the caller stops waiting.
    async fn blocking<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Store) -> Result<T, RocksError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let store = Arc::clone(&self.store);
        let joined = tokio::task::spawn_blocking(move || work(&store)).await;
        joined.map_err(RocksError::from).and_then(|result| result).map_err(|error| error.during(operation))
    }
}

impl fmt::Debug for RocksBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RocksBackend").field("dir", &self.store.path()).finish_non_exhaustive()
    }
}

#[async_trait]
impl StorageBackend for RocksBackend {
    async fn head(&self) -> Result<Option<Head>, StorageError> {
        self.blocking("head", Store::head).await
    }

    async fn append(&self, expected: TreeSize, batch: AppendBatch) -> Result<(), StorageError> {
        self.blocking("append", move |store| store.append(expected, &batch)).await
    }

    async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, StorageError> {
        self.blocking("transaction", move |store| store.transaction(id)).await
    }

    async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, StorageError> {
        let query = query.clone();
        self.blocking("find", move |store| store.find(&query)).await
    }

    async fn datasets(&self, after: Option<&DatasetName>, limit: usize) -> Result<Vec<DatasetSummary>, StorageError> {
        let after = after.cloned();
        self.blocking("datasets", move |store| store.datasets(after.as_ref(), limit)).await
    }

    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError> {
        self.blocking("tile", move |store| store.tile(id)).await
    }

    async fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, StorageError> {
        let bytes = bytes.to_vec();
        self.blocking("put_blob", move |store| store.put_blob(&bytes)).await
    }

    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, StorageError> {
        self.blocking("blob", move |store| store.blob(digest)).await
    }

    async fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), StorageError> {
        let checkpoint = checkpoint.to_owned();
        self.blocking("put_cosigned", move |store| store.put_cosigned(size, &checkpoint)).await
    }

    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, StorageError> {
        self.blocking("cosigned", move |store| store.cosigned(at_most)).await
    }
}
