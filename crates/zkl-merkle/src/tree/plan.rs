//! Proof generation in two steps: which tiles are needed, then the proof from their bytes. Between the two the caller
//! reads the tiles, asynchronously or not.

use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::RandomState};

use zkl_core::{
    digest::RootHash,
    tree::{LeafIndex, TileId, TreeSize},
};

use super::{
    ConsistencyProof, Frontier, InclusionProof, NodeHash, empty_root, frontier::fold_right, node_hash,
    perfect_subtrees, split_point,
};
use crate::{
    error::TreeError,
    tile::{HASH_LEN, HEIGHT, tile_at},
};

/// Bytes of tiles, by id.
pub trait TileSource {
    /// The bytes of tile `id` (`32 * id.width` of them), or `None`.
    fn tile(&self, id: TileId) -> Option<&[u8]>;
}

impl TileSource for BTreeMap<TileId, Vec<u8>> {
    fn tile(&self, id: TileId) -> Option<&[u8]> {
        self.get(&id).map(Vec::as_slice)
    }
}

impl TileSource for HashMap<TileId, Vec<u8>, RandomState> {
    fn tile(&self, id: TileId) -> Option<&[u8]> {
        self.get(&id).map(Vec::as_slice)
    }
}

/// How to prove that an entry is in a tree.
#[derive(Clone, Debug)]
pub struct InclusionPlan(Plan);

impl InclusionPlan {
    /// Plans the proof that entry `index` is in the tree of `size` entries.
    ///
    /// # Errors
    /// [`TreeError::IndexOutOfRange`] unless `index < size`.
    pub fn new(index: LeafIndex, size: TreeSize) -> Result<Self, TreeError> {
        if index.0 >= size.0 {
            return Err(TreeError::IndexOutOfRange { index, size });
        }
        let (mut start, mut len, mut offset) = (0, size.0, index.0);
        let mut ranges = Vec::new();
        while len > 1 {
            let left = split_point(len);
            if offset < left {
                ranges.push((start + left, len - left));
                len = left;
            } else {
                ranges.push((start, left));
                start += left;
                offset -= left;
                len -= left;
            }
        }
        ranges.reverse();
        Ok(Self(Plan { size, ranges }))
    }

    /// The tiles that [`InclusionPlan::prove`] reads, each once, as they are in the tree of the planned size.
    pub fn tiles(&self) -> Vec<TileId> {
        self.0.tiles()
    }

    /// The proof. Tiles are taken as they are: wrong bytes give a proof that does not verify.
    ///
    /// # Errors
    /// [`TreeError::MissingTile`], [`TreeError::TileLength`].
    pub fn prove(&self, tiles: &impl TileSource) -> Result<InclusionProof, TreeError> {
        self.0.hashes(tiles).map(InclusionProof::new)
    }
}

/// How to prove that a tree is a prefix of a larger one.
#[derive(Clone, Debug)]
pub struct ConsistencyPlan(Plan);

impl ConsistencyPlan {
    /// Plans the proof that the tree of `old` entries is a prefix of the tree of `new` entries. From the empty tree, and
    /// between trees of one size, the proof is empty.
    ///
    /// # Errors
    /// [`TreeError::SizesReversed`] unless `old <= new`.
    pub fn new(old: TreeSize, new: TreeSize) -> Result<Self, TreeError> {
        if old > new {
            return Err(TreeError::SizesReversed { old, new });
        }
        let (mut start, mut len, mut prefix) = (0, new.0, old.0);
        let mut ranges = Vec::new();
        // Whether what remains is a prefix of the new tree that the verifier knows: then its root is the old root.
        let mut known = true;
        while prefix != 0 && prefix != len {
            let left = split_point(len);
            if prefix <= left {
                ranges.push((start + left, len - left));
                len = left;
            } else {
                ranges.push((start, left));
                start += left;
                prefix -= left;
                len -= left;
                known = false;
            }
        }
        if !known {
            ranges.push((start, len));
        }
        ranges.reverse();
        Ok(Self(Plan { size: new, ranges }))
    }

    /// The tiles that [`ConsistencyPlan::prove`] reads, each once, as they are in the tree of the new size.
    pub fn tiles(&self) -> Vec<TileId> {
        self.0.tiles()
    }

    /// The proof. Tiles are taken as they are: wrong bytes give a proof that does not verify.
    ///
    /// # Errors
    /// [`TreeError::MissingTile`], [`TreeError::TileLength`].
    pub fn prove(&self, tiles: &impl TileSource) -> Result<ConsistencyProof, TreeError> {
        self.0.hashes(tiles).map(ConsistencyProof::new)
    }
}

/// How to compute a tree's root from its right edge.
#[derive(Clone, Debug)]
pub struct RootPlan(Plan);

impl RootPlan {
    /// Plans the root of the tree of `size` entries.
    pub fn new(size: TreeSize) -> Self {
        let ranges = perfect_subtrees(0, size.0).map(|(level, index)| (index << level, 1 << level)).collect();
        Self(Plan { size, ranges })
    }

    /// The tiles that [`RootPlan::root`] and [`RootPlan::frontier`] read: at most one per level.
    pub fn tiles(&self) -> Vec<TileId> {
        self.0.tiles()
    }

    /// The root hash.
    ///
    /// # Errors
    /// [`TreeError::MissingTile`], [`TreeError::TileLength`].
    pub fn root(&self, tiles: &impl TileSource) -> Result<RootHash, TreeError> {
        Ok(fold_right(&self.0.hashes(tiles)?).map_or_else(empty_root, RootHash::new))
    }

    /// The accumulator from which the tree goes on.
    ///
    /// # Errors
    /// [`TreeError::MissingTile`], [`TreeError::TileLength`].
    pub fn frontier(&self, tiles: &impl TileSource) -> Result<Frontier, TreeError> {
        Ok(Frontier::from_peaks(self.0.size, self.0.hashes(tiles)?))
    }
}

/// Hashes of ranges of leaves of one tree, in the order of the proof.
#[derive(Clone, Debug)]
struct Plan {
    /// The tree whose tiles are read.
    size: TreeSize,
    /// `(first leaf, number of leaves)` of each subtree.
    ranges: Vec<(u64, u64)>,
}

impl Plan {
    fn tiles(&self) -> Vec<TileId> {
        let nodes = self.ranges.iter().flat_map(|&(start, len)| perfect_subtrees(start, len));
        let tiles: BTreeSet<_> = nodes.map(|(level, index)| self.place(level, index).0).collect();
        tiles.into_iter().collect()
    }

    fn hashes(&self, tiles: &impl TileSource) -> Result<Vec<NodeHash>, TreeError> {
        let mut hashes = Vec::with_capacity(self.ranges.len());
        for &(start, len) in &self.ranges {
            let peaks: Vec<_> = perfect_subtrees(start, len)
                .map(|(level, index)| self.node(level, index, tiles))
                .collect::<Result<_, _>>()?;
            hashes.extend(fold_right(&peaks));
        }
        Ok(hashes)
    }

    /// The tile that a perfect subtree's hash is computed from, and the range of the tile's hashes below it.
    fn place(&self, level: u8, index: u64) -> (TileId, std::ops::Range<usize>) {
        let (tile_level, height) = (level / HEIGHT, level % HEIGHT);
        let first = index << height;
        let offset = (first % u64::from(TileId::FULL_WIDTH)) as usize;
        let tile = tile_at(self.size, tile_level, first / u64::from(TileId::FULL_WIDTH));
        (tile, offset..offset + (1 << height))
    }

    fn node(&self, level: u8, index: u64, tiles: &impl TileSource) -> Result<NodeHash, TreeError> {
        let (id, range) = self.place(level, index);
        let bytes = tiles.tile(id).ok_or(TreeError::MissingTile { id })?;
        let expected = usize::from(id.width) * HASH_LEN;
        if bytes.len() != expected {
            return Err(TreeError::TileLength { id, expected, got: bytes.len() });
        }
        let (hashes, _) = bytes.as_chunks::<HASH_LEN>();
        hashes.get(range).and_then(perfect_root).ok_or(TreeError::MissingTile { id })
    }
}

/// Root over a power of two of hashes; `None` for an empty slice.
pub(crate) fn perfect_root(hashes: &[NodeHash]) -> Option<NodeHash> {
    match hashes {
        [] => None,
        [only] => Some(*only),
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            Some(node_hash(&perfect_root(left)?, &perfect_root(right)?))
        }
    }
}
