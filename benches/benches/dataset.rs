//! Tables: parsing and profiling of a generated CSV file, beside a `csv` reader that does nothing with the cells.
#![expect(clippy::expect_used, reason = "without its inputs a benchmark has nothing to measure")]

use std::{fs, hint::black_box};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use zkl_benches::mixed_table::{MixedTable, Width};
use zkl_dataset::hash_file;

const ROWS: u64 = 100_000;
const DICTIONARY_KEY: [u8; 32] = [1; 32];

fn tables(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    for width in [Width::Four, Width::Ten] {
        let path = dir.path().join("mixed.csv");
        let bytes = MixedTable { rows: ROWS, width }.write_file(&path).expect("a generated table");
        let mut group = c.benchmark_group(format!("table of 10^5 x {}", width.columns()));
        group.sample_size(10).throughput(Throughput::Bytes(bytes));
        let scan = MixedTable::read_options().scan(zkl_ledger::dataset::Source::path(&path));
        group.bench_function("scan: digests, inference, profile", |b| {
            b.iter(|| scan.run(black_box(&DICTIONARY_KEY), &mut ()).expect("a valid table"));
        });
        group.bench_function("digests alone", |b| b.iter(|| hash_file(black_box(&path)).expect("a readable file")));
        group
            .bench_function("csv crate: cells alone", |b| b.iter(|| cells(&fs::read(&path).expect("a readable file"))));
    }
}

/// Bytes in all cells, by the `csv` crate.
fn cells(text: &[u8]) -> usize {
    let mut reader = csv::Reader::from_reader(text);
    let mut record = csv::ByteRecord::new();
    let mut bytes = 0;
    while reader.read_byte_record(&mut record).expect("valid CSV") {
        bytes += record.as_slice().len();
    }
    bytes
}

criterion_group!(dataset, tables);
criterion_main!(dataset);
