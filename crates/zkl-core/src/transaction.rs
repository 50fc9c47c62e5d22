//! Entries of the log as a store sees them: opaque bytes and the few fields that are indexed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{digest::TransactionId, error::ParseError, name::DatasetName, time::Timestamp, tree::LeafIndex};

/// What an entry records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OperationKind {
    /// A table was notarized.
    Notarization,
    /// A claim about a notarized table was proved.
    Claim,
    /// An embedder's own circuit was proved.
    Custom,
}

impl OperationKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Notarization, Self::Claim, Self::Custom];

    /// The kind's name: `notarization`, `claim`, `custom`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notarization => "notarization",
            Self::Claim => "claim",
            Self::Custom => "custom",
        }
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for OperationKind {
    type Err = ParseError;

    fn from_str(s: &str) -> Result<Self, ParseError> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == s);
        found.ok_or_else(|| ParseError::OperationKind { got: s.to_owned() })
    }
}

/// One entry with the fields that stores index. Everything but `index` is derived from `entry` by the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTransaction {
    /// Position in the log.
    pub index: LeafIndex,
    /// RFC 6962 leaf hash of `entry`.
    pub id: TransactionId,
    /// Kind of the recorded operation.
    pub kind: OperationKind,
    /// The dataset that the entry is about, if it is about one.
    pub dataset: Option<DatasetName>,
    /// When it was recorded, by the notary's clock.
    pub recorded_at: Timestamp,
    /// The signed entry (a DSSE envelope), at most [`StoredTransaction::MAX_ENTRY_LEN`] bytes.
    pub entry: Vec<u8>,
}

impl StoredTransaction {
    /// Longest entry in bytes: tile entry bundles give each entry a 16-bit length.
    pub const MAX_ENTRY_LEN: usize = 65_535;
}
