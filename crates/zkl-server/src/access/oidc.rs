//! Bearer tokens of issuers that the operator trusts: JWTs, as OpenID Connect and OAuth 2.0 (RFC 9068) have them.
//!
//! ```text
//! token --iss--> issuer of the file --kid, alg--> its key --signature, exp, nbf, aud, iss, typ--> claims --rules of the file--> grants
//! ```
//!
//! Nothing that a token says about keys is believed: its `kid` is compared with names that the issuer gave, and which algorithms a key may be
//! used with follows from the key (ADR 32). A token that no rule is about proves who somebody is, and gives nothing.

mod jwks;
mod policy;
#[cfg(test)]
mod tests;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use jsonwebtoken::{Validation, dangerous::insecure_decode_claims, decode, decode_header, errors::ErrorKind};
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;
use zkl_ledger::{receipt::PolicyLine, types::Timestamp};

pub use self::{jwks::JwksError, policy::PolicyError};
use self::{
    jwks::KeySource,
    policy::{Issuer, Policy},
};
use super::{Grant, Pseudonyms, SECURITY, Subject};
use crate::metrics::Metrics;

/// Longest token, in bytes. The head of a request has 32 KiB.
pub(crate) const MAX_TOKEN: usize = 16 * 1024;
/// Longest `sub`, in bytes (OpenID Connect Core, section 2).
const MAX_SUBJECT: usize = 255;
/// Longest `kid`, in bytes.
const MAX_KEY_ID: usize = 512;
/// Longest file of issuers, in bytes.
const MAX_FILE: u64 = 1 << 20;
/// How long a change of the file may go unnoticed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Whoever an issuer vouches for.
pub struct TokenHolder {
    id: String,
    issuer: String,
    grants: Vec<Grant>,
    /// What the issuer says: rules that change are applied to it.
    claims: Map<String, Value>,
    /// When the token expires, the leeway included.
    expires_at: Timestamp,
}

impl fmt::Debug for TokenHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenHolder").field("id", &self.id).field("grants", &self.grants).finish_non_exhaustive()
    }
}

impl TokenHolder {
    /// The operator's name of the issuer, a colon, and what the issuer calls whoever it is.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The operator's name of the issuer.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What its claims give.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }
}

/// Why a token is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is longer than any that is looked at.
    #[error("the token is too long")]
    TooLong,
    /// It is no JWT, or lacks what every token must have.
    #[error("the token cannot be read")]
    Malformed,
    /// Nobody trusts whoever made it.
    #[error("the issuer is not one of the file")]
    UnknownIssuer,
    /// It is a token of another type.
    #[error("the token is of another type")]
    OtherType,
    /// The issuer has no such key for this algorithm.
    #[error("the issuer has no such key")]
    UnknownKey,
    /// An algorithm that is not taken.
    #[error("the algorithm is not taken")]
    Algorithm,
    /// Somebody else made it, or changed it.
    #[error("the signature is not the issuer's")]
    Signature,
    /// It was good once.
    #[error("the token has expired")]
    Expired,
    /// It is not good yet.
    #[error("the token is not good yet")]
    NotYet,
    /// It was made for somebody else.
    #[error("the token is for another audience")]
    Audience,
}

/// Tokens could not be looked at.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OidcError {
    /// The file could not be read.
    #[error("cannot read {path}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The file says something that cannot be.
    #[error("{path} cannot be followed", path = path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What it says.
        #[source]
        source: PolicyError,
    },
    /// The issuer's keys are not there.
    #[error("the keys of the issuer {issuer} are not there")]
    Keys {
        /// The issuer, as the operator calls it.
        issuer: String,
        /// Why.
        #[source]
        source: JwksError,
    },
}

/// The issuers that are trusted, as the operator's file has them.
#[derive(Debug)]
pub struct Oidc {
    path: PathBuf,
    metrics: Arc<Metrics>,
    seen: Mutex<Seen>,
}

/// The file as it was last read, and the keys of its issuers.
#[derive(Debug)]
struct Seen {
    issuers: Issuers,
    stamp: Stamp,
    looked: Instant,
}

/// The issuers of a file, each with its keys.
#[derive(Clone, Debug)]
pub(crate) struct Issuers(Arc<[(Issuer, Arc<KeySource>)]>);

impl Issuers {
    /// Whether they are those of the same reading of the file.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Who is trusted, and what their tokens are good for, as lines of a policy.
    pub(crate) fn lines(&self, names: &Pseudonyms) -> Vec<PolicyLine> {
        self.0.iter().flat_map(|(issuer, _)| issuer.lines(names)).collect()
    }
}

type Stamp = (SystemTime, u64);

impl Oidc {
    /// The issuers of the file at `path`. Blocking.
    ///
    /// # Errors
    /// [`OidcError::Io`], [`OidcError::Policy`].
    pub(crate) fn open(path: PathBuf, metrics: Arc<Metrics>) -> Result<Self, OidcError> {
        let stamp = stamp(&path)?;
        let issuers = read(&path, &[], &metrics)?;
        Ok(Self { path, metrics, seen: Mutex::new(Seen { issuers, stamp, looked: Instant::now() }) })
    }

    /// The issuers as the file has them now.
    ///
    /// # Errors
    /// [`OidcError::Io`], [`OidcError::Policy`]: a file that cannot be followed lets nobody in.
    pub(crate) async fn look(self: &Arc<Self>) -> Result<Issuers, OidcError> {
        {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.looked.elapsed() < LOOK_AGAIN {
                return Ok(seen.issuers.clone());
            }
        }
        let this = Arc::clone(self);
        let looked = tokio::task::spawn_blocking(move || this.look_again()).await;
        looked.map_err(|error| self.io(io::Error::other(error)))?
    }

    /// The issuers, read again where the file is another one than it was. Blocking.
    fn look_again(&self) -> Result<Issuers, OidcError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.looked.elapsed() >= LOOK_AGAIN {
            let stamp = stamp(&self.path)?;
            if stamp != seen.stamp {
                // A file that cannot be followed is looked at anew by the next request, and lets nobody in until then.
                let issuers = read(&self.path, &seen.issuers.0, &self.metrics)?;
                let names = issuers.0.iter().map(|(issuer, _)| issuer.name.as_str()).collect::<Vec<_>>().join(" ");
                tracing::warn!(target: SECURITY, event = "issuers-changed", issuers = names, "the file of issuers was read again");
                (seen.issuers, seen.stamp) = (issuers, stamp);
            }
            seen.looked = Instant::now();
        }
        Ok(seen.issuers.clone())
    }

    fn io(&self, source: io::Error) -> OidcError {
        OidcError::Io { path: self.path.clone(), source }
    }
}

/// Whether it looks like a JWT: what does not is looked for among the keys.
pub(crate) fn is_jwt(token: &str) -> bool {
    token.bytes().filter(|b| *b == b'.').count() == 2
}

fn stamp(path: &Path) -> Result<Stamp, OidcError> {
    let io = |source| OidcError::Io { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(io)?;
    Ok((metadata.modified().map_err(io)?, metadata.len()))
}

/// Reads the file. Keys of issuers that were there before are kept.
fn read(path: &Path, before: &[(Issuer, Arc<KeySource>)], metrics: &Arc<Metrics>) -> Result<Issuers, OidcError> {
    let io = |source| OidcError::Io { path: path.to_owned(), source };
    if fs::metadata(path).map_err(io)?.len() > MAX_FILE {
        return Err(io(io::Error::new(io::ErrorKind::InvalidData, "the file is too long")));
    }
    let text = fs::read_to_string(path).map_err(io)?;
    let policy = Policy::parse(&text, path.parent().unwrap_or_else(|| Path::new("")));
    let policy = policy.map_err(|source| OidcError::Policy { path: path.to_owned(), source })?;
    let keys = |issuer: &Issuer| {
        let same = before.iter().find(|(_, keys)| keys.origin == issuer.origin);
        let new = || Arc::new(KeySource::new(issuer.origin.clone(), Arc::clone(metrics)));
        same.map_or_else(new, |(_, keys)| Arc::clone(keys))
    };
    Ok(Issuers(
        policy.0.into_iter().map(|issuer| (keys(&issuer), issuer)).map(|(keys, issuer)| (issuer, keys)).collect(),
    ))
}

/// What is read of a payload before its signature was checked: whose keys are to be looked at.
#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

/// What every token must say.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: f64,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Issuers {
    /// Whose token it is.
    ///
    /// # Errors
    /// [`OidcError::Keys`]: what cannot be looked at lets nobody in. Within, [`TokenError`].
    pub(crate) async fn authenticate(&self, token: &str) -> Result<Result<Subject, TokenError>, OidcError> {
        authenticate(&self.0, token).await
    }

    /// Whoever it is as the issuers are trusted now; `None`, if the token has expired or its issuer is not trusted any more.
    pub(crate) fn renew(&self, holder: &TokenHolder) -> Option<Subject> {
        let issuer = self.0.iter().find(|(issuer, _)| issuer.name == holder.issuer);
        issuer.filter(|_| Timestamp::now() < holder.expires_at).map(|(issuer, _)| {
            Subject::Token(Arc::new(TokenHolder {
                id: holder.id.clone(),
                issuer: holder.issuer.clone(),
                grants: issuer.grants(&holder.claims),
                claims: holder.claims.clone(),
                expires_at: holder.expires_at,
            }))
        })
    }
}

async fn authenticate(
    issuers: &[(Issuer, Arc<KeySource>)],
    token: &str,
) -> Result<Result<Subject, TokenError>, OidcError> {
    if token.len() > MAX_TOKEN {
        return Ok(Err(TokenError::TooLong));
    }
    // `none`, and whatever else is not the name of an algorithm, cannot be read here.
    let Ok(head) = decode_header(token) else { return Ok(Err(TokenError::Malformed)) };
    let Ok(unverified) = insecure_decode_claims::<Unverified>(token) else { return Ok(Err(TokenError::Malformed)) };
    let Some((issuer, keys)) = issuers.iter().find(|(issuer, _)| issuer.origin.issuer == unverified.iss) else {
        return Ok(Err(TokenError::UnknownIssuer));
    };
    if !issuer.algorithms.contains(&head.alg) {
        return Ok(Err(TokenError::Algorithm));
    }
    if issuer.token_type.as_ref().is_some_and(|wanted| !is_type(wanted, head.typ.as_deref())) {
        return Ok(Err(TokenError::OtherType));
    }
    let id = head.kid.as_deref();
    if id.is_some_and(|id| id.len() > MAX_KEY_ID) {
        return Ok(Err(TokenError::UnknownKey));
    }
    let found = keys.find(id, head.alg).await;
    let found = found.map_err(|source| OidcError::Keys { issuer: issuer.name.clone(), source })?;
    let Some(key) = found else { return Ok(Err(TokenError::UnknownKey)) };
    let mut validation = Validation::new(head.alg);
    validation.algorithms = key.algorithms.iter().filter(|own| issuer.algorithms.contains(own)).copied().collect();
    validation.leeway = issuer.leeway;
    validation.validate_nbf = true;
    validation.set_audience(&issuer.audience);
    validation.set_issuer(&[&issuer.origin.issuer]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let claims: Claims = match decode(token, &key.key, &validation) {
        Ok(decoded) => decoded.claims,
        Err(error) => return Ok(Err(refused(error.kind()))),
    };
    let harmless = |text: &str| !text.is_empty() && text.len() <= MAX_SUBJECT && !text.chars().any(char::is_control);
    // A list of issuers, one of which is right, is not what this issuer says of itself.
    if claims.iss != issuer.origin.issuer || !harmless(&claims.sub) {
        return Ok(Err(TokenError::Malformed));
    }
    let expires = (claims.exp + issuer.leeway as f64) * 1_000.0;
    let mut all = claims.others;
    all.insert("iss".to_owned(), claims.iss.into());
    all.insert("sub".to_owned(), claims.sub.clone().into());
    Ok(Ok(Subject::Token(Arc::new(TokenHolder {
        id: format!("{}:{}", issuer.name, claims.sub),
        issuer: issuer.name.clone(),
        grants: issuer.grants(&all),
        claims: all,
        expires_at: Timestamp(expires as u64),
    }))))
}

/// Types are media types, whose `application/` may be left out (RFC 7515, section 4.1.9).
fn is_type(wanted: &str, got: Option<&str>) -> bool {
    let short = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.strip_prefix("application/").map(str::to_owned).unwrap_or(text)
    };
    got.is_some_and(|got| short(got) == short(wanted))
}

fn refused(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::NotYet,
        ErrorKind::InvalidAudience => TokenError::Audience,
        ErrorKind::InvalidIssuer => TokenError::UnknownIssuer,
        ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm | ErrorKind::MissingAlgorithm => {
            TokenError::Algorithm
        }
        ErrorKind::InvalidSignature => TokenError::Signature,
        _ => TokenError::Malformed,
    }
}
