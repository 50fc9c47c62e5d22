//! Serving, from the command line.

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use clap::{Args, builder::BoolishValueParser};
use tokio::net::TcpListener;
use zkl_ledger::{
    Ledger, LedgerBuilder,
    circuit::KeyStore,
    home::LedgerHome,
    openings::{OpeningKey, Passphrase},
    requests::ProofSetting,
};
use zkl_sources::allow::{AllowedSources, SourcePrefix};

use super::{LedgerArgs, LogFormat, Observed, observe};
use crate::{
    access::{Access, KeyRing},
    error::ServerError,
    operations::{OperationLimits, UploadLimits},
    server::{Listeners, ServerLimits, serve},
    service::{CACHE_BYTES, CosignSettings, Service, ServiceSettings},
    tls::Tls,
};

/// How a ledger is served. One process has it open for writing: while it is served, other programs read.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Address to listen on, in the clear unless there is a certificate: put a proxy with TLS before what is not loopback
    #[arg(long, env = "ZKL_LISTEN", default_value = "127.0.0.1:8400", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Certificate chain in PEM, to speak TLS with; read again when it is another one
    #[arg(long, env = "ZKL_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Private key of the certificate, in PEM
    #[arg(long, env = "ZKL_TLS_KEY", value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Address for metrics and health, in the clear and without a key: for the operator's machines only
    #[arg(long, env = "ZKL_METRICS_LISTEN", value_name = "ADDRESS")]
    metrics_listen: Option<SocketAddr>,
    /// Address for gRPC, in the clear unless there is a certificate
    #[cfg(feature = "grpc")]
    #[arg(long, env = "ZKL_GRPC_LISTEN", value_name = "ADDRESS")]
    grpc_listen: Option<SocketAddr>,
    /// Answer what is read and verified, and write nothing: of such servers there can be many, on a store that others write to, with a
    /// directory that holds `ledger.toml` and the log's public key alone
    #[arg(long, env = "ZKL_READ_ONLY", value_parser = BoolishValueParser::new())]
    read_only: bool,
    /// Directory of operations, of the audit log and of clients' keys [default: server, in the ledger's directory]
    #[arg(long, env = "ZKL_STATE", value_name = "DIR")]
    state: Option<PathBuf>,
    /// File of clients' keys that another server keeps: read again when it is another one
    #[arg(long, env = "ZKL_API_KEYS", value_name = "FILE")]
    api_keys: Option<PathBuf>,
    /// How the log is written to stderr
    #[arg(long, env = "ZKL_LOG", value_enum, default_value_t, value_name = "FORMAT")]
    log: LogFormat,
    /// Collector that traces are sent to, by OTLP over HTTP, such as http://127.0.0.1:4318
    #[cfg(feature = "otlp")]
    #[arg(long, env = "ZKL_OTLP", value_name = "URL")]
    otlp: Option<String>,
    /// Let everybody read what is in the log: datasets, entries, receipts, tiles
    #[arg(long, env = "ZKL_PUBLIC_LOG", value_parser = BoolishValueParser::new())]
    public_log: bool,
    /// Let everybody have receipts verified
    #[arg(long, env = "ZKL_PUBLIC_VERIFY", value_parser = BoolishValueParser::new())]
    public_verify: bool,
    /// File of issuers (OpenID Connect) whose tokens are taken beside keys; read again when it is another one
    #[arg(long, env = "ZKL_OIDC", value_name = "FILE")]
    oidc: Option<PathBuf>,
    /// Do not record on the log who may do what: for a log whose readers must not know
    #[arg(long, env = "ZKL_NO_POLICY_ENTRIES", value_parser = BoolishValueParser::new())]
    no_policy_entries: bool,
    /// Do not have the log cosigned by the witnesses of ledger.toml
    #[arg(long, env = "ZKL_NO_COSIGN", value_parser = BoolishValueParser::new())]
    no_cosign: bool,
    /// Bytes of memory for copies of what the store holds and never changes; 0 for none
    #[arg(long, env = "ZKL_CACHE_BYTES", default_value_t = CACHE_BYTES, value_name = "BYTES")]
    cache_bytes: u64,
    /// Operations that are carried out at a time; one uses every processor
    #[arg(long, default_value_t = OperationLimits::default().workers as u16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    workers: u16,
    /// Operations and uploads that wait besides; more are refused
    #[arg(long, default_value_t = OperationLimits::default().waiting as u16, value_name = "N")]
    queue: u16,
    /// Operations and uploads of one key, of all of these
    #[arg(long, default_value_t = OperationLimits::default().per_subject as u16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    queue_per_key: u16,
    /// Operations that have ended and can still be asked for, the newest ones
    #[arg(long, default_value_t = OperationLimits::default().kept as u32, value_name = "N")]
    kept_operations: u32,
    /// Days that they are kept
    #[arg(long, default_value_t = 7, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=366))]
    kept_days: u16,
    /// Requests a second of one key, or of one address without a key; 0 for any number
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    rate: u32,
    /// Longest upload, in bytes
    #[arg(long, default_value_t = OperationLimits::default().upload, value_name = "BYTES")]
    max_upload: u64,
    /// URL below which tables may be notarized from, such as `https://data.example.com/team/`; all addresses of its host must be public (may be
    /// repeated) [default: none]
    #[arg(long = "source", env = "ZKL_SOURCES", value_name = "PREFIX", value_delimiter = ',')]
    sources: Vec<SourcePrefix>,
    /// The same, whose host may be at any address: of this machine, of a private network (may be repeated)
    #[arg(long = "private-source", env = "ZKL_PRIVATE_SOURCES", value_name = "PREFIX", value_delimiter = ',')]
    private_sources: Vec<SourcePrefix>,
    /// Bytes of disk for uploads that may be interrupted, all that are open together
    #[arg(long, default_value_t = UploadLimits::default().room, value_name = "BYTES")]
    upload_room: u64,
    /// Hours that such an upload may take, from its beginning
    #[arg(long, default_value_t = 24, value_name = "HOURS", value_parser = clap::value_parser!(u16).range(1..=24 * 30))]
    upload_hours: u16,
    /// Seconds that requests and operations are given to end when the server stops
    #[arg(long, default_value_t = ServerLimits::default().grace.as_secs(), value_name = "SECONDS")]
    grace: u64,
}

/// A ledger that is opened and served.
#[derive(Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    ledger: LedgerArgs,
    #[command(flatten)]
    options: ServeOptions,
    /// Directory of generated proving keys and reference strings [default: the user's cache directory]
    #[arg(long, env = "ZKL_KEYS", value_name = "DIR")]
    keys: Option<PathBuf>,
    /// How proofs are made: universal, compact or dev
    #[arg(long, env = "ZKL_PROOF", default_value_t, value_name = "SYSTEM")]
    proof: ProofSetting,
    /// Key file of encrypted openings
    #[arg(long, env = "ZKL_OPENINGS_KEY", value_name = "FILE")]
    openings_key: Option<PathBuf>,
    /// File with the passphrase of encrypted openings
    #[arg(long, env = "ZKL_PASSPHRASE_FILE", value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl ServeOptions {
    /// Sends the log to stderr and traces to where they are to go, as long as what is returned is there.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn observe(&self) -> Result<Observed, ServerError> {
        #[cfg(feature = "otlp")]
        let otlp = self.otlp.as_deref();
        #[cfg(not(feature = "otlp"))]
        let otlp = None;
        observe(self.log, otlp)
    }

    /// Opens the ledger in `dir` as it is to be served.
    ///
    /// # Errors
    /// [`ServerError::Ledger`], [`ServerError::EmbeddedStore`].
    pub async fn open(&self, builder: LedgerBuilder, dir: &Path) -> Result<Ledger, ServerError> {
        if !self.read_only {
            return Ok(builder.open(dir).await?);
        }
        if LedgerHome::open(dir)?.store().is_embedded() {
            return Err(ServerError::EmbeddedStore);
        }
        Ok(builder.open_read_only(dir).await?)
    }

    /// Listens on the addresses.
    ///
    /// # Errors
    /// [`ServerError::Listen`], [`ServerError::Tls`].
    pub async fn listeners(&self) -> Result<Listeners, ServerError> {
        let tls = match (&self.tls_certificate, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::open(certificate.clone(), key.clone())?),
            _ => None,
        };
        let internal = match self.metrics_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        #[cfg(feature = "grpc")]
        let grpc = match self.grpc_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        Ok(Listeners {
            clients: listen(self.listen).await?,
            #[cfg(feature = "grpc")]
            grpc,
            tls,
            internal,
        })
    }

    /// Serves an open ledger whose directory is `dir`, until the process is told to end (SIGINT, SIGTERM).
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn serve(self, ledger: Ledger, dir: &Path, listeners: Listeners) -> Result<(), ServerError> {
        let settings = ServiceSettings {
            access: Access { public_log: self.public_log, public_verify: self.public_verify },
            operations: OperationLimits {
                workers: self.workers.into(),
                waiting: self.queue.into(),
                per_subject: self.queue_per_key.into(),
                upload: self.max_upload,
                kept: usize::try_from(self.kept_operations).unwrap_or(usize::MAX),
                kept_for: Duration::from_secs(u64::from(self.kept_days) * 24 * 60 * 60),
            },
            rate: NonZeroU32::new(self.rate),
            oidc: self.oidc,
            cache_bytes: self.cache_bytes,
            uploads: UploadLimits {
                room: self.upload_room,
                kept_for: Duration::from_secs(u64::from(self.upload_hours) * 60 * 60),
            },
            sources: {
                let public = self.sources.into_iter().fold(AllowedSources::default(), AllowedSources::public);
                self.private_sources.into_iter().fold(public, AllowedSources::private)
            },
            policy_entries: !self.no_policy_entries,
            cosign: match self.no_cosign {
                true => CosignSettings::default(),
                false => CosignSettings::of(&LedgerHome::open(dir)?),
            },
        };
        let dir = self.state.unwrap_or_else(|| Service::dir(dir));
        let keys = self.api_keys;
        let start = move || {
            let service = Service::start(ledger, &dir, settings)?;
            Ok::<_, ServerError>(match keys {
                Some(path) => service.with_keys(KeyRing::at(path)?),
                None => service,
            })
        };
        let service = tokio::task::spawn_blocking(start);
        let service = Arc::new(service.await.map_err(crate::ServiceError::from)??);
        let limits = ServerLimits { grace: Duration::from_secs(self.grace), ..ServerLimits::default() };
        serve(service, listeners, limits, told_to_end()).await
    }
}

impl ServeArgs {
    pub(super) fn observe(&self) -> Result<Observed, ServerError> {
        self.options.observe()
    }

    /// Opens the ledger and serves it.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn run(self, say: impl Fn(&str)) -> Result<(), ServerError> {
        // Boxed: the futures of all stores together are a type too deep for the compiler.
        let ledger = Box::pin(self.open()).await?;
        let listeners = self.options.listeners().await?;
        say(&format!("listening on {}", listeners.url()?));
        #[cfg(feature = "grpc")]
        if let Some(address) = listeners.grpc_address()? {
            say(&format!("gRPC on {address}"));
        }
        self.options.serve(ledger, &self.ledger.ledger, listeners).await
    }

    async fn open(&self) -> Result<Ledger, ServerError> {
        let home = LedgerHome::open(&self.ledger.ledger)?;
        let mut builder = Ledger::builder().proofs(self.proof);
        if let Some(dir) = &self.keys {
            builder = builder.keys(KeyStore::open(dir).map_err(zkl_ledger::LedgerError::from)?);
        }
        let passphrase = self.passphrase_file.as_deref().map(Passphrase::read).transpose()?;
        let key = match &self.openings_key {
            Some(path) => Some(OpeningKey::read_file(path, passphrase.as_ref())?),
            None => passphrase.map(OpeningKey::Passphrase),
        };
        if let Some(key) = key {
            builder = builder.opening_key(key);
        }
        self.options.open(builder, home.dir()).await
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).await.map_err(|source| ServerError::Listen { address: address.to_string(), source })
}

async fn told_to_end() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = interrupted.await;
}
