//! Long work: where it runs, where it reports to, and how it ends early.
//!
//! A request is a future. Its work runs on a thread for blocking work, with threads of its own for what is done in parallel.
//! When the future is dropped nobody wants the result, and the work stops at its next check: about every 8,192 rows that are
//! read, and between segments, keys and stages. Nothing has been stored by then. From the first thing that is stored on, a request
//! is carried out to its end, whether or not anybody still waits.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tracing::{Instrument as _, Span};
use zkl_dataset::{Pass, Progress, ProgressUpdate};

use crate::{
    error::LedgerError,
    stage::{SharedReporter, Stage, StageReporter},
};

/// Stack of a thread that computes. Without optimisation the frames of field arithmetic are far larger than the 2 MiB that
/// threads have otherwise; memory that is never touched costs nothing.
const STACK_BYTES: usize = 64 << 20;

/// Work under way.
pub(crate) struct Work {
    reporter: SharedReporter,
    cancelled: Arc<AtomicBool>,
}

impl Work {
    /// Reports the beginning of a stage.
    ///
    /// # Errors
    /// [`LedgerError::Cancelled`].
    pub(crate) fn stage(&self, stage: Stage) -> Result<(), LedgerError> {
        self.reporter.stage(stage);
        self.check()
    }

    /// Ends work that nobody wants any more.
    ///
    /// # Errors
    /// [`LedgerError::Cancelled`].
    pub(crate) fn check(&self) -> Result<(), LedgerError> {
        if self.cancelled.load(Ordering::Relaxed) { Err(LedgerError::Cancelled) } else { Ok(()) }
    }

    pub(crate) fn reporter(&self) -> &dyn StageReporter {
        self.reporter.as_ref()
    }
}

/// Work is told how far the reading of a table is.
impl Progress for &Work {
    fn update(&mut self, update: ProgressUpdate) {
        self.reporter.stage(update.into());
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

impl From<ProgressUpdate> for Stage {
    fn from(update: ProgressUpdate) -> Self {
        let pass = match update.pass {
            Pass::Infer => 1,
            Pass::Dictionary => 2,
            Pass::Encode => 3,
        };
        let ProgressUpdate { bytes_done, bytes_total, rows, .. } = update;
        Self::Read { pass, bytes_done, bytes_total, rows }
    }
}

/// Tells the work that its future was dropped.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `job` where it may block and compute.
///
/// # Errors
/// Those of `job`; [`LedgerError::Task`] when it panics, or when no threads can be had.
pub(crate) async fn run<T: Send + 'static>(
    reporter: SharedReporter,
    job: impl FnOnce(&Work) -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    let work = Work { reporter, cancelled: Arc::default() };
    let _guard = CancelOnDrop(Arc::clone(&work.cancelled));
    // Stages are part of whatever asked for them.
    let span = Span::current();
    let task = tokio::task::spawn_blocking(move || {
        with_deep_stacks(|| span.in_scope(|| job(&work))).and_then(|answer| answer)
    });
    task.await.map_err(LedgerError::task)?
}

/// Runs `job`, which may block and computes little, where it keeps nobody waiting.
///
/// # Errors
/// Those of `job`; [`LedgerError::Task`] when it panics.
pub(crate) async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    tokio::task::spawn_blocking(job).await.map_err(LedgerError::task)?
}

/// Runs `job` on one of several threads of its own: what it does in parallel shares them.
///
/// # Errors
/// [`LedgerError::Task`].
pub(crate) fn with_deep_stacks<T: Send>(job: impl FnOnce() -> T + Send) -> Result<T, LedgerError> {
    let threads = rayon::ThreadPoolBuilder::new()
        .stack_size(STACK_BYTES)
        .thread_name(|index| format!("zkl-{index}"))
        .build()
        .map_err(LedgerError::task)?;
    Ok(threads.install(job))
}

/// Carries `rest` out to its end, even when this future is dropped.
///
/// # Errors
/// Those of `rest`; [`LedgerError::Task`] when it panics or the runtime shuts down.
pub(crate) async fn carry_out<T: Send + 'static>(
    rest: impl Future<Output = Result<T, LedgerError>> + Send + 'static,
) -> Result<T, LedgerError> {
    // What it does belongs to whoever asked.
    tokio::spawn(rest.in_current_span()).await.map_err(LedgerError::task)?
}
