//! Appends whose connection is cut at a chosen moment: the answer is right, or there is none and the handle refuses to guess.
//!
//! `ZKL_PG_CUT_TRIALS` sets the number of random cuts (40 by default).

use std::time::Duration;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::{
    digest::BlobDigest,
    storage::{StorageBackend, StorageBackendExt, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_pg::{PgBackend, PgConfig};
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    crash::number,
    log::TestLog,
    postgres::shared,
};

use crate::{
    proxy::{Cut, Proxy},
    support::{append, config, kind, reopen_verify_append, with_entries},
};

const LOG: TestLog = TestLog::salted(65);
const COMMIT: &[u8] = b"commit\0";

/// A server process that waits for a client which is gone is ended after half of the time to wait for a lock.
fn impatient() -> PgConfig {
    PgConfig { lock_timeout: Duration::from_secs(2), ..config() }
}

/// A ledger with three entries, its direct URL, a handle that works through the proxy, and the proxy.
async fn behind_a_proxy(config: &PgConfig) -> (String, PgBackend, Proxy) {
    let (url, _) = with_entries(LOG, 3).await;
    let proxy = Proxy::start(shared()).await;
    let backend = PgBackend::open(&proxy.before(shared(), &url), config).await.unwrap();
    (url, backend, proxy)
}

#[test]
fn an_append_whose_connection_breaks_at_commit_lands_once_and_is_acknowledged() {
    block_on(async {
        for cut in Cut::ALL {
            let (url, backend, proxy) = behind_a_proxy(&config()).await;
            proxy.cut_at(COMMIT, cut);
            backend.append(TreeSize(3), LOG.batch(3, 4)).await.unwrap_or_else(|error| panic!("{cut:?}: {error:?}"));
            assert_eq!(proxy.cuts(), 1, "{cut:?}");
            assert_holds(&backend, LOG, 7).await;
            append(&backend, LOG, 7, 1).await;
            assert_eq!(reopen_verify_append(&url, LOG, 8, "after a cut").await, 9);
        }
    });
}

#[test]
fn an_append_whose_connection_breaks_before_commit_is_repeated() {
    block_on(async {
        for message in [&b"begin isolation"[..], b"update head", b"insert into transactions"] {
            for cut in Cut::ALL {
                let (url, backend, proxy) = behind_a_proxy(&impatient()).await;
                proxy.cut_at(message, cut);
                append(&backend, LOG, 3, 4).await;
                assert_eq!(proxy.cuts(), 1, "{cut:?}");
                assert_eq!(reopen_verify_append(&url, LOG, 7, "after a cut").await, 8);
            }
        }
    });
}

#[test]
fn an_append_of_unknown_outcome_poisons_the_handle_until_it_is_reopened() {
    block_on(async {
        let hasty = PgConfig { settle_timeout: Duration::from_millis(300), ..config() };
        for (cut, size) in [(Cut::Before, 3), (Cut::After, 7)] {
            let (url, backend, proxy) = behind_a_proxy(&hasty).await;
            proxy.cut_at_and_refuse(COMMIT, cut);
            let error = backend.append(TreeSize(3), LOG.batch(3, 4)).await.unwrap_err();
            assert_eq!((error.kind, error.retryable), (StorageErrorKind::Io, false), "{cut:?}");
            proxy.heal();
            for _ in 0..2 {
                assert_eq!(kind(backend.append(TreeSize(size), LOG.batch(size, 1)).await), StorageErrorKind::Poisoned);
                assert_eq!(kind(backend.put_blob(b"x").await), StorageErrorKind::Poisoned);
                assert_eq!(kind(backend.put_cosigned(TreeSize(1), "x\n").await), StorageErrorKind::Poisoned);
            }
            assert_holds(&backend, LOG, size).await;
            drop(backend);
            assert_eq!(reopen_verify_append(&url, LOG, size, "after poisoning").await, size + 1);
        }
    });
}

#[test]
fn the_same_batch_by_another_writer_is_not_taken_for_ones_own() {
    block_on(async {
        let (url, backend, proxy) = behind_a_proxy(&config()).await;
        let other = PgBackend::open(&url, &config()).await.unwrap();
        proxy.cut_at_and_refuse(COMMIT, Cut::Before);
        let lost = tokio::spawn(async move { backend.append(TreeSize(3), LOG.batch(3, 4)).await });
        while proxy.cuts() == 0 {
            tokio::task::yield_now().await;
        }
        append(&other, LOG, 3, 4).await;
        proxy.heal();
        let kind = kind(lost.await.unwrap());
        assert_eq!(kind, StorageErrorKind::Conflict { expected: 3, actual: 7 });
        assert_holds(&other, LOG, 7).await;
    });
}

#[test]
fn blobs_and_reads_are_repeated_when_the_connection_breaks() {
    block_on(async {
        for cut in Cut::ALL {
            let (_, backend, proxy) = behind_a_proxy(&impatient()).await;
            proxy.cut_at(COMMIT, cut);
            let digest = backend.put_blob(b"a blob").await.unwrap();
            assert_eq!(digest, BlobDigest::of(b"a blob"));
            proxy.cut_at(b"select bytes", cut);
            assert_eq!(backend.blob(digest).await.unwrap().as_deref(), Some(&b"a blob"[..]));
            proxy.cut_at(b"select size", cut);
            assert_eq!(backend.size().await.unwrap(), TreeSize(3));
            assert_eq!(proxy.cuts(), 3, "{cut:?}");
        }
    });
}

#[test]
fn random_cuts_under_several_writers_lose_and_repeat_nothing() {
    let trials = number("ZKL_PG_CUT_TRIALS", 40);
    block_on(async {
        let (url, _) = with_entries(LOG, 3).await;
        let proxy = Proxy::start(shared()).await;
        let writers = (0..3_u64).map(|_| {
            let (url, proxy) = (proxy.before(shared(), &url), proxy.clone());
            tokio::spawn(async move {
                let backend = PgBackend::open(&url, &config()).await.unwrap();
                let (mut acknowledged, mut appends) = (0, 0_u64);
                while proxy.cuts() < trials {
                    let size = backend.size().await.unwrap().0;
                    let count = 1 + size % 3;
                    match backend.append(TreeSize(size), LOG.batch(size, count)).await {
                        Ok(()) => (acknowledged, appends) = (size + count, appends + 1),
                        Err(error) => assert!(matches!(error.kind, StorageErrorKind::Conflict { .. }), "{error:?}"),
                    }
                }
                (acknowledged, appends)
            })
        });
        let writers: Vec<_> = writers.collect();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        while proxy.cuts() < trials {
            let cut = Cut::ALL[rng.next_u32() as usize % Cut::ALL.len()];
            let before = proxy.cuts();
            proxy.cut_at(COMMIT, cut);
            while proxy.cuts() == before {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(Duration::from_millis(u64::from(rng.next_u32() % 30))).await;
        }
        let (mut acknowledged, mut appends) = (0, 0);
        for writer in writers {
            let (last, count) = writer.await.unwrap();
            acknowledged = acknowledged.max(last);
            appends += count;
        }
        let size = reopen_verify_append(&url, LOG, acknowledged, "random cuts").await;
        println!("{trials} connections cut at COMMIT: {appends} appends acknowledged, {size} entries, none missing");
    });
}
