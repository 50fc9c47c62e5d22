//! The log's tree: appends, inclusion and consistency proofs from tiles.
#![expect(clippy::expect_used, reason = "without its inputs a benchmark has nothing to measure")]

use std::{collections::HashMap, hint::black_box};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zkl_core::{
    digest::TransactionId,
    tree::{LeafIndex, TileId, TreeSize},
};
use zkl_merkle::{
    tile::RightEdge,
    tree::{ConsistencyPlan, Inclusion, InclusionPlan, leaf_hash, root_of},
};

const LEAVES: u64 = 100_000;

fn leaves() -> Vec<TransactionId> {
    (0..LEAVES).map(|index| leaf_hash(&index.to_le_bytes())).collect()
}

fn appends(c: &mut Criterion) {
    let leaves = leaves();
    let mut group = c.benchmark_group("tree");
    group.sample_size(10).throughput(Throughput::Elements(LEAVES));
    group.bench_function("leaf hashes of 2 KB entries", |b| {
        let entry = [7; 2_000];
        b.iter(|| (0..LEAVES).map(|_| leaf_hash(black_box(&entry))).for_each(|hash| _ = black_box(hash)));
    });
    group.bench_function("root of 10^5 leaves", |b| b.iter(|| root_of(black_box(&leaves))));
    group.bench_function("append 10^5 leaves at once", |b| {
        b.iter(|| RightEdge::empty().append(black_box(&leaves)).expect("a tree of 10^5 leaves"));
    });
    group.bench_function("append 10^5 leaves one by one", |b| {
        b.iter(|| {
            leaves.iter().fold(RightEdge::empty(), |edge, &leaf| edge.append(&[leaf]).expect("a leaf more").edge)
        });
    });
}

fn proofs(c: &mut Criterion) {
    let leaves = leaves();
    let grown = RightEdge::empty().append(&leaves).expect("a tree of 10^5 leaves");
    let (root, size) = (grown.edge.root(), grown.edge.size());
    let tiles: HashMap<TileId, Vec<u8>> = grown.tiles.into_iter().collect();
    let index = LeafIndex(LEAVES / 3);
    let statement = Inclusion { leaf: leaves[index.0 as usize], index, size, root };
    let prove = || InclusionPlan::new(index, size).and_then(|plan| plan.prove(&tiles)).expect("an inclusion proof");
    let proof = prove();
    let mut group = c.benchmark_group("proof in a tree of 10^5");
    group.bench_function("inclusion: prove from tiles", |b| b.iter(prove));
    group.bench_function("inclusion: verify", |b| {
        b.iter(|| statement.verify(black_box(&proof)).expect("a valid proof"));
    });
    group.bench_function("consistency with 50,001: prove from tiles", |b| {
        b.iter(|| {
            let plan = ConsistencyPlan::new(black_box(TreeSize(50_001)), size);
            plan.and_then(|plan| plan.prove(&tiles)).expect("a consistency proof")
        });
    });
}

criterion_group!(merkle, appends, proofs);
criterion_main!(merkle);
