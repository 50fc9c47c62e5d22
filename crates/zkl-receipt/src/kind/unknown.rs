//! Statements of kinds and versions that this program does not know.
//!
//! What every statement has is read: the notary, whose signature is checked, the time and the datasets. The rest is shown as
//! it stands and counts for nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zkl_core::{digest::BlobDigest, name::DatasetName, time::Timestamp, transaction::OperationKind};
use zkl_merkle::{
    dsse::{Envelope, IN_TOTO_PAYLOAD_TYPE},
    error::StatementError,
    keys::VerifyingKey,
    statement::Subject,
};

use super::{EvidenceBlobs, StatementKind};
use crate::{
    entry::EntryError,
    verify::{Scope, VerifiedStatement, VerifyError},
};

/// How every statement type begins.
const PREFIX: &str = "urn:zkp-dataset-ledger:";

/// A statement that this program shows and does not understand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct UnknownStatement {
    predicate: Value,
    #[serde(skip)]
    type_uri: String,
    #[serde(skip)]
    kind: OperationKind,
    #[serde(skip)]
    subject: Subject,
    #[serde(skip)]
    datasets: Vec<DatasetName>,
    #[serde(skip)]
    notary: VerifyingKey,
    #[serde(skip)]
    recorded_at: Timestamp,
}

/// The fields of an in-toto statement.
#[derive(Deserialize)]
struct Payload {
    subject: Vec<Subject>,
    predicate: Value,
}

/// What the predicates of all kinds and versions have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Common {
    #[serde(with = "crate::text")]
    notary: VerifyingKey,
    recorded_at: Timestamp,
    dataset: Option<DatasetName>,
    #[serde(default)]
    datasets: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: DatasetName,
}

impl UnknownStatement {
    /// Reads what every statement has and checks the signature of the notary that it names.
    pub(super) fn open(envelope: &Envelope, type_uri: &str) -> Result<Self, EntryError> {
        let unknown = || EntryError::Type { got: type_uri.chars().take(80).collect() };
        let kind = kind_of(type_uri).ok_or_else(unknown)?;
        let read = |payload: &[u8]| -> Result<(Payload, Common), EntryError> {
            let payload: Payload = serde_json::from_slice(payload).map_err(|error| json_error(&error))?;
            let common = Common::deserialize(&payload.predicate).map_err(|error| json_error(&error))?;
            Ok((payload, common))
        };
        // As in `open`: what is returned is read from what the signature covers.
        let (_, unverified) = read(envelope.unverified_payload())?;
        let signed = envelope.open(IN_TOTO_PAYLOAD_TYPE, &unverified.notary)?;
        let (Payload { subject, predicate }, common) = read(&signed.bytes)?;
        let notary = common.notary;
        let subject = subject.into_iter().next().ok_or(StatementError::NoSubject)?;
        let datasets = common.datasets.into_iter().map(|named| named.name).chain(common.dataset).collect();
        let (type_uri, recorded_at) = (type_uri.to_owned(), common.recorded_at);
        Ok(Self { predicate, type_uri, kind, subject, datasets, notary, recorded_at })
    }

    /// The predicate as JSON.
    pub const fn predicate(&self) -> &Value {
        &self.predicate
    }
}

/// The kind in `urn:zkp-dataset-ledger:KIND:vN`.
fn kind_of(type_uri: &str) -> Option<OperationKind> {
    let (kind, version) = type_uri.strip_prefix(PREFIX)?.split_once(":v")?;
    let is_version = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()) && !version.starts_with('0');
    is_version.then(|| kind.parse().ok()).flatten()
}

fn json_error(error: &serde_json::Error) -> StatementError {
    StatementError::Json { line: error.line(), column: error.column() }
}

impl StatementKind for UnknownStatement {
    fn type_uri(&self) -> &str {
        &self.type_uri
    }

    fn kind(&self) -> OperationKind {
        self.kind.clone()
    }

    fn subject(&self) -> Subject {
        self.subject.clone()
    }

    fn dataset(&self) -> Option<&DatasetName> {
        self.datasets.first()
    }

    fn datasets(&self) -> Vec<&DatasetName> {
        self.datasets.iter().collect()
    }

    fn notary(&self) -> &VerifyingKey {
        &self.notary
    }

    fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    fn in_words(&self) -> String {
        format!("{}, unknown to this version", self.type_uri)
    }

    fn blobs(&self) -> EvidenceBlobs {
        let mut possible = Vec::new();
        collect_digests(&self.predicate, &mut possible);
        EvidenceBlobs { possible, ..EvidenceBlobs::default() }
    }

    /// A verdict is about statements that were understood.
    fn verify(&self, scope: &Scope<'_>) -> Result<VerifiedStatement, VerifyError> {
        Err(VerifyError::UnknownKind { index: scope.index, got: self.type_uri.clone() })
    }
}

/// Every text in `value` that is written as a digest is. An entry is short, so they are few.
fn collect_digests(value: &Value, found: &mut Vec<BlobDigest>) {
    match value {
        Value::String(text) => found.extend(text.parse::<BlobDigest>()),
        Value::Array(values) => values.iter().for_each(|value| collect_digests(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| collect_digests(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
