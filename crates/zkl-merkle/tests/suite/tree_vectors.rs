//! The proof vectors of transparency-dev/merkle: 196 statements with proofs, most of them tampered with.

use serde_json::Value;
use zkl_core::{
    digest::{RootHash, Sha256Digest, TransactionId},
    tree::{LeafIndex, TreeSize},
};
use zkl_merkle::tree::{Consistency, ConsistencyProof, Inclusion, InclusionProof};

fn vectors(kind: &str) -> Vec<Value> {
    let text = include_str!("../vectors/transparency-dev-merkle.json");
    let json: Value = serde_json::from_str(text).unwrap();
    json[kind].as_array().unwrap().clone()
}

/// `None` for what is not even a hash: some of the vectors have proofs of other lengths.
fn hash(value: &Value) -> Option<[u8; 32]> {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().ok()
}

/// Some of the vectors have a word in place of a root; its digest stands in for it.
fn root(value: &Value) -> RootHash {
    let bytes = hex::decode(value.as_str().unwrap()).unwrap();
    RootHash::new(bytes.as_slice().try_into().unwrap_or_else(|_| *Sha256Digest::of(&bytes).as_bytes()))
}

fn hashes(value: &Value) -> Option<Vec<[u8; 32]>> {
    value.as_array().unwrap().iter().map(hash).collect()
}

#[test]
fn inclusion_vectors_are_accepted_and_refused_as_published() {
    let vectors = vectors("inclusion");
    assert_eq!(vectors.len(), 98);
    for vector in vectors {
        let verify = || {
            let statement = Inclusion {
                leaf: TransactionId::new(hash(&vector["leaf"])?),
                index: LeafIndex(vector["index"].as_u64().unwrap()),
                size: TreeSize(vector["size"].as_u64().unwrap()),
                root: root(&vector["root"]),
            };
            statement.verify(&InclusionProof::new(hashes(&vector["proof"])?)).ok()
        };
        assert_eq!(verify().is_some(), vector["valid"].as_bool().unwrap(), "{}", vector["name"]);
    }
}

#[test]
fn consistency_vectors_are_accepted_and_refused_as_published() {
    // Their verifier knows no proof from the empty tree; c2sp.org/tlog-witness does: it is empty.
    let from_empty = "consistency/additional/size1-is-zero-and-size2-is-not-zero";
    let vectors = vectors("consistency");
    assert_eq!(vectors.len(), 98);
    for vector in vectors {
        let verify = || {
            let statement = Consistency {
                old_size: TreeSize(vector["old_size"].as_u64().unwrap()),
                old_root: root(&vector["old_root"]),
                new_size: TreeSize(vector["new_size"].as_u64().unwrap()),
                new_root: root(&vector["new_root"]),
            };
            statement.verify(&ConsistencyProof::new(hashes(&vector["proof"])?)).ok()
        };
        let expected = vector["valid"] == true || vector["name"] == from_empty;
        assert_eq!(verify().is_some(), expected, "{}", vector["name"]);
    }
}
