//! Queries: every condition alone and together, order, limits, pages.

use std::ops::Range;

use zkl_core::{
    storage::{Order, Query, StorageBackend, StorageBackendExt},
    time::Timestamp,
    transaction::{OperationKind, StoredTransaction},
    tree::TreeSize,
};

use super::{BackendFactory, append, ok};
use crate::log::TestLog;

const LOG: TestLog = TestLog::salted(7);
const SIZE: u64 = 90;

/// The definition of [`StorageBackend::find`], over a list.
pub(super) fn naive(all: &[StoredTransaction], query: &Query) -> Vec<StoredTransaction> {
    let mut found: Vec<_> = all.iter().filter(|transaction| query.matches(transaction)).cloned().collect();
    if query.order == Order::Descending {
        found.reverse();
    }
    found.truncate(query.effective_limit());
    found
}

async fn assert_finds(backend: &dyn StorageBackend, all: &[StoredTransaction], query: &Query) {
    assert_eq!(ok(backend.find(query).await), naive(all, query), "{query:?}");
}

fn log(size: u64) -> Vec<StoredTransaction> {
    (0..size).map(|index| LOG.transaction(index)).collect()
}

fn some_or_none<T>(values: impl IntoIterator<Item = T>) -> Vec<Option<T>> {
    values.into_iter().map(Some).chain([None]).collect()
}

/// All combinations of conditions, in both orders.
pub async fn find_agrees_with_the_definition_for_every_combination<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    append(&backend, LOG, 0, SIZE).await;
    let all = log(SIZE);
    let at = |index: usize| all[index].recorded_at;
    let names = ["a", "ab", "absent"].into_iter().filter_map(|name| name.parse().ok());
    let times = [at(20)..at(60), at(30)..Timestamp(u64::MAX), Timestamp(0)..at(25), at(9)..Timestamp(at(9).0 + 1)];
    let kinds = ["notarization", "claim", "custom", "claim-2"].into_iter().filter_map(|kind| kind.parse().ok());
    let indices = [0..SIZE, 10..50, 33..34, 80..u64::MAX, SIZE..SIZE + 10];
    for dataset in some_or_none(names) {
        for kind in some_or_none(kinds.clone()) {
            for time in some_or_none(times.clone()) {
                for index in some_or_none(indices.clone()) {
                    for (order, limit) in
                        [(Order::Ascending, 0), (Order::Descending, 0), (Order::Ascending, 2), (Order::Descending, 2)]
                    {
                        let (dataset, kind) = (dataset.clone(), kind.clone());
                        let (time, index) = (time.clone(), index.clone());
                        let query = Query { dataset, kind, time, index, order, limit };
                        assert_finds(&backend, &all, &query).await;
                    }
                }
            }
        }
    }
}

/// The caller's limit and the contract's own.
pub async fn find_never_returns_more_than_the_limit<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    let size = Query::MAX_LIMIT as u64 + 20;
    append(&backend, LOG, 0, size).await;
    let all = log(size);
    for limit in [1, 2, 10, Query::MAX_LIMIT - 1, Query::MAX_LIMIT, Query::MAX_LIMIT + 1, usize::MAX, 0] {
        for order in [Order::Ascending, Order::Descending] {
            assert_finds(&backend, &all, &Query { limit, order, ..Query::default() }).await;
        }
    }
}

/// Ranges without anything in them, among them ranges that would make a careless backend panic.
pub async fn find_answers_inverted_and_empty_ranges_with_nothing<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    append(&backend, LOG, 0, 20).await;
    let inverted = |start: u64, end: u64| Range { start, end };
    let name = TestLog::names().pop();
    for (start, end) in [(5, 5), (5, 4), (u64::MAX, 0), (0, 0), (20, u64::MAX), (u64::MAX, u64::MAX)] {
        for order in [Order::Ascending, Order::Descending] {
            for dataset in [None, name.clone()] {
                for kind in [None, Some(OperationKind::CLAIM)] {
                    let index = Some(inverted(start, end));
                    let base = Query { dataset: dataset.clone(), kind, order, ..Query::default() };
                    let by_index = Query { index, ..base.clone() };
                    assert_eq!(ok(backend.find(&by_index).await), [], "{by_index:?}");
                    let times = Timestamp(start)..Timestamp(end.min(1_000));
                    let by_time = Query { time: Some(times), ..base };
                    assert_eq!(ok(backend.find(&by_time).await), [], "{by_time:?}");
                }
            }
        }
    }
}

/// Times that fall, jump, repeat and lie at both ends of the scale.
pub async fn find_finds_times_of_a_clock_that_runs_backwards<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    let mut batch = LOG.batch(0, 300);
    for (i, transaction) in (0_u64..).zip(&mut batch.transactions) {
        transaction.recorded_at = Timestamp(match i % 6 {
            0 => 0,
            1 => u64::MAX - 1,
            2 => 1_000 - i,
            3 => (i * 7_919) % 1_000,
            4 => 500,
            _ => i,
        });
    }
    let all = batch.transactions.clone();
    ok(backend.append(TreeSize(0), batch).await);
    let edges = [0, 1, 499, 500, 501, 900, u64::MAX - 1, u64::MAX].map(Timestamp);
    for start in edges {
        for end in edges {
            for order in [Order::Ascending, Order::Descending] {
                for limit in [0, 3] {
                    let query = Query { time: Some(start..end), order, limit, ..Query::default() };
                    assert_finds(&backend, &all, &query).await;
                }
            }
        }
    }
}

/// Kinds are open: a store keeps, indexes and pages through those that no program knows, also after it was reopened.
pub async fn kinds_that_no_program_knows_are_kept_and_found<F: BackendFactory>(factory: &F) {
    let mut backend = factory.create().await;
    let (mut all, mut size) = (Vec::new(), 0);
    let longest = "z".repeat(OperationKind::MAX_LEN);
    let kinds = ["q", "q-1", "q1", longest.as_str(), "withdrawal", "claim"].map(|kind| kind.parse().ok());
    for count in [1, 7, 200] {
        let mut batch = LOG.batch(size, count);
        for transaction in &mut batch.transactions {
            if let Some(kind) = &kinds[transaction.index.0 as usize % kinds.len()] {
                transaction.kind = OperationKind::clone(kind);
            }
        }
        all.extend(batch.transactions.iter().cloned());
        ok(backend.append(TreeSize(size), batch).await);
        size += count;
        backend = factory.reopen(backend).await;
        for kind in kinds.iter().cloned().chain(["absent".parse().ok()]) {
            for dataset in [None, "a".parse().ok()] {
                let query = Query { kind: kind.clone(), dataset, limit: 9, ..Query::default() };
                let whole = Query { limit: 0, ..query.clone() };
                assert_finds(&backend, &all, &whole).await;
                let (mut pages, mut found) = (backend.pages(query), Vec::new());
                while let Some(page) = ok(pages.next().await) {
                    found.extend(page);
                }
                assert_eq!(found, naive(&all, &whole), "{whole:?}");
            }
        }
    }
}

/// Page sizes that divide the result, that do not, and one that holds it.
pub async fn pages_visit_every_result_once_in_both_orders<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    append(&backend, LOG, 0, SIZE).await;
    let all = log(SIZE);
    let name = "a".parse().ok();
    let middle = all[10].recorded_at..all[70].recorded_at;
    let queries = [
        Query::default(),
        Query { dataset: name.clone(), ..Query::default() },
        Query { kind: Some(OperationKind::CLAIM), time: Some(middle), ..Query::default() },
        Query { dataset: name, kind: Some(OperationKind::CUSTOM), index: Some(3..77), ..Query::default() },
    ];
    for query in queries {
        for order in [Order::Ascending, Order::Descending] {
            let expected = naive(&all, &Query { order, ..query.clone() });
            for limit in [1, 2, 9, 30, 90, 0] {
                let mut pages = backend.pages(Query { order, limit, ..query.clone() });
                let mut found = Vec::new();
                while let Some(page) = ok(pages.next().await) {
                    assert!(!page.is_empty());
                    found.extend(page);
                }
                assert_eq!(found, expected, "{query:?}, {order:?}, pages of {limit}");
            }
        }
    }
}

/// Appends between two pages neither repeat nor hide what was there before.
pub async fn a_page_order_survives_appends_in_between<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    append(&backend, LOG, 0, 10).await;
    let mut newest_first = backend.pages(Query { order: Order::Descending, limit: 4, ..Query::default() });
    let mut oldest_first = backend.pages(Query { limit: 4, ..Query::default() });
    let (mut down, mut up) = (Vec::new(), Vec::new());
    let mut size = 10;
    loop {
        let (below, above) = (ok(newest_first.next().await), ok(oldest_first.next().await));
        if below.is_none() && above.is_none() {
            break;
        }
        down.extend(below.into_iter().flatten().map(|transaction| transaction.index.0));
        up.extend(above.into_iter().flatten().map(|transaction| transaction.index.0));
        if size < 14 {
            append(&backend, LOG, size, 2).await;
            size += 2;
        }
    }
    assert_eq!(down, (0..10).rev().collect::<Vec<_>>());
    assert_eq!(up, (0..14).collect::<Vec<_>>());
}
