//! The ledger: one store, one log, one key, and the operations on them.

use std::{fmt, sync::Arc};

use zkl_circuits::keys::builtin_keys;
use zkl_core::{
    digest::TransactionId,
    name::DatasetName,
    storage::{DatasetSummary, Order, Query, StorageBackendExt as _},
    transaction::OperationKind,
    tree::LeafIndex,
};
use zkl_merkle::{
    checkpoint::Checkpoint,
    cosignature::WitnessVerifier,
    note::{NoteSigner, NoteVerifier},
    signer::Signer,
};
use zkl_receipt::{Notarization, Predicate, SignedEntry};
use zkl_snark::keys::KeyStore;

use crate::{
    appender::Appender,
    entry::Entry,
    error::LedgerError,
    home::Seen,
    log::{self, TrustedHead},
    proofs::ProofSetting,
    store_url::AnyStore,
    vault::OpeningVault,
    work,
};

/// A ledger: notarizes tables, proves claims about them, keeps their history.
///
/// A handle: clones share everything, and every method may be called concurrently. One process writes to an embedded store at a
/// time; stores that several processes can write to order their appends by conflict and repetition.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) storage: AnyStore,
    /// `None` for a ledger that can only be read.
    appender: Option<Arc<Appender>>,
    key: LedgerKey,
    pub(crate) keys: Arc<KeyStore>,
    /// How everything that this handle records is proved.
    pub(crate) proofs: ProofSetting,
    pub(crate) openings: Arc<dyn OpeningVault>,
    pub(crate) witnesses: Arc<[WitnessVerifier]>,
}

/// What a ledger is made of.
pub(crate) struct Parts {
    pub(crate) storage: AnyStore,
    pub(crate) key: LedgerKey,
    pub(crate) keys: KeyStore,
    pub(crate) proofs: ProofSetting,
    pub(crate) openings: Arc<dyn OpeningVault>,
    pub(crate) witnesses: Vec<WitnessVerifier>,
    /// What the ledger's directory has seen of the log, where there is one.
    pub(crate) seen: Option<Seen>,
}

/// The ledger's key: whole, or only the public half for reading.
#[derive(Clone)]
pub(crate) enum LedgerKey {
    Signing {
        /// Signs checkpoints.
        log: Arc<NoteSigner>,
        /// Signs entries.
        notary: Arc<dyn Signer>,
    },
    Verifying(Arc<NoteVerifier>),
}

/// A position in the log, as people give it: an index or an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryRef {
    /// By index.
    Index(LeafIndex),
    /// By id.
    Id(TransactionId),
}

impl fmt::Display for EntryRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => index.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

impl std::str::FromStr for EntryRef {
    type Err = LedgerError;

    fn from_str(s: &str) -> Result<Self, LedgerError> {
        if let Ok(id) = s.parse() {
            return Ok(Self::Id(id));
        }
        let index = s.bytes().all(|b| b.is_ascii_digit()).then(|| s.parse().ok()).flatten();
        let unknown = || LedgerError::UnknownEntry { reference: s.chars().take(80).collect() };
        index.map(|index| Self::Index(LeafIndex(index))).ok_or_else(unknown)
    }
}

/// A notarization found in the log.
#[derive(Clone, Debug)]
pub struct NotarizedEntry {
    /// The entry.
    pub entry: Entry,
    /// What it says.
    pub notarization: Notarization,
}

impl Ledger {
    pub(crate) fn from_parts(parts: Parts) -> Self {
        let Parts { storage, key, keys, proofs, openings, witnesses, seen } = parts;
        let appender = match &key {
            LedgerKey::Signing { log, .. } => {
                Some(Arc::new(Appender::new(Arc::clone(&storage), Arc::clone(log), seen)))
            }
            LedgerKey::Verifying(_) => None,
        };
        Self { storage, appender, key, keys: pinned(keys), proofs, openings, witnesses: witnesses.into() }
    }

    /// This ledger, with another way of proving what it records from now on.
    #[must_use]
    pub fn with_proofs(self, proofs: ProofSetting) -> Self {
        Self { proofs, ..self }
    }

    /// This ledger, with `wrap` around its store: something that measures, keeps copies of what never changes, or injects faults.
    /// Clones that were made before go on without it, as another writer does.
    #[must_use]
    pub fn around_storage(mut self, wrap: impl FnOnce(AnyStore) -> AnyStore) -> Self {
        self.storage = wrap(self.storage);
        self.appender = self.appender.map(|appender| Arc::new(appender.over(Arc::clone(&self.storage))));
        self
    }

    /// The store.
    pub fn storage(&self) -> &AnyStore {
        &self.storage
    }

    /// Appends an entry that its notary has signed, and returns it with its place in the log. Durable on return.
    ///
    /// Entries of concurrent callers are appended together, under one checkpoint, and have consecutive indices: callers in
    /// parallel share the cost of a durable write. When the returned future is dropped, the entry is either appended whole or
    /// not at all.
    ///
    /// The blobs that the entry names must have been stored before; nothing here checks that.
    ///
    /// # Errors
    /// [`LedgerError::ReadOnly`], [`LedgerError::EntryTooLong`], [`LedgerError::Contention`]; [`LedgerError::Storage`], and
    /// errors about the stored head and tree, which reach the caller of every entry of the batch.
    pub async fn append(&self, entry: SignedEntry) -> Result<Entry, LedgerError> {
        self.appender.as_ref().ok_or(LedgerError::ReadOnly)?.append(entry).await
    }

    /// The key that verifies the log's checkpoints: what a verifier pins.
    pub fn log_key(&self) -> NoteVerifier {
        match &self.key {
            LedgerKey::Signing { log, .. } => log.verifier(),
            LedgerKey::Verifying(verifier) => verifier.as_ref().clone(),
        }
    }

    /// The newest checkpoint, its signature checked, or `None` for a ledger without entries.
    ///
    /// # Errors
    /// [`LedgerError::Storage`], [`LedgerError::Checkpoint`], [`LedgerError::HeadMismatch`].
    pub async fn checkpoint(&self) -> Result<Option<Checkpoint>, LedgerError> {
        Ok(self.head().await?.map(|head| head.checkpoint.into_inner()))
    }

    /// Entries of the log, each checked: id and signature.
    ///
    /// # Errors
    /// [`LedgerError::Storage`], [`LedgerError::Entry`].
    pub async fn entries(&self, query: &Query) -> Result<Vec<Entry>, LedgerError> {
        self.storage.find(query).await?.iter().map(Entry::from_stored).collect()
    }

    /// One entry.
    ///
    /// # Errors
    /// [`LedgerError::UnknownEntry`], otherwise as [`Ledger::entries`].
    pub async fn entry(&self, reference: EntryRef) -> Result<Entry, LedgerError> {
        let stored = match reference {
            EntryRef::Index(index) => self.storage.transaction_at(index).await?,
            EntryRef::Id(id) => self.storage.transaction(id).await?,
        };
        let stored = stored.ok_or_else(|| LedgerError::UnknownEntry { reference: reference.to_string() })?;
        Entry::from_stored(&stored)
    }

    /// Names of all datasets and the extent of their histories, by name.
    ///
    /// # Errors
    /// [`LedgerError::Storage`].
    pub async fn datasets(&self) -> Result<Vec<DatasetSummary>, LedgerError> {
        let mut all: Vec<DatasetSummary> = Vec::new();
        loop {
            let after = all.last().map(|summary| &summary.name);
            let page = self.storage.datasets(after, Query::MAX_LIMIT).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// The newest notarization of `name`.
    ///
    /// # Errors
    /// [`LedgerError::UnknownDataset`], [`LedgerError::NotNotarized`], otherwise as [`Ledger::entries`].
    pub async fn latest(&self, name: &DatasetName) -> Result<NotarizedEntry, LedgerError> {
        let query = Query {
            dataset: Some(name.clone()),
            kind: Some(OperationKind::NOTARIZATION),
            order: Order::Descending,
            limit: 1,
            ..Query::default()
        };
        if let Some(entry) = self.entries(&query).await?.pop() {
            return notarized(entry);
        }
        self.require_dataset(name).await?;
        Err(LedgerError::NotNotarized { name: name.clone() })
    }

    /// Checks that the ledger has entries about `name`.
    ///
    /// # Errors
    /// [`LedgerError::UnknownDataset`], with the name that looks most like it.
    pub async fn require_dataset(&self, name: &DatasetName) -> Result<(), LedgerError> {
        let query = Query { dataset: Some(name.clone()), limit: 1, ..Query::default() };
        if !self.storage.find(&query).await?.is_empty() {
            return Ok(());
        }
        let datasets = self.datasets().await?;
        let distance = |other: &DatasetName| strsim::damerau_levenshtein(name.as_str(), other.as_str());
        let similar = datasets.into_iter().map(|summary| summary.name).min_by_key(distance);
        let similar = similar.filter(|other| distance(other) <= 1 + name.as_str().len() / 4);
        Err(LedgerError::UnknownDataset { name: name.to_string(), similar })
    }

    /// The notarization at `reference`.
    ///
    /// # Errors
    /// [`LedgerError::NotANotarization`], otherwise as [`Ledger::entry`].
    pub async fn notarization(&self, reference: EntryRef) -> Result<NotarizedEntry, LedgerError> {
        notarized(self.entry(reference).await?)
    }

    pub(crate) async fn head(&self) -> Result<Option<TrustedHead>, LedgerError> {
        log::head(&*self.storage, &self.log_key()).await
    }

    /// Whether it was opened for reading alone.
    pub const fn is_read_only(&self) -> bool {
        matches!(self.key, LedgerKey::Verifying(_))
    }

    /// What signs entries.
    pub(crate) fn notary(&self) -> Result<&Arc<dyn Signer>, LedgerError> {
        match &self.key {
            LedgerKey::Signing { notary, .. } => Ok(notary),
            LedgerKey::Verifying(_) => Err(LedgerError::ReadOnly),
        }
    }

    /// What signs checkpoints.
    pub(crate) fn log_signer(&self) -> Result<&Arc<dyn Signer>, LedgerError> {
        match &self.key {
            LedgerKey::Signing { log, .. } => Ok(log.key()),
            LedgerKey::Verifying(_) => Err(LedgerError::ReadOnly),
        }
    }

    /// The key that signs checkpoints besides the log's.
    pub(crate) fn other_log_key(&self) -> Result<NoteVerifier, LedgerError> {
        let LedgerKey::Signing { log, .. } = &self.key else { return Err(LedgerError::ReadOnly) };
        let other = log.also().next().ok_or(LedgerError::SameKey)?;
        Ok(other.note_verifier(log.name().clone()))
    }

    /// Signs a statement that names this ledger's notary.
    pub(crate) async fn sign(&self, predicate: Predicate) -> Result<SignedEntry, LedgerError> {
        let notary = Arc::clone(self.notary()?);
        work::blocking(move || SignedEntry::sign(predicate, &*notary).map_err(LedgerError::entry)).await
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}

fn notarized(entry: Entry) -> Result<NotarizedEntry, LedgerError> {
    match entry.predicate() {
        Predicate::Notarization(notarization) => Ok(NotarizedEntry { notarization: notarization.clone(), entry }),
        _ => Err(LedgerError::NotANotarization { id: entry.id }),
    }
}

/// The keys, with the dev keys of the project's circuits pinned.
fn pinned(keys: KeyStore) -> Arc<KeyStore> {
    Arc::new(keys.pinning(builtin_keys()))
}
