//! Errors by what a caller can do about them.

use zkl_circuits::{claims::language::ClaimError, scan::ProveTableError};
use zkl_core::storage::StorageErrorKind;
use zkl_dataset::Fault;

use super::LedgerError;

/// What kind of failure an error is, for deciding what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was asked for cannot be done with this table, claim, name or setting.
    InvalidInput,
    /// The claim is not true of the table.
    FalseClaim,
    /// A ledger, dataset, entry or opening is not there.
    NotFound,
    /// There is something already where something new was to be made.
    AlreadyExists,
    /// The ledger was opened for reading only.
    ReadOnly,
    /// Somebody else writes: the same request may succeed later.
    Busy,
    /// A store, a vault, a file or the system does not answer as it should.
    Unavailable,
    /// What is stored is not what was written, or not this ledger's.
    Damaged,
    /// This program was built without what is needed.
    NotSupported,
    /// The request was cancelled.
    Cancelled,
    /// A fault of this program.
    Internal,
}

impl ErrorKind {
    /// All of them. `Internal` is the last: one more before it does not compile until it is here.
    pub const ALL: [Self; Self::Internal as usize + 1] = [
        Self::InvalidInput,
        Self::FalseClaim,
        Self::NotFound,
        Self::AlreadyExists,
        Self::ReadOnly,
        Self::Busy,
        Self::Unavailable,
        Self::Damaged,
        Self::NotSupported,
        Self::Cancelled,
        Self::Internal,
    ];

    /// A word to decide by. It is stable.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid-input",
            Self::FalseClaim => "false-claim",
            Self::NotFound => "not-found",
            Self::AlreadyExists => "already-exists",
            Self::ReadOnly => "read-only",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::Damaged => "damaged",
            Self::NotSupported => "not-supported",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }
}

impl LedgerError {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Storage(error) => match error.kind {
                StorageErrorKind::Locked | StorageErrorKind::Conflict { .. } => ErrorKind::Busy,
                StorageErrorKind::NotFound => ErrorKind::NotFound,
                StorageErrorKind::ReadOnly => ErrorKind::ReadOnly,
                StorageErrorKind::Corrupt(_) => ErrorKind::Damaged,
                StorageErrorKind::Invalid(_) => ErrorKind::InvalidInput,
                _ => ErrorKind::Unavailable,
            },
            Self::Batch(error) => error.kind(),
            Self::Relation(error) => error.kind(),
            Self::Derivation(error) => error.kind(),
            Self::Claim(ClaimError::False) => ErrorKind::FalseClaim,
            Self::Dataset(error) => match error.fault() {
                Fault::Io(_) => ErrorKind::Unavailable,
                Fault::Cancelled => ErrorKind::Cancelled,
                _ => ErrorKind::InvalidInput,
            },
            Self::Claim(_)
            | Self::Parse(_)
            | Self::StoreUrl(_)
            | Self::Plan(_)
            | Self::TablePlan(_)
            | Self::TooWide { .. }
            | Self::TooWideInParts { .. }
            | Self::Part(_)
            | Self::Scan(ProveTableError::Refused { .. })
            | Self::OtherRows
            | Self::NoRows
            | Self::EntryTooLong { .. }
            | Self::ClaimCircuit { .. }
            | Self::NoCeremonyKey { .. }
            | Self::ImportKey(_)
            | Self::NotANotarization { .. }
            | Self::Ptau(_)
            | Self::DeriveSrs(_)
            | Self::Settings { .. }
            | Self::KeyStays { .. }
            | Self::RotationUnfinished { .. }
            | Self::OverlapGoesOn { .. }
            | Self::FormerKey { .. }
            | Self::NoNotary
            | Self::NotEmpty { .. }
            | Self::SameStore { .. }
            | Self::KeptReceipt { .. }
            | Self::NotWithdrawable { .. }
            | Self::NotAPrefix { .. }
            | Self::Unnamed
            | Self::Incomplete { .. } => ErrorKind::InvalidInput,
            Self::NoLedger { .. }
            | Self::UnknownDataset { .. }
            | Self::NotNotarized { .. }
            | Self::UnknownEntry { .. }
            | Self::OpeningAbsent { .. }
            | Self::NotAnExport { .. }
            | Self::NotPublished { .. } => ErrorKind::NotFound,
            Self::LedgerExists { .. } => ErrorKind::AlreadyExists,
            Self::ReadOnly | Self::Succeeded { .. } => ErrorKind::ReadOnly,
            Self::SameKey => ErrorKind::InvalidInput,
            Self::Contention { .. } => ErrorKind::Busy,
            Self::Io { .. }
            | Self::Remote { .. }
            | Self::Vault { .. }
            | Self::OpeningKey(_)
            | Self::KeyPlace(_)
            | Self::Randomness(_)
            | Self::Keys(_)
            | Self::Signer(_)
            | Self::Key(_) => ErrorKind::Unavailable,
            Self::Checkpoint(_)
            | Self::Tree(_)
            | Self::HeadMismatch { .. }
            | Self::Entry { .. }
            | Self::Blob { .. }
            | Self::Opening { .. }
            | Self::OpeningMismatch { .. }
            | Self::StoreAbsent { .. }
            | Self::SetBack { .. }
            | Self::Unfinished
            | Self::PublicKey { .. }
            | Self::Damaged { .. }
            | Self::Diverged { .. } => ErrorKind::Damaged,
            Self::NotCompiledIn { .. } => ErrorKind::NotSupported,
            Self::Cancelled | Self::AppendCancelled => ErrorKind::Cancelled,
            _ => ErrorKind::Internal,
        }
    }
}
