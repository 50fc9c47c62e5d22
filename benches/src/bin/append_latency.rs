//! Latencies of a storage backend: durable appends beside the disk's own sync, concurrent callers, queries on a long log,
//! recovery of a killed writer.
//!
//! `cargo run --release -p zkl-benches --bin append_latency -- --dir /a/real/disk --transactions 1000000`, with `--backend postgres`
//! for a private PostgreSQL server in that directory.
#![expect(clippy::print_stdout, reason = "a table on stdout is what this program is for")]

use std::{
    error::Error,
    fs::File,
    io::{Seek as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::{Parser, ValueEnum};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_benches::{
    clock::{Clock, load_average, processors},
    entries::{LOG, batch},
    group_commit::group_commit,
    recovery::{append_until_killed, recovery},
};
use zkl_core::{
    storage::{Order, Query, StorageBackend, StorageBackendExt, StorageError, StorageErrorKind},
    time::Timestamp,
    transaction::OperationKind,
    tree::{LeafIndex, TileId, TreeSize},
};
use zkl_ledger::storage::memory::MemoryBackend;
use zkl_storage_pg::{PgBackend, PgConfig};
use zkl_storage_rocks::{RocksBackend, RocksConfig};
use zkl_testkit::{
    log::TestLog,
    postgres::{Server, ServerConfig},
};

const SEED: u64 = 1;
const CHILD_ARG: &str = "--append-until-killed";

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Backend {
    Rocks,
    Postgres,
    Memory,
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
    /// Numbers of concurrent callers of one ledger.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64])]
    callers: Vec<u64>,
    /// Entries that concurrent callers append.
    #[arg(long, default_value_t = 20_000)]
    concurrent_entries: u64,
    /// Mebibytes of write-ahead log at which a writer is killed.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    kill_at: Vec<u64>,
    /// What this program runs itself as, to kill it.
    #[arg(long, hide = true)]
    append_until_killed: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    if let Some(dir) = &args.append_until_killed {
        return runtime.block_on(append_until_killed(dir));
    }
    println!("{}; load average {}", processors(), load_average());
    let place = tempfile::tempdir_in(&args.dir)?;
    println!("{:<44} {:>10} {:>10} {:>10}", "", "p50", "p99", "max");
    if args.backend != Backend::Memory {
        report("disk: append 4 KiB to a file, fdatasync", sync_cost(place.path(), args.appends, Write::Append)?);
        report("disk: overwrite 4 KiB of a file, fdatasync", sync_cost(place.path(), args.appends, Write::Again)?);
    }
    match args.backend {
        Backend::Rocks => runtime.block_on(measure_rocks(&args, place.path()))?,
        Backend::Postgres => {
            let server = Server::start(ServerConfig { parent: Some(args.dir.clone()), ..ServerConfig::default() })?;
            let url = server.fresh_url();
            runtime.block_on(measure_postgres(&args, &url, place.path()))?;
            runtime.block_on(killed_server(&server, &url))?;
        }
        Backend::Memory => runtime.block_on(measure_memory(&args, place.path()))?,
    }
    println!("load average at the end {}", load_average());
    Ok(())
}

async fn measure_rocks(args: &Args, place: &Path) -> Result<(), Box<dyn Error>> {
    let (config, dir) = (RocksConfig::default(), place.join("ledger"));
    measure(args, &RocksBackend::create(&dir, &config)?).await?;
    let (mut writing, mut reading) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        let start = Instant::now();
        drop(RocksBackend::open(&dir, &config)?);
        writing.push(start.elapsed());
        let start = Instant::now();
        drop(RocksBackend::open_read_only(&dir, &config)?);
        reading.push(start.elapsed());
    }
    report("open for writing, and close", writing);
    report("open for reading, and close", reading);
    for &callers in &args.callers {
        let dir = place.join(format!("callers-{callers}"));
        concurrent(args, RocksBackend::create(dir.join("store"), &config)?, &dir, callers).await?;
    }
    for mebibytes in &args.kill_at {
        let dir = place.join(format!("killed-{mebibytes}"));
        let killed = recovery(&dir, CHILD_ARG, mebibytes << 20).await?;
        println!(
            "killed with {} MiB of log: opens in {:.0} ms for reading, {:.0} ms for writing; {} entries acknowledged, {} found",
            killed.log_bytes >> 20,
            killed.open_for_reading.as_secs_f64() * 1e3,
            killed.open_for_writing.as_secs_f64() * 1e3,
            killed.acknowledged,
            killed.found,
        );
    }
    Ok(())
}

async fn measure_postgres(args: &Args, url: &str, place: &Path) -> Result<(), Box<dyn Error>> {
    let config = PgConfig::default();
    measure(args, &PgBackend::create(url, &config).await?).await?;
    let mut times = Vec::new();
    for _ in 0..10 {
        let start = Instant::now();
        drop(PgBackend::open(url, &config).await?);
        times.push(start.elapsed());
    }
    report("open for writing", times);
    several_writers(args, url).await?;
    for &callers in &args.callers {
        let ledger = format!("{url}_{callers}");
        concurrent(
            args,
            PgBackend::create(&ledger, &config).await?,
            &place.join(format!("callers-{callers}")),
            callers,
        )
        .await?;
    }
    Ok(())
}

/// The server is killed with SIGKILL while somebody appends: how long until it accepts connections, and until an append of the same
/// handle has succeeded again.
async fn killed_server(server: &Server, url: &str) -> Result<(), Box<dyn Error>> {
    const KILLS: u32 = 5;
    const APPENDING: Duration = Duration::from_secs(3);
    for _ in 0..KILLS {
        let backend = PgBackend::open(url, &PgConfig::default()).await?;
        let mut size = backend.size().await?.0;
        let start = Instant::now();
        while start.elapsed() < APPENDING {
            append(&backend, &mut size, 100).await?;
        }
        tokio::task::block_in_place(|| server.kill())?;
        let start = Instant::now();
        tokio::task::block_in_place(|| server.start_again())?;
        let up = start.elapsed();
        append(&backend, &mut size, 1).await?;
        println!(
            "server killed: accepts connections after {:.0} ms, appends after {:.0} ms; {size} entries",
            up.as_secs_f64() * 1e3,
            start.elapsed().as_secs_f64() * 1e3,
        );
    }
    Ok(())
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

async fn measure_memory(args: &Args, place: &Path) -> Result<(), Box<dyn Error>> {
    measure(args, &MemoryBackend::new()).await?;
    for &callers in &args.callers {
        concurrent(args, MemoryBackend::new(), &place.join(format!("callers-{callers}")), callers).await?;
    }
    Ok(())
}

/// Callers of one ledger over `store`, each with one entry at a time.
async fn concurrent<S: StorageBackend + Clone + 'static>(
    args: &Args,
    store: S,
    dir: &Path,
    callers: u64,
) -> Result<(), Box<dyn Error>> {
    // One caller pays a sync for each entry, so it gets fewer of them.
    let entries = if callers == 1 { args.appends } else { args.concurrent_entries };
    let done = group_commit(store, dir, callers, entries).await?;
    let (rate, per_append) = (done.entries_per_second(), done.entries as f64 / done.appends as f64);
    let cpu = done.spent.cpu.as_secs_f64() * 1e6 / done.entries as f64;
    report(&format!("ledger, {callers} callers: entry of {} B, durable", done.entry_len), done.waits);
    println!(
        "{:<44} {rate:>10.0} entries/s, {per_append:.1} per append, {cpu:.0} us of CPU time each",
        format!("ledger, {callers} callers: {} entries", done.entries)
    );
    Ok(())
}

async fn measure(args: &Args, backend: &dyn StorageBackend) -> Result<(), Box<dyn Error>> {
    let mut size = 0;
    let mut times = Vec::new();
    for _ in 0..args.appends {
        times.push(append(backend, &mut size, 1).await?);
    }
    report("append of 1 entry, durable", times);

    let clock = Clock::start();
    let before = size;
    let mut times = Vec::new();
    while size < args.transactions {
        let count = 100.min(args.transactions - size);
        times.push(append(backend, &mut size, count).await?);
    }
    let rate = (size - before) as f64 / times.iter().sum::<Duration>().as_secs_f64();
    let cpu = clock.spent().cpu.as_secs_f64() * 1e6 / (size - before).max(1) as f64;
    report("append of 100 entries, durable", times);
    println!(
        "{:<44} {rate:>10.0} entries/s, {cpu:.0} us of CPU time each, making them included",
        "appends of 100 entries, one writer"
    );
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
        let all = Query { kind: Some(OperationKind::CLAIM), dataset: Some(name.clone()), ..ranged.clone() };
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
    let batch = batch(*size, count);
    let start = Instant::now();
    backend.append(TreeSize(*size), batch).await?;
    *size += count;
    Ok(start.elapsed())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Write {
    /// The file grows, which the file system's journal has to record.
    Append,
    /// The blocks are there already.
    Again,
}

/// What the disk itself takes to make a small write durable.
fn sync_cost(dir: &Path, count: u64, write: Write) -> Result<Vec<Duration>, std::io::Error> {
    let mut file = File::create(dir.join("sync-cost"))?;
    file.write_all(&[0; 4_096])?;
    file.sync_all()?;
    let mut times = Vec::new();
    for _ in 0..count {
        let start = Instant::now();
        if write == Write::Again {
            file.rewind()?;
        }
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
