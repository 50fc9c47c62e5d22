//! Why no table was made of another one.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::error::{ErrorKind, LedgerError};

/// Why no table was made of another one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DerivationError {
    /// More or fewer files than are made.
    #[error("{expected} file(s) are made, and {got} are named")]
    Files {
        /// Files that are made.
        expected: usize,
        /// Files that are named.
        got: usize,
    },
    /// A file that is to be made in the place of the source.
    #[error("{path} is the source: it is never replaced", path = path.display())]
    IsSource {
        /// The file.
        path: PathBuf,
    },
    /// A file that is to be made twice.
    #[error("{path} is named twice", path = path.display())]
    Repeated {
        /// The file.
        path: PathBuf,
    },
    /// A file that is there.
    #[error("{path} is there, and is not replaced", path = path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file whose name gives no name to a dataset.
    #[error("{path} gives no dataset name", path = path.display())]
    Unnamed {
        /// The file.
        path: PathBuf,
    },
    /// No row meets the conditions.
    #[error("no row of {dataset} has {conditions}: nothing was made")]
    NoRow {
        /// Name of the source's dataset.
        dataset: String,
        /// The conditions.
        conditions: String,
    },
    /// A table without rows.
    #[error("{path} would have no rows: nothing was made", path = path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A column that the source does not have.
    #[error("{dataset} has no column {column:?}")]
    NoColumn {
        /// Name of the source's dataset.
        dataset: String,
        /// The column.
        column: String,
    },
    /// A column whose values are not told apart.
    #[error("the values of the column {column:?} are not committed to, so a split cannot be stratified by it")]
    NotStratified {
        /// The column.
        column: String,
    },
    /// A file could not be written.
    #[error("cannot write {path}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Something failed when entries were in the log already.
    #[error("no file was made, but {} in the log, which takes nothing back", entries(recorded))]
    Unfinished {
        /// Positions of the entries.
        recorded: Vec<u64>,
        /// What failed.
        #[source]
        source: Box<LedgerError>,
    },
}

fn entries(recorded: &[u64]) -> String {
    let all: Vec<String> = recorded.iter().map(ToString::to_string).collect();
    match all.as_slice() {
        [one] => format!("entry {one} is"),
        all => format!("entries {} are", all.join(", ")),
    }
}

impl DerivationError {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoRow { .. } | Self::Empty { .. } => ErrorKind::FalseClaim,
            Self::Exists { .. } => ErrorKind::AlreadyExists,
            Self::Write { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
            Self::Write { .. } => ErrorKind::Unavailable,
            Self::Unfinished { source, .. } => source.kind(),
            _ => ErrorKind::InvalidInput,
        }
    }

    /// What can be done about it, if there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoRow { dataset, .. } => {
                Some(format!("that no row has a value can be proved: absent({dataset}, ...)"))
            }
            Self::NotStratified { .. } => {
                Some("a column is told apart that is not opaque: read it with --hash".to_owned())
            }
            Self::Unfinished { source, .. } => source.hint(),
            _ => None,
        }
    }
}
