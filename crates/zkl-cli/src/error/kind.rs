//! What kind of failure an error is: for scripts, as a word and as an exit code.

use serde::Serialize;
use zkl_ledger::{ErrorKind, LedgerError, ReferenceError, audit::AuditError};
use zkl_witness::WitnessError;

use super::CliError;

/// The kinds of failure. The words are stable; new ones may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A check of the command failed: the receipt, the table or the log is not what it should be.
    NotValid,
    /// What was asked for cannot be done with this table, claim, name or setting.
    InvalidInput,
    /// The command line cannot be read.
    Usage,
    /// A ledger, dataset, entry, opening or file is not there.
    NotFound,
    /// There is something already where something new was to be made.
    AlreadyExists,
    /// The ledger was opened for reading only.
    ReadOnly,
    /// A store, a witness, a file or the system does not answer as it should.
    Unavailable,
    /// What is stored is not what was written, or not this ledger's.
    Damaged,
    /// This program was built without what is needed.
    NotSupported,
    /// A fault of this program.
    Internal,
    /// The claim is not true of the table.
    FalseClaim,
    /// Somebody else writes: the same command may succeed later.
    Busy,
}

impl Kind {
    /// The exit code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::NotValid => 1,
            Self::FalseClaim => 3,
            Self::Busy => 4,
            _ => 2,
        }
    }
}

impl CliError {
    /// What kind of failure it is.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::NotValid { .. }
            | Self::NotAllValid { .. }
            | Self::NotAsRequired { .. }
            | Self::OtherData { .. }
            | Self::NotSound { .. } => Kind::NotValid,
            Self::Audit(error) if error.is_verdict() => Kind::NotValid,
            Self::Audit(error) => match error.as_ref() {
                AuditError::Ledger(error) => of_ledger(error),
                _ => Kind::InvalidInput,
            },
            Self::Ledger(error) | Self::Reference(ReferenceError::Ledger(error)) => of_ledger(error),
            Self::Reference(_) | Self::Source(_) => Kind::InvalidInput,
            Self::Witness(error) => of_witness(error),
            #[cfg(feature = "serve")]
            Self::Server(error) => of_server(error),
            Self::ReadFile { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Kind::NotFound,
            Self::NoReceipts { .. } => Kind::NotFound,
            Self::ReadFile { .. }
            | Self::Unreadable { .. }
            | Self::WriteFile { .. }
            | Self::Stdout(_)
            | Self::AddressSpace { .. }
            | Self::ReceiptNotWritten { .. }
            | Self::Secrets { .. }
            | Self::NotCosigned { .. }
            | Self::Doctor { .. }
            | Self::Runtime(_) => Kind::Unavailable,
            Self::FalseClaims { .. } => Kind::FalseClaim,
            Self::Unproved { busy: true, .. } => Kind::Busy,
            Self::Config { .. }
            | Self::DatasetFile { .. }
            | Self::DatasetField { .. }
            | Self::DatasetClaim { .. }
            | Self::Unproved { .. }
            | Self::NotAReceipt { .. }
            | Self::DataOfOne
            | Self::NoCsv
            | Self::LogKeys { .. }
            | Self::NotAllReceipts { .. }
            | Self::Trust { .. }
            | Self::NoOpeningKey
            | Self::OtherLog { .. }
            | Self::FoundTrust { .. }
            | Self::Precious { .. }
            | Self::NotReplaced { .. }
            | Self::ClaimSyntax(_)
            | Self::RelationSyntax(_)
            | Self::RelationFile { .. }
            | Self::ClaimFile { .. }
            | Self::NoName { .. }
            | Self::Policy { .. }
            | Self::NoCircuit { .. }
            | Self::TrustStore { .. }
            | Self::NoWitnesses
            | Self::NothingToCosign
            | Self::VolatileStore => Kind::InvalidInput,
            Self::NoRelation { .. } | Self::NoMatrices { .. } | Self::Task(_) => Kind::Internal,
        }
    }
}

fn of_ledger(error: &LedgerError) -> Kind {
    match error.kind() {
        ErrorKind::InvalidInput => Kind::InvalidInput,
        ErrorKind::FalseClaim => Kind::FalseClaim,
        ErrorKind::NotFound => Kind::NotFound,
        ErrorKind::AlreadyExists => Kind::AlreadyExists,
        ErrorKind::ReadOnly => Kind::ReadOnly,
        ErrorKind::Busy => Kind::Busy,
        ErrorKind::Damaged => Kind::Damaged,
        ErrorKind::NotSupported => Kind::NotSupported,
        ErrorKind::Unavailable | ErrorKind::Cancelled => Kind::Unavailable,
        _ => Kind::Internal,
    }
}

#[cfg(feature = "serve")]
fn of_server(error: &zkl_server::ServerError) -> Kind {
    match error {
        zkl_server::ServerError::Ledger(error) => of_ledger(error),
        zkl_server::ServerError::Running { .. } => Kind::Busy,
        _ => Kind::Unavailable,
    }
}

const fn of_witness(error: &WitnessError) -> Kind {
    match error {
        WitnessError::InUse { .. } => Kind::Busy,
        WitnessError::NoWitness { .. } => Kind::NotFound,
        WitnessError::WitnessExists { .. } => Kind::AlreadyExists,
        WitnessError::Settings { .. } | WitnessError::LogKey { .. } => Kind::InvalidInput,
        WitnessError::PublicKey { .. } | WitnessError::State { .. } => Kind::Damaged,
        _ => Kind::Unavailable,
    }
}
