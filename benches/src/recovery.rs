//! What a killed writer costs the next one: a child appends until it is killed with SIGKILL, and opening is timed.

use std::{
    env,
    error::Error,
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use zkl_core::{
    storage::{StorageBackend, StorageBackendExt as _},
    tree::TreeSize,
};
use zkl_storage_rocks::{RocksBackend, RocksConfig};

use crate::entries::batch;

/// Entries of each append of the child.
const BATCH: u64 = 50;

/// One kill and the opening after it.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// Bytes of write-ahead log that the killed process left.
    pub log_bytes: u64,
    /// Entries that it had acknowledged.
    pub acknowledged: u64,
    /// Entries found.
    pub found: u64,
    /// From the call to an open store, its checks included.
    pub open_for_reading: Duration,
    /// The same for writing, which also moves the log into tables.
    pub open_for_writing: Duration,
}

/// Appends to a new ledger in `dir` until the process is killed, and prints the size after each append.
///
/// # Errors
/// Whatever the store answers.
#[expect(clippy::print_stdout, reason = "how the child tells what it has acknowledged")]
pub async fn append_until_killed(dir: &Path) -> Result<(), Box<dyn Error>> {
    let backend = RocksBackend::create(dir, &RocksConfig::default())?;
    let mut size = 0;
    loop {
        backend.append(TreeSize(size), batch(size, BATCH)).await?;
        size += BATCH;
        println!("{size}");
    }
}

/// Runs this program with `child_arg` and `dir`, which must lead to [`append_until_killed`], kills it once it has written
/// about `log_bytes` of write-ahead log, and opens what it left.
///
/// # Errors
/// When there is no such child, or something that it had acknowledged is missing.
pub async fn recovery(dir: &Path, child_arg: &str, log_bytes: u64) -> Result<Recovery, Box<dyn Error>> {
    let mut child = Command::new(env::current_exe()?).arg(child_arg).arg(dir).stdout(Stdio::piped()).spawn()?;
    let stdout = BufReader::new(child.stdout.take().ok_or("the child has an output")?);
    let mut acknowledged = 0;
    for line in stdout.lines() {
        acknowledged = line?.parse()?;
        if log_bytes_in(dir)? >= log_bytes {
            break;
        }
    }
    child.kill()?;
    child.wait()?;

    let log_bytes = log_bytes_in(dir)?;
    let config = RocksConfig::default();
    let start = Instant::now();
    drop(RocksBackend::open_read_only(dir, &config)?);
    let open_for_reading = start.elapsed();
    let start = Instant::now();
    let backend = RocksBackend::open(dir, &config)?;
    let open_for_writing = start.elapsed();
    let found = backend.size().await?.0;
    if found < acknowledged {
        return Err(format!("{acknowledged} entries were acknowledged, {found} are there").into());
    }
    Ok(Recovery { log_bytes, acknowledged, found, open_for_reading, open_for_writing })
}

/// Bytes of the write-ahead log in `dir`.
fn log_bytes_in(dir: &Path) -> Result<u64, std::io::Error> {
    let mut total = 0;
    for file in fs::read_dir(dir)? {
        let file = file?;
        // A file may vanish between its listing and this.
        if file.path().extension().is_some_and(|extension| extension == "log") {
            total += file.metadata().map_or(0, |metadata| metadata.len());
        }
    }
    Ok(total)
}
