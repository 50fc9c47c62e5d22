//! What the core answers, as messages.

use prost_types::Timestamp as Time;
use tonic::Status;
use zkl_ledger::{
    ReadOptions,
    reading::Reading,
    requests::EvidenceRequest,
    storage::Order,
    types::{PrivacyLevel, Timestamp},
};

use super::{proto, status::invalid};
use crate::{
    access::ApiKey,
    failure::{Code, Failure},
    operations::{self, Operation},
    service::{
        DatasetDetailView, DatasetView, EntryQuery, EntryView, NotarizeOptions, Page, PolicyView, VerdictView,
        page_length,
    },
};

const MILLIS: u64 = 1_000;

fn time(at: Timestamp) -> Time {
    let seconds = i64::try_from(at.0 / MILLIS).unwrap_or(i64::MAX);
    let nanos = i32::try_from(at.0 % MILLIS * 1_000_000).unwrap_or(0);
    Time { seconds, nanos }
}

/// What is an object in JSON.
fn json(value: &impl serde::Serialize) -> Result<String, Status> {
    serde_json::to_string(value).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        Failure::new(Code::Internal, "the server's log says more").into()
    })
}

/// What stands in a field that may be empty.
pub(super) fn given<T: std::str::FromStr>(field: &str, text: &str) -> Result<Option<T>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| invalid(format!("{field} has no such value")))
}

/// How long a page is; 0 is not said.
pub(super) fn length(page_size: u32) -> Result<usize, Status> {
    let asked = (page_size != 0).then_some(page_size as usize);
    Ok(page_length(asked)?)
}

pub(super) fn query(kind: &str, order: i32, page_size: u32, page_token: &str) -> Result<EntryQuery, Status> {
    let order = match proto::Order::try_from(order) {
        Ok(proto::Order::Unspecified | proto::Order::Descending) => Order::Descending,
        Ok(proto::Order::Ascending) => Order::Ascending,
        Err(_) => return Err(invalid("order has no such value")),
    };
    let from = given::<u64>("page_token", page_token)?;
    Ok(EntryQuery { kind: given("kind", kind)?, order, from, limit: length(page_size)? })
}

pub(super) fn options(options: proto::NotarizeOptions) -> Result<NotarizeOptions, Status> {
    Ok(NotarizeOptions {
        privacy: match proto::Privacy::try_from(options.privacy) {
            Ok(proto::Privacy::Unspecified | proto::Privacy::Private) => PrivacyLevel::Private,
            Ok(proto::Privacy::Public) => PrivacyLevel::Public,
            Err(_) => return Err(invalid("privacy has no such value")),
        },
        evidence: match proto::Evidence::try_from(options.evidence) {
            Ok(proto::Evidence::Unspecified | proto::Evidence::Proof) => EvidenceRequest::Proof,
            Ok(proto::Evidence::Attestation) => EvidenceRequest::Attestation,
            Err(_) => return Err(invalid("evidence has no such value")),
        },
        read: reading(options.joint, options.product, options.reading.unwrap_or_default())?,
    })
}

fn reading(
    joint: Vec<proto::ColumnPair>,
    product: Vec<proto::ColumnPair>,
    said: proto::Reading,
) -> Result<ReadOptions, Status> {
    let pairs = |pairs: Vec<proto::ColumnPair>| pairs.into_iter().map(|pair| (pair.first, pair.second)).collect();
    let mut reading = Reading { joint: pairs(joint), product: pairs(product), ..Reading::default() };
    let mut say = |word: &str, text: Option<String>| {
        text.map_or(Ok(()), |text| reading.say(word, &text)).map_err(|error| invalid(error.to_string()))
    };
    say("input_format", said.input_format)?;
    say("sheet", said.sheet)?;
    say("delimiter", said.delimiter)?;
    say("quote", said.quote)?;
    say("header", said.header.map(|header| header.to_string()))?;
    say("skip", said.skip.map(|skip| skip.to_string()))?;
    say("comment", said.comment)?;
    say("decimal", said.decimal)?;
    say("dates", said.dates)?;
    say("nan_as_null", said.nan_as_null.then(|| true.to_string()))?;
    let lists = [
        ("column", said.columns),
        ("round", said.round),
        ("hash", said.hash),
        ("opaque", said.opaque),
        ("null", said.nulls),
    ];
    for (word, texts) in lists {
        texts.into_iter().try_for_each(|text| say(word, Some(text)))?;
    }
    Ok(reading.options())
}

impl From<DatasetView> for proto::Dataset {
    fn from(view: DatasetView) -> Self {
        Self { name: view.name, entries: view.entries, latest: view.latest }
    }
}

impl TryFrom<DatasetDetailView> for proto::DatasetDetail {
    type Error = Status;

    fn try_from(view: DatasetDetailView) -> Result<Self, Status> {
        let version = view.version.map(proto::Entry::try_from).transpose()?;
        Ok(Self { name: view.name, latest: view.latest, version })
    }
}

impl TryFrom<EntryView> for proto::Entry {
    type Error = Status;

    fn try_from(view: EntryView) -> Result<Self, Status> {
        Ok(Self {
            index: view.index,
            id: view.id,
            kind: view.kind,
            r#type: view.r#type,
            datasets: view.datasets,
            recorded_at: Some(time(view.predicate.recorded_at())),
            notary: view.notary,
            claim: view.claim,
            predicate_json: json(&view.predicate)?,
        })
    }
}

pub(super) fn entries(page: Page<EntryView, u64>) -> Result<proto::ListEntriesResponse, Status> {
    let next_page_token = page.next.map(|next| next.to_string()).unwrap_or_default();
    let entries = page.items.into_iter().map(proto::Entry::try_from).collect::<Result<_, _>>()?;
    Ok(proto::ListEntriesResponse { entries, next_page_token })
}

impl TryFrom<VerdictView> for proto::Verdict {
    type Error = Status;

    fn try_from(view: VerdictView) -> Result<Self, Status> {
        let receipt_json = view.receipt.as_ref().map(json).transpose()?;
        Ok(Self { valid: view.valid, reason: view.reason, hint: view.hint, receipt_json })
    }
}

impl From<Operation> for proto::Operation {
    fn from(operation: Operation) -> Self {
        let status = match operation.status() {
            operations::Status::Queued => proto::OperationStatus::Queued,
            operations::Status::Running => proto::OperationStatus::Running,
            operations::Status::Succeeded => proto::OperationStatus::Succeeded,
            operations::Status::Failed => proto::OperationStatus::Failed,
            operations::Status::Cancelled => proto::OperationStatus::Cancelled,
        };
        let ended_at = operation.ended_at().map(time);
        let entry = operation.entry().map(|entry| proto::RecordedEntry { index: entry.index, id: entry.id.clone() });
        let problem = operation.failure().cloned().map(proto::Problem::from);
        Self {
            id: operation.id.to_string(),
            work: operation.work.as_str().to_owned(),
            dataset: operation.dataset.to_string(),
            claim: operation.claim,
            status: status.into(),
            stage: operation.stage,
            by: operation.by,
            accepted_at: Some(time(operation.accepted_at)),
            ended_at,
            entry,
            problem,
        }
    }
}

impl From<Failure> for proto::Problem {
    fn from(failure: Failure) -> Self {
        let Failure { code, detail, hint } = failure;
        Self { r#type: code.urn(), title: code.title().to_owned(), detail, hint }
    }
}

impl From<PolicyView> for proto::Policy {
    fn from(view: PolicyView) -> Self {
        Self {
            server: view.server,
            is_this: view.is_this,
            notary: view.notary,
            lines: view.lines,
            entries: view.entries,
            newest: view.newest,
            recorded_at: Some(time(view.at)),
            is_whole: view.is_whole,
            breaks: view.breaks,
        }
    }
}

impl From<&ApiKey> for proto::Key {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            grants: key.grants.iter().map(ToString::to_string).collect(),
            created_at: Some(time(key.created_at)),
            expires_at: key.expires_at.map(time),
        }
    }
}
