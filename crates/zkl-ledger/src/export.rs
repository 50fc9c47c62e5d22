//! The log as plain files, in the layout of c2sp.org/tlog-tiles, so that any static web server can publish it and
//! existing clients can read it.
//!
//! ```text
//! checkpoint                     the head, signed by the log and cosigned by the witnesses that have seen it
//! checkpoint.cosigned            the newest cosigned checkpoint, if there is one: of the head or of an earlier size
//! tile/<L>/<N>[.p/<W>]           hashes
//! tile/entries/<N>[.p/<W>]       entries
//! blob/<sha256>                  manifests, proofs and verifying keys that entries name
//! log.key                        the log's verifier key
//! ```

mod published;
mod reader;
mod remote;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use published::PublishedFile;
pub use reader::ExportDir;
pub use remote::{PublishedFiles, RemoteExport};
use zkl_core::{digest::BlobDigest, storage::Query, tree::TreeSize};
use zkl_merkle::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    error::TreeError,
    note::NoteVerifier,
    tile::{EntryBundleId, RightEdge, encode_bundle, right_edge_tiles, tile_path, tiles_between},
};

use zkl_receipt::Rotation;

use crate::{
    entry::Entry, error::LedgerError, files::write_public_file, ledger::Ledger, log::load_tiles, rotation::open_former,
    source::BUNDLE,
};

/// Longest bundle: 256 entries of 65,535 bytes with their lengths.
const MAX_BUNDLE: u64 = 256 * (2 + 65_535);
/// Longest blob that is read, in bytes.
const MAX_BLOB: u64 = 1 << 30;

const CHECKPOINT: &str = "checkpoint";
const COSIGNED: &str = "checkpoint.cosigned";
const LOG_KEY: &str = "log.key";

fn blob_path(digest: BlobDigest) -> String {
    format!("blob/{digest}")
}

/// What an export wrote.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    /// Entries in the exported log.
    pub entries: TreeSize,
    /// Files that are new or have changed.
    pub files: u64,
}

impl Ledger {
    /// Writes the log to `dir`. An earlier export of the same log there is brought up to date; the checkpoint is written
    /// last, so that a reader always finds all files that the checkpoint it sees calls for.
    ///
    /// # Errors
    /// [`LedgerError::NotEmpty`] when `dir` holds something else, [`LedgerError::Diverged`] when the log there is not an
    /// earlier state of this one, [`LedgerError::Blob`], [`LedgerError::Io`], and what
    /// the store answers.
    pub async fn export(&self, dir: &Path) -> Result<Exported, LedgerError> {
        let log = self.log_key();
        let rotations = self.rotations().await?;
        let mut target = Target::open(dir, &log, &rotations)?;
        let Some(head) = self.head().await? else {
            return Ok(Exported { entries: TreeSize(0), files: target.written });
        };
        let size = head.checkpoint.size();
        // Full tiles never change, so only what lies behind the earlier export's head is written.
        let old = match target.read(CHECKPOINT)? {
            None => TreeSize(0),
            Some(text) => {
                let exported = open_former(&rotations, &log, &SignedCheckpoint::parse(&text)?)?;
                self.check_grown(dir, &exported, size).await?;
                exported.size()
            }
        };
        for id in tiles_between(old, size)? {
            let missing = LedgerError::Tree(TreeError::MissingTile { id });
            let bytes = self.storage.tile(id).await?.ok_or(missing)?;
            target.write(&tile_path(id)?, &bytes)?;
        }
        let mut first = old.0 - old.0 % BUNDLE;
        while first < size.0 {
            let range = first..size.0.min(first + BUNDLE);
            let stored =
                self.storage.find(&Query { index: Some(range), limit: BUNDLE as usize, ..Query::default() }).await?;
            let entries = stored.iter().map(Entry::from_stored).collect::<Result<Vec<_>, _>>()?;
            for entry in &entries {
                self.export_blobs(entry, &mut target).await?;
            }
            let bytes: Vec<&[u8]> = stored.iter().map(|transaction| transaction.entry.as_slice()).collect();
            if let Some(id) = EntryBundleId::at(size, first / BUNDLE) {
                target.write(&id.path()?, &encode_bundle(&bytes)?)?;
            }
            first += BUNDLE;
        }
        let cosigned = self.newest_cosigned(size).await?;
        if let Some(cosigned) = &cosigned {
            // Its tree is a prefix of the head's, whose right edge other partial tiles hold.
            for id in right_edge_tiles(cosigned.unverified().size()) {
                let missing = LedgerError::Tree(TreeError::MissingTile { id });
                target.write(&tile_path(id)?, &self.storage.tile(id).await?.ok_or(missing)?)?;
            }
            target.write(COSIGNED, cosigned.to_string().as_bytes())?;
        }
        let head = cosigned.filter(|cosigned| cosigned.unverified().size() == size).unwrap_or(head.signed);
        target.write(CHECKPOINT, head.to_string().as_bytes())?;
        Ok(Exported { entries: size, files: target.written })
    }

    /// Checks that the ledger grew from a checkpoint that was published. A ledger set back to an old copy must not
    /// publish the other history that it began.
    async fn check_grown(&self, dir: &Path, exported: &Checkpoint, size: TreeSize) -> Result<(), LedgerError> {
        let diverged = || LedgerError::Diverged { path: dir.to_owned(), exported: exported.size(), stored: size };
        if exported.size() > size {
            return Err(diverged());
        }
        let tiles = load_tiles(&*self.storage, &right_edge_tiles(exported.size())).await?;
        match RightEdge::load(exported.size(), exported.root(), &tiles) {
            Ok(_) => Ok(()),
            Err(TreeError::EdgeRoot { .. }) => Err(diverged()),
            Err(error) => Err(error.into()),
        }
    }

    async fn export_blobs(&self, entry: &Entry, target: &mut Target) -> Result<(), LedgerError> {
        let blobs = entry.predicate().blobs();
        for digest in blobs.required() {
            let bytes = self.storage.blob(digest).await?.ok_or(LedgerError::Blob { id: entry.id, digest })?;
            target.write(&blob_path(digest), &bytes)?;
        }
        for digest in blobs.possible {
            if let Some(bytes) = self.storage.blob(digest).await? {
                target.write(&blob_path(digest), &bytes)?;
            }
        }
        Ok(())
    }
}

/// The directory that is written.
struct Target {
    dir: PathBuf,
    written: u64,
}

impl Target {
    fn open(dir: &Path, log: &NoteVerifier, rotations: &[Rotation]) -> Result<Self, LedgerError> {
        let mut target = Self { dir: dir.to_owned(), written: 0 };
        let line = |key: &NoteVerifier| format!("{key}\n").into_bytes();
        fs::create_dir_all(dir).map_err(|source| target.error("create", dir.to_owned(), source))?;
        match target.read(LOG_KEY)? {
            Some(found) if found == line(log) => {}
            Some(found) if rotations.iter().any(|step| found == line(&step.old)) => {
                target.write(LOG_KEY, &line(log))?;
            }
            Some(_) => return Err(LedgerError::NotEmpty { path: dir.to_owned() }),
            None => {
                let mut entries = fs::read_dir(dir).map_err(|source| target.error("read", dir.to_owned(), source))?;
                if entries.next().is_some() {
                    return Err(LedgerError::NotEmpty { path: dir.to_owned() });
                }
                target.write(LOG_KEY, &line(log))?;
            }
        }
        Ok(target)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        let path = self.dir.join(path);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(self.error("read", path, source)),
        }
    }

    /// Writes a file whole or not at all; a file that holds these bytes already is left alone.
    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), LedgerError> {
        if self.read(path)?.is_some_and(|found| found == bytes) {
            return Ok(());
        }
        let path = self.dir.join(path);
        let parent = path.parent().unwrap_or(&self.dir).to_owned();
        let written = fs::create_dir_all(&parent).and_then(|()| write_public_file(&path, bytes));
        written.map_err(|source| self.error("write", path, source))?;
        self.written += 1;
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "reads as what it is: an error of this target")]
    fn error(&self, action: &'static str, path: PathBuf, source: io::Error) -> LedgerError {
        LedgerError::Io { action, path, source }
    }
}
