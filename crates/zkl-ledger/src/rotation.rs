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
    keys::VerifyingKey,
    note::NoteVerifier,
    signer::Signer,
};
use zkl_receipt::{KeyChange, KeyRecord, Nonce, Predicate, Rotation, SignedEntry};

use crate::{entry::Entry, error::LedgerError, ledger::Ledger, work};

impl Ledger {
    /// Records that `successor` takes over from the log's key, which signs the entry. From this entry on checkpoints must be signed by the
    /// successor: hand it in beforehand ([`NoteSigner::with_also`](zkl_merkle::note::NoteSigner::with_also)), so that both sign, and open the
    /// ledger with it afterwards.
    ///
    /// # Errors
    /// [`LedgerError::SameKey`] when it is the log's key, [`LedgerError::ReadOnly`], and as [`Ledger::append`].
    pub async fn name_successor(&self, successor: VerifyingKey) -> Result<Entry, LedgerError> {
        let old = *self.log_key().key();
        self.record_key(KeyChange::Rotation, old, successor, None).await
    }

    /// Records that what `revoked` signs from the size `from` on does not count. The log's key signs the entry. It tells auditors and
    /// monitors; verifiers go by their trust stores.
    ///
    /// # Errors
    /// [`LedgerError::SameKey`] when it is the log's key, [`LedgerError::ReadOnly`], and as [`Ledger::append`].
    pub async fn revoke_key(&self, revoked: VerifyingKey, from: TreeSize) -> Result<Entry, LedgerError> {
        let new = *self.log_key().key();
        self.record_key(KeyChange::Revocation, revoked, new, Some(from)).await
    }

    /// The rotations that led to the log's key, the latest first.
    ///
    /// # Errors
    /// [`LedgerError::Storage`], [`LedgerError::Entry`].
    pub async fn rotations(&self) -> Result<Vec<Rotation>, LedgerError> {
        leading_to(&*self.storage, &self.log_key()).await
    }

    async fn record_key(
        &self,
        change: KeyChange,
        old: VerifyingKey,
        new: VerifyingKey,
        from: Option<TreeSize>,
    ) -> Result<Entry, LedgerError> {
        if old == new {
            return Err(LedgerError::SameKey);
        }
        let signer = Arc::clone(self.log_signer()?);
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

/// The rotations that led to the log's key `newest`, the latest first, out of the entries of a store.
pub(crate) async fn leading_to(
    storage: &dyn StorageBackend,
    newest: &NoteVerifier,
) -> Result<Vec<Rotation>, LedgerError> {
    let mut rotations = Vec::new();
    let mut pages = storage.pages(Query { kind: Some(OperationKind::KEY), ..Query::default() });
    while let Some(page) = pages.next().await? {
        for stored in &page {
            rotations.extend(rotation(&Entry::from_stored(stored)?, newest));
        }
    }
    Ok(Rotation::leading_to(&rotations, newest))
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
