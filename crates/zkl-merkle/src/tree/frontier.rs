//! The accumulator: what must be kept of a tree to append to it.

use zkl_core::{
    digest::{RootHash, TransactionId},
    tree::TreeSize,
};

use super::{NodeHash, empty_root, node_hash};
use crate::error::TreeError;

/// The roots of the perfect subtrees that a tree of some size consists of, one per binary digit 1 of the size, largest
/// first: enough to append leaves and to tell the root, in at most 64 hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<NodeHash>,
}

impl Frontier {
    /// A frontier from its parts; `peaks` has one hash per digit 1 of `size`.
    pub(super) fn from_peaks(size: TreeSize, peaks: Vec<NodeHash>) -> Self {
        debug_assert_eq!(peaks.len(), size.0.count_ones() as usize);
        Self { size: size.0, peaks }
    }

    /// Number of leaves.
    pub const fn size(&self) -> TreeSize {
        TreeSize(self.size)
    }

    /// Appends a leaf.
    ///
    /// # Errors
    /// [`TreeError::SizeOverflow`] when the tree has 2^64 - 1 leaves.
    pub fn append(&mut self, leaf: TransactionId) -> Result<(), TreeError> {
        if self.size == u64::MAX {
            return Err(TreeError::SizeOverflow { size: self.size(), added: 1 });
        }
        self.merge(leaf);
        Ok(())
    }

    /// Root hash of the tree.
    pub fn root(&self) -> RootHash {
        fold_right(&self.peaks).map_or_else(empty_root, RootHash::new)
    }

    /// Appends a leaf to a tree that is known to have room.
    pub(super) fn merge(&mut self, leaf: TransactionId) {
        let mut node = *leaf.as_bytes();
        // Each trailing digit 1 of the size is a perfect subtree that the new one completes to the double size.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }
}

/// Root over perfect subtrees of decreasing size; `None` if there are none.
pub(super) fn fold_right(peaks: &[NodeHash]) -> Option<NodeHash> {
    let (last, rest) = peaks.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_tree_takes_no_leaf() {
        let full = Frontier::from_peaks(TreeSize(u64::MAX), vec![Default::default(); 64]);
        let mut more = full.clone();
        let refused = more.append(TransactionId::new([1; 32]));
        assert_eq!(refused, Err(TreeError::SizeOverflow { size: TreeSize(u64::MAX), added: 1 }));
        assert_eq!(more, full);
    }
}
