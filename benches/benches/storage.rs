//! Storage backends: appends, queries, tiles and blobs.
#![expect(clippy::expect_used, reason = "without its inputs a benchmark has nothing to measure")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use zkl_core::{
    storage::{Order, Query, StorageBackend, StorageBackendExt},
    transaction::OperationKind,
    tree::{TileId, TreeSize},
};
use zkl_ledger::storage::memory::MemoryBackend;
use zkl_storage_rocks::{RocksBackend, RocksConfig};
use zkl_testkit::log::TestLog;

const LOG: TestLog = TestLog::salted(0);
const ENTRIES: u64 = 10_000;

fn rocks() -> (TempDir, RocksBackend) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let backend = RocksBackend::create(dir.path(), &RocksConfig::default()).expect("a new ledger");
    (dir, backend)
}

fn append(c: &mut Criterion, runtime: &Runtime, name: &str, backend: &dyn StorageBackend) {
    let mut group = c.benchmark_group(format!("append/{name}"));
    for count in [1, 100] {
        group.throughput(Throughput::Elements(count));
        group.bench_function(format!("{count}"), |b| {
            b.iter_batched(
                || {
                    let size = runtime.block_on(backend.size()).expect("a size");
                    (size, LOG.batch(size.0, count))
                },
                |(size, batch)| runtime.block_on(backend.append(size, batch)).expect("an append"),
                // The next batch depends on the outcome of this one.
                BatchSize::PerIteration,
            );
        });
    }
}

fn read(c: &mut Criterion, runtime: &Runtime, name: &str, backend: &dyn StorageBackend) {
    runtime.block_on(backend.append(TreeSize(0), LOG.batch(0, ENTRIES))).expect("an append");
    let middle = LOG.transaction(ENTRIES / 2);
    let later = LOG.transaction(ENTRIES / 2 + 200).recorded_at;
    let dataset = TestLog::names().pop();
    let queries = [
        (
            "newest of dataset",
            Query { dataset: dataset.clone(), order: Order::Descending, limit: 1, ..Query::default() },
        ),
        ("page of dataset", Query { dataset, index: Some(ENTRIES / 2..ENTRIES), limit: 100, ..Query::default() }),
        ("time range", Query { time: Some(middle.recorded_at..later), ..Query::default() }),
        ("kind", Query { kind: Some(OperationKind::CLAIM), limit: 100, ..Query::default() }),
    ];
    let mut group = c.benchmark_group(format!("read/{name}"));
    for (title, query) in queries {
        group.bench_function(title, |b| {
            b.iter(|| runtime.block_on(backend.find(black_box(&query))).expect("a result"));
        });
    }
    group.bench_function("transaction", |b| {
        b.iter(|| runtime.block_on(backend.transaction(black_box(middle.id))).expect("a transaction"));
    });
    let tile = TileId { level: 0, index: 3, width: 256 };
    group.bench_function("tile", |b| {
        b.iter(|| runtime.block_on(backend.tile(black_box(tile))).expect("a tile"));
    });
    let blob = vec![7; 1 << 20];
    let digest = runtime.block_on(backend.put_blob(&blob)).expect("a blob");
    group.throughput(Throughput::Bytes(1 << 20));
    group.bench_function("blob of 1 MiB", |b| {
        b.iter(|| runtime.block_on(backend.blob(black_box(digest))).expect("a blob"));
    });
}

fn backends(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let (_dir, backend) = rocks();
    append(c, &runtime, "rocks", &backend);
    append(c, &runtime, "memory", &MemoryBackend::new());
    let (_dir, backend) = rocks();
    read(c, &runtime, "rocks", &backend);
    read(c, &runtime, "memory", &MemoryBackend::new());
}

criterion_group!(storage, backends);
criterion_main!(storage);
