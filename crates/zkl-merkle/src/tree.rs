//! The Merkle tree of RFC 6962, section 2.1, over SHA-256.
//!
//! ```text
//! MTH({})     = SHA-256("")
//! MTH({d})    = SHA-256(0x00 || d)
//! MTH(D[n])   = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])),  k the largest power of two below n
//! ```
//!
//! The prefixes keep leaves and nodes apart: without them an inner node could be presented as an entry. Soundness of all
//! proofs rests on the collision resistance of SHA-256 and on nothing else.

use sha2::{Digest as _, Sha256};
use zkl_core::digest::{RootHash, TransactionId};

mod frontier;
mod plan;
mod proof;

pub use frontier::Frontier;
pub(crate) use plan::perfect_root;
pub use plan::{ConsistencyPlan, InclusionPlan, RootPlan, TileSource};
pub use proof::{Consistency, ConsistencyProof, Inclusion, InclusionProof, MAX_PROOF_LEN};

/// A hash inside the tree: of a leaf, of a node, or of a whole subtree.
pub type NodeHash = [u8; 32];

/// RFC 6962 leaf hash of an entry, which is also its transaction id.
pub fn leaf_hash(entry: &[u8]) -> TransactionId {
    TransactionId::new(Sha256::new().chain_update([0x00]).chain_update(entry).finalize().into())
}

/// RFC 6962 hash of an inner node.
pub fn node_hash(left: &NodeHash, right: &NodeHash) -> NodeHash {
    Sha256::new().chain_update([0x01]).chain_update(left).chain_update(right).finalize().into()
}

/// Root of the tree without leaves: `SHA-256("")`.
pub fn empty_root() -> RootHash {
    RootHash::new(Sha256::digest([]).into())
}

/// Root of the tree over `leaves`, in order.
pub fn root_of(leaves: &[TransactionId]) -> RootHash {
    let mut frontier = Frontier::default();
    for &leaf in leaves {
        // A slice is shorter than 2^63 elements, so the count cannot overflow.
        frontier.merge(leaf);
    }
    frontier.root()
}

/// Largest power of two strictly below `n`, for `n >= 2`.
const fn split_point(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// The sizes of the perfect subtrees that leaves `start..start + len` of a subtree starting at a multiple of its own size
/// fall into: the binary digits of `len`, largest first, as `(level, index of the node within the level)`.
fn perfect_subtrees(start: u64, len: u64) -> impl Iterator<Item = (u8, u64)> {
    (0..64u8).rev().filter(move |&level| len >> level & 1 == 1).map(move |level| {
        // Everything above this digit lies to the left.
        let before = if level == 63 { 0 } else { len >> (level + 1) << (level + 1) };
        (level, (start + before) >> level)
    })
}
