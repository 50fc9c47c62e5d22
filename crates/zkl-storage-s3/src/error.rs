//! The backend's own errors and their one conversion into the contract's.

use std::error::Error as StdError;

use thiserror::Error;
use zkl_core::storage::{BackendError, StorageErrorKind};

type Source = Box<dyn StdError + Send + Sync>;

/// What went wrong inside the S3 backend.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum S3Error {
    /// What the contract names: a conflict, a broken rule, damage, a handle that may not write.
    #[error(transparent)]
    Contract(#[from] StorageErrorKind),
    /// The ledger's URL cannot be used.
    #[error("{rule}")]
    Location {
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// There is no ledger at this place.
    #[error("no ledger at {place}")]
    NotFound {
        /// Bucket and prefix.
        place: String,
    },
    /// There is a ledger already.
    #[error("there is already a ledger at {place}")]
    AlreadyExists {
        /// Bucket and prefix.
        place: String,
    },
    /// Writers could overwrite each other's heads here.
    #[error("this endpoint or bucket ignores conditional writes (If-None-Match: *)")]
    ConditionsIgnored,
    /// Writers could overwrite each other's heads here when they race.
    #[error("{winners} of {racers} conditional writes (If-None-Match: *) of one key succeeded on this endpoint")]
    ConditionsNotAtomic {
        /// Writes that succeeded; one should have.
        winners: usize,
        /// Writes sent at once.
        racers: usize,
    },
    /// No answer in time.
    #[error("{request}: no answer in time")]
    Timeout {
        /// The request.
        request: &'static str,
        /// What the client library says.
        #[source]
        source: Source,
    },
    /// No answer.
    #[error("{request}: no answer")]
    NoAnswer {
        /// The request.
        request: &'static str,
        /// What the client library says.
        #[source]
        source: Source,
    },
    /// There are no credentials to sign a request with.
    #[error("no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")]
    NoCredentials {
        /// What the client library says.
        #[source]
        source: Source,
    },
    /// The request did not leave this machine: nobody listens at the endpoint, for example.
    #[error("{request}: the request could not be sent")]
    NotSent {
        /// The request.
        request: &'static str,
        /// Whether that may change by itself.
        transient: bool,
        /// What the client library says.
        #[source]
        source: Source,
    },
    /// The endpoint refused the request.
    #[error("{request}: the endpoint answered {status} {code}")]
    Refused {
        /// The request.
        request: &'static str,
        /// HTTP status.
        status: u16,
        /// S3 error code, or nothing.
        code: String,
        /// What the client library says.
        #[source]
        source: Source,
    },
    /// The head of an append may or may not have been written. The handle refuses further appends.
    #[error("it is unknown whether the append reached the store")]
    OutcomeUnknown(#[source] Box<S3Error>),
    /// The operating system gave no random bytes.
    #[error("no random bytes")]
    Random(#[source] getrandom::Error),
    /// A background task was cancelled or panicked.
    #[error("the storage task ended early")]
    Task(#[from] tokio::task::JoinError),
}

impl S3Error {
    /// Whether the same request may succeed later without anything else changing.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::NoAnswer { .. } => true,
            Self::NotSent { transient, .. } => *transient,
            Self::Refused { status, .. } => matches!(status, 408 | 409 | 429 | 500 | 502..),
            _ => false,
        }
    }

    /// Whether a write that was answered with this error may have been carried out all the same, or may still be.
    pub(crate) fn may_have_written(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::NoAnswer { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 500 | 502..),
            _ => false,
        }
    }
}

impl BackendError for S3Error {
    fn kind(&self) -> StorageErrorKind {
        match self {
            Self::Contract(kind) => kind.clone(),
            Self::Location { rule } => StorageErrorKind::Invalid(rule),
            Self::NotFound { .. } => StorageErrorKind::NotFound,
            Self::AlreadyExists { .. } => StorageErrorKind::Invalid("there is already a ledger at this place"),
            Self::ConditionsIgnored | Self::ConditionsNotAtomic { .. } => StorageErrorKind::Invalid(
                "the endpoint or bucket does not honour conditional writes (If-None-Match: *), which keep writers apart",
            ),
            Self::Timeout { .. } => StorageErrorKind::Timeout,
            Self::OutcomeUnknown(cause) if matches!(**cause, Self::Timeout { .. }) => StorageErrorKind::Timeout,
            Self::Refused { status: 404, .. } => StorageErrorKind::NotFound,
            Self::Refused { code, status, .. } if *status == 507 || code.contains("QuotaExceeded") => {
                StorageErrorKind::Full
            }
            Self::NoAnswer { .. }
            | Self::NotSent { .. }
            | Self::NoCredentials { .. }
            | Self::Refused { .. }
            | Self::OutcomeUnknown(_)
            | Self::Task(_) => StorageErrorKind::Unavailable,
            Self::Random(_) => StorageErrorKind::Io,
        }
    }

    fn is_retryable(&self) -> bool {
        self.is_transient()
    }
}
