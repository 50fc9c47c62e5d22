//! What kind of failure an error is.

use zkl_ledger::{ErrorKind, LedgerError, ReferenceError, audit::AuditError};
use zkl_sources::SourceError;
use zkl_verify::Kind;
use zkl_witness::WitnessError;

use super::CliError;

impl CliError {
    /// What kind of failure it is.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Verifier(error) => error.kind(),
            Self::OtherData { .. } | Self::NotSound { .. } | Self::LineageNotProved { .. } => Kind::NotValid,
            Self::NotInReceipts { .. } => Kind::NotFound,
            Self::Audit(error) | Self::Published(error) if error.is_verdict() => Kind::NotValid,
            Self::PolicyBroken { .. } => Kind::NotValid,
            Self::Audit(error) | Self::Published(error) => match error.as_ref() {
                AuditError::Ledger(error) => of_ledger(error),
                _ => Kind::InvalidInput,
            },
            Self::Ledger(error) | Self::Reference(ReferenceError::Ledger(error)) => of_ledger(error),
            Self::Source(SourceError::NotCompiledIn { .. }) => Kind::NotSupported,
            Self::Reference(_) | Self::Source(_) => Kind::InvalidInput,
            Self::Witness(error) => of_witness(error),
            #[cfg(feature = "serve")]
            Self::Server(error) => of_server(error),
            Self::ReadFile { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Kind::NotFound,
            Self::ReadFile { .. }
            | Self::WriteFile { .. }
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
            | Self::LogKeys { .. }
            | Self::NotAllReceipts { .. }
            | Self::NoOpeningKey
            | Self::OtherLog { .. }
            | Self::FoundTrust { .. }
            | Self::Precious { .. }
            | Self::NotReplaced { .. }
            | Self::ClaimSyntax(_)
            | Self::RelationSyntax(_)
            | Self::RelationFile { .. }
            | Self::ReceiptsOfLogs
            | Self::OutputNames { .. }
            | Self::ClaimFile { .. }
            | Self::NoName { .. }
            | Self::NoCircuit { .. }
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
