//! A server on a free port of the loopback interface, and a client.

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot};
use zkl_ledger::{
    Ledger, Table,
    circuit::KeyStore,
    home::LedgerHome,
    requests::{EvidenceRequest, ProofSetting},
    transparency::{cosignature::WitnessVerifier, note::NoteVerifier},
};
use zkl_server::{
    CosignSettings, Listeners, ServerLimits, Service, ServiceSettings, Tls,
    access::{Access, Grant, KeyRing},
    operations::OperationLimits,
    serve,
};

pub(crate) const CSV: &str = "age,smokes\n34,no\n58,yes\n41,no\n";

/// How a server of a test is started.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) access: Access,
    pub(crate) operations: OperationLimits,
    pub(crate) limits: ServerLimits,
    pub(crate) rate: Option<NonZeroU32>,
    /// Whether it is on the log who may do what: an entry more, when the server starts, than most tests speak of.
    pub(crate) policy_entries: bool,
    /// Longest request to a witness.
    pub(crate) witness_timeout: Duration,
}

impl Default for Setup {
    fn default() -> Self {
        let operations = OperationLimits { upload: 1 << 20, ..OperationLimits::default() };
        let limits = ServerLimits { grace: Duration::from_secs(60), ..ServerLimits::default() };
        Self {
            access: Access::default(),
            operations,
            limits,
            rate: None,
            policy_entries: false,
            witness_timeout: Duration::from_secs(10),
        }
    }
}

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Of gRPC.
    pub(crate) grpc: SocketAddr,
    /// Of metrics and health.
    pub(crate) internal: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A ledger's directory, with a table of each of two teams.
pub(crate) struct Home {
    dir: TempDir,
}

pub(crate) fn proving_keys() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("zkl-keys")
}

async fn open(dir: &Path) -> Ledger {
    let keys = KeyStore::open(proving_keys()).unwrap();
    Ledger::builder().keys(keys).proofs(ProofSetting::Dev).open(dir).await.unwrap()
}

impl Home {
    /// Entry 0 is about `team/patients`, entry 1 about `rival/cats`.
    pub(crate) fn new() -> Self {
        let home = Self { dir: tempfile::tempdir().unwrap() };
        let dir = home.ledger();
        runtime().block_on(async move {
            drop(Ledger::create(&dir, "example.com/served".parse().unwrap()).await.unwrap());
            let ledger = open(&dir).await;
            for name in ["team/patients", "rival/cats"] {
                let table = Table::bytes(CSV).named(name.parse().unwrap());
                ledger.notarize(table).evidence(EvidenceRequest::Attestation).await.unwrap();
            }
        });
        home
    }

    /// Does something with the ledger before it is served.
    pub(crate) fn prepare(&self, prepare: impl AsyncFnOnce(&Ledger)) {
        runtime().block_on(async { prepare(&open(&self.ledger()).await).await });
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.dir.path().join("ledger")
    }

    pub(crate) fn log_key(&self) -> NoteVerifier {
        LedgerHome::open(&self.ledger()).unwrap().log_key().unwrap()
    }

    /// Names a witness in the settings.
    pub(crate) fn add_witness(&self, key: &WitnessVerifier, url: &str) {
        let path = self.ledger().join("ledger.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{text}\n[[witness]]\nkey = \"{key}\"\nurl = \"{url}\"\n")).unwrap();
    }

    pub(crate) fn server_dir(&self) -> PathBuf {
        Service::dir(&self.ledger())
    }

    /// The token of a new key.
    pub(crate) fn key(&self, grants: &[&str]) -> String {
        std::fs::create_dir_all(self.server_dir()).unwrap();
        let ring = KeyRing::open(&self.server_dir()).unwrap();
        let grants: Vec<Grant> = grants.iter().map(|grant| grant.parse().unwrap()).collect();
        ring.create("test", grants, None).unwrap().1.reveal().to_string()
    }

    pub(crate) fn everything(&self) -> String {
        self.key(&["read:*", "write:*", "prove:*", "verify", "administer"])
    }

    pub(crate) fn start(&self, setup: Setup) -> Server {
        self.start_with(setup, None)
    }

    pub(crate) fn start_with(&self, setup: Setup, tls: Option<Tls>) -> Server {
        self.start_trusting(setup, tls, None)
    }

    /// With tokens of the issuers of a file.
    pub(crate) fn start_trusting(&self, setup: Setup, tls: Option<Tls>, oidc: Option<PathBuf>) -> Server {
        self.begin(setup, tls, oidc, |ledger| ledger)
    }

    /// With something around the ledger.
    pub(crate) fn start_around(&self, setup: Setup, around: impl FnOnce(Ledger) -> Ledger + Send + 'static) -> Server {
        self.begin(setup, None, None, around)
    }

    fn begin(
        &self,
        setup: Setup,
        tls: Option<Tls>,
        oidc: Option<PathBuf>,
        around: impl FnOnce(Ledger) -> Ledger + Send + 'static,
    ) -> Server {
        let (dir, server_dir) = (self.ledger(), self.server_dir());
        let service = async move |settings| {
            let settings = ServiceSettings { oidc, cosign: cosigning(&dir, setup), ..settings };
            Service::start(around(open(&dir).await), &server_dir, settings).unwrap()
        };
        Self::run(setup, tls, service)
    }

    /// With places that it may fetch tables from.
    pub(crate) fn start_fetching(&self, setup: Setup, sources: zkl_sources::allow::AllowedSources) -> Server {
        let (dir, server_dir) = (self.ledger(), self.server_dir());
        let service = async move |settings| {
            Service::start(open(&dir).await, &server_dir, ServiceSettings { sources, ..settings }).unwrap()
        };
        Self::run(setup, None, service)
    }

    /// A server that only reads, with a state of its own and the keys of the one that writes.
    pub(crate) fn start_reader(&self, setup: Setup) -> Server {
        let (dir, keys) = (self.ledger(), self.server_dir().join("keys.json"));
        let state = self.dir.path().join("reader");
        let service = async move |settings| {
            let settings = ServiceSettings { cosign: cosigning(&dir, setup), ..settings };
            let ledger = Ledger::builder().open_read_only(&dir).await.unwrap();
            Service::start(ledger, &state, settings).unwrap().with_keys(KeyRing::at(keys).unwrap())
        };
        Self::run(setup, None, service)
    }

    fn run<S>(setup: Setup, tls: Option<Tls>, service: S) -> Server
    where
        S: AsyncFnOnce(ServiceSettings) -> Service + Send + 'static,
    {
        let (started, address) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime().block_on(async move {
                let Setup { access, operations, rate, policy_entries, .. } = setup;
                let settings =
                    ServiceSettings { access, operations, rate, policy_entries, ..ServiceSettings::default() };
                let service = Arc::new(service(settings).await);
                let clients = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let internal = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let grpc = TcpListener::bind("127.0.0.1:0").await.unwrap();
                started.send([&clients, &grpc, &internal].map(|listener| listener.local_addr().unwrap())).unwrap();
                let stopped = async { drop(stopped.await) };
                let listeners = Listeners { clients, grpc: Some(grpc), tls, internal: Some(internal) };
                serve(service, listeners, setup.limits, stopped).await.unwrap();
            });
        });
        let [address, grpc, internal] = address.recv().unwrap();
        Server { address, grpc, internal, stop: Some(stop), thread: Some(thread) }
    }
}

/// By whom the settings in `dir` say, without much of a pause.
fn cosigning(dir: &Path, setup: Setup) -> CosignSettings {
    let settings = CosignSettings::of(&LedgerHome::open(dir).unwrap());
    CosignSettings { timeout: setup.witness_timeout, pause: Duration::from_millis(50), ..settings }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

impl Server {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What the operator's machines are told at `path`.
    pub(crate) fn internal(&self, path: &str) -> Answer {
        send(&format!("http://{}{path}", self.internal), "GET", None, &[], b"")
    }

    pub(crate) fn client<'s>(&'s self, token: &'s str) -> Client<'s> {
        Client { server: self, token: Some(token) }
    }

    pub(crate) fn anonymous(&self) -> Client<'_> {
        Client { server: self, token: None }
    }

    /// Stops it and waits until it has.
    pub(crate) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server ended abnormally");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// A client with or without a key.
#[derive(Clone, Copy)]
pub(crate) struct Client<'s> {
    server: &'s Server,
    token: Option<&'s str>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.bytes)))
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self
    }

    /// Checks that it is a problem of this code.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["type"], format!("urn:zkp-dataset-ledger:problem:{code}"), "{problem}");
        assert_eq!(problem["status"], status);
        problem
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }
}

impl Client<'_> {
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], b"")
    }

    pub(crate) fn patch(&self, path: &str, body: &str) -> Answer {
        self.send("PATCH", path, &[], body.as_bytes())
    }

    pub(crate) fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send("POST", path, &[], body.as_ref())
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        send(&self.server.url(path), method, self.token, headers, body)
    }

    /// Follows an operation until it has ended.
    #[track_caller]
    pub(crate) fn follow(&self, location: &str) -> Value {
        let begun = Instant::now();
        loop {
            let operation = self.get(location).expect(200).json();
            if !matches!(operation["status"].as_str().unwrap(), "queued" | "running") {
                return operation;
            }
            assert!(begun.elapsed() < Duration::from_secs(300), "{operation}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn send(url: &str, method: &str, token: Option<&str>, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let agent = ureq::Agent::new_with_config(config);
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = match method {
        "POST" | "PUT" | "PATCH" => agent.run(request.body(body).unwrap()),
        _ => agent.run(request.body(()).unwrap()),
    };
    let mut answer = answer.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, bytes: answer.body_mut().read_to_vec().unwrap() }
}
