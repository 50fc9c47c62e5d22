//! The core: what a server does, whatever face it is asked through.
//!
//! Plain functions with typed requests and answers. Each takes the evidence that it was authorised
//! ([`Permit`](crate::access::Permit)) and cannot be called without.

mod cosign;
mod keys;
mod policy;
mod reads;
mod report;
mod submit;
mod uploads;
mod views;
mod watch;

use std::{
    fs::{File, TryLockError},
    net::IpAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

#[cfg(feature = "graphql")]
use tokio::sync::watch::Receiver;
use tokio::sync::{Semaphore, watch::Sender};
use zkl_ledger::{
    EntryRef, Ledger, Trust,
    home::create_private_dir,
    types::{LeafIndex, Timestamp},
};
use zkl_sources::allow::AllowedSources;

pub use self::cosign::CosignSettings;
pub(crate) use self::cosign::Cosigning;
#[cfg(feature = "graphql")]
pub(crate) use self::reads::{MAX_PAGE, PAGE};
use self::{
    cosign::Cosigners,
    policy::{Kept, PolicyKeeper},
};
pub(crate) use self::{
    keys::key_expiry,
    reads::{dataset_name, page_length},
    report::MAX_REPORTED,
};
pub use self::{
    reads::{EntryQuery, Page},
    submit::{NotarizeOptions, ProveRequest, Submitted},
    views::{DatasetDetailView, DatasetView, EntryView, KeyUpdateView, KeyView, PolicyView, VerdictView},
};
use crate::{
    access::{Access, Issuers, KeyRing, Oidc, SECURITY, Subject, Token, is_jwt},
    audit::AuditLog,
    error::{ServerError, ServiceError},
    failure::{Code, Failure},
    metrics::{CosignedReading, Metrics, Reading},
    operations::{OperationLimits, Operations, UploadLimits, Uploads},
    rate::Rates,
    store::{Caches, WatchedStore},
};

/// Receipts that are verified at a time: each takes a processor.
const VERIFIERS: usize = 4;

/// Bytes of the caches unless something else is said.
pub(crate) const CACHE_BYTES: u64 = 64 << 20;

/// What a service is started with.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// What is open to everybody.
    pub access: Access,
    /// Bounds of operations.
    pub operations: OperationLimits,
    /// Requests a second of one subject; no bound, if there is none.
    pub rate: Option<NonZeroU32>,
    /// The file of issuers whose tokens are taken.
    pub oidc: Option<PathBuf>,
    /// Bytes of the caches of what the store holds and never changes, all together.
    pub cache_bytes: u64,
    /// Bounds of uploads that may be interrupted.
    pub uploads: UploadLimits,
    /// Places that clients may have tables notarized from.
    pub sources: AllowedSources,
    /// Whether every change of who may do what is an entry of the log, before it takes effect.
    pub policy_entries: bool,
    /// By whom the log is cosigned. A server that only reads asks nobody.
    pub cosign: CosignSettings,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        Self {
            access: Access::default(),
            operations: OperationLimits::default(),
            rate: None,
            oidc: None,
            cache_bytes: CACHE_BYTES,
            uploads: UploadLimits::default(),
            sources: AllowedSources::default(),
            policy_entries: true,
            cosign: CosignSettings::default(),
        }
    }
}

/// Something that goes on as long as this is there.
#[derive(Debug)]
pub(crate) struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A ledger and what a server keeps beside it.
#[derive(Debug)]
pub struct Service {
    ledger: Ledger,
    trust: Trust,
    access: Access,
    keys: Arc<KeyRing>,
    /// Whether keys are made and revoked by this server.
    owns_keys: bool,
    oidc: Option<Arc<Oidc>>,
    /// Records who may do what; absent from a server that only reads, or that is told not to.
    policy: Option<Arc<PolicyKeeper>>,
    /// Absent where nobody is asked.
    cosigners: Option<Cosigners>,
    dir: PathBuf,
    operations: Arc<Operations>,
    uploads: Arc<Uploads>,
    sources: AllowedSources,
    verifiers: Semaphore,
    metrics: Arc<Metrics>,
    caches: Arc<Caches>,
    audit: Arc<AuditLog>,
    rates: Rates,
    /// Most entries that a checkpoint covered.
    seen: AtomicU64,
    stopping: Sender<bool>,
    /// Held as long as the service is there.
    _lock: File,
}

impl Service {
    /// The directory of a server in that of its ledger.
    pub fn dir(ledger: &Path) -> std::path::PathBuf {
        ledger.join("server")
    }

    /// Starts the service of `ledger`, and keeps keys, operations and the audit log in `dir`. Blocking. Of a ledger that is open for reading alone
    /// it answers what is read and verified, and refuses the rest with [`ServiceError::ReadOnly`].
    ///
    /// # Errors
    /// [`ServerError::Running`] when another service has `dir`; [`ServerError::Service`], [`ServerError::Keys`], [`ServerError::Oidc`].
    pub fn start(ledger: Ledger, dir: &Path, settings: ServiceSettings) -> Result<Self, ServerError> {
        let io = |action, path: &Path, source| ServiceError::Io { action, path: path.to_owned(), source };
        create_private_dir(dir).map_err(|source| io("create", dir, source))?;
        let path = dir.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(|source| io("open", &path, source))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ServerError::Running { dir: dir.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(io("lock", &path, source).into()),
        }
        let metrics = Arc::<Metrics>::default();
        let caches = Arc::new(Caches::new(settings.cache_bytes));
        let ledger = {
            let (caches, metrics) = (Arc::clone(&caches), Arc::clone(&metrics));
            ledger.around_storage(|store| Arc::new(WatchedStore::new(store, caches, metrics)))
        };
        let audit = AuditLog::open(dir)?;
        let oidc = settings.oidc.map(|path| Oidc::open(path, Arc::clone(&metrics))).transpose()?;
        let operations = Operations::open(dir, settings.operations, Arc::clone(&metrics), Arc::clone(&audit))?;
        let OperationLimits { upload, per_subject, .. } = settings.operations;
        let uploads = Arc::new(Uploads::open(dir.join("resumable"), settings.uploads, upload, per_subject)?);
        let (keys, oidc, access) = (Arc::new(KeyRing::open(dir)?), oidc.map(Arc::new), settings.access);
        let policy = if settings.policy_entries && !ledger.is_read_only() {
            let kept = Kept {
                ledger: ledger.clone(),
                access,
                keys: Arc::clone(&keys),
                oidc: oidc.clone(),
                operations: Arc::clone(&operations),
                audit: Arc::clone(&audit),
            };
            Some(Arc::new(PolicyKeeper::open(dir, kept)?))
        } else {
            None
        };
        let asks = !ledger.is_read_only() && !settings.cosign.witnesses.is_empty();
        let cosigners = asks.then(|| Cosigners::new(settings.cosign, &metrics));
        Ok(Self {
            trust: Trust::default().with_log(ledger.log_key()),
            ledger,
            access,
            keys,
            owns_keys: true,
            oidc,
            policy,
            cosigners,
            dir: dir.to_owned(),
            operations,
            uploads,
            sources: settings.sources,
            verifiers: Semaphore::new(VERIFIERS),
            metrics,
            caches,
            audit,
            rates: Rates::new(settings.rate),
            seen: AtomicU64::new(0),
            stopping: Sender::new(false),
            _lock: lock,
        })
    }

    /// The same, with the keys of another file than that of its directory. Whoever keeps that file makes keys: this server does not.
    #[must_use]
    pub fn with_keys(self, keys: KeyRing) -> Self {
        let keys = Arc::new(keys);
        let policy = self.policy.and_then(|policy| policy.with_keys(Arc::clone(&keys)));
        Self { keys, owns_keys: false, policy, ..self }
    }

    /// Records who may do what, if the log does not say that already, or that this is not recorded any more. What it says does not hold
    /// before.
    ///
    /// # Errors
    /// [`ServerError::Service`], [`ServerError::Ledger`], [`ServerError::Pseudonyms`].
    pub async fn settle_policy(&self) -> Result<(), ServerError> {
        match &self.policy {
            Some(policy) => Ok(policy.settle().await?),
            None if self.ledger.is_read_only() => Ok(()),
            None => policy::end_record(&self.ledger, &self.dir).await,
        }
    }

    /// Records what changes from now on, until what is returned is dropped.
    pub(crate) fn watch_policy(&self) -> Option<AbortOnDrop> {
        let watch = Arc::clone(self.policy.as_ref()?).watch();
        Some(AbortOnDrop(tokio::spawn(watch)))
    }

    /// Removes uploads whose time is over, until what is returned is dropped.
    pub(crate) fn watch_uploads(&self) -> AbortOnDrop {
        AbortOnDrop(tokio::spawn(Arc::clone(&self.uploads).watch()))
    }

    /// Has the log cosigned by the ledger's witnesses, until what is returned is dropped.
    pub(crate) fn watch_witnesses(&self) -> Option<Cosigning> {
        let cosigners = self.cosigners.as_ref()?;
        Some(cosigners.watch(&self.ledger, &self.metrics, self.operations.entries_recorded()))
    }

    /// That the ledger can be written to.
    fn check_writable(&self) -> Result<(), ServiceError> {
        if self.ledger.is_read_only() { Err(ServiceError::ReadOnly) } else { Ok(()) }
    }

    /// That keys can be made and revoked here.
    fn check_owns_keys(&self) -> Result<(), ServiceError> {
        if self.owns_keys { Ok(()) } else { Err(ServiceError::ReadOnly) }
    }

    /// What decides who may do what.
    pub const fn access(&self) -> Access {
        self.access
    }

    /// Who asks, by the token that was shown, and that this is no more than its share. Whoever shows none is counted by address.
    ///
    /// # Errors
    /// [`ServiceError::BadKey`] for a token that is not good: its holder believes it is. [`ServiceError::TooManyRequests`],
    /// [`ServiceError::Keys`], [`ServiceError::Oidc`].
    pub async fn identify(&self, token: Option<&str>, peer: Option<IpAddr>) -> Result<Subject, ServiceError> {
        let subject = match token {
            None => self.anonymous().await,
            Some(token) => self.authenticate(token).await,
        };
        // Guessing counts as asking without a key.
        self.count(subject.as_ref().unwrap_or(&Subject::Anonymous), peer)?;
        subject
    }

    async fn anonymous(&self) -> Result<Subject, ServiceError> {
        if let Some(policy) = self.policy.as_ref().filter(|policy| !policy.has_begun()) {
            policy.settle().await?;
        }
        Ok(Subject::Anonymous)
    }

    /// The issuers whose tokens are taken now.
    async fn issuers(&self) -> Result<Option<Issuers>, ServiceError> {
        match (&self.oidc, &self.policy) {
            (None, _) => Ok(None),
            (Some(oidc), Some(policy)) => policy.issuers(oidc).await,
            (Some(oidc), None) => Ok(Some(oidc.look().await?)),
        }
    }

    /// A subject that is what the files say, if the log says so, too.
    async fn holding(&self, subject: Option<Subject>) -> Result<Option<Subject>, ServiceError> {
        match (&subject, &self.policy) {
            (Some(Subject::Key(key)), Some(policy)) if !policy.check(key).await? => Ok(None),
            _ => Ok(subject),
        }
    }

    async fn authenticate(&self, token: &str) -> Result<Subject, ServiceError> {
        if is_jwt(token)
            && let Some(issuers) = self.issuers().await?
        {
            return issuers.authenticate(token).await?.map_err(|reason| {
                let reason = reason.to_string();
                tracing::warn!(target: SECURITY, event = "authentication-refused", reason, "a token that is not good was refused");
                ServiceError::BadKey
            });
        }
        let (keys, text) = (Arc::clone(&self.keys), zeroize::Zeroizing::new(token.to_owned()));
        let subject = tokio::task::spawn_blocking(move || keys.authenticate(&text)).await??;
        self.holding(subject).await?.ok_or_else(|| {
            let key = Token::parse(token).map(|token| token.id().to_string());
            tracing::warn!(target: SECURITY, event = "authentication-refused", key, "a key that is not good was refused");
            ServiceError::BadKey
        })
    }

    /// A subject that asks once more, as it is now, and that this is no more than its share.
    ///
    /// # Errors
    /// As [`Service::identify`].
    #[cfg(feature = "graphql")]
    pub(crate) async fn admit(&self, subject: &Subject, peer: Option<IpAddr>) -> Result<Subject, ServiceError> {
        let subject = self.renew(subject).await?;
        self.count(&subject, peer)?;
        Ok(subject)
    }

    fn count(&self, subject: &Subject, peer: Option<IpAddr>) -> Result<(), ServiceError> {
        self.rates.count(subject, peer).inspect_err(|_| {
            let by = subject.id();
            tracing::warn!(target: SECURITY, event = "limited", by, "a subject asked for more than its share");
        })
    }

    /// Whether the store answers, with a head that the ledger's key signed and that covers all that the server knows of.
    ///
    /// # Errors
    /// [`ServiceError::Ledger`], [`ServiceError::WentBack`], [`ServiceError::Stopping`].
    pub async fn check_ready(&self) -> Result<(), ServiceError> {
        if *self.stopping.borrow() {
            return Err(ServiceError::Stopping);
        }
        self.entries_of_log().await?;
        Ok(())
    }

    async fn entries_of_log(&self) -> Result<u64, ServiceError> {
        // What is acknowledged while the store is read need not be in what it answers.
        let known = self.operations.recorded().max(self.seen.load(Ordering::Relaxed));
        let got = self.ledger.checkpoint().await?.map_or(0, |checkpoint| checkpoint.size().0);
        if got < known {
            return Err(ServiceError::WentBack { seen: known, got });
        }
        self.seen.fetch_max(got, Ordering::Relaxed);
        Ok(got)
    }

    /// From now on the server is not ready.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Told when it stops.
    #[cfg(feature = "graphql")]
    pub(crate) fn stopped(&self) -> Receiver<bool> {
        self.stopping.subscribe()
    }

    pub(crate) const fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// All metrics, as OpenMetrics has them.
    pub(crate) async fn render_metrics(&self) -> Result<String, Failure> {
        let (queued, running, free) = self.operations.load();
        let entries = self.entries_of_log().await;
        let ready = entries.is_ok() && !*self.stopping.borrow();
        let entries = entries.ok();
        let mut reading = Reading { ready, entries, queued, running, free, ..Reading::default() };
        if let Some(newest) = entries.and_then(|entries| entries.checked_sub(1)) {
            reading.checkpoint_age = self.age_of(newest).await;
        }
        for cosigner in self.cosigners.iter().flat_map(Cosigners::known) {
            let cosigned = cosigner.cosigned();
            let behind = match entries {
                Some(entries) if entries > cosigned => self.age_of(cosigned).await,
                known => known.map(|_| Duration::ZERO),
            };
            let witness = cosigner.name.clone();
            reading.cosigned.push(CosignedReading { witness, entries: cosigned, behind });
        }
        let rendered = self.metrics.render(&reading, &self.caches);
        rendered.map_err(|error| Failure::new(Code::Internal, error.to_string()))
    }

    /// Time since the entry at `index` was recorded, if it can be read.
    async fn age_of(&self, index: u64) -> Option<Duration> {
        let entry = self.ledger.entry(EntryRef::Index(LeafIndex(index))).await.ok()?;
        let at = entry.predicate().recorded_at();
        Some(Duration::from_millis(Timestamp::now().0.saturating_sub(at.0)))
    }

    /// The work that takes seconds.
    pub const fn operations(&self) -> &Arc<Operations> {
        &self.operations
    }
}
