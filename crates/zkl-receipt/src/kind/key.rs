//! Keys of a log: rotation and revocation (ADR 21).
//!
//! ```text
//! rotation          signed by the old key, which names the new one: it signs checkpoints that cover the entry
//! notary-rotation   the same of a notary's key: the new one signs entries after this one
//! revocation        signed by a newer key: what the old key signs from a size of the log on does not count
//! ```
//!
//! Both name the log: logged elsewhere, they say nothing.

use serde::{Deserialize, Serialize};
use zkl_core::{digest::TransactionId, name::DatasetName, time::Timestamp, transaction::OperationKind, tree::TreeSize};
use zkl_merkle::{
    dsse::Envelope,
    keys::{Origin, VerifyingKey},
    note::NoteVerifier,
    statement::Subject,
};

use super::{EvidenceBlobs, Record, StatementKind, open};
use crate::{
    entry::EntryError,
    nonce::Nonce,
    receipt::Evidence,
    verify::{Scope, VerifiedStatement, VerifyError},
};

const V1: &str = "urn:zkp-dataset-ledger:key:v1";

/// A key of a log or of a notary was rotated, or one of a log revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRecord {
    /// Origin of the log.
    #[serde(with = "crate::text")]
    pub log: Origin,
    /// What happened.
    pub change: KeyChange,
    /// The key that is replaced or revoked.
    #[serde(with = "crate::text")]
    pub old: VerifyingKey,
    /// The key that replaces it, or the log's key that revokes it.
    #[serde(with = "crate::text")]
    pub new: VerifyingKey,
    /// Of a revocation: the first size of the log at which the old key does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<TreeSize>,
    /// Key of the notary, who signs this entry: the old key of a rotation, the new one of a revocation.
    #[serde(with = "crate::text")]
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness of this entry.
    pub nonce: Nonce,
}

/// What happened to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyChange {
    /// The log's old key names its successor.
    Rotation,
    /// A notary's old key names its successor.
    NotaryRotation,
    /// A newer key says from where on the old one does not count.
    Revocation,
}

impl KeyRecord {
    /// The old key as one that verifies checkpoints.
    pub fn old_verifier(&self) -> NoteVerifier {
        self.old.note_verifier(self.log.clone())
    }

    /// The new key as one that verifies checkpoints.
    pub fn new_verifier(&self) -> NoteVerifier {
        self.new.note_verifier(self.log.clone())
    }
}

impl Record for KeyRecord {
    fn open(envelope: &Envelope, type_uri: &str) -> Option<Result<Self, EntryError>> {
        (type_uri == V1).then(|| open::<Self, _>(envelope, type_uri))
    }
}

impl StatementKind for KeyRecord {
    fn type_uri(&self) -> &str {
        V1
    }

    fn kind(&self) -> OperationKind {
        OperationKind::KEY
    }

    fn subject(&self) -> Subject {
        Subject::new(self.log.as_str()).with_digest("zklKey", self.old.as_bytes())
    }

    fn dataset(&self) -> Option<&DatasetName> {
        None
    }

    fn in_words(&self) -> String {
        match (self.change, self.from) {
            (KeyChange::NotaryRotation, _) => format!("notary's key replaced by {}", self.new),
            (_, Some(from)) => format!("log key {} revoked from {from} entries on", self.old_verifier()),
            (_, None) => format!("log key replaced by {}", self.new_verifier()),
        }
    }

    fn blobs(&self) -> EvidenceBlobs {
        EvidenceBlobs::default()
    }

    fn notary(&self) -> &VerifyingKey {
        &self.notary
    }

    fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    fn names(&self) -> Vec<TransactionId> {
        Vec::new()
    }

    fn check(&self, _type_uri: &str) -> Result<(), EntryError> {
        // Nobody but the old key may name a successor, and no key ends itself.
        let (signer, from) = match self.change {
            KeyChange::Rotation | KeyChange::NotaryRotation => (&self.old, false),
            KeyChange::Revocation => (&self.new, true),
        };
        let agrees = self.notary == *signer && self.old != self.new && self.from.is_some() == from;
        if agrees { Ok(()) } else { Err(EntryError::KeyChange) }
    }

    fn verify(&self, scope: &Scope<'_>) -> Result<VerifiedStatement, VerifyError> {
        let Evidence { manifest, scan, proof, statement: _ } = scope.evidence;
        scope.absent("manifest", manifest.as_ref())?;
        scope.absent("scan proof", scan.as_ref())?;
        scope.absent("proof", proof.as_ref())?;
        if self.log.as_str() != scope.origin {
            return Err(VerifyError::OtherLog { index: scope.index, got: self.log.to_string() });
        }
        Ok(VerifiedStatement::Key { record: Box::new(self.clone()) })
    }
}
