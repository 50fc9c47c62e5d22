//! Entries: signed statements, made and read.

use thiserror::Error;
use zkl_core::digest::TransactionId;
use zkl_merkle::{
    dsse::Envelope,
    error::{DsseError, StatementError},
    signer::Signer,
    statement::{Statement, predicate_type},
    tree::leaf_hash,
};

use crate::kind::Predicate;

/// A statement and the envelope that carries it, the notary's signature checked or just made.
#[derive(Clone, Debug)]
pub struct SignedEntry {
    envelope: String,
    predicate: Predicate,
}

impl SignedEntry {
    /// Signs `predicate`. The signer's key must be the one that the predicate names as its notary's.
    ///
    /// # Errors
    /// [`EntryError::Statement`], also when there is no signature; [`EntryError::Envelope`] when the entry is longer than an entry may be, [`EntryError::Type`] for a
    /// statement of an unknown kind, and what [`SignedEntry::open`] says of one that contradicts itself.
    pub fn sign(predicate: Predicate, signer: &dyn Signer) -> Result<Self, EntryError> {
        if matches!(predicate, Predicate::Unknown(_)) {
            return Err(EntryError::Type { got: predicate.type_uri().to_owned() });
        }
        // Every reader refuses what contradicts itself, and a log keeps what it holds for ever.
        predicate.check()?;
        let statement = Statement::new(vec![predicate.subject()], predicate.type_uri(), &predicate)?;
        let bytes = statement.sign(signer)?.encode()?;
        let envelope = String::from_utf8(bytes).map_err(|_| EntryError::Utf8)?;
        Ok(Self { envelope, predicate })
    }

    /// Reads an envelope and checks that the notary it names signed it. A statement of a kind or version that this program
    /// does not know is [`Predicate::Unknown`].
    ///
    /// # Errors
    /// [`EntryError`], by the failed check.
    pub fn open(envelope: &str) -> Result<Self, EntryError> {
        let decoded = Envelope::decode(envelope.as_bytes())?;
        let type_uri = predicate_type(decoded.unverified_payload())?;
        let predicate = Predicate::open(&decoded, &type_uri)?;
        Ok(Self { envelope: envelope.to_owned(), predicate })
    }

    /// The envelope: the entry's bytes in the log.
    pub fn envelope(&self) -> &str {
        &self.envelope
    }

    /// What the entry says.
    pub const fn predicate(&self) -> &Predicate {
        &self.predicate
    }

    /// Id of the entry.
    pub fn id(&self) -> TransactionId {
        leaf_hash(self.envelope.as_bytes())
    }
}

/// What is wrong with a stored entry.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The bytes are not text.
    #[error("its bytes are not UTF-8")]
    Utf8,
    /// The bytes do not have the id.
    #[error("its bytes do not have this id")]
    Id,
    /// The envelope is malformed or its signature wrong.
    #[error("its envelope is not valid")]
    Envelope(#[from] DsseError),
    /// The statement is malformed.
    #[error("its statement is not valid")]
    Statement(#[from] StatementError),
    /// The statement is of a type that is none of this log's entries.
    #[error("its type {got:?} is not that of an entry")]
    Type {
        /// The type.
        got: String,
    },
    /// A notarization whose type, assurance and scan record disagree.
    #[error("its type and its assurance are not those of a notarization with this scan record")]
    Assurance,
    /// The datasets of a statement are not as many as its kind has, or their roles not those.
    #[error("its datasets are not those of a statement of its kind")]
    Datasets,
    /// A relation whose statement is not the one that its digest stands for.
    #[error("its statement is not the one that its digest and its datasets stand for")]
    Relation,
    /// A rotation or revocation that another key signed than may, or that does not say from where on.
    #[error("its keys are not those of a rotation or revocation that its signer may record")]
    KeyChange,
    /// A withdrawal without a reason, with one that is too long, or of an entry in favour of itself.
    #[error("its reason is empty or too long, or its entry is replaced by itself")]
    Withdrawal,
    /// A change of a policy that changes nothing, whose lines are not in order, or whose digests are not those of its lines.
    #[error("its lines and digests are not those of a change of a policy")]
    Policy,
    /// The subject is not what the predicate speaks about.
    #[error("its subject is not that of its predicate")]
    Subject,
}

impl From<std::convert::Infallible> for EntryError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
