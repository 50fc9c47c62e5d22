//! An issuer of tokens on a free port of the loopback interface: keys, a discovery document, and tokens that are right or wrong.

use std::{
    io::{BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, crypto, jwk::Jwk};
use serde_json::{Map, Value, json};
use tokio_rustls::rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
};

/// An RSA key of 2,048 bits for tests: making one takes seconds. PKCS #1 in DER, in Base64.
const RSA: &str = include_str!("oidc/rsa.b64");

/// A key that signs tokens.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) id: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: EncodingKey,
    /// The public half in Base64, of Ed25519.
    pub(crate) x: Option<String>,
}

impl Signer {
    pub(crate) fn new(id: &str, algorithm: Algorithm) -> Self {
        let made = |kind| rcgen::KeyPair::generate_for(kind).unwrap().serialize_der();
        let mut x = None;
        let key = match algorithm {
            Algorithm::ES256 => EncodingKey::from_ec_der(&made(&rcgen::PKCS_ECDSA_P256_SHA256)),
            Algorithm::ES384 => EncodingKey::from_ec_der(&made(&rcgen::PKCS_ECDSA_P384_SHA384)),
            Algorithm::EdDSA => {
                let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
                x = Some(BASE64_URL_SAFE_NO_PAD.encode(pair.public_key_raw()));
                EncodingKey::from_ed_der(&pair.serialize_der())
            }
            _ => EncodingKey::from_rsa_der(&BASE64_STANDARD.decode(RSA.replace('\n', "")).unwrap()),
        };
        Self { id: id.to_owned(), algorithm, key, x }
    }

    /// The public half, as key sets have it.
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = match &self.x {
            Some(x) => json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "alg": "EdDSA" }),
            None => serde_json::to_value(Jwk::from_encoding_key(&self.key, self.algorithm).unwrap()).unwrap(),
        };
        jwk["kid"] = self.id.as_str().into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// A token with this head and these claims, whatever they say.
    pub(crate) fn sign(&self, head: &Value, claims: &Value) -> String {
        let message = message(head, claims);
        let signature = crypto::sign(message.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }

    pub(crate) fn head(&self) -> Value {
        json!({ "alg": format!("{:?}", self.algorithm), "typ": "JWT", "kid": self.id })
    }
}

/// What is signed of a token.
pub(crate) fn message(head: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(head), part(claims))
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// What the issuer answers with.
type Pages = Arc<Mutex<Map<String, Value>>>;

/// An issuer that ends with the test.
pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) signer: Signer,
    address: SocketAddr,
    pages: Pages,
    asked: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Issuer {
    /// With one key of this kind.
    pub(crate) fn start(algorithm: Algorithm) -> Self {
        Self::serve(algorithm, None)
    }

    /// Over TLS, with a new certificate, which is returned in PEM.
    pub(crate) fn start_with_tls(algorithm: Algorithm) -> (Self, String) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let chain = vec![CertificateDer::from(made.cert.der().to_vec())];
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
        (Self::serve(algorithm, Some(Arc::new(config))), made.cert.pem())
    }

    fn serve(algorithm: Algorithm, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("{}://{address}/realm", if tls.is_some() { "https" } else { "http" });
        let (pages, asked, stop) = (Pages::default(), Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let thread = std::thread::spawn({
            let (pages, asked, stop) = (Arc::clone(&pages), Arc::clone(&asked), Arc::clone(&stop));
            move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let stream = stream.unwrap();
                    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                    // A client that does not trust the certificate hangs up.
                    drop(match &tls {
                        None => answer(stream, &pages, &asked),
                        Some(config) => {
                            let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                            answer(StreamOwned::new(connection, stream), &pages, &asked)
                        }
                    });
                }
            }
        });
        let signer = Signer::new("first", algorithm);
        let issuer = Self { url, signer, address, pages, asked, stop, thread: Some(thread) };
        let url = &issuer.url;
        issuer.page(
            "/realm/.well-known/openid-configuration",
            json!({ "issuer": url, "jwks_uri": format!("{url}/keys") }),
        );
        issuer.publish(&[issuer.signer.jwk()]);
        issuer
    }

    /// Answers with this JSON at a path. A text is where else it is.
    pub(crate) fn page(&self, path: &str, page: Value) {
        self.pages.lock().unwrap().insert(path.to_owned(), page);
    }

    /// These are the keys from now on.
    pub(crate) fn publish(&self, keys: &[Value]) {
        self.page("/realm/keys", json!({ "keys": keys }));
    }

    /// Nothing is answered any more but 404.
    pub(crate) fn forget(&self) {
        self.pages.lock().unwrap().clear();
    }

    /// How often the key set was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Claims of a token that is good for five minutes.
    pub(crate) fn claims(&self, subject: &str, grants: &[&str]) -> Value {
        json!({ "iss": self.url, "aud": "zkl", "sub": subject, "iat": now(), "exp": now() + 300, "grants": grants })
    }

    /// A token that is good.
    pub(crate) fn token(&self, subject: &str, grants: &[&str]) -> String {
        self.signer.sign(&self.signer.head(), &self.claims(subject, grants))
    }

    /// Writes a file of this issuer, in which the claim `grants` says what a token gives; `more` stands among its settings.
    pub(crate) fn policy(&self, dir: &Path, grants: &[&str], more: &str) -> PathBuf {
        let mut text = format!("[[issuer]]\nname = \"corp\"\nurl = \"{}\"\naudience = \"zkl\"\n{more}\n", self.url);
        for grant in grants {
            text += &format!("[[issuer.rule]]\nwhere = {{ grants = \"{grant}\" }}\ngrants = [\"{grant}\"]\n");
        }
        let path = dir.join("issuers.toml");
        // Whole or not at all: whoever reads it meanwhile does not read half of it.
        std::fs::write(dir.join("new"), text).unwrap();
        std::fs::rename(dir.join("new"), &path).unwrap();
        path
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn answer(stream: impl Read + Write, pages: &Pages, asked: &AtomicUsize) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        lines.push(line);
    }
    let path = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    if path.ends_with("/keys") {
        asked.fetch_add(1, Ordering::Relaxed);
    }
    let page = pages.lock().unwrap().get(path).cloned();
    let (head, body) = match page {
        None => ("404 Not Found".to_owned(), String::new()),
        Some(Value::String(elsewhere)) => (format!("302 Found\r\nlocation: {elsewhere}"), String::new()),
        Some(page) => ("200 OK".to_owned(), page.to_string()),
    };
    let mut stream = reader.into_inner();
    write!(stream, "HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())?;
    stream.flush()
}
