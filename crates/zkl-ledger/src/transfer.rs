//! Copying a log from one store to another, on the contract alone: backup and restore.
//!
//! ```text
//! source signed? ── target a prefix? ── batch: entries checked, blobs, tiles compared ── append ── ... ── last batch: source's head
//!                        │                                                                               │
//!                        └ otherwise nothing is written              cosigned checkpoints ───────────────┘
//! ```
//!
//! A batch lands with a head of its own, whose checkpoint nobody signed: its text is [`UNFINISHED`], so that a copy under way
//! cannot be taken for a ledger and no second history can begin in its middle. The last batch brings the source's head,
//! signature and all. Repeating an interrupted copy goes on behind the last batch that landed.

use std::collections::{HashMap, HashSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use zkl_core::{
    digest::{BlobDigest, TransactionId},
    storage::{AppendBatch, Head, Query, StorageBackend, StorageBackendExt as _},
    tree::{TileId, TreeSize},
};
use zkl_merkle::{
    checkpoint::SignedCheckpoint,
    error::TreeError,
    note::NoteVerifier,
    tile::{RightEdge, right_edge_tiles},
};

use crate::{
    entry::Entry,
    error::LedgerError,
    log::{self, TrustedHead, load_tiles},
    rotation,
    stage::{Stage, StageReporter},
};

/// The checkpoint's text in a store that a copy has not finished.
pub(crate) const UNFINISHED: &str = "zkl copy under way: not a ledger until it is finished\n";

/// Entries of one batch: whole tiles, and no more than a query answers.
const BATCH: u64 = 768;
/// Bytes of entries from which on a batch is not filled further: at 64 KiB an entry, 768 of them would need 48 MiB.
const BATCH_BYTES: usize = 8 << 20;
/// From so many blobs on, those that were copied are forgotten.
const REMEMBERED_BLOBS: usize = 4_096;
/// Blobs copied at a time.
const PARALLEL: usize = 16;

/// What a copy did.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Copied {
    /// Entries of both logs.
    pub entries: TreeSize,
    /// Entries that were there before, from an earlier or interrupted copy.
    pub already: TreeSize,
    /// Blobs that were copied.
    pub blobs: u64,
    /// Cosigned checkpoints that were copied.
    pub cosigned: u64,
}

/// Copies the log in `source`, whose checkpoints `log` signs, to `target`, which is empty or holds an earlier state of it.
///
/// Everything is verified on the way: the signature of the head, each entry's id and signature, each blob's digest, each tile
/// against the entries, the root of each batch's tree in the end. Afterwards both stores have the same entries, tiles, head,
/// blobs that entries name, and cosigned checkpoints.
///
/// # Errors
/// [`LedgerError::NotAPrefix`] with nothing written when the target is neither; [`LedgerError::Entry`],
/// [`LedgerError::Blob`], [`LedgerError::Tree`], [`LedgerError::Checkpoint`] for a damaged source; what the stores answer.
/// After an error the copy can be repeated.
pub async fn copy_log(
    source: &dyn StorageBackend,
    target: &dyn StorageBackend,
    log: &NoteVerifier,
    reporter: &dyn StageReporter,
) -> Result<Copied, LedgerError> {
    let Some(head) = log::head(source, log).await? else {
        let already = target.size().await?;
        if already.0 > 0 {
            return Err(LedgerError::NotAPrefix { target: already, source_size: TreeSize(0) });
        }
        return Ok(Copied { entries: TreeSize(0), already, blobs: 0, cosigned: 0 });
    };
    let size = head.checkpoint.size();
    let mut edge = prefix(source, target, size).await?;
    let already = edge.size();
    let mut copy = Copy { source, target, blobs: HashSet::new(), copied: 0 };
    let final_head = final_head(source, &head).await?;
    while edge.size() < size {
        reporter.stage(Stage::Copy { entries: edge.size().0, of: size.0 });
        edge = copy.batch(&edge, &final_head).await?;
    }
    let (expected, computed) = (head.checkpoint.root(), edge.root());
    if expected != computed {
        return Err(LedgerError::Tree(TreeError::EdgeRoot { expected, computed }));
    }
    let cosigned = copy_cosigned(source, target, log, size).await?;
    Ok(Copied { entries: size, already, blobs: copy.copied, cosigned })
}

/// The head as the source stores it, byte for byte.
async fn final_head(source: &dyn StorageBackend, trusted: &TrustedHead) -> Result<Head, LedgerError> {
    let (size, root) = (trusted.checkpoint.size(), trusted.checkpoint.root());
    // The source may have grown since; its newer head is for the next copy.
    match source.head().await? {
        Some(head) if head.size == size => Ok(head),
        _ => Ok(Head { size, root, checkpoint: trusted.signed.to_string() }),
    }
}

/// Checks that the target is empty or an earlier state of the source, and returns the tree that both have.
async fn prefix(
    source: &dyn StorageBackend,
    target: &dyn StorageBackend,
    size: TreeSize,
) -> Result<RightEdge, LedgerError> {
    let Some(head) = target.head().await? else {
        return Ok(RightEdge::empty());
    };
    let not_a_prefix = || LedgerError::NotAPrefix { target: head.size, source_size: size };
    if head.size > size {
        return Err(not_a_prefix());
    }
    let edge = right_edge_tiles(head.size);
    match RightEdge::load(head.size, head.root, &load_tiles(source, &edge).await?) {
        Ok(_) => {}
        Err(TreeError::EdgeRoot { .. }) => return Err(not_a_prefix()),
        Err(error) => return Err(error.into()),
    }
    // The source has the root that the target claims; that the target has its tree shows in its own tiles.
    Ok(RightEdge::load(head.size, head.root, &load_tiles(target, &edge).await?)?)
}

struct Copy<'a> {
    source: &'a dyn StorageBackend,
    target: &'a dyn StorageBackend,
    blobs: HashSet<BlobDigest>,
    copied: u64,
}

impl Copy<'_> {
    /// Copies the entries behind `edge` and returns the grown tree.
    async fn batch(&mut self, edge: &RightEdge, last: &Head) -> Result<RightEdge, LedgerError> {
        let first = edge.size().0;
        let query =
            Query { index: Some(first..last.size.0.min(first + BATCH)), limit: BATCH as usize, ..Query::default() };
        let mut transactions = self.source.find(&query).await?;
        let mut bytes = 0;
        let fits = transactions.iter().take_while(|transaction| {
            let fits = bytes < BATCH_BYTES;
            bytes += transaction.entry.len();
            fits
        });
        let count = fits.count();
        transactions.truncate(count);
        let checked = tokio::task::spawn_blocking(move || {
            let entries = transactions.iter().map(Entry::from_stored).collect::<Result<Vec<_>, _>>();
            entries.map(|entries| (transactions, entries))
        });
        let (transactions, entries) = checked.await.map_err(LedgerError::task)??;
        let mut named = HashMap::new();
        for (index, (transaction, entry)) in (first..).zip(transactions.iter().zip(&entries)) {
            let predicate = entry.predicate();
            // An index that is not the entry's would be copied with it.
            let agrees = transaction.index.0 == index
                && transaction.kind == predicate.kind()
                && transaction.dataset.as_ref() == predicate.dataset()
                && transaction.recorded_at == predicate.recorded_at();
            if !agrees {
                return Err(LedgerError::UnknownEntry { reference: index.to_string() });
            }
            let blobs = predicate.blobs();
            for digest in &blobs.possible {
                if self.source.blob(*digest).await?.is_some() {
                    named.insert(*digest, entry.id);
                }
            }
            named.extend(blobs.required().into_iter().map(|digest| (digest, entry.id)));
        }
        self.blobs(named).await?;
        if transactions.is_empty() {
            return Err(LedgerError::UnknownEntry { reference: first.to_string() });
        }
        let leaves: Vec<_> = transactions.iter().map(|transaction| transaction.id).collect();
        let grown = edge.append(&leaves)?;
        for (id, expected) in &grown.tiles {
            self.compare(*id, expected).await?;
        }
        let (size, root) = (grown.edge.size(), grown.edge.root());
        let head = if size == last.size {
            if root != last.root {
                return Err(LedgerError::Tree(TreeError::EdgeRoot { expected: last.root, computed: root }));
            }
            last.clone()
        } else {
            Head { size, root, checkpoint: UNFINISHED.to_owned() }
        };
        let batch = AppendBatch { transactions, tiles: grown.tiles, head };
        self.target.append(edge.size(), batch).await?;
        Ok(grown.edge)
    }

    async fn compare(&self, id: TileId, expected: &[u8]) -> Result<(), LedgerError> {
        match self.source.tile(id).await? {
            Some(bytes) if bytes == expected => Ok(()),
            _ => Err(LedgerError::Tree(TreeError::MissingTile { id })),
        }
    }

    /// Copies blobs, each with an entry that names it, several at a time: they share the syncs of the target.
    async fn blobs(&mut self, mut named: HashMap<BlobDigest, TransactionId>) -> Result<(), LedgerError> {
        named.retain(|digest, _| !self.blobs.contains(digest));
        let (source, target) = (self.source, self.target);
        let copies: Vec<_> = named.into_iter().map(|(digest, id)| copy_blob(source, target, digest, id)).collect();
        let copied: Vec<BlobDigest> = stream::iter(copies).buffer_unordered(PARALLEL).try_collect().await?;
        if self.blobs.len() >= REMEMBERED_BLOBS {
            self.blobs.clear();
        }
        self.copied += copied.len() as u64;
        self.blobs.extend(copied);
        Ok(())
    }
}

async fn copy_blob(
    source: &dyn StorageBackend,
    target: &dyn StorageBackend,
    digest: BlobDigest,
    id: TransactionId,
) -> Result<BlobDigest, LedgerError> {
    let missing = || LedgerError::Blob { id, digest };
    let bytes = source.blob(digest).await?.ok_or_else(missing)?;
    if BlobDigest::of(&bytes) != digest || target.put_blob(&bytes).await? != digest {
        return Err(missing());
    }
    Ok(digest)
}

/// Copies the cosigned checkpoints, each signed by the log and of the tree that both stores have.
async fn copy_cosigned(
    source: &dyn StorageBackend,
    target: &dyn StorageBackend,
    log: &NoteVerifier,
    size: TreeSize,
) -> Result<u64, LedgerError> {
    let (mut at_most, mut copied) = (size, 0);
    while at_most.0 > 0 {
        let Some((size, text)) = source.cosigned(at_most).await?.filter(|(size, _)| *size <= at_most) else {
            break;
        };
        let signed = rotation::open_any(source, log, &SignedCheckpoint::parse(text.as_bytes())?).await?;
        if signed.size() != size {
            return Err(LedgerError::HeadMismatch { stored: size, signed: signed.size() });
        }
        RightEdge::load(size, signed.root(), &load_tiles(source, &right_edge_tiles(size)).await?)?;
        if target.cosigned(size).await?.is_none_or(|(there, stored)| there != size || stored != text) {
            target.put_cosigned(size, &text).await?;
            copied += 1;
        }
        at_most = TreeSize(size.0 - 1);
    }
    Ok(copied)
}
