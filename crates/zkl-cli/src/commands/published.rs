//! Logs that somebody publishes: an exported directory, or its URL.

use std::{error::Error, fs, path::Path};

use async_trait::async_trait;
use zkl_ledger::{
    ServerPolicy,
    audit::{Audit, AuditError, AuditRequest},
    export::{ExportDir, PublishedFiles, RemoteExport},
    progress::StageReporter,
    transparency::{checkpoint::SignedCheckpoint, note::NoteVerifier},
    types::TreeSize,
};
use zkl_witness::HttpFiles;

use crate::error::CliError;

/// Longest file of keys that is read, in bytes.
const MAX_TRUST_FILE: u64 = 1 << 20;

/// A published log.
pub(super) enum Published {
    Dir(ExportDir),
    Url(RemoteExport),
}

impl Published {
    pub(super) fn open(place: &str) -> Result<Self, CliError> {
        Ok(match place.starts_with("https://") || place.starts_with("http://") {
            true => Self::Url(RemoteExport::new(Http(HttpFiles::new(place)))),
            false => Self::Dir(ExportDir::open(Path::new(place))?),
        })
    }

    /// The key that is published beside the log, which anybody can put there.
    pub(super) async fn unverified_log_key(&self) -> Result<NoteVerifier, CliError> {
        Ok(match self {
            Self::Dir(dir) => dir.unverified_log_key()?,
            Self::Url(remote) => remote.unverified_log_key().await?,
        })
    }

    pub(super) async fn audit(
        &self,
        log: &NoteVerifier,
        request: &AuditRequest,
        reporter: &dyn StageReporter,
    ) -> Result<Audit, AuditError> {
        match self {
            Self::Dir(dir) => dir.audit(log, request, reporter).await,
            Self::Url(remote) => remote.audit(log, request, reporter).await,
        }
    }
}

impl Published {
    /// The policies of the log's servers when it had `size` entries.
    pub(super) async fn server_policies(
        &self,
        log: &NoteVerifier,
        size: Option<TreeSize>,
    ) -> Result<Vec<ServerPolicy>, AuditError> {
        match self {
            Self::Dir(dir) => dir.server_policies(log, size).await,
            Self::Url(remote) => remote.server_policies(log, size).await,
        }
    }
}

struct Http(HttpFiles);

#[async_trait]
impl PublishedFiles for Http {
    fn place(&self) -> &str {
        self.0.url()
    }

    async fn get(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>> {
        Ok(self.0.get(path, max).await?)
    }
}

/// The log keys that a text is, or that stand in the file of that name, one a line; other lines of such a file are not about logs.
pub(super) fn log_keys(text: &str) -> Result<Vec<NoteVerifier>, CliError> {
    let unreadable = || CliError::LogKeys { got: text.to_owned() };
    if let Ok(key) = text.parse() {
        return Ok(vec![key]);
    }
    if fs::metadata(text).map_err(|_| unreadable())?.len() > MAX_TRUST_FILE {
        return Err(unreadable());
    }
    let lines = fs::read_to_string(text).map_err(|_| unreadable())?;
    let keys: Vec<NoteVerifier> = lines.lines().filter_map(|line| line.trim().parse().ok()).collect();
    if keys.is_empty() { Err(unreadable()) } else { Ok(keys) }
}

/// The key among `keys` that signed a checkpoint; the first, which then is refused for that, if none did.
pub(super) fn signer_of<'k>(
    since: &SignedCheckpoint,
    keys: impl IntoIterator<Item = &'k NoteVerifier>,
) -> Option<&'k NoteVerifier> {
    let mut keys = keys.into_iter().peekable();
    let first = keys.peek().copied();
    keys.find(|key| since.open(key).is_ok()).or(first)
}
