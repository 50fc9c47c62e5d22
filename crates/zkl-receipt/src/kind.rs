//! Kinds of statements: what an entry says.
//!
//! Each kind has a file that holds its predicate, what it is about, the blobs and entries that it names and what its
//! verification checks, and a line in the list below. Kinds are open: an entry whose type is not in the list is read as an
//! [`UnknownStatement`], and shown.

mod blobs;
mod claim;
mod custom;
mod key;
mod notarization;
mod policy;
mod relation;
mod unknown;
mod withdrawal;

use serde::{Serialize, de::DeserializeOwned};
use zkl_core::{digest::TransactionId, name::DatasetName, time::Timestamp, transaction::OperationKind};
use zkl_merkle::{
    dsse::Envelope,
    keys::VerifyingKey,
    statement::{Statement, Subject},
};

pub use blobs::{EvidenceBlobs, ProofBlobs, ScanBlobs};
pub use claim::ClaimRecord;
pub use custom::{About, CustomRecord, PublicInput};
pub use key::{KeyChange, KeyRecord};
pub use notarization::{Assurance, FileEvidence, Notarization, SaltedDigests};
pub use policy::PolicyRecord;
pub use relation::{
    Disclosure, LeftOut, RelatedTable, RelationRecord, RelationReport, RelationTerms, SaltedTerms, StatementPart,
};
pub use unknown::UnknownStatement;
pub use withdrawal::WithdrawalRecord;

use crate::{
    entry::EntryError,
    verify::{Scope, VerifiedStatement, VerifyError},
};

/// What the predicate of every kind can tell.
pub(crate) trait StatementKind {
    /// The statement type of this predicate.
    fn type_uri(&self) -> &str;

    /// The kind under which stores index the entry.
    fn kind(&self) -> OperationKind;

    /// The in-toto subject of the entry.
    fn subject(&self) -> Subject;

    /// The dataset that the entry is about; the first, if there are several.
    fn dataset(&self) -> Option<&DatasetName>;

    /// Every dataset that the entry names.
    fn datasets(&self) -> Vec<&DatasetName> {
        self.dataset().into_iter().collect()
    }

    /// The key that must have signed the entry.
    fn notary(&self) -> &VerifyingKey;

    /// The notary's clock when the entry was made.
    fn recorded_at(&self) -> Timestamp;

    /// The blobs that the entry names, by what they are evidence of.
    fn blobs(&self) -> EvidenceBlobs;

    /// The entries that the entry names. Whoever verifies it needs them.
    fn names(&self) -> Vec<TransactionId> {
        Vec::new()
    }

    /// What the entry says beside its kind and its dataset, in one line for people.
    fn in_words(&self) -> String;

    /// Checks that the predicate does not contradict itself or the type under which it stands. Nobody signs one that does.
    fn check(&self, _type_uri: &str) -> Result<(), EntryError> {
        Ok(())
    }

    /// Checks the statement with its evidence, which has exactly the parts that this kind calls for. Signature, inclusion and
    /// the presence of what it names were checked before.
    fn verify(&self, scope: &Scope<'_>) -> Result<VerifiedStatement, VerifyError>;
}

/// A kind that this program knows. In memory it has one form; how each of its versions is written stands in the kind's `wire.rs`.
pub(crate) trait Record: StatementKind + Sized {
    /// Reads the predicate, if the type is one of this kind.
    fn open(envelope: &Envelope, type_uri: &str) -> Option<Result<Self, EntryError>>;
}

/// Makes [`Predicate`] of the list of kinds.
macro_rules! kinds {
    ($($variant:ident($record:ty),)*) => {
        /// What an entry says.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum Predicate {
            $(
                #[doc = concat!("See [`", stringify!($record), "`].")]
                $variant($record),
            )*
            /// A statement of a kind or version that this program does not know.
            Unknown(UnknownStatement),
        }

        impl Predicate {
            /// Reads the predicate of an envelope, whose statement is of type `type_uri`, and checks it as [`open`] does.
            pub(crate) fn open(envelope: &Envelope, type_uri: &str) -> Result<Self, EntryError> {
                $(
                    if let Some(record) = <$record as Record>::open(envelope, type_uri) {
                        return record.map(Self::$variant);
                    }
                )*
                UnknownStatement::open(envelope, type_uri).map(Self::Unknown)
            }

            fn as_kind(&self) -> &dyn StatementKind {
                match self {
                    $(Self::$variant(record) => record,)*
                    Self::Unknown(statement) => statement,
                }
            }
        }
    };
}

kinds! {
    Notarization(Notarization),
    Claim(ClaimRecord),
    Custom(CustomRecord),
    Relation(RelationRecord),
    Key(KeyRecord),
    Withdrawal(WithdrawalRecord),
    Policy(PolicyRecord),
}

impl Predicate {
    /// The statement type.
    pub fn type_uri(&self) -> &str {
        self.as_kind().type_uri()
    }

    /// The kind under which stores index the entry.
    pub fn kind(&self) -> OperationKind {
        self.as_kind().kind()
    }

    /// The in-toto subject of the entry.
    pub(crate) fn subject(&self) -> Subject {
        self.as_kind().subject()
    }

    /// The dataset that the entry is about; the first, if there are several.
    pub fn dataset(&self) -> Option<&DatasetName> {
        self.as_kind().dataset()
    }

    /// Every dataset that the entry names: what somebody must be allowed to know who is shown it.
    pub fn datasets(&self) -> Vec<&DatasetName> {
        self.as_kind().datasets()
    }

    /// The key that must have signed the entry.
    pub fn notary(&self) -> &VerifyingKey {
        self.as_kind().notary()
    }

    /// The notary's clock when the entry was made.
    pub fn recorded_at(&self) -> Timestamp {
        self.as_kind().recorded_at()
    }

    /// The blobs that the entry names, by what they are evidence of.
    pub fn blobs(&self) -> EvidenceBlobs {
        self.as_kind().blobs()
    }

    /// The entries that the entry names. Whoever verifies it needs them.
    pub fn names(&self) -> Vec<TransactionId> {
        self.as_kind().names()
    }

    /// What the entry says beside its kind and its dataset, in one line for people.
    pub fn in_words(&self) -> String {
        self.as_kind().in_words()
    }

    /// Checks that the predicate does not contradict itself.
    pub(crate) fn check(&self) -> Result<(), EntryError> {
        self.as_kind().check(self.type_uri())
    }

    pub(crate) fn verify(&self, scope: &Scope<'_>) -> Result<VerifiedStatement, VerifyError> {
        // Closed relations alone have one.
        if !matches!(self, Self::Relation(_)) {
            scope.absent("statement", scope.evidence.statement.as_ref())?;
        }
        self.as_kind().verify(scope)
    }
}

/// Reads a predicate that is written as `W` and checks the signature with the key that it names, and that the statement is about
/// what the predicate says.
fn open<W, P>(envelope: &Envelope, type_uri: &str) -> Result<P, EntryError>
where
    W: Serialize + DeserializeOwned,
    P: StatementKind + TryFrom<W>,
    EntryError: From<P::Error>,
{
    // The key stands in the payload, so the payload is read once before the signature is checked; what is returned is
    // read from the payload that the signature covers.
    let unverified = P::try_from(Statement::<W>::decode(envelope.unverified_payload(), type_uri)?.into_predicate())?;
    let statement = Statement::<W>::open(envelope, type_uri, unverified.notary())?.into_inner();
    let subjects = statement.subjects().to_vec();
    let predicate = P::try_from(statement.into_predicate())?;
    if subjects != [predicate.subject()] {
        return Err(EntryError::Subject);
    }
    predicate.check(type_uri)?;
    Ok(predicate)
}
