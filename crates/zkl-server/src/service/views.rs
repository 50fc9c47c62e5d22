//! What the core answers, as every face shows it.

use serde::Serialize;
use utoipa::ToSchema;
use zkl_ledger::{
    Entry, ServerPolicy,
    receipt::{PolicyLine, Predicate},
    storage::DatasetSummary,
    types::Timestamp,
};

use crate::access::{ApiKey, Grant};

/// A dataset, and the extent of its history.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Dataset)]
pub struct DatasetView {
    /// Its name.
    #[schema(example = "team/penguins")]
    pub name: String,
    /// Entries about it.
    pub entries: u64,
    /// Index of its newest entry.
    pub latest: u64,
}

impl From<DatasetSummary> for DatasetView {
    fn from(summary: DatasetSummary) -> Self {
        Self { name: summary.name.to_string(), entries: summary.transactions, latest: summary.latest.0 }
    }
}

/// A dataset, and its newest version.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DatasetDetail)]
pub struct DatasetDetailView {
    /// Its name.
    #[schema(example = "team/penguins")]
    pub name: String,
    /// Index of its newest entry.
    pub latest: u64,
    /// Its newest notarization, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<EntryView>,
}

/// An entry of the log, its signature checked.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Entry)]
pub struct EntryView {
    /// Its place in the log.
    pub index: u64,
    /// Its id: the hash of its leaf in the log's tree.
    pub id: String,
    /// What kind of statement it is.
    #[schema(example = "notarization")]
    pub kind: String,
    /// The type of its statement, with a version.
    pub r#type: String,
    /// The datasets that it names, the one that it is about first.
    pub datasets: Vec<String>,
    /// The notary's clock when it was made (RFC 3339).
    #[schema(format = DateTime)]
    pub recorded_at: String,
    /// The key that signed it.
    pub notary: String,
    /// The claim, of a proved one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// What it says, as it was signed.
    #[schema(value_type = Object)]
    pub predicate: Predicate,
}

impl From<&Entry> for EntryView {
    fn from(entry: &Entry) -> Self {
        let predicate = entry.predicate();
        Self {
            index: entry.index.0,
            id: entry.id.to_string(),
            kind: predicate.kind().to_string(),
            r#type: predicate.type_uri().to_owned(),
            datasets: predicate.datasets().into_iter().map(ToString::to_string).collect(),
            recorded_at: predicate.recorded_at().to_string(),
            notary: predicate.notary().to_string(),
            claim: match predicate {
                Predicate::Claim(record) => Some(record.claim.to_string()),
                _ => None,
            },
            predicate: predicate.clone(),
        }
    }
}

/// What a receipt is worth.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Verdict)]
pub struct VerdictView {
    /// Whether every check passed, this ledger's log signed it, and nothing rests on test material.
    pub valid: bool,
    /// The check that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What can be done about that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What was verified, as `zkl verify --format json` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub receipt: Option<zkl_ledger::receipt::ReceiptSummary>,
}

/// A key, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Key)]
pub struct KeyView {
    /// Its public name.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it is good for.
    #[schema(example = json!(["read:team/*", "verify"]))]
    pub grants: Vec<String>,
    /// When it was made (RFC 3339).
    #[schema(format = DateTime)]
    pub created_at: String,
    /// From when on it is good for nothing (RFC 3339).
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
}

impl From<&ApiKey> for KeyView {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            grants: key.grants.iter().map(ToString::to_string).collect(),
            created_at: key.created_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
        }
    }
}

/// A change of a key: what it came to, and what the difference is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UpdatedKey)]
pub struct KeyUpdateView {
    /// The key after the change.
    pub key: KeyView,
    /// Grants that it did not have before.
    pub added: Vec<String>,
    /// Grants that it has no more.
    pub removed: Vec<String>,
    /// Whether this is a proposal, of which nothing was done.
    pub proposed: bool,
}

impl KeyUpdateView {
    /// What was changed from `before` to `after`, or would be.
    pub fn new((before, after): &(ApiKey, ApiKey), proposed: bool) -> Self {
        let beyond = |grants: &[Grant], others: &[Grant]| -> Vec<String> {
            grants.iter().filter(|grant| !others.contains(grant)).map(ToString::to_string).collect()
        };
        Self {
            added: beyond(&after.grants, &before.grants),
            removed: beyond(&before.grants, &after.grants),
            key: after.into(),
            proposed,
        }
    }
}

/// Who may do what on a server, as its entries on the log say.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Policy)]
pub struct PolicyView {
    /// The server's name on the log.
    pub server: String,
    /// Whether it is the one that answers.
    pub is_this: bool,
    /// The key of the notary in whose name it records.
    pub notary: String,
    /// What holds, a line for each.
    #[schema(example = json!(["everybody may verify", "key 3f9a0c1b2d4e5f60 may read:team/*"]))]
    pub lines: Vec<String>,
    /// Entries that led there.
    pub entries: u64,
    /// Index of the newest of them.
    pub newest: u64,
    /// When that was recorded, by the notary's clock (RFC 3339).
    #[schema(format = DateTime)]
    pub recorded_at: String,
    /// Whether every entry follows from the one before it, since the server began or began anew.
    pub is_whole: bool,
    /// Indices of entries that do not, and were passed over.
    pub breaks: Vec<u64>,
    #[serde(skip)]
    #[cfg_attr(not(feature = "grpc"), expect(dead_code, reason = "only gRPC has times that are not text"))]
    pub(crate) at: Timestamp,
}

impl PolicyView {
    pub(super) fn new(found: &ServerPolicy, here: Option<&PolicyLine>) -> Self {
        Self {
            is_this: here == Some(&found.server),
            server: found.server.to_string(),
            notary: found.notary.to_string(),
            lines: found.policy.lines().map(ToString::to_string).collect(),
            entries: found.entries,
            newest: found.newest.0,
            recorded_at: found.recorded_at.to_string(),
            is_whole: found.is_whole,
            breaks: found.breaks.iter().map(|index| index.0).collect(),
            at: found.recorded_at,
        }
    }
}
