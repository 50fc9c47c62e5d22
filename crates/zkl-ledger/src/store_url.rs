//! Which store a ledger is in, as a URL.
//!
//! ```text
//! rocks:DIR                              the embedded store
//! postgres://USER@HOST/DB?schema=NAME    PostgreSQL
//! s3://BUCKET/PREFIX?endpoint=URL        an S3-compatible object store
//! memory:                                nothing that survives the process
//! ```

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use thiserror::Error;
use zkl_core::storage::{StorageBackend, StorageError, StorageErrorKind};

use crate::{error::LedgerError, storage::memory::MemoryBackend};

/// How often a locked store is tried again.
const RETRY: Duration = Duration::from_millis(50);

/// A store of any kind.
pub type AnyStore = Arc<dyn StorageBackend>;

/// The place of a store. Printed, it hides passwords; [`StoreUrl::to_setting`] is the whole text.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreUrl {
    /// The embedded store, in a directory.
    Rocks(PathBuf),
    /// A PostgreSQL database.
    Postgres(String),
    /// A prefix of a bucket.
    S3(String),
    /// Memory of this process: for tests, trials and rehearsals.
    Memory,
}

/// A text that names no store.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{got:?} does not name a store: expected rocks:DIR, postgres://..., s3://BUCKET/PREFIX or memory:")]
pub struct StoreUrlError {
    /// The beginning of the text, up to where a password could stand.
    pub got: String,
}

/// What is wanted of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// A new store, where none may be.
    Create,
    /// The store that is there, for writing.
    Write,
    /// The store that is there, for reading.
    Read,
}

impl StoreUrl {
    /// Makes a new, empty store.
    ///
    /// # Errors
    /// [`LedgerError::NotCompiledIn`], [`LedgerError::Storage`]: `Invalid` when there is a store already.
    pub async fn create(&self) -> Result<AnyStore, LedgerError> {
        self.connect(Access::Create).await
    }

    /// Opens the store for writing.
    ///
    /// # Errors
    /// [`LedgerError::NotCompiledIn`], [`LedgerError::Storage`]: `NotFound` when there is none, `Locked` when another process
    /// has it.
    pub async fn open(&self) -> Result<AnyStore, LedgerError> {
        self.connect(Access::Write).await
    }

    /// Opens the store for writing, and waits so long for another process that has it.
    pub(crate) async fn open_within(&self, wait: Duration) -> Result<AnyStore, LedgerError> {
        let deadline = Instant::now() + wait;
        loop {
            match self.open().await {
                Err(LedgerError::Storage(StorageError { kind: StorageErrorKind::Locked, .. }))
                    if Instant::now() < deadline =>
                {
                    tokio::time::sleep(RETRY).await;
                }
                other => return other,
            }
        }
    }

    /// Opens the store for writing, making it if there is none.
    ///
    /// # Errors
    /// As [`StoreUrl::open`] and [`StoreUrl::create`].
    pub async fn open_or_create(&self) -> Result<AnyStore, LedgerError> {
        match self.open().await {
            Err(LedgerError::Storage(StorageError { kind: StorageErrorKind::NotFound, .. })) => self.create().await,
            other => other,
        }
    }

    /// Opens the store for reading.
    ///
    /// # Errors
    /// As [`StoreUrl::open`], but never `Locked`.
    pub async fn open_read_only(&self) -> Result<AnyStore, LedgerError> {
        self.connect(Access::Read).await
    }

    /// The one place where a kind of store is chosen.
    async fn connect(&self, access: Access) -> Result<AnyStore, LedgerError> {
        match self {
            Self::Rocks(dir) => rocks(dir, access).await,
            Self::Postgres(url) => postgres(url, access).await,
            Self::S3(url) => s3(url, access).await,
            Self::Memory => Ok(Arc::new(MemoryBackend::new())),
        }
    }

    /// Whether the store is gone with the process.
    pub const fn is_volatile(&self) -> bool {
        matches!(self, Self::Memory)
    }

    /// Whether another process sees what the store held when it was opened there, and no more.
    pub const fn is_embedded(&self) -> bool {
        matches!(self, Self::Rocks(_) | Self::Memory)
    }

    /// The same place with a relative directory taken from `base`.
    #[must_use]
    pub fn relative_to(self, base: &Path) -> Self {
        match self {
            Self::Rocks(dir) => Self::Rocks(base.join(dir)),
            other => other,
        }
    }

    /// The whole text, passwords included: for the settings file of the ledger.
    pub fn to_setting(&self) -> String {
        match self {
            Self::Rocks(dir) => format!("rocks:{}", dir.display()),
            Self::Postgres(url) | Self::S3(url) => url.clone(),
            Self::Memory => "memory:".to_owned(),
        }
    }
}

#[cfg(feature = "rocks")]
async fn rocks(dir: &Path, access: Access) -> Result<AnyStore, LedgerError> {
    use zkl_storage_rocks::{RocksBackend, RocksConfig};

    let dir = dir.to_owned();
    let open = move || {
        let config = RocksConfig::default();
        match access {
            Access::Create => RocksBackend::create(dir, &config),
            Access::Write => RocksBackend::open(dir, &config),
            Access::Read => RocksBackend::open_read_only(dir, &config),
        }
    };
    Ok(Arc::new(tokio::task::spawn_blocking(open).await.map_err(LedgerError::task)??))
}

#[cfg(not(feature = "rocks"))]
async fn rocks(_dir: &Path, _access: Access) -> Result<AnyStore, LedgerError> {
    Err(LedgerError::NotCompiledIn { scheme: "rocks:", feature: "rocks" })
}

#[cfg(feature = "pg")]
async fn postgres(url: &str, access: Access) -> Result<AnyStore, LedgerError> {
    use zkl_storage_pg::{PgBackend, PgConfig};

    let config = PgConfig::default();
    Ok(match access {
        Access::Create => Arc::new(PgBackend::create(url, &config).await?),
        Access::Write => Arc::new(PgBackend::open(url, &config).await?),
        Access::Read => Arc::new(PgBackend::open_read_only(url, &config).await?),
    })
}

#[cfg(not(feature = "pg"))]
async fn postgres(_url: &str, _access: Access) -> Result<AnyStore, LedgerError> {
    Err(LedgerError::NotCompiledIn { scheme: "postgres:", feature: "pg" })
}

#[cfg(feature = "s3")]
async fn s3(url: &str, access: Access) -> Result<AnyStore, LedgerError> {
    use zkl_storage_s3::{S3Backend, S3Config};

    let config = S3Config::default();
    Ok(match access {
        Access::Create => Arc::new(S3Backend::create(url, &config).await?),
        Access::Write => Arc::new(S3Backend::open(url, &config).await?),
        Access::Read => Arc::new(S3Backend::open_read_only(url, &config).await?),
    })
}

#[cfg(not(feature = "s3"))]
async fn s3(_url: &str, _access: Access) -> Result<AnyStore, LedgerError> {
    Err(LedgerError::NotCompiledIn { scheme: "s3:", feature: "s3" })
}

impl FromStr for StoreUrl {
    type Err = StoreUrlError;

    fn from_str(s: &str) -> Result<Self, StoreUrlError> {
        let (scheme, rest) = s.split_once(':').unwrap_or((s, ""));
        match scheme {
            "rocks" if !rest.is_empty() => Ok(Self::Rocks(rest.into())),
            "postgres" | "postgresql" if rest.starts_with("//") => Ok(Self::Postgres(s.to_owned())),
            "s3" if rest.len() > 2 && rest.starts_with("//") && !rest.starts_with("///") => Ok(Self::S3(s.to_owned())),
            "memory" if s == "memory:" => Ok(Self::Memory),
            // Behind the scheme there may be a secret.
            "rocks" | "postgres" | "postgresql" | "s3" | "memory" if s.len() > scheme.len() => {
                Err(StoreUrlError { got: format!("{scheme}:") })
            }
            scheme => Err(StoreUrlError { got: scheme.chars().take(80).collect() }),
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(url) | Self::S3(url) => f.write_str(&without_secrets(url)),
            _ => f.write_str(&self.to_setting()),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

/// A URL with `***` in place of its password and of the values of parameters that may hold secrets.
fn without_secrets(url: &str) -> String {
    const SHOWN: [&str; 8] = ["schema", "endpoint", "region", "sslmode", "host", "port", "dbname", "application_name"];
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:***@{host}"),
            None => authority.to_owned(),
        },
        None => authority.to_owned(),
    };
    let mut text = format!("{scheme}://{authority}{path}");
    for (i, parameter) in query.split('&').filter(|parameter| !parameter.is_empty()).enumerate() {
        text.push(if i == 0 { '?' } else { '&' });
        match parameter.split_once('=') {
            Some((name, value)) if SHOWN.contains(&name) => text.push_str(&format!("{name}={}", without_user(value))),
            Some((name, _)) => text.push_str(&format!("{name}=***")),
            None => text.push_str("***"),
        }
    }
    text
}

/// A URL inside a parameter may hold a user and a password of its own.
fn without_user(value: &str) -> &str {
    value.rsplit_once('@').map_or(value, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_and_written() {
        let texts = [
            "rocks:db",
            "rocks:/srv/ledger:old/db",
            "postgres://zkl@db.example/ledgers?schema=ml",
            "postgresql://db.example/ledgers",
            "s3://bucket/ledgers/ml?endpoint=http://127.0.0.1:9000",
            "s3://bucket",
            "memory:",
        ];
        for text in texts {
            let url: StoreUrl = text.parse().unwrap();
            assert_eq!(url.to_setting(), text);
            assert_eq!(url.to_string(), text);
        }
    }

    #[test]
    fn what_names_no_store_is_refused_without_repeating_secrets() {
        for bad in
            ["", "rocks:", "rocks", "db", "/srv/db", "memory:x", "memory", "s3:bucket", "s3://", "s3:///x", "Rocks:x"]
        {
            assert!(bad.parse::<StoreUrl>().is_err(), "{bad:?}");
        }
        let error = "postgre://user:secret@host/db".parse::<StoreUrl>().unwrap_err();
        assert_eq!(error, StoreUrlError { got: "postgre".to_owned() });
        let error = "postgres:user:secret@host/db".parse::<StoreUrl>().unwrap_err();
        assert_eq!(error, StoreUrlError { got: "postgres:".to_owned() });
    }

    #[test]
    fn passwords_are_neither_printed_nor_debugged() {
        let cases = [
            (
                "postgres://u:se:cr@et@host/db?schema=a&password=secret",
                "postgres://u:***@host/db?schema=a&password=***",
            ),
            ("postgres://u@host/db?sslmode=require&options=secret", "postgres://u@host/db?sslmode=require&options=***"),
            ("s3://key:secret@bucket/p?secret", "s3://key:***@bucket/p?***"),
            ("s3://bucket/p?endpoint=http://u:secret@host:9", "s3://bucket/p?endpoint=host:9"),
        ];
        for (text, shown) in cases {
            let url: StoreUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}").contains("secret"), "{url:?}");
        }
    }

    #[test]
    fn a_relative_directory_is_taken_from_a_base() {
        let relative = |text: &str| text.parse::<StoreUrl>().unwrap().relative_to(Path::new("/srv/.zkl")).to_setting();
        assert_eq!(relative("rocks:db"), "rocks:/srv/.zkl/db");
        assert_eq!(relative("rocks:/var/db"), "rocks:/var/db");
        assert_eq!(relative("s3://bucket"), "s3://bucket");
    }
}
