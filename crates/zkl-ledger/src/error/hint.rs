//! What can be done about an error.

use zkl_circuits::claims::language::{ClaimError, PairKind};
use zkl_core::storage::StorageErrorKind;
use zkl_snark::keys;

use super::LedgerError;
use crate::vault::OpeningKeyError;

impl LedgerError {
    /// What can be done about it, if there is something. Programs that have commands or flags for it say so themselves.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Storage(error) => match error.kind {
                StorageErrorKind::Locked => Some("another process is writing; try again when it is done".into()),
                StorageErrorKind::Full => Some("free some space on the ledger's disk; nothing was recorded".into()),
                StorageErrorKind::Unavailable => {
                    Some("check the store's URL, and that its server runs and lets you in".into())
                }
                StorageErrorKind::Corrupt(_) => Some("check the log, and restore the ledger from a copy".into()),
                _ => None,
            },
            Self::Batch(error) => error.hint(),
            Self::Relation(error) => error.hint().map(Into::into),
            Self::Derivation(error) => error.hint(),
            Self::Dataset(error) => error.hint(),
            Self::Claim(ClaimError::MissingPair { kind, first, second, .. }) => {
                let pair = match kind {
                    PairKind::Joint => "joint",
                    PairKind::Product => "product",
                };
                Some(format!("notarize the table again with the {pair} pair {first}, {second}"))
            }
            Self::UnknownDataset { similar: Some(name), .. } => Some(format!("did you mean {name}?")),
            Self::StoreAbsent { .. } | Self::SetBack { .. } | Self::Diverged { .. } => Some(
                "restore the ledger from its newest copy: a second history under one key makes both worthless".into(),
            ),
            Self::Keys(keys::KeyError::SrsAbsent { .. }) => Some("import the ceremony's file first".into()),
            Self::NotCompiledIn { feature, .. } => Some(format!("build it with the feature {feature}")),
            Self::StoreUrl(error) if std::path::Path::new(&error.got).exists() => {
                Some(format!("for the embedded store in that directory, write rocks:{}", error.got))
            }
            Self::NotAPrefix { .. } => {
                Some("nothing was written; name an empty store, or one that holds an earlier copy of this log".into())
            }
            Self::Damaged { .. } => Some("restore the ledger from a copy".into()),
            Self::TooWide { .. } => {
                Some("prove under the public string alone, notarize fewer columns at a time, or attest only".into())
            }
            Self::TooWideInParts { .. } => Some("notarize it in one place, or fewer columns at a time".into()),
            Self::KeyPlace(error) => error.hint().map(Into::into),
            Self::KeyStays { .. } => Some("make a new key where you want one, and rotate to it".into()),
            Self::Succeeded { .. } => Some(
                "if a rotation was interrupted here, repeat `zkl key rotate`; if another copy of this directory rotated the key, go on with that"
                    .into(),
            ),
            Self::RotationUnfinished { .. } => Some("`zkl key rotate` finishes it".into()),
            Self::OverlapGoesOn { .. } => Some("`zkl key rotate --end-overlap` lets the former key sign no more".into()),
            Self::SameKey => Some("`zkl key rotate` replaces it; afterwards it can be revoked".into()),
            Self::OpeningKey(error) => error.hint().map(Into::into),
            Self::Vault { source, .. } => source.downcast_ref().and_then(OpeningKeyError::hint).map(Into::into),
            Self::OpeningAbsent { .. } => Some(
                "without its opening nothing more can be proved about this version; notarize the table again".into(),
            ),
            Self::Unnamed => Some("give the table a name".into()),
            _ => None,
        }
    }
}
