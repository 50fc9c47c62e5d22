//! TLS, with certificates that are renewed while the server runs.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use thiserror::Error;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

/// How long a new certificate may go unnoticed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A certificate and its key, in PEM files that are read again when they are others.
#[derive(Debug)]
pub struct Tls {
    certificates: PathBuf,
    key: PathBuf,
    current: Mutex<Current>,
}

/// What is spoken within TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// REST, pages and GraphQL.
    Http1,
    /// gRPC.
    #[cfg(feature = "grpc")]
    Http2,
}

/// A configuration for each protocol.
#[derive(Clone)]
struct Configs {
    http1: Arc<ServerConfig>,
    #[cfg(feature = "grpc")]
    http2: Arc<ServerConfig>,
}

struct Current {
    config: Configs,
    stamp: Stamp,
    looked: Instant,
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Current").field("stamp", &self.stamp).finish_non_exhaustive()
    }
}

/// What tells one version of the files from another.
type Stamp = [(SystemTime, u64); 2];

/// TLS cannot be spoken with these files.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path} does not hold {expected} in PEM", path = path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// What the reader says.
        #[source]
        source: Option<rustls::pki_types::pem::Error>,
    },
    /// The key is not the certificate's, or not one that can be used.
    #[error("the certificate and the key cannot be used together")]
    Mismatch(#[from] rustls::Error),
}

impl Tls {
    /// The certificate chain and the key of these files. Blocking.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn open(certificates: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let stamp = stamp(&certificates, &key)?;
        let config = read(&certificates, &key)?;
        Ok(Self { certificates, key, current: Mutex::new(Current { config, stamp, looked: Instant::now() }) })
    }

    /// What accepts the next connection. Blocking, when a second has passed.
    pub(crate) fn acceptor(&self, protocol: Protocol) -> TlsAcceptor {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.looked.elapsed() >= LOOK_AGAIN {
            current.looked = Instant::now();
            // Files that are being replaced do not fit for a moment: what worked goes on working, and they are looked at again.
            match self.newer(current.stamp) {
                Ok(Some((config, stamp))) => {
                    (current.config, current.stamp) = (config, stamp);
                    tracing::info!("the certificate was read again");
                }
                Ok(None) => {}
                Err(error) => {
                    let error = crate::failure::chain(&error);
                    tracing::error!(error, "a new certificate cannot be used; the one before stays");
                }
            }
        }
        TlsAcceptor::from(Arc::clone(match protocol {
            Protocol::Http1 => &current.config.http1,
            #[cfg(feature = "grpc")]
            Protocol::Http2 => &current.config.http2,
        }))
    }

    fn newer(&self, seen: Stamp) -> Result<Option<(Configs, Stamp)>, TlsError> {
        let stamp = stamp(&self.certificates, &self.key)?;
        if stamp == seen {
            return Ok(None);
        }
        Ok(Some((read(&self.certificates, &self.key)?, stamp)))
    }
}

fn stamp(certificates: &Path, key: &Path) -> Result<Stamp, TlsError> {
    let of = |path: &Path| {
        let read = |source| TlsError::Read { path: path.to_owned(), source };
        let metadata = fs::metadata(path).map_err(read)?;
        Ok::<_, TlsError>((metadata.modified().map_err(read)?, metadata.len()))
    };
    Ok([of(certificates)?, of(key)?])
}

fn read(certificates: &Path, key: &Path) -> Result<Configs, TlsError> {
    let bytes = |path: &Path| fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source });
    let pem = |path: &Path, expected, source| TlsError::Pem { path: path.to_owned(), expected, source };
    let chain = CertificateDer::pem_slice_iter(&bytes(certificates)?).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| pem(certificates, "certificates", Some(error)))?;
    if chain.is_empty() {
        return Err(pem(certificates, "certificates", None));
    }
    let secret = zeroize::Zeroizing::new(bytes(key)?);
    let secret = PrivateKeyDer::from_pem_slice(&secret).map_err(|error| pem(key, "a private key", Some(error)))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = builder.with_no_client_auth().with_single_cert(chain, secret)?;
    let speaking = |protocol: &[u8]| {
        let mut config = config.clone();
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config)
    };
    Ok(Configs {
        http1: speaking(b"http/1.1"),
        #[cfg(feature = "grpc")]
        http2: speaking(b"h2"),
    })
}
