//! Segments: the indexes over a run of full blocks, as one object.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use zkl_core::{
    digest::{Sha256Digest, TransactionId},
    name::DatasetName,
    time::Timestamp,
    transaction::OperationKind,
};

use crate::{
    error::S3Error,
    filter::FilterBuilder,
    frame::{self, Place},
    table::{Extent, Rows, TableBuilder, TableRecord, merged},
};

const DAMAGED: S3Error = S3Error::Corrupt { what: "a row of an index cannot be decoded" };

/// A segment as a head refers to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SegmentRecord {
    object: [u8; 32],
    /// Index of the first entry.
    pub(crate) start: u64,
    /// Number of entries.
    pub(crate) count: u64,
    pub(crate) extent: Extent,
    /// See [`PostingKey`].
    pub(crate) postings: Option<TableRecord>,
    /// Id -> [`IdRow`].
    pub(crate) ids: Option<TableRecord>,
    /// Dataset name -> [`DatasetRow`].
    pub(crate) datasets: Option<TableRecord>,
    /// Index of a block's first entry -> [`BlockRow`].
    pub(crate) blocks: Option<TableRecord>,
    pub(crate) filter: Place,
}

impl SegmentRecord {
    pub(crate) const fn object(&self) -> Sha256Digest {
        Sha256Digest::new(self.object)
    }

    /// Index behind the last entry.
    pub(crate) fn end(&self) -> u64 {
        self.start.saturating_add(self.count)
    }
}

/// A segment with its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) record: SegmentRecord,
    pub(crate) bytes: Bytes,
}

/// An entry as far as indexes know it.
pub(crate) struct IndexedEntry<'a> {
    pub(crate) index: u64,
    pub(crate) id: TransactionId,
    pub(crate) kind: &'a OperationKind,
    pub(crate) dataset: Option<&'a DatasetName>,
    pub(crate) recorded_at: Timestamp,
    /// Where its record lies in its block.
    pub(crate) place: Place,
}

/// Keys of postings: a family, what the family is about (each part ended by a NUL, which names and kinds never hold), and
/// the index, so that the entries of one family and subject follow each other by index.
pub(crate) struct PostingKey;

impl PostingKey {
    /// The beginning that all keys for these conditions share.
    pub(crate) fn prefix(dataset: Option<&DatasetName>, kind: Option<&OperationKind>) -> Vec<u8> {
        let family = match (dataset, kind) {
            (None, None) => 0,
            (None, Some(_)) => 1,
            (Some(_), None) => 2,
            (Some(_), Some(_)) => 3,
        };
        let mut key = vec![family];
        for part in dataset.map(DatasetName::as_str).into_iter().chain(kind.map(OperationKind::as_str)) {
            key.extend_from_slice(part.as_bytes());
            key.push(0);
        }
        key
    }

    pub(crate) fn at(mut prefix: Vec<u8>, index: u64) -> Vec<u8> {
        prefix.extend_from_slice(&index.to_be_bytes());
        prefix
    }

    pub(crate) fn index(key: &[u8]) -> Result<u64, S3Error> {
        key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes)).ok_or(DAMAGED)
    }
}

macro_rules! row {
    ($name:ident) => {
        impl $name {
            pub(crate) fn decode(value: &[u8]) -> Result<Self, S3Error> {
                postcard::from_bytes(value).map_err(|_| DAMAGED)
            }

            pub(crate) fn encode(&self) -> Result<Vec<u8>, S3Error> {
                postcard::to_stdvec(self).map_err(|_| DAMAGED)
            }
        }
    };
}

/// What a posting says beside its key.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct PostingRow {
    pub(crate) time: u64,
    pub(crate) place: Place,
}
row!(PostingRow);

/// Where the entry of an id is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct IdRow {
    pub(crate) index: u64,
    pub(crate) place: Place,
}
row!(IdRow);

/// Entries of a dataset in a segment.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct DatasetRow {
    pub(crate) count: u64,
    pub(crate) latest: u64,
}
row!(DatasetRow);

/// A block: 64 records, and the tiles that its last entry completed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BlockRow {
    pub(crate) object: [u8; 32],
    pub(crate) tiles: Vec<BlockTile>,
}
row!(BlockRow);

/// A tile in a block.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct BlockTile {
    pub(crate) level: u8,
    pub(crate) index: u64,
    pub(crate) width: u16,
    pub(crate) place: Place,
}

impl Segment {
    /// The segment of one block. `entries` are all of its entries, by index.
    pub(crate) fn of_block(block: &BlockRow, entries: &[IndexedEntry<'_>]) -> Result<Self, S3Error> {
        let start = entries.first().map_or(0, |entry| entry.index);
        let mut postings = Vec::new();
        let mut ids = Vec::new();
        let mut datasets = std::collections::BTreeMap::new();
        for entry in entries {
            let row = PostingRow { time: entry.recorded_at.0, place: entry.place }.encode()?;
            let mut add = |dataset, kind| {
                let key = PostingKey::at(PostingKey::prefix(dataset, kind), entry.index);
                postings.push((key, row.clone(), Extent::of(entry.recorded_at.0)));
            };
            add(None, None);
            add(None, Some(entry.kind));
            if let Some(name) = entry.dataset {
                add(Some(name), None);
                add(Some(name), Some(entry.kind));
                let row = datasets.entry(name).or_insert(DatasetRow { count: 0, latest: 0 });
                *row = DatasetRow { count: row.count + 1, latest: entry.index };
            }
            ids.push((*entry.id.as_bytes(), IdRow { index: entry.index, place: entry.place }));
        }
        postings.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        ids.sort_unstable_by_key(|(id, _)| *id);

        let mut parts = SegmentBuilder::new(start, entries.len() as u64);
        parts.postings = parts
            .table(|table| postings.iter().try_for_each(|(key, value, extent)| table.push(key, value, *extent)))?;
        for (_, _, extent) in &postings {
            parts.widen(*extent);
        }
        for (id, _) in &ids {
            parts.filter.insert(id);
        }
        parts.ids = parts
            .table(|table| ids.iter().try_for_each(|(id, row)| table.push(id, &row.encode()?, Extent::TIMELESS)))?;
        parts.datasets = parts.table(|table| {
            datasets
                .iter()
                .try_for_each(|(name, row)| table.push(name.as_str().as_bytes(), &row.encode()?, Extent::TIMELESS))
        })?;
        parts.blocks = parts.table(|table| table.push(&start.to_be_bytes(), &block.encode()?, Extent::TIMELESS))?;
        parts.finish()
    }

    /// One segment out of several that follow each other.
    pub(crate) fn merge(segments: &[Self]) -> Result<Self, S3Error> {
        let start = segments.first().map_or(0, |segment| segment.record.start);
        let mut parts = SegmentBuilder::new(start, segments.iter().map(|segment| segment.record.count).sum());
        for segment in segments {
            parts.widen(segment.record.extent);
        }
        let rows = |table: fn(&SegmentRecord) -> Option<TableRecord>| -> Vec<Rows> {
            segments.iter().map(|segment| Rows::new(segment.bytes.clone(), table(&segment.record))).collect()
        };
        parts.postings = parts.table(|table| {
            merged(rows(|segment| segment.postings), |key, value| {
                let time = PostingRow::decode(&value)?.time;
                table.push(&key, &value, Extent::of(time))
            })
        })?;
        let mut filter = FilterBuilder::new(parts.count);
        parts.ids = parts.table(|table| {
            merged(rows(|segment| segment.ids), |key, value| {
                filter.insert(key.as_slice().try_into().map_err(|_| DAMAGED)?);
                table.push(&key, &value, Extent::TIMELESS)
            })
        })?;
        parts.filter = filter;
        parts.datasets = parts.table(|table| {
            let mut pending: Option<(Vec<u8>, DatasetRow)> = None;
            merged(rows(|segment| segment.datasets), |key, value| {
                let row = DatasetRow::decode(&value)?;
                match &mut pending {
                    Some((name, known)) if *name == key => {
                        *known = DatasetRow {
                            count: known.count.saturating_add(row.count),
                            latest: known.latest.max(row.latest),
                        };
                    }
                    _ => {
                        if let Some((name, known)) = pending.replace((key, row)) {
                            table.push(&name, &known.encode()?, Extent::TIMELESS)?;
                        }
                    }
                }
                Ok(())
            })?;
            pending.map_or(Ok(()), |(name, known)| table.push(&name, &known.encode()?, Extent::TIMELESS))
        })?;
        parts.blocks = parts.table(|table| {
            merged(rows(|segment| segment.blocks), |key, value| table.push(&key, &value, Extent::TIMELESS))
        })?;
        parts.finish()
    }
}

/// A segment being written.
struct SegmentBuilder {
    object: Vec<u8>,
    start: u64,
    count: u64,
    extent: Option<Extent>,
    postings: Option<TableRecord>,
    ids: Option<TableRecord>,
    datasets: Option<TableRecord>,
    blocks: Option<TableRecord>,
    filter: FilterBuilder,
}

impl SegmentBuilder {
    fn new(start: u64, count: u64) -> Self {
        Self {
            object: Vec::new(),
            start,
            count,
            extent: None,
            postings: None,
            ids: None,
            datasets: None,
            blocks: None,
            filter: FilterBuilder::new(count),
        }
    }

    fn widen(&mut self, extent: Extent) {
        self.extent = Some(self.extent.map_or(extent, |before| before.joined(extent)));
    }

    fn table(
        &mut self,
        fill: impl FnOnce(&mut TableBuilder<'_>) -> Result<(), S3Error>,
    ) -> Result<Option<TableRecord>, S3Error> {
        let mut table = TableBuilder::new(&mut self.object);
        fill(&mut table)?;
        table.finish()
    }

    fn finish(mut self) -> Result<Segment, S3Error> {
        let filter = frame::push(&mut self.object, &self.filter.finish())?;
        let record = SegmentRecord {
            object: *Sha256Digest::of(&self.object).as_bytes(),
            start: self.start,
            count: self.count,
            extent: self.extent.unwrap_or(Extent::TIMELESS),
            postings: self.postings,
            ids: self.ids,
            datasets: self.datasets,
            blocks: self.blocks,
            filter,
        };
        Ok(Segment { record, bytes: self.object.into() })
    }
}
