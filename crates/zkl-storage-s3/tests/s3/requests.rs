//! What each operation costs, in requests: counted by a proxy, printed, and bounded.

use std::collections::BTreeMap;

use zkl_core::{
    storage::{Order, Query, StorageBackend},
    time::Timestamp,
    transaction::OperationKind,
    tree::{TileId, TreeSize},
};
use zkl_storage_s3::S3Backend;
use zkl_testkit::{conformance::block_on, log::TestLog};

use crate::support::Proxied;

const LOG: TestLog = TestLog::salted(88);

/// Requests by method.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    puts: u64,
    /// `GET` and `HEAD`, listings included.
    reads: u64,
}

fn take(proxied: &Proxied) -> Cost {
    let mut cost = Cost::default();
    for request in proxied.proxy.take_seen() {
        match request.method.as_str() {
            "PUT" => cost.puts += 1,
            "GET" | "HEAD" => cost.reads += 1,
            method => panic!("{method} {}", request.target),
        }
    }
    cost
}

/// Segments of a log of `size` entries: the digits of the number of blocks to base 4, and the largest ones.
fn segments(size: u64) -> u64 {
    let mut blocks = size / 64;
    let mut segments = blocks >> 12;
    blocks &= 4_095;
    while blocks > 0 {
        segments += blocks % 4;
        blocks /= 4;
    }
    segments
}

#[test]
fn an_append_of_one_entry_costs_two_writes_and_rarely_more() {
    block_on(async {
        let (proxied, backend) = Proxied::patient().await;
        let mut by_cost: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        let mut sum = Cost::default();
        const APPENDS: u64 = 256;
        for size in 0..APPENDS {
            backend.append(TreeSize(size), LOG.batch(size, 1)).await.unwrap();
            let cost = take(&proxied);
            *by_cost.entry((cost.puts, cost.reads)).or_default() += 1;
            (sum.puts, sum.reads) = (sum.puts + cost.puts, sum.reads + cost.reads);
        }
        for ((puts, reads), appends) in &by_cost {
            println!("{appends:>4} of {APPENDS} single appends: {puts} PUT, {reads} GET");
        }
        assert_eq!(by_cost[&(2, 0)], APPENDS - APPENDS / 64, "all that fill no block");
        assert!(sum.puts <= 2 * APPENDS + 2 * APPENDS / 64 && sum.reads <= 16, "{sum:?}");
    });
}

#[test]
fn queries_cost_a_number_of_reads_that_grows_with_the_logarithm_of_the_log() {
    block_on(async {
        let (proxied, writer) = Proxied::patient().await;
        let mut size = 0;
        println!("{:>7} {:>8} {:<28} {:>10} {:>10}", "entries", "segments", "operation", "GET first", "GET again");
        for target in [1_000, 5_000, 20_000] {
            while size < target {
                writer.append(TreeSize(size), LOG.batch(size, 1_000)).await.unwrap();
                size += 1_000;
                let cost = take(&proxied);
                assert!(cost.puts <= 16 + 2 + 7, "{cost:?} for a batch of 1,000 at {size}");
            }
            let all = segments(size);
            let middle = LOG.transaction(size / 2);
            let time = middle.recorded_at;
            let name = middle.dataset.clone().or_else(|| LOG.transaction(1).dataset);
            let indexed = |index: std::ops::Range<u64>| Query { index: Some(index), ..Query::default() };
            let queries = [
                ("entry by index", indexed(size / 2..size / 2 + 1), 6),
                ("100 entries by index", indexed(size / 2..size / 2 + 100), 12),
                (
                    "newest of a dataset",
                    Query { dataset: name.clone(), order: Order::Descending, limit: 1, ..Query::default() },
                    // Four segments are searched ahead: two levels of postings and blocks each, and one record.
                    1 + 4 * 4 + 1,
                ),
                (
                    "one minute, one kind",
                    Query {
                        kind: Some(OperationKind::CLAIM),
                        time: Some(time..Timestamp(time.0 + 60_000)),
                        ..Query::default()
                    },
                    1 + 4 * 4 + 12,
                ),
                ("absent dataset", Query { dataset: "absent".parse().ok(), ..Query::default() }, 1 + 2 * all),
            ];
            let report = |what: &str, cold: Cost, warm: Cost, bound: u64| {
                println!("{size:>7} {all:>8} {what:<28} {:>10} {:>10}", cold.reads, warm.reads);
                assert!(cold.reads <= bound && warm.reads <= 1, "{what}: {cold:?}, then {warm:?}, bound {bound}");
                assert_eq!(cold.puts + warm.puts, 0, "{what}");
            };
            for (what, query, bound) in queries {
                let reader = opened(&proxied).await;
                reader.find(&query).await.unwrap();
                let cold = take(&proxied);
                reader.find(&query).await.unwrap();
                report(what, cold, take(&proxied), bound);
            }
            let reader = opened(&proxied).await;
            let id = middle.id;
            assert!(reader.transaction(id).await.unwrap().is_some());
            let cold = take(&proxied);
            reader.transaction(id).await.unwrap();
            report("entry by id", cold, take(&proxied), all + 6);
            let reader = opened(&proxied).await;
            assert!(reader.transaction(LOG.transaction(size + 1).id).await.unwrap().is_none());
            let cold = take(&proxied);
            reader.transaction(LOG.transaction(size + 1).id).await.unwrap();
            report("unknown id", cold, take(&proxied), all + 4);
            let reader = opened(&proxied).await;
            assert_eq!(reader.datasets(None, 0).await.unwrap().len(), TestLog::names().len());
            let cold = take(&proxied);
            reader.datasets(None, 0).await.unwrap();
            report("list of datasets", cold, take(&proxied), 1 + 2 * all);
            let reader = opened(&proxied).await;
            let tile = TileId { level: 0, index: size / 512, width: 100 };
            assert!(reader.tile(tile).await.unwrap().is_some());
            let cold = take(&proxied);
            reader.tile(tile).await.unwrap();
            report("tile", cold, take(&proxied), 4);
            reader.head().await.unwrap();
            assert_eq!(take(&proxied).reads, 1);
        }
    });
}

/// Another handle with an empty cache.
async fn opened(proxied: &Proxied) -> S3Backend {
    proxied.proxy.take_seen();
    let backend = S3Backend::open_read_only(&proxied.url(), &proxied.config()).await.unwrap();
    let cost = take(proxied);
    assert!(cost.reads <= 4 && cost.puts == 0, "{cost:?} to open");
    backend
}
