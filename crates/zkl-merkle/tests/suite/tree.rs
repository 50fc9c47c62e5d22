//! Proofs of every small tree and of random larger ones, against the naive tree and against another implementation.

use crate::support::{TiledLog, hashes, leaves, mth, path, proof};
use proptest::prelude::*;
use zkl_core::{
    digest::{RootHash, TransactionId},
    tree::{LeafIndex, TileId, TreeSize},
};
use zkl_merkle::{
    error::{ProofError, TreeError},
    tree::{
        Consistency, ConsistencyPlan, ConsistencyProof, Frontier, Inclusion, InclusionPlan, InclusionProof, RootPlan,
        empty_root, leaf_hash, node_hash, root_of,
    },
};

fn log_of(size: u64) -> (TiledLog, Vec<TransactionId>) {
    let leaves = leaves(size);
    let mut log = TiledLog::default();
    log.append(&leaves);
    (log, leaves)
}

fn prove_inclusion(log: &TiledLog, index: u64, size: u64) -> InclusionProof {
    let plan = InclusionPlan::new(LeafIndex(index), TreeSize(size)).unwrap();
    plan.prove(&log.read(&plan.tiles())).unwrap()
}

fn prove_consistency(log: &TiledLog, old: u64, new: u64) -> ConsistencyProof {
    let plan = ConsistencyPlan::new(TreeSize(old), TreeSize(new)).unwrap();
    plan.prove(&log.read(&plan.tiles())).unwrap()
}

#[test]
fn hashes_and_roots_are_those_published_by_transparency_dev() {
    // transparency-dev/merkle: rfc6962/rfc6962_test.go and testonly/constants.go.
    assert_eq!(empty_root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    let leaf = leaf_hash(b"L123456").to_string();
    assert_eq!(leaf, "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
    let entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(&hex::decode(entry).unwrap())).collect();
    for (size, root) in roots.iter().enumerate() {
        assert_eq!(root_of(&leaves[..size]).to_string(), *root, "size {size}");
    }
}

#[test]
fn a_node_is_never_the_hash_of_an_entry() {
    let (left, right) = (*leaf_hash(b"Hello").as_bytes(), *leaf_hash(b"World").as_bytes());
    assert_ne!(node_hash(&left, &right), *leaf_hash(&[left, right].concat()).as_bytes());
    assert_ne!(node_hash(&left, &right), node_hash(&right, &left));
}

#[test]
fn every_proof_of_every_tree_of_up_to_66_entries_is_that_of_the_definition() {
    let (log, leaves) = log_of(66);
    let naive = hashes(&leaves);
    let roots: Vec<_> = (0..=66).map(|size| RootHash::new(mth(&naive[..size]))).collect();
    let mut frontier = Frontier::default();
    for size in 0..=66usize {
        let new_size = TreeSize(size as u64);
        let plan = RootPlan::new(new_size);
        assert_eq!(plan.root(&log.read(&plan.tiles())), Ok(roots[size]));
        assert_eq!(plan.frontier(&log.read(&plan.tiles())).unwrap(), frontier);
        assert_eq!((frontier.root(), root_of(&leaves[..size])), (roots[size], roots[size]));
        for (index, &leaf) in leaves[..size].iter().enumerate() {
            let proof = prove_inclusion(&log, index as u64, size as u64);
            assert_eq!(proof.hashes(), path(index, &naive[..size]));
            let statement = Inclusion { leaf, index: LeafIndex(index as u64), size: new_size, root: roots[size] };
            assert_eq!(*statement.verify(&proof).unwrap(), statement);
        }
        for old in 0..=size {
            let proved = prove_consistency(&log, old as u64, size as u64);
            assert_eq!(proved.hashes(), if old == 0 { vec![] } else { proof(old, &naive[..size]) });
            let old_size = TreeSize(old as u64);
            let statement = Consistency { old_size, old_root: roots[old], new_size, new_root: roots[size] };
            assert_eq!(*statement.verify(&proved).unwrap(), statement);
        }
        if let Some(&leaf) = leaves.get(size) {
            frontier.append(leaf).unwrap();
        }
    }
}

#[test]
fn a_tampered_inclusion_proof_is_refused_with_its_own_error() {
    let (log, leaves) = log_of(20);
    let naive = hashes(&leaves);
    for size in 1..=20u64 {
        let root = RootHash::new(mth(&naive[..size as usize]));
        for index in 0..size {
            let proof = prove_inclusion(&log, index, size);
            let statement =
                Inclusion { leaf: leaves[index as usize], index: LeafIndex(index), size: TreeSize(size), root };
            let hashes = proof.hashes().to_vec();
            let refuse = |statement: Inclusion, hashes: &[[u8; 32]]| {
                statement.verify(&InclusionProof::new(hashes.to_vec())).unwrap_err()
            };
            let wrong_length = |got| ProofError::Length { expected: hashes.len(), got };
            for at in 0..hashes.len() {
                let mut changed = hashes.clone();
                changed[at][31] ^= 1;
                assert!(matches!(refuse(statement, &changed), ProofError::Root { .. }));
                let mut removed = hashes.clone();
                removed.remove(at);
                assert_eq!(refuse(statement, &removed), wrong_length(hashes.len() - 1));
                if at > 0 {
                    let mut swapped = hashes.clone();
                    swapped.swap(at - 1, at);
                    assert!(matches!(refuse(statement, &swapped), ProofError::Root { .. }));
                }
            }
            let extended = [hashes.as_slice(), &[*root.as_bytes()]].concat();
            assert_eq!(refuse(statement, &extended), wrong_length(hashes.len() + 1));

            let other_leaf = Inclusion { leaf: leaf_hash(b"forged"), ..statement };
            assert!(matches!(refuse(other_leaf, &hashes), ProofError::Root { .. }));
            let other_root = RootHash::new([7; 32]);
            assert_eq!(
                refuse(Inclusion { root: other_root, ..statement }, &hashes),
                ProofError::Root { expected: other_root, computed: root }
            );
            for other in (0..size).filter(|other| *other != index) {
                let error = refuse(Inclusion { index: LeafIndex(other), ..statement }, &hashes);
                assert!(matches!(error, ProofError::Root { .. } | ProofError::Length { .. }), "{error}");
            }
            for beyond in [size, size + 1, u64::MAX] {
                let error = refuse(Inclusion { index: LeafIndex(beyond), ..statement }, &hashes);
                assert_eq!(error, ProofError::IndexOutOfRange { index: LeafIndex(beyond), size: TreeSize(size) });
            }
        }
    }
}

#[test]
fn an_inclusion_proof_alone_does_not_bind_the_size() {
    // Known property of RFC 6962 paths, and why size and root are taken from one signed checkpoint.
    let (log, leaves) = log_of(3);
    let root = RootHash::new(mth(&hashes(&leaves)));
    let statement = Inclusion { leaf: leaves[0], index: LeafIndex(0), size: TreeSize(4), root };
    assert!(statement.verify(&prove_inclusion(&log, 0, 3)).is_ok());
}

#[test]
fn a_tampered_consistency_proof_is_refused_with_its_own_error() {
    let (log, leaves) = log_of(20);
    let naive = hashes(&leaves);
    let root = |size: u64| RootHash::new(mth(&naive[..size as usize]));
    for new in 1..=20u64 {
        for old in 0..=new {
            let hashes = prove_consistency(&log, old, new).hashes().to_vec();
            let (old_size, new_size) = (TreeSize(old), TreeSize(new));
            let statement = Consistency { old_size, old_root: root(old), new_size, new_root: root(new) };
            let refuse = |statement: Consistency, hashes: &[[u8; 32]]| {
                statement.verify(&ConsistencyProof::new(hashes.to_vec())).unwrap_err()
            };
            let wrong_length = |got| ProofError::Length { expected: hashes.len(), got };
            for at in 0..hashes.len() {
                let mut changed = hashes.clone();
                changed[at][0] ^= 0x80;
                let error = refuse(statement, &changed);
                assert!(matches!(error, ProofError::OldRoot { .. } | ProofError::Root { .. }), "{error}");
                let mut removed = hashes.clone();
                removed.remove(at);
                assert_eq!(refuse(statement, &removed), wrong_length(hashes.len() - 1));
                if at > 0 {
                    let mut swapped = hashes.clone();
                    swapped.swap(at - 1, at);
                    let error = refuse(statement, &swapped);
                    assert!(matches!(error, ProofError::OldRoot { .. } | ProofError::Root { .. }), "{error}");
                }
            }
            let extended = [hashes.as_slice(), &[[0; 32]]].concat();
            assert_eq!(refuse(statement, &extended), wrong_length(hashes.len() + 1));

            let forged = RootHash::new([7; 32]);
            let error = refuse(Consistency { old_root: forged, ..statement }, &hashes);
            if old.is_power_of_two() && old < new {
                // A perfect old tree is itself the seed of the climb, so that its root shows in the new one.
                assert!(matches!(error, ProofError::Root { .. }), "{error}");
            } else {
                assert!(matches!(error, ProofError::OldRoot { .. }), "{error}");
            }
            if old > 0 && old < new {
                let error = refuse(Consistency { new_root: forged, ..statement }, &hashes);
                assert_eq!(error, ProofError::Root { expected: forged, computed: root(new) });
            }
            if old > 0 {
                let error = refuse(Consistency { new_size: TreeSize(old - 1), ..statement }, &hashes);
                assert_eq!(error, ProofError::SizesReversed { old: old_size, new: TreeSize(old - 1) });
            }
        }
    }
}

#[test]
fn the_empty_tree_has_one_root() {
    let forged = RootHash::new([7; 32]);
    let empty =
        Consistency { old_size: TreeSize(0), old_root: empty_root(), new_size: TreeSize(0), new_root: empty_root() };
    let nothing = ConsistencyProof::default();
    assert!(empty.verify(&nothing).is_ok());
    let error = Consistency { old_root: forged, ..empty }.verify(&nothing).unwrap_err();
    assert_eq!(error, ProofError::OldRoot { expected: forged, computed: empty_root() });
    let error = Consistency { new_root: forged, ..empty }.verify(&nothing).unwrap_err();
    assert_eq!(error, ProofError::Root { expected: forged, computed: empty_root() });
}

#[test]
fn plans_refuse_statements_that_are_false() {
    let error = InclusionPlan::new(LeafIndex(5), TreeSize(5)).unwrap_err();
    assert_eq!(error, TreeError::IndexOutOfRange { index: LeafIndex(5), size: TreeSize(5) });
    let error = ConsistencyPlan::new(TreeSize(6), TreeSize(5)).unwrap_err();
    assert_eq!(error, TreeError::SizesReversed { old: TreeSize(6), new: TreeSize(5) });
}

#[test]
fn proving_needs_the_planned_tiles_at_their_width() {
    let (log, _) = log_of(300);
    let plan = InclusionPlan::new(LeafIndex(3), TreeSize(300)).unwrap();
    let mut tiles = log.read(&plan.tiles());
    let partial = TileId { level: 0, index: 1, width: 44 };
    assert_eq!(plan.tiles(), [TileId { level: 0, index: 0, width: 256 }, partial]);
    tiles.get_mut(&partial).unwrap().pop();
    let error = TreeError::TileLength { id: partial, expected: 44 * 32, got: 44 * 32 - 1 };
    assert_eq!(plan.prove(&tiles), Err(error));
    tiles.remove(&partial);
    assert_eq!(plan.prove(&tiles), Err(TreeError::MissingTile { id: partial }));
}

#[test]
fn the_largest_trees_are_planned_and_verified_without_overflow() {
    let sizes = [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) + 1, (1 << 63) - 1];
    for size in sizes {
        for index in [0, 1, size / 2, size - 2, size - 1] {
            let plan = InclusionPlan::new(LeafIndex(index), TreeSize(size)).unwrap();
            assert!(plan.tiles().len() <= 16 && plan.tiles().iter().all(|id| id.level < 8 && id.width > 0));
            let statement =
                Inclusion { leaf: leaf_hash(b""), index: LeafIndex(index), size: TreeSize(size), root: empty_root() };
            for len in 0..=70 {
                assert!(statement.verify(&InclusionProof::new(vec![[0; 32]; len])).is_err());
            }
        }
        for old in [1, 2, 3, size / 2, size / 2 + 1, size - 1] {
            let plan = ConsistencyPlan::new(TreeSize(old), TreeSize(size)).unwrap();
            assert!(plan.tiles().len() <= 16);
            let statement = Consistency {
                old_size: TreeSize(old),
                old_root: empty_root(),
                new_size: TreeSize(size),
                new_root: empty_root(),
            };
            for len in 0..=70 {
                assert!(statement.verify(&ConsistencyProof::new(vec![[0; 32]; len])).is_err());
            }
        }
    }
}

/// Stored hashes in the order of the oracle.
struct StoredHashes(Vec<tlog_tiles::Hash>);

impl tlog_tiles::HashReader for StoredHashes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|&index| self.0[index as usize]).collect())
    }
}

#[test]
fn another_implementation_makes_the_same_proofs_and_accepts_ours() {
    let size = 700u64;
    let (log, leaves) = log_of(size);
    let mut stored = StoredHashes(Vec::new());
    for index in 0..size {
        let hashes = tlog_tiles::stored_hashes(index, &crate::support::entry(index), &stored).unwrap();
        stored.0.extend(hashes);
    }
    let root = |size: u64| tlog_tiles::tree_hash(size, &stored).unwrap();
    for (index, size) in (0..700u64).step_by(23).map(|index| (index, 700 - index % 3)) {
        let ours = prove_inclusion(&log, index, size);
        let theirs = tlog_tiles::prove_record(size, index, &stored).unwrap();
        assert!(theirs.iter().map(|hash| hash.0).eq(ours.hashes().iter().copied()));
        let leaf = tlog_tiles::Hash(*leaves[index as usize].as_bytes());
        let ours = ours.hashes().iter().map(|hash| tlog_tiles::Hash(*hash)).collect();
        tlog_tiles::check_record(&ours, size, root(size), index, leaf).unwrap();
    }
    for old in (1..700u64).step_by(19) {
        let ours: Vec<_> =
            prove_consistency(&log, old, size).hashes().iter().map(|hash| tlog_tiles::Hash(*hash)).collect();
        assert_eq!(ours, tlog_tiles::prove_tree(size, old, &stored).unwrap());
        tlog_tiles::check_tree(&ours, size, root(size), old, root(old)).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn proofs_of_larger_trees_are_those_of_the_definition(
        size in 1u64..70_000,
        index in any::<prop::sample::Index>(),
        old in any::<prop::sample::Index>(),
    ) {
        let (log, leaves) = log_of(size);
        let naive = hashes(&leaves);
        let index = index.index(leaves.len());
        let old = old.index(leaves.len()) + 1;
        let (new_size, new_root) = (TreeSize(size), RootHash::new(mth(&naive)));
        prop_assert_eq!(log.edge.root(), new_root);

        let inclusion = prove_inclusion(&log, index as u64, size);
        prop_assert_eq!(inclusion.hashes(), path(index, &naive));
        let statement =
            Inclusion { leaf: leaves[index], index: LeafIndex(index as u64), size: new_size, root: new_root };
        prop_assert!(statement.verify(&inclusion).is_ok());

        let consistency = prove_consistency(&log, old as u64, size);
        prop_assert_eq!(consistency.hashes(), proof(old, &naive));
        let old_root = RootHash::new(mth(&naive[..old]));
        let statement = Consistency { old_size: TreeSize(old as u64), old_root, new_size, new_root };
        prop_assert!(statement.verify(&consistency).is_ok());
    }

    #[test]
    fn verifying_arbitrary_proofs_never_panics(
        sizes in any::<(u64, u64)>(),
        hashes in prop::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let (a, b) = sizes;
        let root = RootHash::new([1; 32]);
        let inclusion = Inclusion { leaf: TransactionId::new([2; 32]), index: LeafIndex(a), size: TreeSize(b), root };
        prop_assert!(inclusion.verify(&InclusionProof::new(hashes.clone())).is_err());
        let statement =
            Consistency { old_size: TreeSize(a), old_root: empty_root(), new_size: TreeSize(b), new_root: root };
        prop_assert!(a == 0 || statement.verify(&ConsistencyProof::new(hashes)).is_err());
    }
}
