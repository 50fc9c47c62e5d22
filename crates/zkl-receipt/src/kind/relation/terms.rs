//! What a relation says, the digest that its proof is bound to, and where both are.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zkl_circuits::relation::{Condition, Details, Operation};
use zkl_core::digest::{Sha256Digest, TransactionId};

use crate::nonce::Nonce;

const DIGEST: &[u8] = b"zkl relation statement v1\0";

/// What is said of some tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationTerms {
    /// The operation.
    pub operation: Operation,
    /// The columns in which the tables are compared, in the order of the first table.
    pub columns: Vec<String>,
    /// What the operation has beside.
    pub details: Details,
}

/// What is said, and the randomness without which nobody can test a guess of it by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaltedTerms {
    /// The randomness.
    pub salt: Nonce,
    /// What is said.
    pub terms: RelationTerms,
}

/// Where the statement of a relation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disclosure {
    /// In the entry.
    Open(SaltedTerms),
    /// In receipts alone: the entry tells the operation and the digest.
    Closed {
        /// The operation.
        operation: Operation,
        /// [`SaltedTerms::digest`].
        digest: Sha256Digest,
    },
}

/// The statement as it is hashed: canonical JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementText {
    operation: Operation,
    datasets: Vec<TransactionId>,
    columns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<u32>,
    #[serde(rename = "where", default, skip_serializing_if = "Vec::is_empty")]
    conditions: Vec<Condition>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    nulls: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    key: Vec<String>,
}

/// A statement with its salt, as it is written: in an entry that is open, beside one that is closed in a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementPart {
    salt: Nonce,
    statement: StatementText,
}

impl StatementPart {
    /// What it says of tables with these entries, if its digest is this one.
    pub(super) fn open(self, digest: &Sha256Digest, entries: &[TransactionId]) -> Option<SaltedTerms> {
        let Self { salt, statement } = self;
        let StatementText { operation, columns, k, conditions, nulls, key, .. } = statement.clone();
        let terms = RelationTerms { operation, columns, details: Details { k, conditions, nulls, key } };
        let said = SaltedTerms { salt, terms };
        (statement == said.terms.text(entries) && said.digest(entries) == *digest).then_some(said)
    }
}

impl SaltedTerms {
    /// `SHA-256("zkl relation statement v1\0" || salt || JSON)`, where JSON has the operation, the ids of the tables' entries, the columns,
    /// and what there is of k, conditions, the permission of nulls and a key.
    pub fn digest(&self, entries: &[TransactionId]) -> Sha256Digest {
        // Names and ids always serialize; were it not so, no proof would be bound to the empty text.
        let json = serde_json::to_vec(&self.terms.text(entries)).unwrap_or_default();
        let hasher = Sha256::new_with_prefix(DIGEST).chain_update(self.salt.as_bytes()).chain_update(json);
        Sha256Digest::new(hasher.finalize().into())
    }

    /// As it is written.
    pub fn part(&self, entries: &[TransactionId]) -> StatementPart {
        StatementPart { salt: self.salt, statement: self.terms.text(entries) }
    }
}

impl Disclosure {
    /// The operation, which every entry tells.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Open(said) => said.terms.operation,
            Self::Closed { operation, .. } => *operation,
        }
    }

    /// What is said, if the entry tells it.
    pub const fn open(&self) -> Option<&RelationTerms> {
        match self {
            Self::Open(said) => Some(&said.terms),
            Self::Closed { .. } => None,
        }
    }

    /// The digest of the statement about tables with these entries.
    pub fn digest(&self, entries: &[TransactionId]) -> Sha256Digest {
        match self {
            Self::Open(said) => said.digest(entries),
            Self::Closed { digest, .. } => *digest,
        }
    }
}

impl RelationTerms {
    fn text(&self, entries: &[TransactionId]) -> StatementText {
        let Details { k, conditions, nulls, key } = self.details.clone();
        let (operation, columns) = (self.operation, self.columns.clone());
        StatementText { operation, datasets: entries.to_vec(), columns, k, conditions, nulls, key }
    }
}
