//! in-toto Statements v1: a predicate about named subjects, each known by its digests.
//!
//! Narrower than in-toto allows: the fields of a subject are `name` and `digest`, unknown fields are refused, and a
//! statement has exactly one spelling, compact JSON in the order `_type`, `subject`, `predicateType`, `predicate`. So a
//! predicate type `P` must always serialize one value in one way: structs, vectors and ordered maps, no `HashMap`, no
//! floats.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    dsse::{Envelope, IN_TOTO_PAYLOAD_TYPE},
    error::StatementError,
    keys::VerifyingKey,
    signer::Signer,
    verified::Verified,
};

/// The `_type` of a Statement v1.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// What a statement is about: a name and at least one digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    name: String,
    digest: BTreeMap<String, String>,
}

impl Subject {
    /// A subject without digests yet.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), digest: BTreeMap::new() }
    }

    /// The same with one more digest, such as `("sha256", ..)`; replaces an earlier one of that algorithm.
    pub fn with_digest(mut self, algorithm: &str, digest: &[u8]) -> Self {
        self.digest.insert(algorithm.to_owned(), hex::encode(digest));
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The digest by `algorithm` in lower-case hexadecimal, if there is one.
    pub fn digest(&self, algorithm: &str) -> Option<&str> {
        self.digest.get(algorithm).map(String::as_str)
    }

    /// All digests: algorithm and lower-case hexadecimal, by algorithm.
    pub fn digests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.digest.iter().map(|(algorithm, digest)| (algorithm.as_str(), digest.as_str()))
    }

    fn is_valid(&self) -> bool {
        let is_hex = |text: &str| {
            !text.is_empty()
                && text.len().is_multiple_of(2)
                && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let digests = self.digest.iter().all(|(algorithm, digest)| !algorithm.is_empty() && is_hex(digest));
        !self.name.is_empty() && !self.digest.is_empty() && digests
    }
}

/// A well-formed statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement<P>(StatementJson<P>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementJson<P> {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: P,
}

impl<P> Statement<P> {
    /// A statement about `subjects`.
    ///
    /// # Errors
    /// [`StatementError::NoSubject`], [`StatementError::Subject`], [`StatementError::DuplicateSubject`],
    /// [`StatementError::NoPredicateType`].
    pub fn new(subjects: Vec<Subject>, predicate_type: &str, predicate: P) -> Result<Self, StatementError> {
        Self::checked(StatementJson {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: subjects,
            predicate_type: predicate_type.to_owned(),
            predicate,
        })
    }

    /// What the statement is about.
    pub fn subjects(&self) -> &[Subject] {
        &self.0.subject
    }

    /// The predicate's type, a URI.
    pub fn predicate_type(&self) -> &str {
        &self.0.predicate_type
    }

    /// The predicate.
    pub const fn predicate(&self) -> &P {
        &self.0.predicate
    }

    /// The predicate alone.
    pub fn into_predicate(self) -> P {
        self.0.predicate
    }

    fn checked(json: StatementJson<P>) -> Result<Self, StatementError> {
        if json.statement_type != STATEMENT_TYPE {
            return Err(StatementError::Type { expected: STATEMENT_TYPE, got: json.statement_type });
        }
        if json.predicate_type.is_empty() {
            return Err(StatementError::NoPredicateType);
        }
        if json.subject.is_empty() {
            return Err(StatementError::NoSubject);
        }
        let mut names = BTreeSet::new();
        for (index, subject) in json.subject.iter().enumerate() {
            if !subject.is_valid() {
                return Err(StatementError::Subject { index });
            }
            if !names.insert(subject.name()) {
                return Err(StatementError::DuplicateSubject { name: subject.name.clone() });
            }
        }
        Ok(Self(json))
    }
}

impl<P: Serialize> Statement<P> {
    /// The canonical JSON.
    ///
    /// # Errors
    /// [`StatementError::Predicate`] if `P` cannot be written as JSON.
    pub fn encode(&self) -> Result<Vec<u8>, StatementError> {
        serde_json::to_vec(&self.0).map_err(|_| StatementError::Predicate)
    }

    /// Signs the statement as a DSSE envelope.
    ///
    /// # Errors
    /// Those of [`Statement::encode`] and of [`Envelope::sign`].
    pub fn sign(&self, signer: &dyn Signer) -> Result<Envelope, StatementError> {
        Ok(Envelope::sign(IN_TOTO_PAYLOAD_TYPE, self.encode()?, signer)?)
    }
}

impl<P: Serialize + DeserializeOwned> Statement<P> {
    /// Reads a statement with a predicate of type `predicate_type`. [`Statement::encode`] gives the same bytes again.
    ///
    /// # Errors
    /// [`StatementError`] but for [`StatementError::Envelope`].
    pub fn decode(payload: &[u8], predicate_type: &str) -> Result<Self, StatementError> {
        // First, so that a statement of another type says so and not that its predicate has unknown fields.
        let got = self::predicate_type(payload)?;
        if got != predicate_type {
            return Err(StatementError::PredicateType { expected: predicate_type.to_owned(), got });
        }
        let json = serde_json::from_slice(payload).map_err(|error| json_error(&error))?;
        let statement = Self::checked(json)?;
        // Catches what a JSON reader lets pass in silence, duplicate keys of a map among it.
        if statement.encode()? == payload { Ok(statement) } else { Err(StatementError::NotCanonical) }
    }

    /// The statement in `envelope`, if `key` signed it and its predicate is of type `predicate_type`.
    ///
    /// # Errors
    /// [`StatementError`].
    pub fn open(
        envelope: &Envelope,
        predicate_type: &str,
        key: &VerifyingKey,
    ) -> Result<Verified<Self>, StatementError> {
        let payload = envelope.open(IN_TOTO_PAYLOAD_TYPE, key)?;
        Self::decode(&payload.bytes, predicate_type).map(Verified::new)
    }
}

/// The predicate type of an encoded statement, to tell how to decode it. Checks nothing else.
///
/// # Errors
/// [`StatementError::Json`].
pub fn predicate_type(payload: &[u8]) -> Result<String, StatementError> {
    #[derive(Deserialize)]
    struct TypeOnly {
        #[serde(rename = "predicateType")]
        predicate_type: String,
    }
    let json: TypeOnly = serde_json::from_slice(payload).map_err(|error| json_error(&error))?;
    Ok(json.predicate_type)
}

fn json_error(error: &serde_json::Error) -> StatementError {
    StatementError::Json { line: error.line(), column: error.column() }
}
