//! Damaged files: whatever is changed, the store says so or shows exactly what was written. It never panics, and it never
//! silently loses what was acknowledged.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests fail like tests")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use tempfile::TempDir;
use zkl_core::{
    digest::BlobDigest,
    storage::{Query, StorageBackend, StorageBackendExt, StorageError, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_rocks::{RocksBackend, RocksConfig, TailRecovery};
use zkl_testkit::{conformance::block_on, log::TestLog};

const LOG: TestLog = TestLog::salted(53);
const SIZE: u64 = 60;

/// A closed ledger, to be copied before each damage.
struct Original {
    dir: TempDir,
}

#[derive(Clone, Copy)]
enum Shape {
    /// Everything is in the write-ahead log.
    Logged,
    /// Everything is in table files and a blob file; the log is empty.
    Flushed,
}

fn blob() -> Vec<u8> {
    (0..40_000_u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

impl Original {
    fn new(shape: Shape) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let backend = RocksBackend::create(dir.path(), &RocksConfig::default()).unwrap();
        block_on(async {
            backend.put_blob(&blob()).await.unwrap();
            for size in (0..SIZE).step_by(5) {
                backend.append(TreeSize(size), LOG.batch(size, 5)).await.unwrap();
            }
        });
        drop(backend);
        if matches!(shape, Shape::Flushed) {
            // Opening for writing moves the log into tables, twice because the first also starts a new log.
            for _ in 0..2 {
                drop(RocksBackend::open(dir.path(), &RocksConfig::default()).unwrap());
            }
        }
        Self { dir }
    }

    /// Files whose name ends in `suffix` or contains it.
    fn files(&self, part: &str) -> Vec<PathBuf> {
        let names = fs::read_dir(self.dir.path()).unwrap().map(|file| PathBuf::from(file.unwrap().file_name()));
        let nonempty = |name: &PathBuf| fs::metadata(self.dir.path().join(name)).unwrap().len() > 0;
        let mut names: Vec<PathBuf> =
            names.filter(|name| name.to_string_lossy().contains(part)).filter(nonempty).collect();
        names.sort();
        names
    }

    /// A copy in which `file` is `change`d.
    fn damaged(&self, file: &Path, change: impl FnOnce(&mut Vec<u8>)) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(self.dir.path()).unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        let path = copy.path().join(file);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
        copy
    }
}

/// Reads everything that was written; an answer that is neither right nor an error fails the test.
async fn read_all(backend: &RocksBackend, at: &str) -> Result<(), StorageError> {
    assert_eq!(backend.head().await?, Some(LOG.head(SIZE)), "{at}");
    let log: Vec<_> = (0..SIZE).map(|index| LOG.transaction(index)).collect();
    assert_eq!(backend.find(&Query::default()).await?, log, "{at}");
    for transaction in &log {
        assert_eq!(backend.transaction(transaction.id).await?.as_ref(), Some(transaction), "{at}");
    }
    for name in TestLog::names() {
        let query = Query { dataset: Some(name), ..Query::default() };
        let expected: Vec<_> = log.iter().filter(|transaction| query.matches(transaction)).cloned().collect();
        assert_eq!(backend.find(&query).await?, expected, "{at}");
    }
    let middle = Query { time: Some(log[20].recorded_at..log[40].recorded_at), ..Query::default() };
    let expected: Vec<_> = log.iter().filter(|transaction| middle.matches(transaction)).cloned().collect();
    assert_eq!(backend.find(&middle).await?, expected, "{at}");
    for (id, bytes) in LOG.tiles(0, SIZE) {
        assert_eq!(backend.tile(id).await?, Some(bytes), "{at}");
    }
    assert!(backend.blob(BlobDigest::of(&blob())).await? == Some(blob()), "{at}");
    assert!(!backend.datasets(None, 0).await?.is_empty(), "{at}");
    Ok(())
}

/// Opens and reads a damaged store for reading and for writing. `None` when the damage did no harm.
fn outcome(dir: &Path, at: &str) -> Option<StorageErrorKind> {
    let config = RocksConfig::default();
    let mut kinds = [RocksBackend::open_read_only(dir, &config), RocksBackend::open(dir, &config)].map(|opened| {
        let read = opened.and_then(|backend| block_on(async { read_all(&backend, at).await }));
        read.err().map(|error| error.kind)
    });
    for kind in kinds.iter().flatten() {
        assert!(matches!(kind, StorageErrorKind::Corrupt(_)), "{at}: {kind:?}");
    }
    kinds[0].take().or(kinds[1].take())
}

/// Flips bits all over the files named with `part`; returns how many trials ended in an error and how many there were.
fn flip_bits(shape: Shape, part: &str, trials: usize) -> (usize, usize) {
    let original = Original::new(shape);
    let files = original.files(part);
    assert!(!files.is_empty(), "no file is called {part}");
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut noticed = 0;
    for trial in 0..trials {
        let file = &files[trial % files.len()];
        let mut at = String::new();
        let copy = original.damaged(file, |bytes| {
            let position = (rng.next_u64() % bytes.len() as u64) as usize;
            let bit = rng.next_u32() % 8;
            bytes[position] ^= 1 << bit;
            at = format!("{}, byte {position}, bit {bit}", file.display());
        });
        noticed += usize::from(outcome(copy.path(), &at).is_some());
    }
    println!("{part}: {noticed} of {trials} flipped bits were noticed, the others did no harm");
    (noticed, trials)
}

#[test]
fn a_flipped_bit_in_the_write_ahead_log_is_corrupt() {
    let (noticed, trials) = flip_bits(Shape::Logged, ".log", 40);
    assert_eq!(noticed, trials);
}

#[test]
fn a_flipped_bit_in_a_table_is_corrupt_or_harmless() {
    let (noticed, trials) = flip_bits(Shape::Flushed, ".sst", 60);
    assert!(noticed * 2 > trials, "{noticed} of {trials}");
}

#[test]
fn a_flipped_bit_in_a_blob_file_is_corrupt_or_harmless() {
    let (noticed, trials) = flip_bits(Shape::Flushed, ".blob", 15);
    assert!(noticed * 2 > trials, "{noticed} of {trials}");
}

#[test]
fn a_flipped_bit_in_the_manifest_is_corrupt() {
    let (noticed, trials) = flip_bits(Shape::Flushed, "MANIFEST", 40);
    assert!(noticed * 10 >= trials * 9, "{noticed} of {trials}");
}

#[test]
fn a_flipped_bit_in_current_or_in_the_acknowledgement_file_is_corrupt() {
    for part in ["CURRENT", "ACKNOWLEDGED"] {
        let (noticed, trials) = flip_bits(Shape::Logged, part, 12);
        assert_eq!(noticed, trials, "{part}");
    }
}

#[test]
fn damage_to_the_files_that_only_inform_is_harmless() {
    for part in ["OPTIONS", "IDENTITY"] {
        assert_eq!(flip_bits(Shape::Flushed, part, 4).0, 0, "{part}");
    }
    // The information log may be empty.
    let original = Original::new(Shape::Flushed);
    let copy = original.damaged(Path::new("LOG"), |bytes| bytes.extend(b"\xffgarbage\0"));
    assert_eq!(outcome(copy.path(), "garbage in LOG"), None);
}

#[test]
fn a_write_ahead_log_that_was_cut_anywhere_is_corrupt_because_its_end_was_acknowledged() {
    let original = Original::new(Shape::Logged);
    let file = original.files(".log").pop().unwrap();
    let len = fs::metadata(original.dir.path().join(&file)).unwrap().len() as usize;
    for cut in [1, 2, 7, 100, 5_000, len / 2, len - 1, len] {
        let copy = original.damaged(&file, |bytes| bytes.truncate(len - cut));
        let kind = outcome(copy.path(), &format!("{cut} bytes cut"));
        assert_eq!(kind, Some(StorageErrorKind::Corrupt("acknowledged writes are missing")), "{cut} bytes cut");
    }
}

#[test]
fn finding_damage_in_the_log_leaves_the_log_as_it_is() {
    let original = Original::new(Shape::Logged);
    let file = original.files(".log").pop().unwrap();
    let copy = original.damaged(&file, |bytes| bytes.truncate(bytes.len() - 10));
    let before = fs::read(copy.path().join(&file)).unwrap();
    assert!(RocksBackend::open(copy.path(), &RocksConfig::default()).is_err());
    assert!(fs::read(copy.path().join(&file)).unwrap() == before);
    // With the missing bytes back, everything is there again.
    fs::copy(original.dir.path().join(&file), copy.path().join(&file)).unwrap();
    assert_eq!(outcome(copy.path(), "repaired"), None);
}

#[test]
fn an_unfinished_record_behind_the_acknowledged_ones_is_dropped() {
    let original = Original::new(Shape::Logged);
    let file = original.files(".log").pop().unwrap();
    let bytes = fs::read(original.dir.path().join(&file)).unwrap();
    // The first record of the log again: a well-formed beginning of what a killed writer was about to append.
    for len in [1, 6, 7, 20] {
        let copy = original.damaged(&file, |log| log.extend_from_slice(&bytes[..len]));
        assert_eq!(outcome(copy.path(), &format!("{len} bytes of a record")), None);
    }
    let zeros = original.damaged(&file, |log| log.extend_from_slice(&[0; 5_000]));
    assert_eq!(outcome(zeros.path(), "preallocated zeros"), None);
}

#[test]
fn garbage_behind_the_acknowledged_records_is_dropped_only_on_request() {
    let original = Original::new(Shape::Logged);
    let file = original.files(".log").pop().unwrap();
    // A header that promises 16 bytes, and 16 bytes that do not have its checksum.
    let garbage = [&[9, 9, 9, 9, 16, 0, 1][..], &[7; 16]].concat();
    let copy = original.damaged(&file, |log| log.extend_from_slice(&garbage));
    assert!(matches!(outcome(copy.path(), "garbage"), Some(StorageErrorKind::Corrupt(_))));
    let lenient = RocksConfig { tail_recovery: TailRecovery::FirstDamage, ..RocksConfig::default() };
    let backend = RocksBackend::open(copy.path(), &lenient).unwrap();
    block_on(async {
        read_all(&backend, "garbage dropped").await.unwrap();
        backend.append(TreeSize(SIZE), LOG.batch(SIZE, 1)).await.unwrap();
        assert_eq!(backend.size().await.unwrap(), TreeSize(SIZE + 1));
    });
    // The same request does not excuse the loss of acknowledged records.
    let copy = original.damaged(&file, |log| {
        let middle = log.len() / 2;
        log[middle] ^= 1;
    });
    let lost = RocksBackend::open(copy.path(), &lenient).unwrap_err().kind;
    assert_eq!(lost, StorageErrorKind::Corrupt("acknowledged writes are missing"));
}

#[test]
fn every_missing_file_is_corrupt() {
    for shape in [Shape::Logged, Shape::Flushed] {
        let original = Original::new(shape);
        for part in [".log", ".sst", ".blob", "MANIFEST", "CURRENT", "ACKNOWLEDGED"] {
            for file in original.files(part) {
                let copy = original.damaged(&file, |_| {});
                fs::remove_file(copy.path().join(&file)).unwrap();
                let kind = outcome(copy.path(), &file.to_string_lossy());
                assert!(matches!(kind, Some(StorageErrorKind::Corrupt(_))), "{}: {kind:?}", file.display());
            }
        }
    }
}

#[test]
fn a_ledger_without_current_is_not_made_anew() {
    let original = Original::new(Shape::Logged);
    let copy = original.damaged(Path::new("CURRENT"), |_| {});
    fs::remove_file(copy.path().join("CURRENT")).unwrap();
    let config = RocksConfig::default();
    for opened in [RocksBackend::create(copy.path(), &config), RocksBackend::open_or_create(copy.path(), &config)] {
        assert!(matches!(opened.unwrap_err().kind, StorageErrorKind::Corrupt(_)));
    }
    fs::copy(original.dir.path().join("CURRENT"), copy.path().join("CURRENT")).unwrap();
    assert_eq!(outcome(copy.path(), "repaired"), None);
}
