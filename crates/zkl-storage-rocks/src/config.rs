//! What an embedder can tune. The defaults suit a ledger on a laptop.

/// How values are compressed on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// LZ4 for young data, Zstandard for the oldest level.
    #[default]
    Lz4Zstd,
    /// LZ4 everywhere: less work in compactions, more disk.
    Lz4,
    /// Nothing is compressed.
    None,
}

/// What opening for writing does with the end of a write-ahead log that a crash left unfinished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TailRecovery {
    /// Drops a last record that is incomplete, as a killed process or a full disk leaves it. Any other damage is
    /// reported as corrupt. The right choice unless a power failure has left garbage behind the last synced record.
    #[default]
    Incomplete,
    /// Drops everything from the first damaged record on. For use once, after a power failure, on a store that the
    /// default refuses. What this machine is known to have acknowledged must still be there, or the store is corrupt.
    FirstDamage,
}

/// Settings of one open store. None of them changes the format.
#[derive(Clone, Debug)]
pub struct RocksConfig {
    /// Bytes of the cache for uncompressed blocks, indexes and filters.
    pub block_cache_bytes: usize,
    /// Bytes of not yet flushed writes over all column families.
    pub write_buffer_bytes: usize,
    /// Bytes of write-ahead log before old column families are flushed: bounds the time to recover.
    pub max_wal_bytes: u64,
    /// Background flush and compaction threads.
    pub background_jobs: i32,
    /// Compression of new data.
    pub compression: Compression,
    /// Treatment of an unfinished write-ahead log.
    pub tail_recovery: TailRecovery,
}

impl Default for RocksConfig {
    fn default() -> Self {
        Self {
            block_cache_bytes: 64 << 20,
            write_buffer_bytes: 64 << 20,
            max_wal_bytes: 128 << 20,
            background_jobs: 2,
            compression: Compression::default(),
            tail_recovery: TailRecovery::default(),
        }
    }
}
