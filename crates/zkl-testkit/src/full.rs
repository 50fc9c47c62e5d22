//! Full disks, for any backend that writes files.
//!
//! A child process fills a small file system of its own, where the system lets a test mount one (root, or user namespaces). And
//! everywhere, children write under a limit to the size of a file, so that a write fails at a byte of the trial's choosing, inside
//! whatever file the backend is writing.

use std::{
    env, fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use async_trait::async_trait;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::{
    digest::BlobDigest,
    storage::{AppendBatch, Query, StorageBackend, StorageBackendExt as _, StorageError, StorageErrorKind},
    tree::TreeSize,
};

use crate::{
    conformance::{assert_holds, block_on},
    crash::{Ledgers, PLACE, Workload, last, number_after},
    log::TestLog,
};

const LOG: TestLog = TestLog::salted(54);
const PASSED: &str = "the full disk was survived";
/// Entries are as long as this, so that few of them fill a disk.
const ENTRY: usize = 60_000;

/// A ledger on a disk that fills.
#[async_trait]
pub trait OnDisk: Send + Sync {
    /// The backend.
    type Backend: StorageBackend + 'static;

    /// Whether backend and store outlive the full disk, as a server may not: then the failure is `Full`, later writes through the same
    /// handle are refused as `Poisoned`, and reading goes on.
    const OUTLIVES: bool;

    /// Makes the ledger.
    async fn create(&self) -> Result<Self::Backend, StorageError>;

    /// Opens it.
    async fn open(&self) -> Result<Self::Backend, StorageError>;

    /// Starts again, now that there is room, whatever may have ended when there was none.
    fn start_again(&self);
}

/// Runs the ignored test `child` of this program, which calls [`child_disk`] and [`fill_disk`], on a file system of `mebibytes`. Where
/// the system does not allow that, it says so and checks nothing.
///
/// # Panics
/// When the child failed.
#[expect(clippy::print_stdout, reason = "trials report like tests")]
pub fn on_small_disk(child: &str, mebibytes: u32) {
    match run_in_small_filesystem(child, mebibytes) {
        Ok(Some(text)) => {
            let told = text.lines().find(|line| line.contains(PASSED));
            assert!(told.is_some(), "{text}");
            println!("{}", told.unwrap_or_default());
        }
        Ok(None) => println!("skipped: this system does not let a test mount a file system"),
        Err(error) => assert!(error.kind() == io::ErrorKind::NotFound, "{error}"),
    }
}

fn run_in_small_filesystem(child: &str, mebibytes: u32) -> io::Result<Option<String>> {
    let mount = tempfile::tempdir()?;
    // A server's user has to pass.
    fs::set_permissions(mount.path(), fs::Permissions::from_mode(0o755))?;
    let script = format!(r#"mount -t tmpfs -o size={mebibytes}m,mode=755 tmpfs "$0" && exec "$@""#);
    let namespaces: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    for namespace in namespaces {
        let output = Command::new("unshare")
            .args(namespace)
            .args(["sh", "-c", &script])
            .arg(mount.path())
            .arg(env::current_exe()?)
            .args(["--exact", child, "--ignored", "--nocapture"])
            .env(PLACE, mount.path())
            .stderr(Stdio::piped())
            .output()?;
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        // Without the child's own words the namespace or the mount was refused.
        if text.contains("running 1 test") {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// The small disk of a child, or `None` in a process that is no child.
pub fn child_disk() -> Option<PathBuf> {
    env::var_os(PLACE).map(PathBuf::from)
}

fn large(size: u64) -> AppendBatch {
    let mut batch = LOG.batch(size, 1);
    let entry = &mut batch.transactions[0].entry;
    *entry = entry.iter().copied().cycle().take(ENTRY).collect();
    batch
}

/// Fills the disk `mount`, of which `ballast` bytes are kept back, with appends; looks at how that is reported; makes room; and checks
/// that everything acknowledged is there and appending goes on.
///
/// # Panics
/// When something is missing, or reported otherwise.
#[expect(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "trials report like tests")]
pub async fn fill_disk<D: OnDisk>(disk: &D, mount: &Path, ballast: usize) {
    let ballast_file = mount.join("ballast");
    fs::write(&ballast_file, vec![1; ballast]).unwrap();
    // A server's tables find no room, or its own log finds none and it crashes.
    let first: &[_] = if D::OUTLIVES {
        &[StorageErrorKind::Full]
    } else {
        &[StorageErrorKind::Full, StorageErrorKind::Unavailable, StorageErrorKind::Timeout, StorageErrorKind::Io]
    };
    let backend = disk.create().await.unwrap();
    let mut size = 0;
    let error = loop {
        match backend.append(TreeSize(size), large(size)).await {
            Ok(()) => size += 1,
            Err(error) => break error,
        }
    };
    assert!(size > 10, "{size} entries: {error:?}");
    assert!(first.contains(&error.kind), "{error:?}");
    for _ in 0..2 {
        let again = match backend.append(TreeSize(size), large(size)).await {
            Err(again) => again,
            // A server that started again by itself may have made room by that.
            Ok(()) if !D::OUTLIVES => {
                size += 1;
                continue;
            }
            Ok(()) => panic!("an append after the disk was full"),
        };
        let poisoned = again.kind == StorageErrorKind::Poisoned;
        assert!(poisoned || !D::OUTLIVES && first.contains(&again.kind), "{again:?}");
        if poisoned {
            assert_eq!(backend.put_blob(b"x").await.unwrap_err().kind, StorageErrorKind::Poisoned);
        }
    }
    if D::OUTLIVES {
        assert_eq!(backend.size().await.unwrap(), TreeSize(size), "reading goes on");
    }
    drop(backend);

    // Still full: opening may fail, but says why, and destroys nothing.
    if D::OUTLIVES
        && let Err(error) = disk.open().await
    {
        assert_eq!(error.kind, StorageErrorKind::Full, "{error:?}");
    }
    fs::remove_file(&ballast_file).unwrap();
    disk.start_again();
    let backend = disk.open().await.unwrap();
    let found = backend.size().await.unwrap().0;
    assert!(found == size || found == size + 1, "{found} entries, {size} acknowledged");
    let mut pages = backend.pages(Query { limit: 100, ..Query::default() });
    let mut index = 0;
    while let Some(page) = pages.next().await.unwrap() {
        for entry in page {
            assert_eq!(entry, large(index).transactions[0]);
            index += 1;
        }
    }
    assert_eq!(index, found);
    backend.append(TreeSize(found), large(found)).await.unwrap();
    println!("\n{PASSED}: {:?} at {size} entries of 60 kB, {found} found, appended again", error.kind);
}

/// What [`fail_at_any_byte`] does.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The name of the test that is the child: it calls [`append_until_stopped`](crate::crash::append_until_stopped) for some appends.
    pub child: &'static str,
    /// What it appends.
    pub work: Workload,
    /// Number of children.
    pub trials: u64,
    /// Seed of the limits.
    pub seed: u64,
    /// Limits lie below this.
    pub largest_file: u64,
    /// A ledger longer than this is replaced by a new one.
    pub longest: u64,
}

/// Lets children append with files limited to some length. The write that fails must be reported as `Full` and end writing through the
/// handle; without the limit everything acknowledged must be there, and appending goes on.
///
/// # Panics
/// When something is missing, or reported otherwise.
#[expect(clippy::print_stdout, clippy::unwrap_used, reason = "trials report like tests")]
pub fn fail_at_any_byte<L: Ledgers>(ledgers: &L, limits: &Limits) {
    let Limits { work, trials, seed, .. } = *limits;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut place = ledgers.fresh();
    let (mut known, mut failed, mut unopened, mut in_flight) = (0, 0, 0, 0);
    for trial in 0..trials {
        let limit = 512 + rng.next_u64() % limits.largest_file;
        let text = run_under_limit(limits.child, &place, limit);
        let at = format!("trial {trial}, seed {seed}, files of {limit} bytes: {text}");
        if let Some(kind) = last(&text, "open") {
            assert_eq!(kind, "Full", "{at}");
            unopened += 1;
        }
        if let Some(kind) = last(&text, "failed") {
            assert_eq!(kind, "Full", "{at}");
            assert_eq!(last(&text, "then"), Some("Poisoned"), "{at}");
            failed += 1;
        }
        let acknowledged = number_after(&text, "size").unwrap_or(known);
        block_on(async {
            // Without the limit an interrupted creation can be repeated.
            let backend = ledgers.open_or_create(&place).await.unwrap();
            let size = backend.size().await.unwrap().0;
            let next = acknowledged + work.batch_len(acknowledged);
            assert!(size == acknowledged || size == next, "{size} entries, {at}");
            assert_holds(&backend, work.log, size).await;
            if let Some(written) = number_after(&text, "blob") {
                let written = work.blob(written);
                assert!(backend.blob(BlobDigest::of(&written)).await.unwrap() == Some(written), "{at}");
            }
            assert!(size == acknowledged || text.contains("failed "), "{at}");
            in_flight += u64::from(size > acknowledged);
            let count = work.batch_len(size);
            backend.append(TreeSize(size), work.log.batch(size, count)).await.unwrap();
            known = size + count;
        });
        if known > limits.longest {
            place = ledgers.fresh();
            known = 0;
        }
    }
    println!(
        "{trials} children under a limit (seed {seed}): {failed} failed while writing, {unopened} while opening, \
         {in_flight} of them had landed what failed"
    );
    assert!(failed > trials / 4 && (unopened > 0 || trials < 10), "the limits are too wide or too narrow");
}

/// Runs the child with files limited to `bytes`. The signal that would end a process at the limit is ignored, so that its writes fail
/// instead.
#[expect(clippy::unwrap_used, reason = "trials fail like tests")]
fn run_under_limit(child: &str, place: &str, bytes: u64) -> String {
    let script = r#"trap '' XFSZ && ulimit -f "$0" && exec "$@""#;
    let output = Command::new("sh")
        .args(["-c", script, &bytes.div_ceil(512).to_string()])
        .arg(env::current_exe().unwrap())
        .args(["--exact", child, "--ignored", "--nocapture"])
        .env(PLACE, place)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}
