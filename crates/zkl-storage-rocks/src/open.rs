//! Making, opening and checking a store.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, DirEntry, File},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB, DBCompressionType, DBRecoveryMode, LogLevel,
    Options, WriteBatch, WriteOptions,
};
use zkl_core::{
    storage::{
        Head,
        StorageErrorKind::{Corrupt, Format, Poisoned, ReadOnly},
    },
    transaction::StoredTransaction,
    tree::LeafIndex,
};

use crate::{
    ack::{self, AckFile},
    compression::CompressionInUse,
    config::{RocksConfig, TailRecovery},
    error::{RocksError, is_lock_held},
    key::{FORMAT_KEY, HEAD_KEY, IndexPrefix, family},
};

/// Version of keys and values.
const FORMAT: u32 = 1;
/// A reader may meet the writer while it replaces files; then it looks again.
const READ_ATTEMPTS: u32 = 20;
const PAUSE_BETWEEN_ATTEMPTS: Duration = Duration::from_millis(5);
/// Blobs from this size on live in blob files, which compactions do not copy.
const BLOB_FILE_THRESHOLD: u64 = 16 << 10;
const BLOOM_BITS_PER_KEY: f64 = 10.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// An open database with what a writer needs beside it.
pub(crate) struct Store {
    pub(crate) db: DB,
    path: PathBuf,
    compression: CompressionInUse,
    /// `None` for a reader.
    writer: Option<Writer>,
}

struct Writer {
    /// Held from the check of the head to the end of the write.
    append: Mutex<()>,
    ack: Mutex<AckFile>,
    poisoned: AtomicBool,
}

impl Store {
    pub(crate) fn create(dir: &Path, config: &RocksConfig) -> Result<Self, RocksError> {
        fs::create_dir_all(dir)?;
        match check(dir, config) {
            Ok(()) => return Err(RocksError::AlreadyExists { path: dir.to_owned() }),
            // Nothing there, or a creation that was interrupted before its last step.
            Err(RocksError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut options = options(config);
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        let db = open_for_writing(&options, dir)?;
        let ack = AckFile::create(dir)?;
        let store = Self::with_writer(db, dir, config, ack);
        let mut batch = WriteBatch::default();
        batch.put_cf(store.family(family::META)?, FORMAT_KEY, FORMAT.to_be_bytes());
        store.write(batch)?;
        // The files are durable; their names are only once the directories that hold them are.
        for dir in [Some(dir), dir.parent()].into_iter().flatten().filter(|dir| !dir.as_os_str().is_empty()) {
            File::open(dir)?.sync_all()?;
        }
        Ok(store)
    }

    pub(crate) fn open(dir: &Path, config: &RocksConfig, access: Access) -> Result<Self, RocksError> {
        if access == Access::Read {
            return with_attempts(dir, || {
                let acknowledged = present(dir)?;
                let db = open_for_reading(&options(config), dir)?;
                let compression = config.compression.in_use();
                let store = Self { db, path: dir.to_owned(), compression, writer: None };
                store.check_state(acknowledged)?;
                Ok(store)
            });
        }
        // RocksDB deletes the write-ahead log once it has recovered from it. Damage must be found while it is still there.
        check(dir, config)?;
        let store = Self::with_writer(open_for_writing(&options(config), dir)?, dir, config, AckFile::open(dir)?);
        store.check_state(present(dir)?)?;
        Ok(store)
    }

    fn with_writer(db: DB, dir: &Path, config: &RocksConfig, ack: AckFile) -> Self {
        let writer = Writer { append: Mutex::new(()), ack: Mutex::new(ack), poisoned: AtomicBool::new(false) };
        Self { db, path: dir.to_owned(), compression: config.compression.in_use(), writer: Some(writer) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) const fn compression(&self) -> CompressionInUse {
        self.compression
    }

    pub(crate) fn family(&self, name: &'static str) -> Result<&ColumnFamily, RocksError> {
        self.db.cf_handle(name).ok_or(RocksError::Contract(Corrupt("a column family is missing")))
    }

    pub(crate) fn head(&self) -> Result<Option<Head>, RocksError> {
        let bytes = self.db.get_pinned_cf(self.family(family::META)?, HEAD_KEY)?;
        bytes.map(|bytes| decode_head(&bytes)).transpose()
    }

    /// The lock under which the head may move.
    pub(crate) fn append_lock(&self) -> Result<&Mutex<()>, RocksError> {
        Ok(&self.healthy_writer()?.append)
    }

    /// Writes `batch` durably, all or nothing, and records that it is acknowledged.
    ///
    /// A failure leaves open whether the batch is on the disk, so it ends all writing through this handle.
    pub(crate) fn write(&self, batch: WriteBatch) -> Result<(), RocksError> {
        let writer = self.healthy_writer()?;
        let mut synced = WriteOptions::default();
        synced.set_sync(true);
        let written = self.db.write_opt(batch, &synced).map_err(RocksError::from).and_then(|()| {
            let mut ack = writer.ack.lock().map_err(|_| RocksError::Contract(Poisoned))?;
            // RocksDB publishes a number only after its write is synced, so this covers concurrent writes too.
            Ok(ack.acknowledge(self.db.latest_sequence_number())?)
        });
        if written.is_err() {
            writer.poisoned.store(true, Ordering::SeqCst);
        }
        written
    }

    /// Refuses early what [`Store::write`] would refuse.
    pub(crate) fn check_writable(&self) -> Result<(), RocksError> {
        self.healthy_writer().map(|_| ())
    }

    fn healthy_writer(&self) -> Result<&Writer, RocksError> {
        let writer = self.writer.as_ref().ok_or(RocksError::Contract(ReadOnly))?;
        if writer.poisoned.load(Ordering::SeqCst) { Err(RocksError::Contract(Poisoned)) } else { Ok(writer) }
    }

    /// Checks what is cheap to check at every opening: format, acknowledged writes, and that the log ends where the head
    /// says.
    fn check_state(&self, acknowledged: Option<u64>) -> Result<(), RocksError> {
        let meta = self.db.cf_handle(family::META);
        let format = match meta {
            Some(meta) => self.db.get_pinned_cf(meta, FORMAT_KEY)?,
            None => None,
        };
        let found = self.db.latest_sequence_number();
        if let Some(acknowledged) = acknowledged.filter(|acknowledged| found < *acknowledged) {
            return Err(RocksError::Lost { acknowledged, found });
        }
        let Some(format) = format else {
            return Err(RocksError::NotFound { path: self.path.clone() });
        };
        if acknowledged.is_none() {
            return Err(RocksError::Contract(Corrupt("the acknowledgement file is missing")));
        }
        let got = (*format).try_into().map(u32::from_be_bytes);
        let got = got.map_err(|_| RocksError::Contract(Corrupt("the format version cannot be decoded")))?;
        if got != FORMAT {
            return Err(RocksError::Contract(Format { expected: FORMAT, got }));
        }
        let size = self.head()?.map_or(0, |head| head.size.0);
        let log = IndexPrefix::all();
        let mut entries = self.db.raw_iterator_cf(self.family(log.family)?);
        entries.seek_to_last();
        entries.status()?;
        let next = match entries.item() {
            Some((key, value)) => {
                let index = log.index_of(key).ok_or(RocksError::Contract(Corrupt("a log key cannot be decoded")))?;
                StoredTransaction::decode(LeafIndex(index), value)?;
                index.saturating_add(1)
            }
            None => 0,
        };
        if next != size {
            return Err(RocksError::Contract(Corrupt("the log does not end where the head says")));
        }
        Ok(())
    }
}

pub(crate) fn decode_head(bytes: &[u8]) -> Result<Head, RocksError> {
    serde_json::from_slice(bytes).map_err(|_| RocksError::Contract(Corrupt("the head cannot be decoded")))
}

/// Reads the store in `dir` without changing it.
fn check(dir: &Path, config: &RocksConfig) -> Result<(), RocksError> {
    Store::open(dir, config, Access::Read).map(|_| ())
}

/// The acknowledged sequence number of the store in `dir`; `None` if that is missing, as in a creation that was
/// interrupted.
fn present(dir: &Path) -> Result<Option<u64>, RocksError> {
    let acknowledged = ack::read(dir)?;
    match (dir.join("CURRENT").try_exists()?, acknowledged) {
        (true, acknowledged) => Ok(acknowledged),
        (false, None | Some(0)) => Err(RocksError::NotFound { path: dir.to_owned() }),
        // RocksDB would take this for an empty place and delete the data of the store.
        (false, Some(_)) => Err(RocksError::Contract(Corrupt("the file CURRENT of the store is missing"))),
    }
}

/// Opens for reading beside a writer that may replace, remove and extend files meanwhile. A failure counts when no file has
/// changed since before the attempt.
fn with_attempts(dir: &Path, open: impl Fn() -> Result<Store, RocksError>) -> Result<Store, RocksError> {
    let mut before = state_of_files(dir);
    for _ in 1..READ_ATTEMPTS {
        match open() {
            Err(error @ (RocksError::Rocks(_) | RocksError::Lost { .. } | RocksError::Contract(Corrupt(_)))) => {
                let after = state_of_files(dir);
                if after == before {
                    return Err(error);
                }
                before = after;
                thread::sleep(PAUSE_BETWEEN_ATTEMPTS);
            }
            opened => return opened,
        }
    }
    open()
}

/// Names, lengths and ages of the files, as far as they can be told.
fn state_of_files(dir: &Path) -> BTreeMap<OsString, (u64, Option<SystemTime>)> {
    let files = fs::read_dir(dir).into_iter().flatten().flatten();
    // RocksDB's information log is written by readers too.
    let files = files.filter(|file| !file.file_name().to_string_lossy().starts_with("LOG"));
    let state = |file: DirEntry| {
        let metadata = file.metadata().ok()?;
        Some((file.file_name(), (metadata.len(), metadata.modified().ok())))
    };
    files.filter_map(state).collect()
}

fn open_for_writing(options: &Options, dir: &Path) -> Result<DB, RocksError> {
    let families = family::ALL.map(|name| ColumnFamilyDescriptor::new(name, family_options(options, name)));
    DB::open_cf_descriptors(options, dir, families).map_err(|error| {
        let lock_file = dir.join("LOCK");
        if is_lock_held(&error, &lock_file.to_string_lossy()) {
            return RocksError::Locked { path: dir.to_owned() };
        }
        error.into()
    })
}

/// Opens whatever families there are, so that a store of another format can be told from a damaged one.
fn open_for_reading(options: &Options, dir: &Path) -> Result<DB, RocksError> {
    let names = DB::list_cf(options, dir)?;
    let families = names.iter().map(|name| ColumnFamilyDescriptor::new(name, family_options(options, name)));
    let error_if_log_file_exists = false;
    Ok(DB::open_cf_descriptors_read_only(options, dir, families, error_if_log_file_exists)?)
}

fn options(config: &RocksConfig) -> Options {
    let mut options = Options::default();
    options.set_paranoid_checks(true);
    options.set_wal_recovery_mode(match config.tail_recovery {
        TailRecovery::Incomplete => DBRecoveryMode::TolerateCorruptedTailRecords,
        TailRecovery::FirstDamage => DBRecoveryMode::PointInTime,
    });
    options.set_db_write_buffer_size(config.write_buffer_bytes);
    options.set_max_total_wal_size(config.max_wal_bytes);
    options.set_max_background_jobs(config.background_jobs);
    // Every table file stays open, so that a reader keeps the files that a writer's compaction removes.
    options.set_max_open_files(-1);
    // The information log gets its opening lines and nothing else. A line that finds the disk full would make the next one fail
    // an assertion of RocksDB, which ends the process where a distribution has left assertions in.
    options.set_log_level(LogLevel::Header);
    options.set_keep_log_file_num(2);
    options.set_stats_dump_period_sec(0);

    let mut table = BlockBasedOptions::default();
    if let Ok(cache) = Cache::new_lru_cache(config.block_cache_bytes) {
        table.set_block_cache(&cache);
    }
    table.set_cache_index_and_filter_blocks(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table.set_bloom_filter(BLOOM_BITS_PER_KEY, false);
    table.set_format_version(5);
    options.set_block_based_table_factory(&table);

    let compression = config.compression.in_use();
    options.set_compression_type(compression.young.in_rocksdb());
    options.set_bottommost_compression_type(compression.oldest.in_rocksdb());
    options
}

fn family_options(options: &Options, name: &str) -> Options {
    let mut options = options.clone();
    match name {
        family::BLOBS => {
            options.set_enable_blob_files(true);
            options.set_min_blob_size(BLOB_FILE_THRESHOLD);
            options.set_blob_compression_type(DBCompressionType::None);
        }
        // Hashes do not compress.
        family::TILES | family::IDS => {
            options.set_compression_type(DBCompressionType::None);
            options.set_bottommost_compression_type(DBCompressionType::None);
        }
        _ => {}
    }
    options
}
