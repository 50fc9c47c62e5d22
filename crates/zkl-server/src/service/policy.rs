//! Keeps the log up to date with who may do what here (ADR 36).
//!
//! ```text
//! files of keys and issuers, settings --diff--> entry on the log, durable --> what holds
//! ```
//!
//! Files and settings say what is wanted, the log what holds: a key or an issuer is good when both have it. So nothing new takes effect
//! before its entry is durable, and what was taken away is gone at once, whatever the store does. What a crash leaves between the two is
//! found by the next look, as is a file that was edited by hand.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::sync::{Mutex, MutexGuard};
use tracing::Instrument as _;
use zkl_ledger::{
    Entry, Ledger, ServerPolicy,
    receipt::{AccessPolicy, PolicyLine},
    types::Timestamp,
};

use crate::{
    access::{
        Access, ApiKey, Grant, Issuers, KeyRing, KeyUpdate, Oidc, OidcError, Pseudonyms, SECURITY, Subject, Token,
        of_everybody,
    },
    audit::AuditLog,
    error::{ServerError, ServiceError},
    failure::chain,
    operations::Operations,
};

/// How often it is looked whether something changed that nobody asked for.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The same, when the log could not be written to.
const TRY_AGAIN: Duration = Duration::from_secs(5);
/// Who changes files and settings.
const OPERATOR: &str = "operator";
/// The policy of a server that records no more.
const NOT_RECORDED: &str = "not recorded any more";

/// Records who may do what.
pub(super) struct PolicyKeeper {
    ledger: Ledger,
    access: Access,
    keys: Arc<KeyRing>,
    oidc: Option<Arc<Oidc>>,
    operations: Arc<Operations>,
    audit: Arc<AuditLog>,
    names: Pseudonyms,
    /// One change at a time.
    recorded: Mutex<Recorded>,
    holding: RwLock<Option<Arc<Holding>>>,
}

/// What the log says.
#[derive(Default)]
struct Recorded {
    /// The policy, where it is known: after a write that failed it is not.
    policy: Option<OnLog>,
    /// What the issuers were the last time that their file could be read.
    issuers: Vec<PolicyLine>,
}

/// A policy as the log has it; without one, the server has to begin.
#[derive(Clone, Default)]
struct OnLog(Option<AccessPolicy>);

impl From<Option<ServerPolicy>> for OnLog {
    fn from(found: Option<ServerPolicy>) -> Self {
        // What cannot be followed is begun anew.
        Self(found.filter(|found| found.is_whole).map(|found| found.policy))
    }
}

/// What files and log agree about.
struct Holding {
    /// The keys as they were read.
    listed: Arc<[Arc<ApiKey>]>,
    keys: HashMap<String, Arc<ApiKey>>,
    issuers: Option<Issuers>,
}

impl std::fmt::Debug for PolicyKeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PolicyKeeper").field("server", &self.names.server()).finish_non_exhaustive()
    }
}

/// What a keeper looks at and writes to.
pub(super) struct Kept {
    pub(super) ledger: Ledger,
    pub(super) access: Access,
    pub(super) keys: Arc<KeyRing>,
    pub(super) oidc: Option<Arc<Oidc>>,
    pub(super) operations: Arc<Operations>,
    pub(super) audit: Arc<AuditLog>,
}

impl PolicyKeeper {
    /// The keeper of the server in `dir`. Blocking.
    ///
    /// # Errors
    /// [`ServerError::Pseudonyms`].
    pub(super) fn open(dir: &Path, kept: Kept) -> Result<Self, ServerError> {
        Ok(Self::new(Pseudonyms::open(dir)?, kept))
    }

    fn new(names: Pseudonyms, kept: Kept) -> Self {
        let Kept { ledger, access, keys, oidc, operations, audit } = kept;
        let (recorded, holding) = (Mutex::default(), RwLock::default());
        Self { ledger, access, keys, oidc, operations, audit, names, recorded, holding }
    }

    /// The same, with other keys.
    pub(super) fn with_keys(self: Arc<Self>, keys: Arc<KeyRing>) -> Option<Arc<Self>> {
        let Self { ledger, access, oidc, operations, audit, names, .. } = Arc::into_inner(self)?;
        Some(Arc::new(Self::new(names, Kept { ledger, access, keys, oidc, operations, audit })))
    }

    /// Records what has changed, if something has.
    ///
    /// # Errors
    /// [`ServiceError::Ledger`], [`ServiceError::Keys`], [`ServiceError::Task`]: then nothing new holds.
    pub(super) async fn settle(&self) -> Result<(), ServiceError> {
        let listed = self.listed().await?;
        if let Some(holding) = self.holding()
            && Arc::ptr_eq(&holding.listed, &listed)
            && self.issuers_are(&holding).await
        {
            return Ok(());
        }
        let mut recorded = self.recorded.lock().await;
        self.settle_in_turn(&mut recorded, None).await
    }

    /// Whether what is open to everybody holds.
    pub(super) fn has_begun(&self) -> bool {
        self.holding().is_some()
    }

    /// Whether a key is good, which the file has.
    ///
    /// # Errors
    /// As [`PolicyKeeper::settle`].
    pub(super) async fn check(&self, key: &Arc<ApiKey>) -> Result<bool, ServiceError> {
        let holds = || self.holding().is_some_and(|holding| holding.keys.get(key.id.as_str()) == Some(key));
        if !holds() {
            self.settle().await?;
        }
        Ok(holds())
    }

    /// The issuers whose tokens are good.
    ///
    /// # Errors
    /// As [`PolicyKeeper::settle`], and [`ServiceError::Oidc`].
    pub(super) async fn issuers(&self, oidc: &Arc<Oidc>) -> Result<Option<Issuers>, ServiceError> {
        let now = oidc.look().await?;
        let holding = || self.holding().and_then(|holding| holding.issuers.clone());
        if !holding().is_some_and(|held| held.is(&now)) {
            self.settle().await?;
        }
        Ok(holding())
    }

    /// Makes a key for `by`. Its token is shown when the log has the key.
    ///
    /// # Errors
    /// As [`PolicyKeeper::settle`]: then there is no such key.
    pub(super) async fn create_key(
        self: &Arc<Self>,
        by: &Subject,
        name: String,
        grants: Vec<Grant>,
        expires_at: Option<Timestamp>,
    ) -> Result<(ApiKey, Token), ServiceError> {
        let (this, by) = (Arc::clone(self), by.clone());
        // What was begun comes to its end, whether or not the client still waits.
        let made = async move {
            let mut recorded = this.recorded.lock().await;
            let keys = Arc::clone(&this.keys);
            let made = tokio::task::spawn_blocking(move || keys.create(&name, grants, expires_at)).await??;
            let id = made.0.id.to_string();
            if let Err(error) = this.settle_in_turn(&mut recorded, Some((&id, &by))).await {
                let keys = Arc::clone(&this.keys);
                let _gone = tokio::task::spawn_blocking(move || keys.revoke(&id)).await?;
                return Err(error);
            }
            Ok(made)
        };
        tokio::spawn(made.in_current_span()).await?
    }

    /// Changes what a key is good for, for `by`.
    ///
    /// # Errors
    /// As [`PolicyKeeper::settle`]: then the key has what it was to lose no more, and nothing of what it was to get.
    pub(super) async fn update_key(
        self: &Arc<Self>,
        by: &Subject,
        id: String,
        update: KeyUpdate,
    ) -> Result<(ApiKey, ApiKey), ServiceError> {
        let (this, by) = (Arc::clone(self), by.clone());
        let updated = async move {
            let mut recorded = this.recorded.lock().await;
            let (keys, changed) = (Arc::clone(&this.keys), id.clone());
            let updated = tokio::task::spawn_blocking(move || keys.update(&changed, &update)).await??;
            if let Err(error) = this.settle_in_turn(&mut recorded, Some((&id, &by))).await {
                let (keys, before) = (Arc::clone(&this.keys), updated.0);
                tokio::task::spawn_blocking(move || keys.narrow(&before)).await??;
                return Err(error);
            }
            Ok(updated)
        };
        tokio::spawn(updated.in_current_span()).await?
    }

    /// The server's name on the log.
    pub(super) fn server(&self) -> PolicyLine {
        self.names.server()
    }

    /// Revokes a key for `by`. From then on it is good for nothing, also if the log could not be written to.
    ///
    /// # Errors
    /// As [`PolicyKeeper::settle`]: then its entry follows when the log can be written to.
    pub(super) async fn revoke_key(self: &Arc<Self>, by: &Subject, id: String) -> Result<(), ServiceError> {
        let (this, by) = (Arc::clone(self), by.clone());
        let revoked = async move {
            let mut recorded = this.recorded.lock().await;
            let (keys, revoked) = (Arc::clone(&this.keys), id.clone());
            tokio::task::spawn_blocking(move || keys.revoke(&revoked)).await??;
            this.settle_in_turn(&mut recorded, Some((&id, &by))).await
        };
        tokio::spawn(revoked.in_current_span()).await?
    }

    /// Looks again and again, until it is dropped.
    pub(super) async fn watch(self: Arc<Self>) {
        let mut failed = false;
        loop {
            tokio::time::sleep(if failed { TRY_AGAIN } else { LOOK_AGAIN }).await;
            let settled = self.settle().await;
            if let (Err(error), false) = (&settled, failed) {
                tracing::error!(target: SECURITY, event = "policy-not-recorded", error = chain(error), "a change is not on the log");
            }
            failed = settled.is_err();
        }
    }

    fn holding(&self) -> Option<Arc<Holding>> {
        self.holding.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn listed(&self) -> Result<Arc<[Arc<ApiKey>]>, ServiceError> {
        let keys = Arc::clone(&self.keys);
        Ok(tokio::task::spawn_blocking(move || keys.list()).await??)
    }

    /// The issuers as they are now; none where the file cannot be followed, which lets nobody in.
    async fn issuers_now(&self) -> Option<Result<Issuers, OidcError>> {
        match &self.oidc {
            Some(oidc) => Some(oidc.look().await),
            None => None,
        }
    }

    async fn issuers_are(&self, holding: &Holding) -> bool {
        match (self.issuers_now().await, &holding.issuers) {
            (Some(Ok(now)), Some(held)) => now.is(held),
            // Those that cannot be read have not changed.
            (Some(Err(_)), _) | (None, None) => true,
            _ => false,
        }
    }

    /// Records the difference between what is wanted and what the log says. What `by` did with a key is recorded in their name.
    async fn settle_in_turn(
        &self,
        recorded: &mut MutexGuard<'_, Recorded>,
        by: Option<(&str, &Subject)>,
    ) -> Result<(), ServiceError> {
        let listed = self.listed().await?;
        let issuers = self.issuers_now().await.and_then(Result::ok);
        if let Some(issuers) = &issuers {
            recorded.issuers = issuers.lines(&self.names);
        }
        let of_keys = listed.iter().flat_map(|key| self.names.of_key(key));
        let open = of_everybody(self.access, &self.names);
        let wanted: AccessPolicy = open.into_iter().chain(of_keys).chain(recorded.issuers.iter().cloned()).collect();
        // Until it is known that all went well, it is not known what the log says.
        let mut on_log = match recorded.policy.take() {
            Some(on_log) => on_log,
            None => self.ledger.server_policy(&self.names.server()).await?.into(),
        };
        if let Some((id, by)) = by {
            let beginning = format!("key {id} ");
            let theirs = |line: &&PolicyLine| line.as_str().starts_with(&beginning);
            let before = on_log.0.clone().unwrap_or_default();
            let (gone, come) = (before.lines().filter(theirs), wanted.lines().filter(theirs));
            let others = wanted.with(come, gone);
            on_log = self.record(on_log, others, self.names.line("", OPERATOR), None).await?;
            on_log = self.record(on_log, wanted, self.names.subject(by), Some(by)).await?;
        } else {
            on_log = self.record(on_log, wanted, self.names.line("", OPERATOR), None).await?;
        }
        recorded.policy = Some(on_log);
        let keys = listed.iter().map(|key| (key.id.to_string(), Arc::clone(key))).collect();
        let held = self.holding().and_then(|holding| holding.issuers.clone());
        let holding = Holding { listed, keys, issuers: issuers.or(held) };
        *self.holding.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(holding));
        Ok(())
    }

    /// Records `after`, if the log does not say that already.
    async fn record(
        &self,
        before: OnLog,
        after: AccessPolicy,
        by: PolicyLine,
        subject: Option<&Subject>,
    ) -> Result<OnLog, ServiceError> {
        // A server that lets nobody do anything has nothing to say, unless it said something else before.
        let nothing = match &before.0 {
            Some(before) => *before == after,
            None => after.is_empty() && self.ledger.server_policy(&self.names.server()).await?.is_none(),
        };
        if nothing {
            return Ok(before);
        }
        let server = self.names.server();
        for entry in self.ledger.record_policy(&server, before.0.as_ref(), &after, &by).await? {
            self.told(&entry, &by, subject).await?;
        }
        Ok(OnLog(Some(after)))
    }

    /// Writes down where somebody stands in clear, and tells whoever waits for entries.
    async fn told(&self, entry: &Entry, by: &PolicyLine, subject: Option<&Subject>) -> Result<(), ServiceError> {
        self.operations.note_recorded(entry.index.0 + 1);
        let (index, name) = (entry.index.0, by.as_str());
        tracing::warn!(target: SECURITY, event = "policy-recorded", entry = index, by = name, "who may do what has changed");
        self.audit.policy(subject.map_or(OPERATOR, Subject::id), name, index).await
    }
}

/// Records that the server in `dir` records nothing any more, if it did before.
///
/// # Errors
/// [`ServerError::Pseudonyms`], [`ServerError::Ledger`].
pub(super) async fn end_record(ledger: &Ledger, dir: &Path) -> Result<(), ServerError> {
    let dir = dir.to_owned();
    let found = tokio::task::spawn_blocking(move || Pseudonyms::find(&dir)).await.map_err(ServiceError::from)??;
    let Some(names) = found else { return Ok(()) };
    let server = names.server();
    let Some(found) = ledger.server_policy(&server).await? else { return Ok(()) };
    let end: AccessPolicy = [names.line("", NOT_RECORDED)].into_iter().collect();
    if found.policy != end || !found.is_whole {
        let before = found.is_whole.then_some(&found.policy);
        ledger.record_policy(&server, before, &end, &names.line("", OPERATOR)).await?;
    }
    Ok(())
}
