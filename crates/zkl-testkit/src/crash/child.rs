//! The process that appends, and what it says about it.

use std::{
    env, io,
    process::{Child, Command, Stdio},
};

use zkl_core::{
    storage::{StorageBackend, StorageBackendExt as _, StorageError, StorageErrorKind},
    tree::TreeSize,
};

use super::Workload;

/// The variable by which a child is told its place.
pub const PLACE: &str = "ZKL_TRIAL_PLACE";

/// The body of the test that is the child: opens the ledger at the place that it is told and appends up to `appends` batches, each
/// after a blob, until it is killed or a write fails. Does nothing when it is told no place.
///
/// A line for each event, with a kind of error or a number:
///
/// | line | meaning |
/// |---|---|
/// | `open KIND` | the ledger could not be opened |
/// | `blob SIZE`, `size SIZE` | the blob of that size was acknowledged; the append up to it was |
/// | `conflict SIZE` | an append of somebody else landed |
/// | `failed KIND` | a write failed, which ends the run |
/// | `then KIND` | the answer to another write after that, `Ok` if it succeeded |
#[expect(clippy::print_stdout, reason = "the parent reads the child's standard output")]
pub async fn append_until_stopped<B: StorageBackend>(
    work: Workload,
    appends: u64,
    open: impl AsyncFnOnce(String) -> Result<B, StorageError>,
) {
    let Ok(place) = env::var(PLACE) else {
        return;
    };
    let opened = async {
        let backend = open(place).await?;
        let size = backend.size().await?.0;
        Ok::<_, StorageError>((backend, size))
    };
    let (backend, mut size) = match opened.await {
        Ok(opened) => opened,
        Err(error) => return println!("\nopen {:?}", error.kind),
    };
    let then = |answer: Result<(), StorageError>| match answer {
        Ok(()) => println!("\nthen Ok"),
        Err(error) => println!("\nthen {:?}", error.kind),
    };
    for _ in 0..appends {
        if let Err(error) = backend.put_blob(&work.blob(size)).await {
            println!("\nfailed {:?}", error.kind);
            return then(backend.append(TreeSize(size), work.log.batch(size, work.batch_len(size))).await);
        }
        println!("\nblob {size}");
        let count = work.batch_len(size);
        match backend.append(TreeSize(size), work.log.batch(size, count)).await {
            Ok(()) => {
                size += count;
                println!("\nsize {size}");
            }
            Err(StorageError { kind: StorageErrorKind::Conflict { actual, .. }, .. }) => {
                size = actual;
                println!("\nconflict {size}");
            }
            Err(error) => {
                println!("\nfailed {:?}", error.kind);
                return then(backend.put_blob(&work.blob(size + 1)).await.map(drop));
            }
        }
    }
}

/// Runs `test` of this program as a child at `place`, with `environment`.
///
/// # Errors
/// When it cannot be started.
pub fn run_child(test: &str, place: &str, environment: Vec<(&'static str, String)>) -> io::Result<Child> {
    Command::new(env::current_exe()?)
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(PLACE, place)
        .envs(environment)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

/// What stands after `word` in the last line of `text` that starts with it.
pub(crate) fn last<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.lines().rev().find_map(|line| line.strip_prefix(word)?.strip_prefix(' ')).map(str::trim)
}

/// The number after `word` in the last line that starts with it.
pub(crate) fn number_after(text: &str, word: &str) -> Option<u64> {
    last(text, word)?.parse().ok()
}

/// The number in the environment variable `name`, which sets how long trials run, or `default`.
///
/// # Panics
/// When it is no number.
pub fn number(name: &str, default: u64) -> u64 {
    let parse = |text: String| text.parse();
    #[expect(clippy::expect_used, reason = "trials fail like tests")]
    env::var(name).map_or(Ok(default), parse).expect("a number")
}
