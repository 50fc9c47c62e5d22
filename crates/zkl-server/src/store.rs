//! The store as the server uses it: every call is measured and part of its request's trace, and what never changes is kept in memory.
//!
//! ```text
//! blobs     by digest       proofs, manifests, keys and matrices of circuits
//! entries   by id, index    what an entry says, and the keys that tell which datasets it names
//! tiles     by coordinates  whole ones: a tile of 256 hashes is never written again
//! ```
//!
//! Heads, pages and lists of datasets change with every append, also by other processes, and are always read.

use std::{fmt, sync::Arc, time::Instant};

use async_trait::async_trait;
use quick_cache::{Weighter, sync::Cache};
use tracing::Instrument as _;
use zkl_ledger::{
    DatasetName,
    storage::{AnyStore, AppendBatch, DatasetSummary, Head, Query, StorageBackend, StorageError, StorageErrorKind},
    types::{BlobDigest, LeafIndex, StoredTransaction, TileId, TransactionId, TreeSize},
};

use crate::metrics::Metrics;

/// Bytes that an item costs beside its content.
const OVERHEAD: u64 = 128;
/// Typical size of an item, from which a cache derives how many it may hold.
const TYPICAL: u64 = 4 << 10;

/// The caches of a store.
pub(crate) struct Caches {
    blobs: Cache<BlobDigest, Arc<[u8]>, ByBytes>,
    entries: Cache<TransactionId, Arc<StoredTransaction>, ByBytes>,
    /// Which entry is at an index, as far as it is in `entries`.
    places: Cache<LeafIndex, TransactionId>,
    tiles: Cache<TileId, Arc<[u8]>, ByBytes>,
}

impl fmt::Debug for Caches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(CacheName::ALL.map(|name| (name.as_str(), self.extent(name)))).finish()
    }
}

/// What is weighed in bytes.
#[derive(Clone)]
struct ByBytes;

impl<K> Weighter<K, Arc<[u8]>> for ByBytes {
    fn weight(&self, _: &K, bytes: &Arc<[u8]>) -> u64 {
        bytes.len() as u64 + OVERHEAD
    }
}

impl Weighter<TransactionId, Arc<StoredTransaction>> for ByBytes {
    fn weight(&self, _: &TransactionId, stored: &Arc<StoredTransaction>) -> u64 {
        stored.entry.len() as u64 + 2 * OVERHEAD
    }
}

/// Names of the caches, as the metrics have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheName {
    Blobs,
    Entries,
    Tiles,
}

impl CacheName {
    pub(crate) const ALL: [Self; 3] = [Self::Blobs, Self::Entries, Self::Tiles];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Blobs => "blobs",
            Self::Entries => "entries",
            Self::Tiles => "tiles",
        }
    }
}

impl Caches {
    /// Caches of so many bytes, all together.
    pub(crate) fn new(bytes: u64) -> Self {
        let (half, quarter) = (bytes / 2, bytes / 4);
        let items = |bytes: u64| usize::try_from(bytes / TYPICAL).unwrap_or(usize::MAX);
        Self {
            blobs: Cache::with_weighter(items(half), half, ByBytes),
            entries: Cache::with_weighter(items(quarter), quarter, ByBytes),
            places: Cache::new(items(quarter)),
            tiles: Cache::with_weighter(items(quarter), quarter, ByBytes),
        }
    }

    /// Bytes that a cache holds, and that it may hold.
    pub(crate) fn extent(&self, name: CacheName) -> (u64, u64) {
        match name {
            CacheName::Blobs => (self.blobs.weight(), self.blobs.capacity()),
            CacheName::Entries => (self.entries.weight(), self.entries.capacity()),
            CacheName::Tiles => (self.tiles.weight(), self.tiles.capacity()),
        }
    }
}

/// A store that is measured, with caches.
pub(crate) struct WatchedStore {
    inner: AnyStore,
    caches: Arc<Caches>,
    metrics: Arc<Metrics>,
}

impl WatchedStore {
    pub(crate) fn new(inner: AnyStore, caches: Arc<Caches>, metrics: Arc<Metrics>) -> Self {
        Self { inner, caches, metrics }
    }

    /// Asks the store, and writes down how long that took and what came of it.
    async fn measured<T>(
        &self,
        call: &'static str,
        answer: impl Future<Output = Result<T, StorageError>>,
    ) -> Result<T, StorageError> {
        let begun = Instant::now();
        let span = tracing::debug_span!(target: "zkl_server::store", "store", otel.name = call, otel.status_code = tracing::field::Empty);
        let answer = answer.instrument(span.clone()).await;
        if answer.is_err() {
            span.record("otel.status_code", "ERROR");
        }
        // Another writer was faster: that is how writers take turns.
        let failed = answer.as_ref().is_err_and(|error| !matches!(error.kind, StorageErrorKind::Conflict { .. }));
        self.metrics.store_call(call, failed, begun.elapsed());
        answer
    }

    fn counted<T>(&self, name: CacheName, found: Option<T>) -> Option<T> {
        self.metrics.cache_asked(name, found.is_some());
        found
    }

    fn keep(&self, stored: &StoredTransaction) {
        self.caches.places.insert(stored.index, stored.id);
        self.caches.entries.insert(stored.id, Arc::new(stored.clone()));
    }
}

/// The index of a query for the one entry there.
fn place(query: &Query) -> Option<LeafIndex> {
    let Query { dataset: None, kind: None, time: None, index: Some(range), .. } = query else { return None };
    (range.start.checked_add(1) == Some(range.end)).then_some(LeafIndex(range.start))
}

#[async_trait]
impl StorageBackend for WatchedStore {
    async fn head(&self) -> Result<Option<Head>, StorageError> {
        self.measured("head", self.inner.head()).await
    }

    async fn append(&self, expected: TreeSize, batch: AppendBatch) -> Result<(), StorageError> {
        self.measured("append", self.inner.append(expected, batch)).await
    }

    async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, StorageError> {
        if let Some(stored) = self.counted(CacheName::Entries, self.caches.entries.get(&id)) {
            return Ok(Some(StoredTransaction::clone(&stored)));
        }
        let stored = self.measured("transaction", self.inner.transaction(id)).await?;
        stored.iter().for_each(|stored| self.keep(stored));
        Ok(stored)
    }

    async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, StorageError> {
        let Some(place) = place(query) else { return self.measured("find", self.inner.find(query)).await };
        let held = self.caches.places.get(&place).and_then(|id| self.caches.entries.get(&id));
        if let Some(stored) = self.counted(CacheName::Entries, held) {
            return Ok(vec![StoredTransaction::clone(&stored)]);
        }
        let found = self.measured("find", self.inner.find(query)).await?;
        found.iter().for_each(|stored| self.keep(stored));
        Ok(found)
    }

    async fn datasets(&self, after: Option<&DatasetName>, limit: usize) -> Result<Vec<DatasetSummary>, StorageError> {
        self.measured("datasets", self.inner.datasets(after, limit)).await
    }

    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError> {
        if !id.is_full() {
            return self.measured("tile", self.inner.tile(id)).await;
        }
        if let Some(tile) = self.counted(CacheName::Tiles, self.caches.tiles.get(&id)) {
            return Ok(Some(tile.to_vec()));
        }
        let tile = self.measured("tile", self.inner.tile(id)).await?;
        if let Some(tile) = &tile {
            self.caches.tiles.insert(id, tile.as_slice().into());
        }
        Ok(tile)
    }

    async fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, StorageError> {
        self.measured("put_blob", self.inner.put_blob(bytes)).await
    }

    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, StorageError> {
        if let Some(blob) = self.counted(CacheName::Blobs, self.caches.blobs.get(&digest)) {
            return Ok(Some(blob.to_vec()));
        }
        let blob = self.measured("blob", self.inner.blob(digest)).await?;
        if let Some(blob) = &blob {
            self.caches.blobs.insert(digest, blob.as_slice().into());
        }
        Ok(blob)
    }

    async fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), StorageError> {
        self.measured("put_cosigned", self.inner.put_cosigned(size, checkpoint)).await
    }

    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, StorageError> {
        self.measured("cosigned", self.inner.cosigned(at_most)).await
    }
}

/// The calls of a store, as the metrics have them.
pub(crate) const CALLS: [&str; 10] =
    ["head", "append", "transaction", "find", "datasets", "tile", "put_blob", "blob", "put_cosigned", "cosigned"];

#[cfg(test)]
mod tests {
    use zkl_ledger::{Ledger, Table, requests::EvidenceRequest};

    use super::*;

    /// A ledger with one notarization, whose store is watched.
    async fn ledger(bytes: u64) -> (Ledger, Arc<Caches>, Arc<Metrics>) {
        let (caches, metrics) = (Arc::new(Caches::new(bytes)), Arc::<Metrics>::default());
        let ledger = Ledger::in_memory().unwrap();
        let table = Table::bytes("id\n1\n2\n").named("team/x".parse().unwrap());
        ledger.notarize(table).evidence(EvidenceRequest::Attestation).await.unwrap();
        let watched = (Arc::clone(&caches), Arc::clone(&metrics));
        let ledger = ledger.around_storage(|store| Arc::new(WatchedStore::new(store, watched.0, watched.1)));
        (ledger, caches, metrics)
    }

    fn samples(metrics: &Metrics, caches: &Caches, name: &str) -> f64 {
        let text = metrics.render(&Default::default(), caches).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or("0").parse().unwrap()
    }

    #[tokio::test]
    async fn what_never_changes_is_asked_for_once() {
        let (ledger, caches, metrics) = ledger(1 << 20).await;
        let samples = |name: &str| samples(&metrics, &caches, name);
        let entry = ledger.entry("0".parse().unwrap()).await.unwrap();
        for _ in 0..3 {
            assert_eq!(ledger.entry("0".parse().unwrap()).await.unwrap().id, entry.id);
            // By either name.
            assert_eq!(ledger.entry(entry.id.to_string().parse().unwrap()).await.unwrap().index, entry.index);
        }
        assert_eq!(samples("zkl_cache_requests_total{cache=\"entries\",outcome=\"miss\"}"), 1.0);
        assert_eq!(samples("zkl_cache_requests_total{cache=\"entries\",outcome=\"hit\"}"), 6.0);
        assert_eq!(samples("zkl_store_call_seconds_count{call=\"find\"}"), 1.0);
        assert!(samples("zkl_cache_bytes{cache=\"entries\"}") > 200.0);
        // What is not there is asked for again: it may come.
        for _ in 0..2 {
            assert!(ledger.entry("1".parse().unwrap()).await.is_err());
        }
        let table = Table::bytes("id\n3\n").named("team/x".parse().unwrap());
        ledger.notarize(table).evidence(EvidenceRequest::Attestation).await.unwrap();
        assert_eq!(ledger.entry("1".parse().unwrap()).await.unwrap().index, LeafIndex(1));
        let head = ledger.checkpoint().await.unwrap().unwrap();
        assert_eq!(head.size(), TreeSize(2));
        assert_eq!(samples("zkl_store_errors_total{call=\"append\"}"), 0.0);
    }

    #[tokio::test]
    async fn blobs_are_those_of_the_store_and_stay_within_the_bytes() {
        let (ledger, caches, metrics) = ledger(64 << 10).await;
        let store = ledger.storage();
        let mut digests = Vec::new();
        for n in 0..64_u8 {
            digests.push((n, store.put_blob(&[n; 3_000]).await.unwrap()));
        }
        // One that is larger than all of the cache.
        let large = store.put_blob(&[200; 100_000]).await.unwrap();
        for _ in 0..3 {
            for (n, digest) in &digests {
                assert_eq!(store.blob(*digest).await.unwrap().unwrap(), [*n; 3_000]);
            }
            assert_eq!(store.blob(large).await.unwrap().unwrap().len(), 100_000);
            let (held, most) = caches.extent(CacheName::Blobs);
            assert!(held <= most && most <= 32 << 10, "{held} of {most}");
        }
        let (last, digest) = digests[63];
        let hits = || samples(&metrics, &caches, "zkl_cache_requests_total{cache=\"blobs\",outcome=\"hit\"}");
        assert_eq!(store.blob(digest).await.unwrap().unwrap(), [last; 3_000]);
        let before = hits();
        assert_eq!(store.blob(digest).await.unwrap().unwrap(), [last; 3_000]);
        assert_eq!(hits(), before + 1.0);
    }

    #[tokio::test]
    async fn without_bytes_nothing_is_kept() {
        let (ledger, caches, metrics) = ledger(0).await;
        for _ in 0..3 {
            ledger.entry("0".parse().unwrap()).await.unwrap();
        }
        assert_eq!(samples(&metrics, &caches, "zkl_store_call_seconds_count{call=\"find\"}"), 3.0);
        assert!(CacheName::ALL.iter().all(|name| caches.extent(*name).0 == 0));
    }
}
