//! What Prometheus reads of a server. Names begin with `zkl_` and are stable: dashboards and alerts are written against them.
//!
//! Labels take few values whatever clients send: routes are those that there are, methods those that HTTP has, and nothing is
//! labelled with a dataset or a key.

use std::{
    fmt,
    sync::atomic::{AtomicI64, AtomicU64},
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::{
    failure::Code,
    operations::{Outcome, Work},
    store::{CALLS, CacheName, Caches},
};

/// Upper ends of the buckets of requests, in seconds.
const REQUESTS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 60.0];
/// Upper ends of the buckets of calls of the store, in seconds.
const CALLS_OF_STORE: [f64; 12] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 1.0, 10.0];
/// Upper ends of the buckets of stages, in seconds.
const STAGES: [f64; 10] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1_800.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    face: &'static str,
    route: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    face: &'static str,
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkLabels {
    work: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StageLabels {
    stage: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    call: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheLabels {
    cache: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LookupLabels {
    cache: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    witness: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WitnessLabels {
    witness: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabels {
    verdict: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    event: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

/// Which face of the server a request came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// HTTP.
    Rest,
    /// gRPC.
    #[cfg(feature = "grpc")]
    Grpc,
    /// GraphQL.
    #[cfg(feature = "graphql")]
    Graphql,
}

impl Face {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            #[cfg(feature = "grpc")]
            Self::Grpc => "grpc",
            #[cfg(feature = "graphql")]
            Self::Graphql => "graphql",
        }
    }
}

/// What is worth an operator's attention for reasons of security.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SecurityEvent {
    /// A key that is not good, or none where one is needed.
    AuthenticationRefused,
    /// A subject asked for what it may not.
    Refused,
    /// A subject asked for more than its share.
    Limited,
}

impl SecurityEvent {
    const ALL: [Self; 3] = [Self::AuthenticationRefused, Self::Refused, Self::Limited];

    const fn of(code: Code) -> Option<Self> {
        match code {
            Code::Unauthenticated => Some(Self::AuthenticationRefused),
            Code::Forbidden => Some(Self::Refused),
            Code::RateLimited => Some(Self::Limited),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::AuthenticationRefused => "authentication-refused",
            Self::Refused => "refused",
            Self::Limited => "limited",
        }
    }
}

/// What came of asking a witness for a cosignature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CosignAttempt {
    /// It cosigned.
    Cosigned,
    /// It did not answer, refused, or answered something else; or its cosignature could not be stored.
    Failed,
    /// It knows another history.
    Conflict,
}

impl CosignAttempt {
    const ALL: [Self; 3] = [Self::Cosigned, Self::Failed, Self::Conflict];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Cosigned => "cosigned",
            Self::Failed => "failed",
            Self::Conflict => "conflict",
        }
    }
}

/// How far a witness has cosigned the log.
#[derive(Clone, Debug)]
pub(crate) struct CosignedReading {
    /// Its name.
    pub(crate) witness: String,
    /// Entries of the newest checkpoint that it cosigned.
    pub(crate) entries: u64,
    /// Time since the oldest entry was recorded that it has not cosigned; zero if there is none.
    pub(crate) behind: Option<Duration>,
}

/// What is read from the server when somebody asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    /// Whether it is ready.
    pub(crate) ready: bool,
    /// Entries of the log.
    pub(crate) entries: Option<u64>,
    /// Time since the newest entry was recorded.
    pub(crate) checkpoint_age: Option<Duration>,
    /// How far the witnesses are.
    pub(crate) cosigned: Vec<CosignedReading>,
    /// Operations that wait for a worker.
    pub(crate) queued: usize,
    /// Operations that are carried out.
    pub(crate) running: usize,
    /// Places in the queue that are free.
    pub(crate) free: usize,
}

/// Counters, gauges and histograms of one server.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    operations: Family<WorkLabels, Counter>,
    stages: Family<StageLabels, Histogram, fn() -> Histogram>,
    verifications: Family<VerdictLabels, Counter>,
    security: Family<EventLabels, Counter>,
    versions: Counter,
    rows: Counter,
    proved: Counter,
    refused: Counter,
    keys_fetched: Family<OutcomeLabels, Counter>,
    cosign_attempts: Family<AttemptLabels, Counter>,
    cosigned_entries: Family<WitnessLabels, Gauge>,
    uncosigned: Family<WitnessLabels, Gauge<f64, AtomicU64>>,
    store_calls: Family<CallLabels, Histogram, fn() -> Histogram>,
    store_errors: Family<CallLabels, Counter>,
    lookups: Family<LookupLabels, Counter>,
    cache_bytes: Family<CacheLabels, Gauge>,
    cache_capacity: Family<CacheLabels, Gauge>,
    connections: Gauge,
    ready: Gauge,
    entries: Gauge,
    checkpoint_age: Gauge<f64, AtomicU64>,
    queue: Family<StateLabels, Gauge<i64, AtomicI64>>,
    free: Gauge,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("zkl"),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(REQUESTS)),
            operations: Family::default(),
            stages: Family::new_with_constructor(|| Histogram::new(STAGES)),
            verifications: Family::default(),
            security: Family::default(),
            versions: Counter::default(),
            rows: Counter::default(),
            proved: Counter::default(),
            refused: Counter::default(),
            keys_fetched: Family::default(),
            cosign_attempts: Family::default(),
            cosigned_entries: Family::default(),
            uncosigned: Family::default(),
            store_calls: Family::new_with_constructor(|| Histogram::new(CALLS_OF_STORE)),
            store_errors: Family::default(),
            lookups: Family::default(),
            cache_bytes: Family::default(),
            cache_capacity: Family::default(),
            connections: Gauge::default(),
            ready: Gauge::default(),
            entries: Gauge::default(),
            checkpoint_age: Gauge::default(),
            queue: Family::default(),
            free: Gauge::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Requests, by face, route and outcome", self.requests.clone());
        registry.register(
            "request_duration_seconds",
            "Time from the head of a request to the head of its answer",
            self.durations.clone(),
        );
        registry.register("operations", "Operations that ended, by work and outcome", self.operations.clone());
        registry.register(
            "operation_stage_seconds",
            "Time that operations spent in a stage; `queue` is the wait for a worker",
            self.stages.clone(),
        );
        registry.register("verifications", "Receipts that were verified, by verdict", self.verifications.clone());
        registry.register("security_events", "Security events, by event", self.security.clone());
        registry.register("versions_notarized", "Versions of datasets that were notarized", self.versions.clone());
        registry.register("rows_notarized", "Rows of these versions", self.rows.clone());
        registry.register("claims_proved", "Claims that were proved", self.proved.clone());
        registry.register("claims_refused", "Claims that are not true of their tables", self.refused.clone());
        registry.register(
            "issuer_keys_fetched",
            "Fetches of the keys of issuers of tokens, by outcome",
            self.keys_fetched.clone(),
        );
        registry.register(
            "cosign_attempts",
            "Witnesses that were asked for a cosignature, by outcome",
            self.cosign_attempts.clone(),
        );
        registry.register(
            "cosigned_entries",
            "Entries of the newest checkpoint that a witness cosigned",
            self.cosigned_entries.clone(),
        );
        registry.register(
            "uncosigned_seconds",
            "Time since the oldest entry was recorded that a witness has not cosigned",
            self.uncosigned.clone(),
        );
        registry.register("store_call_seconds", "Time that calls of the store took", self.store_calls.clone());
        registry.register(
            "store_errors",
            "Calls of the store that failed; that another writer was faster is no failure",
            self.store_errors.clone(),
        );
        registry.register("cache_requests", "What was looked for in a cache, by outcome", self.lookups.clone());
        registry.register("cache_bytes", "Bytes that a cache holds", self.cache_bytes.clone());
        registry.register("cache_capacity_bytes", "Bytes that a cache may hold", self.cache_capacity.clone());
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register("ready", "Whether the store answers and holds all that it held before", self.ready.clone());
        registry.register("log_entries", "Entries of the log: the size of its tree", self.entries.clone());
        registry.register(
            "checkpoint_age_seconds",
            "Time since the newest entry that the checkpoint covers was recorded",
            self.checkpoint_age.clone(),
        );
        registry.register("operations_open", "Operations that have not ended, by state", self.queue.clone());
        registry.register("queue_free", "Free places in the queue", self.free.clone());
        // What counts is there from the beginning: a rate over what appears with its first event misses that event.
        for event in SecurityEvent::ALL {
            drop(self.security.get_or_create(&EventLabels { event: event.as_str() }));
        }
        for call in CALLS {
            drop(self.store_errors.get_or_create(&CallLabels { call }));
        }
        for cache in CacheName::ALL.map(CacheName::as_str) {
            for outcome in ["hit", "miss"] {
                drop(self.lookups.get_or_create(&LookupLabels { cache, outcome }));
            }
        }
        for outcome in ["ok", "failed"] {
            drop(self.keys_fetched.get_or_create(&OutcomeLabels { outcome }));
        }
        for verdict in ["valid", "invalid"] {
            drop(self.verifications.get_or_create(&VerdictLabels { verdict }));
        }
        for work in [Work::Notarize, Work::Prove] {
            for outcome in ["succeeded", "failed", "cancelled"] {
                drop(self.operations.get_or_create(&WorkLabels { work: work.as_str(), outcome }));
            }
        }
    }

    /// A request was answered.
    pub(crate) fn request(&self, face: Face, route: String, failure: Option<Code>, took: Duration) {
        let face = face.as_str();
        let outcome = failure.map_or("ok", Code::as_str);
        self.durations.get_or_create(&RouteLabels { face, route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { face, route, outcome }).inc();
        if let Some(event) = failure.and_then(SecurityEvent::of) {
            self.security.get_or_create(&EventLabels { event: event.as_str() }).inc();
        }
    }

    /// A receipt was verified.
    pub(crate) fn verified(&self, valid: bool) {
        let verdict = if valid { "valid" } else { "invalid" };
        self.verifications.get_or_create(&VerdictLabels { verdict }).inc();
    }

    /// The store was asked.
    pub(crate) fn store_call(&self, call: &'static str, failed: bool, took: Duration) {
        self.store_calls.get_or_create(&CallLabels { call }).observe(took.as_secs_f64());
        if failed {
            self.store_errors.get_or_create(&CallLabels { call }).inc();
        }
    }

    /// Something was looked for in a cache.
    pub(crate) fn cache_asked(&self, cache: CacheName, hit: bool) {
        let outcome = if hit { "hit" } else { "miss" };
        self.lookups.get_or_create(&LookupLabels { cache: cache.as_str(), outcome }).inc();
    }

    /// The keys of an issuer were fetched, or could not be.
    pub(crate) fn keys_fetched(&self, ok: bool) {
        let outcome = if ok { "ok" } else { "failed" };
        self.keys_fetched.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// A witness of this name will be asked.
    pub(crate) fn cosigner(&self, witness: &str) {
        for outcome in CosignAttempt::ALL.map(CosignAttempt::as_str) {
            drop(self.cosign_attempts.get_or_create(&AttemptLabels { witness: witness.to_owned(), outcome }));
        }
    }

    /// A witness was asked.
    pub(crate) fn cosign(&self, witness: &str, attempt: CosignAttempt) {
        let labels = AttemptLabels { witness: witness.to_owned(), outcome: attempt.as_str() };
        self.cosign_attempts.get_or_create(&labels).inc();
    }

    /// An operation spent this long in a stage.
    pub(crate) fn stage(&self, stage: &'static str, took: Duration) {
        self.stages.get_or_create(&StageLabels { stage }).observe(took.as_secs_f64());
    }

    /// An operation ended.
    pub(crate) fn ended(&self, work: Work, outcome: &Outcome) {
        self.operations.get_or_create(&WorkLabels { work: work.as_str(), outcome: outcome.as_str() }).inc();
        match (work, outcome) {
            (Work::Notarize, Outcome::Succeeded(_)) => {
                self.versions.inc();
            }
            (Work::Prove, Outcome::Succeeded(_)) => {
                self.proved.inc();
            }
            (Work::Prove, Outcome::Failed(failure)) if failure.code == Code::FalseClaim => {
                self.refused.inc();
            }
            _ => {}
        }
    }

    /// A table of so many rows was notarized.
    pub(crate) fn rows(&self, rows: u64) {
        self.rows.inc_by(rows);
    }

    /// A connection was accepted; it ends with what is returned.
    pub(crate) fn connection(&self) -> impl Drop + use<> {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }

    /// All of it, as OpenMetrics has it.
    pub(crate) fn render(&self, reading: &Reading, caches: &Caches) -> Result<String, fmt::Error> {
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        for name in CacheName::ALL {
            let (labels, (held, most)) = (CacheLabels { cache: name.as_str() }, caches.extent(name));
            self.cache_bytes.get_or_create(&labels).set(count(held));
            self.cache_capacity.get_or_create(&labels).set(count(most));
        }
        self.ready.set(i64::from(reading.ready));
        if let Some(entries) = reading.entries {
            self.entries.set(count(entries));
        }
        if let Some(age) = reading.checkpoint_age {
            self.checkpoint_age.set(age.as_secs_f64());
        }
        for CosignedReading { witness, entries, behind } in &reading.cosigned {
            let labels = WitnessLabels { witness: witness.clone() };
            self.cosigned_entries.get_or_create(&labels).set(count(*entries));
            if let Some(behind) = behind {
                self.uncosigned.get_or_create(&labels).set(behind.as_secs_f64());
            }
        }
        for (state, n) in [("queued", reading.queued), ("running", reading.running)] {
            self.queue.get_or_create(&StateLabels { state }).set(count(n as u64));
        }
        self.free.set(count(reading.free as u64));
        let mut out = String::new();
        text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}

struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
