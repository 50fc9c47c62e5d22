//! The list of dataset names.

use zkl_core::{
    name::DatasetName,
    storage::{DatasetSummary, Query, StorageBackend},
    tree::{LeafIndex, TreeSize},
};

use super::{BackendFactory, append, ok};
use crate::log::TestLog;

const LOG: TestLog = TestLog::salted(6);

/// The summaries of the first `size` entries of `log`.
pub(super) fn expected(log: TestLog, size: u64) -> Vec<DatasetSummary> {
    let summary = |name: DatasetName| {
        let of_name = (0..size).filter(|index| log.transaction(*index).dataset.as_ref() == Some(&name));
        let indices: Vec<u64> = of_name.collect();
        let latest = LeafIndex(*indices.last()?);
        Some(DatasetSummary { name, transactions: indices.len() as u64, latest })
    };
    TestLog::names().into_iter().filter_map(summary).collect()
}

/// `0 < A < a < a-b < a/b < ab`: bytes, not a locale.
pub async fn datasets_are_listed_in_byte_order<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    append(&backend, LOG, 0, 60).await;
    let listed = ok(backend.datasets(None, 0).await);
    assert_eq!(listed.len(), TestLog::names().len());
    assert_eq!(listed, expected(LOG, 60));
}

/// From every name on, with every limit, also behind names that do not exist.
pub async fn datasets_are_paged<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    append(&backend, LOG, 0, 60).await;
    let all = expected(LOG, 60);
    let strangers = ["00", "Z", "a.", "a/a", "zz"].into_iter().filter_map(|name| name.parse().ok());
    let starts = TestLog::names().into_iter().chain(strangers).map(Some).chain([None]);
    for after in starts {
        let behind = all.iter().filter(|summary| after.as_ref().is_none_or(|after| summary.name > *after));
        let behind: Vec<_> = behind.cloned().collect();
        for limit in [1, 2, 7, 100, Query::MAX_LIMIT + 1, usize::MAX] {
            let page = ok(backend.datasets(after.as_ref(), limit).await);
            assert_eq!(page, behind[..limit.min(behind.len())], "after {after:?}, limit {limit}");
        }
        assert_eq!(ok(backend.datasets(after.as_ref(), 0).await), behind, "after {after:?}");
    }
}

/// Counts and latest indices, over batches in which a name occurs never, once and often; and the bound on the list.
pub async fn dataset_summaries_follow_appends<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    let mut size = 0;
    for count in [1, 1, 1, 5, 40, 1, 200] {
        append(&backend, LOG, size, count).await;
        size += count;
        assert_eq!(ok(backend.datasets(None, 0).await), expected(LOG, size), "{size} entries");
    }
    let mut batch = LOG.batch(size, Query::MAX_LIMIT as u64 + 50);
    for transaction in &mut batch.transactions {
        transaction.dataset = format!("many/{:06}", transaction.index.0).parse().ok();
    }
    ok(backend.append(TreeSize(size), batch).await);
    let page = ok(backend.datasets(None, 0).await);
    assert_eq!(page.len(), Query::MAX_LIMIT);
    assert_eq!(ok(backend.datasets(None, usize::MAX).await), page);
    let rest = ok(backend.datasets(page.last().map(|summary| &summary.name), 0).await);
    assert_eq!(page.len() + rest.len(), Query::MAX_LIMIT + 50 + TestLog::names().len());
}
