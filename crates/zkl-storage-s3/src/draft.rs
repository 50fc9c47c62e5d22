//! What an append is going to write: a pure function of the state before, the batch, and the few bytes that full blocks and
//! merges take over from earlier appends.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use zkl_core::{digest::Sha256Digest, storage::AppendBatch, tree::TileId};

use crate::{
    error::S3Error,
    frame::{self, Span},
    head::{EdgeTile, OpenRow, State},
    record,
    segment::{BlockRow, BlockTile, IndexedEntry, Segment, SegmentRecord},
};

/// Entries of a block.
pub(crate) const BLOCK: u64 = 64;
/// Neighbouring segments of one size that are merged into one.
const FAN_IN: usize = 4;
/// Entries of the largest segments, 64 * 4^6: a merge reads and writes about 25 MB then.
const LARGEST_SEGMENT: u64 = 1 << 18;

/// What a draft takes over from the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inputs {
    /// Stored frames that move into blocks.
    pub(crate) frames: HashMap<Span, Bytes>,
    /// Stored segments that are merged, the last ones of the state, in order.
    pub(crate) segments: Vec<Segment>,
}

/// The objects to write, and the state that is then true.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) objects: Vec<(Sha256Digest, Bytes)>,
    pub(crate) state: State,
    /// Parts of the objects that are likely to be read soon.
    pub(crate) hot: Vec<(Span, Bytes)>,
}

/// What [`Inputs`] must hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) frames: Vec<Span>,
    /// Segments of the state from this position on.
    pub(crate) segments_from: usize,
}

impl Needs {
    /// What appending `batch` to `state` takes over.
    pub(crate) fn of(state: &State, batch: &AppendBatch) -> Self {
        let closing = (state.open.len() as u64 + batch.transactions.len() as u64) / BLOCK;
        if closing == 0 {
            return Self { frames: Vec::new(), segments_from: state.segments.len() };
        }
        let closed = state.closed() + closing * BLOCK;
        let entries = state.open.iter().map(|row| row.span);
        let supplied =
            |tile: &EdgeTile| batch.tiles.iter().any(|(id, _)| (id.level, id.index) == (tile.level, tile.index));
        let tiles = state.edge.iter().filter(|tile| complete_at(tile.level, tile.index) <= closed && !supplied(tile));
        Self {
            frames: entries.chain(tiles.map(|tile| tile.span)).collect(),
            segments_from: kept(&state.segments, closing),
        }
    }
}

/// How many of the first segments stay as they are when `blocks` blocks are added.
fn kept(segments: &[SegmentRecord], blocks: u64) -> usize {
    let mut counts: Vec<u64> = segments.iter().map(|segment| segment.count).collect();
    let mut kept = counts.len();
    for block in std::iter::repeat_n(BLOCK, blocks as usize) {
        counts.push(block);
        while let Some(group) = full_group(&counts, |count| *count) {
            let merged = counts.split_off(group).into_iter().sum();
            kept = kept.min(group);
            counts.push(merged);
        }
    }
    kept
}

/// Where the last segments begin that are to be merged now, if there are any.
fn full_group<T>(segments: &[T], count: impl Fn(&T) -> u64) -> Option<usize> {
    let start = segments.len().checked_sub(FAN_IN)?;
    let size = count(&segments[start]);
    let equal = segments[start..].iter().all(|segment| count(segment) == size);
    (equal && size.saturating_mul(FAN_IN as u64) <= LARGEST_SEGMENT).then_some(start)
}

/// The number of entries with which a tile is full: beyond any log for tiles that no log fills.
fn complete_at(level: u8, index: u64) -> u64 {
    let hashes = u128::from(index).saturating_add(1) * u128::from(TileId::FULL_WIDTH);
    let entries = 1_u128.checked_shl(8 * u32::from(level)).map_or(u128::MAX, |each| hashes.saturating_mul(each));
    u64::try_from(entries).unwrap_or(u64::MAX)
}

/// Finds the tile `id` in the block that its last entry is in, if that is a full block of a log with `closed` entries in such.
pub(crate) fn block_of_tile(id: TileId, closed: u64) -> Option<u64> {
    let end = complete_at(id.level, id.index);
    (end <= closed).then(|| end - 1)
}

/// An entry or a tile that is stored, or that this append brings.
enum Part {
    Stored(Span),
    New(Bytes),
}

impl Part {
    fn payload(&self, inputs: &Inputs) -> Result<Bytes, S3Error> {
        match self {
            Self::New(payload) => Ok(payload.clone()),
            Self::Stored(span) => {
                let missing = S3Error::Corrupt { what: "a part that a block takes over was not read" };
                inputs.frames.get(span).cloned().ok_or(missing)
            }
        }
    }
}

impl Draft {
    /// Plans the append of `batch`, which has been checked, to `state`.
    pub(crate) fn new(state: &State, batch: AppendBatch, mut inputs: Inputs) -> Result<Self, S3Error> {
        let before = state.closed();
        let mut tiles: BTreeMap<(u8, u64), (u16, Part)> = BTreeMap::new();
        for tile in &state.edge {
            tiles.insert((tile.level, tile.index), (tile.width, Part::Stored(tile.span)));
        }
        for (id, bytes) in batch.tiles {
            // A tile that a full block holds has not grown.
            if complete_at(id.level, id.index) > before {
                tiles.insert((id.level, id.index), (id.width, Part::New(bytes.into())));
            }
        }
        let mut rows: Vec<(OpenRow, Part)> =
            state.open.iter().map(|row| (row.clone(), Part::Stored(row.span))).collect();
        for transaction in &batch.transactions {
            let row = OpenRow {
                index: transaction.index.0,
                id: transaction.id,
                kind: transaction.kind.clone(),
                dataset: transaction.dataset.clone(),
                recorded_at: transaction.recorded_at,
                span: NOWHERE,
            };
            rows.push((row, Part::New(record::encode(transaction).into())));
        }

        let mut draft = Self {
            objects: Vec::new(),
            state: State {
                number: state.number.checked_add(1).ok_or(S3Error::Invalid { rule: "the log is too long" })?,
                head: Some(batch.head),
                segments: Vec::new(),
                open: Vec::new(),
                edge: Vec::new(),
            },
            hot: Vec::new(),
        };
        let open_from = rows.len() - rows.len() % BLOCK as usize;
        let taken = inputs.segments.len();
        let mut segments = std::mem::take(&mut inputs.segments);
        for block in rows[..open_from].chunks(BLOCK as usize) {
            segments.push(draft.close(block, &mut tiles, &inputs)?);
            while let Some(group) = full_group(&segments, |segment| segment.record.count) {
                let merged = Segment::merge(&segments[group..])?;
                segments.truncate(group);
                segments.push(merged);
            }
        }
        let untouched = state.segments.len() - taken.min(state.segments.len());
        draft.state.segments = state.segments[..untouched].to_vec();
        for segment in segments {
            if !state.segments.contains(&segment.record) {
                draft.add_segment(&segment)?;
            }
            draft.state.segments.push(segment.record);
        }
        draft.pack(rows.split_off(open_from), tiles)?;
        Ok(draft)
    }

    /// Writes a block and its index.
    fn close(
        &mut self,
        rows: &[(OpenRow, Part)],
        tiles: &mut BTreeMap<(u8, u64), (u16, Part)>,
        inputs: &Inputs,
    ) -> Result<Segment, S3Error> {
        let mut object = Vec::new();
        let mut entries = Vec::with_capacity(rows.len());
        for (row, part) in rows {
            entries.push(IndexedEntry {
                index: row.index,
                id: row.id,
                kind: &row.kind,
                dataset: row.dataset.as_ref(),
                recorded_at: row.recorded_at,
                place: frame::push(&mut object, &part.payload(inputs)?)?,
            });
        }
        let end = rows.last().map_or(0, |(row, _)| row.index + 1);
        let complete = tiles.keys().filter(|(level, index)| complete_at(*level, *index) <= end);
        let mut block = BlockRow { object: [0; 32], tiles: Vec::new() };
        for (level, index) in complete.copied().collect::<Vec<_>>() {
            if let Some((width, part)) = tiles.remove(&(level, index)) {
                let place = frame::push(&mut object, &part.payload(inputs)?)?;
                block.tiles.push(BlockTile { level, index, width, place });
            }
        }
        let digest = Sha256Digest::of(&object);
        block.object = *digest.as_bytes();
        self.objects.push((digest, object.into()));
        Segment::of_block(&block, &entries)
    }

    fn add_segment(&mut self, segment: &Segment) -> Result<(), S3Error> {
        let record = &segment.record;
        let tables = [record.postings, record.ids, record.datasets, record.blocks];
        let roots = tables.into_iter().flatten().map(|table| table.root);
        for place in roots.chain([record.filter]) {
            let payload = frame::open_in(&segment.bytes, place)?;
            self.hot.push((Span { object: record.object(), place }, payload));
        }
        self.objects.push((record.object(), segment.bytes.clone()));
        Ok(())
    }

    /// Writes what is new and in no full block.
    fn pack(&mut self, rows: Vec<(OpenRow, Part)>, tiles: BTreeMap<(u8, u64), (u16, Part)>) -> Result<(), S3Error> {
        let mut object = Vec::new();
        let mut hot = Vec::new();
        let mut place = |part: Part| match part {
            Part::Stored(span) => Ok(span),
            Part::New(payload) => {
                let span = Span { place: frame::push(&mut object, &payload)?, ..NOWHERE };
                hot.push((span, payload));
                Ok::<_, S3Error>(span)
            }
        };
        for (row, part) in rows {
            self.state.open.push(OpenRow { span: place(part)?, ..row });
        }
        for ((level, index), (width, part)) in tiles {
            self.state.edge.push(EdgeTile { level, index, width, span: place(part)? });
        }
        if object.is_empty() {
            return Ok(());
        }
        let digest = Sha256Digest::of(&object);
        let spans = self.state.open.iter_mut().map(|row| &mut row.span);
        let spans = spans.chain(self.state.edge.iter_mut().map(|tile| &mut tile.span));
        for span in spans.chain(hot.iter_mut().map(|(span, _)| span)) {
            if span.object == NOWHERE.object {
                span.object = digest;
            }
        }
        self.hot.append(&mut hot);
        self.objects.push((digest, object.into()));
        Ok(())
    }
}

/// Stands for the pack until its digest is known.
const NOWHERE: Span = Span { object: Sha256Digest::new([0; 32]), place: frame::Place { offset: 0, len: 0 } };

#[cfg(test)]
mod tests;
