//! Column families and the keys in them. All integers are big-endian, so that byte order is numeric order.

use zkl_core::{
    name::DatasetName,
    transaction::OperationKind,
    tree::{TileId, TreeSize},
};

/// The column families. Their names are part of the format.
pub(crate) mod family {
    /// `format` -> u32; `head` -> JSON of the head; `cosigned` NUL size -> text of a cosigned checkpoint.
    pub(crate) const META: &str = "meta";
    /// index -> record (`record.rs`).
    pub(crate) const TRANSACTIONS: &str = "transactions";
    /// transaction id -> index.
    pub(crate) const IDS: &str = "ids";
    /// name NUL index -> time.
    pub(crate) const BY_DATASET: &str = "by-dataset";
    /// kind NUL index -> time.
    pub(crate) const BY_KIND: &str = "by-kind";
    /// name NUL kind NUL index -> time.
    pub(crate) const BY_DATASET_AND_KIND: &str = "by-dataset-and-kind";
    /// level, block -> least and greatest time (`times.rs`).
    pub(crate) const TIMES: &str = "times";
    /// name -> count, latest index.
    pub(crate) const DATASETS: &str = "datasets";
    /// level, index -> hashes.
    pub(crate) const TILES: &str = "tiles";
    /// SHA-256 -> bytes.
    pub(crate) const BLOBS: &str = "blobs";

    /// Every family but RocksDB's own `default`, which stays empty.
    pub(crate) const ALL: [&str; 10] =
        [META, TRANSACTIONS, IDS, BY_DATASET, BY_KIND, BY_DATASET_AND_KIND, TIMES, DATASETS, TILES, BLOBS];
}

pub(crate) const FORMAT_KEY: &[u8] = b"format";
pub(crate) const HEAD_KEY: &[u8] = b"head";
pub(crate) const COSIGNED_PREFIX: &[u8] = b"cosigned\0";

/// Neither names nor kinds contain it, so no prefix is the beginning of another one.
const SEPARATOR: u8 = 0;

/// A family and the prefix of the keys that a query walks, each followed by the index.
#[derive(Clone, Debug)]
pub(crate) struct IndexPrefix {
    pub(crate) family: &'static str,
    pub(crate) prefix: Vec<u8>,
}

impl IndexPrefix {
    pub(crate) fn all() -> Self {
        Self { family: family::TRANSACTIONS, prefix: Vec::new() }
    }

    pub(crate) fn dataset(name: &DatasetName) -> Self {
        Self { family: family::BY_DATASET, prefix: [name.as_str().as_bytes(), &[SEPARATOR]].concat() }
    }

    pub(crate) fn kind(kind: &OperationKind) -> Self {
        Self { family: family::BY_KIND, prefix: [kind.as_str().as_bytes(), &[SEPARATOR]].concat() }
    }

    pub(crate) fn dataset_and_kind(name: &DatasetName, kind: &OperationKind) -> Self {
        let parts = [name.as_str().as_bytes(), &[SEPARATOR], kind.as_str().as_bytes(), &[SEPARATOR]];
        Self { family: family::BY_DATASET_AND_KIND, prefix: parts.concat() }
    }

    pub(crate) fn key(&self, index: u64) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.prefix.len() + 8);
        key.extend_from_slice(&self.prefix);
        key.extend_from_slice(&index.to_be_bytes());
        key
    }

    /// The index in `key`, or `None` when the key belongs to another prefix.
    pub(crate) fn index_of(&self, key: &[u8]) -> Option<u64> {
        key.strip_prefix(self.prefix.as_slice())?.try_into().ok().map(u64::from_be_bytes)
    }
}

pub(crate) fn tile_key(id: TileId) -> [u8; 9] {
    let mut key = [0; 9];
    key[0] = id.level;
    key[1..].copy_from_slice(&id.index.to_be_bytes());
    key
}

pub(crate) fn cosigned_key(size: TreeSize) -> Vec<u8> {
    [COSIGNED_PREFIX, &size.0.to_be_bytes()].concat()
}
