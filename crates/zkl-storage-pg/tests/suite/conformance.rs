//! The storage contract, held by PostgreSQL.

use async_trait::async_trait;
use zkl_storage_pg::PgBackend;
use zkl_testkit::{conformance::BackendFactory, postgres::shared, storage_conformance};

use crate::support;

/// Ledgers in schemas of the shared server.
struct PgFactory;

#[async_trait]
impl BackendFactory for PgFactory {
    type Backend = PgBackend;

    async fn create(&self) -> PgBackend {
        support::fresh().await.1
    }

    async fn reopen(&self, backend: PgBackend) -> PgBackend {
        let url = format!("{}?schema={}", shared().url(), backend.schema());
        drop(backend);
        PgBackend::open(&url, &support::config()).await.unwrap()
    }
}

storage_conformance!(PgFactory);
