//! Policies of servers: who may do what, each time that it changes (ADR 36).
//!
//! A server signs what it lets others do, so that whoever reads the log sees since when and until when. It names the log: logged elsewhere,
//! it says nothing.

use serde::{Deserialize, Serialize};
use zkl_core::{digest::Sha256Digest, name::DatasetName, time::Timestamp, transaction::OperationKind};
use zkl_merkle::{
    dsse::Envelope,
    keys::{Origin, VerifyingKey},
    statement::Subject,
};

use super::{EvidenceBlobs, Record, StatementKind, open};
use crate::{
    access_policy::{AccessPolicy, PolicyLine},
    entry::EntryError,
    nonce::Nonce,
    receipt::Evidence,
    verify::{Scope, VerifiedStatement, VerifyError},
};

const V1: &str = "urn:zkp-dataset-ledger:policy:v1";
/// Lines of a change that are told in words.
const SHOWN: usize = 3;

/// The policy of a server changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyRecord {
    /// Origin of the log.
    #[serde(with = "crate::text")]
    pub log: Origin,
    /// Which server's policy it is: a name that the server chose at random.
    pub server: PolicyLine,
    /// Digest of the policy before; absent where the server begins to record, or begins anew because what it recorded cannot be followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Sha256Digest>,
    /// The lines that hold no longer, in the order of their bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<PolicyLine>,
    /// The lines that hold from now on, in the order of their bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<PolicyLine>,
    /// Digest of the policy after.
    pub after: Sha256Digest,
    /// Who changed it, as the server names its subjects; `operator` for whoever has the server's files and settings.
    pub by: PolicyLine,
    /// Key of the notary, in whose name the server signs.
    #[serde(with = "crate::text")]
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness of this entry.
    pub nonce: Nonce,
}

impl Record for PolicyRecord {
    fn open(envelope: &Envelope, type_uri: &str) -> Option<Result<Self, EntryError>> {
        (type_uri == V1).then(|| open::<Self, _>(envelope, type_uri))
    }
}

impl StatementKind for PolicyRecord {
    fn type_uri(&self) -> &str {
        V1
    }

    fn kind(&self) -> OperationKind {
        OperationKind::POLICY
    }

    fn subject(&self) -> Subject {
        Subject::new(self.server.as_str()).with_digest("zklPolicy", self.after.as_bytes())
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
        let gone = self.removed.iter().map(|line| format!("no longer: {line}"));
        let mut changes: Vec<String> = self.added.iter().map(ToString::to_string).chain(gone).collect();
        let rest = changes.len().saturating_sub(SHOWN);
        changes.truncate(SHOWN);
        if rest > 0 {
            changes.push(format!("{rest} more"));
        }
        if changes.is_empty() {
            changes.push("nobody may do anything".to_owned());
        }
        format!("{} (by {})", changes.join("; "), self.by)
    }

    fn blobs(&self) -> EvidenceBlobs {
        EvidenceBlobs::default()
    }

    fn check(&self, _type_uri: &str) -> Result<(), EntryError> {
        // One spelling of every change, and none that says nothing or two things.
        let ordered = |lines: &[PolicyLine]| lines.windows(2).all(|pair| pair[0] < pair[1]);
        let apart = self.added.iter().all(|line| self.removed.binary_search(line).is_err());
        let changes = !self.removed.is_empty() || !self.added.is_empty();
        let follows = match self.before {
            Some(before) => changes && before != self.after,
            None => self.removed.is_empty() && AccessPolicy::default().after(self).is_some(),
        };
        let agrees = ordered(&self.removed) && ordered(&self.added) && apart && follows;
        if agrees { Ok(()) } else { Err(EntryError::Policy) }
    }

    fn verify(&self, scope: &Scope<'_>) -> Result<VerifiedStatement, VerifyError> {
        let Evidence { manifest, scan, proof, statement: _ } = scope.evidence;
        scope.absent("manifest", manifest.as_ref())?;
        scope.absent("scan proof", scan.as_ref())?;
        scope.absent("proof", proof.as_ref())?;
        if self.log.as_str() != scope.origin {
            return Err(VerifyError::OtherLog { index: scope.index, got: self.log.to_string() });
        }
        Ok(VerifiedStatement::Policy { record: Box::new(self.clone()) })
    }
}
