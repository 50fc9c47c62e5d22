//! Has the log cosigned by the ledger's witnesses, in the background.
//!
//! ```text
//! entries recorded --wait--> round: newest checkpoint --> witnesses that are due --> cosignatures in the store
//!                    ^                                                            |
//!                    '---- not before the pause is over, or a witness is due -----'
//! ```
//!
//! There is one round at a time, about one checkpoint: what is recorded meanwhile is covered by the next. A policy asks for several
//! cosignatures on one checkpoint, so a witness has no rounds of its own. Who does not answer is left out of rounds for longer and longer.

use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};
use tracing::Instrument as _;
use zkl_ledger::{
    Ledger,
    cosign::{CosignError, CosignOutcome, WitnessClient},
    home::{LedgerHome, WitnessSetting},
    types::TreeSize,
};
use zkl_witness::HttpWitness;

use crate::{
    access::SECURITY,
    failure::chain,
    metrics::{CosignAttempt, Metrics},
    traces,
};

/// How often it is looked for entries that others recorded.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// How long a witness is left alone that did not cosign; doubled each time, up to the longest.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5 * 60);

/// By whom the log is cosigned, and how.
#[derive(Clone, Debug)]
pub struct CosignSettings {
    /// Whom to ask; nobody, unless somebody is named.
    pub witnesses: Vec<WitnessSetting>,
    /// Longest request to a witness.
    pub timeout: Duration,
    /// Shortest time from the beginning of a round to the next. Every round in which somebody cosigns leaves a checkpoint in the store.
    pub pause: Duration,
}

impl Default for CosignSettings {
    fn default() -> Self {
        Self { witnesses: Vec::new(), timeout: Duration::from_secs(10), pause: Duration::from_secs(5) }
    }
}

impl CosignSettings {
    /// The witnesses that a ledger's settings name.
    pub fn of(home: &LedgerHome) -> Self {
        Self { witnesses: home.witnesses().to_vec(), ..Self::default() }
    }
}

/// What is known of a witness, for whoever asks.
#[derive(Debug)]
pub(crate) struct Cosigner {
    /// Its name.
    pub(crate) name: String,
    cosigned: AtomicU64,
}

impl Cosigner {
    /// Entries of the newest checkpoint that it cosigned.
    pub(crate) fn cosigned(&self) -> u64 {
        self.cosigned.load(Ordering::Relaxed)
    }
}

/// Who cosigns.
#[derive(Debug)]
pub(super) struct Cosigners {
    settings: CosignSettings,
    known: Vec<Arc<Cosigner>>,
}

impl Cosigners {
    pub(super) fn new(settings: CosignSettings, metrics: &Metrics) -> Self {
        let known = settings.witnesses.iter().map(|setting| {
            let name = setting.key.name().to_string();
            metrics.cosigner(&name);
            Arc::new(Cosigner { name, cosigned: AtomicU64::new(0) })
        });
        Self { known: known.collect(), settings }
    }

    pub(super) fn known(&self) -> &[Arc<Cosigner>] {
        &self.known
    }

    /// Has the log cosigned from now on. `recorded` tells how many entries it has.
    pub(super) fn watch(&self, ledger: &Ledger, metrics: &Arc<Metrics>, recorded: watch::Receiver<u64>) -> Cosigning {
        let of = |(setting, known): (&WitnessSetting, &Arc<Cosigner>)| Asked {
            client: HttpWitness::new(setting.key.clone(), &setting.url, self.settings.timeout),
            known: Arc::clone(known),
            standing: Standing::Good,
        };
        let rounds = Rounds {
            ledger: ledger.clone(),
            metrics: Arc::clone(metrics),
            seen: 0,
            recorded,
            begun: Instant::now(),
            pause: self.settings.pause,
            witnesses: self.settings.witnesses.iter().zip(&self.known).map(of).collect(),
        };
        let ending = watch::Sender::new(false);
        let task = tokio::spawn(rounds.run(ending.subscribe()));
        Cosigning { ending, task }
    }
}

/// The log is cosigned as long as this is there.
#[derive(Debug)]
pub(crate) struct Cosigning {
    ending: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Cosigning {
    /// Has what was recorded last cosigned, if that is possible within `grace`, and ends.
    pub(crate) async fn end(mut self, grace: Duration) {
        self.ending.send_replace(true);
        if timeout(grace, &mut self.task).await.is_err() {
            tracing::warn!("the server ended before its witnesses had answered");
        }
    }
}

impl Drop for Cosigning {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A witness as the rounds have it.
struct Asked {
    client: HttpWitness,
    known: Arc<Cosigner>,
    standing: Standing,
}

enum Standing {
    /// It cosigned when it was asked last, or was not asked yet.
    Good,
    /// It did not, for this reason.
    Failing { reason: String, backoff: Duration, again: Instant },
    /// It knows another history. Only somebody who looks at both can settle that.
    Conflict,
}

impl Asked {
    fn is_due(&self, now: Instant) -> bool {
        match &self.standing {
            Standing::Good => true,
            Standing::Failing { again, .. } => *again <= now,
            Standing::Conflict => false,
        }
    }

    fn again(&self) -> Option<Instant> {
        match &self.standing {
            Standing::Failing { again, .. } => Some(*again),
            Standing::Good | Standing::Conflict => None,
        }
    }

    fn cosigned(&mut self, size: TreeSize) {
        let witness = self.known.name.as_str();
        if let Standing::Failing { .. } = self.standing {
            tracing::info!(witness, entries = size.0, "a witness cosigns again");
        }
        self.known.cosigned.store(size.0, Ordering::Relaxed);
        self.standing = Standing::Good;
    }

    fn failed(&mut self, reason: String) {
        let (before, backoff) = match &self.standing {
            Standing::Failing { reason, backoff, .. } => (Some(reason), (*backoff * 2).min(LONGEST_BACKOFF)),
            Standing::Good | Standing::Conflict => (None, FIRST_BACKOFF),
        };
        // Once, and not every time that it is tried again.
        if before != Some(&reason) {
            tracing::warn!(witness = self.known.name, error = reason, "a witness has not cosigned the log");
        }
        self.standing = Standing::Failing { reason, backoff, again: Instant::now() + backoff };
    }

    fn conflict(&mut self, reason: &str) {
        tracing::error!(
            target: SECURITY,
            event = "witness-conflict",
            witness = self.known.name,
            error = reason,
            "a witness knows another history of the log; it is not asked any more"
        );
        self.standing = Standing::Conflict;
    }
}

struct Rounds {
    ledger: Ledger,
    metrics: Arc<Metrics>,
    /// Entries that the last round knew of.
    seen: u64,
    recorded: watch::Receiver<u64>,
    /// When the last round began.
    begun: Instant,
    pause: Duration,
    witnesses: Vec<Asked>,
}

impl Rounds {
    async fn run(mut self, mut ending: watch::Receiver<bool>) {
        self.recall().await;
        loop {
            self.round().await;
            tokio::select! {
                biased;
                _ = ending.wait_for(|ending| *ending) => break,
                () = self.wait() => {}
            }
        }
        // What the last operations recorded.
        self.round().await;
    }

    /// What the witnesses cosigned before this server was started.
    async fn recall(&self) {
        for Asked { client, known, .. } in &self.witnesses {
            match self.ledger.cosigned_by(client.key()).await {
                Ok(size) => known.cosigned.store(size.0, Ordering::Relaxed),
                Err(error) => tracing::warn!(error = chain(&error), "cosigned checkpoints cannot be read"),
            }
        }
    }

    /// Waits until there is something to ask, and the pause is over.
    async fn wait(&mut self) {
        let look = Instant::now() + LOOK_AGAIN;
        let due = self.witnesses.iter().filter_map(Asked::again).min().map_or(look, |again| again.min(look));
        let seen = self.seen;
        tokio::select! {
            _ = self.recorded.wait_for(|recorded| *recorded > seen) => {}
            () = sleep_until(due) => {}
        }
        sleep_until(self.begun + self.pause).await;
    }

    /// Asks whoever is due about the newest checkpoint.
    async fn round(&mut self) {
        let now = Instant::now();
        self.begun = now;
        self.seen = self.seen.max(*self.recorded.borrow());
        let mut due: Vec<&mut Asked> = self.witnesses.iter_mut().filter(|asked| asked.is_due(now)).collect();
        if due.is_empty() {
            return;
        }
        let boxed = |asked: &&mut Asked| -> Box<dyn WitnessClient> { Box::new(asked.client.clone()) };
        let clients: Vec<_> = due.iter().map(boxed).collect();
        let span = tracing::debug_span!(target: traces::TARGET, parent: None, "cosign", otel.name = "cosign");
        let asked = self.ledger.cosign(&clients).instrument(span).await;
        let asked = match asked {
            Ok(Some(asked)) => asked,
            // There is nothing to cosign.
            Ok(None) => return,
            Err(error) => {
                for asked in due {
                    self.metrics.cosign(&asked.known.name, CosignAttempt::Failed);
                    asked.failed(chain(&error));
                }
                return;
            }
        };
        self.seen = self.seen.max(asked.size.0);
        for (witness, (_, outcome)) in due.iter_mut().zip(asked.outcomes) {
            let name = &witness.known.name;
            match outcome {
                Ok(CosignOutcome::Already) => witness.cosigned(asked.size),
                Ok(CosignOutcome::Cosigned) => {
                    self.metrics.cosign(name, CosignAttempt::Cosigned);
                    tracing::info!(witness = name, entries = asked.size.0, "the log was cosigned");
                    witness.cosigned(asked.size);
                }
                Err(error) if error.is_conflict() && !has_caught_up(&self.ledger, &error).await => {
                    self.metrics.cosign(name, CosignAttempt::Conflict);
                    witness.conflict(&reason(&error));
                }
                Err(error) => {
                    self.metrics.cosign(name, CosignAttempt::Failed);
                    witness.failed(reason(&error));
                }
            }
        }
    }
}

/// Whether a witness was ahead only because another process recorded something meanwhile, and had that cosigned.
async fn has_caught_up(ledger: &Ledger, error: &CosignError) -> bool {
    let CosignError::Ahead { witness, .. } = error else { return false };
    let head = ledger.checkpoint().await.ok().flatten();
    head.is_some_and(|head| head.size() >= *witness)
}

/// Why, without the address: an operator may have written a password into it.
fn reason(error: &CosignError) -> String {
    match error {
        CosignError::Transport(error) => match error.source() {
            Some(cause) => format!("no answer: {}", chain(cause)),
            None => "no answer".to_owned(),
        },
        error => chain(error),
    }
}
