//! Entries of the log as a store sees them: opaque bytes and the few fields that are indexed.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

use crate::{digest::TransactionId, error::ParseError, name::DatasetName, time::Timestamp, tree::LeafIndex};

/// The kind of statement that an entry holds: 1 to 32 characters out of `a-z 0-9 -`, the first a letter, the last no hyphen. Kinds are
/// open: stores index the text, and programs show entries of kinds that they do not know. Safe in URLs and in index keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct OperationKind(Cow<'static, str>);

impl OperationKind {
    /// A table was notarized.
    pub const NOTARIZATION: Self = Self(Cow::Borrowed("notarization"));
    /// A claim about a notarized table was proved.
    pub const CLAIM: Self = Self(Cow::Borrowed("claim"));
    /// A statement of an embedder's circuit was proved.
    pub const CUSTOM: Self = Self(Cow::Borrowed("custom"));
    /// A statement between tables was proved.
    pub const RELATION: Self = Self(Cow::Borrowed("relation"));
    /// An earlier entry was superseded or withdrawn.
    pub const WITHDRAWAL: Self = Self(Cow::Borrowed("withdrawal"));
    /// A key was rotated or revoked.
    pub const KEY: Self = Self(Cow::Borrowed("key"));
    /// The access policy of a server changed.
    pub const POLICY: Self = Self(Cow::Borrowed("policy"));

    /// The kinds that this project uses or reserves. Logs may hold others.
    pub const RESERVED: [Self; 7] =
        [Self::NOTARIZATION, Self::CLAIM, Self::CUSTOM, Self::RELATION, Self::WITHDRAWAL, Self::KEY, Self::POLICY];

    /// Longest kind in bytes.
    pub const MAX_LEN: usize = 32;

    /// The kind as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OperationKind {
    type Err = ParseError;

    fn from_str(s: &str) -> Result<Self, ParseError> {
        // No allocation for the kinds of nearly every entry.
        if let Some(kind) = Self::RESERVED.into_iter().find(|kind| kind.as_str() == s) {
            return Ok(kind);
        }
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let valid = (1..=Self::MAX_LEN).contains(&s.len())
            && s.as_bytes()[0].is_ascii_lowercase()
            && s.bytes().all(allowed)
            && !s.ends_with('-');
        if !valid {
            let got = s.chars().take(Self::MAX_LEN + 1).collect();
            return Err(ParseError::OperationKind { max: Self::MAX_LEN, got });
        }
        Ok(Self(Cow::Owned(s.to_owned())))
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for OperationKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One entry with the fields that stores index. Everything but `index` is derived from `entry` by the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTransaction {
    /// Position in the log.
    pub index: LeafIndex,
    /// RFC 6962 leaf hash of `entry`.
    pub id: TransactionId,
    /// Kind of its statement.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_short_lower_case_words() {
        for good in ["notarization", "x", "a1", "key-2-b", "a--b", &"k".repeat(32)] {
            assert_eq!(good.parse::<OperationKind>().unwrap().as_str(), good);
        }
        for bad in ["", "-a", "a-", "1a", "A", "aB", "a_b", "a b", "a\0", "a\n", "é", "a.b", "a/b", &"k".repeat(33)] {
            assert!(bad.parse::<OperationKind>().is_err(), "{bad:?}");
            assert!(serde_json::from_value::<OperationKind>(bad.into()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_kind_is_the_same_read_and_built_in() {
        for kind in OperationKind::RESERVED {
            let owned = OperationKind(Cow::Owned(kind.to_string()));
            assert_eq!((&owned, owned.cmp(&kind)), (&kind, std::cmp::Ordering::Equal));
            assert_eq!(kind.to_string().parse(), Ok(owned));
            assert_eq!(serde_json::to_value(&kind).unwrap(), kind.as_str());
        }
    }
}
