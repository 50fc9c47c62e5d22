//! Disks on which nothing more fits.
//!
//! A child process fills a small file system of its own, where the system lets a test mount one (root, or user namespaces). And
//! everywhere, children write under a limit to the size of a file, so that a write fails at a byte of the test's choosing, inside
//! whatever file RocksDB is writing: `ZKL_FAULT_TRIALS` sets the number of such children, `ZKL_FAULT_SEED` the seed of the limits.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};

use zkl_core::{
    digest::BlobDigest,
    storage::{AppendBatch, Query, StorageBackend, StorageBackendExt, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_rocks::{RocksBackend, RocksConfig};
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    log::TestLog,
};

const LOG: TestLog = TestLog::salted(54);
const DIR: &str = "ZKL_FULL_DIR";
const PASSED: &str = "the full disk was survived";

fn batch(size: u64) -> AppendBatch {
    let mut batch = LOG.batch(size, 1);
    let entry = &mut batch.transactions[0].entry;
    *entry = entry.iter().copied().cycle().take(60_000).collect();
    batch
}

/// Runs `test` of this program on a file system of 16 MiB; `None` if this system does not allow that.
fn run_in_small_filesystem(test: &str) -> Option<String> {
    let mount = tempfile::tempdir().unwrap();
    let script = r#"mount -t tmpfs -o size=16m tmpfs "$0" && exec "$@""#;
    let namespaces: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    namespaces.into_iter().find_map(|namespace| {
        let output = Command::new("unshare")
            .args(namespace)
            .args(["sh", "-c", script])
            .arg(mount.path())
            .arg(env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .env(DIR, mount.path())
            .stderr(Stdio::piped())
            .output()
            .ok()?;
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        // Without the child's own words the namespace or the mount was refused.
        text.contains("running 1 test").then_some(text)
    })
}

#[test]
fn a_full_disk_is_reported_poisons_the_writer_and_loses_nothing() {
    match run_in_small_filesystem("child_fills_its_disk") {
        Some(text) => assert!(text.contains(PASSED), "{text}"),
        None => println!("no file system could be mounted here; the children under a limit stand in for it"),
    }
}

#[test]
#[ignore = "the child of the other test; does nothing by itself"]
fn child_fills_its_disk() {
    let Some(mount) = env::var_os(DIR) else {
        return;
    };
    let (dir, ballast) = (Path::new(&mount).join("ledger"), Path::new(&mount).join("ballast"));
    fs::write(&ballast, vec![1; 5 << 20]).unwrap();
    block_on(async {
        let backend = RocksBackend::create(&dir, &RocksConfig::default()).unwrap();
        let mut size = 0;
        let error = loop {
            match backend.append(TreeSize(size), batch(size)).await {
                Ok(()) => size += 1,
                Err(error) => break error,
            }
        };
        assert!(size > 10, "{size} entries");
        assert_eq!(error.kind, StorageErrorKind::Full, "{error:?}");
        for _ in 0..2 {
            let refused = backend.append(TreeSize(size), batch(size)).await.unwrap_err();
            assert_eq!(refused.kind, StorageErrorKind::Poisoned, "{refused:?}");
            assert_eq!(backend.put_blob(b"x").await.unwrap_err().kind, StorageErrorKind::Poisoned);
        }
        assert_eq!(backend.size().await.unwrap(), TreeSize(size), "reading goes on");
        drop(backend);

        // Still full: opening may fail, but says why, and destroys nothing.
        if let Err(error) = RocksBackend::open(&dir, &RocksConfig::default()) {
            assert_eq!(error.kind, StorageErrorKind::Full, "{error:?}");
        }
        fs::remove_file(&ballast).unwrap();
        let backend = RocksBackend::open(&dir, &RocksConfig::default()).unwrap();
        let found = backend.size().await.unwrap().0;
        assert!(found == size || found == size + 1, "{found} entries, {size} acknowledged");
        let log = backend.find(&Query::default()).await.unwrap();
        assert_eq!(log.len() as u64, found);
        assert!((0..found).zip(&log).all(|(index, entry)| *entry == batch(index).transactions[0]));
        backend.append(TreeSize(found), batch(found)).await.unwrap();
    });
    println!("\n{PASSED}");
}

/// A ledger of this size is replaced by a new one, so that trials stay short.
const LONGEST: u64 = 1_500;
/// Appends of one child.
const APPENDS: u64 = 150;
/// Limits lie below this. With the buffers of `small`, a log reaches it before it is replaced.
const LARGEST_FILE: u64 = 200 << 10;

/// Small buffers, so that the limit also hits flushes and compactions.
fn small() -> RocksConfig {
    RocksConfig { write_buffer_bytes: 256 << 10, max_wal_bytes: 512 << 10, ..RocksConfig::default() }
}

fn limited_batch(size: u64) -> AppendBatch {
    LOG.batch(size, 1 + size % 3)
}

fn blob(size: u64) -> Vec<u8> {
    size.to_be_bytes().repeat(1 + (size as usize * 37) % 6_000)
}

/// Runs the child with files limited to `bytes`. The signal that would end a process at the limit is ignored, so that its
/// writes fail instead.
fn run_under_limit(dir: &Path, bytes: u64) -> String {
    let script = r#"trap '' XFSZ && ulimit -f "$0" && exec "$@""#;
    let output = Command::new("sh")
        .args(["-c", script, &bytes.div_ceil(512).to_string()])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "child_appends_until_writing_fails", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
#[ignore = "the child of the other test; does nothing by itself"]
fn child_appends_until_writing_fails() {
    let Some(dir) = env::var_os(DIR) else {
        return;
    };
    block_on(async {
        let backend = match RocksBackend::open_or_create(dir, &small()) {
            Ok(backend) => backend,
            Err(error) => return println!("\nopen {:?}", error.kind),
        };
        let mut size = backend.size().await.unwrap().0;
        for _ in 0..APPENDS {
            if let Err(error) = backend.put_blob(&blob(size)).await {
                println!("\nfailed {:?}", error.kind);
                let refused = backend.append(TreeSize(size), limited_batch(size)).await;
                return println!("\nthen {:?}", refused.map_err(|error| error.kind));
            }
            println!("\nblob {size}");
            let batch = limited_batch(size);
            let next = batch.head.size.0;
            if let Err(error) = backend.append(TreeSize(size), batch).await {
                println!("\nfailed {:?}", error.kind);
                let refused = backend.put_blob(&blob(size + 1)).await;
                return println!("\nthen {:?}", refused.map_err(|error| error.kind));
            }
            size = next;
            println!("\nsize {size}");
        }
    });
}

/// What stands behind `word` in the last line that starts with it.
fn last<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.lines().rev().find_map(|line| line.strip_prefix(word)).map(str::trim)
}

#[test]
fn a_write_that_fails_at_any_byte_is_reported_ends_writing_and_loses_nothing() {
    let number = |name, default| env::var(name).map_or(default, |text| text.parse().unwrap());
    let (trials, seed) = (number("ZKL_FAULT_TRIALS", 12), number("ZKL_FAULT_SEED", 1));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut place = tempfile::tempdir().unwrap();
    let (mut known, mut failed, mut unopened, mut in_flight) = (0, 0, 0, 0);
    for trial in 0..trials {
        let limit = 512 + rng.next_u64() % LARGEST_FILE;
        let text = run_under_limit(place.path(), limit);
        let at = format!("trial {trial}, seed {seed}, files of {limit} bytes: {text}");
        if let Some(kind) = last(&text, "open ") {
            assert_eq!(kind, "Full", "{at}");
            unopened += 1;
        }
        if let Some(kind) = last(&text, "failed ") {
            assert_eq!(kind, "Full", "{at}");
            assert_eq!(last(&text, "then "), Some("Err(Poisoned)"), "{at}");
            failed += 1;
        }
        let acknowledged = last(&text, "size ").map_or(known, |size| size.parse().unwrap());
        block_on(async {
            // Without the limit everything is there, and an interrupted creation can be repeated.
            let backend = RocksBackend::open_or_create(place.path(), &small()).unwrap();
            let size = backend.size().await.unwrap().0;
            let next = limited_batch(acknowledged).head.size.0;
            assert!(size == acknowledged || size == next, "{size} entries, {at}");
            assert_holds(&backend, LOG, size).await;
            if let Some(written) = last(&text, "blob ") {
                let written = blob(written.parse().unwrap());
                assert!(backend.blob(BlobDigest::of(&written)).await.unwrap() == Some(written), "{at}");
            }
            assert!(size == acknowledged || text.contains("failed "), "{at}");
            in_flight += u64::from(size > acknowledged);
            let batch = limited_batch(size);
            known = batch.head.size.0;
            backend.append(TreeSize(size), batch).await.unwrap();
        });
        if known > LONGEST {
            place = tempfile::tempdir().unwrap();
            known = 0;
        }
    }
    println!(
        "{trials} children under a limit (seed {seed}): {failed} failed while writing, {unopened} while opening, \
         {in_flight} of them had landed what failed"
    );
    assert!(failed > trials / 4 && (unopened > 0 || trials < 10), "the limits are too wide or too narrow");
}
