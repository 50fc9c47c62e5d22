//! The fault trials over the in-memory store, and over stores that break the contract: the trials must notice.

#![expect(clippy::panic, reason = "helpers of tests fail like tests")]

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use zkl_core::{
    digest::{BlobDigest, TransactionId},
    name::DatasetName,
    storage::{AppendBatch, DatasetSummary, Head, Query, StorageBackend, StorageError},
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};
use zkl_ledger::memory::MemoryBackend;
use zkl_testkit::{
    conformance::{BackendFactory, block_on},
    faults::{Fault, Operation},
    trials::{FaultTrials, SharedBackendFactory},
};

/// A clone of a handle stands for the reopened ledger, and for another process at it.
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

#[async_trait]
impl SharedBackendFactory for MemoryFactory {
    async fn open_another(&self, backend: &MemoryBackend) -> MemoryBackend {
        backend.clone()
    }
}

#[test]
fn faults_lose_nothing_and_fork_nothing() {
    let report = block_on(FaultTrials::from_env().run(&MemoryFactory));
    println!("{report}");
    assert_eq!(report.stopped, 0, "the store failed by itself");
}

#[test]
fn writers_with_handles_of_their_own_lose_nothing_and_fork_nothing() {
    println!("{}", block_on(FaultTrials::from_env().run_shared(&MemoryFactory)));
}

#[test]
fn the_matrix_has_every_fault_of_every_method() {
    let matrix = FaultTrials::matrix();
    for operation in Operation::ALL {
        let has = |fault: Fault| matrix.iter().any(|(o, f)| *o == operation && f.as_str() == fault.as_str());
        assert!(has(Fault::Fail { persisted: false }) && has(Fault::TimeOut { persisted: false }), "{operation:?}");
        assert!(has(Fault::Delay(std::time::Duration::ZERO)), "{operation:?}");
        assert_eq!(has(Fault::Fail { persisted: true }), operation.writes(), "{operation:?}");
        assert_eq!(has(Fault::Stale), !operation.writes(), "{operation:?}");
    }
}

/// How a store breaks the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breach {
    /// Every 20th append is acknowledged and not carried out.
    ForgetsAnAppend,
    /// Every 20th append is carried out without its last transaction, under a head that has it.
    TearsABatch,
    /// Every 20th append keeps no tiles.
    ForgetsTiles,
    /// Reopening loses what was put last.
    ForgetsBlobs,
    /// Some cosigned checkpoints are acknowledged and not kept.
    ForgetsCosignatures,
    /// An id that is there already is taken again.
    TakesAnIdTwice,
    /// Every 20th append of a conflict is answered as if it had succeeded.
    HidesAConflict,
    /// The second handle of a ledger writes to a ledger of its own.
    Forks,
    /// Entries of one dataset are left out of its index.
    LosesAnIndex,
}

#[derive(Clone)]
struct Broken {
    inner: MemoryBackend,
    breach: Breach,
    appends: Arc<AtomicU64>,
}

#[async_trait]
impl StorageBackend for Broken {
    async fn head(&self) -> Result<Option<Head>, StorageError> {
        self.inner.head().await
    }

    async fn append(&self, expected: TreeSize, mut batch: AppendBatch) -> Result<(), StorageError> {
        let due = self.appends.fetch_add(1, Ordering::SeqCst) % 20 == 19;
        match self.breach {
            Breach::ForgetsAnAppend if due => return Ok(()),
            Breach::ForgetsTiles if due => batch.tiles.clear(),
            Breach::TearsABatch if due => {
                batch.transactions.pop();
                batch.tiles.clear();
                batch.head.size.0 -= 1;
            }
            Breach::TakesAnIdTwice => {
                // The store would know the id by itself; so it is changed, and with it the leaf in the log.
                for transaction in &mut batch.transactions {
                    if self.inner.transaction(transaction.id).await?.is_some() {
                        let mut bytes = *transaction.id.as_bytes();
                        bytes[0] ^= 1;
                        transaction.id = TransactionId::new(bytes);
                    }
                }
            }
            Breach::HidesAConflict if due => {
                let _ = self.inner.append(expected, batch).await;
                return Ok(());
            }
            _ => {}
        }
        self.inner.append(expected, batch).await
    }

    async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, StorageError> {
        self.inner.transaction(id).await
    }

    async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, StorageError> {
        let mut found = self.inner.find(query).await?;
        if self.breach == Breach::LosesAnIndex && query.dataset.is_some() {
            found.retain(|transaction| transaction.index.0 % 7 != 3);
        }
        Ok(found)
    }

    async fn datasets(&self, after: Option<&DatasetName>, limit: usize) -> Result<Vec<DatasetSummary>, StorageError> {
        self.inner.datasets(after, limit).await
    }

    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.tile(id).await
    }

    async fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, StorageError> {
        if self.breach == Breach::ForgetsBlobs && self.appends.load(Ordering::SeqCst) > 20 {
            return Ok(BlobDigest::of(bytes));
        }
        self.inner.put_blob(bytes).await
    }

    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, StorageError> {
        self.inner.blob(digest).await
    }

    async fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), StorageError> {
        if self.breach == Breach::ForgetsCosignatures && size.0.is_multiple_of(3) {
            return Ok(());
        }
        self.inner.put_cosigned(size, checkpoint).await
    }

    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, StorageError> {
        self.inner.cosigned(at_most).await
    }
}

#[async_trait]
impl BackendFactory for Breach {
    type Backend = Broken;

    async fn create(&self) -> Broken {
        Broken { inner: MemoryBackend::new(), breach: *self, appends: Arc::default() }
    }

    async fn reopen(&self, backend: Broken) -> Broken {
        backend
    }
}

#[async_trait]
impl SharedBackendFactory for Breach {
    async fn open_another(&self, backend: &Broken) -> Broken {
        let mut other = backend.clone();
        if *self == Breach::Forks {
            other.inner = MemoryBackend::new();
        }
        other
    }
}

/// What the trials say about a store with this breach.
fn verdict(breach: Breach) -> String {
    let trials = FaultTrials { trials: 60, per_thousand: 100, ..FaultTrials::from_env() };
    // Writers panic in tasks of their own; their messages are what is looked for.
    let run = AssertUnwindSafe(|| block_on(trials.run_shared(&breach)));
    match std::panic::catch_unwind(run) {
        Ok(report) => panic!("{breach:?} was not noticed in {} trials", report.trials),
        Err(panic) => panic.downcast_ref::<String>().cloned().unwrap_or_default(),
    }
}

#[test]
fn a_store_that_breaks_the_contract_is_noticed() {
    for (breach, complaints) in [
        (Breach::ForgetsAnAppend, ["by its id", "forked", "is not in its place"].as_slice()),
        (Breach::TearsABatch, &["forked", "by its id", "do not have the root", "made no progress"]),
        (Breach::ForgetsTiles, &["made no progress", "TileId"]),
        (Breach::ForgetsBlobs, &["blob"]),
        (Breach::ForgetsCosignatures, &["a cosigned checkpoint", "the acknowledged cosigned"]),
        (Breach::TakesAnIdTwice, &["does not have its id", "do not have the root", "forked", "by its id"]),
        (Breach::HidesAConflict, &["by its id", "forked", "is not in its place"]),
        (Breach::Forks, &["forked", "nobody wrote", "entries was seen", "is not in its place"]),
        (Breach::LosesAnIndex, &["Query"]),
    ] {
        let verdict = verdict(breach);
        assert!(complaints.iter().any(|complaint| verdict.contains(complaint)), "{breach:?}: {verdict}");
    }
}
