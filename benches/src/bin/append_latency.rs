//! Latencies of a storage backend: durable appends beside the disk's own sync, and queries on a long log.
//!
//! `cargo run --release -p zkl-benches --bin append_latency -- --dir /a/real/disk`, with `--backend postgres` for a private
//! PostgreSQL server in that directory.
#![expect(clippy::print_stdout, reason = "a table on stdout is what this program is for")]

use std::{
    error::Error,
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::{Parser, ValueEnum};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::{
    storage::{Order, Query, StorageBackend, StorageBackendExt, StorageError, StorageErrorKind},
    time::Timestamp,
    transaction::OperationKind,
    tree::{LeafIndex, TileId, TreeSize},
};
use zkl_storage_pg::{PgBackend, PgConfig};
use zkl_storage_rocks::{RocksBackend, RocksConfig};
use zkl_testkit::{
    log::TestLog,
    postgres::{Server, ServerConfig},
};

const LOG: TestLog = TestLog::salted(0);
/// Bytes of a typical entry: a signed statement with a few digests.
const ENTRY_LEN: usize = 2_000;
const SEED: u64 = 1;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Backend {
    Rocks,
    Postgres,
}

#[derive(Parser)]
struct Args {
    /// Store to measure.
    #[arg(long, value_enum, default_value_t = Backend::Rocks)]
    backend: Backend,
    /// Directory on the disk to measure; a subdirectory is made in it and removed.
    #[arg(long, default_value = ".")]
    dir: PathBuf,
    /// Durable appends of one entry.
    #[arg(long, default_value_t = 2_000)]
    appends: u64,
    /// Entries in the log on which queries are measured.
    #[arg(long, default_value_t = 100_000)]
    transactions: u64,
    /// Calls of each query.
    #[arg(long, default_value_t = 2_000)]
    queries: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let place = tempfile::tempdir_in(&args.dir)?;
    println!("{:<44} {:>10} {:>10} {:>10}", "", "p50", "p99", "max");
    report("disk: write 4 KiB, fdatasync", sync_cost(place.path(), args.appends)?);
    let runtime = tokio::runtime::Runtime::new()?;
    match args.backend {
        Backend::Rocks => runtime.block_on(measure_rocks(&args, &place.path().join("ledger"))),
        Backend::Postgres => {
            let server = Server::start(ServerConfig { parent: Some(args.dir.clone()), ..ServerConfig::default() })?;
            runtime.block_on(measure_postgres(&args, &server.fresh_url()))
        }
    }
}

async fn measure_rocks(args: &Args, dir: &Path) -> Result<(), Box<dyn Error>> {
    let config = RocksConfig::default();
    measure(args, &RocksBackend::create(dir, &config)?).await?;
    let mut times = Vec::new();
    for _ in 0..10 {
        let start = Instant::now();
        drop(RocksBackend::open(dir, &config)?);
        times.push(start.elapsed());
    }
    report("open for writing, and close", times);
    let mut times = Vec::new();
    for _ in 0..10 {
        let start = Instant::now();
        drop(RocksBackend::open_read_only(dir, &config)?);
        times.push(start.elapsed());
    }
    report("open for reading, and close", times);
    Ok(())
}

async fn measure_postgres(args: &Args, url: &str) -> Result<(), Box<dyn Error>> {
    let config = PgConfig::default();
    measure(args, &PgBackend::create(url, &config).await?).await?;
    let mut times = Vec::new();
    for _ in 0..10 {
        let start = Instant::now();
        drop(PgBackend::open(url, &config).await?);
        times.push(start.elapsed());
    }
    report("open for writing", times);
    several_writers(args, url).await
}

/// Appends of one entry by several handles, each of which repeats what conflicts.
async fn several_writers(args: &Args, url: &str) -> Result<(), Box<dyn Error>> {
    const WRITERS: u64 = 4;
    let start = Instant::now();
    let share = args.appends / WRITERS;
    let mut writers = Vec::new();
    for _ in 0..WRITERS {
        let backend = PgBackend::open(url, &PgConfig::default()).await?;
        writers.push(tokio::spawn(async move {
            let (mut done, mut conflicts) = (0, 0_u64);
            while done < share {
                let mut size = backend.size().await?.0;
                match append(&backend, &mut size, 1).await {
                    Ok(_) => done += 1,
                    Err(error) if matches!(error.kind, StorageErrorKind::Conflict { .. }) => conflicts += 1,
                    Err(error) => return Err(error),
                }
            }
            Ok(conflicts)
        }));
    }
    let mut conflicts = 0;
    for writer in writers {
        conflicts += writer.await??;
    }
    let rate = (share * WRITERS) as f64 / start.elapsed().as_secs_f64();
    println!("{:<44} {rate:>10.0} entries/s, {conflicts} conflicts", "appends of 1 entry, four writers");
    Ok(())
}

async fn measure(args: &Args, backend: &dyn StorageBackend) -> Result<(), Box<dyn Error>> {
    let mut size = 0;
    let mut times = Vec::new();
    for _ in 0..args.appends {
        times.push(append(backend, &mut size, 1).await?);
    }
    report("append of 1 entry, durable", times);

    let start = Instant::now();
    let before = size;
    let mut times = Vec::new();
    while size < args.transactions {
        let count = 100.min(args.transactions - size);
        times.push(append(backend, &mut size, count).await?);
    }
    let rate = (size - before) as f64 / start.elapsed().as_secs_f64();
    report("append of 100 entries, durable", times);
    println!("{:<44} {rate:>10.0} entries/s", "appends of 100 entries, one writer");
    queries(backend, size, args.queries).await
}

async fn queries(backend: &dyn StorageBackend, size: u64, calls: u32) -> Result<(), Box<dyn Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let names = TestLog::names();
    let mut index = move || rng.next_u64() % size;
    let time = |index: u64| LOG.transaction(index).recorded_at;
    println!("queries on {size} entries");

    let mut times: [Vec<Duration>; 7] = Default::default();
    for _ in 0..calls {
        let (at, name) = (index(), &names[(index() % names.len() as u64) as usize]);
        let id = LOG.transaction(at).id;
        let start = Instant::now();
        backend.transaction(id).await?;
        times[0].push(start.elapsed());

        let start = Instant::now();
        backend.transaction_at(LeafIndex(at)).await?;
        times[1].push(start.elapsed());

        let ranged = Query { time: Some(time(at)..Timestamp(time(at).0 + 60_000)), limit: 100, ..Query::default() };
        let newest = Query { order: Order::Descending, limit: 1, dataset: Some(name.clone()), ..Query::default() };
        let page = Query { index: Some(at..u64::MAX), limit: 100, dataset: Some(name.clone()), ..Query::default() };
        let all = Query { kind: Some(OperationKind::Claim), dataset: Some(name.clone()), ..ranged.clone() };
        for (query, times) in [newest, page, ranged, all].iter().zip(&mut times[2..]) {
            let start = Instant::now();
            backend.find(query).await?;
            times.push(start.elapsed());
        }

        let start = Instant::now();
        backend.tile(TileId { level: 0, index: at / 256, width: 1 }).await?;
        times[6].push(start.elapsed());
    }
    let titles = [
        "transaction by id",
        "transaction by index",
        "find: newest of a dataset",
        "find: 100 of a dataset from an index on",
        "find: all of one minute (120)",
        "find: dataset, kind and one minute",
        "tile",
    ];
    for (title, times) in titles.into_iter().zip(times) {
        report(title, times);
    }
    Ok(())
}

async fn append(backend: &dyn StorageBackend, size: &mut u64, count: u64) -> Result<Duration, StorageError> {
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

/// What the disk itself takes to make a small write durable.
fn sync_cost(dir: &Path, count: u64) -> Result<Vec<Duration>, std::io::Error> {
    let mut file = File::create(dir.join("sync-cost"))?;
    let mut times = Vec::new();
    for _ in 0..count {
        let start = Instant::now();
        file.write_all(&[1; 4_096])?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    Ok(times)
}

fn report(title: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |per_thousand: usize| times.get(times.len().saturating_sub(1) * per_thousand / 1_000).copied();
    let show =
        |time: Option<Duration>| time.map_or_else(String::new, |time| format!("{:.3} ms", time.as_secs_f64() * 1e3));
    println!("{title:<44} {:>10} {:>10} {:>10}", show(at(500)), show(at(990)), show(at(1_000)));
}
