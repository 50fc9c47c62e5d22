//! What goes wrong, and what can be done about it.

use std::{error::Error, io, path::PathBuf};

use thiserror::Error;
use zkl_receipt::{RequirementError, VerifyError, policy::PolicySyntaxError};

use crate::{failure::ErrorReport, kind::Kind};

/// Why receipts were not verified, or are not as required. Its [`Kind`] says with which exit code.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifierError {
    /// A check failed.
    #[error("{path}: NOT VALID", path = path.display())]
    NotValid {
        /// The receipt.
        path: PathBuf,
        /// The first check that failed.
        source: Box<VerifyError>,
    },
    /// Every check passed, and more was demanded.
    #[error("{path} verifies, but is NOT AS REQUIRED", path = path.display())]
    NotAsRequired {
        /// The receipt.
        path: PathBuf,
        /// What it lacks.
        source: RequirementError,
    },
    /// Of several, some are not valid or not as required.
    #[error("{not_valid} of {of} receipts are NOT VALID")]
    NotAllValid {
        /// How many.
        not_valid: usize,
        /// Of how many.
        of: usize,
    },
    /// Of several, some could not be read, and the others are valid.
    #[error("{unreadable} of {of} receipts could not be read")]
    Unreadable {
        /// How many.
        unreadable: usize,
        /// Of how many.
        of: usize,
    },
    /// A folder without receipts.
    #[error("{path} holds no file that ends in .receipt", path = path.display())]
    NoReceipts {
        /// The folder.
        path: PathBuf,
    },
    /// A file could not be read.
    #[error("cannot read {path}", path = path.display())]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Nobody reads what is printed, or it cannot be written.
    #[error("cannot write to stdout")]
    Stdout(#[source] io::Error),
    /// CSV of something that has no such form.
    #[error("only `zkl verify` has a CSV form")]
    NoCsv,
    /// The form of a graph of something that is none.
    #[error("only `zkl lineage` has the forms of graphs, dot and mermaid")]
    NoGraph,
    /// A text that names nothing to trust.
    #[error("--trust {got:?} is neither a log key, nor vk:CIRCUIT:DIGEST, nor srs:DIGEST, nor a file of such lines")]
    Trust {
        /// The text.
        got: String,
    },
    /// A file that is no policy.
    #[error("{path} is not a trust policy", path = path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PolicySyntaxError,
    },
    /// A file that is no trust store.
    #[error("{path} is not a trust store", path = path.display())]
    TrustStore {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },
}

impl VerifierError {
    /// What kind of failure it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotValid { .. } | Self::NotAsRequired { .. } | Self::NotAllValid { .. } => Kind::NotValid,
            Self::ReadFile { source, .. } if source.kind() == io::ErrorKind::NotFound => Kind::NotFound,
            Self::NoReceipts { .. } => Kind::NotFound,
            Self::ReadFile { .. } | Self::Unreadable { .. } | Self::Stdout(_) => Kind::Unavailable,
            Self::NoCsv | Self::NoGraph => Kind::InvalidInput,
            Self::Trust { .. } | Self::Policy { .. } | Self::TrustStore { .. } => Kind::InvalidInput,
        }
    }

    /// What can be done about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotValid { source, .. } => source.hint(),
            Self::NotAsRequired { source, .. } => requirement_hint(source),
            _ => None,
        }
    }

    /// The error in texts.
    pub fn report(&self) -> ErrorReport {
        ErrorReport::new(self as &dyn Error, self.kind(), self.hint().map(Into::into))
    }
}

/// What the flags of verification can do about a requirement that is not met.
const fn requirement_hint(error: &RequirementError) -> Option<&'static str> {
    match error {
        RequirementError::NotPinned => Some("pass the key that the log's operator published with --trust"),
        RequirementError::NotProved { .. } => Some("ask for a notarization that was made without --attest-only"),
        RequirementError::ProofLeftOut { .. } => Some("ask for a receipt that was made without --no-scan"),
        RequirementError::NotPublic { .. } => {
            Some("ask for a table that was notarized, and a claim that was proved, with --proof universal")
        }
        RequirementError::NoPolicy => Some("name the witnesses that count in a policy, and pass it with --policy"),
        _ => None,
    }
}
