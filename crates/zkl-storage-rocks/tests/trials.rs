//! Fault trials: several writers, every fault at every method, and everything checked again from the stored bytes.
//!
//! `ZKL_FAULT_TRIALS` sets the number of trials; `make stress-storage` makes 1,000.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::time::{Duration, Instant};

use async_trait::async_trait;
use tempfile::TempDir;
use zkl_core::storage::StorageErrorKind;
use zkl_storage_rocks::{RocksBackend, RocksConfig};
use zkl_testkit::{
    conformance::{BackendFactory, block_on},
    trials::FaultTrials,
};

/// Calls that were dropped run to their end, and hold the store open until then.
const LONGEST_CALL: Duration = Duration::from_secs(20);

/// Ledgers with small buffers, so that trials also meet flushes and compactions.
struct SmallRocks {
    root: TempDir,
    config: RocksConfig,
}

impl SmallRocks {
    fn new() -> Self {
        let config = RocksConfig { write_buffer_bytes: 256 << 10, max_wal_bytes: 512 << 10, ..RocksConfig::default() };
        Self { root: tempfile::tempdir().unwrap(), config }
    }
}

#[async_trait]
impl BackendFactory for SmallRocks {
    type Backend = RocksBackend;

    async fn create(&self) -> RocksBackend {
        let dir = tempfile::tempdir_in(self.root.path()).unwrap().keep();
        RocksBackend::create(dir, &self.config).unwrap()
    }

    async fn reopen(&self, backend: RocksBackend) -> RocksBackend {
        let dir = backend.dir().to_owned();
        drop(backend);
        let start = Instant::now();
        loop {
            match RocksBackend::open(&dir, &self.config) {
                Err(error) if error.kind == StorageErrorKind::Locked && start.elapsed() < LONGEST_CALL => {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                opened => return opened.unwrap(),
            }
        }
    }
}

#[test]
fn faults_lose_nothing_and_fork_nothing() {
    let report = block_on(FaultTrials::from_env().run(&SmallRocks::new()));
    println!("{report}");
    assert_eq!(report.stopped, 0, "the store failed by itself");
}
