//! Processes that die: a child appends and says what was acknowledged, the parent kills it at a random moment; and Ceph's gateway is
//! killed while writers append.
//!
//! `ZKL_CRASH_TRIALS` sets the number of kills of writers (10 by default), `ZKL_S3_SERVER_KILLS` that of kills of the gateway (3),
//! `ZKL_CRASH_SEED` the seed of their moments.

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::{
    digest::BlobDigest,
    storage::{StorageBackend, StorageBackendExt, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_s3::{S3Backend, S3Config};
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    log::TestLog,
    s3::S3Server,
};

use crate::{
    faults::number,
    support::{BUCKET, CEPH, config, fresh_prefix, on_its_own, url},
};

const LOG: TestLog = TestLog::salted(86);
const URL: &str = "ZKL_CRASH_URL";
/// A ledger of this size is replaced by a new one, so that trials stay short.
const LONGEST: u64 = 600;

/// Entries in the append that starts at `size`: blocks fill and segments merge now and then.
fn batch_len(size: u64) -> u64 {
    1 + size % 30
}

fn blob(size: u64) -> Vec<u8> {
    size.to_be_bytes().repeat(1 + (size as usize * 37) % 4_000)
}

/// This program again, running one ignored test, with the server's credentials where AWS's own tools look for them.
pub(crate) fn child(test: &str, variable: &str, value: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(variable, value)
        .env("AWS_ACCESS_KEY_ID", CEPH.access_key())
        .env("AWS_SECRET_ACCESS_KEY", CEPH.secret_key())
        .env("AWS_REGION", "us-east-1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "the child of the other tests; does nothing by itself"]
fn child_appends_until_it_is_killed() {
    let Ok(url) = env::var(URL) else {
        return;
    };
    block_on(async {
        let backend = match S3Backend::open_or_create(&url, &S3Config::default()).await {
            Ok(backend) => backend,
            Err(error) => return println!("\nerror {error:?}"),
        };
        let mut size = backend.size().await.unwrap().0;
        loop {
            backend.put_blob(&blob(size)).await.unwrap();
            println!("\nblob {size}");
            let count = batch_len(size);
            backend.append(TreeSize(size), LOG.batch(size, count)).await.unwrap();
            size += count;
            println!("\nsize {size}");
        }
    });
}

/// The last number behind `word` in `text`.
fn last(text: &str, word: &str) -> Option<u64> {
    text.lines().rev().find_map(|line| line.strip_prefix(word)?.trim().parse().ok())
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    let (trials, seed) = (number("ZKL_CRASH_TRIALS", 10), number("ZKL_CRASH_SEED", 1));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut prefix = fresh_prefix();
    let (mut known, mut appends, mut in_flight) = (0, 0, 0);
    for trial in 0..trials {
        let place = url(CEPH.endpoint(), &prefix);
        let mut child = child("crash::child_appends_until_it_is_killed", URL, &place);
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (said, words) = mpsc::channel();
        let output = thread::spawn(move || {
            let mut text = String::new();
            for line in stdout.lines().map(Result::unwrap) {
                if line.starts_with("blob ") || line.starts_with("size ") {
                    // The parent may have stopped listening.
                    let _ = said.send(());
                }
                text = text + &line + "\n";
            }
            text
        });
        // One kill in four comes while the ledger is opened or made, the others during the first few writes, however long
        // a write takes on this machine.
        if !trial.is_multiple_of(4) {
            for _ in 0..1 + rng.next_u32() % 6 {
                let _ = words.recv_timeout(Duration::from_secs(20));
            }
        }
        thread::sleep(Duration::from_micros(u64::from(rng.next_u32() % 150_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let text = output.join().unwrap();
        assert!(!text.contains("error "), "trial {trial}: {text}");

        let acknowledged = last(&text, "size ").unwrap_or(known);
        block_on(async {
            let backend = S3Backend::open_or_create(&place, &config(&CEPH)).await.unwrap();
            let size = backend.size().await.unwrap().0;
            let possible = [acknowledged, acknowledged + batch_len(acknowledged)];
            assert!(possible.contains(&size), "trial {trial}: {size} entries, {acknowledged} acknowledged");
            assert_holds(&backend, LOG, size).await;
            if let Some(written) = last(&text, "blob ") {
                let stored = backend.blob(BlobDigest::of(&blob(written))).await.unwrap();
                assert!(stored == Some(blob(written)), "trial {trial}: blob {written}");
            }
            appends += u64::from(size > known);
            in_flight += u64::from(size > acknowledged);
            known = size;
        });
        if known > LONGEST {
            prefix = fresh_prefix();
            known = 0;
        }
    }
    println!("{trials} kills (seed {seed}): {appends} after appends, {in_flight} with an append in flight that landed");
    assert!(appends > 0 || trials < 8, "no child came to append: the moments are too early");
}

/// What the writers at one server have been told.
#[derive(Default)]
struct Tally {
    acknowledged: AtomicU64,
    appends: AtomicU64,
    failed: AtomicU64,
    reopened: AtomicU64,
}

async fn opened(server: &S3Server, place: &str) -> S3Backend {
    loop {
        match S3Backend::open(place, &config(server)).await {
            Ok(backend) => return backend,
            Err(error) => assert!(error.retryable, "{error:?}"),
        }
    }
}

/// Appends until it is told to stop, with a new handle whenever the outcome of an append stayed unknown.
async fn write(server: Arc<S3Server>, place: String, stop: Arc<AtomicBool>, tally: Arc<Tally>) {
    let mut backend = opened(&server, &place).await;
    while !stop.load(Ordering::Acquire) {
        let appended = match backend.size().await {
            Ok(TreeSize(size)) => {
                let behind = size + batch_len(size);
                backend.append(TreeSize(size), LOG.batch(size, batch_len(size))).await.map(|()| behind)
            }
            Err(error) => Err(error),
        };
        match appended {
            Ok(behind) => {
                tally.acknowledged.fetch_max(behind, Ordering::AcqRel);
                tally.appends.fetch_add(1, Ordering::AcqRel);
            }
            Err(error) => match &error.kind {
                StorageErrorKind::Conflict { .. } => {}
                _ if error.retryable => {
                    tally.failed.fetch_add(1, Ordering::AcqRel);
                }
                // Of this append the outcome is unknown, and the next one would be refused.
                StorageErrorKind::Unavailable | StorageErrorKind::Timeout | StorageErrorKind::Poisoned => {
                    tally.reopened.fetch_add(1, Ordering::AcqRel);
                    backend = opened(&server, &place).await;
                }
                _ => panic!("{error:?}"),
            },
        }
    }
}

#[test]
fn a_gateway_killed_during_appends_loses_nothing_that_was_acknowledged() {
    const WRITERS: u64 = 3;
    let (trials, seed) = (number("ZKL_S3_SERVER_KILLS", 3), number("ZKL_CRASH_SEED", 1));
    let server = Arc::new(S3Server::ceph_rgw().unwrap());
    on_its_own(server.create_bucket(BUCKET, false)).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let tally = Arc::new(Tally::default());
    let mut in_flight = 0;
    block_on(async {
        let mut place = String::new();
        for trial in 0..trials {
            if place.is_empty() || tally.acknowledged.load(Ordering::Acquire) > LONGEST {
                place = url(server.endpoint(), &fresh_prefix());
                S3Backend::create(&place, &config(&server)).await.unwrap();
                tally.acknowledged.store(0, Ordering::Release);
            }
            let stop = Arc::new(AtomicBool::new(false));
            let acknowledged = || tally.acknowledged.load(Ordering::Acquire);
            let more_than = async |before: u64| {
                while acknowledged() <= before {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            };
            let before = acknowledged();
            let write = |_| write(Arc::clone(&server), place.clone(), Arc::clone(&stop), Arc::clone(&tally));
            let writers: Vec<_> = (0..WRITERS).map(write).map(tokio::spawn).collect();
            more_than(before).await;
            tokio::time::sleep(Duration::from_micros(u64::from(rng.next_u32() % 150_000))).await;
            tokio::task::block_in_place(|| server.kill()).unwrap();
            let at_kill = acknowledged();
            tokio::task::block_in_place(|| server.start_again()).unwrap();
            // Half of the time the same handles go on before they are stopped.
            if trial.is_multiple_of(2) {
                more_than(at_kill).await;
            }
            stop.store(true, Ordering::Release);
            for writer in writers {
                writer.await.unwrap();
            }
            let backend = opened(&server, &place).await;
            let (told, size) = (acknowledged(), backend.size().await.unwrap().0);
            assert!(size >= told, "trial {trial}: {size} entries, {told} acknowledged");
            assert_holds(&backend, LOG, size).await;
            backend.append(TreeSize(size), LOG.batch(size, batch_len(size))).await.unwrap();
            in_flight += u64::from(size > told);
            tally.acknowledged.store(size + batch_len(size), Ordering::Release);
        }
    });
    println!(
        "{trials} kills of the gateway: {} appends acknowledged, none missing; {in_flight} landed without an answer, {} handles \
         were reopened, {} calls failed",
        tally.appends.load(Ordering::Acquire),
        tally.reopened.load(Ordering::Acquire),
        tally.failed.load(Ordering::Acquire),
    );
}
