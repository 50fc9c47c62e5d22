//! Inclusion and consistency proofs and their verification (RFC 9162, sections 2.1.3 and 2.1.4).

use zkl_core::{
    digest::{RootHash, TransactionId},
    tree::{LeafIndex, TreeSize},
};

use super::{NodeHash, empty_root, node_hash};
use crate::{error::ProofError, verified::Verified};

/// Most hashes of a proof: the height of the tree of 2^64 - 1 leaves.
pub const MAX_PROOF_LEN: usize = 64;

/// Hashes from the leaf's sibling up to the root's child. Says nothing without an [`Inclusion`] to verify.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InclusionProof {
    hashes: Vec<NodeHash>,
}

impl InclusionProof {
    /// Wraps the hashes of a proof.
    pub const fn new(hashes: Vec<NodeHash>) -> Self {
        Self { hashes }
    }

    /// The hashes, from the leaf's sibling up to the root's child.
    pub fn hashes(&self) -> &[NodeHash] {
        &self.hashes
    }
}

/// Hashes in the order of RFC 6962, section 2.1.2. Says nothing without a [`Consistency`] to verify.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsistencyProof {
    hashes: Vec<NodeHash>,
}

impl ConsistencyProof {
    /// Wraps the hashes of a proof.
    pub const fn new(hashes: Vec<NodeHash>) -> Self {
        Self { hashes }
    }

    /// The hashes, in the order of RFC 6962, section 2.1.2.
    pub fn hashes(&self) -> &[NodeHash] {
        &self.hashes
    }
}

/// The statement "leaf `leaf` is entry `index` of the tree of `size` entries with root `root`".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// Leaf hash of the entry.
    pub leaf: TransactionId,
    /// Position of the entry.
    pub index: LeafIndex,
    /// Entries in the tree.
    pub size: TreeSize,
    /// Root of the tree.
    pub root: RootHash,
}

impl Inclusion {
    /// Verifies `proof` of this statement.
    ///
    /// # Soundness
    /// `size` and `root` must come from one checkpoint that the caller trusts, and `leaf` from [`super::leaf_hash`] of an
    /// entry the caller holds. A proof alone does not bind the size: one of entry 0 of 3 also fits entry 0 of 4 under the
    /// same root. The length of the proof follows from `index` and `size` and is checked first.
    ///
    /// # Errors
    /// [`ProofError::IndexOutOfRange`], [`ProofError::Length`], [`ProofError::Root`].
    pub fn verify(self, proof: &InclusionProof) -> Result<Verified<Self>, ProofError> {
        let Self { leaf, index: LeafIndex(index), size: TreeSize(size), root } = self;
        if index >= size {
            return Err(ProofError::IndexOutOfRange { index: self.index, size: self.size });
        }
        let (inner, border) = path_lengths(index, size);
        check_length(inner + border, &proof.hashes)?;
        let (below, above) = proof.hashes.split_at(inner);
        let computed = climb_border(climb(*leaf.as_bytes(), below, index), above);
        if computed != *root.as_bytes() {
            return Err(ProofError::Root { expected: root, computed: RootHash::new(computed) });
        }
        Ok(Verified::new(self))
    }
}

/// The statement "the tree of `old_size` entries with root `old_root` is a prefix of the tree of `new_size` entries with
/// root `new_root`".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consistency {
    /// Entries in the old tree.
    pub old_size: TreeSize,
    /// Root of the old tree.
    pub old_root: RootHash,
    /// Entries in the new tree.
    pub new_size: TreeSize,
    /// Root of the new tree.
    pub new_root: RootHash,
}

impl Consistency {
    /// Verifies `proof` of this statement.
    ///
    /// # Soundness
    /// All four fields must come from checkpoints, never from whoever sent the proof. The length of the proof follows
    /// from the sizes and is checked first. Every tree continues the empty one: from `old_size` 0 nothing follows about
    /// `new_root`.
    ///
    /// # Errors
    /// [`ProofError::SizesReversed`], [`ProofError::Length`], [`ProofError::OldRoot`], [`ProofError::Root`].
    pub fn verify(self, proof: &ConsistencyProof) -> Result<Verified<Self>, ProofError> {
        let Self { old_size: TreeSize(old), old_root, new_size: TreeSize(new), new_root } = self;
        if old > new {
            return Err(ProofError::SizesReversed { old: self.old_size, new: self.new_size });
        }
        if old == 0 || old == new {
            check_length(0, &proof.hashes)?;
            let expected = if old == 0 { empty_root() } else { new_root };
            if old_root != expected {
                return Err(ProofError::OldRoot { expected: old_root, computed: expected });
            }
            // An empty new tree is covered by the comparison of the two roots above.
            if new == 0 && new_root != expected {
                return Err(ProofError::Root { expected: new_root, computed: expected });
            }
            return Ok(Verified::new(self));
        }
        // Both roots are climbed to from the largest perfect subtree that ends at the old tree's right edge.
        let shift = old.trailing_zeros() as usize;
        let (inner, border) = path_lengths(old - 1, new);
        let inner = inner - shift;
        // An old tree that is itself perfect is that subtree: its root is known and not in the proof.
        let (seed, rest) = if old.is_power_of_two() {
            check_length(inner + border, &proof.hashes)?;
            (*old_root.as_bytes(), proof.hashes.as_slice())
        } else {
            check_length(1 + inner + border, &proof.hashes)?;
            let Some((seed, rest)) = proof.hashes.split_first() else {
                return Err(ProofError::Length { expected: 1 + inner + border, got: 0 });
            };
            (*seed, rest)
        };
        let (below, above) = rest.split_at(inner);
        let directions = (old - 1) >> shift;
        let computed_old = climb_border(climb_left_siblings(seed, below, directions), above);
        if computed_old != *old_root.as_bytes() {
            return Err(ProofError::OldRoot { expected: old_root, computed: RootHash::new(computed_old) });
        }
        let computed_new = climb_border(climb(seed, below, directions), above);
        if computed_new != *new_root.as_bytes() {
            return Err(ProofError::Root { expected: new_root, computed: RootHash::new(computed_new) });
        }
        Ok(Verified::new(self))
    }
}

fn check_length(expected: usize, hashes: &[NodeHash]) -> Result<(), ProofError> {
    if hashes.len() == expected { Ok(()) } else { Err(ProofError::Length { expected, got: hashes.len() }) }
}

/// Lengths of the two parts of the path from leaf `index` to the root of a tree of `size` leaves: below the point where
/// it joins the path of the last leaf siblings lie on either side, above it only on the left.
fn path_lengths(index: u64, size: u64) -> (usize, usize) {
    let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let border = index.checked_shr(inner).unwrap_or(0).count_ones();
    (inner as usize, border as usize)
}

/// Climbs past `siblings`; digit `i` of `directions` says whether sibling `i` lies on the left.
fn climb(node: NodeHash, siblings: &[NodeHash], directions: u64) -> NodeHash {
    siblings.iter().enumerate().fold(node, |node, (height, sibling)| {
        if directions >> height & 1 == 1 { node_hash(sibling, &node) } else { node_hash(&node, sibling) }
    })
}

/// As [`climb`], in the tree that ends at `node`: there is nothing on the right.
fn climb_left_siblings(node: NodeHash, siblings: &[NodeHash], directions: u64) -> NodeHash {
    siblings.iter().enumerate().fold(
        node,
        |node, (height, sibling)| {
            if directions >> height & 1 == 1 { node_hash(sibling, &node) } else { node }
        },
    )
}

/// Climbs past siblings that all lie on the left.
fn climb_border(node: NodeHash, siblings: &[NodeHash]) -> NodeHash {
    siblings.iter().fold(node, |node, sibling| node_hash(sibling, &node))
}
