//! The fault trials over the in-memory store, and over stores that break the contract: the trials must notice.

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use zkl_core::{
    digest::{BlobDigest, TransactionId},
    name::DatasetName,
    storage::{AppendBatch, DatasetSummary, Head, Query, StorageBackend, StorageError, StorageErrorKind},
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};
use zkl_ledger::storage::memory::MemoryBackend;
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

/// How a store breaks the contract. A breach that comes "now and then" comes every fifth time that it can, so that none depends
/// on how the writers happen to meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breach {
    /// Now and then an append is acknowledged and not carried out.
    ForgetsAnAppend,
    /// Now and then a batch is kept without its last entry, under a head that has it.
    TearsABatch,
    /// Now and then the tiles of an append are not kept.
    ForgetsTiles,
    /// Now and then a blob is acknowledged and not kept.
    ForgetsBlobs,
    /// Some cosigned checkpoints are acknowledged and not kept.
    ForgetsCosignatures,
    /// An id that is there already is taken again.
    TakesAnIdTwice,
    /// Now and then a conflict is answered as if the append had succeeded.
    HidesAConflict,
    /// The second handle of a ledger writes to a ledger of its own.
    Forks,
    /// Entries of one dataset are left out of its index.
    LosesAnIndex,
}

/// How often "now and then" is.
const EVERY: u64 = 5;

#[derive(Clone)]
struct Broken {
    inner: MemoryBackend,
    breach: Breach,
    /// Times that the breach could have come.
    chances: Arc<AtomicU64>,
    /// An entry that the next look for it does not see yet.
    hidden: Arc<Mutex<Option<TransactionId>>>,
}

impl Broken {
    fn now(&self, breach: Breach) -> bool {
        self.breach == breach && self.chances.fetch_add(1, Ordering::SeqCst) % EVERY == EVERY - 1
    }

    /// Carries out `batch` and lets its writer believe that it has to be repeated, as a store may; then takes its ids again, which
    /// none may.
    async fn append_twice(&self, expected: TreeSize, mut batch: AppendBatch) -> Result<(), StorageError> {
        let first = batch.transactions[0].id;
        for transaction in &mut batch.transactions {
            // The store would know the id by itself; so it is changed, and with it the leaf in the log.
            if self.inner.transaction(transaction.id).await?.is_some() {
                let mut bytes = *transaction.id.as_bytes();
                bytes[0] ^= 1;
                transaction.id = TransactionId::new(bytes);
            }
        }
        self.inner.append(expected, batch).await?;
        if self.now(Breach::TakesAnIdTwice) {
            *self.hidden.lock().unwrap() = Some(first);
            return Err(StorageError::new("append", StorageErrorKind::Timeout).retryable());
        }
        Ok(())
    }
}

#[async_trait]
impl StorageBackend for Broken {
    async fn head(&self) -> Result<Option<Head>, StorageError> {
        let head = self.inner.head().await;
        // Others come in between, also where there is one processor.
        tokio::task::yield_now().await;
        head
    }

    async fn append(&self, expected: TreeSize, mut batch: AppendBatch) -> Result<(), StorageError> {
        if self.breach == Breach::TakesAnIdTwice {
            return self.append_twice(expected, batch).await;
        }
        let size = self.inner.head().await?.map_or(TreeSize(0), |head| head.size);
        if size == expected {
            if self.now(Breach::ForgetsAnAppend) {
                return Ok(());
            }
            if self.now(Breach::ForgetsTiles) {
                batch.tiles.clear();
            }
            if batch.transactions.len() > 1 && self.now(Breach::TearsABatch) {
                batch.transactions.pop();
                batch.tiles.clear();
                batch.head.size.0 -= 1;
            }
        }
        match self.inner.append(expected, batch).await {
            Err(StorageError { kind: StorageErrorKind::Conflict { .. }, .. }) if self.now(Breach::HidesAConflict) => {
                Ok(())
            }
            answer => answer,
        }
    }

    async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, StorageError> {
        if self.hidden.lock().unwrap().take_if(|hidden| *hidden == id).is_some() {
            return Ok(None);
        }
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
        if self.now(Breach::ForgetsBlobs) {
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
        Broken { inner: MemoryBackend::new(), breach: *self, chances: Arc::default(), hidden: Arc::default() }
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
        (Breach::TearsABatch, &["forked", "by its id", "do not have the root", "made no progress", "a continuation"]),
        (Breach::ForgetsTiles, &["made no progress", "TileId"]),
        (Breach::ForgetsBlobs, &["blob"]),
        (Breach::ForgetsCosignatures, &["a cosigned checkpoint", "the acknowledged cosigned"]),
        (Breach::TakesAnIdTwice, &["does not have its id", "do not have the root", "forked", "by its id"]),
        (Breach::HidesAConflict, &["by its id", "forked", "is not in its place"]),
        (Breach::Forks, &["forked", "nobody wrote", "entries was seen", "is not in its place", "a continuation"]),
        (Breach::LosesAnIndex, &["Query"]),
    ] {
        let verdict = verdict(breach);
        assert!(complaints.iter().any(|complaint| verdict.contains(complaint)), "{breach:?}: {verdict}");
    }
}
