//! Blobs.

use zkl_core::{digest::BlobDigest, storage::StorageBackend};

use super::{BackendFactory, append, assert_holds, ok, shared};
use crate::log::TestLog;

const LOG: TestLog = TestLog::salted(4);
const LARGE: usize = 8 << 20;

/// Bytes that neither compress nor repeat.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// From no byte to 8 MiB.
pub async fn a_blob_comes_back_whole<F: BackendFactory>(factory: &F) {
    let mut backend = factory.create().await;
    let blobs = [Vec::new(), vec![0], vec![0; 4_096], noise(100_000), noise(LARGE)];
    for _ in 0..2 {
        for blob in &blobs {
            let digest = ok(backend.put_blob(blob).await);
            assert_eq!(digest, BlobDigest::of(blob), "{} bytes", blob.len());
            assert!(ok(backend.blob(digest).await).as_ref() == Some(blob), "{} bytes", blob.len());
        }
        backend = factory.reopen(backend).await;
    }
    for blob in &blobs {
        assert!(ok(backend.blob(BlobDigest::of(blob)).await).as_ref() == Some(blob), "{} bytes", blob.len());
    }
}

/// Also when other blobs are there.
pub async fn an_absent_blob_is_none<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    assert_eq!(ok(backend.blob(BlobDigest::of(b"")).await), None);
    ok(backend.put_blob(b"present").await);
    assert_eq!(ok(backend.blob(BlobDigest::of(b"absent")).await), None);
    assert_eq!(ok(backend.blob(BlobDigest::new([0; 32])).await), None);
    assert_eq!(ok(backend.blob(BlobDigest::new([255; 32])).await), None);
}

/// Content addressing: the same bytes have the same name.
pub async fn storing_a_blob_again_changes_nothing<F: BackendFactory>(factory: &F) {
    let mut backend = factory.create().await;
    for _ in 0..3 {
        assert_eq!(ok(backend.put_blob(b"again").await), BlobDigest::of(b"again"));
        assert_eq!(ok(backend.blob(BlobDigest::of(b"again")).await), Some(b"again".to_vec()));
        backend = factory.reopen(backend).await;
    }
}

/// Blobs and the log are independent.
pub async fn blobs_do_not_move_the_head<F: BackendFactory>(factory: &F) {
    let backend = factory.create().await;
    let before = ok(backend.put_blob(b"before").await);
    append(&backend, LOG, 0, 3).await;
    ok(backend.put_blob(b"after").await);
    assert_holds(&backend, LOG, 3).await;
    append(&backend, LOG, 3, 1).await;
    assert_eq!(ok(backend.blob(before).await), Some(b"before".to_vec()));
}

/// Several writers of one blob, beside writers of others.
pub async fn concurrent_puts_of_one_blob_agree<F: BackendFactory>(factory: &F) {
    let backend = shared(factory.create().await);
    let puts = (0..12_u8).map(|i| {
        let backend = backend.clone();
        tokio::spawn(async move { backend.put_blob(&vec![i % 3; 20_000]).await })
    });
    for (i, put) in puts.collect::<Vec<_>>().into_iter().enumerate() {
        let blob = vec![(i % 3) as u8; 20_000];
        let answer = put.await;
        assert!(matches!(&answer, Ok(Ok(digest)) if *digest == BlobDigest::of(&blob)), "{answer:?}");
        assert_eq!(ok(backend.blob(BlobDigest::of(&blob)).await), Some(blob));
    }
}
