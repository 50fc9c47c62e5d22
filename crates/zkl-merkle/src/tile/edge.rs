//! The right edge of the tree as tiles, and appending to it.

use super::{FULL_WIDTH, HASH_LEN, MAX_LEVEL, RootHash, TileId, TransactionId, TreeSize, hashes_on_level, tile_at};
use crate::{
    error::TreeError,
    tree::{Frontier, NodeHash, RootPlan, TileSource, perfect_root},
};

/// The hashes of the partial tiles of a tree: what an append needs to know of everything before it. At most 8 times 255
/// hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightEdge {
    frontier: Frontier,
    /// The hashes of the partial tile of each level, lowest level first.
    levels: [Vec<NodeHash>; MAX_LEVEL as usize + 1],
}

/// The outcome of an append: nothing has changed until the caller made the tiles durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The right edge of the grown tree.
    pub edge: RightEdge,
    /// The tiles that are new or have grown, by level and index, each once and at its final width.
    pub tiles: Vec<(TileId, Vec<u8>)>,
}

impl Default for RightEdge {
    fn default() -> Self {
        Self::empty()
    }
}

impl RightEdge {
    /// The right edge of the empty tree.
    pub fn empty() -> Self {
        Self { frontier: Frontier::default(), levels: Default::default() }
    }

    /// Loads the right edge of the tree of `size` entries from the tiles that [`super::right_edge_tiles`] names, and
    /// checks them against its root.
    ///
    /// # Errors
    /// [`TreeError::MissingTile`], [`TreeError::TileLength`]; [`TreeError::EdgeRoot`] when the tiles do not have that
    /// root.
    pub fn load(size: TreeSize, root: RootHash, tiles: &impl TileSource) -> Result<Self, TreeError> {
        let frontier = RootPlan::new(size).frontier(tiles)?;
        if frontier.root() != root {
            return Err(TreeError::EdgeRoot { expected: root, computed: frontier.root() });
        }
        let mut edge = Self { frontier, levels: Default::default() };
        for id in super::right_edge_tiles(size) {
            let bytes = tiles.tile(id).ok_or(TreeError::MissingTile { id })?;
            edge.levels[usize::from(id.level)] = bytes.as_chunks::<HASH_LEN>().0.to_vec();
        }
        Ok(edge)
    }

    /// Entries in the tree.
    pub const fn size(&self) -> TreeSize {
        self.frontier.size()
    }

    /// Root of the tree.
    pub fn root(&self) -> RootHash {
        self.frontier.root()
    }

    /// Appends `leaves` (see [`crate::tree::leaf_hash`]) and returns the grown tree beside the old one, which stays
    /// usable when the store refuses the append.
    ///
    /// # Errors
    /// [`TreeError::SizeOverflow`] when the tree would exceed 2^64 - 1 entries.
    pub fn append(&self, leaves: &[TransactionId]) -> Result<Appended, TreeError> {
        let old = self.size();
        let size = old.0.checked_add(leaves.len() as u64).map(TreeSize);
        let size = size.ok_or(TreeError::SizeOverflow { size: old, added: leaves.len() as u64 })?;

        let mut edge = self.clone();
        for &leaf in leaves {
            edge.frontier.append(leaf)?;
        }
        let mut tiles = Vec::new();
        let mut added: Vec<NodeHash> = leaves.iter().map(|leaf| *leaf.as_bytes()).collect();
        for (level, partial) in (0..=MAX_LEVEL).zip(&mut edge.levels) {
            if added.is_empty() {
                break;
            }
            let first = hashes_on_level(old, level) / FULL_WIDTH;
            partial.append(&mut added);
            for (index, hashes) in (first..).zip(partial.chunks(usize::from(TileId::FULL_WIDTH))) {
                let id = tile_at(size, level, index);
                tiles.push((id, hashes.as_flattened().to_vec()));
                // Only full tiles are hashed into the level above.
                if id.is_full() {
                    added.extend(perfect_root(hashes));
                }
            }
            partial.drain(..added.len() * usize::from(TileId::FULL_WIDTH));
        }
        Ok(Appended { edge, tiles })
    }
}
