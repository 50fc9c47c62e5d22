//! The storage contract, held by RocksDB.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use async_trait::async_trait;
use tempfile::TempDir;
use zkl_storage_rocks::{RocksBackend, RocksConfig};
use zkl_testkit::{conformance::BackendFactory, storage_conformance};

/// Ledgers in subdirectories of one temporary directory.
struct RocksFactory {
    root: TempDir,
    config: RocksConfig,
}

impl RocksFactory {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap(), config: RocksConfig::default() }
    }
}

#[async_trait]
impl BackendFactory for RocksFactory {
    type Backend = RocksBackend;

    async fn create(&self) -> RocksBackend {
        let dir = tempfile::tempdir_in(self.root.path()).unwrap().keep();
        RocksBackend::create(dir, &self.config).unwrap()
    }

    async fn reopen(&self, backend: RocksBackend) -> RocksBackend {
        let dir = backend.dir().to_owned();
        drop(backend);
        RocksBackend::open(dir, &self.config).unwrap()
    }
}

storage_conformance!(RocksFactory::new());
