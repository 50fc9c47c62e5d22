//! A store of one writer that several processes share: open for reading, and for writing only while something is recorded.
//!
//! ```text
//! read                    from a store that is opened for reading, anew after each write
//! put_blob                opens the store for writing and leaves it so: the entry that names the blob comes next
//! append, put_cosigned    opens it if need be, and closes it
//! ```
//!
//! What is computed meanwhile keeps nobody from writing. Whoever appends meets the entries of others as a conflict, and tries again.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::{Mutex, MutexGuard};
use zkl_core::{
    digest::{BlobDigest, TransactionId},
    name::DatasetName,
    storage::{AppendBatch, DatasetSummary, Head, Query, StorageBackend, StorageError, StorageErrorKind},
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};

use crate::{
    error::LedgerError,
    store_url::{AnyStore, StoreUrl},
};

/// A store that is opened when it is needed.
pub(crate) struct SharedStore {
    url: StoreUrl,
    /// How long it is waited for another writer.
    wait: Duration,
    /// Held while something is written.
    open: Mutex<Open>,
}

/// The store as it is open.
#[derive(Default)]
struct Open {
    reader: Option<AnyStore>,
    writer: Option<AnyStore>,
}

impl SharedStore {
    pub(crate) fn new(url: StoreUrl, wait: Duration) -> Self {
        Self { url, wait, open: Mutex::default() }
    }

    async fn reader(&self, operation: &'static str) -> Result<AnyStore, StorageError> {
        let mut open = self.open.lock().await;
        if let Some(store) = open.writer.as_ref().or(open.reader.as_ref()) {
            return Ok(Arc::clone(store));
        }
        let reader = self.url.open_read_only().await.map_err(|error| during(operation, error))?;
        Ok(Arc::clone(open.reader.insert(reader)))
    }

    /// The store, open for writing until [`Writing::close`].
    async fn writer(&self, operation: &'static str) -> Result<Writing<'_>, StorageError> {
        let mut open = self.open.lock().await;
        let store = match &open.writer {
            Some(store) => Arc::clone(store),
            None => {
                let store = self.url.open_within(self.wait).await.map_err(|error| during(operation, error))?;
                Arc::clone(open.writer.insert(store))
            }
        };
        Ok(Writing { open, store })
    }
}

struct Writing<'s> {
    open: MutexGuard<'s, Open>,
    store: AnyStore,
}

impl Writing<'_> {
    /// Lets others write. What was read so far is read anew.
    fn close(mut self) {
        *self.open = Open::default();
    }
}

/// An error of opening, as one of the operation that needed it.
fn during(operation: &'static str, error: LedgerError) -> StorageError {
    match error {
        LedgerError::Storage(error) => error,
        other => StorageError {
            kind: StorageErrorKind::Unavailable,
            retryable: false,
            operation,
            source: Some(Box::new(other)),
        },
    }
}

#[async_trait]
impl StorageBackend for SharedStore {
    async fn head(&self) -> Result<Option<Head>, StorageError> {
        self.reader("head").await?.head().await
    }

    async fn append(&self, expected: TreeSize, batch: AppendBatch) -> Result<(), StorageError> {
        let writing = self.writer("append").await?;
        let answer = writing.store.append(expected, batch).await;
        // After a conflict the caller reads the new head, and appends behind it before anybody else can.
        if !matches!(&answer, Err(StorageError { kind: StorageErrorKind::Conflict { .. }, .. })) {
            writing.close();
        }
        answer
    }

    async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, StorageError> {
        self.reader("transaction").await?.transaction(id).await
    }

    async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, StorageError> {
        self.reader("find").await?.find(query).await
    }

    async fn datasets(&self, after: Option<&DatasetName>, limit: usize) -> Result<Vec<DatasetSummary>, StorageError> {
        self.reader("datasets").await?.datasets(after, limit).await
    }

    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError> {
        self.reader("tile").await?.tile(id).await
    }

    async fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, StorageError> {
        self.writer("put blob").await?.store.put_blob(bytes).await
    }

    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, StorageError> {
        self.reader("blob").await?.blob(digest).await
    }

    async fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), StorageError> {
        let writing = self.writer("put cosigned").await?;
        let answer = writing.store.put_cosigned(size, checkpoint).await;
        writing.close();
        answer
    }

    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, StorageError> {
        self.reader("cosigned").await?.cosigned(at_most).await
    }
}
