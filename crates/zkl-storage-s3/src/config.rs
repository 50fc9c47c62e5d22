//! What an embedder can set. Nothing here changes the format.

use std::{fmt, time::Duration};

/// Settings of one open ledger.
#[derive(Clone, Debug)]
pub struct S3Config {
    /// Endpoint, as `http://127.0.0.1:9000`. The URL's `endpoint` comes first; without either, the environment
    /// (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`), the profile, and then AWS itself.
    pub endpoint: Option<String>,
    /// Region. The URL's `region` comes first; without either, the environment, the profile, and then `us-east-1`.
    pub region: Option<String>,
    /// Credentials. Without them, the usual chain: environment, profile, web identity, container, instance.
    pub credentials: Option<S3Credentials>,
    /// Time to establish a connection.
    pub connect_timeout: Duration,
    /// Time for one try of a request up to its answer: for the upload of a part, all of it.
    pub attempt_timeout: Duration,
    /// Tries of a request that can be repeated without a thought: everything but the `PUT` of a head.
    pub max_attempts: u32,
    /// Time during which an append tries to learn the outcome of the `PUT` of its head before it calls it unknown.
    pub settle_timeout: Duration,
    /// Bytes of immutable parts of objects kept in memory.
    pub cache_bytes: u64,
    /// Blobs longer than this are uploaded in parts of this size: at least 5 MiB, which is S3's own limit.
    pub part_bytes: usize,
}

impl Default for S3Config {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            credentials: None,
            connect_timeout: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(60),
            max_attempts: 4,
            settle_timeout: Duration::from_secs(60),
            cache_bytes: 64 << 20,
            part_bytes: 16 << 20,
        }
    }
}

/// An access key and its secret.
#[derive(Clone)]
pub struct S3Credentials {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) session_token: Option<String>,
}

impl S3Credentials {
    /// Long-lived credentials.
    pub fn new(access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Self { access_key: access_key.into(), secret_key: secret_key.into(), session_token: None }
    }

    /// The same with the token of a session.
    #[must_use]
    pub fn with_session_token(mut self, token: impl Into<String>) -> Self {
        self.session_token = Some(token.into());
        self
    }
}

impl fmt::Debug for S3Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Credentials").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}
