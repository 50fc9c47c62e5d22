//! Failures on their way to Python: each is an exception of `zkp_dataset_ledger.errors`, made there from a kind, a message and a hint.

use std::{error::Error as StdError, io};

use pyo3::{PyErr, Python, types::PyAnyMethods as _};
use zkl_ledger::{
    ErrorKind, LedgerError, ReferenceError,
    dataset::Fault,
    receipt::{RequirementError, VerifyError},
};
use zkl_sources::SourceError;

/// Why a call ends without a result.
pub(crate) enum Failure {
    /// The ledger answered so.
    Ledger(Box<LedgerError>),
    /// A text that may mean several entries, or none.
    Reference(Box<ReferenceError>),
    /// A place that is no table.
    Source(SourceError),
    /// A receipt failed a check.
    NotValid(Box<VerifyError>),
    /// A receipt is not all that was demanded.
    NotAsRequired(RequirementError),
    /// A receipt rests on dev material.
    Forgeable,
    /// An argument cannot be used.
    Invalid {
        /// What is wrong.
        message: String,
        /// What can be done.
        hint: Option<String>,
    },
    /// An argument is of a type that it cannot be.
    Type {
        /// What is wrong.
        message: String,
        /// What can be done.
        hint: String,
    },
    /// The ledger was closed.
    Closed,
    /// The ledger belongs to the process that this one was forked from.
    Forked,
    /// Somebody set the call's `Cancel`.
    Cancelled,
    /// A fault of the library, with the words of the panic.
    Internal(String),
    /// An exception of Python, a signal's among them.
    Python(PyErr),
}

impl Failure {
    /// An argument that cannot be used, and why.
    pub(crate) fn invalid(error: impl StdError) -> Self {
        Self::Invalid { message: with_causes(&error), hint: None }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Ledger(error) => word(error.kind()),
            Self::Reference(error) => match error.as_ref() {
                ReferenceError::Ledger(error) => word(error.kind()),
                _ => "invalid-input",
            },
            Self::Source(_) | Self::Invalid { .. } => "invalid-input",
            Self::NotValid(_) => "not-valid",
            Self::NotAsRequired(_) => "not-as-required",
            Self::Forgeable => "forgeable",
            Self::Type { .. } => "type",
            Self::Closed => "closed",
            Self::Forked => "forked",
            Self::Cancelled => "cancelled",
            Self::Internal(_) | Self::Python(_) => "internal",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Ledger(error) => with_causes(error.as_ref()),
            Self::Reference(error) => with_causes(error.as_ref()),
            Self::Source(error) => with_causes(error),
            Self::NotValid(error) => format!("the receipt is not valid: {}", with_causes(error.as_ref())),
            Self::NotAsRequired(error) => format!("the receipt is not what was required: {}", with_causes(error)),
            Self::Forgeable => {
                "every check passed, and proves nothing: a proof rests on test material, with which anybody can forge"
                    .to_owned()
            }
            Self::Invalid { message, .. } | Self::Type { message, .. } => message.clone(),
            Self::Closed => "the ledger was closed".to_owned(),
            Self::Forked => "the ledger was opened in another process, from which this one was forked".to_owned(),
            Self::Cancelled => "the call was cancelled".to_owned(),
            Self::Internal(panic) => format!("a fault of zkp_dataset_ledger: {panic}"),
            Self::Python(error) => error.to_string(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Ledger(error) => ledger_hint(error),
            Self::Reference(error) => match error.as_ref() {
                ReferenceError::Ledger(error) => ledger_hint(error),
                ReferenceError::Ambiguous { .. } => Some("name the entry by its index, or by more of its id".into()),
                _ => None,
            },
            Self::Source(SourceError::Scheme { .. }) => {
                Some("open it with a library of its own, and pass the file object".into())
            }
            Self::Source(error) => error.hint(),
            Self::NotValid(error) => error.hint().map(Into::into),
            Self::NotAsRequired(RequirementError::NotPinned) => Some(
                "pass the log's key as its operator published it: trust=\"example.com/log+3fedaab5+AepK...\"".into(),
            ),
            Self::NotAsRequired(RequirementError::NoPolicy) => Some("pass policy=, the file of a policy".into()),
            Self::NotAsRequired(_) => None,
            Self::Forgeable => Some("ask for a receipt of another proof; tests pass allow_forgeable=True".into()),
            Self::Invalid { hint, .. } => hint.clone(),
            Self::Type { hint, .. } => Some(hint.clone()),
            Self::Closed => Some("open it again: Ledger(...)".into()),
            Self::Forked => Some(
                "open the ledger in the process that uses it, or start processes with multiprocessing's \"spawn\""
                    .into(),
            ),
            Self::Internal(_) => Some("please report it; nothing was recorded unless the log shows it".into()),
            Self::Cancelled | Self::Python(_) => None,
        }
    }

    /// The exception that a file object or a function of the caller's raised on the way, if one did.
    fn cause(&self, py: Python<'_>) -> Option<PyErr> {
        let mut next: Option<&(dyn StdError + 'static)> = match self {
            Self::Ledger(error) => Some(error.as_ref()),
            Self::Source(error) => Some(error),
            _ => None,
        };
        while let Some(error) = next {
            // What an I/O error was made of is not its source, but the source of that.
            let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            if let Some(raised) = inner.and_then(|inner| inner.downcast_ref::<PyErr>()) {
                return Some(raised.clone_ref(py));
            }
            next = error.source();
        }
        None
    }

    fn raise(self, py: Python<'_>) -> PyErr {
        if let Self::Python(error) = self {
            return error;
        }
        let cause = self.cause(py);
        let made = py
            .import("zkp_dataset_ledger.errors")
            .and_then(|errors| errors.getattr("_of_kind"))
            .and_then(|make| make.call1((self.kind(), self.message(), self.hint())));
        match made {
            Ok(exception) => {
                let error = PyErr::from_value(exception);
                error.set_cause(py, cause);
                error
            }
            Err(error) => error,
        }
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        Python::attach(|py| failure.raise(py))
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(Box::new(error))
    }
}

impl From<ReferenceError> for Failure {
    fn from(error: ReferenceError) -> Self {
        Self::Reference(Box::new(error))
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        Self::NotValid(Box::new(error))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Ledger(Box::new(error.into()))
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Dataset(error) => Self::Ledger(Box::new(error.into())),
            error => Self::Source(error),
        }
    }
}

/// The words of the command line.
const fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "invalid-input",
        ErrorKind::FalseClaim => "false-claim",
        ErrorKind::NotFound => "not-found",
        ErrorKind::AlreadyExists => "already-exists",
        ErrorKind::ReadOnly => "read-only",
        ErrorKind::Busy => "busy",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Damaged => "damaged",
        ErrorKind::NotSupported => "not-supported",
        ErrorKind::Cancelled => "cancelled",
        _ => "internal",
    }
}

/// What a user of Python can do. Flags of the command line are named otherwise here.
fn ledger_hint(error: &LedgerError) -> Option<String> {
    match error {
        LedgerError::Unnamed => Some("name the dataset: name=\"patients\"".into()),
        LedgerError::OpeningKey(_) | LedgerError::Vault { .. } if error.hint().is_some() => {
            Some("open the ledger with passphrase=... or openings_key=...".into())
        }
        LedgerError::Relation(_) => error.hint().map(|hint| hint.replace(": without --attest-only", "")),
        LedgerError::Dataset(dataset) => match dataset.fault() {
            Fault::Ragged { .. } => Some("check ReadOptions(delimiter=..., quote=..., comment=..., skip=...)".into()),
            Fault::AmbiguousDelimiter { .. } => Some("say which it is: ReadOptions(delimiter=...)".into()),
            Fault::TooManyDigits { .. } | Fault::DecimalOverflow { .. } => {
                let column = dataset.place().column.as_deref().unwrap_or("COLUMN").to_owned();
                Some(format!(
                    "keep fewer digits, as in ReadOptions(round={{{column:?}: 2}}), or read the column as text"
                ))
            }
            Fault::NotFinite => Some(
                "read NaN as null with ReadOptions(nan_as_null=True), replace infinities, or read the column as text"
                    .into(),
            ),
            Fault::Changed => Some("hand in a copy that nobody writes to: frame.copy()".into()),
            _ => dataset.hint(),
        },
        _ => error.hint(),
    }
}

/// A message and its causes in one line.
pub(crate) fn with_causes(error: &dyn StdError) -> String {
    let mut message = error.to_string();
    let mut last = message.clone();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        // An error that passes another one's message on has it as its source, too.
        if text != last {
            message = format!("{message}: {text}");
        }
        last = text;
        next = cause.source();
    }
    message
}
