//! Limits of the system: what a process may not have must end in an error, not in a crash.

use std::thread::available_parallelism;

use crate::error::CliError;

/// What a ledger needs of the address space: its store is mapped, and makes threads that abort when they cannot be had.
const ADDRESS_SPACE: u64 = 960 << 20;
/// Stacks of the threads that every processor gets.
const PER_PROCESSOR: u64 = 32 << 20;

/// Refuses to open a ledger in less address space than it needs (`ulimit -v`). Memory that is short later ends the process, which the
/// ledger survives.
pub(crate) fn check_memory() -> Result<(), CliError> {
    let processors = available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let needed = ADDRESS_SPACE + PER_PROCESSOR * processors;
    match address_space() {
        Some(limit) if limit < needed => Err(CliError::AddressSpace { limit: limit >> 20, needed: needed >> 20 }),
        _ => Ok(()),
    }
}

/// The limit in bytes, as Linux tells it. Other systems either have none or do not tell it to safe code: there it is not checked.
fn address_space() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    limits.lines().find_map(|line| line.strip_prefix("Max address space"))?.split_whitespace().next()?.parse().ok()
}

/// A file that may grow no further (`ulimit -f`) is from now on an error of the write, as on a full disk. By default it ends the process.
///
/// # Errors
/// The system refuses the handler.
#[cfg(unix)]
pub(crate) fn survive_large_files() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    // The handler stays when what would tell of the signal is dropped.
    signal(SignalKind::from_raw(libc::SIGXFSZ)).map(drop)
}
