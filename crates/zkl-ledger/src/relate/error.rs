//! Why a relation was not proved.

use std::fmt;

use thiserror::Error;
use zkl_argument::{PlanError, relation::KEY_BITS};
use zkl_circuits::relation::{Operation, ProveRelationError, Reason, RelationPlanError};
use zkl_core::tree::LeafIndex;
use zkl_receipt::VerifyError;

use crate::{data::DataMismatch, error::ErrorKind};

/// A row that another table should have, or should not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRow {
    /// Name of the dataset.
    pub dataset: String,
    /// The row, counted from 1.
    pub row: u64,
}

impl fmt::Display for BrokenRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} of {}", self.row, self.dataset)
    }
}

/// Why a relation was not proved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RelateError {
    /// More or fewer tables than the operation has.
    #[error("{operation} is about {} to {} tables, got {got}", operation.tables().start(), operation.tables().end())]
    Tables {
        /// The operation.
        operation: Operation,
        /// Tables that were given.
        got: usize,
    },
    /// A table in two roles.
    #[error("{dataset} stands for two tables of the relation")]
    Repeated {
        /// Name of the dataset.
        dataset: String,
    },
    /// A table without a proof over every row: its columns are not committed to.
    #[error("{dataset} is attested only: its rows are not committed to, so nothing can be proved of them")]
    Attested {
        /// Name of the dataset.
        dataset: String,
    },
    /// A table that is wider than one circuit: its columns are in several proofs.
    #[error("{dataset} is proved in groups of columns, of which no relations are proved yet")]
    InGroups {
        /// Name of the dataset.
        dataset: String,
    },
    /// Tables that are committed to under different strings.
    #[error("the tables are committed to under different reference strings")]
    Strings,
    /// The logged proof over every row cannot be read.
    #[error("the proof over every row of {dataset} cannot be read")]
    Scan {
        /// Name of the dataset.
        dataset: String,
        /// Why.
        #[source]
        source: Box<VerifyError>,
    },
    /// The rows that were handed in are not those that were notarized.
    #[error("the table given for {dataset} is not the notarized one")]
    Data {
        /// Name of the dataset.
        dataset: String,
        /// The check that it fails.
        #[source]
        source: DataMismatch,
    },
    /// Tables and columns that no relation is about.
    #[error(transparent)]
    Plan(RelationPlanError),
    /// The relation is false.
    #[error("the relation does not hold: {}", broken(*operation, rows, *more))]
    False {
        /// The operation.
        operation: Operation,
        /// The first rows that break it: without a counterpart, with the key of an earlier row, of a small class, out of bounds; none where one is
        /// missing.
        rows: Vec<BrokenRow>,
        /// How many there are beside them.
        more: u64,
    },
    /// A receipt without the proofs over every row, with which relations are verified.
    #[error(
        "a relation is verified with the proofs over every row of its tables: its receipt does not go without them"
    )]
    ScansNeeded,
    /// A closed relation, whose statement and proof are in the receipts that were made with it.
    #[error("what entry {index} says is in the receipt that was made with it, and not in the ledger")]
    Closed {
        /// The entry.
        index: LeafIndex,
    },
    /// The proof could not be made.
    #[error("the relation could not be proved")]
    Proof(#[source] Box<ProveRelationError>),
}

impl RelateError {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::False { .. } | Self::Plan(RelationPlanError::Rows { .. }) => ErrorKind::FalseClaim,
            Self::Scan { .. } => ErrorKind::Damaged,
            Self::Proof(_) => ErrorKind::Internal,
            _ => ErrorKind::InvalidInput,
        }
    }

    /// What can be done about it, if there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Attested { .. } => Some("notarize the table with a proof: without --attest-only"),
            Self::Closed { .. } => Some("use that receipt, or prove the relation again"),
            Self::Strings => Some("notarize the tables under one string"),
            Self::Plan(RelationPlanError::Column { reason: Reason::NoValues, .. }) => {
                Some("notarize the table with --hash for this column: its text can be compared then, and be a key")
            }
            Self::Plan(RelationPlanError::Column { .. } | RelationPlanError::NoColumns) => Some(
                "columns are compared that have one name and type in all tables, and are numbers, dates, times, text, or have at most 255 values; a schema gives types, and --hash makes text of what has more",
            ),
            Self::Plan(RelationPlanError::KeyColumn { .. }) => Some(
                "a key has columns that can be compared: notarize the tables with --hash for one of more than 255 values",
            ),
            Self::Plan(RelationPlanError::Shape(PlanError::Size { what: KEY_BITS, .. })) => {
                Some("name fewer columns: a key holds one of text, or two of numbers")
            }
            _ => None,
        }
    }
}

fn broken(operation: Operation, rows: &[BrokenRow], more: u64) -> String {
    let breach = operation.breach();
    if rows.is_empty() {
        return breach.named.to_owned();
    }
    let named = format!("{} {}", breach.named, listed(rows));
    match more {
        0 => named,
        _ => format!("{named}, {} {more} more rows", breach.more),
    }
}

fn listed(rows: &[BrokenRow]) -> String {
    rows.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
