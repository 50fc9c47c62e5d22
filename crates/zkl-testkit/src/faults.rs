//! A backend that fails on command.
//!
//! [`FaultyBackend`] wraps any [`StorageBackend`]. A [`FaultPlan`] says which call of which operation fails and how: above all
//! whether the failed call had already done its work, which is what callers get wrong.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use thiserror::Error;
use zkl_core::{
    digest::{BlobDigest, TransactionId},
    name::DatasetName,
    storage::{AppendBatch, DatasetSummary, Head, Query, StorageBackend, StorageError, StorageErrorKind},
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};

/// A method of [`StorageBackend`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// [`StorageBackend::head`].
    Head,
    /// [`StorageBackend::append`].
    Append,
    /// [`StorageBackend::transaction`].
    Transaction,
    /// [`StorageBackend::find`].
    Find,
    /// [`StorageBackend::datasets`].
    Datasets,
    /// [`StorageBackend::tile`].
    Tile,
    /// [`StorageBackend::put_blob`].
    PutBlob,
    /// [`StorageBackend::blob`].
    Blob,
    /// [`StorageBackend::put_cosigned`].
    PutCosigned,
    /// [`StorageBackend::cosigned`].
    Cosigned,
}

impl Operation {
    /// All methods.
    pub const ALL: [Self; 10] = [
        Self::Head,
        Self::Append,
        Self::Transaction,
        Self::Find,
        Self::Datasets,
        Self::Tile,
        Self::PutBlob,
        Self::Blob,
        Self::PutCosigned,
        Self::Cosigned,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Append => "append",
            Self::Transaction => "transaction",
            Self::Find => "find",
            Self::Datasets => "datasets",
            Self::Tile => "tile",
            Self::PutBlob => "put_blob",
            Self::Blob => "blob",
            Self::PutCosigned => "put_cosigned",
            Self::Cosigned => "cosigned",
        }
    }
}

/// What happens to a call. `persisted` says whether the wrapped backend has done the work before the caller sees the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// [`StorageErrorKind::Unavailable`], retryable.
    Fail {
        /// Whether the work was done.
        persisted: bool,
    },
    /// [`StorageErrorKind::Timeout`], retryable.
    TimeOut {
        /// Whether the work was done.
        persisted: bool,
    },
    /// [`StorageErrorKind::Io`], and every later `append`, `put_blob` and `put_cosigned` answers
    /// [`StorageErrorKind::Poisoned`] until [`FaultyBackend::reopen`].
    Poison {
        /// Whether the work was done.
        persisted: bool,
    },
    /// The call waits before it does its work, and then succeeds.
    Delay(Duration),
}

/// The source of every injected error, by which a test can tell it from a real one.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("injected {fault:?} into call {call} of {operation:?}")]
pub struct InjectedFault {
    /// The method.
    pub operation: Operation,
    /// Number of the call, from 0, among the calls of this method.
    pub call: u64,
    /// What was done to it.
    pub fault: Fault,
}

/// Which calls fail.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    fixed: BTreeMap<(Operation, u64), Fault>,
    random: Option<RandomFaults>,
}

#[derive(Clone, Debug)]
struct RandomFaults {
    rng: ChaCha8Rng,
    operations: Vec<Operation>,
    per_thousand: u32,
    faults: Vec<Fault>,
}

impl FaultPlan {
    /// No faults.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds `fault` at call number `call` (from 0) of `operation`.
    #[must_use]
    pub fn with(mut self, operation: Operation, call: u64, fault: Fault) -> Self {
        self.fixed.insert((operation, call), fault);
        self
    }

    /// Lets a call of one of `operations` meet, with a chance of `per_thousand`, one of `faults`. The same seed and sequence
    /// of calls give the same faults.
    #[must_use]
    pub fn randomly(mut self, seed: u64, operations: &[Operation], per_thousand: u32, faults: &[Fault]) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        self.random =
            Some(RandomFaults { rng, operations: operations.to_vec(), per_thousand, faults: faults.to_vec() });
        self
    }

    fn fault(&mut self, operation: Operation, call: u64) -> Option<Fault> {
        self.fixed.get(&(operation, call)).copied().or_else(|| self.random.as_mut()?.draw(operation))
    }
}

impl RandomFaults {
    fn draw(&mut self, operation: Operation) -> Option<Fault> {
        if !self.operations.contains(&operation) || self.rng.next_u32() % 1_000 >= self.per_thousand {
            return None;
        }
        let choice = self.rng.next_u64().checked_rem(self.faults.len() as u64)?;
        self.faults.get(usize::try_from(choice).ok()?).copied()
    }
}

/// Wraps a backend and injects faults.
pub struct FaultyBackend<S> {
    inner: S,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    plan: FaultPlan,
    calls: BTreeMap<Operation, u64>,
    injected: Vec<InjectedFault>,
    poisoned: bool,
}

impl<S> FaultyBackend<S> {
    /// Wraps `inner`.
    pub fn new(inner: S, plan: FaultPlan) -> Self {
        Self { inner, state: Mutex::new(State { plan, ..State::default() }) }
    }

    /// The wrapped backend, to look at what was really stored.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// The wrapped backend.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// Replaces the plan; calls go on being counted from where they are.
    pub fn set_plan(&self, plan: FaultPlan) {
        self.state().plan = plan;
    }

    /// Ends the effect of [`Fault::Poison`], as reopening a store does.
    pub fn reopen(&self) {
        self.state().poisoned = false;
    }

    /// Calls of `operation` so far, failed ones included.
    pub fn calls(&self, operation: Operation) -> u64 {
        self.state().calls.get(&operation).copied().unwrap_or(0)
    }

    /// Every fault injected so far, in order.
    pub fn injected(&self) -> Vec<InjectedFault> {
        self.state().injected.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the call and decides on its fault.
    fn begin(&self, operation: Operation) -> Result<Option<InjectedFault>, StorageError> {
        let mut state = self.state();
        let count = state.calls.entry(operation).or_insert(0);
        let call = *count;
        *count += 1;
        if state.poisoned && matches!(operation, Operation::Append | Operation::PutBlob | Operation::PutCosigned) {
            return Err(StorageError::new(operation.as_str(), StorageErrorKind::Poisoned));
        }
        let Some(fault) = state.plan.fault(operation, call) else {
            return Ok(None);
        };
        let injected = InjectedFault { operation, call, fault };
        state.injected.push(injected);
        state.poisoned |= matches!(fault, Fault::Poison { .. });
        Ok(Some(injected))
    }

    /// Runs `work` as the plan says.
    async fn run<T>(
        &self,
        operation: Operation,
        work: impl Future<Output = Result<T, StorageError>> + Send,
    ) -> Result<T, StorageError> {
        let Some(injected) = self.begin(operation)? else {
            return work.await;
        };
        let (kind, retryable, persisted) = match injected.fault {
            Fault::Delay(time) => {
                tokio::time::sleep(time).await;
                return work.await;
            }
            Fault::Fail { persisted } => (StorageErrorKind::Unavailable, true, persisted),
            Fault::TimeOut { persisted } => (StorageErrorKind::Timeout, true, persisted),
            Fault::Poison { persisted } => (StorageErrorKind::Io, false, persisted),
        };
        if persisted {
            // What the store itself refuses is refused: only a success can hide behind the fault.
            work.await?;
        }
        let error = StorageError::new(operation.as_str(), kind).with_source(injected);
        Err(if retryable { error.retryable() } else { error })
    }
}

impl<S: fmt::Debug> fmt::Debug for FaultyBackend<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyBackend").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[async_trait]
impl<S: StorageBackend> StorageBackend for FaultyBackend<S> {
    async fn head(&self) -> Result<Option<Head>, StorageError> {
        self.run(Operation::Head, self.inner.head()).await
    }

    async fn append(&self, expected: TreeSize, batch: AppendBatch) -> Result<(), StorageError> {
        self.run(Operation::Append, self.inner.append(expected, batch)).await
    }

    async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, StorageError> {
        self.run(Operation::Transaction, self.inner.transaction(id)).await
    }

    async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, StorageError> {
        self.run(Operation::Find, self.inner.find(query)).await
    }

    async fn datasets(&self, after: Option<&DatasetName>, limit: usize) -> Result<Vec<DatasetSummary>, StorageError> {
        self.run(Operation::Datasets, self.inner.datasets(after, limit)).await
    }

    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError> {
        self.run(Operation::Tile, self.inner.tile(id)).await
    }

    async fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, StorageError> {
        self.run(Operation::PutBlob, self.inner.put_blob(bytes)).await
    }

    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, StorageError> {
        self.run(Operation::Blob, self.inner.blob(digest)).await
    }

    async fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), StorageError> {
        self.run(Operation::PutCosigned, self.inner.put_cosigned(size, checkpoint)).await
    }

    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, StorageError> {
        self.run(Operation::Cosigned, self.inner.cosigned(at_most)).await
    }
}
