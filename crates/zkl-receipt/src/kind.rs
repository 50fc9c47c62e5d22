//! Kinds of statements: what an entry says.
//!
//! Each kind has a file that holds its predicate, what it is about, the blobs that it names and what its verification checks,
//! and a line in the list below.

mod claim;
mod custom;
mod notarization;

use serde::{Serialize, de::DeserializeOwned};
use zkl_core::{digest::BlobDigest, name::DatasetName, time::Timestamp, transaction::OperationKind};
use zkl_merkle::{
    dsse::Envelope,
    keys::VerifyingKey,
    statement::{Statement, Subject},
};

pub use claim::ClaimRecord;
pub(crate) use claim::{check_claim, check_order};
pub(crate) use custom::check_custom;
pub use custom::{CustomRecord, PublicInput};
pub use notarization::{Assurance, FileEvidence, Notarization, SaltedDigests};
pub(crate) use notarization::{check_notarization, check_profile};

use crate::entry::EntryError;

/// What the predicate of every kind can tell.
pub(crate) trait StatementKind: Serialize + DeserializeOwned {
    /// The kind under which stores index the entry.
    const KIND: OperationKind;
    /// The statement types of all its versions.
    const TYPES: &'static [&'static str];

    /// The statement type of this predicate.
    fn type_uri(&self) -> &'static str;

    /// The in-toto subject of the entry.
    fn subject(&self) -> Subject;

    /// The dataset that the entry is about.
    fn dataset(&self) -> Option<&DatasetName>;

    /// The blobs that the entry names: manifest, proofs, verifying keys.
    fn blobs(&self) -> Vec<BlobDigest>;

    /// The key that must have signed the entry.
    fn notary(&self) -> &VerifyingKey;

    /// The notary's clock when the entry was made.
    fn recorded_at(&self) -> Timestamp;

    /// Checks that the predicate does not contradict itself or the type under which it stands.
    fn check(&self, _type_uri: &str) -> Result<(), EntryError> {
        Ok(())
    }

    /// Reads the predicate of an envelope and checks the signature with the key that the predicate names, and that the
    /// statement is about what the predicate says.
    fn open(envelope: &Envelope, type_uri: &str) -> Result<Self, EntryError> {
        // The key stands in the payload, so the payload is read once before the signature is checked; what is returned is
        // read from the payload that the signature covers.
        let unverified = Statement::<Self>::decode(envelope.unverified_payload(), type_uri)?.into_predicate();
        let statement = Statement::<Self>::open(envelope, type_uri, unverified.notary())?.into_inner();
        let subjects = statement.subjects().to_vec();
        let predicate = statement.into_predicate();
        if subjects != [predicate.subject()] {
            return Err(EntryError::Subject);
        }
        predicate.check(type_uri)?;
        Ok(predicate)
    }
}

/// Makes [`Predicate`] of the list of kinds.
macro_rules! kinds {
    ($($variant:ident($record:ty),)*) => {
        /// What an entry says.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        pub enum Predicate {
            $(
                #[doc = concat!("See [`", stringify!($record), "`].")]
                $variant($record),
            )*
        }

        impl Predicate {
            /// Reads the predicate of an envelope, whose statement is of type `type_uri`, and checks it: see
            /// [`StatementKind::open`].
            pub(crate) fn open(envelope: &Envelope, type_uri: &str) -> Result<Self, EntryError> {
                $(
                    if <$record>::TYPES.contains(&type_uri) {
                        return <$record>::open(envelope, type_uri).map(Self::$variant);
                    }
                )*
                Err(EntryError::Type { got: type_uri.chars().take(80).collect() })
            }

            /// The statement type.
            pub fn type_uri(&self) -> &'static str {
                match self { $(Self::$variant(record) => record.type_uri(),)* }
            }

            /// The kind under which stores index the entry.
            pub const fn kind(&self) -> OperationKind {
                match self { $(Self::$variant(_) => <$record>::KIND,)* }
            }

            /// The in-toto subject of the entry.
            pub(crate) fn subject(&self) -> Subject {
                match self { $(Self::$variant(record) => record.subject(),)* }
            }

            /// The dataset that the entry is about.
            pub fn dataset(&self) -> Option<&DatasetName> {
                match self { $(Self::$variant(record) => record.dataset(),)* }
            }

            /// The blobs that the entry names: manifest, proofs, verifying keys.
            pub fn blobs(&self) -> Vec<BlobDigest> {
                match self { $(Self::$variant(record) => record.blobs(),)* }
            }

            /// The notary's clock when the entry was made.
            pub fn recorded_at(&self) -> Timestamp {
                match self { $(Self::$variant(record) => record.recorded_at(),)* }
            }

            /// The key that must have signed the entry.
            pub fn notary(&self) -> &VerifyingKey {
                match self { $(Self::$variant(record) => record.notary(),)* }
            }
        }
    };
}

kinds! {
    Notarization(Notarization),
    Claim(ClaimRecord),
    Custom(CustomRecord),
}
