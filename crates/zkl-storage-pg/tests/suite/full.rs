//! A full disk: a server on a small file system, in a mount namespace of its own (needs root; skipped elsewhere).

use std::path::Path;

use async_trait::async_trait;
use zkl_core::storage::StorageError;
use zkl_storage_pg::{PgBackend, PgConfig};
use zkl_testkit::{
    conformance::block_on,
    full::{OnDisk, child_disk, fill_disk, on_small_disk},
    postgres::{Server, ServerConfig},
};

use crate::support::config;

struct Disk(Server);

impl Disk {
    fn new(mount: &Path) -> Self {
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        // Small logs of the server, so that tables fill the disk and not only these.
        let config = ServerConfig {
            parent: Some(mount.to_owned()),
            init: vec!["--wal-segsize=1".to_owned()],
            settings: vec![
                setting("max_wal_size", "8MB"),
                setting("min_wal_size", "4MB"),
                setting("shared_buffers", "16MB"),
                setting("dynamic_shared_memory_type", "posix"),
            ],
            ..ServerConfig::default()
        };
        Self(Server::start(config).unwrap())
    }
}

#[async_trait]
impl OnDisk for Disk {
    type Backend = PgBackend;

    const OUTLIVES: bool = false;

    async fn create(&self) -> Result<PgBackend, StorageError> {
        PgBackend::create(&self.0.url(), &PgConfig { attempts: 2, ..config() }).await
    }

    async fn open(&self) -> Result<PgBackend, StorageError> {
        PgBackend::open(&self.0.url(), &config()).await
    }

    fn start_again(&self) {
        self.0.stop().unwrap();
        self.0.start_again().unwrap();
    }
}

#[test]
#[ignore = "the child of the other test; does nothing by itself"]
fn child_fills_its_disk() {
    if let Some(mount) = child_disk() {
        block_on(fill_disk(&Disk::new(&mount), &mount, 60 << 20));
    }
}

#[test]
fn a_full_disk_is_reported_and_loses_nothing() {
    on_small_disk("full::child_fills_its_disk", 160);
}
