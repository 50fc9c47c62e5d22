//! Writing: one append is one synced write batch.

use std::{collections::BTreeMap, sync::PoisonError};

use rocksdb::WriteBatch;
use zkl_core::{
    digest::BlobDigest,
    name::DatasetName,
    storage::{AppendBatch, StorageError, StorageErrorKind},
    tree::TreeSize,
};

use crate::{
    error::RocksError,
    key::{HEAD_KEY, IndexPrefix, cosigned_key, family, tile_key},
    open::Store,
    record,
    times::{self, Extent},
};

impl Store {
    pub(crate) fn append(&self, expected: TreeSize, batch: &AppendBatch) -> Result<(), RocksError> {
        batch.check(expected)?;
        // The lock guards no data, so a thread that panicked while holding it has left nothing half done.
        let _one_at_a_time = self.append_lock()?.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_writable()?;
        let actual = self.head()?.map_or(0, |head| head.size.0);
        if actual != expected.0 {
            return Err(RocksError::Conflict { expected: expected.0, actual });
        }
        let ids = self.family(family::IDS)?;
        for transaction in &batch.transactions {
            if self.db.get_pinned_cf(ids, transaction.id.as_bytes())?.is_some() {
                return Err(RocksError::Invalid { rule: "a transaction with this id is already in the log" });
            }
        }
        let mut writes = WriteBatch::default();
        self.add_transactions(&mut writes, batch)?;
        self.add_times(&mut writes, batch)?;
        self.add_summaries(&mut writes, batch)?;
        let tiles = self.family(family::TILES)?;
        for (id, bytes) in &batch.tiles {
            writes.put_cf(tiles, tile_key(*id), bytes);
        }
        let head = serde_json::to_vec(&batch.head).map_err(|source| {
            StorageError::new("append", StorageErrorKind::Invalid("the head cannot be encoded")).with_source(source)
        })?;
        writes.put_cf(self.family(family::META)?, HEAD_KEY, head);
        self.write(writes)
    }

    fn add_transactions(&self, writes: &mut WriteBatch, batch: &AppendBatch) -> Result<(), RocksError> {
        let (log, ids) = (self.family(family::TRANSACTIONS)?, self.family(family::IDS)?);
        for transaction in &batch.transactions {
            let index = transaction.index.0;
            writes.put_cf(log, index.to_be_bytes(), record::encode(transaction));
            writes.put_cf(ids, transaction.id.as_bytes(), index.to_be_bytes());
            let mut prefixes = vec![IndexPrefix::kind(&transaction.kind)];
            if let Some(name) = &transaction.dataset {
                prefixes.push(IndexPrefix::dataset(name));
                prefixes.push(IndexPrefix::dataset_and_kind(name, &transaction.kind));
            }
            for prefix in prefixes {
                let time = transaction.recorded_at.0.to_be_bytes();
                writes.put_cf(self.family(prefix.family)?, prefix.key(index), time);
            }
        }
        Ok(())
    }

    fn add_times(&self, writes: &mut WriteBatch, batch: &AppendBatch) -> Result<(), RocksError> {
        let family = self.family(family::TIMES)?;
        let stored = |block| {
            let bytes = self.db.get_pinned_cf(family, times::block_key(block))?;
            bytes.map(|bytes| Extent::decode(&bytes)).transpose()
        };
        for (block, extent) in times::grown(&batch.transactions, stored)? {
            writes.put_cf(family, times::block_key(block), extent.encode());
        }
        Ok(())
    }

    fn add_summaries(&self, writes: &mut WriteBatch, batch: &AppendBatch) -> Result<(), RocksError> {
        let family = self.family(family::DATASETS)?;
        let mut grown: BTreeMap<&DatasetName, (u64, u64)> = BTreeMap::new();
        for transaction in &batch.transactions {
            if let Some(name) = &transaction.dataset {
                let (count, latest) = grown.entry(name).or_default();
                *count += 1;
                *latest = transaction.index.0;
            }
        }
        for (name, (count, latest)) in grown {
            let key = name.as_str().as_bytes();
            let before = match self.db.get_pinned_cf(family, key)? {
                Some(bytes) => record::decode_summary(key, &bytes)?.transactions,
                None => 0,
            };
            writes.put_cf(family, key, record::encode_summary(before.saturating_add(count), latest));
        }
        Ok(())
    }

    /// Concurrent calls share syncs: unlike appends they need no order.
    pub(crate) fn put_blob(&self, bytes: &[u8]) -> Result<BlobDigest, RocksError> {
        self.check_writable()?;
        let digest = BlobDigest::of(bytes);
        if self.blob(digest)?.is_none() {
            let mut writes = WriteBatch::default();
            writes.put_cf(self.family(family::BLOBS)?, digest.as_bytes(), bytes);
            self.write(writes)?;
        }
        Ok(digest)
    }

    pub(crate) fn put_cosigned(&self, size: TreeSize, checkpoint: &str) -> Result<(), RocksError> {
        self.check_writable()?;
        // The head only grows, so what it allows now it allows when the write lands.
        if size.0 == 0 || self.head()?.is_none_or(|head| size > head.size) {
            let rule = "the cosigned checkpoint is of a size that the log has not reached";
            return Err(RocksError::Invalid { rule });
        }
        let mut writes = WriteBatch::default();
        writes.put_cf(self.family(family::META)?, cosigned_key(size), checkpoint);
        self.write(writes)
    }
}
