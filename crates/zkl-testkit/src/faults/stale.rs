//! A store as it was before the newest appends of others.

use zkl_core::{
    digest::TransactionId,
    name::DatasetName,
    storage::{DatasetSummary, Head, Order, Query, StorageBackend, StorageBackendExt as _, StorageError},
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};

/// `inner` as it was when its head was `head`.
pub(super) struct View<'a, S> {
    pub(super) inner: &'a S,
    pub(super) head: Option<Head>,
}

impl<S: StorageBackend> View<'_, S> {
    fn size(&self) -> TreeSize {
        self.head.as_ref().map_or(TreeSize(0), |head| head.size)
    }

    pub(super) async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, StorageError> {
        let found = self.inner.transaction(id).await?;
        Ok(found.filter(|transaction| transaction.index.0 < self.size().0))
    }

    pub(super) async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, StorageError> {
        let size = self.size().0;
        let index = query.index.clone().unwrap_or(0..size);
        let index = Some(index.start..index.end.min(size));
        self.inner.find(&Query { index, ..query.clone() }).await
    }

    pub(super) async fn datasets(
        &self,
        after: Option<&DatasetName>,
        limit: usize,
    ) -> Result<Vec<DatasetSummary>, StorageError> {
        let limit = Query { limit, ..Query::default() }.effective_limit();
        let mut found = Vec::new();
        let mut after = after.cloned();
        while found.len() < limit {
            let page = self.inner.datasets(after.as_ref(), limit).await?;
            let Some(last) = page.last() else {
                break;
            };
            after = Some(last.name.clone());
            for newest in page {
                found.extend(self.summary(newest.name).await?);
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// The summary of a dataset, if it had entries.
    async fn summary(&self, name: DatasetName) -> Result<Option<DatasetSummary>, StorageError> {
        let index = Some(0..self.size().0);
        let query = Query { dataset: Some(name.clone()), index, order: Order::Descending, ..Query::default() };
        let mut pages = self.inner.pages(query);
        let (mut transactions, mut latest) = (0, None);
        while let Some(page) = pages.next().await? {
            transactions += page.len() as u64;
            latest = latest.or(page.first().map(|transaction| transaction.index));
        }
        Ok(latest.map(|latest| DatasetSummary { name, transactions, latest }))
    }

    pub(super) async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError> {
        if id.width > id.width_in(self.size()) { Ok(None) } else { self.inner.tile(id).await }
    }
}
