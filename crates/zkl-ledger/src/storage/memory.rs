//! The smallest backend: everything in memory, nothing survives the process.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    ops::{Bound, Range},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use async_trait::async_trait;
use zkl_core::{
    digest::{BlobDigest, TransactionId},
    name::DatasetName,
    storage::{AppendBatch, DatasetSummary, Head, Order, Query, StorageBackend, StorageError, StorageErrorKind},
    time::Timestamp,
    transaction::{OperationKind, StoredTransaction},
    tree::{LeafIndex, TileId, TreeSize},
};

/// A ledger in memory, for tests, examples and trials. Clones share one state, so a clone stands for reopening it.
/// "Durable" means here: until the last clone is dropped.
#[derive(Clone, Default)]
pub struct MemoryBackend {
    state: Arc<RwLock<State>>,
}

#[derive(Default)]
struct State {
    head: Option<Head>,
    transactions: BTreeMap<u64, StoredTransaction>,
    by_id: HashMap<TransactionId, u64>,
    by_dataset: BTreeMap<DatasetName, BTreeSet<u64>>,
    by_kind: BTreeMap<OperationKind, BTreeSet<u64>>,
    by_time: BTreeMap<Timestamp, BTreeSet<u64>>,
    tiles: HashMap<(u8, u64), Vec<u8>>,
    blobs: HashMap<BlobDigest, Vec<u8>>,
    cosigned: BTreeMap<u64, String>,
}

impl MemoryBackend {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        // No method leaves the state half changed when it panics, so a poisoned lock still guards a valid state.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, expected: TreeSize, batch: AppendBatch) -> Result<(), StorageError> {
        batch.check(expected).map_err(|kind| StorageError::new("append", kind))?;
        let actual = self.head.as_ref().map_or(0, |head| head.size.0);
        if actual != expected.0 {
            let kind = StorageErrorKind::Conflict { expected: expected.0, actual };
            return Err(StorageError::new("append", kind));
        }
        if batch.transactions.iter().any(|transaction| self.by_id.contains_key(&transaction.id)) {
            let kind = StorageErrorKind::Invalid("a transaction with this id is already in the log");
            return Err(StorageError::new("append", kind));
        }
        for transaction in batch.transactions {
            let index = transaction.index.0;
            self.by_id.insert(transaction.id, index);
            if let Some(name) = &transaction.dataset {
                self.by_dataset.entry(name.clone()).or_default().insert(index);
            }
            self.by_kind.entry(transaction.kind.clone()).or_default().insert(index);
            self.by_time.entry(transaction.recorded_at).or_default().insert(index);
            self.transactions.insert(index, transaction);
        }
        for (id, bytes) in batch.tiles {
            self.tiles.insert((id.level, id.index), bytes);
        }
        self.head = Some(batch.head);
        Ok(())
    }

    fn put_cosigned(&mut self, size: TreeSize, checkpoint: &str) -> Result<(), StorageError> {
        if size.0 == 0 || self.head.as_ref().is_none_or(|head| size > head.size) {
            let kind = StorageErrorKind::Invalid("the cosigned checkpoint is of a size that the log has not reached");
            return Err(StorageError::new("put_cosigned", kind));
        }
        self.cosigned.insert(size.0, checkpoint.to_owned());
        Ok(())
    }

    /// The narrowest index that answers `query`; the other conditions are checked on what it yields.
    fn find(&self, query: &Query) -> Vec<StoredTransaction> {
        let range = non_inverted(query.index.clone().unwrap_or(0..u64::MAX));
        if let Some(name) = &query.dataset {
            self.by_dataset.get(name).map_or_else(Vec::new, |set| self.select(query, set.range(range).copied()))
        } else if let Some(time) = &query.time {
            let buckets = self.by_time.range(non_inverted(time.clone()));
            let within: BTreeSet<u64> = buckets.flat_map(|(_, set)| set.range(range.clone()).copied()).collect();
            self.select(query, within.into_iter())
        } else if let Some(kind) = &query.kind {
            self.by_kind.get(kind).map_or_else(Vec::new, |set| self.select(query, set.range(range).copied()))
        } else {
            self.select(query, self.transactions.range(range).map(|(&index, _)| index))
        }
    }

    fn select(&self, query: &Query, indices: impl DoubleEndedIterator<Item = u64>) -> Vec<StoredTransaction> {
        let found = |index| self.transactions.get(&index).filter(|transaction| query.matches(transaction)).cloned();
        match query.order {
            Order::Ascending => indices.filter_map(found).take(query.effective_limit()).collect(),
            Order::Descending => indices.rev().filter_map(found).take(query.effective_limit()).collect(),
        }
    }

    fn datasets(&self, after: Option<&DatasetName>, limit: usize) -> Vec<DatasetSummary> {
        let limit = Query { limit, ..Query::default() }.effective_limit();
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let names = self.by_dataset.range((start, Bound::Unbounded));
        let summary = |(name, set): (&DatasetName, &BTreeSet<u64>)| {
            let latest = LeafIndex(*set.last()?);
            Some(DatasetSummary { name: name.clone(), transactions: set.len() as u64, latest })
        };
        names.filter_map(summary).take(limit).collect()
    }
}

/// `range`, or an empty one if it ends before it starts, on which `BTreeMap::range` would panic.
fn non_inverted<T: Ord + Copy>(range: Range<T>) -> Range<T> {
    range.start.min(range.end)..range.end
}

impl fmt::Debug for MemoryBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.read().head.as_ref().map_or(0, |head| head.size.0);
        f.debug_struct("MemoryBackend").field("size", &size).finish_non_exhaustive()
    }
}

#[async_trait]
impl StorageBackend for MemoryBackend {
    async fn head(&self) -> Result<Option<Head>, StorageError> {
        Ok(self.read().head.clone())
    }

    async fn append(&self, expected: TreeSize, batch: AppendBatch) -> Result<(), StorageError> {
        self.write().append(expected, batch)
    }

    async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, StorageError> {
        let state = self.read();
        Ok(state.by_id.get(&id).and_then(|index| state.transactions.get(index)).cloned())
    }

    async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, StorageError> {
        Ok(self.read().find(query))
    }

    async fn datasets(&self, after: Option<&DatasetName>, limit: usize) -> Result<Vec<DatasetSummary>, StorageError> {
        Ok(self.read().datasets(after, limit))
    }

    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError> {
        let state = self.read();
        let stored = state.tiles.get(&(id.level, id.index)).filter(|_| id.width > 0);
        Ok(stored.and_then(|bytes| bytes.get(..usize::from(id.width) * TileId::HASH_LEN)).map(<[u8]>::to_vec))
    }

    async fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, StorageError> {
        let digest = BlobDigest::of(bytes);
        self.write().blobs.entry(digest).or_insert_with(|| bytes.to_vec());
        Ok(digest)
    }

    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.read().blobs.get(&digest).cloned())
    }

    async fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), StorageError> {
        self.write().put_cosigned(size, checkpoint)
    }

    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, StorageError> {
        let state = self.read();
        let newest = state.cosigned.range(..=at_most.0).next_back();
        Ok(newest.map(|(&size, checkpoint)| (TreeSize(size), checkpoint.clone())))
    }
}
