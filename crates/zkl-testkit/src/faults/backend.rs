//! The wrapper that carries out a plan.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tokio::task::JoinHandle;
use zkl_core::{
    digest::{BlobDigest, TransactionId},
    name::DatasetName,
    storage::{AppendBatch, DatasetSummary, Head, Query, StorageBackend, StorageError, StorageErrorKind},
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};

use super::{Fault, FaultPlan, InjectedFault, Operation, stale::View};

/// Wraps a backend and injects faults.
///
/// One wrapper stands for one process at the store: what is acknowledged through it is what its stale reads must still show,
/// and its poisoning ends with its own [`reopen`](Self::reopen). Several wrappers around clones of one handle are several
/// processes.
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
    /// The newest head acknowledged through this wrapper, and all blobs and cosigned checkpoints.
    acknowledged: Option<Head>,
    blobs: BTreeSet<BlobDigest>,
    cosigned: BTreeMap<TreeSize, String>,
    /// Work that outlives its call.
    late: Vec<JoinHandle<()>>,
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

    /// Every fault injected so far, in order. A read that was to be stale counts only when there was something newer to
    /// hide.
    pub fn injected(&self) -> Vec<InjectedFault> {
        self.state().injected.clone()
    }

    /// Waits until all work that outlived its call has ended.
    pub async fn settle(&self) {
        loop {
            let late = std::mem::take(&mut self.state().late);
            if late.is_empty() {
                return;
            }
            for work in late {
                // The outcome was unknown to the caller, and stays so.
                let _ = work.await;
            }
        }
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
        if state.poisoned && operation.writes() {
            return Err(StorageError::new(operation.as_str(), StorageErrorKind::Poisoned));
        }
        let Some(fault) = state.plan.fault(operation, call) else {
            return Ok(None);
        };
        let injected = InjectedFault { operation, call, fault };
        if fault != Fault::Stale {
            state.injected.push(injected);
        }
        Ok(Some(injected))
    }

    /// Runs `work` as the plan says.
    async fn run<T>(
        &self,
        injected: Option<InjectedFault>,
        work: impl Future<Output = Result<T, StorageError>> + Send,
    ) -> Result<T, StorageError> {
        let Some(injected) = injected else {
            return work.await;
        };
        let (kind, persisted) = match injected.fault {
            Fault::Delay(time) => {
                tokio::time::sleep(time).await;
                return work.await;
            }
            Fault::Drop(time) => match tokio::time::timeout(time, work).await {
                Ok(answer) => return answer,
                Err(_) => return Err(failure(injected, StorageErrorKind::Timeout)),
            },
            // Taken care of by the methods themselves.
            Fault::LandLate(_) | Fault::Stale => return work.await,
            Fault::Fail { persisted } => (StorageErrorKind::Unavailable, persisted),
            Fault::TimeOut { persisted } => (StorageErrorKind::Timeout, persisted),
            Fault::Poison { persisted } => (StorageErrorKind::Io, persisted),
        };
        if persisted {
            // What the store itself refuses is refused: only a success can hide behind the fault.
            work.await?;
        }
        if matches!(injected.fault, Fault::Poison { .. }) {
            self.state().poisoned = true;
        }
        Err(failure(injected, kind))
    }
}

fn failure(injected: InjectedFault, kind: StorageErrorKind) -> StorageError {
    let retryable = kind != StorageErrorKind::Io;
    let error = StorageError::new(injected.operation.as_str(), kind).with_source(injected);
    if retryable { error.retryable() } else { error }
}

impl<S: StorageBackend + Clone + 'static> FaultyBackend<S> {
    /// Hands `work` to the store later than the caller sees it fail.
    fn land_late<T, F>(&self, injected: InjectedFault, work: impl FnOnce(S) -> F + Send + 'static) -> StorageError
    where
        F: Future<Output = Result<T, StorageError>> + Send,
    {
        let inner = self.inner.clone();
        let late = tokio::spawn(async move {
            if let Fault::LandLate(time) = injected.fault {
                tokio::time::sleep(time).await;
            }
            // Nobody is left to tell.
            let _ = work(inner).await;
        });
        self.state().late.push(late);
        failure(injected, StorageErrorKind::Timeout)
    }

    /// `newest`, or, for a read that is to be stale, what `own` finds among what this wrapper acknowledged.
    fn unless_stale<T: PartialEq>(
        &self,
        injected: Option<InjectedFault>,
        newest: Option<T>,
        own: impl FnOnce(&State) -> Option<T>,
    ) -> Option<T> {
        let Some(injected) = injected.filter(|injected| injected.fault == Fault::Stale) else {
            return newest;
        };
        let mut state = self.state();
        let own = own(&state);
        if own != newest {
            state.injected.push(injected);
        }
        own
    }

    /// The view that a stale read has, when there is something newer that it hides.
    async fn view(&self, injected: Option<InjectedFault>) -> Result<Option<View<'_, S>>, StorageError> {
        let Some(injected) = injected.filter(|injected| injected.fault == Fault::Stale) else {
            return Ok(None);
        };
        let newest = self.inner.head().await?;
        let mut state = self.state();
        let head = state.acknowledged.clone();
        if head == newest {
            return Ok(None);
        }
        state.injected.push(injected);
        Ok(Some(View { inner: &self.inner, head }))
    }
}

impl<S: fmt::Debug> fmt::Debug for FaultyBackend<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyBackend").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[async_trait]
impl<S: StorageBackend + Clone + 'static> StorageBackend for FaultyBackend<S> {
    async fn head(&self) -> Result<Option<Head>, StorageError> {
        let injected = self.begin(Operation::Head)?;
        match self.view(injected).await? {
            Some(view) => Ok(view.head),
            None => self.run(injected, self.inner.head()).await,
        }
    }

    async fn append(&self, expected: TreeSize, batch: AppendBatch) -> Result<(), StorageError> {
        let injected = self.begin(Operation::Append)?;
        if let Some(injected) = injected.filter(|injected| matches!(injected.fault, Fault::LandLate(_))) {
            return Err(self.land_late(injected, move |inner| async move { inner.append(expected, batch).await }));
        }
        let head = batch.head.clone();
        self.run(injected, self.inner.append(expected, batch)).await?;
        let mut state = self.state();
        if state.acknowledged.as_ref().is_none_or(|before| before.size < head.size) {
            state.acknowledged = Some(head);
        }
        Ok(())
    }

    async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, StorageError> {
        let injected = self.begin(Operation::Transaction)?;
        match self.view(injected).await? {
            Some(view) => view.transaction(id).await,
            None => self.run(injected, self.inner.transaction(id)).await,
        }
    }

    async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, StorageError> {
        let injected = self.begin(Operation::Find)?;
        match self.view(injected).await? {
            Some(view) => view.find(query).await,
            None => self.run(injected, self.inner.find(query)).await,
        }
    }

    async fn datasets(&self, after: Option<&DatasetName>, limit: usize) -> Result<Vec<DatasetSummary>, StorageError> {
        let injected = self.begin(Operation::Datasets)?;
        match self.view(injected).await? {
            Some(view) => view.datasets(after, limit).await,
            None => self.run(injected, self.inner.datasets(after, limit)).await,
        }
    }

    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError> {
        let injected = self.begin(Operation::Tile)?;
        match self.view(injected).await? {
            Some(view) => view.tile(id).await,
            None => self.run(injected, self.inner.tile(id)).await,
        }
    }

    async fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, StorageError> {
        let injected = self.begin(Operation::PutBlob)?;
        if let Some(injected) = injected.filter(|injected| matches!(injected.fault, Fault::LandLate(_))) {
            let bytes = bytes.to_vec();
            return Err(self.land_late(injected, move |inner| async move { inner.put_blob(&bytes).await }));
        }
        let digest = self.run(injected, self.inner.put_blob(bytes)).await?;
        self.state().blobs.insert(digest);
        Ok(digest)
    }

    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, StorageError> {
        let injected = self.begin(Operation::Blob)?;
        let newest = self.run(injected, self.inner.blob(digest)).await?;
        let own = newest.clone();
        Ok(self.unless_stale(injected, newest, |state| own.filter(|_| state.blobs.contains(&digest))))
    }

    async fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), StorageError> {
        let injected = self.begin(Operation::PutCosigned)?;
        let text = checkpoint.to_owned();
        if let Some(injected) = injected.filter(|injected| matches!(injected.fault, Fault::LandLate(_))) {
            return Err(self.land_late(injected, move |inner| async move { inner.put_cosigned(size, &text).await }));
        }
        self.run(injected, self.inner.put_cosigned(size, checkpoint)).await?;
        self.state().cosigned.insert(size, text);
        Ok(())
    }

    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, StorageError> {
        let injected = self.begin(Operation::Cosigned)?;
        let newest = self.run(injected, self.inner.cosigned(at_most)).await?;
        Ok(self.unless_stale(injected, newest, |state| {
            let own = state.cosigned.range(..=at_most).next_back();
            own.map(|(size, text)| (*size, text.clone()))
        }))
    }
}
