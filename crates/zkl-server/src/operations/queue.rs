//! The queue: places in it, workers, progress, cancellation, and the end.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, watch};
use tracing::{Instrument as _, Span, field::Empty};
use zkl_ledger::{
    Entry, LedgerError,
    home::create_private_dir,
    progress::{Stage, StageReporter},
    types::Timestamp,
};

use super::{
    IdempotencyKey, NewOperation, Operation, OperationId, Outcome, Recorded, Spool, State,
    store::{Files, interrupted},
};
use crate::{
    audit::AuditLog,
    error::ServiceError,
    http::logged,
    metrics::Metrics,
    traces::{self, Parent},
};

/// The stage of an operation that waits for a worker.
const QUEUE: &str = "queue";
/// How long work that is told to end may take to.
const TO_END: Duration = Duration::from_secs(10);

/// Bounds of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationLimits {
    /// Operations that are carried out at a time. One uses every processor.
    pub workers: usize,
    /// Operations and uploads that wait besides; more are refused.
    pub waiting: usize,
    /// Operations and uploads of one subject, of all of these.
    pub per_subject: usize,
    /// Longest upload, in bytes.
    pub upload: u64,
    /// Ended operations that are kept, the newest ones.
    pub kept: usize,
    /// How long they are kept.
    pub kept_for: Duration,
}

impl Default for OperationLimits {
    fn default() -> Self {
        let week = Duration::from_secs(7 * 24 * 60 * 60);
        Self { workers: 1, waiting: 16, per_subject: 8, upload: 1 << 30, kept: 10_000, kept_for: week }
    }
}

/// The work of an operation, given what reports how far it is.
pub type Job =
    Box<dyn FnOnce(Progress) -> std::pin::Pin<Box<dyn Future<Output = Result<Entry, LedgerError>> + Send>> + Send>;

/// All operations.
#[derive(Debug)]
pub struct Operations {
    files: Files,
    spool: PathBuf,
    limits: OperationLimits,
    places: Arc<Semaphore>,
    workers: Semaphore,
    stop: watch::Sender<bool>,
    table: Mutex<Table>,
    metrics: Arc<Metrics>,
    audit: Arc<AuditLog>,
    /// Told of every change of any operation.
    changed: watch::Sender<()>,
    /// Entries that the log must have: one more than the largest index that an operation recorded.
    recorded: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Table {
    operations: BTreeMap<OperationId, Held>,
    /// Idempotency keys of requests that are being received.
    pending: HashSet<(String, IdempotencyKey)>,
    /// Places that each subject holds.
    shares: HashMap<String, usize>,
}

#[derive(Debug)]
struct Held {
    operation: Operation,
    /// Of an operation that has not ended: tells it to.
    cancel: Option<watch::Sender<bool>>,
    /// Whether it is past the point of no return.
    recording: bool,
    /// What it is doing, in a word, and since when.
    stage: (&'static str, Instant),
}

impl Held {
    fn new(operation: Operation, cancel: Option<watch::Sender<bool>>) -> Self {
        Self { operation, cancel, recording: false, stage: (QUEUE, Instant::now()) }
    }
}

/// A place in the queue, taken before an upload is.
#[derive(Debug)]
pub struct Reservation {
    by: String,
    operations: Arc<Operations>,
    _place: OwnedSemaphorePermit,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut table = self.operations.table();
        if let Some(held) = table.shares.get_mut(&self.by) {
            *held -= 1;
            if *held == 0 {
                table.shares.remove(&self.by);
            }
        }
    }
}

/// What an idempotency key says of a request.
#[derive(Debug)]
pub enum Begun {
    /// It is a new one.
    New(Option<Pending>),
    /// It was accepted before, if it is the same request.
    Before(Box<Operation>),
}

/// An idempotency key in use by a request that is being received.
#[derive(Debug)]
pub struct Pending {
    operations: Arc<Operations>,
    key: (String, IdempotencyKey),
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.operations.table().pending.remove(&self.key);
    }
}

/// Tells an operation's followers what it is doing.
#[derive(Clone, Debug)]
pub struct Progress {
    operations: Arc<Operations>,
    id: OperationId,
}

impl StageReporter for Progress {
    fn stage(&self, stage: Stage) {
        if let Some(held) = self.operations.table().operations.get_mut(&self.id) {
            held.recording |= matches!(stage, Stage::Append);
            held.operation.stage = Some(stage.to_string());
            self.operations.next_stage(held, stage.name());
        }
        self.operations.changed.send_replace(());
    }
}

impl Operations {
    /// The operations in `dir`, which is made if it is not there. No other server may use it. Blocking.
    ///
    /// # Errors
    /// [`ServiceError::Io`].
    pub(crate) fn open(
        dir: &Path,
        limits: OperationLimits,
        metrics: Arc<Metrics>,
        audit: Arc<AuditLog>,
    ) -> Result<Arc<Self>, ServiceError> {
        let spool = dir.join("uploads");
        // What a killed server was receiving.
        match fs::remove_dir_all(&spool) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(ServiceError::Io { action: "empty", path: spool, source });
            }
            _ => {}
        }
        create_private_dir(&spool).map_err(|source| ServiceError::Io {
            action: "create",
            path: spool.clone(),
            source,
        })?;
        let files = Files::open(dir.join("operations"))?;
        let loaded = files.load()?;
        let recorded = watch::Sender::new(loaded.values().filter_map(Operation::entries_after).max().unwrap_or(0));
        let operations = loaded.into_iter().map(|(id, operation)| (id, Held::new(operation, None))).collect();
        let table = Mutex::new(Table { operations, ..Table::default() });
        let workers = Semaphore::new(limits.workers);
        let places = Arc::new(Semaphore::new(limits.workers + limits.waiting));
        let (stop, changed) = (watch::Sender::new(false), watch::Sender::new(()));
        Ok(Arc::new(Self { files, spool, limits, places, workers, stop, table, metrics, audit, changed, recorded }))
    }

    /// The bounds.
    pub const fn limits(&self) -> &OperationLimits {
        &self.limits
    }

    /// Takes a place in the queue for the subject `by`.
    ///
    /// # Errors
    /// [`ServiceError::TooManyOperations`], [`ServiceError::Busy`], [`ServiceError::Stopping`].
    pub fn reserve(self: &Arc<Self>, by: &str) -> Result<Reservation, ServiceError> {
        let mut table = self.table();
        let held = table.shares.get(by).copied().unwrap_or(0);
        // Nobody fills the queue for everybody else.
        if held >= self.limits.per_subject {
            return Err(ServiceError::TooManyOperations { max: self.limits.per_subject });
        }
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            Err(TryAcquireError::NoPermits) => return Err(ServiceError::Busy),
            Err(TryAcquireError::Closed) => return Err(ServiceError::Stopping),
        };
        table.shares.insert(by.to_owned(), held + 1);
        Ok(Reservation { by: by.to_owned(), operations: Arc::clone(self), _place: place })
    }

    /// How many operations wait and how many are carried out, and how many places are free.
    pub(crate) fn load(&self) -> (usize, usize, usize) {
        let table = self.table();
        let count = |state: &State| table.operations.values().filter(|held| held.operation.state == *state).count();
        (count(&State::Queued), count(&State::Running), self.places.available_permits())
    }

    /// Entries that the log must have, by what operations recorded.
    pub(crate) fn recorded(&self) -> u64 {
        *self.recorded.borrow()
    }

    /// The log has so many entries, whoever recorded them.
    pub(crate) fn note_recorded(&self, entries: u64) {
        self.recorded.send_if_modified(|most| {
            let more = entries > *most;
            *most = entries.max(*most);
            more
        });
    }

    /// Told when that is more.
    pub(crate) fn entries_recorded(&self) -> watch::Receiver<u64> {
        self.recorded.subscribe()
    }

    /// Told of every change of any operation.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn next_stage(&self, held: &mut Held, stage: &'static str) {
        let (before, since) = held.stage;
        if before != stage {
            self.metrics.stage(before, since.elapsed());
            held.stage = (stage, Instant::now());
        }
    }

    /// Begins an upload.
    ///
    /// # Errors
    /// [`ServiceError::Io`].
    pub async fn spool(&self, _place: &Reservation) -> Result<Spool, ServiceError> {
        Spool::new(&self.spool, self.limits.upload).await
    }

    /// Where the files of operations are.
    pub(crate) fn spool_dir(&self) -> &Path {
        &self.spool
    }

    /// Looks whether `by` sent a request under `key` before. The answer holds the key until it is dropped.
    ///
    /// # Errors
    /// [`ServiceError::IdempotencyPending`].
    pub fn begin(self: &Arc<Self>, by: &str, key: Option<IdempotencyKey>) -> Result<Begun, ServiceError> {
        let Some(key) = key else { return Ok(Begun::New(None)) };
        let mut table = self.table();
        let same = |held: &&Held| held.operation.by == by && held.operation.idempotency_key.as_ref() == Some(&key);
        if let Some(before) = table.operations.values().find(same) {
            return Ok(Begun::Before(Box::new(before.operation.clone())));
        }
        let key = (by.to_owned(), key);
        if !table.pending.insert(key.clone()) {
            return Err(ServiceError::IdempotencyPending);
        }
        Ok(Begun::New(Some(Pending { operations: Arc::clone(self), key })))
    }

    /// Accepts an operation, durably, and has it carried out when a worker is free.
    ///
    /// # Errors
    /// [`ServiceError::Io`], [`ServiceError::Randomness`]: nothing was accepted then.
    pub async fn submit(
        self: &Arc<Self>,
        place: Reservation,
        pending: Option<Pending>,
        new: NewOperation,
        job: Job,
    ) -> Result<Operation, ServiceError> {
        let NewOperation { work, dataset, claim, by, fingerprint } = new;
        let accepted_at = Timestamp::now();
        let operation = Operation {
            id: OperationId::generate(accepted_at)?,
            work,
            dataset,
            claim,
            by,
            accepted_at,
            fingerprint,
            idempotency_key: pending.as_ref().map(|pending| pending.key.1.clone()),
            state: State::Queued,
            stage: None,
        };
        let logged = logged();
        let traced = tracing::debug_span!(
            target: traces::TARGET, parent: &logged, "operation",
            otel.name = work.as_str(), otel.status_code = Empty, zkl.outcome = Empty,
        );
        Parent::current().adopt(&traced);
        // Once begun it is carried out, whether or not the client still waits: what is in a file has a worker.
        let (this, accepted) = (Arc::clone(self), operation.clone());
        tokio::spawn(
            async move {
                this.forget_old().await;
                this.audit.accepted(&accepted).await?;
                this.write(accepted.clone()).await?;
                tracing::info!(operation = accepted.id.as_str(), by = accepted.by, "an operation was accepted");
                let (cancel, cancelled) = watch::channel(false);
                this.table().operations.insert(accepted.id.clone(), Held::new(accepted.clone(), Some(cancel)));
                this.changed.send_replace(());
                drop(pending);
                let id = accepted.id;
                let work = async move {
                    let outcome = this.carry_out(&id, job, cancelled).await;
                    Span::current().record("zkl.outcome", outcome.as_str());
                    if matches!(outcome, Outcome::Failed(_)) {
                        Span::current().record("otel.status_code", "ERROR");
                    }
                    this.end(&id, outcome).await;
                    drop(place);
                };
                // It goes on when the request was answered.
                tokio::spawn(work.instrument(traced).instrument(logged));
                Ok::<_, ServiceError>(())
            }
            .in_current_span(),
        )
        .await??;
        Ok(operation)
    }

    async fn carry_out(self: &Arc<Self>, id: &OperationId, job: Job, mut cancelled: watch::Receiver<bool>) -> Outcome {
        let mut stop = self.stop.subscribe();
        let work = async {
            // Never closed.
            let _worker = self.workers.acquire().await;
            if let Some(held) = self.table().operations.get_mut(id) {
                held.operation.state = State::Running;
                self.next_stage(held, "begin");
            }
            self.changed.send_replace(());
            job(Progress { operations: Arc::clone(self), id: id.clone() }).await
        };
        let done = tokio::select! {
            biased;
            _ = cancelled.wait_for(|cancelled| *cancelled) => return Outcome::Cancelled,
            _ = stop.wait_for(|stop| *stop) => return Outcome::Failed(interrupted()),
            done = work => done,
        };
        match done {
            Ok(entry) => Outcome::Succeeded(Recorded { index: entry.index.0, id: entry.id.to_string() }),
            Err(error) => Outcome::Failed(error.into()),
        }
    }

    /// What came of an operation is in its file before anybody is told.
    async fn end(self: &Arc<Self>, id: &OperationId, outcome: Outcome) {
        let Some(mut operation) = self.find(id) else { return };
        operation.state = State::Ended { at: Timestamp::now(), outcome };
        operation.stage = None;
        if let Err(error) = self.write(operation.clone()).await {
            // It is told all the same; after a restart it will have been interrupted.
            tracing::error!(operation = id.as_str(), error = crate::failure::chain(&error), "an outcome is not kept");
        }
        if let Err(error) = self.audit.ended(&operation).await {
            tracing::error!(
                operation = id.as_str(),
                error = crate::failure::chain(&error),
                "an outcome is not audited"
            );
        }
        if let State::Ended { outcome, .. } = &operation.state {
            self.metrics.ended(operation.work, outcome);
            tracing::info!(operation = id.as_str(), outcome = outcome.as_str(), "an operation ended");
        }
        if let Some(entries) = operation.entries_after() {
            self.note_recorded(entries);
        }
        {
            let mut table = self.table();
            if let Some(held) = table.operations.get_mut(id) {
                self.next_stage(held, "ended");
            }
            table.operations.insert(id.clone(), Held::new(operation, None));
        }
        self.changed.send_replace(());
    }

    /// An operation as it is now.
    pub fn find(&self, id: &OperationId) -> Option<Operation> {
        self.table().operations.get(id).map(|held| held.operation.clone())
    }

    /// The newest operations before `before` that `wanted` wants, at most `limit` of them, the newest first.
    pub fn list(
        &self,
        before: Option<&OperationId>,
        limit: usize,
        wanted: impl Fn(&Operation) -> bool,
    ) -> Vec<Operation> {
        let table = self.table();
        let older = |id: &&OperationId| before.is_none_or(|before| *id < before);
        let newest_first = table.operations.iter().rev().filter(|(id, _)| older(id)).map(|(_, held)| &held.operation);
        newest_first.filter(|operation| wanted(operation)).take(limit).cloned().collect()
    }

    /// Ends an operation that is not being recorded yet, and returns it when it has ended.
    ///
    /// # Errors
    /// [`ServiceError::NoOperation`], [`ServiceError::Ended`], [`ServiceError::Recording`].
    pub async fn cancel(&self, id: &OperationId) -> Result<Operation, ServiceError> {
        let mut ended = {
            let table = self.table();
            let held = table.operations.get(id).ok_or_else(|| ServiceError::NoOperation { id: id.to_string() })?;
            let cancel = held.cancel.as_ref().ok_or(ServiceError::Ended)?;
            if held.recording {
                return Err(ServiceError::Recording);
            }
            cancel.send_replace(true);
            cancel.subscribe()
        };
        // The sender goes when the operation has ended.
        let _ = tokio::time::timeout(TO_END, async { while ended.changed().await.is_ok() {} }).await;
        self.find(id).ok_or_else(|| ServiceError::NoOperation { id: id.to_string() })
    }

    /// Accepts nothing any more, gives what is under way until `grace` is over, and ends the rest.
    pub async fn drain(&self, grace: Duration) {
        let all = u32::try_from(self.limits.workers + self.limits.waiting).unwrap_or(u32::MAX);
        // Whoever waits for the semaphore is served before whoever tries.
        let everything = self.places.acquire_many(all);
        tokio::pin!(everything);
        if tokio::time::timeout(grace, &mut everything).await.is_err() {
            self.stop.send_replace(true);
            let _ = tokio::time::timeout(TO_END, &mut everything).await;
        }
        self.places.close();
    }

    async fn write(&self, operation: Operation) -> Result<(), ServiceError> {
        let files = self.files.clone();
        tokio::task::spawn_blocking(move || files.write(&operation)).await?
    }

    /// Forgets ended operations that are too old or too many.
    async fn forget_old(&self) {
        let now = Timestamp::now().0;
        let old: Vec<OperationId> = {
            let mut table = self.table();
            let age = u64::try_from(self.limits.kept_for.as_millis()).unwrap_or(u64::MAX);
            let ended = table.operations.iter().rev().filter(|(_, held)| held.operation.has_ended());
            let old = ended.enumerate().filter_map(|(newer, (id, held))| {
                let too_old = held.operation.accepted_at.0.saturating_add(age) < now;
                (too_old || newer >= self.limits.kept).then(|| id.clone())
            });
            let old = old.collect::<Vec<_>>();
            for id in &old {
                table.operations.remove(id);
            }
            old
        };
        if old.is_empty() {
            return;
        }
        let files = self.files.clone();
        let removed = tokio::task::spawn_blocking(move || old.iter().try_for_each(|id| files.remove(id))).await;
        if let Err(error) = removed.map_err(ServiceError::from).and_then(|removed| removed) {
            tracing::warn!(error = crate::failure::chain(&error), "old operations are not removed");
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
