//! Positions in the log: newtypes so that an index is never mistaken for a size.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Position of an entry in the log, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeafIndex(pub u64);

/// Number of entries in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TreeSize(pub u64);

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Coordinates of a hash tile (c2sp.org/tlog-tiles): `width` consecutive hashes of tree level `8 * level`, starting at
/// hash `256 * index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TileId {
    /// Tile level, 0 (leaf hashes) to 7.
    pub level: u8,
    /// Position within the level, below 2^56.
    pub index: u64,
    /// Number of hashes present: 256 for a full tile, 1 to 255 for a partial one.
    pub width: u16,
}

impl TileId {
    /// Number of hashes in a full tile.
    pub const FULL_WIDTH: u16 = 256;

    /// Bytes of one hash.
    pub const HASH_LEN: usize = 32;

    /// The hashes that this tile has in a tree of `size` entries, whatever `self.width` says: 256 inside the tree, fewer at
    /// its right edge, 0 outside it.
    pub const fn width_in(self, size: TreeSize) -> u16 {
        if self.level > 7 || self.index >= 1 << 56 {
            return 0;
        }
        let hashes = size.0 >> (8 * self.level);
        let present = hashes.saturating_sub(self.index * Self::FULL_WIDTH as u64);
        if present >= Self::FULL_WIDTH as u64 { Self::FULL_WIDTH } else { present as u16 }
    }

    /// Whether all 256 hashes are present.
    pub const fn is_full(self) -> bool {
        self.width == Self::FULL_WIDTH
    }
}
