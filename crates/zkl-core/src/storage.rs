//! The storage contract: the smallest set of operations that an embedded store, a relational database and an object
//! store can all honour natively. One conformance suite (`zkl-testkit`) holds every implementation to this text.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    digest::{BlobDigest, RootHash, TransactionId},
    name::DatasetName,
    time::Timestamp,
    transaction::{OperationKind, StoredTransaction},
    tree::{LeafIndex, TileId, TreeSize},
};

mod batch;
mod error;
mod ext;

pub use error::{StorageError, StorageErrorKind};
pub use ext::{StorageBackendExt, TransactionPages};

/// The state of the log after some append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Entries in the log.
    pub size: TreeSize,
    /// Root of the RFC 6962 tree over them.
    pub root: RootHash,
    /// The signed checkpoint, exactly as published (c2sp.org/tlog-checkpoint).
    pub checkpoint: String,
}

/// Everything that one append makes durable together.
#[derive(Clone, Debug)]
pub struct AppendBatch {
    /// New entries; the first has index `expected size`, the others follow without a gap.
    pub transactions: Vec<StoredTransaction>,
    /// Tiles that are new or have grown, each as wide as `head.size` makes it ([`TileId::width_in`]), so that a tile never
    /// shrinks. A partial tile replaces the narrower one of the same level and index.
    pub tiles: Vec<(TileId, Vec<u8>)>,
    /// The head after the append.
    pub head: Head,
}

/// What [`StorageBackend::find`] looks for. All given conditions hold for every result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Only entries about this dataset name.
    pub dataset: Option<DatasetName>,
    /// Only entries of this kind.
    pub kind: Option<OperationKind>,
    /// Only entries recorded at or after `start` and before `end`. Clocks may run backwards: times do not follow indices.
    pub time: Option<Range<Timestamp>>,
    /// Only entries whose index lies in this range. To continue after a page, start behind (or, descending, end at) the
    /// last index received. A range that ends before it starts holds nothing.
    pub index: Option<Range<u64>>,
    /// Order of the results by index.
    pub order: Order,
    /// Most results; at most [`Query::MAX_LIMIT`] are returned whatever is asked, and 0 means that maximum.
    pub limit: usize,
}

impl Query {
    /// Most results of one call.
    pub const MAX_LIMIT: usize = 1_000;

    /// The number of results that a backend may return for this query.
    pub const fn effective_limit(&self) -> usize {
        if self.limit == 0 || self.limit > Self::MAX_LIMIT { Self::MAX_LIMIT } else { self.limit }
    }

    /// Whether `transaction` meets every condition.
    pub fn matches(&self, transaction: &StoredTransaction) -> bool {
        self.dataset.as_ref().is_none_or(|name| transaction.dataset.as_ref() == Some(name))
            && self.kind.as_ref().is_none_or(|kind| transaction.kind == *kind)
            && self.time.as_ref().is_none_or(|range| range.contains(&transaction.recorded_at))
            && self.index.as_ref().is_none_or(|range| range.contains(&transaction.index.0))
    }
}

/// Order of results by log index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Oldest first.
    #[default]
    Ascending,
    /// Newest first.
    Descending,
}

/// One dataset name and the extent of its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetSummary {
    /// The name.
    pub name: DatasetName,
    /// Entries about it.
    pub transactions: u64,
    /// Index of its newest entry.
    pub latest: LeafIndex,
}

/// A store of one ledger.
///
/// All methods may be called concurrently. A method that returns [`StorageErrorKind::Unavailable`] or
/// [`StorageErrorKind::Timeout`] with `retryable` set may be repeated by the caller; backends do not retry an append
/// themselves once it may have reached the disk. After a durable write failed in a way that leaves its outcome unknown,
/// a backend answers every further append with [`StorageErrorKind::Poisoned`] until it is reopened.
#[async_trait]
pub trait StorageBackend: Send + Sync {
    /// The newest head, or `None` for a ledger without entries. Like every read, it sees each append and blob that this
    /// process has acknowledged before.
    async fn head(&self) -> Result<Option<Head>, StorageError>;

    /// Appends `batch` if the head still has `expected` entries.
    ///
    /// Atomic: transactions, tiles and head land together or not at all, also across a crash. Durable on return.
    /// Concurrent appends with one `expected` size: exactly one succeeds. Once it has been called, an append runs to its
    /// end even if the returned future is dropped. Repeating an append whose outcome is unknown is safe: if it had
    /// reached the store, the answer is a conflict.
    ///
    /// # Errors
    /// In this order, with nothing written: [`StorageErrorKind::Invalid`] when the batch itself is inconsistent
    /// ([`AppendBatch::check`]: empty, indices that do not follow `expected`, a head size that is not `expected` plus the
    /// number of transactions, an id twice, an entry that is too long, a tile of the wrong shape);
    /// [`StorageErrorKind::Conflict`] when the head has another size: the caller rebuilds its batch and tries again;
    /// [`StorageErrorKind::Invalid`] when a transaction id is already in the log.
    async fn append(&self, expected: TreeSize, batch: AppendBatch) -> Result<(), StorageError>;

    /// The transaction called `id`, or `None`.
    async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, StorageError>;

    /// The transactions that meet `query`, by index, at most [`Query::effective_limit`] of them. Answered from an index,
    /// never by a scan of the log. A snapshot: an append under way is seen whole or not at all.
    async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, StorageError>;

    /// Dataset names in byte order, starting behind `after` (which need not be a known name), at most `limit` (bounded as
    /// in [`Query::effective_limit`]).
    async fn datasets(&self, after: Option<&DatasetName>, limit: usize) -> Result<Vec<DatasetSummary>, StorageError>;

    /// The bytes of a tile (`32 * width`), or `None`, also for a width of 0 or above the stored one. A width below the stored
    /// one is answered by a prefix: tiles only grow.
    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError>;

    /// Stores `bytes` under their SHA-256, durably. Storing them again changes nothing.
    async fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, StorageError>;

    /// The blob called `digest`, or `None`. Bytes that no longer have that digest are
    /// [`StorageErrorKind::Corrupt`], never returned.
    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, StorageError>;

    /// Stores `checkpoint`, the text of the checkpoint of `size` with whatever witnesses have signed below it, byte for byte.
    ///
    /// Atomic and durable on return. It replaces an earlier text of the same size: of concurrent calls for one size, one
    /// text stays, whole; a caller that adds signatures reads and merges first. Sizes are independent of one another and may
    /// come in any order. The head does not move, and what the text says is the caller's affair: a store does not parse it.
    ///
    /// # Errors
    /// [`StorageErrorKind::Invalid`], with nothing written, when `size` is 0 or above the size of the head.
    async fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), StorageError>;

    /// The stored cosigned checkpoint of the largest size that is at most `at_most`, with its size, or `None`.
    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, StorageError>;
}

macro_rules! forward_storage_backend {
    ($wrapper:ident) => {
        #[async_trait]
        impl<S: StorageBackend + ?Sized> StorageBackend for $wrapper<S> {
            async fn head(&self) -> Result<Option<Head>, StorageError> {
                (**self).head().await
            }

            async fn append(&self, expected: TreeSize, batch: AppendBatch) -> Result<(), StorageError> {
                (**self).append(expected, batch).await
            }

            async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, StorageError> {
                (**self).transaction(id).await
            }

            async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, StorageError> {
                (**self).find(query).await
            }

            async fn datasets(
                &self,
                after: Option<&DatasetName>,
                limit: usize,
            ) -> Result<Vec<DatasetSummary>, StorageError> {
                (**self).datasets(after, limit).await
            }

            async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError> {
                (**self).tile(id).await
            }

            async fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, StorageError> {
                (**self).put_blob(bytes).await
            }

            async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, StorageError> {
                (**self).blob(digest).await
            }

            async fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), StorageError> {
                (**self).put_cosigned(size, checkpoint).await
            }

            async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, StorageError> {
                (**self).cosigned(at_most).await
            }
        }
    };
}

forward_storage_backend!(Arc);
forward_storage_backend!(Box);
