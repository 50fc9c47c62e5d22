//! The keys of an issuer (RFC 7517): fetched within bounds, kept for a while, fetched again when a token names one that is not known.

use std::{
    fmt, fs, io,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use tokio::sync::{Mutex, MutexGuard};
use ureq::{
    Agent,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};
use url::Url;

use super::policy::{Origin, private_url};
use crate::metrics::Metrics;

/// How long a key set is used without looking whether there is another one.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// How long one is used if the issuer does not answer.
const KEPT: Duration = Duration::from_secs(60 * 60);
/// Longest document, in bytes.
const MAX_DOCUMENT: u64 = 256 * 1024;
/// Keys of a set that are looked at.
const MAX_KEYS: usize = 100;
/// How long a fetch may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bits of an RSA modulus: fewer are weak, more make every check slow.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// Why the keys of an issuer are not there.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JwksError {
    /// The issuer cannot be asked.
    #[error("{url} cannot be fetched")]
    Http {
        /// What was fetched.
        url: String,
        /// What the client says.
        #[source]
        source: Box<ureq::Error>,
    },
    /// It answers something else.
    #[error("{url} answered {status}")]
    Status {
        /// What was fetched.
        url: String,
        /// The status.
        status: u16,
    },
    /// What it answers is none.
    #[error("{url} is not a {what}")]
    Document {
        /// What was fetched.
        url: String,
        /// What it should be.
        what: &'static str,
        /// What the JSON reader says.
        #[source]
        source: serde_json::Error,
    },
    /// The discovery document is that of another issuer.
    #[error("{url} is about {got:?}")]
    OtherIssuer {
        /// What was fetched.
        url: String,
        /// The issuer that it names.
        got: String,
    },
    /// It names a place that anybody between could answer for.
    #[error("{url} names a key set that is not at an https URL")]
    Place {
        /// What was fetched.
        url: String,
    },
    /// No key of the set can be used.
    #[error("{url} holds no key that verifies signatures")]
    NoKeys {
        /// What was fetched.
        url: String,
    },
    /// The issuer's certificate authority cannot be read.
    #[error("cannot read certificates from {path}")]
    Ca {
        /// The file.
        path: String,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// It did not answer a moment ago.
    #[error("the issuer did not answer a moment ago")]
    NotYet,
    /// A task ended abnormally.
    #[error("an internal task ended abnormally")]
    Task(#[from] tokio::task::JoinError),
}

/// A key that verifies, and by which algorithms.
#[derive(Clone)]
pub(super) struct VerifyingKey {
    id: Option<String>,
    pub(super) key: DecodingKey,
    /// All of one kind: that of the key.
    pub(super) algorithms: Vec<Algorithm>,
}

/// Keys as they were fetched.
struct KeySet {
    keys: Vec<VerifyingKey>,
    fetched: Instant,
}

impl KeySet {
    /// The key that a token names. One that names none can only mean a key that is the only one.
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&VerifyingKey> {
        match id {
            None if self.keys.len() > 1 => None,
            id => self
                .keys
                .iter()
                .find(|key| (id.is_none() || key.id.as_deref() == id) && key.algorithms.contains(&algorithm)),
        }
    }
}

/// The keys of one issuer.
pub(super) struct KeySource {
    pub(super) origin: Origin,
    metrics: Arc<Metrics>,
    held: RwLock<Option<Arc<KeySet>>>,
    /// When it was last tried to fetch them. Held while that is tried.
    tried: Mutex<Option<Instant>>,
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySource").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl KeySource {
    pub(super) fn new(origin: Origin, metrics: Arc<Metrics>) -> Self {
        Self { origin, metrics, held: RwLock::default(), tried: Mutex::default() }
    }

    /// The key that a token names, if the issuer has it.
    ///
    /// # Errors
    /// [`JwksError`], when it has not been heard of for too long.
    pub(super) async fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Option<VerifyingKey>, JwksError> {
        let held = self.held();
        let found = held.as_ref().and_then(|set| set.find(id, algorithm).cloned());
        let age = held.as_ref().map_or(Duration::MAX, |set| set.fetched.elapsed());
        if found.is_some() && age < FRESH {
            return Ok(found);
        }
        if found.is_some() && age < KEPT {
            // It is looked whether the set is another one now. While one does that, and when it fails, the key that is there is used.
            let Ok(tried) = self.tried.try_lock() else { return Ok(found) };
            return Ok(match self.fetch(tried).await {
                Ok(()) => self.held().and_then(|set| set.find(id, algorithm).cloned()),
                Err(_) => found,
            });
        }
        let tried = self.tried.lock().await;
        // Somebody else may have fetched it meanwhile.
        let newer = self.held().filter(|set| set.fetched.elapsed() < KEPT);
        if let Some(found) = newer.as_ref().and_then(|set| set.find(id, algorithm)) {
            return Ok(Some(found.clone()));
        }
        match self.fetch(tried).await {
            Ok(()) => Ok(self.held().and_then(|set| set.find(id, algorithm).cloned())),
            // The issuer has no such key, as far as was heard a moment ago.
            Err(_) if newer.is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn held(&self) -> Option<Arc<KeySet>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches the set, if that was not tried just now.
    async fn fetch(&self, mut tried: MutexGuard<'_, Option<Instant>>) -> Result<(), JwksError> {
        if tried.is_some_and(|at| at.elapsed() < Duration::from_secs(self.origin.refetch)) {
            return Err(JwksError::NotYet);
        }
        *tried = Some(Instant::now());
        let origin = self.origin.clone();
        let keys = tokio::task::spawn_blocking(move || fetch(&origin)).await.map_err(JwksError::from).flatten();
        self.metrics.keys_fetched(keys.is_ok());
        match keys {
            Ok(keys) => {
                let set = KeySet { keys, fetched: Instant::now() };
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(set));
                Ok(())
            }
            Err(error) => {
                let (issuer, why) = (&self.origin.issuer, crate::failure::chain(&error));
                tracing::error!(issuer, error = why, "the keys of an issuer were not fetched");
                Err(error)
            }
        }
    }
}

/// Fetches and reads the set. Blocking.
fn fetch(origin: &Origin) -> Result<Vec<VerifyingKey>, JwksError> {
    let agent = agent(origin)?;
    let url = match &origin.jwks {
        Some(url) => url.clone(),
        None => discover(&agent, &origin.issuer)?,
    };
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = document(&agent, url.as_str(), "set of keys")?;
    // What cannot be read, or is not for signatures, is somebody else's.
    let jwks = set.keys.into_iter().take(MAX_KEYS).filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    let keys: Vec<_> = jwks.filter_map(|jwk| usable(&jwk)).collect();
    if keys.is_empty() { Err(JwksError::NoKeys { url: url.into() }) } else { Ok(keys) }
}

/// Where the issuer says that its keys are (OpenID Connect Discovery).
fn discover(agent: &Agent, issuer: &str) -> Result<Url, JwksError> {
    #[derive(Deserialize)]
    struct Discovery {
        issuer: String,
        jwks_uri: String,
    }
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let found: Discovery = document(agent, &url, "discovery document")?;
    if found.issuer != issuer {
        return Err(JwksError::OtherIssuer { url, got: found.issuer.chars().take(200).collect() });
    }
    private_url(&found.jwks_uri).map_err(|_| JwksError::Place { url })
}

fn agent(origin: &Origin) -> Result<Agent, JwksError> {
    let mut config = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        // Elsewhere is not the issuer.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("zkl-server/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = &origin.ca {
        let read = |source| JwksError::Ca { path: path.display().to_string(), source };
        let pem = fs::read(path).map_err(read)?;
        let trusted: Vec<Certificate<'static>> = parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if trusted.is_empty() {
            return Err(read(io::Error::new(io::ErrorKind::InvalidData, "there is none")));
        }
        config = config.tls_config(TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(trusted))).build());
    }
    Ok(config.build().into())
}

fn document<T: serde::de::DeserializeOwned>(agent: &Agent, url: &str, what: &'static str) -> Result<T, JwksError> {
    let http = |source| JwksError::Http { url: url.to_owned(), source: Box::new(source) };
    let mut answer = agent.get(url).call().map_err(http)?;
    let status = answer.status().as_u16();
    if status != 200 {
        return Err(JwksError::Status { url: url.to_owned(), status });
    }
    let bytes = answer.body_mut().with_config().limit(MAX_DOCUMENT).read_to_vec().map_err(http)?;
    serde_json::from_slice(&bytes).map_err(|source| JwksError::Document { url: url.to_owned(), what, source })
}

/// A key of the set, if it verifies signatures, with the algorithms of its kind and of its own `alg`.
fn usable(jwk: &Jwk) -> Option<VerifyingKey> {
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let of_kind: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(key) if RSA_BYTES.contains(&(key.n.trim_end_matches('=').len() * 3 / 4)) => &[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ],
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => &[],
        },
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
        // A shared secret verifies nothing, wherever it is published.
        _ => &[],
    };
    let own = jwk.common.key_algorithm.map(|own| own.to_string());
    let is_own = |algorithm: &&Algorithm| own.as_ref().is_none_or(|own| own.parse() == Ok(**algorithm));
    let algorithms: Vec<_> = of_kind.iter().filter(is_own).copied().collect();
    let key = DecodingKey::from_jwk(jwk).ok().filter(|_| !algorithms.is_empty())?;
    Some(VerifyingKey { id: jwk.common.key_id.clone(), key, algorithms })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn algorithms(jwk: Value) -> Vec<Algorithm> {
        let jwk: Option<Jwk> = serde_json::from_value(jwk).ok();
        jwk.and_then(|jwk| usable(&jwk)).map(|key| key.algorithms).unwrap_or_default()
    }

    #[test]
    fn a_key_verifies_by_the_algorithms_of_its_kind_alone() {
        let (n, x) = ("A".repeat(342), "A".repeat(43));
        let rsa = json!({ "kty": "RSA", "n": n, "e": "AQAB" });
        assert_eq!(algorithms(rsa.clone()).len(), 6);
        assert_eq!(algorithms(json!({ "kty": "EC", "crv": "P-256", "x": x, "y": x })), [Algorithm::ES256]);
        assert_eq!(algorithms(json!({ "kty": "OKP", "crv": "Ed25519", "x": x })), [Algorithm::EdDSA]);
        let with = |field: &str, value: &str| {
            let mut jwk = rsa.clone();
            jwk[field] = value.into();
            algorithms(jwk)
        };
        assert_eq!(with("alg", "PS256"), [Algorithm::PS256]);
        assert_eq!(with("use", "sig").len(), 6);
        for (field, value) in [
            ("use", "enc"),
            ("alg", "HS256"),
            ("alg", "ES256"),
            ("alg", "RSA-OAEP"),
            ("alg", "none"),
            // 1024 bits, and 16,384.
            ("n", &"A".repeat(171)),
            ("n", &"A".repeat(2_731)),
            ("kty", "EC"),
        ] {
            assert_eq!(with(field, value), [], "{field} {value}");
        }
        assert_eq!(algorithms(json!({ "kty": "oct", "k": "c2VjcmV0" })), []);
        assert_eq!(algorithms(json!({ "kty": "OKP", "crv": "X25519", "x": x })), []);
    }

    #[test]
    fn a_token_that_names_no_key_means_the_only_one() {
        let key = |id: &str| VerifyingKey {
            id: Some(id.to_owned()),
            key: DecodingKey::from_ed_der(&[0; 32]),
            algorithms: vec![Algorithm::EdDSA],
        };
        let mut set = KeySet { keys: vec![key("a")], fetched: Instant::now() };
        assert!(set.find(None, Algorithm::EdDSA).is_some() && set.find(Some("a"), Algorithm::EdDSA).is_some());
        assert!(set.find(Some("b"), Algorithm::EdDSA).is_none() && set.find(Some("a"), Algorithm::ES256).is_none());
        set.keys.push(key("b"));
        assert!(set.find(None, Algorithm::EdDSA).is_none() && set.find(Some("b"), Algorithm::EdDSA).is_some());
    }
}
