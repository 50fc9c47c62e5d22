//! Threads of a process, what becomes of a panic, and what is told of progress.

use std::{any::Any, io};

use rayon::ThreadPool;
use tokio::{runtime::Runtime, task::JoinError};
use zkl_ledger::progress::Stage;

use crate::failure::Failure;

/// Stack of a thread that computes: without optimisation the frames of field arithmetic are large.
const STACK_BYTES: usize = 64 << 20;

/// The runtime of requests.
///
/// # Errors
/// [`Failure::Internal`]: the system has no threads.
pub fn runtime() -> Result<Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("zkl").build();
    built.map_err(|error: io::Error| Failure::Internal(error.to_string()))
}

/// The threads that verify.
///
/// # Errors
/// As [`runtime`].
pub fn verifiers() -> Result<ThreadPool, Failure> {
    let built = rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES).build();
    built.map_err(|error| Failure::Internal(error.to_string()))
}

/// Why a task has no answer.
pub fn ended(error: JoinError) -> Failure {
    match error.try_into_panic() {
        Ok(panic) => panicked(panic.as_ref()),
        Err(_) => Failure::Cancelled,
    }
}

/// The failure that a panic is.
pub fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    Failure::Internal(text.unwrap_or("it panicked").to_owned())
}

/// How much of a stage is done, and of how much, where that is known: bytes while a file is read, segments of the table while it is proved.
pub fn counted(stage: &Stage) -> (Option<u64>, Option<u64>) {
    match *stage {
        Stage::Read { bytes_done, bytes_total, .. } if bytes_total > 0 => (Some(bytes_done), Some(bytes_total)),
        Stage::Commit { segment, segments } | Stage::Scan { segment, segments, .. } => {
            (Some(segment - 1), Some(segments))
        }
        Stage::Check { entries, of } | Stage::Copy { entries, of } => (Some(entries), Some(of)),
        _ => (None, None),
    }
}
