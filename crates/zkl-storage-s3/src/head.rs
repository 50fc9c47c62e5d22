//! The object `head/<n>`: everything that an append decides, and the references from which the whole ledger is reached.
//!
//! `zklhead1 | frame(postcard(HeadRecord))`

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use zkl_core::{
    digest::{RootHash, Sha256Digest, TransactionId},
    name::DatasetName,
    storage::{
        Head,
        StorageErrorKind::{Corrupt, Invalid},
    },
    time::Timestamp,
    transaction::OperationKind,
    tree::TreeSize,
};

use crate::{
    error::S3Error,
    frame::{self, Place, Span},
    segment::SegmentRecord,
};

const MAGIC: &[u8; 8] = b"zklhead1";
const DAMAGED: S3Error = S3Error::Contract(Corrupt("a head cannot be decoded"));

/// One state of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// Number of the head; 0 for a ledger without entries.
    pub(crate) number: u64,
    pub(crate) head: Option<Head>,
    /// Indexes of the full blocks, in index order and without a gap.
    pub(crate) segments: Vec<SegmentRecord>,
    /// The entries behind the last full block, by index.
    pub(crate) open: Vec<OpenRow>,
    /// The widest known version of each tile that no full block holds.
    pub(crate) edge: Vec<EdgeTile>,
}

/// An entry of the open block, as much of it as queries look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenRow {
    pub(crate) index: u64,
    pub(crate) id: TransactionId,
    pub(crate) kind: OperationKind,
    pub(crate) dataset: Option<DatasetName>,
    pub(crate) recorded_at: Timestamp,
    pub(crate) span: Span,
}

/// A tile at the right edge of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EdgeTile {
    pub(crate) level: u8,
    pub(crate) index: u64,
    pub(crate) width: u16,
    pub(crate) span: Span,
}

impl State {
    /// The ledger before its first append.
    pub(crate) const fn empty() -> Self {
        Self { number: 0, head: None, segments: Vec::new(), open: Vec::new(), edge: Vec::new() }
    }

    pub(crate) fn size(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.size.0)
    }

    /// Entries in full blocks.
    pub(crate) fn closed(&self) -> u64 {
        self.segments.last().map_or(0, SegmentRecord::end)
    }

    /// The bytes of the head. The nonce makes heads of different appends different, even of equal ones.
    pub(crate) fn encode(&self, nonce: [u8; 16]) -> Result<Vec<u8>, S3Error> {
        let head = self.head.as_ref().ok_or(DAMAGED)?;
        let mut words = Dictionary::default();
        let mut packs = Dictionary::default();
        let rows = self.open.iter().map(|row| {
            Ok(RowRecord {
                id: *row.id.as_bytes(),
                time: row.recorded_at.0,
                kind: words.number(row.kind.as_str().to_owned()),
                dataset: row.dataset.as_ref().map(|name| words.number(name.to_string())),
                pack: packs.number(*row.span.object.as_bytes()),
                place: row.span.place,
            })
        });
        let rows = rows.collect::<Result<Vec<_>, S3Error>>()?;
        let edge = self.edge.iter().map(|tile| TileRecord {
            level: tile.level,
            index: tile.index,
            width: tile.width,
            pack: packs.number(*tile.span.object.as_bytes()),
            place: tile.span.place,
        });
        let edge = edge.collect();
        let record = HeadRecord {
            number: self.number,
            nonce,
            size: head.size.0,
            root: *head.root.as_bytes(),
            checkpoint: head.checkpoint.clone(),
            segments: self.segments.clone(),
            words: words.items,
            packs: packs.items,
            open: rows,
            edge,
        };
        let payload =
            postcard::to_stdvec(&record).map_err(|_| S3Error::Contract(Invalid("the head cannot be encoded")))?;
        let mut bytes = MAGIC.to_vec();
        frame::push(&mut bytes, &payload)?;
        Ok(bytes)
    }

    /// The state that the object `head/<number>` holds, checked as far as one head can be.
    pub(crate) fn decode(number: u64, bytes: &Bytes) -> Result<Self, S3Error> {
        if bytes.get(..MAGIC.len()) != Some(MAGIC) {
            return Err(DAMAGED);
        }
        let payload = frame::open(&bytes.slice(MAGIC.len()..))?;
        let (record, rest): (HeadRecord, _) = postcard::take_from_bytes(&payload).map_err(|_| DAMAGED)?;
        if !rest.is_empty() || record.number != number {
            return Err(DAMAGED);
        }
        let mut closed = 0;
        for segment in &record.segments {
            if segment.start != closed || segment.count == 0 {
                return Err(DAMAGED);
            }
            closed = closed.checked_add(segment.count).ok_or(DAMAGED)?;
        }
        if closed.checked_add(record.open.len() as u64) != Some(record.size) || record.size == 0 {
            return Err(DAMAGED);
        }
        let word = |number: u32| record.words.get(number as usize).map(String::as_str).ok_or(DAMAGED);
        let span = |pack: u32, place| {
            let digest = record.packs.get(pack as usize).ok_or(DAMAGED)?;
            Ok::<_, S3Error>(Span { object: Sha256Digest::new(*digest), place })
        };
        let open = (closed..).zip(&record.open).map(|(index, row)| {
            let dataset = row.dataset.map(|name| word(name)?.parse().map_err(|_| DAMAGED)).transpose()?;
            Ok(OpenRow {
                index,
                id: TransactionId::new(row.id),
                kind: word(row.kind)?.parse().map_err(|_| DAMAGED)?,
                dataset,
                recorded_at: Timestamp(row.time),
                span: span(row.pack, row.place)?,
            })
        });
        let open = open.collect::<Result<_, S3Error>>()?;
        let edge = record.edge.iter().map(|tile| {
            let span = span(tile.pack, tile.place)?;
            Ok(EdgeTile { level: tile.level, index: tile.index, width: tile.width, span })
        });
        let edge = edge.collect::<Result<_, S3Error>>()?;
        let head =
            Head { size: TreeSize(record.size), root: RootHash::new(record.root), checkpoint: record.checkpoint };
        Ok(Self { number, head: Some(head), segments: record.segments, open, edge })
    }
}

#[derive(Serialize, Deserialize)]
struct HeadRecord {
    number: u64,
    nonce: [u8; 16],
    size: u64,
    root: [u8; 32],
    checkpoint: String,
    segments: Vec<SegmentRecord>,
    /// Kinds and dataset names of the open rows, each once.
    words: Vec<String>,
    /// Objects that hold the open entries and edge tiles, each once.
    packs: Vec<[u8; 32]>,
    open: Vec<RowRecord>,
    edge: Vec<TileRecord>,
}

#[derive(Serialize, Deserialize)]
struct RowRecord {
    id: [u8; 32],
    time: u64,
    kind: u32,
    dataset: Option<u32>,
    pack: u32,
    place: Place,
}

#[derive(Serialize, Deserialize)]
struct TileRecord {
    level: u8,
    index: u64,
    width: u16,
    pack: u32,
    place: Place,
}

/// Numbers values by their first appearance. There are at most a few dozen, so it searches.
struct Dictionary<T> {
    items: Vec<T>,
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self { items: Vec::new() }
    }
}

impl<T: PartialEq> Dictionary<T> {
    fn number(&mut self, item: T) -> u32 {
        let known = self.items.iter().position(|other| *other == item);
        let number = known.unwrap_or_else(|| {
            self.items.push(item);
            self.items.len() - 1
        });
        number as u32
    }
}
