//! Why a call ends without a result. The packages make an exception of it: of a kind, a message, and a hint in the words of their language.

use std::error::Error as StdError;

use zkl_ledger::{
    ErrorKind, LedgerError, ReferenceError,
    dataset::Fault,
    receipt::{RequirementError, VerifyError},
};
use zkl_sources::SourceError;

/// The language of whoever reads a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `name="value"`
    Python,
    /// `{ name: "value" }`
    JavaScript,
}

/// What can be done about a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The same in every language.
    Words(String),
    /// The store goes beside the directory.
    NamedStore,
    /// The directory goes beside the store.
    NamedHome,
    /// Keys may be in a file.
    FileOfKeys,
    /// The rows of the table of this name are to be handed in.
    RowsOf(String),
}

impl Hint {
    fn in_words(&self, language: Language) -> String {
        match (self, language) {
            (Self::Words(words), _) => words.clone(),
            (Self::NamedStore, Language::Python) => "Ledger(\"my-project\", store=\"postgres://...\")".into(),
            (Self::NamedStore, Language::JavaScript) => {
                "new Ledger(\"my-project\", { store: \"postgres://...\" })".into()
            }
            (Self::NamedHome, Language::Python) => "Ledger(\"postgres://...\", home=\"my-project\")".into(),
            (Self::NamedHome, Language::JavaScript) => {
                "new Ledger(\"postgres://...\", { home: \"my-project\" })".into()
            }
            (Self::FileOfKeys, Language::Python) => "a file of keys is named by a pathlib.Path".into(),
            (Self::FileOfKeys, Language::JavaScript) => {
                "a file of keys is named by a URL: pathToFileURL(\"keys.txt\")".into()
            }
            (Self::RowsOf(name), Language::Python) => format!("hand them in by name: tables={{\"{name}\": ...}}"),
            (Self::RowsOf(name), Language::JavaScript) => format!("hand them in by name: {{ \"{name}\": ... }}"),
        }
    }
}

impl<T: Into<String>> From<T> for Hint {
    fn from(words: T) -> Self {
        Self::Words(words.into())
    }
}

/// Why a call ends without a result.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
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
        hint: Option<Hint>,
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
    /// The caller does not want the answer any more.
    Cancelled,
    /// A fault of the library, with the words of the panic.
    Internal(String),
}

impl Failure {
    /// An argument that cannot be used, and why.
    pub fn invalid(error: impl StdError) -> Self {
        invalid(with_causes(&error))
    }

    /// The same failure with what can be done, if it is [`Failure::Invalid`].
    #[must_use]
    pub fn with_hint(mut self, words: impl Into<Hint>) -> Self {
        if let Self::Invalid { hint, .. } = &mut self {
            *hint = Some(words.into());
        }
        self
    }

    /// A word to decide by; the command line has the same.
    pub fn kind(&self) -> &'static str {
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
            Self::Cancelled => "cancelled",
            Self::Internal(_) => "internal",
        }
    }

    /// What is wrong, with its causes.
    pub fn message(&self) -> String {
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
            Self::Cancelled => "the call was cancelled".to_owned(),
            Self::Internal(panic) => format!("a fault of the library: {panic}"),
        }
    }

    /// What the caller can do, if there is something.
    pub fn hint(&self, language: Language) -> Option<String> {
        let python = language == Language::Python;
        let said =
            |in_python: &str, in_javascript: &str| Some(if python { in_python } else { in_javascript }.to_owned());
        match self {
            Self::Ledger(error) => ledger_hint(error, language),
            Self::Reference(error) => match error.as_ref() {
                ReferenceError::Ledger(error) => ledger_hint(error, language),
                ReferenceError::Ambiguous { .. } => Some("name the entry by its index, or by more of its id".into()),
                _ => None,
            },
            Self::Source(SourceError::Scheme { .. }) => said(
                "open it with a library of its own, and pass the file object",
                "read it with a library of its own, and pass the bytes",
            ),
            Self::Source(error) => error.hint(),
            // Flags are those of the command line.
            Self::NotValid(error) => error.hint().map(|hint| hint.replace("pass --trust ", "trust ")),
            Self::NotAsRequired(RequirementError::NotPinned) => said(
                "pass the log's key as its operator published it: trust=\"example.com/log+3fedaab5+AepK...\"",
                "pass the log's key as its operator published it: { trust: \"example.com/log+3fedaab5+AepK...\" }",
            ),
            Self::NotAsRequired(RequirementError::NoPolicy) => {
                said("pass policy=, the file of a policy", "pass { policy }, the file of a policy")
            }
            Self::NotAsRequired(_) => None,
            Self::Forgeable => said(
                "ask for a receipt of another proof; tests pass allow_forgeable=True",
                "ask for a receipt of another proof; tests pass { allowForgeable: true }",
            ),
            Self::Invalid { hint, .. } => hint.as_ref().map(|hint| hint.in_words(language)),
            Self::Type { hint, .. } => Some(hint.clone()),
            Self::Closed => said("open it again: Ledger(...)", "open it again: new Ledger(...)"),
            Self::Internal(_) => Some("please report it; nothing was recorded unless the log shows it".into()),
            Self::Cancelled => None,
        }
    }

    /// What led to it, for whoever looks for an error of its own that it passed in.
    pub fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Ledger(error) => Some(error.as_ref()),
            Self::Source(error) => Some(error),
            _ => None,
        }
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

/// What a user of a package can do. Flags of the command line are named otherwise there.
fn ledger_hint(error: &LedgerError, language: Language) -> Option<String> {
    let python = language == Language::Python;
    let said = |in_python: &str, in_javascript: &str| Some(if python { in_python } else { in_javascript }.to_owned());
    match error {
        LedgerError::Unnamed => said("name the dataset: name=\"patients\"", "name the dataset: { name: \"patients\" }"),
        LedgerError::OpeningKey(_) | LedgerError::Vault { .. } if error.hint().is_some() => said(
            "open the ledger with passphrase=... or openings_key=...",
            "open the ledger with { passphrase } or { openingsKey }",
        ),
        LedgerError::Relation(_) => error.hint().map(|hint| hint.replace(": without --attest-only", "")),
        LedgerError::Dataset(dataset) => match dataset.fault() {
            Fault::Ragged { .. } => said(
                "check ReadOptions(delimiter=..., quote=..., comment=..., skip=...)",
                "check { read: { delimiter, quote, comment, skip } }",
            ),
            Fault::AmbiguousDelimiter { .. } => {
                said("say which it is: ReadOptions(delimiter=...)", "say which it is: { read: { delimiter: \";\" } }")
            }
            Fault::TooManyDigits { .. } | Fault::DecimalOverflow { .. } => {
                let column = dataset.place().column.as_deref().unwrap_or("COLUMN");
                Some(if python {
                    format!("keep fewer digits, as in ReadOptions(round={{{column:?}: 2}}), or read the column as text")
                } else {
                    format!(
                        "keep fewer digits, as in {{ read: {{ round: {{ {column:?}: 2 }} }} }}, or read the column as text"
                    )
                })
            }
            Fault::NotFinite => said(
                "read NaN as null with ReadOptions(nan_as_null=True), replace infinities, or read the column as text",
                "read NaN as null with { read: { nanAsNull: true } }, replace infinities, or read the column as text",
            ),
            Fault::Changed if python => Some("hand in a copy that nobody writes to: frame.copy()".into()),
            _ => dataset.hint(),
        },
        _ => error.hint(),
    }
}

/// A message and its causes in one line.
pub fn with_causes(error: &dyn StdError) -> String {
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

pub(crate) fn invalid(message: impl Into<String>) -> Failure {
    Failure::Invalid { message: message.into(), hint: None }
}

pub(crate) fn parsed(error: zkl_ledger::types::ParseError) -> Failure {
    LedgerError::from(error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_in_the_words_of_the_language() {
        let unnamed = Failure::from(LedgerError::Unnamed);
        assert_eq!(unnamed.kind(), "invalid-input");
        assert_eq!(unnamed.hint(Language::Python).as_deref(), Some("name the dataset: name=\"patients\""));
        assert_eq!(unnamed.hint(Language::JavaScript).as_deref(), Some("name the dataset: { name: \"patients\" }"));
        let rows = invalid("the rows of all are missing").with_hint(Hint::RowsOf("all".to_owned()));
        assert!(rows.hint(Language::Python).unwrap().contains("tables={\"all\": ...}"));
        assert!(rows.hint(Language::JavaScript).unwrap().contains("{ \"all\": ... }"));
        assert_eq!(invalid("x").with_hint("try y").hint(Language::Python).as_deref(), Some("try y"));
        // Only what the caller can change has one.
        assert_eq!(Failure::Cancelled.with_hint("x").hint(Language::JavaScript), None);
    }
}
