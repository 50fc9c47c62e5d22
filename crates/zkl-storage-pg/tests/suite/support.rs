//! What several modules need.

use zkl_core::storage::{StorageBackend, StorageBackendExt, StorageError, StorageErrorKind};
use zkl_storage_pg::{PgBackend, PgConfig};
use zkl_testkit::{conformance::assert_holds, log::TestLog, postgres::shared};

pub(crate) fn config() -> PgConfig {
    PgConfig::default()
}

/// A new ledger on the shared server, and its URL.
pub(crate) async fn fresh() -> (String, PgBackend) {
    let url = shared().fresh_url();
    let backend = PgBackend::create(&url, &config()).await.unwrap();
    (url, backend)
}

/// A new ledger on the shared server that holds the first `size` entries of `log`.
pub(crate) async fn with_entries(log: TestLog, size: u64) -> (String, PgBackend) {
    let (url, backend) = fresh().await;
    append(&backend, log, 0, size).await;
    (url, backend)
}

pub(crate) async fn append(backend: &PgBackend, log: TestLog, from: u64, count: u64) {
    backend.append(zkl_core::tree::TreeSize(from), log.batch(from, count)).await.unwrap();
}

pub(crate) fn kind<T>(result: Result<T, StorageError>) -> StorageErrorKind {
    match result {
        Ok(_) => panic!("expected an error"),
        Err(error) => error.kind,
    }
}

/// Opens the ledger at `url` again, checks that it holds exactly its first entries of `log`, among them what was acknowledged,
/// and appends one more. Returns the size then.
pub(crate) async fn reopen_verify_append(url: &str, log: TestLog, acknowledged: u64, at: &str) -> u64 {
    let backend = PgBackend::open(url, &config()).await.unwrap();
    let size = backend.size().await.unwrap().0;
    assert!(size >= acknowledged, "{at}: {size} entries, {acknowledged} were acknowledged");
    assert_holds(&backend, log, size).await;
    append(&backend, log, size, 1).await;
    size + 1
}
