//! Latencies of the S3 backend against Ceph's object gateway on this machine, beside those of bare requests.
//!
//! `cargo run --release -p zkl-storage-s3 --example s3_latency -- [ENTRIES, 100000 by default] [QUERIES, 500]`
#![expect(clippy::print_stdout, reason = "a table on stdout is what this program is for")]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::{
    storage::{Order, Query, StorageBackend, StorageBackendExt},
    time::Timestamp,
    tree::{LeafIndex, TileId, TreeSize},
};
use zkl_storage_s3::{S3Backend, S3Config, S3Credentials};
use zkl_testkit::{log::TestLog, s3::S3Server};

const LOG: TestLog = TestLog::salted(0);
/// Bytes of a typical entry: a signed statement with a few digests.
const ENTRY_LEN: usize = 2_000;
const BUCKET: &str = "figures";
const SINGLE_APPENDS: u64 = 1_000;
const BATCH: u64 = 100;
/// Log sizes at which queries are measured.
const SIZES: [u64; 3] = [10_000, 30_000, 100_000];

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<u64>());
    let entries = args.next().transpose()?.unwrap_or(100_000);
    let queries = args.next().transpose()?.unwrap_or(500);
    let server = S3Server::ceph_rgw()?;
    println!("{:<44} {:>10} {:>10} {:>10}", "", "p50", "p99", "max");
    tokio::runtime::Runtime::new()?.block_on(measure(&server, entries, queries))
}

async fn measure(server: &S3Server, entries: u64, queries: u64) -> Outcome<()> {
    server.create_bucket(BUCKET, false).await?;
    bare_requests(server, queries).await?;
    let config = S3Config {
        credentials: Some(S3Credentials::new(server.access_key(), server.secret_key())),
        ..S3Config::default()
    };
    let url = format!("s3://{BUCKET}/ledger?endpoint={}", server.endpoint());
    let backend = S3Backend::create(&url, &config).await?;
    let mut size = 0;
    let mut times = Vec::new();
    for _ in 0..SINGLE_APPENDS.min(entries) {
        times.push(append(&backend, &mut size, 1).await?);
    }
    report("append of 1 entry", times);
    let sizes = SIZES.into_iter().filter(|size| *size < entries).chain([entries]);
    for target in sizes {
        let (start, before) = (Instant::now(), size);
        let mut times = Vec::new();
        while size < target {
            let count = BATCH.min(target - size);
            times.push(append(&backend, &mut size, count).await?);
        }
        let rate = (size - before) as f64 / start.elapsed().as_secs_f64();
        println!("at {size} entries");
        report("append of 100 entries", times);
        println!("{:<44} {rate:>10.0} entries/s", "appends of 100 entries, one writer");
        let mut times = Vec::new();
        for _ in 0..10 {
            let start = Instant::now();
            drop(S3Backend::open(&url, &config).await?);
            times.push(start.elapsed());
        }
        report("open for writing (10 calls)", times);
        let cold = S3Config { cache_bytes: 0, ..config.clone() };
        measure_queries("nothing cached", &S3Backend::open_read_only(&url, &cold).await?, size, queries.min(100))
            .await?;
        measure_queries("default cache", &S3Backend::open_read_only(&url, &config).await?, size, queries).await?;
    }
    Ok(())
}

/// What one small request costs, whoever makes it.
async fn bare_requests(server: &S3Server, count: u64) -> Outcome<()> {
    let client = server.client();
    let (mut puts, mut gets) = (Vec::new(), Vec::new());
    for number in 0..count {
        let key = format!("bare/{number}");
        let start = Instant::now();
        client.put_object().bucket(BUCKET).key(&key).body(vec![1; 4_096].into()).send().await?;
        puts.push(start.elapsed());
        let start = Instant::now();
        client.get_object().bucket(BUCKET).key(&key).send().await?.body.collect().await?;
        gets.push(start.elapsed());
    }
    report("the server: PUT of 4 KiB", puts);
    report("the server: GET of 4 KiB", gets);
    Ok(())
}

async fn measure_queries(what: &str, backend: &S3Backend, size: u64, calls: u64) -> Outcome<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let names = TestLog::names();
    let mut index = move || rng.next_u64() % size;
    let time = |index: u64| LOG.transaction(index).recorded_at;
    let mut times: [Vec<Duration>; 7] = Default::default();
    for _ in 0..calls {
        let (at, name) = (index(), &names[(index() % names.len() as u64) as usize]);
        let id = LOG.transaction(at).id;
        let start = Instant::now();
        backend.transaction(id).await?.ok_or("an entry is missing")?;
        times[0].push(start.elapsed());

        let start = Instant::now();
        backend.transaction_at(LeafIndex(at)).await?.ok_or("an entry is missing")?;
        times[1].push(start.elapsed());

        let newest = Query { order: Order::Descending, limit: 1, dataset: Some(name.clone()), ..Query::default() };
        let page = Query { index: Some(at..u64::MAX), limit: 100, dataset: Some(name.clone()), ..Query::default() };
        let ranged = Query { time: Some(time(at)..Timestamp(time(at).0 + 60_000)), limit: 100, ..Query::default() };
        for (query, times) in [newest, page, ranged].iter().zip(&mut times[2..]) {
            let start = Instant::now();
            backend.find(query).await?;
            times.push(start.elapsed());
        }

        let start = Instant::now();
        backend.tile(TileId { level: 0, index: at / 256, width: 1 }).await?;
        times[5].push(start.elapsed());

        let start = Instant::now();
        backend.datasets(None, 0).await?;
        times[6].push(start.elapsed());
    }
    let titles = [
        "transaction by id",
        "transaction by index",
        "find: newest of a dataset",
        "find: 100 of a dataset from an index on",
        "find: 100 of one minute",
        "tile",
        "list of datasets",
    ];
    println!("  {what}");
    for (title, times) in titles.into_iter().zip(times) {
        report(title, times);
    }
    Ok(())
}

async fn append(backend: &S3Backend, size: &mut u64, count: u64) -> Outcome<Duration> {
    let mut batch = LOG.batch(*size, count);
    for transaction in &mut batch.transactions {
        let text = transaction.entry.clone();
        transaction.entry.extend(text.into_iter().cycle().take(ENTRY_LEN));
    }
    let start = Instant::now();
    backend.append(TreeSize(*size), batch).await?;
    *size += count;
    Ok(start.elapsed())
}

fn report(title: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |per_thousand: usize| times.get(times.len().saturating_sub(1) * per_thousand / 1_000).copied();
    let show =
        |time: Option<Duration>| time.map_or_else(String::new, |time| format!("{:.2} ms", time.as_secs_f64() * 1e3));
    println!("{title:<44} {:>10} {:>10} {:>10}", show(at(500)), show(at(990)), show(at(1_000)));
}
