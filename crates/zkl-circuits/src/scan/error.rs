//! Errors of scan proofs.

use thiserror::Error;
use zkl_argument::{
    ColumnsError, PlanError, ScanError,
    commit::{CommitError, PointError},
    hyperkzg::{MaskedError, OpenError},
};
use zkl_core::random::RandomnessError;
use zkl_snark::proof_system;

use crate::seal::SealError;

/// Commitments that are not those of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CommitmentsError {
    /// Row groups of a size that commitments do not support.
    #[error("no row groups of 2^{got} rows")]
    Kappa {
        /// Binary logarithm of the rows of a group.
        got: u32,
    },
    /// The row groups hold another number of rows than the shape.
    #[error("the row groups hold 2^{got} rows, the shape has 2^{expected}")]
    Rows {
        /// Binary logarithm of the rows of the shape.
        expected: usize,
        /// Binary logarithm of the rows of all groups.
        got: usize,
    },
    /// Not one list of commitments per committed column.
    #[error("{got} committed columns, the layout has {expected}")]
    Columns {
        /// Columns of the plan.
        expected: usize,
        /// Columns that were given.
        got: usize,
    },
    /// Not one commitment per row group.
    #[error("column {column} has {got} commitments, there are {expected} row groups")]
    Groups {
        /// Position of the column.
        column: usize,
        /// Row groups.
        expected: usize,
        /// Commitments of the column.
        got: usize,
    },
    /// An encoding of another length.
    #[error("expected {expected} bytes of commitments, got {got}")]
    Length {
        /// Bytes of the plan's commitments.
        expected: usize,
        /// Bytes that were given.
        got: usize,
    },
    /// An encoding that is no commitment.
    #[error("commitment {index} cannot be read")]
    Point {
        /// Position, column by column.
        index: usize,
        /// Why.
        #[source]
        source: PointError,
    },
}

/// Bytes that are no scan proof of a shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ScanDecodeError {
    /// Too short or too long.
    #[error("expected {expected} bytes, got {got}")]
    Length {
        /// Bytes of a proof of the shape.
        expected: usize,
        /// Bytes that were given.
        got: usize,
    },
    /// The mask's commitment.
    #[error("the mask commitment cannot be read")]
    Mask(#[source] PointError),
    /// A public value that is not below the field's modulus.
    #[error("public value {index} is not a canonical field element")]
    Element {
        /// Position among the public values of the claim.
        index: usize,
    },
    /// There is no proof in row groups of this size.
    #[error("there is no transcript proof in such row groups")]
    Proof(#[source] proof_system::VerifyError),
}

/// A scan proof that does not show what it should, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyScanError {
    /// The shape's limbs are not those of a seal.
    #[error("limbs of {got} bits, a seal's have {expected}")]
    LimbBits {
        /// Bits of a limb of a seal.
        expected: usize,
        /// Bits of a limb of the shape.
        got: usize,
    },
    /// The proof's claim has another length than the shape says.
    #[error("the claim has {got} values, the shape has {expected}")]
    Claim {
        /// Values of the shape.
        expected: usize,
        /// Values of the proof.
        got: usize,
    },
    /// The commitments are not those of the layout.
    #[error(transparent)]
    Commitments(#[from] CommitmentsError),
    /// The dataset commitment could not be computed.
    #[error(transparent)]
    Root(#[from] CommitError),
    /// The committed columns are not those that the claim is about.
    #[error("the claim is not about the committed columns")]
    Columns(#[source] ColumnsError),
    /// The transcript circuit's proof, or the opening of the committed columns to the proved claim.
    #[error("the transcript proof is invalid, or the committed columns do not open to the proved claim")]
    Proof(#[source] proof_system::VerifyError),
}

/// A scan proof that was not made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProveScanError {
    /// The seal has records of another form than the layout says.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The seal is of another layout, or not the one of the statement.
    #[error("the seal is not the one of the statement")]
    OtherSeal,
    /// The argument refused the witness.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The sealed profile is not that of the columns.
    #[error("the sealed profile is not that of the committed columns")]
    False(#[source] ScanError),
    /// The mask or the dataset commitment.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The transcript circuit's proof.
    #[error(transparent)]
    Proof(#[from] proof_system::ProveError),
    /// The columns that are opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The statement cannot be proved: the commitments are not those of the plan.
    #[error("the statement has no proof that verifies")]
    SelfCheck(#[from] VerifyScanError),
    /// The operating system has no randomness.
    #[error("no randomness from the operating system")]
    Entropy(#[source] RandomnessError),
}

impl From<MaskedError> for VerifyScanError {
    fn from(error: MaskedError) -> Self {
        Self::Columns(error.into())
    }
}
