//! Processes that die: a child appends and says what was acknowledged, the parent kills it at a random moment.
//!
//! `ZKL_CRASH_TRIALS` sets the number of kills (20 by default), `ZKL_CRASH_SEED` the seed of their moments.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::Path,
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
    storage::{StorageBackend, StorageBackendExt, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_rocks::{RocksBackend, RocksConfig};
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    log::TestLog,
};

const LOG: TestLog = TestLog::salted(52);
const DIR: &str = "ZKL_CRASH_DIR";
const TRIALS: &str = "ZKL_CRASH_TRIALS";
const SEED: &str = "ZKL_CRASH_SEED";
/// A ledger of this size is replaced by a new one, so that trials stay short.
const LONGEST: u64 = 3_000;

/// Small buffers, so that kills also hit flushes and compactions.
fn config() -> RocksConfig {
    RocksConfig { write_buffer_bytes: 256 << 10, max_wal_bytes: 512 << 10, ..RocksConfig::default() }
}

/// Entries in the append that starts at `size`.
fn batch_len(size: u64) -> u64 {
    1 + size % 3
}

fn blob(size: u64) -> Vec<u8> {
    size.to_be_bytes().repeat(1 + (size as usize * 37) % 4_000)
}

fn child(dir: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "child_appends_until_it_is_killed", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "the child of the other tests; does nothing by itself"]
fn child_appends_until_it_is_killed() {
    let Some(dir) = env::var_os(DIR) else {
        return;
    };
    block_on(async {
        let backend = match RocksBackend::open_or_create(dir, &config()) {
            Ok(backend) => backend,
            Err(error) => return println!("\nerror {:?}", error.kind),
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
    let number = |name, default| env::var(name).map_or(default, |text| text.parse().unwrap());
    let (trials, seed) = (number(TRIALS, 20), number(SEED, 1));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut place = tempfile::tempdir().unwrap();
    let (mut known, mut appends, mut in_flight) = (0, 0, 0);
    for trial in 0..trials {
        let mut child = child(place.path());
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (started, first_line) = mpsc::channel();
        let output = thread::spawn(move || {
            let mut text = String::new();
            for line in stdout.lines().map(Result::unwrap) {
                if line.starts_with("blob ") {
                    // The parent may have stopped listening.
                    let _ = started.send(());
                }
                text = text + &line + "\n";
            }
            text
        });
        // One kill in four comes while the ledger is opened or made, the others between appends.
        if !trial.is_multiple_of(4) {
            let _ = first_line.recv_timeout(Duration::from_secs(5));
        }
        thread::sleep(Duration::from_micros(u64::from(rng.next_u32() % 60_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let text = output.join().unwrap();
        assert!(!text.contains("error "), "trial {trial}: {text}");

        let acknowledged = last(&text, "size ").unwrap_or(known);
        block_on(async {
            let backend = match RocksBackend::open(place.path(), &config()) {
                Ok(backend) => backend,
                Err(error) => {
                    // Killed while the ledger was being made, before anything was acknowledged.
                    assert_eq!((error.kind, acknowledged), (StorageErrorKind::NotFound, 0), "trial {trial}");
                    return;
                }
            };
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
            place = tempfile::tempdir().unwrap();
            known = 0;
        }
    }
    println!("{trials} kills (seed {seed}): {appends} after appends, {in_flight} with an append in flight that landed");
    assert!(appends > 0 || trials < 10, "no child came to append: the moments are too early");
}

#[test]
fn a_second_writer_in_another_process_is_locked_out() {
    let dir = tempfile::tempdir().unwrap();
    let _first = RocksBackend::create(dir.path(), &config()).unwrap();
    let output = child(dir.path()).wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.lines().any(|line| line == "error Locked"), "{text}");
}
