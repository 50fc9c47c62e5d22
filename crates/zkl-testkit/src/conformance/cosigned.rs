//! Cosigned checkpoints.

use zkl_core::{
    storage::{StorageBackend, StorageErrorKind},
    tree::TreeSize,
};

use super::{BackendFactory, append, assert_holds, kind_of, ok, shared};
use crate::log::TestLog;

const LOG: TestLog = TestLog::salted(12);

fn text(size: u64, witness: &str) -> String {
    format!("{}\u{2014} {witness} c2lnbmF0dXJl\n", LOG.head(size).checkpoint)
}

async fn put(backend: &dyn StorageBackend, size: u64, text: &str) {
    let stored = backend.put_cosigned(TreeSize(size), text).await;
    assert!(stored.is_ok(), "cosigned checkpoint of {size}: {stored:?}");
}

async fn assert_newest(backend: &dyn StorageBackend, at_most: u64, expected: Option<(u64, &str)>) {
    let found = ok(backend.cosigned(TreeSize(at_most)).await);
    let found = found.as_ref().map(|(size, text)| (size.0, text.as_str()));
    assert_eq!(found, expected, "at most {at_most}");
}

/// Neither in an empty log nor in one with entries.
pub async fn a_log_without_witnesses_has_no_cosigned_checkpoint<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    for size in [0, 3] {
        if size > 0 {
            append(&backend, LOG, 0, size).await;
        }
        for at_most in [0, 1, size, u64::MAX] {
            assert_newest(&backend, at_most, None).await;
        }
    }
}

/// Sizes come in any order, have gaps, and cross the byte borders of their encodings.
pub async fn the_cosigned_checkpoint_of_the_largest_size_that_fits_is_found<F: BackendFactory>(factory: &F) {
    let mut backend = factory.create().await;
    append(&backend, LOG, 0, 700).await;
    let sizes = [1, 2, 9, 10, 100, 255, 256, 257, 512, 700];
    for size in [100, 1, 700, 256, 2, 255, 9, 512, 257, 10] {
        put(&backend, size, &text(size, "w")).await;
        assert_newest(&backend, size, Some((size, &text(size, "w")))).await;
    }
    for _ in 0..2 {
        for at_most in (0..=520).chain([699, 700, 701, u64::MAX]) {
            let size = sizes.into_iter().rfind(|size| *size <= at_most);
            let text = size.map(|size| text(size, "w"));
            assert_newest(&backend, at_most, size.zip(text.as_deref())).await;
        }
        backend = factory.reopen(backend).await;
    }
}

/// Line ends, signs that are not ASCII, and long texts; also across reopening.
pub async fn a_cosigned_checkpoint_is_kept_byte_for_byte<F: BackendFactory>(factory: &F) {
    let mut backend = factory.create().await;
    append(&backend, LOG, 0, 4).await;
    let texts = ["\n", "a\r\n\tb \u{2014} \u{1F427}\\u0000\"'\n", &"x\n".repeat(50_000), &text(4, "witness.example")];
    for (size, text) in (1..).zip(texts) {
        put(&backend, size, text).await;
    }
    for _ in 0..2 {
        for (size, text) in (1..).zip(texts) {
            assert_newest(&backend, size, Some((size, text))).await;
        }
        backend = factory.reopen(backend).await;
    }
}

/// As more witnesses sign; the texts of other sizes stay.
pub async fn a_cosigned_checkpoint_replaces_the_one_of_its_size<F: BackendFactory>(factory: &F) {
    let mut backend = factory.create().await;
    append(&backend, LOG, 0, 9).await;
    put(&backend, 5, &text(5, "first")).await;
    put(&backend, 9, &text(9, "only")).await;
    for witness in ["second, and longer", "3rd", "3rd"] {
        put(&backend, 5, &text(5, witness)).await;
        assert_newest(&backend, 5, Some((5, &text(5, witness)))).await;
        backend = factory.reopen(backend).await;
        assert_newest(&backend, 8, Some((5, &text(5, witness)))).await;
        assert_newest(&backend, 9, Some((9, &text(9, "only")))).await;
    }
}

/// Size 0 and sizes above the head's, in an empty log and in one with entries; they become valid once the log has grown.
pub async fn a_cosigned_checkpoint_of_a_size_not_reached_is_invalid<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    let mut size = 0;
    for grow in [1, 4, 0] {
        for beyond in [0, size + 1, size + 300, u64::MAX] {
            let kind = kind_of(backend.put_cosigned(TreeSize(beyond), "text\n").await);
            assert!(matches!(kind, StorageErrorKind::Invalid(_)), "{beyond} in a log of {size}: {kind:?}");
        }
        assert_newest(&backend, u64::MAX, (size > 0).then(|| text(size, "w")).as_deref().map(|text| (size, text)))
            .await;
        if grow > 0 {
            append(&backend, LOG, size, grow).await;
            size += grow;
            put(&backend, size, &text(size, "w")).await;
        }
    }
}

/// Head, entries and indexes are as before, and the log goes on.
pub async fn cosigned_checkpoints_leave_the_log_alone<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    append(&backend, LOG, 0, 3).await;
    put(&backend, 3, &text(3, "w")).await;
    put(&backend, 2, &text(2, "w")).await;
    assert_holds(&backend, LOG, 3).await;
    append(&backend, LOG, 3, 300).await;
    assert_newest(&backend, 303, Some((3, &text(3, "w")))).await;
    let backend = factory.reopen(backend).await;
    assert_holds(&backend, LOG, 303).await;
}

/// Writers of one size, beside writers of other sizes and appends.
pub async fn of_concurrent_cosigned_checkpoints_one_stays_whole<F: BackendFactory>(factory: &F) {
    let backend = shared(factory.create().await);
    append(&backend, LOG, 0, 8).await;
    let of = |i: u64| (1 + i % 4, text(1 + i % 4, &format!("witness-{i}").repeat(1_000)));
    let puts = (0..16).map(|i| {
        let (backend, (size, text)) = (backend.clone(), of(i));
        tokio::spawn(async move { backend.put_cosigned(TreeSize(size), &text).await })
    });
    let puts: Vec<_> = puts.collect();
    append(&backend, LOG, 8, 1).await;
    for put in puts {
        let answer = put.await;
        assert!(matches!(answer, Ok(Ok(()))), "{answer:?}");
    }
    for size in 1..=4 {
        let found = ok(backend.cosigned(TreeSize(size)).await);
        assert!((0..16).any(|i| found == Some((TreeSize(size), of(i).1))), "{found:?}");
    }
    assert_holds(&backend, LOG, 9).await;
}
