//! Processes that die while they append, and disks on which nothing more fits, by the trials of the testkit.
//!
//! `ZKL_CRASH_TRIALS` and `ZKL_CRASH_SEED` set the number of kills (20 by default) and the seed of their moments,
//! `ZKL_FAULT_TRIALS` and `ZKL_FAULT_SEED` the number of children under a limit to the size of a file (12) and the seed of the limits.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use zkl_core::storage::StorageError;
use zkl_storage_rocks::{RocksBackend, RocksConfig};
use zkl_testkit::{
    conformance::block_on,
    crash::{Kills, Ledgers, Workload, append_until_stopped, kill_writers, number, run_child},
    full::{Limits, OnDisk, child_disk, fail_at_any_byte, fill_disk, on_small_disk},
    log::TestLog,
};

const WORK: Workload = Workload { log: TestLog::salted(52), longest_batch: 3, longest_blob: 32_000 };
const LIMITED: Workload = Workload { log: TestLog::salted(54), longest_batch: 3, longest_blob: 48_000 };

/// Directories below one that is removed in the end.
struct Dirs {
    parent: tempfile::TempDir,
    made: AtomicU32,
}

impl Dirs {
    fn new() -> Self {
        Self { parent: tempfile::tempdir().unwrap(), made: AtomicU32::new(0) }
    }
}

/// Small buffers, so that kills and limits also hit flushes and compactions.
fn small() -> RocksConfig {
    RocksConfig { write_buffer_bytes: 256 << 10, max_wal_bytes: 512 << 10, ..RocksConfig::default() }
}

#[async_trait]
impl Ledgers for Dirs {
    type Backend = RocksBackend;

    const LINGERS: bool = false;

    fn fresh(&self) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        self.parent.path().join(number.to_string()).to_str().unwrap().to_owned()
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    async fn open(&self, place: &str) -> Result<RocksBackend, StorageError> {
        RocksBackend::open(place, &small())
    }

    async fn open_or_create(&self, place: &str) -> Result<RocksBackend, StorageError> {
        RocksBackend::open_or_create(place, &small())
    }
}

fn child(work: Workload, appends: u64) {
    block_on(append_until_stopped(work, appends, async |place| RocksBackend::open_or_create(place, &small())));
}

#[test]
#[ignore = "the child of the other tests; does nothing by itself"]
fn child_appends_until_it_is_killed() {
    child(WORK, u64::MAX);
}

#[test]
#[ignore = "the child of the other test; does nothing by itself"]
fn child_appends_until_writing_fails() {
    child(LIMITED, 150);
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    let kills = Kills {
        child: "child_appends_until_it_is_killed",
        work: WORK,
        trials: number("ZKL_CRASH_TRIALS", 20),
        seed: number("ZKL_CRASH_SEED", 1),
        steps: 1,
        pause: Duration::from_millis(60),
        longest: 3_000,
    };
    kill_writers(&Dirs::new(), &kills);
}

#[test]
fn a_second_writer_in_another_process_is_locked_out() {
    let dir = tempfile::tempdir().unwrap();
    let _first = RocksBackend::create(dir.path(), &small()).unwrap();
    let child = run_child("child_appends_until_it_is_killed", dir.path().to_str().unwrap(), Vec::new()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.lines().any(|line| line == "open Locked"), "{text}");
}

#[test]
fn a_write_that_fails_at_any_byte_is_reported_ends_writing_and_loses_nothing() {
    let limits = Limits {
        child: "child_appends_until_writing_fails",
        work: LIMITED,
        trials: number("ZKL_FAULT_TRIALS", 12),
        seed: number("ZKL_FAULT_SEED", 1),
        // With the buffers of `small`, a log reaches this before it is replaced.
        largest_file: 200 << 10,
        longest: 1_500,
    };
    fail_at_any_byte(&Dirs::new(), &limits);
}

struct Disk(PathBuf);

#[async_trait]
impl OnDisk for Disk {
    type Backend = RocksBackend;

    const OUTLIVES: bool = true;

    async fn create(&self) -> Result<RocksBackend, StorageError> {
        RocksBackend::create(self.0.join("ledger"), &RocksConfig::default())
    }

    async fn open(&self) -> Result<RocksBackend, StorageError> {
        RocksBackend::open(self.0.join("ledger"), &RocksConfig::default())
    }

    fn start_again(&self) {}
}

#[test]
#[ignore = "the child of the other test; does nothing by itself"]
fn child_fills_its_disk() {
    if let Some(mount) = child_disk() {
        block_on(fill_disk(&Disk(mount.clone()), &mount, 5 << 20));
    }
}

#[test]
fn a_full_disk_is_reported_poisons_the_writer_and_loses_nothing() {
    on_small_disk("child_fills_its_disk", 16);
}
