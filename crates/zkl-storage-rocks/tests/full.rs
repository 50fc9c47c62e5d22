//! A full disk: a child process fills a small file system of its own (Linux user namespaces; skipped where there are none).
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

use zkl_core::{
    storage::{AppendBatch, Query, StorageBackend, StorageBackendExt, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_rocks::{RocksBackend, RocksConfig};
use zkl_testkit::{conformance::block_on, log::TestLog};

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
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
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
}

#[test]
fn a_full_disk_is_reported_poisons_the_writer_and_loses_nothing() {
    match run_in_small_filesystem("child_fills_its_disk") {
        Some(text) => assert!(text.contains(PASSED), "{text}"),
        None => println!("skipped: this system does not let a test mount a file system"),
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
