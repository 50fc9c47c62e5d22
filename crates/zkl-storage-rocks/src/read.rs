//! Reading: point lookups and walks along an index.

use std::{cell::RefCell, collections::BTreeMap, ops::Range};

use rocksdb::{DBRawIterator, PrefixRange, ReadOptions, Snapshot};
use zkl_core::{
    digest::{BlobDigest, TransactionId},
    name::DatasetName,
    storage::{DatasetSummary, Order, Query},
    time::Timestamp,
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};

use crate::{
    error::RocksError,
    key::{COSIGNED_PREFIX, HEAD_KEY, IndexPrefix, cosigned_key, family, tile_key},
    open::{Store, decode_head},
    record,
    times::{self, Block, Extent},
};

impl Store {
    pub(crate) fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, RocksError> {
        let Some(index) = self.db.get_pinned_cf(self.family(family::IDS)?, id.as_bytes())? else {
            return Ok(None);
        };
        let damaged = RocksError::Corrupt { what: "an index entry cannot be decoded" };
        let index = (*index).try_into().map(u64::from_be_bytes).map_err(|_| damaged)?;
        let missing = RocksError::Corrupt { what: "an index names a transaction that is not there" };
        let bytes = self.db.get_pinned_cf(self.family(family::TRANSACTIONS)?, index.to_be_bytes())?.ok_or(missing)?;
        let transaction = record::decode(index, &bytes)?;
        if transaction.id != id {
            return Err(RocksError::Corrupt { what: "an index names another transaction" });
        }
        Ok(Some(transaction))
    }

    pub(crate) fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, RocksError> {
        Walk { store: self, snapshot: &self.db.snapshot(), query, extents: RefCell::default() }.run()
    }

    pub(crate) fn datasets(
        &self,
        after: Option<&DatasetName>,
        limit: usize,
    ) -> Result<Vec<DatasetSummary>, RocksError> {
        let limit = Query { limit, ..Query::default() }.effective_limit();
        // An iterator is a snapshot of its own.
        let mut names = self.db.raw_iterator_cf(self.family(family::DATASETS)?);
        match after {
            None => names.seek_to_first(),
            // The name followed by NUL is the first key behind the name.
            Some(name) => names.seek([name.as_str().as_bytes(), &[0]].concat()),
        }
        let mut found = Vec::new();
        while found.len() < limit {
            let Some((name, summary)) = names.item() else {
                break;
            };
            found.push(record::decode_summary(name, summary)?);
            names.next();
        }
        names.status()?;
        Ok(found)
    }

    pub(crate) fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, RocksError> {
        if id.width == 0 {
            return Ok(None);
        }
        let stored = self.db.get_pinned_cf(self.family(family::TILES)?, tile_key(id))?;
        let wanted = usize::from(id.width) * TileId::HASH_LEN;
        Ok(stored.and_then(|bytes| bytes.get(..wanted).map(<[u8]>::to_vec)))
    }

    pub(crate) fn blob(&self, digest: BlobDigest) -> Result<Option<Vec<u8>>, RocksError> {
        let Some(bytes) = self.db.get_cf(self.family(family::BLOBS)?, digest.as_bytes())? else {
            return Ok(None);
        };
        if BlobDigest::of(&bytes) != digest {
            return Err(RocksError::Corrupt { what: "a blob does not have its digest" });
        }
        Ok(Some(bytes))
    }

    pub(crate) fn cosigned(&self, at_most: TreeSize) -> Result<Option<(TreeSize, String)>, RocksError> {
        let mut options = ReadOptions::default();
        options.set_iterate_range(PrefixRange(COSIGNED_PREFIX));
        let mut texts = self.db.raw_iterator_cf_opt(self.family(family::META)?, options);
        texts.seek_for_prev(cosigned_key(at_most));
        let Some((key, text)) = texts.item() else {
            texts.status()?;
            return Ok(None);
        };
        let damaged = || RocksError::Corrupt { what: "a cosigned checkpoint cannot be decoded" };
        let size = key.strip_prefix(COSIGNED_PREFIX).and_then(|size| size.try_into().ok()).ok_or_else(damaged)?;
        let text = String::from_utf8(text.to_vec()).map_err(|_| damaged())?;
        Ok(Some((TreeSize(u64::from_be_bytes(size)), text)))
    }
}

/// One query against one snapshot.
struct Walk<'a> {
    store: &'a Store,
    snapshot: &'a Snapshot<'a>,
    query: &'a Query,
    /// The block last read of each level: neighbours share theirs.
    extents: RefCell<BTreeMap<u8, (u64, Option<Extent>)>>,
}

impl Walk<'_> {
    fn run(&self) -> Result<Vec<StoredTransaction>, RocksError> {
        let mut found = Vec::new();
        let Some(bounds) = self.bounds()? else {
            return Ok(found);
        };
        let prefix = match (&self.query.dataset, &self.query.kind) {
            (Some(name), Some(kind)) => IndexPrefix::dataset_and_kind(name, kind),
            (Some(name), None) => IndexPrefix::dataset(name),
            (None, Some(kind)) => IndexPrefix::kind(kind),
            (None, None) => IndexPrefix::all(),
        };
        let mut options = ReadOptions::default();
        options.set_snapshot(self.snapshot);
        options.set_iterate_range(PrefixRange(prefix.prefix.as_slice()));
        let mut entries = self.store.db.raw_iterator_cf_opt(self.store.family(prefix.family)?, options);
        let mut position = match self.query.order {
            Order::Ascending => bounds.start,
            Order::Descending => bounds.end - 1,
        };
        self.seek(&mut entries, &prefix, position);
        while found.len() < self.query.effective_limit() {
            let candidate = times::next_candidate(self.query, position, &bounds, |block| self.extent(block))?;
            let Some(candidate) = candidate else {
                break;
            };
            if candidate != position {
                self.seek(&mut entries, &prefix, candidate);
            }
            let Some((key, value)) = entries.item() else {
                entries.status()?;
                break;
            };
            let damaged = RocksError::Corrupt { what: "an index key cannot be decoded" };
            let index = prefix.index_of(key).ok_or(damaged)?;
            if index != candidate {
                // The walked index has a gap here, and its next entry may lie in a block to be jumped over.
                position = index;
                continue;
            }
            if self.time_matches(&prefix, value)? {
                found.push(self.load(&prefix, index, value)?);
            }
            let next = match self.query.order {
                Order::Ascending => {
                    entries.next();
                    index.checked_add(1)
                }
                Order::Descending => {
                    entries.prev();
                    index.checked_sub(1)
                }
            };
            let Some(next) = next else {
                break;
            };
            position = next;
        }
        Ok(found)
    }

    /// The index range of the query inside the log, or `None` if it is empty.
    fn bounds(&self) -> Result<Option<Range<u64>>, RocksError> {
        let head = self.snapshot.get_pinned_cf(self.store.family(family::META)?, HEAD_KEY)?;
        let size = head.map(|bytes| decode_head(&bytes)).transpose()?.map_or(0, |head| head.size.0);
        let wanted = self.query.index.clone().unwrap_or(0..size);
        let bounds = wanted.start..wanted.end.min(size);
        Ok((!bounds.is_empty()).then_some(bounds))
    }

    fn seek(&self, entries: &mut DBRawIterator<'_>, prefix: &IndexPrefix, index: u64) {
        match self.query.order {
            Order::Ascending => entries.seek(prefix.key(index)),
            Order::Descending => entries.seek_for_prev(prefix.key(index)),
        }
    }

    fn time_matches(&self, prefix: &IndexPrefix, value: &[u8]) -> Result<bool, RocksError> {
        let Some(range) = &self.query.time else {
            return Ok(true);
        };
        let time = if prefix.family == family::TRANSACTIONS {
            record::recorded_at(value)?
        } else {
            let damaged = RocksError::Corrupt { what: "an index entry cannot be decoded" };
            Timestamp(value.try_into().map(u64::from_be_bytes).map_err(|_| damaged)?)
        };
        Ok(range.contains(&time))
    }

    fn load(&self, prefix: &IndexPrefix, index: u64, value: &[u8]) -> Result<StoredTransaction, RocksError> {
        let transaction = if prefix.family == family::TRANSACTIONS {
            record::decode(index, value)?
        } else {
            let log = self.store.family(family::TRANSACTIONS)?;
            let missing = RocksError::Corrupt { what: "an index names a transaction that is not there" };
            let bytes = self.snapshot.get_pinned_cf(log, index.to_be_bytes())?.ok_or(missing)?;
            record::decode(index, &bytes)?
        };
        if !self.query.matches(&transaction) {
            return Err(RocksError::Corrupt { what: "an index names another transaction" });
        }
        Ok(transaction)
    }

    fn extent(&self, (level, block): Block) -> Result<Option<Extent>, RocksError> {
        if let Some((_, extent)) = self.extents.borrow().get(&level).filter(|(known, _)| *known == block) {
            return Ok(*extent);
        }
        let key = times::block_key((level, block));
        let bytes = self.snapshot.get_pinned_cf(self.store.family(family::TIMES)?, key)?;
        let extent = bytes.map(|bytes| Extent::decode(&bytes)).transpose()?;
        self.extents.borrow_mut().insert(level, (block, extent));
        Ok(extent)
    }
}
