//! Where a log's bytes come from when they are checked: a store, or an exported directory. Everything that reads a whole log
//! is written once, over this.

use async_trait::async_trait;
use zkl_core::{
    digest::{BlobDigest, RootHash},
    storage::{Query, StorageBackend, StorageError, StorageErrorKind},
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};

use crate::error::LedgerError;

/// Entries of one bundle, and of one page of a walk.
pub(crate) const BUNDLE: u64 = 256;

/// The head as it is stored, nothing about it checked.
#[derive(Clone, Debug)]
pub(crate) struct SourceHead {
    /// The checkpoint's text.
    pub(crate) checkpoint: Vec<u8>,
    /// What a store says beside the text.
    pub(crate) stored: Option<(TreeSize, RootHash)>,
}

/// One entry as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct SourceEntry {
    pub(crate) index: u64,
    pub(crate) bytes: Vec<u8>,
    /// What a store keeps beside the bytes.
    pub(crate) stored: Option<StoredTransaction>,
}

/// Reads a log. Methods answer `None` for what is not there, and [`Unreadable::Damaged`] for what cannot be what was written.
#[async_trait]
pub(crate) trait LogSource: Send + Sync {
    async fn head(&self) -> Result<Option<SourceHead>, Unreadable>;

    /// The entries of bundle `index` that are there, by index, where the tree gives the bundle `width` of them.
    async fn entries(&self, index: u64, width: u16) -> Result<Vec<SourceEntry>, Unreadable>;

    /// A tile, possibly as the beginning of a wider one.
    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Unreadable>;

    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, Unreadable>;

    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, Unreadable>;

    /// The store, if there is one: it has indexes, which are checked too.
    fn indexed(&self) -> Option<&dyn StorageBackend> {
        None
    }

    /// Further copies of a tile's hashes, narrower than the tile: what earlier exports published.
    async fn narrower_tiles(&self, _id: TileId) -> Result<Vec<(u16, Vec<u8>)>, Unreadable> {
        Ok(Vec::new())
    }

    /// Further copies of a bundle's beginning.
    async fn narrower_bundles(&self, _index: u64, _width: u16) -> Result<Vec<(u16, Vec<u8>)>, Unreadable> {
        Ok(Vec::new())
    }
}

/// Why something could not be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// It is there and cannot be what was written: something to report.
    Damaged(Box<LedgerError>),
    /// The source does not answer: there is nothing to be said about it.
    Failed(Box<LedgerError>),
}

impl Unreadable {
    pub(crate) fn damaged(error: impl Into<LedgerError>) -> Self {
        Self::Damaged(Box::new(error.into()))
    }

    pub(crate) fn failed(error: impl Into<LedgerError>) -> Self {
        Self::Failed(Box::new(error.into()))
    }
}

impl From<StorageError> for Unreadable {
    fn from(error: StorageError) -> Self {
        match error.kind {
            StorageErrorKind::Corrupt(_) => Self::damaged(error),
            _ => Self::failed(error),
        }
    }
}

impl From<Unreadable> for LedgerError {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Damaged(error) | Unreadable::Failed(error) => *error,
        }
    }
}

/// A store as a source.
pub(crate) struct Stored<'a>(pub(crate) &'a dyn StorageBackend);

#[async_trait]
impl LogSource for Stored<'_> {
    async fn head(&self) -> Result<Option<SourceHead>, Unreadable> {
        let head = self.0.head().await?;
        Ok(head
            .map(|head| SourceHead { checkpoint: head.checkpoint.into_bytes(), stored: Some((head.size, head.root)) }))
    }

    async fn entries(&self, index: u64, width: u16) -> Result<Vec<SourceEntry>, Unreadable> {
        let first = index * BUNDLE;
        let range = first..first + u64::from(width);
        let query = Query { index: Some(range), limit: usize::from(width), ..Query::default() };
        let found = self.0.find(&query).await?;
        let entry = |stored: StoredTransaction| SourceEntry {
            index: stored.index.0,
            bytes: stored.entry.clone(),
            stored: Some(stored),
        };
        Ok(found.into_iter().map(entry).collect())
    }

    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Unreadable> {
        Ok(self.0.tile(id).await?)
    }

    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, Unreadable> {
        Ok(self.0.blob(digest).await?)
    }

    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, Unreadable> {
        Ok(self.0.cosigned(at_most).await?)
    }

    fn indexed(&self) -> Option<&dyn StorageBackend> {
        Some(self.0)
    }
}

/// The tiles that a source has among `ids`; the caller's plan names the ones that are missing.
pub(crate) async fn load_tiles(
    source: &dyn LogSource,
    ids: &[TileId],
) -> Result<std::collections::HashMap<TileId, Vec<u8>>, Unreadable> {
    let mut tiles = std::collections::HashMap::with_capacity(ids.len());
    for &id in ids {
        if let Some(bytes) = source.tile(id).await? {
            tiles.insert(id, bytes);
        }
    }
    Ok(tiles)
}
