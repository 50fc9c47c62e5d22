//! A store that answers one question otherwise than it was told: damage of each kind, one at a time.

use async_trait::async_trait;
use zkl_core::{
    digest::{BlobDigest, TransactionId},
    name::DatasetName,
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};
use zkl_ledger::{
    storage::{
        AppendBatch, DatasetSummary, Head, Query, StorageBackend, StorageError, StorageErrorKind, memory::MemoryBackend,
    },
    types::{LeafIndex, OperationKind, Timestamp},
};

/// What is answered otherwise.
#[derive(Clone, Debug)]
pub(crate) enum Alteration {
    Head(fn(&mut Head)),
    /// A tile of this level and index loses a bit.
    Tile(u8, u64),
    TileAbsent(u8, u64),
    /// A tile is stored wider than the log has it.
    TileWider(u8, u64),
    Entry(u64, fn(&mut StoredTransaction)),
    EntryAbsent(u64),
    EntryBehindHead,
    IdUnknown(u64),
    /// Queries with this condition do not find this entry.
    Unlisted(u64, By),
    /// Queries with this condition also find this entry.
    Listed(u64, By),
    Summary,
    NameAbsent,
    NamesRepeat,
    Blob(BlobDigest),
    BlobAbsent(BlobDigest),
    BlobCorrupt(BlobDigest),
    Cosigned(fn(TreeSize, &str) -> String),
    Unavailable,
}

/// Which queries are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Dataset,
    Kind,
    DatasetAndKind,
    Time,
}

#[derive(Debug)]
pub(crate) struct Altered {
    pub(crate) inner: MemoryBackend,
    pub(crate) alteration: Alteration,
}

fn by(query: &Query) -> Option<By> {
    match (&query.dataset, &query.kind, &query.time) {
        (Some(_), Some(_), _) => Some(By::DatasetAndKind),
        (Some(_), None, _) => Some(By::Dataset),
        (None, Some(_), _) => Some(By::Kind),
        (None, None, Some(_)) => Some(By::Time),
        (None, None, None) => None,
    }
}

#[async_trait]
impl StorageBackend for Altered {
    async fn head(&self) -> Result<Option<Head>, StorageError> {
        let mut head = self.inner.head().await?;
        if let (Alteration::Head(change), Some(head)) = (&self.alteration, &mut head) {
            change(head);
        }
        Ok(head)
    }

    async fn append(&self, expected: TreeSize, batch: AppendBatch) -> Result<(), StorageError> {
        self.inner.append(expected, batch).await
    }

    async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, StorageError> {
        let found = self.inner.transaction(id).await?;
        match &self.alteration {
            Alteration::IdUnknown(index) => Ok(found.filter(|entry| entry.index.0 != *index)),
            _ => Ok(found),
        }
    }

    async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, StorageError> {
        let mut found = self.inner.find(query).await?;
        match &self.alteration {
            Alteration::Entry(index, change) => {
                found.iter_mut().filter(|entry| entry.index.0 == *index).for_each(change);
            }
            Alteration::EntryAbsent(index) => found.retain(|entry| entry.index.0 != *index),
            Alteration::EntryBehindHead if by(query).is_none() => {
                let size = self.inner.head().await?.map_or(0, |head| head.size.0);
                if query.index.as_ref().is_some_and(|range| range.contains(&size)) {
                    let mut behind = self.inner.find(&Query { limit: 1, ..Query::default() }).await?;
                    behind.iter_mut().for_each(|entry| entry.index = LeafIndex(size));
                    found.append(&mut behind);
                }
            }
            Alteration::Unlisted(index, which) if by(query) == Some(*which) => {
                found.retain(|entry| entry.index.0 != *index);
            }
            Alteration::Listed(index, which) if by(query) == Some(*which) => {
                let at = Query { index: Some(*index..*index + 1), ..Query::default() };
                let inside = query.index.as_ref().is_none_or(|range| range.contains(index));
                if inside && !found.iter().any(|entry| entry.index.0 == *index) {
                    found.extend(self.inner.find(&at).await?);
                    found.sort_by_key(|entry| entry.index);
                }
            }
            _ => {}
        }
        Ok(found)
    }

    async fn datasets(&self, after: Option<&DatasetName>, limit: usize) -> Result<Vec<DatasetSummary>, StorageError> {
        let mut found = match self.alteration {
            Alteration::NamesRepeat => self.inner.datasets(None, limit).await?,
            _ => self.inner.datasets(after, limit).await?,
        };
        match self.alteration {
            Alteration::Summary => found.iter_mut().take(1).for_each(|summary| summary.transactions += 1),
            Alteration::NameAbsent => found.truncate(found.len().saturating_sub(1)),
            _ => {}
        }
        Ok(found)
    }

    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError> {
        let mut tile = self.inner.tile(id).await?;
        let here = (id.level, id.index);
        match self.alteration {
            Alteration::Tile(level, index) if here == (level, index) => {
                tile.iter_mut().for_each(|bytes| bytes[5] ^= 1);
            }
            Alteration::TileAbsent(level, index) if here == (level, index) => tile = None,
            Alteration::TileWider(level, index) if here == (level, index) && tile.is_none() => {
                tile = Some(vec![0; usize::from(id.width) * TileId::HASH_LEN]);
            }
            _ => {}
        }
        Ok(tile)
    }

    async fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, StorageError> {
        self.inner.put_blob(bytes).await
    }

    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, StorageError> {
        match self.alteration {
            Alteration::Blob(altered) if altered == digest => Ok(Some(b"other bytes".to_vec())),
            Alteration::BlobAbsent(altered) if altered == digest => Ok(None),
            Alteration::BlobCorrupt(altered) if altered == digest => {
                Err(StorageError::new("blob", StorageErrorKind::Corrupt("a checksum is wrong")))
            }
            Alteration::Unavailable => Err(StorageError::new("blob", StorageErrorKind::Unavailable)),
            _ => self.inner.blob(digest).await,
        }
    }

    async fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), StorageError> {
        self.inner.put_cosigned(size, checkpoint).await
    }

    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, StorageError> {
        let found = self.inner.cosigned(at_most).await?;
        match &self.alteration {
            Alteration::Cosigned(change) => Ok(found.map(|(size, text)| (size, change(size, &text)))),
            _ => Ok(found),
        }
    }
}

/// Another kind and time for an entry.
pub(crate) fn other_kind(entry: &mut StoredTransaction) {
    entry.kind = OperationKind::CLAIM;
}

pub(crate) fn other_time(entry: &mut StoredTransaction) {
    entry.recorded_at = Timestamp(7);
}
