//! Conveniences over every backend; nobody implements these.

use async_trait::async_trait;

use super::{Order, Query, StorageBackend, StorageError};
use crate::{
    digest::RootHash,
    transaction::StoredTransaction,
    tree::{LeafIndex, TreeSize},
};

/// Conveniences built on [`StorageBackend`].
#[async_trait]
pub trait StorageBackendExt: StorageBackend {
    /// Number of entries.
    async fn size(&self) -> Result<TreeSize, StorageError> {
        Ok(self.head().await?.map_or(TreeSize(0), |head| head.size))
    }

    /// Root of the tree, or `None` for a ledger without entries.
    async fn merkle_root(&self) -> Result<Option<RootHash>, StorageError> {
        Ok(self.head().await?.map(|head| head.root))
    }

    /// The transaction at `index`, or `None`.
    async fn transaction_at(&self, index: LeafIndex) -> Result<Option<StoredTransaction>, StorageError> {
        let query = Query { index: Some(index.0..index.0.saturating_add(1)), limit: 1, ..Query::default() };
        Ok(self.find(&query).await?.pop())
    }

    /// All results of `query`, page by page: `query.limit` is the size of a page.
    fn pages(&self, query: Query) -> TransactionPages<'_, Self> {
        TransactionPages { backend: self, query, finished: false }
    }
}

impl<S: StorageBackend + ?Sized> StorageBackendExt for S {}

/// Iterates over the results of a query; see [`StorageBackendExt::pages`].
#[derive(Debug)]
pub struct TransactionPages<'a, S: ?Sized> {
    backend: &'a S,
    query: Query,
    finished: bool,
}

impl<S: StorageBackend + ?Sized> TransactionPages<'_, S> {
    /// The next page, or `None` after the last one.
    ///
    /// # Errors
    /// Whatever [`StorageBackend::find`] answers; the iteration can be continued after an error.
    pub async fn next(&mut self) -> Result<Option<Vec<StoredTransaction>>, StorageError> {
        if self.finished {
            return Ok(None);
        }
        let page = self.backend.find(&self.query).await?;
        let Some(last) = page.last().map(|transaction| transaction.index.0) else {
            self.finished = true;
            return Ok(None);
        };
        self.finished = page.len() < self.query.effective_limit();
        let range = self.query.index.clone().unwrap_or(0..u64::MAX);
        self.query.index = Some(match self.query.order {
            Order::Ascending => last + 1..range.end,
            Order::Descending => range.start..last,
        });
        Ok(Some(page))
    }
}
