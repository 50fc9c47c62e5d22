//! Clocks: wall time, CPU time and peak memory of this process, by stage. CPU time tells what an operation costs when
//! other work on the machine makes wall time say little.

use std::{
    fs, io, mem,
    ops::AddAssign,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tracing::{Subscriber, span::Id};
use tracing_subscriber::{
    layer::{Context, Layer, SubscriberExt as _},
    registry::LookupSpan,
};
use zkl_ledger::progress::{Stage, StageReporter};

/// What an operation took.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Wall time.
    pub wall: Duration,
    /// User and system time of all threads, in steps of 10 ms.
    pub cpu: Duration,
}

impl AddAssign for Spent {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

/// A running clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall: Instant,
    cpu: Duration,
}

impl Clock {
    /// Starts a clock.
    pub fn start() -> Self {
        Self { wall: Instant::now(), cpu: cpu_time().unwrap_or_default() }
    }

    /// What was spent since the start.
    pub fn spent(&self) -> Spent {
        let cpu = cpu_time().unwrap_or_default().saturating_sub(self.cpu);
        Spent { wall: self.wall.elapsed(), cpu }
    }
}

/// A stage of an operation and what it took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StageSpent {
    /// The stage, in a word or two.
    pub stage: String,
    /// What it took.
    pub spent: Spent,
}

/// Times the stages that an operation reports, and, within them, the spans of the prover. A stage that recurs is counted as
/// one.
#[derive(Clone, Debug)]
pub struct StageClock(Arc<Mutex<Stages>>);

#[derive(Debug)]
struct Stages {
    current: String,
    since: Clock,
    /// Stages that open spans have interrupted.
    outer: Vec<String>,
    done: Vec<StageSpent>,
}

impl StageClock {
    /// A clock that counts as stage `first` what comes before the first report.
    pub fn start(first: &str) -> Self {
        let (current, since) = (first.to_owned(), Clock::start());
        Self(Arc::new(Mutex::new(Stages { current, since, outer: Vec::new(), done: Vec::new() })))
    }

    /// Ends the current stage and returns all of them, in the order in which they began.
    pub fn finish(&self) -> Vec<StageSpent> {
        let mut stages = self.lock();
        stages.begin(String::new());
        mem::take(&mut stages.done)
    }

    /// Times the spans of this process's proofs as stages, from now on.
    ///
    /// # Errors
    /// Something in this process receives them already.
    pub fn time_spans(&self) -> Result<(), tracing::subscriber::SetGlobalDefaultError> {
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(SpanTimer(self.clone())))
    }

    fn lock(&self) -> MutexGuard<'_, Stages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Begins a stage with every span, and goes on with the one before when it ends.
struct SpanTimer(StageClock);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for SpanTimer {
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut stages = self.0.lock();
        let outer = stages.current.clone();
        stages.outer.push(outer);
        stages.begin(span.name().to_owned());
    }

    fn on_exit(&self, _: &Id, _: Context<'_, S>) {
        let mut stages = self.0.lock();
        if let Some(outer) = stages.outer.pop() {
            stages.begin(outer);
        }
    }
}

impl Stages {
    fn begin(&mut self, next: String) {
        if next == self.current {
            return;
        }
        let stage = mem::replace(&mut self.current, next);
        let spent = mem::replace(&mut self.since, Clock::start()).spent();
        match self.done.iter_mut().find(|done| done.stage == stage) {
            Some(done) => done.spent += spent,
            None => self.done.push(StageSpent { stage, spent }),
        }
    }
}

impl StageReporter for StageClock {
    fn stage(&self, stage: Stage) {
        let name = match stage {
            Stage::Read { pass: 1, .. } => INFER.to_owned(),
            Stage::Read { pass: 2, .. } => DICTIONARY.to_owned(),
            Stage::Read { .. } => ENCODE.to_owned(),
            Stage::Seal => "seal".to_owned(),
            Stage::Key { generating: true, .. } => GENERATE.to_owned(),
            Stage::Key { generating: false, .. } => LOAD.to_owned(),
            Stage::Prove { .. } => PROVE.to_owned(),
            Stage::Append => "append".to_owned(),
            Stage::Srs => "generate string".to_owned(),
            Stage::Commit { .. } | Stage::Scan { .. } => "other".to_owned(),
            Stage::Merge { .. } => "merge".to_owned(),
            // Stages to come are shown under the name that people see.
            other => other.to_string(),
        };
        self.lock().begin(name);
    }
}

/// First pass over a file: types, bounds, dictionaries.
pub const INFER: &str = "infer";
/// Pass that columns of mixed types need.
pub const DICTIONARY: &str = "dictionary";
/// Last pass: encoding and profile.
pub const ENCODE: &str = "encode";
/// Generation of a circuit's keys.
pub const GENERATE: &str = "generate keys";
/// Loading of a circuit's keys.
pub const LOAD: &str = "load keys";
/// Making of a Groth16 proof.
pub const PROVE: &str = "prove";

/// CPU time of this process, all threads that live or lived.
///
/// # Errors
/// There is no `/proc`.
pub fn cpu_time() -> io::Result<Duration> {
    /// What the kernel counts in for every program: `USER_HZ`.
    const TICKS_PER_SECOND: u64 = 100;
    let text = fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name in parentheses and may contain anything; state is the first one after it.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
}

/// Most memory that this process ever had in RAM, in bytes.
///
/// # Errors
/// There is no `/proc`, or it does not say.
pub fn peak_memory() -> io::Result<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.parse::<u64>().ok());
    kib.map(|kib| kib << 10).ok_or_else(|| io::Error::other("/proc/self/status has no VmHWM"))
}

/// The machine's load averages over 1, 5 and 15 minutes, as text.
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// The machine's processors, as text.
pub fn processors() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{count} x {}", model.trim_start_matches([' ', '\t', ':']))
}
