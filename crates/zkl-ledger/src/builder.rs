//! Making and opening ledgers: with a directory of its own, which holds key, settings and openings, or from parts.

use std::{path::Path, sync::Arc, time::Duration};

use zkl_core::{storage::StorageBackend, tree::LeafIndex};
use zkl_merkle::{
    cosignature::WitnessVerifier,
    keys::{Origin, SigningKey, VerifyingKey},
    note::{NoteSigner, NoteVerifier},
    signer::Signer,
};
use zkl_signer::KeyPlace;
use zkl_snark::keys::KeyStore;

use crate::{
    error::LedgerError,
    home::{KeyRole, LedgerHome, NewLedger, Seen},
    ledger::{Ledger, LedgerKey, Parts},
    log,
    proofs::ProofSetting,
    rotation::{self, RotatedKey},
    storage::{memory::MemoryBackend, shared::SharedStore},
    store_url::{AnyStore, StoreUrl},
    vault::{MemoryVault, OpeningKey, OpeningVault},
    work,
};

/// How long it is waited at least for another process that shares the store: appends take milliseconds.
const OTHERS_APPEND: Duration = Duration::from_secs(5);

/// The name of a log that nobody else will see.
const IN_MEMORY: &str = "in-memory.invalid";

/// Settings of a ledger that is to be made or opened.
///
/// With a directory ([`create`](Self::create), [`open`](Self::open), [`open_read_only`](Self::open_read_only)) the signing key, the
/// settings, the openings and, unless a store is named, the embedded store are in it. From parts ([`build`](Self::build),
/// [`build_read_only`](Self::build_read_only)) nothing is read from disk but generated keys.
#[derive(Default)]
#[must_use = "a builder makes nothing by itself"]
pub struct LedgerBuilder {
    store: Option<AnyStore>,
    url: Option<StoreUrl>,
    openings: Option<Arc<dyn OpeningVault>>,
    opening_key: Option<OpeningKey>,
    encrypt_openings: bool,
    keys: Option<KeyStore>,
    proofs: ProofSetting,
    witnesses: Option<Vec<WitnessVerifier>>,
    notary: Option<Arc<dyn Signer>>,
    wait: Duration,
    accept_older_store: bool,
    log_key: Option<KeyPlace>,
    notary_key: Option<KeyPlace>,
    seen: Option<Seen>,
}

impl Ledger {
    /// Settings of a ledger, all of them the defaults.
    pub fn builder() -> LedgerBuilder {
        LedgerBuilder::default()
    }

    /// Makes a new ledger in `dir`, with a fresh signing key. The origin names the log for ever: it stands in every checkpoint.
    ///
    /// # Errors
    /// As [`LedgerBuilder::create`].
    pub async fn create(dir: impl AsRef<Path>, origin: Origin) -> Result<Self, LedgerError> {
        Self::builder().create(dir, origin).await
    }

    /// Opens the ledger in `dir` for reading and writing.
    ///
    /// # Errors
    /// As [`LedgerBuilder::open`].
    pub async fn open(dir: impl AsRef<Path>) -> Result<Self, LedgerError> {
        Self::builder().open(dir).await
    }

    /// A new ledger in memory, with a fresh key: for tests and trials. Generated proving keys are still kept on disk.
    ///
    /// # Errors
    /// [`LedgerError::Key`], [`LedgerError::Keys`], [`LedgerError::NoKeyDirectory`].
    pub fn in_memory() -> Result<Self, LedgerError> {
        let log = NoteSigner::new(IN_MEMORY.parse()?, SigningKey::generate()?);
        Self::builder().store(MemoryBackend::new()).openings(MemoryVault::default()).build(log)
    }
}

impl LedgerBuilder {
    /// Puts the log into a store that is open already.
    pub fn store(mut self, store: impl StorageBackend + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Names the store of a ledger that is made: a relative directory is taken from the ledger's. Without it the store is the
    /// embedded one, in the directory.
    pub fn store_url(mut self, url: StoreUrl) -> Self {
        self.url = Some(url);
        self
    }

    /// Keeps openings elsewhere than in the ledger's directory.
    pub fn openings(mut self, vault: impl OpeningVault + 'static) -> Self {
        self.openings = Some(Arc::new(vault));
        self
    }

    /// Reads encrypted openings of the ledger's directory with this key. Without it they are written, but not read.
    pub fn opening_key(mut self, key: OpeningKey) -> Self {
        self.opening_key = Some(key);
        self
    }

    /// Encrypts the openings of a ledger that is made, to this key. A passphrase gets a new one, which is kept with the ledger.
    pub fn encrypt_openings(mut self, key: OpeningKey) -> Self {
        self.encrypt_openings = true;
        self.opening_key(key)
    }

    /// Keeps generated proving keys and imported reference strings elsewhere than in [`default_key_dir`](crate::home::default_key_dir).
    pub fn keys(mut self, keys: KeyStore) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Sets how proofs are made. Universally, under the public string, unless set.
    pub const fn proofs(mut self, proofs: ProofSetting) -> Self {
        self.proofs = proofs;
        self
    }

    /// Lets receipts carry cosignatures of these witnesses, and [`Ledger::fsck`] verify them, instead of those of the settings.
    pub fn witnesses(mut self, witnesses: Vec<WitnessVerifier>) -> Self {
        self.witnesses = Some(witnesses);
        self
    }

    /// Signs checkpoints of a ledger that is made with the key at this place, instead of one that is made for it.
    pub fn log_key(mut self, place: KeyPlace) -> Self {
        self.log_key = Some(place);
        self
    }

    /// Signs entries of a ledger that is made with the key at this place, instead of the log's.
    pub fn notary_key(mut self, place: KeyPlace) -> Self {
        self.notary_key = Some(place);
        self
    }

    /// Signs entries with this signer instead of the log's, or of the one that the ledger's settings name.
    pub fn notary(mut self, signer: impl Signer + 'static) -> Self {
        self.notary = Some(Arc::new(signer));
        self
    }

    /// Waits so long for a store that another process has open for writing. Not at all unless set.
    pub const fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Goes on from the state that the store is in, although the ledger's directory has seen a newer one: what is missing is lost, and
    /// nobody has a receipt or a checkpoint of it.
    pub const fn accept_older_store(mut self, accept: bool) -> Self {
        self.accept_older_store = accept;
        self
    }

    /// A ledger that can be read and appended to, from parts. `log` signs checkpoints, and entries unless there is a
    /// [`notary`](Self::notary).
    ///
    /// # Errors
    /// [`LedgerError::Incomplete`] without a store or without a vault for openings; [`LedgerError::NoKeyDirectory`],
    /// [`LedgerError::Keys`].
    pub fn build(self, log: NoteSigner) -> Result<Ledger, LedgerError> {
        let key = self.signing(log);
        self.finish(key)
    }

    /// A ledger that can only be read, from parts.
    ///
    /// # Errors
    /// As [`LedgerBuilder::build`].
    pub fn build_read_only(self, log: NoteVerifier) -> Result<Ledger, LedgerError> {
        self.finish(LedgerKey::Verifying(Arc::new(log)))
    }

    /// Makes a new ledger in `dir`, with a fresh signing key.
    ///
    /// # Errors
    /// [`LedgerError::LedgerExists`], [`LedgerError::NotCompiledIn`], [`LedgerError::Io`], [`LedgerError::Storage`],
    /// [`LedgerError::Key`], [`LedgerError::NoKeyDirectory`].
    pub async fn create(self, dir: impl AsRef<Path>, origin: Origin) -> Result<Ledger, LedgerError> {
        let new = NewLedger {
            store: self.url.clone(),
            encrypt: self.opening_key.clone().filter(|_| self.encrypt_openings),
            log_key: self.log_key.clone(),
            notary_key: self.notary_key.clone(),
        };
        let dir = dir.as_ref().to_owned();
        let home = work::blocking(move || LedgerHome::create(&dir, origin, &new)).await?;
        let storage = match home.store().create().await {
            Ok(storage) => storage,
            Err(error) => {
                // What was made a moment ago and has no log: the next attempt may begin anew, with another store.
                home.discard()?;
                return Err(error);
            }
        };
        let key = self.signing_at(&home).await?;
        self.of(&home, storage, key)
    }

    /// Opens the ledger in `dir` for reading and writing. An embedded store is open for writing in one process.
    ///
    /// # Errors
    /// [`LedgerError::NoLedger`]; [`LedgerError::StoreAbsent`] for a ledger that was used and has lost its store;
    /// [`LedgerError::Storage`], with [`StorageErrorKind::Locked`](zkl_core::storage::StorageErrorKind::Locked) when another process has it; [`LedgerError::NotCompiledIn`],
    /// [`LedgerError::SetBack`] for a store that is an older copy of the log, unless that is [accepted](Self::accept_older_store);
    /// [`LedgerError::Io`], [`LedgerError::Settings`], [`LedgerError::Key`], [`LedgerError::NoKeyDirectory`].
    pub async fn open(self, dir: impl AsRef<Path>) -> Result<Ledger, LedgerError> {
        let home = LedgerHome::open(dir.as_ref())?;
        let key = self.signing_at(&home).await?;
        let storage = Box::pin(home.open_store(self.wait)).await?;
        self.open_with(&home, storage, key).await
    }

    /// As [`open`](Self::open), beside other processes that open it like this: an embedded store is open for writing only while
    /// something is recorded, not while a table is read and proved. Other stores have several writers anyway.
    ///
    /// # Errors
    /// As [`open`](Self::open). A store that another process has for longer is `Locked` here, or when something is to be recorded.
    pub async fn open_shared(self, dir: impl AsRef<Path>) -> Result<Ledger, LedgerError> {
        let home = LedgerHome::open(dir.as_ref())?;
        if !matches!(home.store(), StoreUrl::Rocks(_)) {
            return self.open(dir).await;
        }
        let wait = self.wait.max(OTHERS_APPEND);
        let key = self.signing_at(&home).await?;
        // Open for a moment: what cannot be written to is found before long work.
        let storage = Box::pin(home.open_store(wait)).await?;
        Box::pin(self.check_opened(&home, &storage, &key)).await?;
        drop(storage);
        let shared = SharedStore::new(home.store().clone(), wait);
        self.of(&home, Arc::new(shared), key)
    }

    async fn open_with(self, home: &LedgerHome, storage: AnyStore, key: LedgerKey) -> Result<Ledger, LedgerError> {
        Box::pin(self.check_opened(home, &storage, &key)).await?;
        self.of(home, storage, key)
    }

    /// Checks that the store is the log's newest state as far as this directory knows, and that these keys continue it.
    async fn check_opened(&self, home: &LedgerHome, storage: &AnyStore, key: &LedgerKey) -> Result<(), LedgerError> {
        let LedgerKey::Signing { log, notary } = key else { return Ok(()) };
        home.record_public_keys(storage, &log.verifier(), &notary.verifying_key()).await?;
        self.check_seen(home, storage).await?;
        rotation::check_current(&**storage, log, &notary.verifying_key()).await
    }

    async fn check_seen(&self, home: &LedgerHome, storage: &AnyStore) -> Result<(), LedgerError> {
        if self.accept_older_store {
            home.seen().accept(&**storage).await?;
        }
        home.check_seen(storage).await
    }

    /// Replaces the log's key of the ledger in `dir` by the one at `place`, or by a new one in a file of the directory. The old key signs
    /// the entry that names the new one, and both sign checkpoints until [`LedgerHome::end_overlap`]. Interrupted, it goes on when it is
    /// repeated (ADR 21).
    ///
    /// # Errors
    /// [`LedgerError::OverlapGoesOn`] after a rotation whose overlap has not ended, [`LedgerError::RotationUnfinished`] when another place is
    /// given than the interrupted rotation's, [`LedgerError::SameKey`], [`LedgerError::KeyPlace`], and as [`LedgerBuilder::open`].
    pub async fn rotate_key(self, dir: impl AsRef<Path>, place: Option<KeyPlace>) -> Result<RotatedKey, LedgerError> {
        let dir = dir.as_ref().to_owned();
        let storage = LedgerHome::open(&dir)?.open_store(self.wait).await?;
        // Read once more, now that nobody else has the store.
        let mut home = LedgerHome::open(&dir)?;
        // Before anything is begun.
        Box::pin(self.check_seen(&home, &storage)).await?;
        if home.former_log_key().is_some() {
            let log = home.log_key()?;
            let rotations = rotation::leading_to(&*storage, &log).await?;
            let index = rotations.first().map_or(LeafIndex(0), |step| step.index);
            return Err(LedgerError::OverlapGoesOn { index });
        }
        let begun = move || {
            home.begin_rotation(KeyRole::Log, place)?;
            let next = home.next_log_key().map(|place| place.signer(None)).transpose()?;
            // All was done but for the settings.
            let switched = next.map(|next| next.verifying_key()) == home.recorded(KeyRole::Log)?;
            Ok::<_, LedgerError>((home, switched))
        };
        let (mut home, switched) = work::blocking(begun).await?;
        let key = self.signing_at(&home).await?;
        let ledger = self.open_with(&home, storage, key).await?;
        let rotated = match ledger.rotate(switched).await {
            // Nothing was recorded, and a key that the log had before must not be left to sign.
            Err(error @ LedgerError::FormerKey { .. }) => {
                home.abandon_rotation()?;
                return Err(error);
            }
            rotated => rotated?,
        };
        let new = *rotated.new.key();
        work::blocking(move || home.finish_rotation(&new)).await?;
        Ok(rotated)
    }

    /// Replaces the notary's key of the ledger in `dir` as [`Self::rotate_key`] replaces the log's. The old key signs the entry that names the new
    /// one, and nothing after it. Also returns where the old one is.
    ///
    /// # Errors
    /// [`LedgerError::NoNotary`] where the log's key signs entries, otherwise as [`Self::rotate_key`].
    pub async fn rotate_notary(
        self,
        dir: impl AsRef<Path>,
        place: Option<KeyPlace>,
    ) -> Result<(RotatedKey, Option<KeyPlace>), LedgerError> {
        let dir = dir.as_ref().to_owned();
        let storage = LedgerHome::open(&dir)?.open_store(self.wait).await?;
        let mut home = LedgerHome::open(&dir)?;
        if home.key_place(KeyRole::Notary).is_none() {
            return Err(LedgerError::NoNotary);
        }
        Box::pin(self.check_seen(&home, &storage)).await?;
        let begun = move || {
            home.begin_rotation(KeyRole::Notary, place)?;
            let next = home.next_notary_key().map(|place| place.signer(None)).transpose()?;
            Ok::<_, LedgerError>((home, next.map(|next| next.verifying_key())))
        };
        let (mut home, next) = work::blocking(begun).await?;
        let key = self.signing_at(&home).await?;
        let next = next.ok_or(LedgerError::NoNotary)?;
        // Not by `open_with`: after an interruption the notary that signs here has named its successor.
        let ledger = self.of(&home, storage, key)?;
        let rotated = ledger.rotate_notary(next).await?;
        let former = work::blocking(move || home.finish_notary_rotation(&next)).await?;
        Ok((rotated, former))
    }

    /// Opens the ledger in `dir` for reading, beside whoever writes to it. Sees what was acknowledged before the call.
    ///
    /// # Errors
    /// As [`LedgerBuilder::open`], but for the lock.
    pub async fn open_read_only(self, dir: impl AsRef<Path>) -> Result<Ledger, LedgerError> {
        let home = LedgerHome::open(dir.as_ref())?;
        let verifier = home.log_key()?;
        let storage = home.store().open_read_only().await?;
        self.of(&home, storage, LedgerKey::Verifying(Arc::new(verifier)))
    }

    async fn signing_at(&self, home: &LedgerHome) -> Result<LedgerKey, LedgerError> {
        let home = home.clone();
        let given = self.notary.is_some();
        let open = move || Ok((home.log_signer()?, if given { None } else { home.notary_signer()? }));
        let (log, notary): (NoteSigner, Option<Box<dyn Signer>>) = work::blocking(open).await?;
        let notary = notary.map(|notary| Arc::new(notary) as Arc<dyn Signer>).or_else(|| self.notary.clone());
        let notary = notary.unwrap_or_else(|| Arc::clone(log.key()));
        Ok(LedgerKey::Signing { log: Arc::new(log), notary })
    }

    fn signing(&self, log: NoteSigner) -> LedgerKey {
        let notary = self.notary.clone().unwrap_or_else(|| Arc::clone(log.key()));
        LedgerKey::Signing { log: Arc::new(log), notary }
    }

    fn of(mut self, home: &LedgerHome, storage: AnyStore, key: LedgerKey) -> Result<Ledger, LedgerError> {
        self.store = Some(storage);
        if self.openings.is_none() {
            self.openings = Some(Arc::new(home.vault(self.opening_key.take())?));
        }
        self.witnesses.get_or_insert_with(|| home.witness_keys());
        self.seen = Some(home.seen());
        self.finish(key)
    }

    fn finish(self, key: LedgerKey) -> Result<Ledger, LedgerError> {
        let Self { store, openings, keys, proofs, witnesses, seen, .. } = self;
        let storage = store.ok_or(LedgerError::Incomplete { what: "a store" })?;
        let openings = openings.ok_or(LedgerError::Incomplete { what: "a vault for openings" })?;
        let keys = match keys {
            Some(keys) => keys,
            None => KeyStore::open(crate::home::default_key_dir().ok_or(LedgerError::NoKeyDirectory)?)?,
        };
        let witnesses = witnesses.unwrap_or_default();
        Ok(Ledger::from_parts(Parts { storage, key, keys, proofs, openings, witnesses, seen }))
    }
}

impl LedgerHome {
    /// Ledgers of earlier versions have no file of their public key. It is written when the log is known to be this key's.
    async fn record_public_keys(
        &self,
        storage: &AnyStore,
        log: &NoteVerifier,
        notary: &VerifyingKey,
    ) -> Result<(), LedgerError> {
        if self.recorded(KeyRole::Log)?.is_none() {
            log::head(&**storage, log).await?;
            self.record(KeyRole::Log, log.key())?;
        }
        if self.key_place(KeyRole::Notary).is_some() && self.recorded(KeyRole::Notary)?.is_none() {
            self.record(KeyRole::Notary, notary)?;
        }
        Ok(())
    }
}
