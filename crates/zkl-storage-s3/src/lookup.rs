//! Reading: by id, by tile, the list of datasets.

use std::{collections::BTreeMap, ops::ControlFlow};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use zkl_core::{
    digest::{Sha256Digest, TransactionId},
    name::DatasetName,
    storage::{DatasetSummary, Order, Query, StorageErrorKind::Corrupt},
    transaction::StoredTransaction,
    tree::{LeafIndex, TileId},
};

use crate::{
    draft::block_of_tile,
    error::S3Error,
    filter::may_hold,
    frame::Span,
    head::State,
    record,
    segment::{BlockRow, DatasetRow, IdRow, SegmentRecord},
    store::Store,
    table::{KeyRange, Scan, scan},
};

/// Segments of one question that are looked at together.
const PARALLEL: usize = 8;

impl Store {
    pub(crate) async fn transaction(&self, id: TransactionId) -> Result<Option<StoredTransaction>, S3Error> {
        let known = self.known();
        let mut found = self.find_id(&known, id).await?;
        if found.is_none() {
            // What is in the log stays there, so only a "no" needs the newest head.
            let latest = self.latest().await?;
            if latest.number != known.number {
                found = self.find_id(&latest, id).await?;
            }
        }
        let Some((index, span)) = found else {
            return Ok(None);
        };
        let transaction = record::decode(&self.frames.read(span).await?)?;
        if transaction.id != id || transaction.index.0 != index {
            return Err(S3Error::Contract(Corrupt("an index names another transaction")));
        }
        Ok(Some(transaction))
    }

    /// Whether the log already holds one of `ids`.
    pub(crate) async fn holds_any(&self, state: &State, ids: &[TransactionId]) -> Result<bool, S3Error> {
        if state.open.iter().any(|row| ids.contains(&row.id)) {
            return Ok(true);
        }
        let searches = state.segments.iter().map(|segment| async move {
            let filter = self.filter(segment).await?;
            for id in ids.iter().filter(|id| may_hold(&filter, **id)) {
                if self.id_row(segment, *id).await?.is_some() {
                    return Ok::<_, S3Error>(true);
                }
            }
            Ok(false)
        });
        let searches = stream::iter(searches.collect::<Vec<_>>()).buffer_unordered(PARALLEL);
        searches.try_any(|found| async move { found }).await
    }

    /// The index of the transaction called `id`, and where its record is.
    async fn find_id(&self, state: &State, id: TransactionId) -> Result<Option<(u64, Span)>, S3Error> {
        if let Some(row) = state.open.iter().find(|row| row.id == id) {
            return Ok(Some((row.index, row.span)));
        }
        let searches = state.segments.iter().rev().map(|segment| async move {
            let filter = self.filter(segment).await?;
            if !may_hold(&filter, id) {
                return Ok(None);
            }
            let Some(row) = self.id_row(segment, id).await? else {
                return Ok(None);
            };
            let block = self.block_of(segment, row.index).await?;
            let span = Span { object: Sha256Digest::new(block.object), place: row.place };
            Ok::<_, S3Error>(Some((row.index, span)))
        });
        let searches = stream::iter(searches.collect::<Vec<_>>()).buffer_unordered(PARALLEL);
        let found = searches.try_filter_map(|found| async move { Ok(found) });
        std::pin::pin!(found).try_next().await
    }

    async fn filter(&self, segment: &SegmentRecord) -> Result<Bytes, S3Error> {
        self.frames.read(Span { object: segment.object(), place: segment.filter }).await
    }

    async fn id_row(&self, segment: &SegmentRecord, id: TransactionId) -> Result<Option<IdRow>, S3Error> {
        let start = id.as_bytes().to_vec();
        let end = [start.as_slice(), &[0]].concat();
        let one = Scan { keys: KeyRange { start, end: Some(end) }, time: None, order: Order::Ascending };
        let mut found = None;
        scan(&self.frames, segment.object(), segment.ids, &one, |_, value| {
            found = Some(IdRow::decode(&value)?);
            Ok(ControlFlow::Break(()))
        })
        .await?;
        Ok(found)
    }

    /// The block of `segment` that holds the entry at `index`.
    async fn block_of(&self, segment: &SegmentRecord, index: u64) -> Result<BlockRow, S3Error> {
        let blocks = self.blocks_of(segment, index, index).await?;
        let missing = S3Error::Contract(Corrupt("an index names an entry that no block holds"));
        blocks.into_values().next_back().ok_or(missing)
    }

    /// The blocks of `segment` that hold the entries from `first` to `last`, by their first index.
    pub(crate) async fn blocks_of(
        &self,
        segment: &SegmentRecord,
        first: u64,
        last: u64,
    ) -> Result<BTreeMap<u64, BlockRow>, S3Error> {
        let end = last.saturating_add(1).to_be_bytes().to_vec();
        let keys = KeyRange { start: Vec::new(), end: Some(end) };
        let backwards = Scan { keys, time: None, order: Order::Descending };
        let mut blocks = BTreeMap::new();
        scan(&self.frames, segment.object(), segment.blocks, &backwards, |key, value| {
            let damaged = S3Error::Contract(Corrupt("a key of the block table cannot be decoded"));
            let start = key.try_into().map(u64::from_be_bytes).map_err(|_| damaged)?;
            blocks.insert(start, BlockRow::decode(&value)?);
            Ok(if start <= first { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
        .await?;
        Ok(blocks)
    }

    pub(crate) async fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, S3Error> {
        // Tiles only grow, so what the known state has needs no newer one.
        let known = self.known();
        let mut found = self.find_tile(&known, id).await?;
        if found.is_none() && id.width > 0 {
            let latest = self.latest().await?;
            if latest.number != known.number {
                found = self.find_tile(&latest, id).await?;
            }
        }
        let Some(span) = found else {
            return Ok(None);
        };
        let bytes = self.frames.read(span).await?;
        let short = S3Error::Contract(Corrupt("a stored tile is shorter than its width"));
        Ok(Some(bytes.get(..usize::from(id.width) * TileId::HASH_LEN).ok_or(short)?.to_vec()))
    }

    async fn find_tile(&self, state: &State, id: TileId) -> Result<Option<Span>, S3Error> {
        if id.width == 0 {
            return Ok(None);
        }
        if let Some(last) = block_of_tile(id, state.closed()) {
            let segment = state.segments.partition_point(|segment| segment.end() <= last);
            let missing = S3Error::Contract(Corrupt("the segments of a head do not cover its blocks"));
            let block = self.block_of(state.segments.get(segment).ok_or(missing)?, last).await?;
            let tile = block.tiles.iter().find(|tile| (tile.level, tile.index) == (id.level, id.index));
            let wide = tile.filter(|tile| tile.width >= id.width);
            return Ok(wide.map(|tile| Span { object: Sha256Digest::new(block.object), place: tile.place }));
        }
        let tile = state.edge.iter().find(|tile| (tile.level, tile.index) == (id.level, id.index));
        Ok(tile.filter(|tile| tile.width >= id.width).map(|tile| tile.span))
    }

    pub(crate) async fn datasets(
        &self,
        after: Option<&DatasetName>,
        limit: usize,
    ) -> Result<Vec<DatasetSummary>, S3Error> {
        let limit = Query { limit, ..Query::default() }.effective_limit();
        let state = self.latest().await?;
        let mut start = after.map(|name| name.as_str().as_bytes().to_vec()).unwrap_or_default();
        if after.is_some() {
            // The least key behind the name.
            start.push(0);
        }
        let pages = state.segments.iter().map(|segment| {
            let keys = KeyRange { start: start.clone(), end: None };
            async move {
                let forwards = Scan { keys, time: None, order: Order::Ascending };
                let mut rows = Vec::new();
                scan(&self.frames, segment.object(), segment.datasets, &forwards, |key, value| {
                    rows.push((key.to_vec(), DatasetRow::decode(&value)?));
                    Ok(if rows.len() == limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
                })
                .await?;
                Ok::<_, S3Error>(rows)
            }
        });
        // A name among the first of the whole list is among the first of every segment that has it.
        let mut names: BTreeMap<Vec<u8>, DatasetRow> = BTreeMap::new();
        let mut add = |name: Vec<u8>, row: DatasetRow| {
            let known = names.entry(name).or_insert(DatasetRow { count: 0, latest: 0 });
            *known = DatasetRow { count: known.count.saturating_add(row.count), latest: known.latest.max(row.latest) };
        };
        let pages = stream::iter(pages.collect::<Vec<_>>()).buffer_unordered(PARALLEL);
        for (name, row) in pages.try_concat().await? {
            add(name, row);
        }
        for row in &state.open {
            if let Some(name) = row.dataset.as_ref().filter(|name| after.is_none_or(|after| *name > after)) {
                add(name.as_str().as_bytes().to_vec(), DatasetRow { count: 1, latest: row.index });
            }
        }
        let summary = |(name, row): (Vec<u8>, DatasetRow)| {
            let damaged = || S3Error::Contract(Corrupt("a dataset name cannot be decoded"));
            let name = String::from_utf8(name).ok().and_then(|name| name.parse().ok()).ok_or_else(damaged)?;
            Ok(DatasetSummary { name, transactions: row.count, latest: LeafIndex(row.latest) })
        };
        names.into_iter().take(limit).map(summary).collect()
    }
}
