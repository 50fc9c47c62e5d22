//! What can be done about a failure, in the words of the caller's language.

use zkl_ledger::{
    LedgerError, ReferenceError,
    circuit::KeyError,
    claim::{ClaimError, PairKind},
    dataset::Fault,
    receipt::RequirementError,
    storage::StorageErrorKind,
};
use zkl_sources::SourceError;

use super::Failure;

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

impl Failure {
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
            Self::Source(
                SourceError::NoQuery
                | SourceError::NoDatabase
                | SourceError::NotCompiledIn { feature: "sql" | "adbc", .. },
            ) => said(
                "ask it with a library of its own, and pass the answer: anything with __arrow_c_stream__, as DuckDB's and ADBC's",
                "ask it with a library of its own, and pass the answer as bytes: of a table of Apache Arrow those are tableToIPC(table)",
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
            Self::Forked => Some(
                "open the ledger in the process that uses it, or start processes with multiprocessing's \"spawn\""
                    .into(),
            ),
            Self::Internal(_) => Some("please report it; nothing was recorded unless the log shows it".into()),
            Self::Cancelled => None,
        }
    }
}

/// What a user of a package can do. Flags of the command line are named otherwise there.
fn ledger_hint(error: &LedgerError, language: Language) -> Option<String> {
    let python = language == Language::Python;
    let said = |in_python: &str, in_javascript: &str| Some(if python { in_python } else { in_javascript }.to_owned());
    match error {
        LedgerError::Batch(error) => ledger_hint(error, language),
        LedgerError::Unnamed => said("name the dataset: name=\"patients\"", "name the dataset: { name: \"patients\" }"),
        LedgerError::NoLedger { .. } => {
            said("leave create=False away to make one there", "leave { create: false } away to make one there")
        }
        LedgerError::Storage(storage) if matches!(storage.kind, StorageErrorKind::Locked) => said(
            "another process is writing: try again when it is done, or open the ledger with wait=SECONDS",
            "another process is writing: try again when it is done, or open the ledger with { wait: SECONDS }",
        ),
        LedgerError::OpeningKey(_) | LedgerError::Vault { .. } if error.hint().is_some() => said(
            "open the ledger with passphrase=... or openings_key=...",
            "open the ledger with { passphrase } or { openingsKey }",
        ),
        LedgerError::SetBack { .. } => {
            let accepting = if python { "accept_older_store=True" } else { "{ acceptOlderStore: true }" };
            Some(format!(
                "restore the newest copy of the log. If what is missing is lost for good, and nobody has a receipt or a checkpoint of it, \
                 open the ledger with {accepting}"
            ))
        }
        LedgerError::UnknownDataset { similar: None, .. } => Some("ledger.datasets() lists the names".into()),
        LedgerError::UnknownEntry { .. } => Some(
            "ledger.entries() lists the entries; name one by an index, an id or how it begins, a dataset, or \"last\""
                .into(),
        ),
        LedgerError::NoCeremonyKey { .. } => said(
            "leave proof=\"compact\" away: universal proofs need no key. For compact ones a ceremony makes the key: docs/ceremony.md",
            "leave { proof: \"compact\" } away: universal proofs need no key. For compact ones a ceremony makes the key: docs/ceremony.md",
        ),
        LedgerError::Keys(KeyError::NoDirectory) => {
            said("open the ledger with keys=DIRECTORY", "open the ledger with { keys: DIRECTORY }")
        }
        LedgerError::Keys(KeyError::SrsAbsent { .. }) => said(
            "import the ceremony's file with `zkl srs import`, or leave reference_string away",
            "import the ceremony's file with `zkl srs import`, or leave referenceString away",
        ),
        LedgerError::Claim(ClaimError::MissingPair { kind, first, second, .. }) => {
            let option = match kind {
                PairKind::Joint => "joint",
                PairKind::Product => "product",
            };
            Some(match language {
                Language::Python => {
                    format!("notarize the table again with ReadOptions({option}=[({first:?}, {second:?})])")
                }
                Language::JavaScript => {
                    format!("notarize the table again with {{ read: {{ {option}: [[{first:?}, {second:?}]] }} }}")
                }
            })
        }
        LedgerError::Relation(_) => error.hint().map(|hint| {
            let hash = if python { "ReadOptions(hash=...)" } else { "{ read: { hash } }" };
            hint.replace(": without --attest-only", "").replace("--hash", hash)
        }),
        LedgerError::Dataset(dataset) => match dataset.fault() {
            Fault::Ragged { .. } => said(
                "check ReadOptions(delimiter=..., quote=..., comment=..., skip=...)",
                "check { read: { delimiter, quote, comment, skip } }",
            ),
            Fault::AmbiguousDelimiter { .. } => {
                said("say which it is: ReadOptions(delimiter=...)", "say which it is: { read: { delimiter: \";\" } }")
            }
            Fault::NoSheet { .. } | Fault::SeveralSheets { .. } => said(
                "say which one is the table: ReadOptions(sheet=\"Sheet1\")",
                "say which one is the table: { read: { sheet: \"Sheet1\" } }",
            ),
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
            Fault::Unsupported { .. }
            | Fault::IntOverflow
            | Fault::TimeOverflow { .. }
            | Fault::TooManyCategories { .. } => {
                let column = dataset.place().column.as_deref().unwrap_or("COLUMN");
                Some(if python {
                    format!("read the column as text: ReadOptions(columns={{{column:?}: \"text\"}})")
                } else {
                    format!("read the column as text: {{ read: {{ columns: {{ {column:?}: \"text\" }} }} }}")
                })
            }
            Fault::NotFinite => said(
                "read NaN as null with ReadOptions(nan_as_null=True), replace infinities, or read the column as text",
                "read NaN as null with { read: { nanAsNull: true } }, replace infinities, or read the column as text",
            ),
            Fault::NotOfType { .. } => said(
                "correct the value, name it among ReadOptions(nulls=[...]), or give the column another type with ReadOptions(columns={...})",
                "correct the value, name it among { read: { nulls } }, or give the column another type with { read: { columns } }",
            ),
            Fault::Changed if python => Some("hand in a copy that nobody writes to: frame.copy()".into()),
            _ => dataset.hint(),
        },
        _ => error.hint(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::invalid;

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
