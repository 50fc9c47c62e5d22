//! The RFC 6962 tree the slow way: what the trials compare a store with, and not the code that the ledger runs.

use zkl_core::{
    digest::{RootHash, Sha256Digest, TransactionId},
    tree::{TileId, TreeSize},
};

type Hash = [u8; 32];

const LEVELS: u8 = 8;

/// `SHA-256(0x00 || entry)`.
pub(super) fn leaf_hash(entry: &[u8]) -> TransactionId {
    TransactionId::new(*Sha256Digest::of(&[&[0], entry].concat()).as_bytes())
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    *Sha256Digest::of(&[&[1], left.as_slice(), right].concat()).as_bytes()
}

/// The Merkle tree hash of RFC 6962, section 2.1.
fn tree_hash(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => *Sha256Digest::of(&[]).as_bytes(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&tree_hash(left), &tree_hash(right))
        }
    }
}

/// The root over `leaves`.
pub(super) fn root(leaves: &[Hash]) -> RootHash {
    RootHash::new(tree_hash(leaves))
}

/// The root over each beginning of `leaves`: element `n` is that of the first `n`.
pub(super) fn roots(leaves: &[Hash]) -> Vec<RootHash> {
    let mut perfect: Vec<Hash> = Vec::new();
    let mut roots = vec![root(&[])];
    for (size, leaf) in (1_u64..).zip(leaves) {
        perfect.push(*leaf);
        for _ in 0..size.trailing_zeros() {
            if let (Some(right), Some(left)) = (perfect.pop(), perfect.pop()) {
                perfect.push(node_hash(&left, &right));
            }
        }
        let mut subtrees = perfect.iter().rev().copied();
        let whole = subtrees.next().map(|last| subtrees.fold(last, |right, left| node_hash(&left, &right)));
        roots.extend(whole.map(RootHash::new));
    }
    roots
}

/// The tiles that differ between the trees over the first `from` of `leaves` and over all of them.
pub(super) fn tiles(from: u64, leaves: &[Hash]) -> Vec<(TileId, Vec<u8>)> {
    let size = leaves.len() as u64;
    let width = u64::from(TileId::FULL_WIDTH);
    let mut tiles = Vec::new();
    for level in 0..LEVELS {
        let span = 1_u64 << (8 * level);
        let (before, after) = (from / span, size / span);
        if before == after {
            break;
        }
        for index in before / width..=(after - 1) / width {
            let id = TileId { level, index, width: 0 };
            let id = TileId { width: id.width_in(TreeSize(size)), ..id };
            let first = index * width;
            let hash = |n: u64| tree_hash(&leaves[(n * span) as usize..((n + 1) * span) as usize]);
            tiles.push((id, (first..first + u64::from(id.width)).flat_map(hash).collect()));
        }
    }
    tiles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|n| *leaf_hash(&n.to_be_bytes()).as_bytes()).collect()
    }

    #[test]
    fn small_trees_have_the_published_roots() {
        // RFC 6962 reference vectors: no leaf, one empty leaf, and the leaves "" and 00.
        let text = |leaves: &[&[u8]]| {
            root(&leaves.iter().map(|leaf| *leaf_hash(leaf).as_bytes()).collect::<Vec<_>>()).to_string()
        };
        assert_eq!(text(&[]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(text(&[b""]), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assert_eq!(text(&[b"", b"\0"]), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    }

    #[test]
    fn the_root_of_every_beginning_is_that_of_a_tree_of_its_own() {
        let all = leaves(70);
        for (size, found) in roots(&all).into_iter().enumerate() {
            assert_eq!(found, root(&all[..size]), "{size} leaves");
        }
    }

    #[test]
    fn tiles_hold_the_hashes_of_their_level() {
        let all = leaves(600);
        let tiles = tiles(250, &all);
        let ids: Vec<_> = tiles.iter().map(|(id, _)| (id.level, id.index, id.width)).collect();
        assert_eq!(ids, [(0, 0, 256), (0, 1, 256), (0, 2, 88), (1, 0, 2)]);
        assert_eq!(tiles[1].1, all[256..512].concat());
        assert_eq!(tiles[3].1, [tree_hash(&all[..256]), tree_hash(&all[256..512])].concat());
    }
}
