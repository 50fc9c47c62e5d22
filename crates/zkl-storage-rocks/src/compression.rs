//! Which compression the linked RocksDB really has.
//!
//! A system library may be built without LZ4 or Zstandard. RocksDB then refuses to open a store that asks for the former, and
//! silently writes uncompressed what was to be compressed with the latter. Asked beforehand, it can be told what it has.

use std::{fmt, sync::OnceLock};

use rocksdb::{DB, DBCompressionType, Env, Options};

use crate::config::Compression;

/// How new data is compressed: what was asked for, as far as the linked RocksDB has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressionInUse {
    /// Data that compactions still move.
    pub young: Codec,
    /// The oldest level, which holds most of a large ledger.
    pub oldest: Codec,
}

/// A compression method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Stored as it is.
    None,
    /// LZ4.
    Lz4,
    /// Zstandard.
    Zstd,
}

impl fmt::Display for CompressionInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, oldest level {}", self.young, self.oldest)
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::None => "uncompressed",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        })
    }
}

impl Codec {
    pub(crate) const fn in_rocksdb(self) -> DBCompressionType {
        match self {
            Self::None => DBCompressionType::None,
            Self::Lz4 => DBCompressionType::Lz4,
            Self::Zstd => DBCompressionType::Zstd,
        }
    }

    /// Whether the linked RocksDB has it: an empty store in memory opens with it. Asked once per process.
    fn is_linked(self) -> bool {
        static LZ4: OnceLock<bool> = OnceLock::new();
        static ZSTD: OnceLock<bool> = OnceLock::new();
        match self {
            Self::None => true,
            Self::Lz4 => *LZ4.get_or_init(|| opens_with(DBCompressionType::Lz4)),
            Self::Zstd => *ZSTD.get_or_init(|| opens_with(DBCompressionType::Zstd)),
        }
    }
}

impl Compression {
    /// What the linked RocksDB makes of this setting.
    pub(crate) fn in_use(self) -> CompressionInUse {
        self.in_use_where(Codec::is_linked)
    }

    fn in_use_where(self, linked: impl Fn(Codec) -> bool) -> CompressionInUse {
        let first_of = |codecs: &[Codec]| codecs.iter().copied().find(|codec| linked(*codec)).unwrap_or(Codec::None);
        // Without LZ4, young data stays as it is: Zstandard would cost each compaction more than it saves. The oldest level is
        // written once and read for years, so it takes what there is.
        match self {
            Self::Lz4Zstd => {
                CompressionInUse { young: first_of(&[Codec::Lz4]), oldest: first_of(&[Codec::Zstd, Codec::Lz4]) }
            }
            Self::Lz4 => CompressionInUse { young: first_of(&[Codec::Lz4]), oldest: first_of(&[Codec::Lz4]) },
            Self::None => CompressionInUse { young: Codec::None, oldest: Codec::None },
        }
    }
}

fn opens_with(codec: DBCompressionType) -> bool {
    let Ok(env) = Env::mem_env() else {
        // Without a place to try it, the setting stands, and opening reports what is wrong with it.
        return true;
    };
    let mut options = Options::default();
    options.set_env(&env);
    options.create_if_missing(true);
    options.set_max_open_files(16);
    options.set_compression_type(codec);
    DB::open(&options, "/compression").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: CompressionInUse = CompressionInUse { young: Codec::Lz4, oldest: Codec::Zstd };

    /// Fails on a machine whose RocksDB library lacks one: ledgers work there, but take more space than documented.
    #[test]
    fn the_linked_library_has_lz4_and_zstd() {
        assert_eq!(Compression::Lz4Zstd.in_use(), BOTH);
    }

    #[test]
    fn what_is_not_linked_is_replaced_by_what_is() {
        let with = |has: &[Codec], setting: Compression| {
            let CompressionInUse { young, oldest } = setting.in_use_where(|codec| has.contains(&codec));
            (young, oldest)
        };
        for (has, expected) in [
            ([Codec::Lz4, Codec::Zstd].as_slice(), (Codec::Lz4, Codec::Zstd)),
            (&[Codec::Lz4], (Codec::Lz4, Codec::Lz4)),
            (&[Codec::Zstd], (Codec::None, Codec::Zstd)),
            (&[], (Codec::None, Codec::None)),
        ] {
            assert_eq!(with(has, Compression::Lz4Zstd), expected, "{has:?}");
            assert_eq!(with(has, Compression::None), (Codec::None, Codec::None), "{has:?}");
        }
        assert_eq!(with(&[Codec::Zstd], Compression::Lz4), (Codec::None, Codec::None));
        assert_eq!(BOTH.to_string(), "lz4, oldest level zstd");
    }
}
