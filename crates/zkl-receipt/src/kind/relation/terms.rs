//! What a relation says, and the digest that its proof is bound to.

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

/// The statement as it is hashed: canonical JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatementText {
    pub(super) operation: Operation,
    pub(super) datasets: Vec<TransactionId>,
    pub(super) columns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) k: Option<u32>,
    #[serde(rename = "where", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) conditions: Vec<Condition>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) nulls: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) key: Vec<String>,
}

impl RelationTerms {
    /// `SHA-256("zkl relation statement v1\0" || salt || JSON)`, where JSON has the operation, the ids of the tables' entries, the columns,
    /// and what there is of k, conditions, the permission of nulls and a key.
    pub fn digest(&self, salt: &Nonce, entries: &[TransactionId]) -> Sha256Digest {
        // Names and ids always serialize; were it not so, no proof would be bound to the empty text.
        let json = serde_json::to_vec(&self.text(entries)).unwrap_or_default();
        let hasher = Sha256::new_with_prefix(DIGEST).chain_update(salt.as_bytes()).chain_update(json);
        Sha256Digest::new(hasher.finalize().into())
    }

    pub(super) fn text(&self, entries: &[TransactionId]) -> StatementText {
        let Details { k, conditions, nulls, key } = self.details.clone();
        let (operation, columns) = (self.operation, self.columns.clone());
        StatementText { operation, datasets: entries.to_vec(), columns, k, conditions, nulls, key }
    }
}
