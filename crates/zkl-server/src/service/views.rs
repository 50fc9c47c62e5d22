//! What the core answers, as every face shows it.

use serde::Serialize;
use utoipa::ToSchema;
use zkl_ledger::{Entry, receipt::Predicate, storage::DatasetSummary};

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
