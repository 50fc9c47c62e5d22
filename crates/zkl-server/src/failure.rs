//! Why something was not done, as whoever asked is told: a stable code, a sentence, and what can be done about it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use zkl_ledger::{ErrorKind, LedgerError, dataset::Fault};
pub(crate) use zkl_report::with_causes as chain;
use zkl_sources::http::HttpError;

use crate::{access::Refused, error::ServiceError};

/// How the types of problems begin.
const TYPE: &str = "urn:zkp-dataset-ledger:problem:";

/// The codes. They are stable: clients decide by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// What was asked for cannot be read, or cannot be done with this table, claim or name.
    InvalidRequest,
    /// There was no key or token, or one that is not good.
    Unauthenticated,
    /// No grant gives it.
    Forbidden,
    /// The server reads the log and does not write to it.
    ReadOnly,
    /// There is no such thing, or none that the key may see.
    NotFound,
    /// The path has no such method.
    MethodNotAllowed,
    /// The request took too long to arrive.
    RequestTimeout,
    /// What it is about is not in the state for it.
    Conflict,
    /// The request is of a version of a protocol that is not spoken.
    PreconditionFailed,
    /// More bytes than are taken.
    TooLarge,
    /// A body in an encoding that is not taken.
    UnsupportedMediaType,
    /// The idempotency key was used for another request.
    IdempotencyMismatch,
    /// The claim is not true of the table.
    FalseClaim,
    /// The subject asked for more than its share.
    RateLimited,
    /// Too much is waiting already.
    Busy,
    /// The store or something else that is needed does not answer as it should.
    Unavailable,
    /// The server stopped before it was done.
    Interrupted,
    /// A fault of the server, which logged more.
    Internal,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::InvalidRequest,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::ReadOnly,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::IdempotencyMismatch,
        Self::FalseClaim,
        Self::RateLimited,
        Self::Busy,
        Self::Unavailable,
        Self::Interrupted,
        Self::Internal,
    ];

    /// The code as text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid-request",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::ReadOnly => "read-only",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::RequestTimeout => "request-timeout",
            Self::Conflict => "conflict",
            Self::PreconditionFailed => "precondition-failed",
            Self::TooLarge => "too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::IdempotencyMismatch => "idempotency-mismatch",
            Self::FalseClaim => "false-claim",
            Self::RateLimited => "rate-limited",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::Interrupted => "interrupted",
            Self::Internal => "internal",
        }
    }

    /// The type of problems of this code, over every face.
    pub fn urn(self) -> String {
        format!("{TYPE}{}", self.as_str())
    }

    /// When it is worth to try again.
    pub const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Busy | Self::Unavailable => Some(Duration::from_secs(5)),
            // A share is that of a second.
            Self::RateLimited => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// What it means, in a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request cannot be carried out as it is",
            Self::Unauthenticated => "A valid key is needed",
            Self::Forbidden => "The key does not grant this",
            Self::ReadOnly => "This server only reads",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "The path has no such method",
            Self::RequestTimeout => "The request took too long",
            Self::Conflict => "This cannot be done now",
            Self::PreconditionFailed => "The protocol has another version here",
            Self::TooLarge => "The body is too long",
            Self::UnsupportedMediaType => "The body is in an encoding that is not taken",
            Self::IdempotencyMismatch => "The idempotency key was used for another request",
            Self::FalseClaim => "The claim is not true of the table",
            Self::RateLimited => "This is more than one may ask for at a time",
            Self::Busy => "Too much is waiting already",
            Self::Unavailable => "The ledger cannot do this at the moment",
            Self::Interrupted => "The server stopped before it was done",
            Self::Internal => "The server failed",
        }
    }
}

/// What whoever asked is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The code.
    pub code: Code,
    /// What happened.
    pub detail: String,
    /// What can be done about it, if there is something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with a sentence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), hint: None }
    }

    /// The same, with what can be done about it.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// A fault of the server: what exactly failed is for its operator, in the log, and not for whoever asked.
    fn logged(code: Code, error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(code = code.as_str(), error = chain(error), "a request failed");
        Self::new(code, "the server's log says more")
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let code = match refused {
            Refused::Anonymous => Code::Unauthenticated,
            Refused::NotGranted => Code::Forbidden,
        };
        Self::new(code, refused.to_string())
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        // Values of a table are its owner's, and failures are kept.
        let error = match error {
            LedgerError::Dataset(error) => LedgerError::Dataset(error.without_values()),
            error => error,
        };
        if let Some(failure) = of_source(&error) {
            return failure;
        }
        let code = match error.kind() {
            ErrorKind::InvalidInput => Code::InvalidRequest,
            ErrorKind::FalseClaim => Code::FalseClaim,
            ErrorKind::NotFound => Code::NotFound,
            ErrorKind::AlreadyExists => Code::Conflict,
            ErrorKind::Busy => Code::Busy,
            ErrorKind::Cancelled => Code::Interrupted,
            ErrorKind::Unavailable | ErrorKind::ReadOnly | ErrorKind::NotSupported => Code::Unavailable,
            _ => Code::Internal,
        };
        let hint = match code {
            // A hint for the operator names places of the server.
            Code::Unavailable | Code::Internal => return Self::logged(code, &error),
            // A name that looks similar may be one that whoever asks must not know of.
            _ if matches!(error, LedgerError::UnknownDataset { .. }) => None,
            _ => error.hint(),
        };
        // Where an opening should be is a path of the server, too.
        let detail = match &error {
            LedgerError::OpeningAbsent { .. } => "the ledger does not hold the opening of this version".to_owned(),
            error => chain(error),
        };
        Self { code, detail, hint }
    }
}

/// What is wrong with a place that a table was to be fetched from: whoever named it is told, in words that repeat nothing of what is there.
fn of_source(error: &LedgerError) -> Option<Failure> {
    let LedgerError::Dataset(error) = error else { return None };
    let Fault::Io(source) = error.fault() else { return None };
    let why = source.get_ref()?.downcast_ref::<HttpError>()?;
    let code = match why {
        HttpError::NotPublic => Code::Forbidden,
        HttpError::TooLong => Code::TooLarge,
        _ => Code::Unavailable,
    };
    Some(Failure::new(code, format!("the source cannot be read: {why}")))
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let detail = error.to_string();
        match error {
            ServiceError::BadKey => Self::new(Code::Unauthenticated, detail),
            ServiceError::Refused(refused) => refused.into(),
            ServiceError::Ledger(error) => error.into(),
            ServiceError::Keys(error) if error.is_of_the_request() => match error {
                crate::access::KeyRingError::Unknown { .. } => Self::new(Code::NotFound, detail),
                _ => Self::new(Code::InvalidRequest, detail),
            },
            ServiceError::Keys(error) => Self::logged(Code::Internal, &error),
            ServiceError::Oidc(error @ crate::access::OidcError::Keys { .. }) => {
                Self::logged(Code::Unavailable, &error)
            }
            ServiceError::Oidc(error) => Self::logged(Code::Internal, &error),
            ServiceError::NoOperation { .. } | ServiceError::NoUpload { .. } | ServiceError::NoFile => {
                Self::new(Code::NotFound, detail)
            }
            ServiceError::Claim(error) => Self::new(Code::InvalidRequest, chain(&error)),
            ServiceError::OtherDataset { .. }
            | ServiceError::IdempotencyKey
            | ServiceError::PageLength { .. }
            | ServiceError::ReportLength { .. }
            | ServiceError::KeyLife { .. } => Self::new(Code::InvalidRequest, detail),
            ServiceError::Source(zkl_sources::allow::AllowError::NotAllowed) => {
                Self::new(Code::Forbidden, detail).with_hint("upload the table, or ask the server's operator")
            }
            ServiceError::Source(_) => Self::new(Code::InvalidRequest, detail),
            ServiceError::SourceSettings(error) => Self::logged(Code::Unavailable, &error),
            ServiceError::TooLarge { .. } => Self::new(Code::TooLarge, detail),
            ServiceError::TooManyRequests => Self::new(Code::RateLimited, detail).with_hint("wait a second"),
            ServiceError::TooManyOperations { .. } => {
                Self::new(Code::RateLimited, detail).with_hint("wait until one has ended")
            }
            ServiceError::WentBack { .. } => Self::logged(Code::Unavailable, &error),
            ServiceError::ReadOnly => {
                Self::new(Code::ReadOnly, detail).with_hint("ask the server that writes to this ledger")
            }
            ServiceError::Busy => Self::new(Code::Busy, detail).with_hint("try again later"),
            ServiceError::Stopping => Self::new(Code::Unavailable, detail).with_hint("try again later"),
            ServiceError::IdempotencyPending => Self::new(Code::Conflict, detail).with_hint("wait for the other one"),
            ServiceError::IdempotencyMismatch => Self::new(Code::IdempotencyMismatch, detail),
            ServiceError::UploadTaken => Self::new(Code::Conflict, detail).with_hint("wait for the other one"),
            ServiceError::Offset { .. } => Self::new(Code::Conflict, detail).with_hint("ask how far it is, with HEAD"),
            ServiceError::Incomplete { .. } => Self::new(Code::Conflict, detail).with_hint("send the rest"),
            ServiceError::Ended | ServiceError::Recording => Self::new(Code::Conflict, detail),
            ServiceError::Io { .. } | ServiceError::Task(_) | ServiceError::Randomness(_) => {
                Self::logged(Code::Internal, &error)
            }
        }
    }
}
