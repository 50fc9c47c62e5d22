//! Queries: postings of each segment that the conditions touch, then the records that they name.

use std::ops::{ControlFlow, Range};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use zkl_core::{
    digest::Sha256Digest,
    storage::{Order, Query},
    transaction::StoredTransaction,
};

use crate::{
    error::S3Error,
    frame::{Place, Span},
    head::{OpenRow, State},
    record,
    segment::{PostingKey, PostingRow, SegmentRecord},
    store::Store,
    table::{KeyRange, Scan, scan},
};

/// Segments that are searched before it is known whether the ones before them fill the page.
const AHEAD: usize = 4;

impl Store {
    pub(crate) async fn find(&self, query: &Query) -> Result<Vec<StoredTransaction>, S3Error> {
        let known = self.known();
        // What the known state has up to the end of the range can no longer change.
        let settled = query.index.as_ref().is_some_and(|range| range.end <= known.size());
        let state = if settled { known } else { self.latest().await? };
        let Some(bounds) = bounds(query, &state) else {
            return Ok(Vec::new());
        };
        let spans = self.matches(&state, query, &bounds).await?;
        let payloads = self.frames.read_all(&spans).await?;
        let decode = |payload| {
            let transaction = record::decode(payload)?;
            if !query.matches(&transaction) {
                return Err(S3Error::Corrupt { what: "an index names another transaction" });
            }
            Ok(transaction)
        };
        payloads.iter().map(|payload| decode(payload)).collect()
    }

    /// Where the records of the results are, in the order of the query.
    async fn matches(&self, state: &State, query: &Query, bounds: &Range<u64>) -> Result<Vec<Span>, S3Error> {
        let limit = query.effective_limit();
        let mut open: Vec<Span> = state.open.iter().filter(|row| row_matches(row, query)).map(|row| row.span).collect();
        let mut segments: Vec<&SegmentRecord> = state
            .segments
            .iter()
            .filter(|segment| segment.start < bounds.end && bounds.start < segment.end())
            .filter(|segment| query.time.as_ref().is_none_or(|time| segment.extent.touches(time)))
            .collect();
        let mut spans = Vec::new();
        if query.order == Order::Descending {
            open.reverse();
            segments.reverse();
            spans.append(&mut open);
        }
        let searches = segments.into_iter().map(|segment| self.search(segment, query, bounds, limit));
        let mut pages = std::pin::pin!(stream::iter(searches.collect::<Vec<_>>()).buffered(AHEAD));
        while spans.len() < limit
            && let Some(mut page) = pages.try_next().await?
        {
            spans.append(&mut page);
        }
        spans.append(&mut open);
        spans.truncate(limit);
        Ok(spans)
    }

    /// The first matches in one segment.
    async fn search(
        &self,
        segment: &SegmentRecord,
        query: &Query,
        bounds: &Range<u64>,
        limit: usize,
    ) -> Result<Vec<Span>, S3Error> {
        let prefix = PostingKey::prefix(query.dataset.as_ref(), query.kind.as_ref());
        let keys = KeyRange {
            start: PostingKey::at(prefix.clone(), bounds.start),
            end: Some(PostingKey::at(prefix, bounds.end)),
        };
        let wanted = Scan { keys, time: query.time.as_ref(), order: query.order };
        let mut found: Vec<(u64, Place)> = Vec::new();
        scan(&self.frames, segment.object(), segment.postings, &wanted, |key, value| {
            let row = PostingRow::decode(&value)?;
            let time = zkl_core::time::Timestamp(row.time);
            if query.time.as_ref().is_none_or(|range| range.contains(&time)) {
                found.push((PostingKey::index(key)?, row.place));
            }
            Ok(if found.len() == limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })
        .await?;
        let (Some(a), Some(b)) = (found.first(), found.last()) else {
            return Ok(Vec::new());
        };
        let blocks = self.blocks_of(segment, a.0.min(b.0), a.0.max(b.0)).await?;
        let span = |(index, place)| {
            let missing = S3Error::Corrupt { what: "an index names an entry that no block holds" };
            let (_, block) = blocks.range(..=index).next_back().ok_or(missing)?;
            Ok(Span { object: Sha256Digest::new(block.object), place })
        };
        found.into_iter().map(span).collect()
    }
}

/// The index range of the query inside the log, or `None` if it is empty.
fn bounds(query: &Query, state: &State) -> Option<Range<u64>> {
    let size = state.size();
    let wanted = query.index.clone().unwrap_or(0..size);
    let bounds = wanted.start..wanted.end.min(size);
    let time_is_empty = query.time.as_ref().is_some_and(Range::is_empty);
    (!bounds.is_empty() && !time_is_empty).then_some(bounds)
}

fn row_matches(row: &OpenRow, query: &Query) -> bool {
    query.dataset.as_ref().is_none_or(|name| row.dataset.as_ref() == Some(name))
        && query.kind.as_ref().is_none_or(|kind| row.kind == *kind)
        && query.time.as_ref().is_none_or(|range| range.contains(&row.recorded_at))
        && query.index.as_ref().is_none_or(|range| range.contains(&row.index))
}
