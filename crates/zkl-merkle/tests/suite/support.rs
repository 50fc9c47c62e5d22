//! A naive tree, written from the recursive definitions of RFC 6962, section 2.1, as the oracle of the tests.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use zkl_core::{
    digest::TransactionId,
    tree::{TileId, TreeSize},
};
use zkl_merkle::{
    keys::{Origin, SigningKey},
    note::NoteSigner,
    tile::RightEdge,
    tree::leaf_hash,
};

pub(crate) type Hash = [u8; 32];

/// `MTH(D[n])` over leaf hashes.
pub(crate) fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest(b"").into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(largest_power_below(leaves.len()));
            let mut input = vec![1];
            input.extend(mth(left));
            input.extend(mth(right));
            Sha256::digest(input).into()
        }
    }
}

/// `PATH(m, D[n])`.
pub(crate) fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return vec![];
    }
    let k = largest_power_below(leaves.len());
    let (left, right) = leaves.split_at(k);
    if m < k { [path(m, left), vec![mth(right)]].concat() } else { [path(m - k, right), vec![mth(left)]].concat() }
}

/// `PROOF(m, D[n])`, for `0 < m <= n`.
pub(crate) fn proof(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    subproof(m, leaves, true)
}

fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole { vec![] } else { vec![mth(leaves)] };
    }
    let k = largest_power_below(leaves.len());
    let (left, right) = leaves.split_at(k);
    if m <= k {
        [subproof(m, left, whole), vec![mth(right)]].concat()
    } else {
        [subproof(m - k, right, false), vec![mth(left)]].concat()
    }
}

fn largest_power_below(n: usize) -> usize {
    let mut k = 1;
    while 2 * k < n {
        k *= 2;
    }
    k
}

/// Entry `index` of the test logs.
pub(crate) fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

pub(crate) fn leaves(count: u64) -> Vec<TransactionId> {
    (0..count).map(|index| leaf_hash(&entry(index))).collect()
}

pub(crate) fn hashes(leaves: &[TransactionId]) -> Vec<Hash> {
    leaves.iter().map(|leaf| *leaf.as_bytes()).collect()
}

/// A log kept as tiles, as a store keeps it: a wider tile replaces the narrower one.
#[derive(Default)]
pub(crate) struct TiledLog {
    pub(crate) edge: RightEdge,
    pub(crate) tiles: BTreeMap<(u8, u64), Vec<u8>>,
}

impl TiledLog {
    pub(crate) fn append(&mut self, leaves: &[TransactionId]) -> Vec<TileId> {
        let appended = self.edge.append(leaves).unwrap();
        self.edge = appended.edge;
        let ids = appended.tiles.iter().map(|(id, _)| *id).collect();
        for (id, bytes) in appended.tiles {
            assert_eq!(bytes.len(), usize::from(id.width) * 32);
            self.tiles.insert((id.level, id.index), bytes);
        }
        ids
    }

    /// Reads tiles; a narrower one than stored is a prefix.
    pub(crate) fn read(&self, ids: &[TileId]) -> BTreeMap<TileId, Vec<u8>> {
        ids.iter().map(|&id| (id, self.tiles[&(id.level, id.index)][..usize::from(id.width) * 32].to_vec())).collect()
    }

    pub(crate) fn size(&self) -> TreeSize {
        self.edge.size()
    }
}

pub(crate) fn origin(name: &str) -> Origin {
    name.parse().unwrap()
}

pub(crate) fn signer(name: &str, seed: u8) -> NoteSigner {
    NoteSigner::new(origin(name), SigningKey::from_seed(&[seed; 32]))
}

/// Replaces, removes, doubles and inserts at every position, and cuts at every position.
pub(crate) fn mutations(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).flat_map(move |at| {
        let replaced = [bytes[at] ^ 1, bytes[at] ^ 2, bytes[at] ^ 4, bytes[at] ^ 32, b' ', b'\n', b'A', b'='];
        let replaced = replaced.into_iter().filter(move |b| *b != bytes[at]).map(move |b| {
            let mut mutated = bytes.to_vec();
            mutated[at] = b;
            mutated
        });
        let inserted = [b' ', b'\n', b'A', b'=', b'0', bytes[at]].into_iter().map(move |b| {
            let mut mutated = bytes.to_vec();
            mutated.insert(at, b);
            mutated
        });
        let removed = [[&bytes[..at], &bytes[at + 1..]].concat(), bytes[..at].to_vec()];
        replaced.chain(inserted).chain(removed)
    })
}
