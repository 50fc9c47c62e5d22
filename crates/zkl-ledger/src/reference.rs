//! Entries as people name them: an index, an id or how it begins, a dataset, or `last`.

use std::fmt;

use thiserror::Error;
use zkl_core::{
    digest::TransactionId,
    name::DatasetName,
    storage::{Order, Query, StorageBackendExt as _},
    tree::LeafIndex,
};

use crate::{
    entry::Entry,
    error::LedgerError,
    ledger::{EntryRef, Ledger},
};

/// The word for the newest entry.
const LAST: &str = "last";
/// Fewest digits that an id may be cut to.
const MIN_PREFIX: usize = 4;
/// Digits of an id.
const ID_LEN: usize = 64;
/// Most entries that an ambiguous text is explained with.
const MAX_CANDIDATES: usize = 10;

/// An entry that an ambiguous text may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Position in the log.
    pub index: LeafIndex,
    /// Id of the entry.
    pub id: TransactionId,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.index, self.id)
    }
}

/// Why a text names no entry.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// More than one entry is meant.
    #[error("{reference:?} may mean {}", candidates.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Ambiguous {
        /// The text.
        reference: String,
        /// The entries, or the first of them, by index.
        candidates: Vec<Candidate>,
    },
    /// None is, or the store fails.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Ledger {
    /// The entry that a text of a person's names: an index, an id, the first digits of one (four or more, lower case), the name of a
    /// dataset for its newest notarization, or `last` for the newest entry. A number that is an index of the log is one.
    ///
    /// Ids are not indexed by how they begin: for the first digits of one, and for a name that could be them, the log is read.
    ///
    /// # Errors
    /// [`ReferenceError::Ambiguous`] when more than one entry is meant, [`LedgerError::UnknownEntry`],
    /// [`LedgerError::UnknownDataset`], [`LedgerError::NotNotarized`] when none is; otherwise as [`Ledger::entries`].
    pub async fn find_entry(&self, text: &str) -> Result<Entry, ReferenceError> {
        if let Ok(reference) = text.parse::<EntryRef>() {
            match self.entry(reference).await {
                Err(LedgerError::UnknownEntry { .. }) if is_prefix(text) => {}
                answer => return Ok(answer?),
            }
        }
        let mut found = Vec::new();
        if text == LAST {
            let newest = Query { order: Order::Descending, limit: 1, ..Query::default() };
            found.extend(self.entries(&newest).await?);
        }
        let mut unknown = LedgerError::UnknownEntry { reference: text.chars().take(80).collect() };
        if let Ok(name) = text.parse::<DatasetName>() {
            match self.latest(&name).await {
                Ok(notarized) => found.push(notarized.entry),
                Err(error @ LedgerError::NotNotarized { .. }) => unknown = error,
                // Digits are more likely to be those of an id.
                Err(error @ LedgerError::UnknownDataset { .. }) if text != LAST && !is_prefix(text) => unknown = error,
                Err(LedgerError::UnknownDataset { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if is_prefix(text) {
            found.extend(self.begin_with(text).await?);
        }
        found.sort_by_key(|entry| entry.index);
        found.dedup_by_key(|entry| entry.index);
        match found.len() {
            0 => Err(unknown.into()),
            1 => Ok(found.pop().ok_or(unknown)?),
            _ => {
                let candidates = found.iter().map(|entry| Candidate { index: entry.index, id: entry.id }).collect();
                Err(ReferenceError::Ambiguous { reference: text.to_owned(), candidates })
            }
        }
    }

    /// The first entries whose ids begin with `prefix`.
    async fn begin_with(&self, prefix: &str) -> Result<Vec<Entry>, LedgerError> {
        let mut found = Vec::new();
        let mut pages = self.storage().pages(Query::default());
        while let Some(page) = pages.next().await? {
            for stored in page.iter().filter(|stored| stored.id.to_string().starts_with(prefix)) {
                found.push(Entry::from_stored(stored)?);
                if found.len() == MAX_CANDIDATES {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }
}

/// Whether a text may be how an id begins.
fn is_prefix(text: &str) -> bool {
    (MIN_PREFIX..ID_LEN).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
