//! An exported directory as a source: what a stranger has who downloaded the log.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
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
    error::LedgerError,
    source::{BUNDLE, LogSource, SourceEntry, SourceHead, Unreadable},
};

/// An exported log. Files are read one at a time and bounded in length.
#[derive(Clone, Debug)]
pub struct ExportDir {
    dir: PathBuf,
}

impl ExportDir {
    /// The export in `dir`.
    ///
    /// # Errors
    /// [`LedgerError::NotAnExport`] when there is no key or no checkpoint of a log, [`LedgerError::Io`].
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        let export = Self { dir: dir.to_owned() };
        if export.path(LOG_KEY).exists() || export.path(CHECKPOINT).exists() {
            return Ok(export);
        }
        Err(LedgerError::NotAnExport { dir: dir.to_owned() })
    }

    /// The log's key as the export has it. It proves nothing about whose log this is: compare it with one that is known.
    ///
    /// # Errors
    /// [`LedgerError::NotAnExport`] when it is not there or no key, [`LedgerError::Io`].
    pub fn unverified_log_key(&self) -> Result<NoteVerifier, LedgerError> {
        let text = self.read(LOG_KEY, Note::MAX_LEN as u64).map_err(LedgerError::from)?.unwrap_or_default();
        let key = str::from_utf8(&text).ok().and_then(|text| text.strip_suffix('\n')).and_then(|key| key.parse().ok());
        key.ok_or_else(|| LedgerError::NotAnExport { dir: self.dir.clone() })
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.dir.join(relative)
    }

    fn read(&self, relative: &str, max: u64) -> Result<Option<Vec<u8>>, Unreadable> {
        let path = self.path(relative);
        let error = |source| LedgerError::Io { action: "read", path: path.clone(), source };
        match fs::metadata(&path) {
            Ok(metadata) if !metadata.is_file() || metadata.len() > max => {
                let source = io::Error::new(io::ErrorKind::InvalidData, "not a file of this kind's size");
                return Err(Unreadable::damaged(error(source)));
            }
            Ok(_) => {}
            Err(source) if is_absent(&source) => return Ok(None),
            Err(source) => return Err(Unreadable::failed(error(source))),
        }
        fs::read(&path).map(Some).map_err(|source| Unreadable::failed(error(source)))
    }

    /// The widths of the partial versions of `full`, a path without a suffix.
    fn partial_widths(&self, full: &str) -> Result<Vec<u16>, Unreadable> {
        let dir = self.path(&format!("{full}.p"));
        let files = match fs::read_dir(&dir) {
            Ok(files) => files,
            Err(source) if is_absent(&source) => return Ok(Vec::new()),
            Err(source) => return Err(Unreadable::failed(LedgerError::Io { action: "read", path: dir, source })),
        };
        let mut widths = Vec::new();
        for file in files {
            let file = file
                .map_err(|source| Unreadable::failed(LedgerError::Io { action: "read", path: dir.clone(), source }))?;
            widths.extend(file.file_name().to_str().and_then(|name| name.parse::<u16>().ok()));
        }
        widths.sort_unstable();
        Ok(widths)
    }

    /// The narrower versions of a file with `width` items, whose full version is `full`.
    fn narrower(&self, full: &str, width: u16, max: u64) -> Result<Vec<(u16, Vec<u8>)>, Unreadable> {
        let mut found = Vec::new();
        for narrower in self.partial_widths(full)?.into_iter().filter(|narrower| *narrower != width) {
            found.extend(self.read(&format!("{full}.p/{narrower}"), max)?.map(|bytes| (narrower, bytes)));
        }
        Ok(found)
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn full_path(id: TileId) -> Result<String, Unreadable> {
    tile_path(TileId { width: TileId::FULL_WIDTH, ..id }).map_err(Unreadable::failed)
}

fn full_bundle_path(index: u64) -> Result<String, Unreadable> {
    EntryBundleId { index, width: TileId::FULL_WIDTH }.path().map_err(Unreadable::failed)
}

#[async_trait]
impl LogSource for ExportDir {
    async fn head(&self) -> Result<Option<SourceHead>, Unreadable> {
        let text = self.read(CHECKPOINT, Note::MAX_LEN as u64)?;
        Ok(text.map(|checkpoint| SourceHead { checkpoint, stored: None }))
    }

    async fn entries(&self, index: u64, width: u16) -> Result<Vec<SourceEntry>, Unreadable> {
        let path = EntryBundleId { index, width }.path().map_err(Unreadable::failed)?;
        let Some(bytes) = self.read(&path, MAX_BUNDLE)? else {
            return Ok(Vec::new());
        };
        let entries = decode_bundle(&bytes, width).map_err(Unreadable::damaged)?;
        let entry = |(index, bytes): (u64, &[u8])| SourceEntry { index, bytes: bytes.to_vec(), stored: None };
        Ok((index * BUNDLE..).zip(entries).map(entry).collect())
    }

    async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, Unreadable> {
        let exact = tile_path(id).map_err(Unreadable::failed)?;
        if let Some(bytes) = self.read(&exact, 8_192)? {
            return Ok(Some(bytes));
        }
        // Only the newest partial tile of a place need be there, and none once the tile is full.
        let full = full_path(id)?;
        let wider = self.partial_widths(&full)?.into_iter().find(|width| *width > id.width);
        let path = wider.map_or_else(|| full.clone(), |width| format!("{full}.p/{width}"));
        let bytes = self.read(&path, 8_192)?;
        Ok(bytes.and_then(|bytes| bytes.get(..usize::from(id.width) * TileId::HASH_LEN).map(<[u8]>::to_vec)))
    }

    async fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, Unreadable> {
        self.read(&blob_path(digest), MAX_BLOB)
    }

    async fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, Unreadable> {
        let Some(bytes) = self.read(COSIGNED, Note::MAX_LEN as u64)? else {
            return Ok(None);
        };
        let size = SignedCheckpoint::parse(&bytes).map_err(Unreadable::damaged)?.unverified().size();
        let text = String::from_utf8(bytes).unwrap_or_default();
        Ok((size <= at_most).then_some((size, text)))
    }

    async fn narrower_tiles(&self, id: TileId) -> Result<Vec<(u16, Vec<u8>)>, Unreadable> {
        self.narrower(&full_path(id)?, id.width, 8_192)
    }

    async fn narrower_bundles(&self, index: u64, width: u16) -> Result<Vec<(u16, Vec<u8>)>, Unreadable> {
        self.narrower(&full_bundle_path(index)?, width, MAX_BUNDLE)
    }
}
