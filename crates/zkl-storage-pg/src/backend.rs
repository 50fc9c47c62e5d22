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
    config::PgConfig,
    error::PgError,
    open::{Access, Store},
};

/// A ledger in a schema of a PostgreSQL database. Cloning is cheap and shares the connections. Any number of handles, in
/// any number of processes on any number of hosts, may write to one ledger.
///
/// A place is `postgres://user:password@host:port/database?schema=NAME`, with the usual parameters (`sslmode`, `sslrootcert`,
/// `host=/path/of/a/socket`, `application_name`, ...). The schema is `zkl` when none is named. Everything needs a tokio
/// runtime, and a handle belongs to the runtime on which it was opened.
#[derive(Clone)]
pub struct PgBackend {
    store: Arc<Store>,
}

impl PgBackend {
    /// Makes a new, empty ledger at `url` and opens it for writing. The database must exist; the schema is made if it does
    /// not. All or nothing: an interrupted creation can be repeated.
    ///
    /// # Errors
    /// `Invalid` when there is a ledger already, when the URL is none, when the server is older than version 13 or runs with
    /// `fsync` off; `NotFound` when the database does not exist; `ReadOnly` on a standby; `Unavailable` when the server
    /// cannot be reached or refuses the user.
    pub async fn create(url: &str, config: &PgConfig) -> Result<Self, StorageError> {
        Self::wrap("create", Store::create(url, config).await)
    }

    /// Opens the ledger at `url` for writing. A ledger of an older format is brought up to date.
    ///
    /// # Errors
    /// `NotFound` when there is no ledger, `Format` for one of a newer format, `Corrupt` when head and log contradict one
    /// another, and as [`PgBackend::create`].
    pub async fn open(url: &str, config: &PgConfig) -> Result<Self, StorageError> {
        Self::wrap("open", Store::open(url, config, Access::Write).await)
    }

    /// Opens the ledger at `url` for writing, making it if there is none.
    ///
    /// # Errors
    /// As [`PgBackend::open`] and [`PgBackend::create`].
    pub async fn connect(url: &str, config: &PgConfig) -> Result<Self, StorageError> {
        match Store::open(url, config, Access::Write).await {
            Err(PgError::NotFound { .. }) => {}
            opened => return Self::wrap("open", opened),
        }
        match Store::create(url, config).await {
            // Another process was faster.
            Err(PgError::AlreadyExists { .. }) => Self::open(url, config).await,
            created => Self::wrap("create", created),
        }
    }

    /// Opens the ledger at `url` for reading. It shows every append as soon as that is committed; on a standby, as soon as it has
    /// arrived there. Writing methods answer `ReadOnly`, and the server would refuse them too.
    ///
    /// # Errors
    /// As [`PgBackend::open`], and `Format` for an older format too.
    pub async fn open_read_only(url: &str, config: &PgConfig) -> Result<Self, StorageError> {
        Self::wrap("open", Store::open(url, config, Access::Read).await)
    }

    /// The schema that holds the ledger.
    pub fn schema(&self) -> &str {
        &self.store.place.schema
    }

    fn wrap(operation: &'static str, opened: Result<Store, PgError>) -> Result<Self, StorageError> {
        opened.map(|store| Self { store: Arc::new(store) }).map_err(|error| error.during(operation))
    }
}

impl fmt::Debug for PgBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The connection's options hold a password.
        f.debug_struct("PgBackend").field("schema", &self.schema()).finish_non_exhaustive()
    }
}

#[async_trait]
impl StorageBackend for PgBackend {
    async fn head(&self) -> Result<Option<Head>, StorageError> {
        self.store.head().await.map_err(|error| error.during("head"))
    }

    async fn append(&self, expected: TreeSize, batch: AppendBatch) -> Result<(), StorageError> {
        let store = Arc::clone(&self.store);
        // A task of its own runs to its end even if the caller stops waiting.
        let task = tokio::spawn(async move { store.append(expected, &batch).await });
        let result = task.await.unwrap_or_else(|error| {
            self.store.poison();
            Err(error.into())
        });
        result.map_err(|error| error.during("append"))
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
