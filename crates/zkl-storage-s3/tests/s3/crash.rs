//! Processes that die: a child appends and says what was acknowledged, the parent kills it at a random moment.
//!
//! `ZKL_CRASH_TRIALS` sets the number of kills (10 by default), `ZKL_CRASH_SEED` the seed of their moments.

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::{
    digest::BlobDigest,
    storage::{StorageBackend, StorageBackendExt},
    tree::TreeSize,
};
use zkl_storage_s3::{S3Backend, S3Config};
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    log::TestLog,
};

use crate::{
    faults::number,
    support::{CEPH, config, fresh_prefix, url},
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
