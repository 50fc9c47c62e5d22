//! Entries as the ledger holds them: with their place in the log.

use zkl_core::{digest::TransactionId, transaction::StoredTransaction, tree::LeafIndex};
use zkl_receipt::{EntryError, Predicate, SignedEntry};

use crate::{error::LedgerError, log};

/// An entry and its place in the log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Position in the log.
    pub index: LeafIndex,
    /// Id of the entry.
    pub id: TransactionId,
    /// The signed statement.
    pub signed: SignedEntry,
}

impl Entry {
    /// Reads a stored transaction and checks it: the id is that of the bytes, the notary signed them.
    ///
    /// # Errors
    /// [`LedgerError::Entry`].
    pub fn from_stored(stored: &StoredTransaction) -> Result<Self, LedgerError> {
        let entry_error = |source| LedgerError::Entry { id: stored.id, source };
        if log::id_of(&stored.entry) != stored.id {
            return Err(entry_error(EntryError::Id));
        }
        let text = std::str::from_utf8(&stored.entry).map_err(|_| entry_error(EntryError::Utf8))?;
        let signed = SignedEntry::open(text).map_err(entry_error)?;
        Ok(Self { index: stored.index, id: stored.id, signed })
    }

    /// What the entry says.
    pub const fn predicate(&self) -> &Predicate {
        self.signed.predicate()
    }
}
