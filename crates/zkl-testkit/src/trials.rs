//! Fault trials: writers append through a [`FaultyBackend`], and afterwards the store is checked
//! from its stored bytes, reopened, checked again and appended to.
//!
//! A trial fails when something that was acknowledged is missing or elsewhere, when a refused entry is there, when a batch is
//! there in part or twice, when two heads contradict one another, when a tile or an index is not that of the entries, or when
//! a poisoned handle writes. To use it:
//!
//! ```ignore
//! #[test]
//! fn faults_lose_nothing_and_fork_nothing() {
//!     println!("{}", block_on(FaultTrials::from_env().run(&MyFactory::new())));
//! }
//! ```
//!
//! `cargo test ... -- --nocapture` shows the report. `ZKL_FAULT_TRIALS` sets the number of trials, `ZKL_FAULT_SEED` the seed.
//! What happens to the server meanwhile is up to the caller: kills and outages may go on beside a run, as long as
//! [`BackendFactory::reopen`] waits until the store can be opened. Reads are repeated for a minute.

use std::{
    env, panic,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::storage::{StorageBackend, StorageError};

use crate::{
    conformance::BackendFactory,
    faults::{Fault, FaultPlan, FaultyBackend, Operation},
};

mod history;
mod report;
mod tree;
mod writer;

pub use report::TrialReport;

use history::History;
use writer::Writer;

/// By the time that it has this many entries, a ledger has crossed from one tile to the next.
const LONGEST: u64 = 320;
/// Sizes that ledgers start with: some have a full tile near.
const FIRST_SIZES: [u64; 4] = [1, 200, 5, 240];
/// Calls in a row that meet the fault of a trial: one alone may not come at a moment at which it matters.
const REPEATS: u64 = 2;
/// The first of them moves from one run of the matrix to the next, but stays among the calls that every writer makes.
const LATEST_FIRST_CALL: u64 = 2;

/// A run of trials. Trial `n` subjects the first writer to element `n` (cyclically) of [`FaultTrials::matrix`]; random faults
/// befall all writers.
#[derive(Clone, Copy, Debug)]
pub struct FaultTrials {
    /// Number of trials.
    pub trials: u64,
    /// Seed of everything random. Interleavings are not part of it: a failure repeats only with luck.
    pub seed: u64,
    /// Writers of each trial.
    pub writers: u64,
    /// Batches of each writer.
    pub batches: u64,
    /// Chance of a random fault at each call, in thousandths.
    pub per_thousand: u32,
    /// A ledger that grew beyond this many entries is replaced by a new one. 320 by default, so that ledgers cross from one tile to the
    /// next; every trial reads all of them several times.
    pub longest: u64,
}

/// Opens the ledgers of a backend to which several handles can write at once.
#[async_trait]
pub trait SharedBackendFactory: BackendFactory {
    /// Another handle on the ledger of `backend`, as another process would open it.
    async fn open_another(&self, backend: &Self::Backend) -> Self::Backend;
}

/// A ledger that goes from trial to trial.
struct Subject<B> {
    backend: B,
    history: History,
    size: u64,
}

impl FaultTrials {
    /// Each method with each of its faults.
    pub fn matrix() -> Vec<(Operation, Fault)> {
        let faults = |operation: Operation| operation.faults().into_iter().map(move |fault| (operation, fault));
        Operation::ALL.into_iter().flat_map(faults).collect()
    }

    /// Every method with every fault once, or as many trials as `ZKL_FAULT_TRIALS` says.
    ///
    /// # Panics
    /// When a variable is set to something that is no number.
    pub fn from_env() -> Self {
        let trials = number("ZKL_FAULT_TRIALS").unwrap_or(Self::matrix().len() as u64);
        Self {
            trials,
            seed: number("ZKL_FAULT_SEED").unwrap_or(1),
            writers: 3,
            batches: 2,
            per_thousand: 30,
            longest: LONGEST,
        }
    }

    /// Runs the trials with writers that share one handle.
    ///
    /// # Panics
    /// When a trial fails, or when the whole matrix was run and one of its faults did not occur.
    pub async fn run<F: BackendFactory>(&self, factory: &F) -> TrialReport {
        self.run_with(factory, async |backend| Arc::clone(backend)).await
    }

    /// Runs the trials with a handle for each writer.
    ///
    /// # Panics
    /// As [`FaultTrials::run`].
    pub async fn run_shared<F: SharedBackendFactory>(&self, factory: &F) -> TrialReport {
        self.run_with(factory, async |backend| Arc::new(factory.open_another(backend).await)).await
    }

    async fn run_with<F: BackendFactory>(
        &self,
        factory: &F,
        another: impl AsyncFn(&Arc<F::Backend>) -> Arc<F::Backend>,
    ) -> TrialReport {
        let mut report = TrialReport::default();
        let mut current: Option<Subject<F::Backend>> = None;
        let matrix = Self::matrix().len() as u64;
        let whole_matrix = self.trials >= matrix;
        for trial in 0..self.trials + matrix {
            // Random faults may keep a writer from the call that was to fail: then there is one more round.
            if trial >= self.trials && (!whole_matrix || report.missing().is_empty()) {
                break;
            }
            let subject = match current.take() {
                Some(subject) if subject.size < self.longest => subject,
                retired => {
                    report.entries += retired.map_or(0, |subject| subject.size);
                    report.ledgers += 1;
                    self.begin(factory.create().await, trial).await
                }
            };
            current = Some(self.trial(trial, subject, factory, &another, &mut report).await);
        }
        report.entries += current.map_or(0, |subject| subject.size);
        let missing = report.missing();
        assert!(!whole_matrix || missing.is_empty(), "these faults did not occur: {missing:?}");
        report
    }

    /// A ledger with its first entries.
    async fn begin<B: StorageBackend + 'static>(&self, backend: B, trial: u64) -> Subject<B> {
        let backend = Arc::new(backend);
        let mut history = History::default();
        let at = format!("before trial {trial}, seed {}", self.seed);
        let size = FIRST_SIZES[(trial % FIRST_SIZES.len() as u64) as usize].min(self.longest / 2);
        self.append_alone(&backend, &mut history, size, at).await;
        Subject { backend: whole(backend), history, size }
    }

    async fn trial<F: BackendFactory>(
        &self,
        trial: u64,
        Subject { backend, mut history, .. }: Subject<F::Backend>,
        factory: &F,
        another: &impl AsyncFn(&Arc<F::Backend>) -> Arc<F::Backend>,
        report: &mut TrialReport,
    ) -> Subject<F::Backend> {
        let at = format!("trial {trial}, seed {}", self.seed);
        let backend = Arc::new(backend);
        let known = history.sample();
        let mut running = Vec::new();
        for number in 0..self.writers {
            let handle = if number == 0 { Arc::clone(&backend) } else { another(&backend).await };
            let mut rng = self.rng(trial, number);
            let lens = (0..self.batches).map(|_| 1 + rng.next_u64() % 3).collect();
            let store = FaultyBackend::new(handle, self.plan(trial, number, rng.next_u64()));
            let writer = Writer::new(store, format!("{at}, writer {number}"), rng);
            running.push(tokio::spawn(writer.run(lens, known.clone())));
        }
        for writer in running {
            let writer = writer.await.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()));
            report.join(&writer.report);
            history.join(writer.history, &at);
        }
        history.check(&*backend, &at).await;

        let at = format!("{at}, reopened");
        let backend = factory.reopen(whole(backend)).await;
        report.reopened += 1;
        history.check(&backend, &at).await;

        let at = format!("{at}, appended to again");
        let backend = Arc::new(backend);
        self.append_alone(&backend, &mut history, 1, at.clone()).await;
        let size = history.check(&*backend, &at).await;
        report.trials += 1;
        Subject { backend: whole(backend), history, size }
    }

    fn plan(&self, trial: u64, writer: u64, seed: u64) -> FaultPlan {
        let plan = FaultPlan::none().everywhere(seed, self.per_thousand);
        if writer > 0 {
            return plan;
        }
        let matrix = Self::matrix();
        let (operation, fault) = matrix[(trial % matrix.len() as u64) as usize];
        let first = trial / matrix.len() as u64 % LATEST_FIRST_CALL;
        (first..first + REPEATS).fold(plan, |plan, call| plan.with(operation, call, fault))
    }

    /// Appends `size` entries as the only writer and without faults.
    async fn append_alone<B: StorageBackend + 'static>(
        &self,
        backend: &Arc<B>,
        history: &mut History,
        size: u64,
        at: String,
    ) {
        let store = FaultyBackend::new(Arc::clone(backend), FaultPlan::none());
        let rng = self.rng(u64::MAX, size);
        let writer = Writer::new(store, at.clone(), rng).run(vec![size], None).await;
        assert_eq!(writer.report.acknowledged, 1, "{at}: the only writer was not acknowledged");
        assert_eq!(writer.report.conflicts, 0, "{at}: the only writer met a conflict");
        history.join(writer.history, &at);
    }

    fn rng(&self, trial: u64, writer: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(trial.wrapping_mul(self.writers.wrapping_add(1)).wrapping_add(writer));
        rng
    }
}

#[expect(clippy::expect_used, reason = "a suite reports by panicking")]
fn whole<B>(backend: Arc<B>) -> B {
    Arc::into_inner(backend).expect("every writer has ended")
}

#[expect(clippy::expect_used, reason = "a suite reports by panicking")]
fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("a number of trials or a seed"))
}

/// How long a retryable error is worth repeating.
const PATIENCE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Repeats a read.
struct Patience {
    since: Instant,
    pause: Duration,
}

impl Patience {
    fn new() -> Self {
        Self { since: Instant::now(), pause: Duration::from_millis(1) }
    }

    async fn wait(&mut self, error: StorageError, at: &str) {
        assert!(error.retryable && self.since.elapsed() < PATIENCE, "{at}: {error:?}");
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

/// The answer of a read, repeated while its errors are worth repeating.
macro_rules! patiently {
    ($call:expr, $at:expr) => {{
        let mut patience = $crate::trials::Patience::new();
        loop {
            match $call.await {
                Ok(answer) => break answer,
                Err(error) => patience.wait(error, $at).await,
            }
        }
    }};
}
use patiently;
