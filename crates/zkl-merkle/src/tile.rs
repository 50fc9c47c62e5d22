//! Tiles and entry bundles in the layout of c2sp.org/tlog-tiles.

use zkl_core::{
    digest::{RootHash, TransactionId},
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};

use crate::error::TileError;

mod bundle;
mod edge;
mod path;

pub use bundle::{EntryBundleId, decode_bundle, encode_bundle};
pub use edge::{Appended, RightEdge};
pub use path::{parse_tile_path, tile_path};

/// Bytes of a hash.
pub const HASH_LEN: usize = 32;

/// Tree levels that a tile spans.
pub const HEIGHT: u8 = 8;

/// Highest tile level of a tree of less than 2^64 entries.
pub const MAX_LEVEL: u8 = 7;

const FULL_WIDTH: u64 = TileId::FULL_WIDTH as u64;

/// Hashes on tile level `level` of a tree of `size` entries.
const fn hashes_on_level(size: TreeSize, level: u8) -> u64 {
    size.0 >> (level * HEIGHT)
}

/// Tile `index` of level `level` as it is in the tree of `size` entries: full, or as wide as the tree is there. Width 0
/// if the tree does not reach it.
pub(crate) fn tile_at(size: TreeSize, level: u8, index: u64) -> TileId {
    let width = hashes_on_level(size, level).saturating_sub(index * FULL_WIDTH).min(FULL_WIDTH);
    TileId { level, index, width: width as u16 }
}

/// The tiles of the tree of `size` entries that come to exist or grow when it is built up from `old`, by level and
/// index. With `old` 0: all tiles of the tree.
///
/// # Errors
/// [`TileError::SizesReversed`] unless `old <= size`.
pub fn tiles_between(old: TreeSize, size: TreeSize) -> Result<impl Iterator<Item = TileId>, TileError> {
    if old > size {
        return Err(TileError::SizesReversed { old, new: size });
    }
    Ok((0..=MAX_LEVEL).flat_map(move |level| {
        let (before, after) = (hashes_on_level(old, level), hashes_on_level(size, level));
        let tiles = if before == after { 0..0 } else { before / FULL_WIDTH..after.div_ceil(FULL_WIDTH) };
        tiles.map(move |index| tile_at(size, level, index))
    }))
}

/// The partial tiles of the tree of `size` entries, at most one per level: with them the tree can grow.
pub fn right_edge_tiles(size: TreeSize) -> Vec<TileId> {
    let last = (0..=MAX_LEVEL).map(|level| tile_at(size, level, hashes_on_level(size, level) / FULL_WIDTH));
    last.filter(|tile| tile.width > 0).collect()
}
