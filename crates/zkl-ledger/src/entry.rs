//! Entries: signed statements, made and read.

use serde::{Serialize, de::DeserializeOwned};
use zkl_core::{digest::TransactionId, transaction::StoredTransaction, tree::LeafIndex};
use zkl_merkle::{
    dsse::Envelope,
    keys::SigningKey,
    statement::{Statement, Subject, predicate_type},
};

use crate::{
    error::{EntryError, LedgerError},
    log,
    predicate::{
        ATTESTED_NOTARIZATION_TYPE, CLAIM_TYPE, CUSTOM_TYPE, ClaimRecord, CustomRecord, FileEvidence, Notarization,
        PROVED_NOTARIZATION_TYPE, Predicate,
    },
};

/// A statement and the envelope that carries it, the notary's signature checked or just made.
#[derive(Clone, Debug)]
pub struct SignedEntry {
    envelope: String,
    predicate: Predicate,
}

impl SignedEntry {
    /// Signs `predicate`. The key must be the one that the predicate names as its notary's.
    ///
    /// # Errors
    /// [`EntryError::Statement`], [`EntryError::Envelope`] when the entry is longer than an entry may be.
    pub fn sign(predicate: Predicate, key: &SigningKey) -> Result<Self, EntryError> {
        let statement = Statement::new(vec![subject(&predicate)], predicate.type_uri(), &predicate)?;
        let bytes = statement.sign(key)?.encode()?;
        let envelope = String::from_utf8(bytes).map_err(|_| EntryError::Utf8)?;
        Ok(Self { envelope, predicate })
    }

    /// Reads an envelope and checks that the notary it names signed it.
    ///
    /// # Errors
    /// [`EntryError`], by the failed check.
    pub fn open(envelope: &str) -> Result<Self, EntryError> {
        let decoded = Envelope::decode(envelope.as_bytes())?;
        let predicate = match predicate_type(decoded.unverified_payload())?.as_str() {
            uri @ (ATTESTED_NOTARIZATION_TYPE | PROVED_NOTARIZATION_TYPE) => {
                open::<Notarization>(&decoded, uri, Predicate::Notarization)?
            }
            CLAIM_TYPE => open::<ClaimRecord>(&decoded, CLAIM_TYPE, Predicate::Claim)?,
            CUSTOM_TYPE => open::<CustomRecord>(&decoded, CUSTOM_TYPE, Predicate::Custom)?,
            other => return Err(EntryError::Type { got: other.chars().take(80).collect() }),
        };
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
        log::id_of(self.envelope.as_bytes())
    }
}

/// An entry and its place in the log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Position in the log.
    pub index: LeafIndex,
    /// Id of the entry.
    pub id: TransactionId,
    /// The signed statement.
    pub signed: SignedEntry,
}

impl Entry {
    /// Reads a stored transaction and checks it: the id is that of the bytes, the notary signed them.
    ///
    /// # Errors
    /// [`LedgerError::Entry`].
    pub fn from_stored(stored: &StoredTransaction) -> Result<Self, LedgerError> {
        let entry_error = |source| LedgerError::Entry { id: stored.id, source };
        if log::id_of(&stored.entry) != stored.id {
            return Err(entry_error(EntryError::Id));
        }
        let text = std::str::from_utf8(&stored.entry).map_err(|_| entry_error(EntryError::Utf8))?;
        let signed = SignedEntry::open(text).map_err(entry_error)?;
        Ok(Self { index: stored.index, id: stored.id, signed })
    }

    /// What the entry says.
    pub const fn predicate(&self) -> &Predicate {
        self.signed.predicate()
    }
}

/// Reads a predicate and checks the envelope's signature with the key that the predicate names, and that the statement
/// is about what the predicate says.
fn open<P: Serialize + DeserializeOwned>(
    envelope: &Envelope,
    type_uri: &str,
    wrap: fn(P) -> Predicate,
) -> Result<Predicate, EntryError> {
    // The key stands in the payload, so the payload is read once before the signature is checked; what is returned is
    // read from the payload that the signature covers.
    let unverified = wrap(Statement::<P>::decode(envelope.unverified_payload(), type_uri)?.into_predicate());
    let statement = Statement::<P>::open(envelope, type_uri, unverified.notary())?.into_inner();
    let subjects = statement.subjects().to_vec();
    let predicate = wrap(statement.into_predicate());
    if subjects != [subject(&predicate)] {
        return Err(EntryError::Subject);
    }
    if let Predicate::Notarization(record) = &predicate
        && (predicate.type_uri() != type_uri || record.assurance != Notarization::assurance_of(record.scan.as_ref()))
    {
        return Err(EntryError::Assurance);
    }
    Ok(predicate)
}

/// The in-toto subject of an entry. Digests of the file itself stand there only at the public privacy level.
fn subject(predicate: &Predicate) -> Subject {
    match predicate {
        Predicate::Notarization(record) => {
            let subject = Subject::new(record.dataset.as_str()).with_digest("zklDataset", record.dataset_id.as_bytes());
            match &record.file {
                FileEvidence::Plain(digests) => subject
                    .with_digest("sha256", digests.sha256.as_bytes())
                    .with_digest("sha3_256", digests.sha3_256.as_bytes())
                    .with_digest("blake3", digests.blake3.as_bytes()),
                FileEvidence::Salted(_) => subject,
            }
        }
        Predicate::Claim(record) => {
            Subject::new(record.dataset.as_str()).with_digest("zklDataset", record.dataset_id.as_bytes())
        }
        Predicate::Custom(record) => {
            let name = record.dataset.as_ref().map_or(record.circuit.name(), |name| name.as_str());
            Subject::new(name).with_digest("zklVerifyingKey", record.verifying_key.as_bytes())
        }
    }
}
