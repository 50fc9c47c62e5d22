//! Opening: who may, what is there, and which versions.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail like tests")]

use std::{fs, path::Path};

use tempfile::TempDir;
use zkl_core::{
    storage::{StorageBackend, StorageError, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_rocks::{Compression, RocksBackend, RocksConfig, TailRecovery};
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    log::TestLog,
};

const LOG: TestLog = TestLog::salted(51);

fn config() -> RocksConfig {
    RocksConfig::default()
}

fn kind<T>(opened: Result<T, StorageError>) -> StorageErrorKind {
    opened.err().expect("it opens").kind
}

fn with_entries(count: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let backend = RocksBackend::create(dir.path(), &config()).unwrap();
    block_on(backend.append(TreeSize(0), LOG.batch(0, count))).unwrap();
    dir
}

#[test]
fn a_missing_or_foreign_directory_is_not_found_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let absent = dir.path().join("absent");
    fs::write(dir.path().join("file"), b"x").unwrap();
    for path in [&absent, dir.path()] {
        assert_eq!(kind(RocksBackend::open(path, &config())), StorageErrorKind::NotFound);
        assert_eq!(kind(RocksBackend::open_read_only(path, &config())), StorageErrorKind::NotFound);
    }
    assert!(!absent.exists());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn create_refuses_a_place_that_has_a_ledger() {
    let dir = with_entries(3);
    let kind = kind(RocksBackend::create(dir.path(), &config()));
    assert_eq!(kind, StorageErrorKind::Invalid("there is already a ledger at this place"));
    block_on(async { assert_holds(&RocksBackend::open(dir.path(), &config()).unwrap(), LOG, 3).await });
}

#[test]
fn create_makes_missing_parents_and_open_or_create_does_both() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/c");
    drop(RocksBackend::open_or_create(&path, &config()).unwrap());
    drop(RocksBackend::open_or_create(&path, &config()).unwrap());
    assert!(RocksBackend::open(&path, &config()).is_ok());
}

#[test]
fn an_interrupted_creation_is_not_found_and_can_be_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = rocksdb::Options::default();
    options.create_if_missing(true);
    // What a kill leaves between the making of the database and the writing of its format version.
    drop(rocksdb::DB::open(&options, dir.path()).unwrap());
    assert_eq!(kind(RocksBackend::open(dir.path(), &config())), StorageErrorKind::NotFound);
    let backend = RocksBackend::create(dir.path(), &config()).unwrap();
    block_on(backend.append(TreeSize(0), LOG.batch(0, 1))).unwrap();
}

#[test]
fn a_second_writer_in_this_process_is_locked_out() {
    let dir = with_entries(1);
    let first = RocksBackend::open(dir.path(), &config()).unwrap();
    let clone = first.clone();
    drop(first);
    assert_eq!(kind(RocksBackend::open(dir.path(), &config())), StorageErrorKind::Locked);
    drop(clone);
    assert!(RocksBackend::open(dir.path(), &config()).is_ok());
}

#[test]
fn a_reader_sees_everything_acknowledged_before_it_was_opened_and_cannot_write() {
    let dir = with_entries(1);
    block_on(async {
        let writer = RocksBackend::open(dir.path(), &config()).unwrap();
        let mut size = 1;
        for count in [1, 300, 2, 50] {
            writer.append(TreeSize(size), LOG.batch(size, count)).await.unwrap();
            let blob = writer.put_blob(&size.to_be_bytes()).await.unwrap();
            let before = size;
            size += count;
            let reader = RocksBackend::open_read_only(dir.path(), &config()).unwrap();
            assert_holds(&reader, LOG, size).await;
            assert_eq!(reader.blob(blob).await.unwrap(), Some(before.to_be_bytes().to_vec()));
            assert_eq!(kind(reader.append(TreeSize(size), LOG.batch(size, 1)).await), StorageErrorKind::ReadOnly);
            assert_eq!(kind(reader.put_blob(b"x").await), StorageErrorKind::ReadOnly);
        }
        assert_holds(&writer, LOG, size).await;
    });
}

#[test]
fn readers_open_while_a_writer_appends_flushes_and_compacts() {
    // Small buffers, so that files come and go while the readers open.
    let small = RocksConfig { write_buffer_bytes: 256 << 10, max_wal_bytes: 512 << 10, ..config() };
    let dir = with_entries(1);
    block_on(async {
        let writer = RocksBackend::open(dir.path(), &small).unwrap();
        let task = tokio::spawn(async move {
            let mut size = 1;
            while size < 4_000 {
                writer.append(TreeSize(size), LOG.batch(size, 40)).await.unwrap();
                size += 40;
            }
            size
        });
        let mut last = 0;
        let mut opened = 0;
        while !task.is_finished() {
            let reader = RocksBackend::open_read_only(dir.path(), &small).unwrap();
            let size = reader.head().await.unwrap().unwrap().size.0;
            assert!(size >= last);
            assert_eq!(reader.transaction(LOG.transaction(size - 1).id).await.unwrap().unwrap().index.0, size - 1);
            last = size;
            opened += 1;
        }
        assert!(opened > 0);
        let size = task.await.unwrap();
        assert_holds(&RocksBackend::open_read_only(dir.path(), &small).unwrap(), LOG, size).await;
    });
}

#[test]
fn every_setting_reads_what_every_other_one_wrote() {
    let settings = [
        config(),
        RocksConfig { compression: Compression::Lz4, ..config() },
        RocksConfig { compression: Compression::None, tail_recovery: TailRecovery::FirstDamage, ..config() },
        RocksConfig { block_cache_bytes: 1 << 20, write_buffer_bytes: 1 << 20, ..config() },
    ];
    let dir = with_entries(1);
    block_on(async {
        let mut size = 1;
        for setting in settings.iter().chain(&settings) {
            let backend = RocksBackend::open(dir.path(), setting).unwrap();
            assert_holds(&backend, LOG, size).await;
            backend.append(TreeSize(size), LOG.batch(size, 30)).await.unwrap();
            size += 30;
        }
    });
}

/// Opens the database below the backend.
fn raw(dir: &Path, change: impl FnOnce(&rocksdb::DB)) {
    let options = rocksdb::Options::default();
    let families = rocksdb::DB::list_cf(&options, dir).unwrap();
    change(&rocksdb::DB::open_cf(&options, dir, families).unwrap());
}

#[test]
fn an_unknown_format_version_is_named() {
    let dir = with_entries(2);
    raw(dir.path(), |db| db.put_cf(db.cf_handle("meta").unwrap(), b"format", 7_u32.to_be_bytes()).unwrap());
    let expected = StorageErrorKind::Format { expected: 1, got: 7 };
    assert_eq!(kind(RocksBackend::open(dir.path(), &config())), expected);
    assert_eq!(kind(RocksBackend::open_read_only(dir.path(), &config())), expected);
    let kind = kind(RocksBackend::create(dir.path(), &config()));
    assert_eq!(kind, expected);
}

#[test]
fn a_format_with_other_column_families_is_named_too() {
    let dir = with_entries(2);
    let options = rocksdb::Options::default();
    let families = rocksdb::DB::list_cf(&options, dir.path()).unwrap();
    let mut db = rocksdb::DB::open_cf(&options, dir.path(), families).unwrap();
    db.create_cf("of-the-future", &options).unwrap();
    db.put_cf(db.cf_handle("meta").unwrap(), b"format", 2_u32.to_be_bytes()).unwrap();
    drop(db);
    let expected = StorageErrorKind::Format { expected: 1, got: 2 };
    assert_eq!(kind(RocksBackend::open(dir.path(), &config())), expected);
}

#[test]
fn contradictions_inside_the_store_are_corrupt() {
    type Change = fn(&rocksdb::DB);
    let cases: [(&str, Change); 6] = [
        ("a log that is shorter than the head says", |db| {
            db.delete_cf(db.cf_handle("transactions").unwrap(), 4_u64.to_be_bytes()).unwrap();
        }),
        ("a log that is longer", |db| {
            let log = db.cf_handle("transactions").unwrap();
            let entry = db.get_cf(log, 4_u64.to_be_bytes()).unwrap().unwrap();
            db.put_cf(log, 5_u64.to_be_bytes(), entry).unwrap();
        }),
        ("a last entry that is no entry", |db| {
            db.put_cf(db.cf_handle("transactions").unwrap(), 4_u64.to_be_bytes(), b"no").unwrap();
        }),
        ("a head that is no head", |db| db.put_cf(db.cf_handle("meta").unwrap(), b"head", b"{}").unwrap()),
        ("no head", |db| db.delete_cf(db.cf_handle("meta").unwrap(), b"head").unwrap()),
        ("a format that is no number", |db| db.put_cf(db.cf_handle("meta").unwrap(), b"format", b"1").unwrap()),
    ];
    for (name, change) in cases {
        let dir = with_entries(5);
        raw(dir.path(), change);
        let kind = kind(RocksBackend::open(dir.path(), &config()));
        assert!(matches!(kind, StorageErrorKind::Corrupt(_)), "{name}: {kind:?}");
    }
}

#[test]
fn indexes_that_lie_are_corrupt_when_they_are_read() {
    let dir = with_entries(5);
    block_on(async {
        raw(dir.path(), |db| {
            let ids = db.cf_handle("ids").unwrap();
            db.put_cf(ids, LOG.transaction(1).id.as_bytes(), 2_u64.to_be_bytes()).unwrap();
            db.put_cf(ids, LOG.transaction(2).id.as_bytes(), 77_u64.to_be_bytes()).unwrap();
            db.put_cf(ids, LOG.transaction(3).id.as_bytes(), b"short").unwrap();
            let blobs = db.cf_handle("blobs").unwrap();
            db.put_cf(blobs, zkl_core::digest::BlobDigest::of(b"a").as_bytes(), b"b").unwrap();
        });
        let backend = RocksBackend::open(dir.path(), &config()).unwrap();
        for index in [1, 2, 3] {
            let kind = kind(backend.transaction(LOG.transaction(index).id).await);
            assert!(matches!(kind, StorageErrorKind::Corrupt(_)), "{index}: {kind:?}");
        }
        let kind = kind(backend.blob(zkl_core::digest::BlobDigest::of(b"a")).await);
        assert_eq!(kind, StorageErrorKind::Corrupt("a blob does not have its digest"));
    });
}
