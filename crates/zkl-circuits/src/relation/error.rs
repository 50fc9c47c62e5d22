//! Errors of relations.

use thiserror::Error;
use zkl_argument::{
    PlanError, ScanError,
    commit::{CommitError, PointError},
    hyperkzg::{MaskedError, OpenError},
};
use zkl_core::random::RandomnessError;
use zkl_snark::proof_system;

use super::{compare::Reason, condition::ConditionProblem, operation::Detail, operations::Operation};
use crate::{
    scan::CommitmentsError,
    seal::{SealCommitment, SealError},
};

/// Tables and columns that no relation is about.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RelationPlanError {
    /// More or fewer tables than the operation has.
    #[error("{operation} is about {} to {} tables, got {got}", operation.tables().start(), operation.tables().end())]
    Tables {
        /// The operation.
        operation: Operation,
        /// Tables that were given.
        got: usize,
    },
    /// A k of 0, one that the operation does not have, or none where it has one.
    #[error("{operation} {}", if operation.has_k() { "has a k of at least 1" } else { "has no k" })]
    K {
        /// The operation.
        operation: Operation,
    },
    /// Conditions that the operation does not have, or none where it has some.
    #[error("{operation} {}", conditions_of(*operation))]
    Conditions {
        /// The operation.
        operation: Operation,
    },
    /// A key that the operation does not have, or none where it has one.
    #[error("{operation} {}", if operation.has_key() { "has a key, of at least one column" } else { "has no key beside its columns" })]
    Key {
        /// The operation.
        operation: Operation,
    },
    /// A column of the key that is not compared, or not in the order of those that are, or there twice.
    #[error("column {column:?} of the key is not compared, not in the order of the compared columns, or there twice")]
    KeyColumn {
        /// The column.
        column: String,
    },
    /// A condition that its column cannot be asked for.
    #[error("{column:?} {problem}")]
    Condition {
        /// The column.
        column: String,
        /// Why.
        problem: ConditionProblem,
    },
    /// A column that cannot be compared.
    #[error("column {column:?} cannot be compared: table {} {reason}", table + 1)]
    Column {
        /// The column.
        column: String,
        /// Position of the table that stands in the way.
        table: usize,
        /// How.
        reason: Reason,
    },
    /// Columns in another order than that of the first table, or one of them twice.
    #[error("column {column:?} is not in the order of the first table, or there twice")]
    Order {
        /// The column.
        column: String,
    },
    /// No column is compared.
    #[error("no column of the tables can be compared")]
    NoColumns,
    /// The parts have more or fewer rows than the whole, or a subset has more.
    #[error("one side has {whole} rows, the other {parts}")]
    Rows {
        /// Rows of the first table.
        whole: u64,
        /// Rows of the others together.
        parts: u64,
    },
    /// Tables that were committed to in row groups of different lengths.
    #[error("the tables are committed to in row groups of different lengths")]
    RowGroups,
    /// Too many segments, columns or codes.
    #[error("the relation is too large to be proved")]
    Shape(#[from] PlanError),
}

const fn conditions_of(operation: Operation) -> &'static str {
    match operation.detail() {
        Detail::Range { .. } => "has one column and both ends of a range",
        Detail::Conditions { .. } => "has at least one condition",
        Detail::Values { .. } => "has the value of each of its columns",
        Detail::None | Detail::K { .. } | Detail::Key => "has no conditions",
    }
}

/// Bytes that are no proof of a relation.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RelationDecodeError {
    /// Another length than plan and key say.
    #[error("expected {expected} bytes of proof, got {got}")]
    Length {
        /// Bytes of every such proof.
        expected: usize,
        /// Bytes that were given.
        got: usize,
    },
    /// Another version.
    #[error("expected version {expected} of the proof, got {got}")]
    Version {
        /// The version that is read.
        expected: u8,
        /// The version of the bytes.
        got: u8,
    },
    /// The commitments to the relation's own columns cannot be read.
    #[error("the commitments to the relation's own columns cannot be read")]
    Fresh(#[source] CommitmentsError),
    /// The mask's commitment cannot be read.
    #[error("the mask's commitment cannot be read")]
    Mask(#[source] PointError),
    /// A field element of the claim is not below the modulus.
    #[error("element {index} of the claim is no field element")]
    Element {
        /// Position in the claim.
        index: usize,
    },
    /// The length of the circuit's proof does not follow from its key.
    #[error("the key has no proofs of such a relation")]
    Proof(#[source] proof_system::VerifyError),
}

/// A check of a relation's proof that failed. One variant per check, in the order in which they are made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyRelationError {
    /// Not one role per table of the plan, or not all segments of one.
    #[error("{what}: expected {expected}, got {got}")]
    Form {
        /// What was counted.
        what: &'static str,
        /// As many as the plan has.
        expected: usize,
        /// As many as were given.
        got: usize,
    },
    /// A table stands in two roles.
    #[error("table {} is also table {}", second + 1, first + 1)]
    Repeated {
        /// Position of the first role.
        first: usize,
        /// Position of the second.
        second: usize,
    },
    /// The committed columns do not fit the claim.
    #[error("the committed columns do not fit the claim")]
    Columns(#[source] MaskedError),
    /// The proof does not verify.
    #[error("the proof does not verify for these tables and this statement")]
    Proof(#[source] proof_system::VerifyError),
}

/// Why a relation was not proved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProveRelationError {
    /// The relation is false: which check of the argument fails.
    #[error("the relation is false")]
    False(#[source] ScanError),
    /// A seal that was handed in is not that of its role.
    #[error("table {} has seal {expected}, the secrets are of {got}", table + 1)]
    OtherSeal {
        /// Position of the table.
        table: usize,
        /// The role's seal.
        expected: SealCommitment,
        /// Seal of the secrets.
        got: SealCommitment,
    },
    /// The rows that were handed in do not fit the layout.
    #[error("the rows of table {}, segment {segment} do not fit its layout", table + 1)]
    Rows {
        /// Position of the table.
        table: usize,
        /// Position of the segment.
        segment: usize,
    },
    /// A seal lacks a record that the layout has.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The statement has another form than its plan.
    #[error(transparent)]
    Statement(#[from] VerifyRelationError),
    /// The argument refuses what it was given.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The reference string does not fit.
    #[error("the relation's own columns cannot be committed to")]
    Commit(#[from] CommitError),
    /// The columns cannot be opened.
    #[error("the committed columns cannot be opened")]
    Open(#[from] OpenError),
    /// The proof system refused.
    #[error(transparent)]
    Prove(#[from] proof_system::ProveError),
    /// The operating system has no randomness.
    #[error("the operating system has no randomness to give")]
    Entropy(#[source] RandomnessError),
}
