//! The storage contract, held by the in-memory backend.

use async_trait::async_trait;
use zkl_ledger::storage::memory::MemoryBackend;
use zkl_testkit::{conformance::BackendFactory, storage_conformance};

/// A clone of a handle stands for the reopened ledger.
struct MemoryFactory;

#[async_trait]
impl BackendFactory for MemoryFactory {
    type Backend = MemoryBackend;

    async fn create(&self) -> MemoryBackend {
        MemoryBackend::new()
    }

    async fn reopen(&self, backend: MemoryBackend) -> MemoryBackend {
        backend.clone()
    }
}

storage_conformance!(MemoryFactory);
