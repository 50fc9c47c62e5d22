//! Withdrawals: an earlier entry of the same notary is not to be relied on any more, or another one has taken its place.
//!
//! A log only grows, so the earlier entry stays, and receipts of it stay valid. Whoever reads the log, or has a receipt of the withdrawal,
//! knows better.

use serde::{Deserialize, Serialize};
use zkl_core::{digest::TransactionId, name::DatasetName, time::Timestamp, transaction::OperationKind};
use zkl_merkle::{dsse::Envelope, keys::VerifyingKey, statement::Subject};

use super::{EvidenceBlobs, Record, StatementKind, open};
use crate::{
    entry::EntryError,
    nonce::Nonce,
    receipt::Evidence,
    verify::{Scope, VerifiedStatement, VerifyError},
};

const V1: &str = "urn:zkp-dataset-ledger:withdrawal:v1";
/// Digits of an id that tell entries apart for people.
const SHOWN: usize = 12;

/// An earlier entry was withdrawn, or superseded by another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WithdrawalRecord {
    /// The entry that is not to be relied on any more.
    pub entry: TransactionId,
    /// The entry that has taken its place, if one has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<TransactionId>,
    /// Why, in the notary's words: 1 to [`WithdrawalRecord::MAX_REASON`] bytes.
    pub reason: String,
    /// Key of the notary: that of the entry, or one that took over from it.
    #[serde(with = "crate::text")]
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness of this entry.
    pub nonce: Nonce,
}

impl WithdrawalRecord {
    /// Longest reason, in bytes.
    pub const MAX_REASON: usize = 1_024;
}

impl Record for WithdrawalRecord {
    fn open(envelope: &Envelope, type_uri: &str) -> Option<Result<Self, EntryError>> {
        (type_uri == V1).then(|| open::<Self, _>(envelope, type_uri))
    }
}

impl StatementKind for WithdrawalRecord {
    fn type_uri(&self) -> &str {
        V1
    }

    fn kind(&self) -> OperationKind {
        OperationKind::WITHDRAWAL
    }

    fn subject(&self) -> Subject {
        Subject::new(&self.entry.to_string()).with_digest("zklEntry", self.entry.as_bytes())
    }

    fn dataset(&self) -> Option<&DatasetName> {
        None
    }

    fn notary(&self) -> &VerifyingKey {
        &self.notary
    }

    fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    fn in_words(&self) -> String {
        let short = |id: &TransactionId| id.to_string().chars().take(SHOWN).collect::<String>();
        let instead = self.replacement.as_ref().map(|id| format!(", superseded by {}", short(id)));
        format!("entry {}{}: {}", short(&self.entry), instead.unwrap_or_default(), self.reason)
    }

    fn blobs(&self) -> EvidenceBlobs {
        EvidenceBlobs::default()
    }

    fn names(&self) -> Vec<TransactionId> {
        std::iter::once(self.entry).chain(self.replacement).collect()
    }

    fn check(&self, _type_uri: &str) -> Result<(), EntryError> {
        let told = (1..=Self::MAX_REASON).contains(&self.reason.len());
        if told && self.replacement != Some(self.entry) { Ok(()) } else { Err(EntryError::Withdrawal) }
    }

    fn verify(&self, scope: &Scope<'_>) -> Result<VerifiedStatement, VerifyError> {
        let Evidence { manifest, scan, proof, statement: _ } = scope.evidence;
        scope.absent("manifest", manifest.as_ref())?;
        scope.absent("scan proof", scan.as_ref())?;
        scope.absent("proof", proof.as_ref())?;
        // Whoever may append to a log must not take back what somebody else says in it.
        for named in self.names() {
            scope.check_same_notary(named, &self.notary)?;
        }
        Ok(VerifiedStatement::Withdrawal { record: Box::new(self.clone()) })
    }
}
