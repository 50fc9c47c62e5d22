//! The public handle.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use zkl_core::{
    digest::{BlobDigest, TransactionId},
    name::DatasetName,
    storage::{AppendBatch, BackendError as _, DatasetSummary, Head, Query, StorageBackend, StorageError},
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};

use crate::{
    config::S3Config,
    error::S3Error,
    location::Location,
    store::{Access, Store},
};

/// A ledger below a prefix of a bucket. Cloning is cheap and shares the handle. Any number of handles, processes and hosts
/// may have a ledger open for writing at the same time.
///
/// Ledgers are named by URLs: `s3://bucket/prefix`, with the optional parameters `endpoint` (the URL of an S3-compatible
/// server), `region` and `path_style` (`true` unless the endpoint is AWS's own).
#[derive(Clone)]
pub struct S3Backend {
    store: Arc<Store>,
    place: String,
}

impl S3Backend {
    /// Makes a new, empty ledger at `url` and opens it for writing. The bucket must exist.
    ///
    /// Finds out, with ten small writes, whether the endpoint decides conditional writes, also when they race.
    ///
    /// # Errors
    /// `Invalid` when there is a ledger already, when the URL cannot be used, and when the endpoint or bucket does not
    /// honour conditional writes; `NotFound` when there is no such bucket; `Unavailable`, `Timeout`.
    pub async fn create(url: &str, config: &S3Config) -> Result<Self, StorageError> {
        let location = Location::parse(url).map_err(|error| error.during("create"))?;
        Self::wrap("create", &location, Store::create(&location, config).await)
    }

    /// Opens the ledger at `url` for writing.
    ///
    /// # Errors
    /// `NotFound` when there is no ledger; `Format` for a format that this program does not know; `Invalid` when the URL
    /// cannot be used or the endpoint or bucket ignores conditional writes; `Corrupt`, `Unavailable`, `Timeout`.
    pub async fn open(url: &str, config: &S3Config) -> Result<Self, StorageError> {
        let location = Location::parse(url).map_err(|error| error.during("open"))?;
        Self::wrap("open", &location, Store::open(&location, config, Access::Write).await)
    }

    /// Opens the ledger at `url` for writing, making it if there is none.
    ///
    /// # Errors
    /// As [`S3Backend::open`] and [`S3Backend::create`].
    pub async fn open_or_create(url: &str, config: &S3Config) -> Result<Self, StorageError> {
        let location = Location::parse(url).map_err(|error| error.during("open"))?;
        let opened = match Store::open(&location, config, Access::Write).await {
            Err(S3Error::NotFound { .. }) => match Store::create(&location, config).await {
                // Somebody else was faster.
                Err(S3Error::AlreadyExists { .. }) => Store::open(&location, config, Access::Write).await,
                created => created,
            },
            opened => opened,
        };
        Self::wrap("open", &location, opened)
    }

    /// Opens the ledger at `url` for reading; needs no more than the permission to list and read. The handle follows the
    /// appends of others. Writing methods answer `ReadOnly`.
    ///
    /// # Errors
    /// As [`S3Backend::open`], but conditional writes do not matter.
    pub async fn open_read_only(url: &str, config: &S3Config) -> Result<Self, StorageError> {
        let location = Location::parse(url).map_err(|error| error.during("open"))?;
        Self::wrap("open", &location, Store::open(&location, config, Access::Read).await)
    }

    /// Bucket and prefix, as `s3://bucket/prefix/`.
    pub fn place(&self) -> &str {
        &self.place
    }

    fn wrap(
        operation: &'static str,
        location: &Location,
        opened: Result<Store, S3Error>,
    ) -> Result<Self, StorageError> {
        let store = Arc::new(opened.map_err(|error| error.during(operation))?);
        Ok(Self { store, place: location.display() })
    }
}

impl fmt::Debug for S3Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Backend").field("place", &self.place).finish_non_exhaustive()
    }
}

#[async_trait]
impl StorageBackend for S3Backend {
    async fn head(&self) -> Result<Option<Head>, StorageError> {
        let latest = self.store.latest().await;
        latest.map(|state| state.head.clone()).map_err(|error| error.during("head"))
    }

    async fn append(&self, expected: TreeSize, batch: AppendBatch) -> Result<(), StorageError> {
        let store = Arc::clone(&self.store);
        // A task of its own goes on when the caller does not.
        let joined = tokio::spawn(async move { store.append(expected, batch).await }).await;
        joined.map_err(S3Error::from).and_then(|result| result).map_err(|error| error.during("append"))
    }

    async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, StorageError> {
        self.store.transaction(id).await.map_err(|error| error.during("transaction"))
    }

    async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, StorageError> {
        self.store.find(query).await.map_err(|error| error.during("find"))
    }

    async fn datasets(&self, after: Option<&DatasetName>, limit: usize) -> Result<Vec<DatasetSummary>, StorageError> {
        self.store.datasets(after, limit).await.map_err(|error| error.during("datasets"))
    }

    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError> {
        self.store.tile(id).await.map_err(|error| error.during("tile"))
    }

    async fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, StorageError> {
        self.store.put_blob(bytes).await.map_err(|error| error.during("put_blob"))
    }

    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, StorageError> {
        self.store.blob(digest).await.map_err(|error| error.during("blob"))
    }

    async fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), StorageError> {
        self.store.put_cosigned(size, checkpoint).await.map_err(|error| error.during("put_cosigned"))
    }

    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, StorageError> {
        self.store.cosigned(at_most).await.map_err(|error| error.during("cosigned"))
    }
}
