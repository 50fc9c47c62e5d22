//! What entries and receipts say of themselves, in texts and numbers, for people and for other languages. Nothing of it is verified.

use serde::Serialize;
use zkl_core::{digest::TransactionId, tree::LeafIndex};

use crate::{
    kind::Predicate,
    receipt::{Receipt, ReceiptEntry},
    verify::VerifyError,
};

/// What an entry says, whatever its kind.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EntryOutline {
    /// Position in the log, from 0.
    pub index: u64,
    /// Digest of the entry.
    pub id: String,
    /// `notarization`, `claim` and so on, or a kind that is not known.
    pub kind: String,
    /// The dataset that it is about; the first, if there are several.
    pub dataset: Option<String>,
    /// All of them.
    pub datasets: Vec<String>,
    /// Key of the notary.
    pub notary: String,
    /// Time by the notary's clock.
    pub recorded_at: String,
    /// What it says beside kind and dataset, in one line for people.
    pub text: String,
    /// All that was signed.
    pub statement: Predicate,
}

impl EntryOutline {
    /// What the entry of this id at this position says.
    pub fn new(index: LeafIndex, id: TransactionId, predicate: &Predicate) -> Self {
        Self {
            index: index.0,
            id: id.to_string(),
            kind: predicate.kind().to_string(),
            dataset: predicate.dataset().map(ToString::to_string),
            datasets: predicate.datasets().into_iter().map(ToString::to_string).collect(),
            notary: predicate.notary().to_string(),
            recorded_at: predicate.recorded_at().to_string(),
            text: predicate.in_words(),
            statement: predicate.clone(),
        }
    }
}

/// What a receipt says of itself.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ReceiptOutline {
    /// Key of the log.
    pub log: String,
    /// The entries; the last one is what the receipt is for.
    pub entries: Vec<EntryOutline>,
}

impl Receipt {
    /// What it says of itself.
    ///
    /// # Errors
    /// [`VerifyError`]: an entry cannot be read.
    pub fn outline(&self) -> Result<ReceiptOutline, VerifyError> {
        let entry = |entry: &ReceiptEntry| {
            let signed = entry.open()?;
            Ok(EntryOutline::new(entry.index, signed.id(), signed.predicate()))
        };
        let entries = self.entries.iter().map(entry).collect::<Result<_, VerifyError>>()?;
        Ok(ReceiptOutline { log: self.log.clone(), entries })
    }
}
