//! The transparency log over a store: appending entries and proving that they are there.

use std::{collections::HashMap, sync::Arc};

use zkl_core::{
    digest::TransactionId,
    storage::{AppendBatch, Head, StorageBackend, StorageErrorKind},
    transaction::StoredTransaction,
    tree::{LeafIndex, TileId, TreeSize},
};
use zkl_merkle::{
    Verified,
    checkpoint::{Checkpoint, SignedCheckpoint},
    keys::VerifyingKey,
    note::{NoteSigner, NoteVerifier},
    tile::{RightEdge, right_edge_tiles},
    tree::{InclusionPlan, InclusionProof, leaf_hash},
};
use zkl_receipt::SignedEntry;

use crate::{error::LedgerError, home::Seen, rotation, transfer::UNFINISHED, work};

/// Appends are repeated this often when other writers win the race for the head.
const MAX_ATTEMPTS: u32 = 50;

/// The head of the log, its signature checked.
pub(crate) struct TrustedHead {
    pub(crate) checkpoint: Verified<Checkpoint>,
    pub(crate) signed: SignedCheckpoint,
}

/// Reads the head and checks that the log signed it and that it says what the store says.
pub(crate) async fn head<S: StorageBackend + ?Sized>(
    storage: &S,
    log: &NoteVerifier,
) -> Result<Option<TrustedHead>, LedgerError> {
    storage.head().await?.map(|head| open_head(&head, log)).transpose()
}

fn open_head(head: &Head, log: &NoteVerifier) -> Result<TrustedHead, LedgerError> {
    if head.checkpoint == UNFINISHED {
        return Err(LedgerError::Unfinished);
    }
    let signed = SignedCheckpoint::parse(head.checkpoint.as_bytes())?;
    let checkpoint = signed.open(log)?;
    if checkpoint.size() != head.size || checkpoint.root() != head.root {
        return Err(LedgerError::HeadMismatch { stored: head.size, signed: checkpoint.size() });
    }
    Ok(TrustedHead { checkpoint, signed })
}

/// What an append left, for the next one: nothing has to be loaded and checked again while the store still has this head.
pub(crate) struct Newest {
    head: Head,
    edge: RightEdge,
}

/// A log that is appended to.
pub(crate) struct Log<'l> {
    pub(crate) storage: &'l dyn StorageBackend,
    pub(crate) signer: &'l Arc<NoteSigner>,
    /// What the ledger's directory has seen of the log, where there is one.
    pub(crate) seen: Option<&'l Seen>,
}

impl Log<'_> {
    /// Appends signed entries as one batch under one checkpoint, and returns them with their places in the log, which follow one
    /// another. Durable on return. No entry may be longer than [`StoredTransaction::MAX_ENTRY_LEN`].
    ///
    /// `newest` is what the last append through here left, if there was one, and is replaced by what this one leaves.
    pub(crate) async fn append(
        &self,
        entries: &[SignedEntry],
        newest: &mut Option<Newest>,
    ) -> Result<Vec<StoredTransaction>, LedgerError> {
        let appended = append(self, entries, newest).await?;
        if let (Some(seen), Some(newest)) = (self.seen, newest) {
            // The entries are in the log, whatever becomes of this; opening the ledger finds out what is wrong with the directory.
            drop(seen.record(&newest.head));
        }
        Ok(appended)
    }

    /// Checks the head of a log to which others have appended since: it is not an older copy, and the keys are those that it has now.
    async fn check_met(&self, entries: &[SignedEntry]) -> Result<(), LedgerError> {
        let Some(seen) = self.seen else { return Ok(()) };
        seen.check(self.storage).await?;
        let mut checked: Vec<&VerifyingKey> = Vec::new();
        for notary in entries.iter().map(|entry| entry.predicate().notary()) {
            if !checked.contains(&notary) {
                rotation::check_current(self.storage, self.signer, notary).await?;
                checked.push(notary);
            }
        }
        Ok(())
    }
}

async fn append(
    log: &Log<'_>,
    entries: &[SignedEntry],
    newest: &mut Option<Newest>,
) -> Result<Vec<StoredTransaction>, LedgerError> {
    let (storage, signer) = (log.storage, log.signer);
    let ids: Vec<TransactionId> = entries.iter().map(SignedEntry::id).collect();
    for _ in 0..MAX_ATTEMPTS {
        let stored = storage.head().await?;
        // Whatever goes wrong below, nothing is known after it.
        let edge = match newest.take() {
            Some(newest) if Some(&newest.head) == stored.as_ref() => newest.edge,
            _ => {
                Box::pin(log.check_met(entries)).await?;
                right_edge(storage, stored.as_ref(), &signer.verifier()).await?
            }
        };
        let expected = edge.size();
        let grown = edge.append(&ids)?;
        let checkpoint = Checkpoint::new(signer.name().clone(), grown.edge.size(), grown.edge.root())?;
        let stored = |(index, (id, entry)): (u64, (&TransactionId, &SignedEntry))| StoredTransaction {
            index: LeafIndex(index),
            id: *id,
            kind: entry.predicate().kind(),
            dataset: entry.predicate().dataset().cloned(),
            recorded_at: entry.predicate().recorded_at(),
            entry: entry.envelope().as_bytes().to_vec(),
        };
        let transactions: Vec<_> = (expected.0..).zip(ids.iter().zip(entries)).map(stored).collect();
        let checkpoint_signer = Arc::clone(signer);
        let signed =
            work::blocking(move || checkpoint.sign(&checkpoint_signer).map_err(LedgerError::checkpoint)).await?;
        let head = Head { size: grown.edge.size(), root: grown.edge.root(), checkpoint: signed.to_string() };
        let batch = AppendBatch { transactions: transactions.clone(), tiles: grown.tiles, head: head.clone() };
        match storage.append(expected, batch).await {
            Ok(()) => {
                *newest = Some(Newest { head, edge: grown.edge });
                return Ok(transactions);
            }
            Err(error) if matches!(error.kind, StorageErrorKind::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(LedgerError::Contention { attempts: MAX_ATTEMPTS })
}

/// Proves that entry `index` is in the tree of the first `size` entries.
pub(crate) async fn inclusion<S: StorageBackend + ?Sized>(
    storage: &S,
    index: LeafIndex,
    size: TreeSize,
) -> Result<InclusionProof, LedgerError> {
    let plan = InclusionPlan::new(index, size)?;
    let tiles = load_tiles(storage, &plan.tiles()).await?;
    Ok(plan.prove(&tiles)?)
}

/// The right edge of the tree of `head`, whose signature is checked, from the stored tiles, which are checked against its root.
async fn right_edge<S: StorageBackend + ?Sized>(
    storage: &S,
    head: Option<&Head>,
    log: &NoteVerifier,
) -> Result<RightEdge, LedgerError> {
    let Some(head) = head else {
        return Ok(RightEdge::empty());
    };
    let head = open_head(head, log)?;
    let size = head.checkpoint.size();
    let tiles = load_tiles(storage, &right_edge_tiles(size)).await?;
    Ok(RightEdge::load(size, head.checkpoint.root(), &tiles)?)
}

/// The tiles that the store has among `ids`; the caller's plan names the ones that are missing.
pub(crate) async fn load_tiles<S: StorageBackend + ?Sized>(
    storage: &S,
    ids: &[TileId],
) -> Result<HashMap<TileId, Vec<u8>>, LedgerError> {
    let mut tiles = HashMap::with_capacity(ids.len());
    for &id in ids {
        if let Some(bytes) = storage.tile(id).await? {
            tiles.insert(id, bytes);
        }
    }
    Ok(tiles)
}

/// Id of an entry with these bytes.
pub(crate) fn id_of(entry: &[u8]) -> TransactionId {
    leaf_hash(entry)
}
