//! The servers, and ledgers on them.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use zkl_storage_s3::{S3Backend, S3Config, S3Credentials};
use zkl_testkit::{conformance::BackendFactory, http_proxy::HttpProxy, s3::S3Server, trials::SharedBackendFactory};

pub(crate) const BUCKET: &str = "ledgers";

/// Ceph's gateway, with a bucket without versioning.
pub(crate) static CEPH: LazyLock<S3Server> = LazyLock::new(|| with_bucket(S3Server::ceph_rgw().unwrap(), false));
/// moto, with a versioned bucket.
pub(crate) static MOTO: LazyLock<S3Server> = LazyLock::new(|| with_bucket(S3Server::moto().unwrap(), true));

fn with_bucket(server: S3Server, versioned: bool) -> S3Server {
    on_its_own(server.create_bucket(BUCKET, versioned)).unwrap();
    server
}

/// Runs a future where the caller may be inside a runtime already.
pub(crate) fn on_its_own<F: Future<Output: Send> + Send>(future: F) -> F::Output {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| zkl_testkit::conformance::block_on(future));
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

pub(crate) fn config(server: &S3Server) -> S3Config {
    S3Config {
        credentials: Some(S3Credentials::new(server.access_key(), server.secret_key())),
        connect_timeout: Duration::from_secs(2),
        ..S3Config::default()
    }
}

/// The server's credentials, where AWS's own tools look for them.
pub(crate) fn environment(server: &S3Server) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ACCESS_KEY_ID", server.access_key().to_owned()),
        ("AWS_SECRET_ACCESS_KEY", server.secret_key().to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
    ]
}

/// A prefix that nobody has used.
pub(crate) fn fresh_prefix() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let started = std::process::id();
    format!("test-{started}/{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn url(endpoint: &str, prefix: &str) -> String {
    format!("s3://{BUCKET}/{prefix}?endpoint={endpoint}")
}

/// A new ledger on Ceph behind a proxy of its own.
pub(crate) struct Proxied {
    pub(crate) proxy: HttpProxy,
    pub(crate) prefix: String,
    patient: bool,
}

impl Proxied {
    /// With short time limits, so that tests of lost answers are short.
    pub(crate) async fn new() -> (Self, S3Backend) {
        Self::with(false).await
    }

    /// With the usual time limits, so that a slow machine does not add requests that a test counts.
    pub(crate) async fn patient() -> (Self, S3Backend) {
        Self::with(true).await
    }

    async fn with(patient: bool) -> (Self, S3Backend) {
        let proxied = Self { proxy: HttpProxy::start(CEPH.endpoint()).unwrap(), prefix: fresh_prefix(), patient };
        let backend = S3Backend::create(&proxied.url(), &proxied.config()).await.unwrap();
        proxied.proxy.take_seen();
        (proxied, backend)
    }

    pub(crate) fn url(&self) -> String {
        url(&self.proxy.endpoint(), &self.prefix)
    }

    pub(crate) fn config(&self) -> S3Config {
        if self.patient {
            return config(&CEPH);
        }
        S3Config {
            attempt_timeout: Duration::from_millis(1_500),
            settle_timeout: Duration::from_secs(20),
            ..config(&CEPH)
        }
    }

    pub(crate) async fn open(&self) -> S3Backend {
        S3Backend::open(&self.url(), &self.config()).await.unwrap()
    }

    /// The same ledger, without the proxy.
    pub(crate) async fn open_directly(&self) -> S3Backend {
        S3Backend::open(&url(CEPH.endpoint(), &self.prefix), &config(&CEPH)).await.unwrap()
    }
}

/// Ledgers below prefixes of one bucket.
pub(crate) struct Ledgers(pub(crate) &'static LazyLock<S3Server>);

#[async_trait]
impl BackendFactory for Ledgers {
    type Backend = S3Backend;

    async fn create(&self) -> S3Backend {
        let url = url(self.0.endpoint(), &fresh_prefix());
        S3Backend::create(&url, &config(self.0)).await.unwrap()
    }

    async fn reopen(&self, backend: S3Backend) -> S3Backend {
        self.open_another(&backend).await
    }
}

#[async_trait]
impl SharedBackendFactory for Ledgers {
    async fn open_another(&self, backend: &S3Backend) -> S3Backend {
        let url = format!("{}?endpoint={}", backend.place(), self.0.endpoint());
        S3Backend::open(&url, &config(self.0)).await.unwrap()
    }
}
