//! What is kept of an operation.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zkl_ledger::{DatasetName, types::Timestamp};

use crate::{access::Permission, error::ServiceError, failure::Failure};

/// The id of an operation: 32 hexadecimal digits, of which the first 12 are the time at which it was accepted, so that ids sort by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(String);

impl OperationId {
    pub(super) fn generate(now: Timestamp) -> Result<Self, getrandom::Error> {
        let mut random = [0; 10];
        getrandom::fill(&mut random)?;
        Ok(Self(format!("{:012x}{}", now.0 & 0xffff_ffff_ffff, hex::encode(random))))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for OperationId {
    type Err = ServiceError;

    fn from_str(s: &str) -> Result<Self, ServiceError> {
        let valid = s.len() == 32 && s.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if valid { Ok(Self(s.to_owned())) } else { Err(ServiceError::NoOperation { id: s.chars().take(80).collect() }) }
    }
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    /// Notarizes a table.
    Notarize,
    /// Proves a claim.
    Prove,
}

impl Work {
    /// The permission that starts it, and lets it be followed.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Notarize => Permission::WriteDataset,
            Self::Prove => Permission::GenerateProof,
        }
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notarize => "notarize",
            Self::Prove => "prove",
        }
    }
}

/// An entry that an operation appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its place in the log.
    pub index: u64,
    /// Its id.
    pub id: String,
}

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The entry is durably in the log.
    Succeeded(Recorded),
    /// Nothing was recorded; of an interrupted operation that is not known.
    Failed(Failure),
    /// Somebody cancelled it.
    Cancelled,
}

impl Outcome {
    /// The word for it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Succeeded(_) => "succeeded",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Where an operation is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It waits for a worker.
    Queued,
    /// It is carried out.
    Running,
    /// It has ended.
    Ended {
        /// When.
        at: Timestamp,
        /// How.
        outcome: Outcome,
    },
}

/// Where an operation is, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It waits for a worker.
    Queued,
    /// It is carried out.
    Running,
    /// Its entry is durably in the log.
    Succeeded,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// What a client calls a request, so that it can send it again without its being carried out twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// What the server calls the request that finishes an upload. No client can call one so: theirs are printable.
    pub(crate) fn of_upload(id: &super::UploadId) -> Self {
        Self(format!("upload\n{}", id.as_str()))
    }
}

impl FromStr for IdempotencyKey {
    type Err = ServiceError;

    fn from_str(s: &str) -> Result<Self, ServiceError> {
        let valid = (1..=255).contains(&s.len()) && s.bytes().all(|b| (b' '..=b'~').contains(&b));
        if valid { Ok(Self(s.to_owned())) } else { Err(ServiceError::IdempotencyKey) }
    }
}

/// What tells one request from another: a digest of all that it asks for, body included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of a request made of these parts, in order.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // With its length, so that no two lists of parts are one.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hex::encode(hash.finalize()))
    }
}

/// An operation that is to be accepted.
#[derive(Clone, Debug)]
pub struct NewOperation {
    /// What it does.
    pub work: Work,
    /// With what.
    pub dataset: DatasetName,
    /// The claim to be proved.
    pub claim: Option<String>,
    /// The key of whoever asked.
    pub by: String,
    /// What it asks for.
    pub fingerprint: Fingerprint,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// What it does.
    pub work: Work,
    /// With what.
    pub dataset: DatasetName,
    /// The claim that is proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// Id of the key of whoever asked.
    pub by: String,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// What it asks for.
    pub fingerprint: Fingerprint,
    /// What its client calls the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<IdempotencyKey>,
    /// Where it is.
    pub state: State,
    /// What is being done at the moment. Not kept.
    #[serde(skip)]
    pub stage: Option<String>,
}

impl Operation {
    /// Whether it has ended.
    pub const fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended { .. })
    }

    /// Where it is, in a word.
    pub const fn status(&self) -> Status {
        match &self.state {
            State::Queued => Status::Queued,
            State::Running => Status::Running,
            State::Ended { outcome: Outcome::Succeeded(_), .. } => Status::Succeeded,
            State::Ended { outcome: Outcome::Failed(_), .. } => Status::Failed,
            State::Ended { outcome: Outcome::Cancelled, .. } => Status::Cancelled,
        }
    }

    /// When it ended, if it has.
    pub const fn ended_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Ended { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// The entry that it recorded, if it succeeded.
    pub const fn entry(&self) -> Option<&Recorded> {
        match &self.state {
            State::Ended { outcome: Outcome::Succeeded(recorded), .. } => Some(recorded),
            _ => None,
        }
    }

    /// Why it failed, if it did.
    pub const fn failure(&self) -> Option<&Failure> {
        match &self.state {
            State::Ended { outcome: Outcome::Failed(failure), .. } => Some(failure),
            _ => None,
        }
    }

    /// Entries that the log has after it, at least.
    pub(super) const fn entries_after(&self) -> Option<u64> {
        match self.entry() {
            Some(recorded) => Some(recorded.index.saturating_add(1)),
            None => None,
        }
    }
}
