//! Several callers at one handle.

use std::sync::Arc;

use zkl_core::{
    storage::{AppendBatch, Query, StorageBackend, StorageBackendExt, StorageErrorKind},
    tree::TreeSize,
};

use super::{BackendFactory, append, assert_holds, ok, shared};
use crate::log::TestLog;

const LOG: TestLog = TestLog::salted(5);
const ROUNDS: u64 = 5;
const RACERS: u64 = 8;

/// Lets writers of different logs append at one expected size, several times.
async fn race<B: StorageBackend + ?Sized + 'static>(backend: &Arc<B>) {
    for round in 0..ROUNDS {
        let size = ok(backend.size().await).0;
        let racers = (0..RACERS).map(|racer| {
            let backend = Arc::clone(backend);
            let log = TestLog::salted(100 + round * RACERS + racer);
            // Hashes in tiles never change, whoever wins the next round.
            let batch = AppendBatch { tiles: LOG.tiles(size, size + 1 + racer), ..log.batch(size, 1 + racer) };
            let run = tokio::spawn(async move { backend.append(TreeSize(size), batch).await });
            (log, 1 + racer, run)
        });
        let mut winners = Vec::new();
        for (log, count, run) in racers.collect::<Vec<_>>() {
            let present = match run.await {
                Ok(Ok(())) => {
                    winners.push((log, count));
                    true
                }
                Ok(Err(error)) => {
                    assert!(matches!(error.kind, StorageErrorKind::Conflict { .. }), "{error:?}");
                    false
                }
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            };
            for index in size..size + count {
                let stored = ok(backend.transaction(log.transaction(index).id).await);
                assert_eq!(stored.is_some(), present, "entry {index} of a racer that won: {present}");
            }
        }
        assert_eq!(winners.len(), 1, "winners at size {size}");
        let (log, count) = winners[0];
        assert_eq!(ok(backend.head().await), Some(log.head(size + count)));
    }
}

/// Through an `Arc` of the backend itself.
pub async fn of_concurrent_appends_exactly_one_wins<F: BackendFactory>(factory: &F) {
    race(&Arc::new(factory.create().await)).await;
}

/// Through `Arc<dyn StorageBackend>`.
pub async fn of_concurrent_appends_through_a_trait_object_exactly_one_wins<F: BackendFactory>(factory: &F) {
    race(&shared(factory.create().await)).await;
}

/// The loop that every writer runs: on a conflict, look again. Nobody starves and nothing is lost.
pub async fn writers_that_retry_all_make_progress<F: BackendFactory>(factory: &F) {
    const PER_WRITER: u64 = 6;
    const WRITERS: u64 = 4;
    let backend = shared(factory.create().await);
    let writers = (0..WRITERS).map(|_| {
        let backend = Arc::clone(&backend);
        tokio::spawn(async move {
            let mut done = 0;
            while done < PER_WRITER {
                let size = ok(backend.size().await).0;
                match backend.append(TreeSize(size), LOG.batch(size, 1)).await {
                    Ok(()) => done += 1,
                    Err(error) => assert!(matches!(error.kind, StorageErrorKind::Conflict { .. }), "{error:?}"),
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        if let Err(error) = writer.await {
            std::panic::resume_unwind(error.into_panic());
        }
    }
    assert_holds(&*backend, LOG, WRITERS * PER_WRITER).await;
}

/// Readers beside a writer of batches of ten never see a part of one.
pub async fn readers_see_an_append_whole_or_not_at_all<F: BackendFactory>(factory: &F) {
    const BATCH: u64 = 10;
    const BATCHES: u64 = 30;
    let backend = shared(factory.create().await);
    let writer = tokio::spawn({
        let backend = Arc::clone(&backend);
        async move {
            for batch in 0..BATCHES {
                append(&*backend, LOG, batch * BATCH, BATCH).await;
            }
        }
    });
    let name = LOG.transaction(0).dataset.or_else(|| LOG.transaction(1).dataset);
    let queries = [Query::default(), Query { dataset: name, ..Query::default() }];
    while !writer.is_finished() {
        for query in &queries {
            let before = ok(backend.size().await).0;
            let found = ok(backend.find(query).await);
            let after = ok(backend.size().await).0;
            let seen: Vec<u64> = found.iter().map(|transaction| transaction.index.0).collect();
            let state =
                |size: u64| (0..size).filter(|index| query.matches(&LOG.transaction(*index))).collect::<Vec<_>>();
            let whole = (before / BATCH..=after / BATCH).any(|batches| state(batches * BATCH) == seen);
            assert!(whole, "between {before} and {after} entries a query saw {seen:?}");
        }
    }
    if let Err(error) = writer.await {
        std::panic::resume_unwind(error.into_panic());
    }
    assert_holds(&*backend, LOG, BATCHES * BATCH).await;
}
