//! Verifying any proof of any statement never panics, and a root that was not computed is never reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zkl_core::{
    digest::{RootHash, TransactionId},
    tree::{LeafIndex, TreeSize},
};
use zkl_merkle::tree::{Consistency, ConsistencyProof, Inclusion, InclusionProof};

fuzz_target!(|input: (u64, u64, Vec<[u8; 32]>)| {
    let (a, b, hashes) = input;
    // SHA-256 values that nobody knows a preimage of.
    let (old_root, root) = (RootHash::new([1; 32]), RootHash::new([2; 32]));
    let leaf = TransactionId::new([3; 32]);
    let inclusion = Inclusion { leaf, index: LeafIndex(a), size: TreeSize(b), root };
    assert!(inclusion.verify(&InclusionProof::new(hashes.clone())).is_err());
    let consistency = Consistency { old_size: TreeSize(a), old_root, new_size: TreeSize(b), new_root: root };
    assert!(consistency.verify(&ConsistencyProof::new(hashes)).is_err());
});
