//! What a check of a log can find.

use serde::Serialize;
use thiserror::Error;
use zkl_core::{
    digest::{BlobDigest, RootHash},
    tree::{TileId, TreeSize},
};
use zkl_merkle::error::{CheckpointError, NoteError};
use zkl_receipt::EntryError;

use crate::error::LedgerError;

/// Something in a log that is not what it should be.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Finding {
    /// The head cannot be read or is not the log's.
    #[error("the checkpoint is not this log's")]
    Checkpoint(#[source] CheckpointError),
    /// An export without a checkpoint.
    #[error("there is no checkpoint")]
    CheckpointAbsent,
    /// A store's size or root is not that of its signed checkpoint.
    #[error("the store says {stored} entries, its checkpoint {signed}, or their roots differ")]
    Head {
        /// Entries by the store.
        stored: TreeSize,
        /// Entries by the checkpoint.
        signed: TreeSize,
    },
    /// The tree does not have the root of the checkpoint.
    #[error("the tree of {size} entries has root {computed}, its checkpoint says {expected}")]
    Root {
        /// Entries.
        size: TreeSize,
        /// Root in the checkpoint.
        expected: RootHash,
        /// Root over the tiles.
        computed: RootHash,
    },
    /// A tile is not there.
    #[error("tile {} is missing", tile(*id))]
    TileAbsent {
        /// The tile.
        id: TileId,
    },
    /// A tile does not have 32 bytes per hash, or other hashes than the tree has there.
    #[error("tile {} is not that of the tree", tile(*id))]
    Tile {
        /// The tile.
        id: TileId,
    },
    /// A tile has more hashes than the head gives it.
    #[error("tile {} has more hashes than the log has", tile(*id))]
    TileTooWide {
        /// The tile, as wide as the head makes it.
        id: TileId,
    },
    /// An entry is not there.
    #[error("entry {index} is missing")]
    EntryAbsent {
        /// Its index.
        index: u64,
    },
    /// Entries behind the head.
    #[error("there is an entry {index} behind the head")]
    EntryBehindHead {
        /// Its index.
        index: u64,
    },
    /// The bytes of an entry do not have the hash that the tree has for them.
    #[error("entry {index} is not the one in the tree")]
    EntryBytes {
        /// Its index.
        index: u64,
    },
    /// An entry's signature or form is wrong.
    #[error("entry {index} is damaged")]
    Entry {
        /// Its index.
        index: u64,
        /// The failed check.
        #[source]
        source: EntryError,
    },
    /// A field that a store keeps beside an entry is not the entry's.
    #[error("the {field} stored for entry {index} is not the entry's")]
    EntryField {
        /// Index of the entry.
        index: u64,
        /// The field.
        field: &'static str,
    },
    /// A partial bundle of an earlier export is not the beginning of the bundle.
    #[error("entry bundle {index}, in the version of {width} entries, is not the beginning of the bundle")]
    Bundle {
        /// Position of the bundle.
        index: u64,
        /// Entries by its name.
        width: u16,
    },
    /// An entry is not found by a query that it matches.
    #[error("entry {index} is not found by its {by}")]
    NotFound {
        /// Index of the entry.
        index: u64,
        /// What was asked by.
        by: &'static str,
    },
    /// A query answers other entries than those that match.
    #[error("a query by {by} of {} answers other entries than those of the log", shown(of))]
    Answer {
        /// What was asked by.
        by: &'static str,
        /// The value asked for.
        of: String,
    },
    /// A query answers another number of entries than the log has.
    #[error("a query by {by} of {} answers {got} entries, the log has {expected}", shown(of))]
    Count {
        /// What was asked by.
        by: &'static str,
        /// The value asked for.
        of: String,
        /// Entries of the log.
        expected: u64,
        /// Entries answered.
        got: u64,
    },
    /// The summary of a dataset is not that of its entries.
    #[error("the summary of dataset {name} is not that of its entries")]
    Summary {
        /// The dataset.
        name: String,
    },
    /// A blob that an entry names is not there.
    #[error("blob {digest}, which entry {index} names, is missing")]
    BlobAbsent {
        /// Index of the entry.
        index: u64,
        /// The blob.
        digest: BlobDigest,
    },
    /// A blob does not have its digest.
    #[error("blob {digest}, which entry {index} names, has other bytes")]
    Blob {
        /// Index of the entry.
        index: u64,
        /// The blob.
        digest: BlobDigest,
    },
    /// A cosigned checkpoint is not of this log, or not of the size that it is stored under.
    #[error("the cosigned checkpoint of {size} entries is not this log's")]
    Cosigned {
        /// The size that it is stored under.
        size: TreeSize,
        /// The failed check.
        #[source]
        source: CheckpointError,
    },
    /// A cosigned checkpoint says another size than it is stored under, or one that the log has not reached.
    #[error("the cosigned checkpoint stored for {size} entries is of {got}")]
    CosignedSize {
        /// The size that it is stored under.
        size: TreeSize,
        /// The size that it says.
        got: TreeSize,
    },
    /// A cosignature of a witness that the ledger knows does not verify.
    #[error("the cosignature of {witness} on the checkpoint of {size} entries is not valid")]
    Cosignature {
        /// Name of the witness's key.
        witness: String,
        /// Size of the checkpoint.
        size: TreeSize,
        /// The failed check.
        #[source]
        source: NoteError,
    },
    /// An export has another key than the one it was checked with.
    #[error("the export's log.key is not the key that it is checked with")]
    LogKey,
    /// Something is there and cannot be read as what it should be.
    #[error("{what} cannot be read")]
    Unreadable {
        /// What.
        what: String,
        /// Why.
        #[source]
        source: Box<LedgerError>,
    },
}

/// What a check of a log did and found.
#[derive(Debug, Default, Serialize)]
#[non_exhaustive]
pub struct FsckReport {
    /// Entries that the head says there are.
    pub entries: u64,
    /// Tiles that were compared.
    pub tiles: u64,
    /// Blobs that were hashed; a blob that several entries name counts again now and then.
    pub blobs: u64,
    /// Cosigned checkpoints that were checked.
    pub cosigned: u64,
    /// Entries of kinds that this program does not know: their signatures were checked, their blobs are not known.
    pub unknown: u64,
    /// Whether there were indexes to check: an export has none.
    pub indexes: bool,
    /// The first [`FsckReport::MAX_FINDINGS`] findings, in the order of the walk.
    #[serde(skip)]
    pub findings: Vec<Finding>,
    /// Findings beyond those.
    pub more: u64,
}

impl FsckReport {
    /// Most findings that are kept.
    pub const MAX_FINDINGS: usize = 10_000;

    /// Whether nothing was found.
    pub const fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if self.findings.len() < Self::MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }
}

fn tile(id: TileId) -> String {
    zkl_merkle::tile::tile_path(id).unwrap_or_else(|_| format!("{id:?}"))
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "any" } else { text }
}
