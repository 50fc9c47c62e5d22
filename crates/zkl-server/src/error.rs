//! Errors of the core and of the server around it.

use std::{io, path::PathBuf};

use thiserror::Error;
use zkl_ledger::{LedgerError, claim::ClaimSyntaxError};

use crate::access::{KeyRingError, OidcError, Refused};

/// Why an operation of the core failed. [`Failure`](crate::Failure) is what whoever asked is told of it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The key or token that was shown is not good.
    #[error("the key or token is not good")]
    BadKey,
    /// It was not authorised.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Keys could not be read or changed.
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    /// Tokens cannot be looked at.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// The claim cannot be read.
    #[error(transparent)]
    Claim(ClaimSyntaxError),
    /// The version that was named is one of another dataset.
    #[error("entry {entry} is not a version of {dataset}")]
    OtherDataset {
        /// The entry.
        entry: String,
        /// The dataset asked for.
        dataset: String,
    },
    /// No such operation, or none that the subject may see.
    #[error("there is no operation {id:?}")]
    NoOperation {
        /// The id asked for.
        id: String,
    },
    /// No such file of the log.
    #[error("the log has no such file")]
    NoFile,
    /// A page of no length that is answered.
    #[error("a page has 1 to {max} items")]
    PageLength {
        /// Most items.
        max: usize,
    },
    /// A report about nothing, or about too much.
    #[error("a report is about 1 to {max} receipts")]
    ReportLength {
        /// Most receipts.
        max: usize,
    },
    /// A key for too long, or for no time.
    #[error("a key is good for 1 to {max} days")]
    KeyLife {
        /// Most days.
        max: u32,
    },
    /// More bytes than are taken.
    #[error("at most {max} bytes are taken")]
    TooLarge {
        /// Most bytes.
        max: u64,
    },
    /// More requests than a subject has a share of.
    #[error("too many requests")]
    TooManyRequests,
    /// More operations than a subject may have at a time.
    #[error("at most {max} operations and uploads of one key are taken at a time")]
    TooManyOperations {
        /// Most of them.
        max: usize,
    },
    /// The store holds less than it did: it is an older copy, or another one.
    #[error("the log has {got} entries and had {seen}")]
    WentBack {
        /// Entries that the server knows of.
        seen: u64,
        /// Entries that the checkpoint covers.
        got: u64,
    },
    /// The server only reads.
    #[error("this server does not write to the ledger")]
    ReadOnly,
    /// No such upload, or none of the subject's.
    #[error("there is no upload {id:?}")]
    NoUpload {
        /// The id asked for.
        id: String,
    },
    /// Another request writes to the upload.
    #[error("another request writes to this upload")]
    UploadTaken,
    /// Bytes that do not go on where the upload broke off.
    #[error("the upload goes on at {expected}")]
    Offset {
        /// Where it goes on.
        expected: u64,
    },
    /// Not all of an upload is there.
    #[error("{received} of {length} bytes are there")]
    Incomplete {
        /// Bytes that came.
        received: u64,
        /// Bytes that were announced.
        length: u64,
    },
    /// A source that is none, or that the operator does not allow.
    #[error(transparent)]
    Source(#[from] zkl_sources::allow::AllowError),
    /// The server has not what a source needs.
    #[error("the source cannot be asked")]
    SourceSettings(#[from] zkl_sources::SourceError),
    /// Every place in the queue is taken.
    #[error("too many operations are waiting")]
    Busy,
    /// The server is about to stop.
    #[error("the server is stopping")]
    Stopping,
    /// An idempotency key that is none.
    #[error("an idempotency key has 1 to 255 printable ASCII characters")]
    IdempotencyKey,
    /// Another request with this idempotency key is under way.
    #[error("another request with this idempotency key is under way")]
    IdempotencyPending,
    /// The idempotency key was used for another request.
    #[error("this idempotency key was used for another request")]
    IdempotencyMismatch,
    /// The operation has ended and cannot be cancelled any more.
    #[error("the operation has ended")]
    Ended,
    /// The operation is being recorded and cannot be cancelled any more.
    #[error("the operation is being recorded")]
    Recording,
    /// A file of the server could not be read or written.
    #[error("cannot {action} {path}", path = path.display())]
    Io {
        /// `read`, `write`, `create`, ...
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// A task ended abnormally.
    #[error("an internal task ended abnormally")]
    Task(#[from] tokio::task::JoinError),
    /// The system has no randomness.
    #[error("the operating system has no randomness")]
    Randomness(#[from] getrandom::Error),
}

/// Why the server did not start or stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The ledger could not be opened.
    #[error("the ledger cannot be opened")]
    Ledger(#[from] LedgerError),
    /// Keys could not be read or changed.
    #[error(transparent)]
    Keys(#[from] KeyRingError),
    /// The file of issuers cannot be followed.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// The key of pseudonyms cannot be read or made.
    #[error(transparent)]
    Pseudonyms(#[from] crate::access::PseudonymError),
    /// The server has recorded nothing under pseudonyms.
    #[error("no server has recorded a policy in {dir}", dir = dir.display())]
    NoPseudonyms {
        /// The directory.
        dir: PathBuf,
    },
    /// The core could not be started.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// Another server has this directory.
    #[error("another server runs on {dir}", dir = dir.display())]
    Running {
        /// The directory.
        dir: PathBuf,
    },
    /// An embedded store, of which another process sees the state of one moment.
    #[error("a read-only server needs a store that other machines write to")]
    EmbeddedStore,
    /// TLS cannot be spoken.
    #[error("TLS cannot be spoken")]
    Tls(#[from] crate::tls::TlsError),
    /// Traces cannot be sent.
    #[cfg(feature = "otlp")]
    #[error("traces cannot be sent")]
    Traces(#[from] crate::traces::TracesError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: String,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The address that was listened on is not known.
    #[error("the system does not tell the address")]
    Address(#[source] io::Error),
    /// The key of the openings cannot be read.
    #[error("the key of the openings cannot be read")]
    OpeningKey(#[from] zkl_ledger::openings::OpeningKeyError),
    /// Keys could not be made, listed or revoked.
    #[error(transparent)]
    KeyCommand(#[from] crate::commands::KeyError),
    /// The definition of the gRPC face cannot be read.
    #[cfg(feature = "grpc")]
    #[error("the definition of the gRPC face cannot be read")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The document of the API cannot be written.
    #[error("the OpenAPI document cannot be written")]
    Document(#[from] serde_json::Error),
    /// A server is not ready, or not there.
    #[error("{url} does not answer that all is well")]
    NotHealthy {
        /// What was asked.
        url: String,
        /// Why.
        source: crate::commands::HealthError,
    },
}

impl ServerError {
    /// The exit code of a program that ends with it: 1 for a server that is not healthy, otherwise 2.
    pub const fn code(&self) -> u8 {
        if matches!(self, Self::NotHealthy { .. }) { 1 } else { 2 }
    }

    /// What can be done about it, if there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Ledger(error) | Self::KeyCommand(crate::commands::KeyError::Ledger(error)) => error.hint(),
            Self::OpeningKey(error) => error.hint().map(Into::into),
            Self::Running { .. } => Some("stop it first; keys can be changed while it runs".into()),
            Self::EmbeddedStore => {
                Some("move the log to PostgreSQL or S3 with `zkl move`, or serve without --read-only".into())
            }
            _ => None,
        }
    }
}
