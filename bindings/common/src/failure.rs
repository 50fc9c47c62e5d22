//! Why a call ends without a result. The packages make an exception of it: of a kind, a message, and a hint in the words of their language.

mod hint;

use std::error::Error as StdError;

use zkl_ledger::{
    ErrorKind, LedgerError, ReferenceError,
    receipt::{RequirementError, VerifyError},
};
use zkl_report::with_causes;
use zkl_sources::SourceError;

pub use self::hint::{Hint, Language};

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
    /// The ledger belongs to the process that this one was forked from.
    Forked,
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

    /// The same failure without values of the table, if they are to be kept out.
    #[must_use]
    pub fn redacted(self, redacts: bool) -> Self {
        match self {
            Self::Ledger(error) if redacts => Self::Ledger(Box::new(match *error {
                LedgerError::Dataset(error) => LedgerError::Dataset(error.without_values()),
                error => error,
            })),
            failure => failure,
        }
    }

    /// A word to decide by: one of [`kinds`].
    pub fn kind(&self) -> &'static str {
        let own = match self {
            Self::Ledger(error) => return error.kind().name(),
            Self::Reference(error) => match error.as_ref() {
                ReferenceError::Ledger(error) => return error.kind().name(),
                _ => return ErrorKind::InvalidInput.name(),
            },
            Self::Source(_) | Self::Invalid { .. } => return ErrorKind::InvalidInput.name(),
            Self::Cancelled => return ErrorKind::Cancelled.name(),
            Self::Internal(_) => return ErrorKind::Internal.name(),
            Self::NotValid(_) => OwnKind::NotValid,
            Self::NotAsRequired(_) => OwnKind::NotAsRequired,
            Self::Forgeable => OwnKind::Forgeable,
            Self::Type { .. } => OwnKind::Type,
            Self::Closed => OwnKind::Closed,
            Self::Forked => OwnKind::Forked,
        };
        own.name()
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
            Self::Forked => "the ledger was opened in another process, from which this one was forked".to_owned(),
            Self::Cancelled => "the call was cancelled".to_owned(),
            Self::Internal(panic) => format!("a fault of the library: {panic}"),
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

/// Kinds of failure that a call of a package has besides those of the ledger.
#[derive(Clone, Copy)]
enum OwnKind {
    Type,
    Closed,
    Forked,
    NotValid,
    NotAsRequired,
    Forgeable,
}

impl OwnKind {
    /// All of them. `Forgeable` is the last: one more before it does not compile until it is here.
    const ALL: [Self; Self::Forgeable as usize + 1] =
        [Self::Type, Self::Closed, Self::Forked, Self::NotValid, Self::NotAsRequired, Self::Forgeable];

    const fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Closed => "closed",
            Self::Forked => "forked",
            Self::NotValid => "not-valid",
            Self::NotAsRequired => "not-as-required",
            Self::Forgeable => "forgeable",
        }
    }
}

/// Every word that [`Failure::kind`] may say. In each language there is a class of exceptions for it.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    ErrorKind::ALL.into_iter().map(ErrorKind::name).chain(OwnKind::ALL.into_iter().map(OwnKind::name))
}

pub(crate) fn invalid(message: impl Into<String>) -> Failure {
    Failure::Invalid { message: message.into(), hint: None }
}

pub(crate) fn parsed(error: zkl_ledger::types::ParseError) -> Failure {
    LedgerError::from(error).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const TYPESCRIPT: &str = include_str!("../js/kinds.ts");
    const PYTHON: &str = include_str!("../../python/python/zkp_dataset_ledger/errors.py");
    const DOCUMENTED: &str = include_str!("../../../docs/packages.md");

    /// Kinds and classes of the table `CLASSES`: `"not-found": NotFoundError,`.
    fn in_typescript() -> BTreeMap<&'static str, &'static str> {
        let (_, table) = TYPESCRIPT.split_once("CLASSES").unwrap();
        let pairs =
            table.lines().map_while(|line| if line == "};" { None } else { Some(line.trim().split_once(": ")) });
        let pairs =
            pairs.flatten().filter_map(|(kind, class)| Some((kind.trim_matches('"'), class.strip_suffix(',')?)));
        pairs.collect()
    }

    /// Kinds and classes that `_CLASSES` has: `class NotFoundError(..):`, and in it `kind = "not-found"`.
    fn in_python() -> BTreeMap<&'static str, &'static str> {
        let (classes, table) = PYTHON.split_once("_CLASSES").unwrap();
        let mut of = BTreeMap::new();
        let mut class = "";
        for line in classes.lines() {
            if let Some(named) = line.strip_prefix("class ") {
                class = named.split(['(', ':']).next().unwrap();
            }
            let kind = line.strip_prefix("    kind = \"").and_then(|line| line.strip_suffix('"'));
            if let Some(kind) = kind.filter(|_| table.contains(&format!("\n    {class},\n"))) {
                of.insert(kind, class);
            }
        }
        of
    }

    /// Kinds and classes of the table in docs: ``| `NotFoundError` | `not-found` | .. |``.
    fn in_docs() -> BTreeMap<&'static str, &'static str> {
        let cells = DOCUMENTED.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | `"));
        let classes = cells.filter(|(class, _)| class.ends_with("Error"));
        classes.filter_map(|(class, rest)| Some((rest.split_once("` |")?.0, class))).collect()
    }

    #[test]
    fn every_kind_has_one_class_in_every_language_and_in_the_docs() {
        let mut kinds: Vec<_> = kinds().collect();
        kinds.sort_unstable();
        assert_eq!(in_python().into_keys().collect::<Vec<_>>(), kinds, "errors.py");
        assert_eq!(in_docs(), in_python(), "docs/packages.md");
        // Node does not fork.
        let mut without_forks = in_python();
        without_forks.remove(OwnKind::Forked.name());
        assert_eq!(in_typescript(), without_forks, "kinds.ts");
    }
}
