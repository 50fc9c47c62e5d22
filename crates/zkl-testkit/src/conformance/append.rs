//! Heads and appends by one writer.

use zkl_core::{
    storage::{AppendBatch, StorageBackend, StorageBackendExt, StorageErrorKind},
    transaction::StoredTransaction,
    tree::{LeafIndex, TileId, TreeSize},
};

use super::{BackendFactory, append, assert_holds, kind_of, ok};
use crate::log::TestLog;

const LOG: TestLog = TestLog::salted(1);

/// Reads of an empty ledger find nothing, and none is an error.
pub async fn a_new_ledger_is_empty<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    assert_holds(&backend, LOG, 0).await;
    assert_eq!(ok(backend.transaction(LOG.transaction(0).id).await), None);
    assert_eq!(ok(backend.transaction_at(LeafIndex(0)).await), None);
    assert_eq!(ok(backend.tile(TileId { level: 0, index: 0, width: 1 }).await), None);
    assert_eq!(ok(backend.size().await), TreeSize(0));
    assert_eq!(ok(backend.merkle_root().await), None);
    let backend = factory.reopen(backend).await;
    assert_holds(&backend, LOG, 0).await;
}

/// Each append is visible at once, in every index.
pub async fn an_append_shows_in_every_read<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    let mut size = 0;
    for count in [1, 1, 3, 20, 1] {
        append(&backend, LOG, size, count).await;
        size += count;
        assert_holds(&backend, LOG, size).await;
    }
    assert_eq!(ok(backend.size().await), TreeSize(size));
    assert_eq!(ok(backend.transaction_at(LeafIndex(7)).await), Some(LOG.transaction(7)));
}

/// Checkpoints hold newlines and other text that must not be normalised.
pub async fn the_head_is_kept_byte_for_byte<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    let checkpoints = ["", "\n", "a\r\n\tb \u{2014} \u{1F427}\\u0000\"'\n", &"x".repeat(100_000)];
    for (size, checkpoint) in (0..).zip(checkpoints) {
        let mut batch = LOG.batch(size, 1);
        batch.head.checkpoint = checkpoint.to_owned();
        let expected = batch.head.clone();
        ok(backend.append(TreeSize(size), batch).await);
        assert_eq!(ok(backend.head().await), Some(expected));
    }
}

/// From no byte to the longest, with all byte values.
pub async fn entries_of_every_length_are_kept<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    for (index, len) in [0, 1, 256, StoredTransaction::MAX_ENTRY_LEN].into_iter().enumerate() {
        let mut batch = LOG.batch(index as u64, 1);
        batch.transactions[0].entry = (0..len).map(|i| (i % 256) as u8).collect();
        let expected = batch.transactions[0].clone();
        ok(backend.append(TreeSize(index as u64), batch).await);
        assert_eq!(ok(backend.transaction(expected.id).await), Some(expected), "{len} bytes");
    }
}

/// A wrong expectation, too low or too high, changes nothing.
pub async fn a_conflict_writes_nothing<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    let other = TestLog::salted(2);
    let kind = kind_of(backend.append(TreeSize(1), other.batch(1, 1)).await);
    assert_eq!(kind, StorageErrorKind::Conflict { expected: 1, actual: 0 });
    append(&backend, LOG, 0, 5).await;
    for expected in [0, 4, 6, 300] {
        let kind = kind_of(backend.append(TreeSize(expected), other.batch(expected, 3)).await);
        assert_eq!(kind, StorageErrorKind::Conflict { expected, actual: 5 });
        assert_eq!(ok(backend.transaction(other.transaction(expected).id).await), None);
    }
    assert_holds(&backend, LOG, 5).await;
    let backend = factory.reopen(backend).await;
    assert_holds(&backend, LOG, 5).await;
    append(&backend, LOG, 5, 1).await;
}

fn inconsistent(from: u64) -> Vec<(&'static str, AppendBatch)> {
    let good = || TestLog::salted(3).batch(from, 3);
    let changed = |change: fn(&mut AppendBatch)| {
        let mut batch = good();
        change(&mut batch);
        batch
    };
    vec![
        ("empty", changed(|batch| batch.transactions.clear())),
        ("shifted", changed(|batch| batch.transactions.iter_mut().for_each(|entry| entry.index.0 += 1))),
        ("gap", changed(|batch| batch.transactions[2].index.0 += 1)),
        ("repeated index", changed(|batch| batch.transactions[2].index.0 -= 1)),
        ("out of order", changed(|batch| batch.transactions.swap(0, 1))),
        ("head too small", changed(|batch| batch.head.size.0 -= 1)),
        ("head too large", changed(|batch| batch.head.size.0 += 1)),
        ("id twice", changed(|batch| batch.transactions[1].id = batch.transactions[0].id)),
        ("long entry", changed(|batch| batch.transactions[0].entry = vec![0; StoredTransaction::MAX_ENTRY_LEN + 1])),
        ("short tile", changed(|batch| batch.tiles[0].1.truncate(31))),
        ("long tile", changed(|batch| batch.tiles[0].1.push(0))),
        ("narrow tile", changed(|batch| batch.tiles[0].0.width -= 1)),
        ("empty tile", changed(|batch| batch.tiles[0] = (TileId { level: 0, index: 9, width: 0 }, Vec::new()))),
        ("tile of nowhere", changed(|batch| batch.tiles[0].0.index = 77)),
        ("tile twice", changed(|batch| batch.tiles.push(batch.tiles[0].clone()))),
    ]
}

/// Every rule about batches, each broken once.
pub async fn an_inconsistent_batch_is_invalid_and_writes_nothing<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    append(&backend, LOG, 0, 4).await;
    for (name, batch) in inconsistent(4) {
        let kind = kind_of(backend.append(TreeSize(4), batch).await);
        assert!(matches!(kind, StorageErrorKind::Invalid(_)), "{name}: {kind:?}");
    }
    assert_holds(&backend, LOG, 4).await;
    append(&backend, LOG, 4, 1).await;
}

/// A caller that sees a conflict retries; an inconsistent batch must not look as if that could help.
pub async fn an_inconsistent_batch_is_invalid_before_it_is_a_conflict<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    append(&backend, LOG, 0, 4).await;
    for (name, batch) in inconsistent(9) {
        let kind = kind_of(backend.append(TreeSize(9), batch).await);
        assert!(matches!(kind, StorageErrorKind::Invalid(_)), "{name}: {kind:?}");
    }
}

/// An entry is in the log at most once.
pub async fn an_id_that_is_already_there_is_invalid<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    append(&backend, LOG, 0, 4).await;
    for old in [0, 3] {
        let mut batch = LOG.batch(4, 2);
        batch.transactions[1].id = LOG.transaction(old).id;
        let kind = kind_of(backend.append(TreeSize(4), batch).await);
        assert!(matches!(kind, StorageErrorKind::Invalid(_)), "{kind:?}");
    }
    assert_holds(&backend, LOG, 4).await;
    append(&backend, LOG, 4, 2).await;
}

/// What a caller sees who repeats an append whose acknowledgement was lost.
pub async fn a_repeated_append_is_a_conflict<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    append(&backend, LOG, 0, 2).await;
    let kind = kind_of(backend.append(TreeSize(0), LOG.batch(0, 2)).await);
    assert_eq!(kind, StorageErrorKind::Conflict { expected: 0, actual: 2 });
    assert_holds(&backend, LOG, 2).await;
}

/// More entries than a page, a tile and a block of any index hold.
pub async fn a_large_batch_lands_whole<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    append(&backend, LOG, 0, 1).await;
    append(&backend, LOG, 1, 1_300).await;
    assert_holds(&backend, LOG, 1_301).await;
}

/// Reopening after every step changes nothing, and the log goes on.
pub async fn reopening_keeps_everything<F: BackendFactory>(factory: &F) {
    let mut backend = factory.create().await;
    let mut size = 0;
    let mut blobs = Vec::new();
    for count in [1, 300, 7] {
        append(&backend, LOG, size, count).await;
        size += count;
        let blob = vec![count as u8; 70_000];
        blobs.push((ok(backend.put_blob(&blob).await), blob));
        backend = factory.reopen(backend).await;
        assert_holds(&backend, LOG, size).await;
        for (digest, bytes) in &blobs {
            assert_eq!(ok(backend.blob(*digest).await).as_ref(), Some(bytes));
        }
    }
}
