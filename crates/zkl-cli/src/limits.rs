//! Limits that the system sets to a process: they end in an error message, not in a signal.

use std::{fs, io};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::CliError;

/// Address space that the program takes with an embedded store, in bytes: beside what threads take, whose stacks are deep and mostly never
/// touched.
const BASE: u64 = 1 << 30;
const PER_THREAD: u64 = 128 << 20;
/// `SIGXFSZ`, on every Unix that Rust is ported to.
const FILE_TOO_LARGE: i32 = 25;

/// Lets a write beyond the limit of the size of files fail, where it would end the process. As long as the answer is kept.
pub(crate) fn outlive_large_files() -> io::Result<Signal> {
    signal(SignalKind::from_raw(FILE_TOO_LARGE))
}

/// Refuses to begin what the limit of address space would not let end: libraries in C++ end the process when a thread cannot be had.
pub(crate) fn check_address_space() -> Result<(), CliError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let needed = BASE + threads * PER_THREAD;
    match address_space() {
        Some(limit) if limit < needed => Err(CliError::AddressSpace { limit, needed }),
        _ => Ok(()),
    }
}

/// The soft limit in bytes, where the system tells and there is one.
fn address_space() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}
