//! The walk over the entries of a log, for whoever does not take its word for them.
//!
//! ```text
//! edge of a tree + entries from there on, in order --each opened, its leaf hashed--> tree of the checkpoint, or an error
//! ```

use zkl_core::{digest::TransactionId, tree::LeafIndex};
use zkl_merkle::{checkpoint::Checkpoint, tile::RightEdge, tree::leaf_hash};
use zkl_receipt::{EntryError, Predicate, SignedEntry};

use crate::{
    audit::AuditError,
    error::LedgerError,
    source::{BUNDLE, LogSource},
    stage::{Stage, StageReporter},
};

/// Which entries of bundle `next / BUNDLE` a tree of `size` entries has: the bundle, and how many.
pub(crate) fn bundle_at(next: u64, size: u64) -> (u64, u16) {
    let bundle = next / BUNDLE;
    (bundle, size.saturating_sub(bundle * BUNDLE).min(BUNDLE) as u16)
}

/// Opens an entry, and checks its signature.
pub(crate) fn open(bytes: &[u8]) -> Result<Predicate, EntryError> {
    let text = str::from_utf8(bytes).map_err(|_| EntryError::Utf8)?;
    Ok(SignedEntry::open(text)?.predicate().clone())
}

/// Gives every entry from the end of `edge` to that of the tree of `now` to `visit`, in order, and compares the tree that they make with the
/// checkpoint. What `visit` was given is the log's when this returns without an error, and not before.
///
/// # Errors
/// [`AuditError::EntryAbsent`], [`AuditError::Entry`], [`AuditError::Entries`], [`AuditError::Tree`], [`AuditError::Ledger`]; those of `visit`.
pub(crate) async fn walk(
    source: &dyn LogSource,
    mut edge: RightEdge,
    now: &Checkpoint,
    reporter: &dyn StageReporter,
    mut visit: impl FnMut(LeafIndex, TransactionId, &Predicate) -> Result<(), AuditError> + Send,
) -> Result<(), AuditError> {
    let since = edge.size().0;
    while edge.size() < now.size() {
        let next = edge.size().0;
        reporter.stage(Stage::Check { entries: next - since, of: now.size().0 - since });
        let (bundle, width) = bundle_at(next, now.size().0);
        let entries = source.entries(bundle, width).await.map_err(LedgerError::from)?;
        let mut leaves = Vec::with_capacity(entries.len());
        for (index, entry) in (next..).zip(entries.into_iter().skip_while(|entry| entry.index < next)) {
            if entry.index != index {
                return Err(AuditError::EntryAbsent { index });
            }
            let id = leaf_hash(&entry.bytes);
            leaves.push(id);
            let predicate = open(&entry.bytes).map_err(|source| AuditError::Entry { index, source })?;
            visit(LeafIndex(index), id, &predicate)?;
        }
        if leaves.is_empty() {
            return Err(AuditError::EntryAbsent { index: next });
        }
        edge = edge.append(&leaves)?.edge;
    }
    if (edge.size(), edge.root()) != (now.size(), now.root()) {
        return Err(AuditError::Entries { expected: now.root(), computed: edge.root() });
    }
    Ok(())
}
