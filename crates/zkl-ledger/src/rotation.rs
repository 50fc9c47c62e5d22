//! The log's key as it changes: naming a successor, revoking, and the keys that the log had before (ADR 21).

use std::sync::Arc;

use zkl_core::{
    storage::{Query, StorageBackend, StorageBackendExt as _},
    time::Timestamp,
    transaction::OperationKind,
    tree::{LeafIndex, TreeSize},
};
use zkl_merkle::{
    Verified,
    checkpoint::{Checkpoint, SignedCheckpoint},
    error::{CheckpointError, NoteError},
    keys::{Origin, VerifyingKey},
    note::{NoteSigner, NoteVerifier},
    signer::Signer,
};
use zkl_receipt::{KeyChange, KeyRecord, Nonce, NotaryRotations, Predicate, Rotation, SignedEntry};

use crate::{
    entry::Entry,
    error::LedgerError,
    ledger::{EntryRef, Ledger},
    work,
};

impl Ledger {
    /// Records that `successor` takes over from the log's key, which signs the entry. From this entry on checkpoints must be signed by the
    /// successor: hand it in beforehand ([`NoteSigner::with_also`](zkl_merkle::note::NoteSigner::with_also)), so that both sign, and open the
    /// ledger with it afterwards.
    ///
    /// # Errors
    /// [`LedgerError::SameKey`] when it is the log's key, [`LedgerError::ReadOnly`], and as [`Ledger::append`].
    pub async fn name_successor(&self, successor: VerifyingKey) -> Result<Entry, LedgerError> {
        let log = Arc::clone(self.log_signer()?);
        self.record_key(log, KeyChange::Rotation, *self.log_key().key(), successor, None).await
    }

    /// Records that `successor` signs entries from this one on, which the notary signs. Whoever trusts the notary follows. Open the ledger with
    /// the successor afterwards.
    ///
    /// # Errors
    /// [`LedgerError::NoNotary`] where the log's key signs entries, otherwise as [`Ledger::name_successor`].
    pub async fn name_notary(&self, successor: VerifyingKey) -> Result<Entry, LedgerError> {
        let notary = Arc::clone(self.notary()?);
        let old = notary.verifying_key();
        if old == *self.log_key().key() {
            return Err(LedgerError::NoNotary);
        }
        self.record_key(notary, KeyChange::NotaryRotation, old, successor, None).await
    }

    /// Records that what `revoked` signs from the size `from` on does not count. The log's key signs the entry. It tells auditors and
    /// monitors; verifiers go by their trust stores.
    ///
    /// # Errors
    /// [`LedgerError::SameKey`] when it is the log's key, [`LedgerError::ReadOnly`], and as [`Ledger::append`].
    pub async fn revoke_key(&self, revoked: VerifyingKey, from: TreeSize) -> Result<Entry, LedgerError> {
        let log = Arc::clone(self.log_signer()?);
        self.record_key(log, KeyChange::Revocation, revoked, *self.log_key().key(), Some(from)).await
    }

    /// The rotations that led to the log's key, the latest first.
    ///
    /// # Errors
    /// [`LedgerError::Storage`], [`LedgerError::Entry`].
    pub async fn rotations(&self) -> Result<Vec<Rotation>, LedgerError> {
        leading_to(&*self.storage, &self.log_key()).await
    }

    /// Lets the log's key name the one that signs as well, unless it did before an interruption. `switched` says that the other one is the
    /// former key already.
    ///
    /// # Errors
    /// [`LedgerError::FormerKey`], [`LedgerError::Succeeded`], and as [`Ledger::name_successor`].
    pub(crate) async fn rotate(&self, switched: bool) -> Result<RotatedKey, LedgerError> {
        let log = self.log_key();
        let other = self.other_log_key()?;
        let rotations = rotations(&*self.storage, &log).await?;
        if let Some(step) = Rotation::leading_to(&rotations, &log).into_iter().next().filter(|_| switched) {
            return Ok(RotatedKey { entry: self.entry(EntryRef::Index(step.index)).await?, old: other, new: log });
        }
        if let Some(step) = rotations.iter().find(|step| step.old == other) {
            return Err(LedgerError::FormerKey { index: step.index });
        }
        let entry = match Rotation::path(&rotations, &log).first() {
            Some(step) if step.new == other => self.entry(EntryRef::Index(step.index)).await?,
            Some(step) => return Err(LedgerError::Succeeded { index: step.index }),
            None => self.name_successor(*other.key()).await?,
        };
        Ok(RotatedKey { entry, old: log, new: other })
    }

    /// Lets the notary name `successor`, unless it did before an interruption.
    ///
    /// # Errors
    /// [`LedgerError::FormerKey`], [`LedgerError::Succeeded`], and as [`Ledger::name_notary`].
    pub(crate) async fn rotate_notary(&self, successor: VerifyingKey) -> Result<RotatedKey, LedgerError> {
        let log = self.log_key();
        let verifier = |key: VerifyingKey| key.note_verifier(log.name().clone());
        let (old, new) = (verifier(self.notary()?.verifying_key()), verifier(successor));
        let entries = entries(&*self.storage).await?;
        let mut steps = entries.iter().filter_map(|entry| of_notary(entry, &log)).collect::<Vec<_>>().into_iter();
        if let Some(step) = steps.clone().find(|step| old == new && step.new == new) {
            // All was done but for the settings.
            return Ok(RotatedKey { entry: self.entry(EntryRef::Index(step.index)).await?, old: step.old, new });
        }
        if let Some(step) = steps.clone().find(|step| step.old == new) {
            return Err(LedgerError::FormerKey { index: step.index });
        }
        let entry = match steps.find(|step| step.old == old) {
            Some(step) if step.new == new => self.entry(EntryRef::Index(step.index)).await?,
            Some(step) => return Err(LedgerError::Succeeded { index: step.index }),
            None => self.name_notary(successor).await?,
        };
        Ok(RotatedKey { entry, old, new })
    }

    async fn record_key(
        &self,
        signer: Arc<dyn Signer>,
        change: KeyChange,
        old: VerifyingKey,
        new: VerifyingKey,
        from: Option<TreeSize>,
    ) -> Result<Entry, LedgerError> {
        if old == new {
            return Err(LedgerError::SameKey);
        }
        let record = KeyRecord {
            log: self.log_key().name().clone(),
            change,
            old,
            new,
            from,
            notary: signer.verifying_key(),
            recorded_at: Timestamp::now(),
            nonce: Nonce::generate().map_err(LedgerError::randomness)?,
        };
        let sign = move || SignedEntry::sign(Predicate::Key(record), &*signer).map_err(LedgerError::entry);
        self.append(work::blocking(sign).await?).await
    }
}

/// What replacing a key did. A notary's keys are given under the log's name.
#[derive(Clone, Debug)]
pub struct RotatedKey {
    /// The entry in which the old key names the new one.
    pub entry: Entry,
    /// The key that signed before.
    pub old: NoteVerifier,
    /// The key that signs.
    pub new: NoteVerifier,
}

/// The rotations that led to the log's key `newest`, the latest first, out of the entries of a store.
pub(crate) async fn leading_to(
    storage: &dyn StorageBackend,
    newest: &NoteVerifier,
) -> Result<Vec<Rotation>, LedgerError> {
    Ok(Rotation::leading_to(&rotations(storage, newest).await?, newest))
}

/// Checks that a log is not continued by a key that has named a successor, and not without that: nobody who follows would go on.
///
/// # Errors
/// [`LedgerError::Succeeded`], [`LedgerError::Storage`], [`LedgerError::Entry`].
pub(crate) async fn check_current(
    storage: &dyn StorageBackend,
    log: &NoteSigner,
    notary: &VerifyingKey,
) -> Result<(), LedgerError> {
    let (verifier, entries) = (log.verifier(), entries(storage).await?);
    let rotations: Vec<Rotation> = entries.iter().filter_map(|entry| rotation(entry, &verifier)).collect();
    let here = |key: &VerifyingKey| log.also().any(|other| other == key);
    if let Some(step) = Rotation::path(&rotations, &verifier).last()
        && !here(step.new.key())
    {
        return Err(LedgerError::Succeeded { index: step.index });
    }
    match entries.iter().find(|entry| of_notary(entry, &verifier).is_some_and(|step| step.old.key() == notary)) {
        Some(entry) => Err(LedgerError::Succeeded { index: entry.index }),
        None => Ok(()),
    }
}

fn of_notary(entry: &Entry, log: &NoteVerifier) -> Option<Rotation> {
    let Predicate::Key(record) = entry.predicate() else { return None };
    Rotation::of_notary(entry.index, record, log.name().as_str())
}

/// The rotations of the log's key in the entries of a store, in the order of the log.
async fn rotations(storage: &dyn StorageBackend, log: &NoteVerifier) -> Result<Vec<Rotation>, LedgerError> {
    Ok(entries(storage).await?.iter().filter_map(|entry| rotation(entry, log)).collect())
}

/// What notaries and the log's keys have named, in the entries of a store.
pub(crate) async fn of_notaries(storage: &dyn StorageBackend, origin: &Origin) -> Result<NotaryRotations, LedgerError> {
    let mut rotations = NotaryRotations::default();
    for entry in entries(storage).await? {
        if let Predicate::Key(record) = entry.predicate() {
            rotations.add(entry.index, record, origin.as_str());
        }
    }
    Ok(rotations)
}

/// The entries about keys, in the order of the log.
async fn entries(storage: &dyn StorageBackend) -> Result<Vec<Entry>, LedgerError> {
    let mut entries = Vec::new();
    let mut pages = storage.pages(Query { kind: Some(OperationKind::KEY), ..Query::default() });
    while let Some(page) = pages.next().await? {
        for stored in &page {
            entries.push(Entry::from_stored(stored)?);
        }
    }
    Ok(entries)
}

/// The rotation that an entry records.
pub(crate) fn rotation(entry: &Entry, log: &NoteVerifier) -> Option<Rotation> {
    rotation_of(entry.index, entry.predicate(), log)
}

pub(crate) fn rotation_of(index: LeafIndex, predicate: &Predicate, log: &NoteVerifier) -> Option<Rotation> {
    let Predicate::Key(record) = predicate else { return None };
    Rotation::of(index, record, log.name().as_str())
}

/// A checkpoint of the log whose key is now `log`: signed by that, or by the key that the log had when it was smaller.
pub(crate) async fn open_any(
    storage: &dyn StorageBackend,
    log: &NoteVerifier,
    signed: &SignedCheckpoint,
) -> Result<Verified<Checkpoint>, LedgerError> {
    match signed.open(log) {
        Err(CheckpointError::Note(NoteError::NotSigned { .. })) => {
            Ok(open_former(&leading_to(storage, log).await?, log, signed)?)
        }
        opened => Ok(opened?),
    }
}

/// As [`open_any`], with the rotations that led to `log`.
pub(crate) fn open_former(
    rotations: &[Rotation],
    log: &NoteVerifier,
    signed: &SignedCheckpoint,
) -> Result<Verified<Checkpoint>, CheckpointError> {
    // A tree that holds the rotation is signed by the new key.
    let before = |step: &&Rotation| signed.unverified().size().0 <= step.index.0;
    let opened = rotations.iter().filter(before).find_map(|step| signed.open(&step.old).ok());
    opened.map_or_else(|| signed.open(log), Ok)
}
