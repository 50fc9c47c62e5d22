//! A published log as a source: what a stranger audits who has not downloaded it.

use std::error::Error;

use async_trait::async_trait;
use tokio::sync::OnceCell;
use zkl_core::{
    digest::BlobDigest,
    tree::{TileId, TreeSize},
};
use zkl_merkle::{
    checkpoint::SignedCheckpoint,
    note::{Note, NoteVerifier},
    tile::{EntryBundleId, decode_bundle, tile_path},
};

use super::{CHECKPOINT, COSIGNED, LOG_KEY, MAX_BLOB, MAX_BUNDLE, blob_path};
use crate::{
    audit::{Audit, AuditError, AuditRequest},
    error::LedgerError,
    source::{BUNDLE, LogSource, SourceEntry, SourceHead, Unreadable},
    stage::StageReporter,
};

/// Gets the files of a published log.
#[async_trait]
pub trait PublishedFiles: Send + Sync {
    /// Where the files are, for people.
    fn place(&self) -> &str;

    /// The file at a path relative to that place, or `None` when it is not there. A file of more than `max` bytes is an error. May be
    /// called concurrently; nothing is repeated here that fails.
    async fn get(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, Box<dyn Error + Send + Sync>>;
}

/// An exported log that somebody publishes. The checkpoint is read once: what it calls for is what is read.
pub struct RemoteExport {
    files: Box<dyn PublishedFiles>,
    checkpoint: OnceCell<Option<Vec<u8>>>,
}

impl RemoteExport {
    /// The export that `files` gets.
    pub fn new(files: impl PublishedFiles + 'static) -> Self {
        Self { files: Box::new(files), checkpoint: OnceCell::new() }
    }

    /// The log's key as it is published beside the log. It proves nothing about whose log this is: compare it with one that is known.
    ///
    /// # Errors
    /// [`LedgerError::NotPublished`] when it is not there or no key, [`LedgerError::Remote`].
    pub async fn unverified_log_key(&self) -> Result<NoteVerifier, LedgerError> {
        let text = self.get(LOG_KEY, Note::MAX_LEN as u64).await.map_err(LedgerError::from)?.unwrap_or_default();
        let key = str::from_utf8(&text).ok().and_then(|text| text.strip_suffix('\n')).and_then(|key| key.parse().ok());
        key.ok_or_else(|| LedgerError::NotPublished { place: self.files.place().to_owned() })
    }

    /// As [`ExportDir::audit`](super::ExportDir::audit).
    ///
    /// # Errors
    /// [`AuditError`], by the first check that fails.
    pub async fn audit(
        &self,
        log: &NoteVerifier,
        request: &AuditRequest,
        reporter: &dyn StageReporter,
    ) -> Result<Audit, AuditError> {
        let head = self.head().await.map_err(LedgerError::from)?;
        let place = || LedgerError::NotPublished { place: self.files.place().to_owned() };
        let head = head.ok_or_else(place)?.checkpoint;
        crate::audit::audit(self, Some(head), log, request, reporter).await
    }

    async fn get(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, Unreadable> {
        let place = || format!("{}/{path}", self.files.place().trim_end_matches('/'));
        let failed = |source| Unreadable::failed(LedgerError::Remote { place: place(), source });
        self.files.get(path, max).await.map_err(failed)
    }

    async fn checkpoint(&self) -> Result<Option<&Vec<u8>>, Unreadable> {
        let read = || self.get(CHECKPOINT, Note::MAX_LEN as u64);
        Ok(self.checkpoint.get_or_try_init(read).await?.as_ref())
    }
}

#[async_trait]
impl LogSource for RemoteExport {
    async fn head(&self) -> Result<Option<SourceHead>, Unreadable> {
        let text = self.checkpoint().await?;
        Ok(text.map(|checkpoint| SourceHead { checkpoint: checkpoint.clone(), stored: None }))
    }

    async fn entries(&self, index: u64, width: u16) -> Result<Vec<SourceEntry>, Unreadable> {
        let path = EntryBundleId { index, width }.path().map_err(Unreadable::failed)?;
        let Some(bytes) = self.get(&path, MAX_BUNDLE).await? else {
            return Ok(Vec::new());
        };
        let entries = decode_bundle(&bytes, width).map_err(Unreadable::damaged)?;
        let entry = |(index, bytes): (u64, &[u8])| SourceEntry { index, bytes: bytes.to_vec(), stored: None };
        Ok((index * BUNDLE..).zip(entries).map(entry).collect())
    }

    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Unreadable> {
        // Of an earlier tree only what the published one calls for need be there: the same tile, grown.
        let grown = match self.checkpoint().await? {
            Some(text) => SignedCheckpoint::parse(text).map_err(Unreadable::damaged)?.unverified().size(),
            None => return Ok(None),
        };
        let width = id.width_in(grown).max(id.width);
        for width in [width, id.width] {
            let path = tile_path(TileId { width, ..id }).map_err(Unreadable::failed)?;
            if let Some(bytes) = self.get(&path, 8_192).await? {
                return Ok(bytes.get(..usize::from(id.width) * TileId::HASH_LEN).map(<[u8]>::to_vec));
            }
        }
        Ok(None)
    }

    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, Unreadable> {
        self.get(&blob_path(digest), MAX_BLOB).await
    }

    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, Unreadable> {
        let Some(bytes) = self.get(COSIGNED, Note::MAX_LEN as u64).await? else {
            return Ok(None);
        };
        let size = SignedCheckpoint::parse(&bytes).map_err(Unreadable::damaged)?.unverified().size();
        let text = String::from_utf8(bytes).unwrap_or_default();
        Ok((size <= at_most).then_some((size, text)))
    }
}
