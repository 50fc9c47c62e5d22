//! Looking up a range of a table whose object is in the store.

use std::ops::{ControlFlow, Range};

use bytes::Bytes;
use zkl_core::{digest::Sha256Digest, storage::Order, time::Timestamp};

use super::{ChildRecord, PageRows, TableRecord};
use crate::{
    error::S3Error,
    frame::{Place, Span},
    frames::Frames,
};

/// Keys from `start` on and before `end`.
pub(crate) struct KeyRange {
    pub(crate) start: Vec<u8>,
    /// `None`: to the end of the table.
    pub(crate) end: Option<Vec<u8>>,
}

impl KeyRange {
    fn contains(&self, key: &[u8]) -> bool {
        key >= self.start.as_slice() && self.reaches(key)
    }

    fn reaches(&self, key: &[u8]) -> bool {
        self.end.as_ref().is_none_or(|end| key < end.as_slice())
    }
}

/// What to look for.
pub(crate) struct Scan<'a> {
    pub(crate) keys: KeyRange,
    /// Pages without a time in this range are skipped; rows of the others are visited whatever their time.
    pub(crate) time: Option<&'a Range<Timestamp>>,
    pub(crate) order: Order,
}

/// Visits the rows in question in order, until there are no more or `visit` breaks. Reads one page at a time.
pub(crate) async fn scan(
    frames: &Frames,
    object: Sha256Digest,
    table: Option<TableRecord>,
    scan: &Scan<'_>,
    mut visit: impl FnMut(&[u8], Bytes) -> Result<ControlFlow<()>, S3Error>,
) -> Result<(), S3Error> {
    // Pages still to be visited, the next one last.
    let mut pending: Vec<(Place, u8)> = table.map(|table| (table.root, table.height)).into_iter().collect();
    while let Some((place, height)) = pending.pop() {
        let page = PageRows::new(frames.read(Span { object, place }).await?);
        if let Some(below) = height.checked_sub(1) {
            let mut children = children(page, scan)?;
            if scan.order == Order::Ascending {
                children.reverse();
            }
            pending.extend(children.into_iter().map(|place| (place, below)));
            continue;
        }
        let mut rows = rows(page, &scan.keys)?;
        if scan.order == Order::Descending {
            rows.reverse();
        }
        for (key, value) in rows {
            if visit(&key, value)?.is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The pages below `page` that can hold what is looked for, in ascending order.
fn children(mut page: PageRows, scan: &Scan<'_>) -> Result<Vec<Place>, S3Error> {
    let mut children = Vec::new();
    let mut last: Option<ChildRecord> = None;
    let wanted = |child: &ChildRecord| scan.time.is_none_or(|time| child.extent.touches(time));
    while let Some(value) = page.advance()? {
        // A page ends where the next one begins: the one before is skipped if all its keys lie before the range.
        if page.key.as_slice() > scan.keys.start.as_slice() {
            children.extend(last.take().filter(wanted).map(|child| child.place));
        }
        if !scan.keys.reaches(&page.key) {
            return Ok(children);
        }
        last = Some(ChildRecord::decode(&value)?);
    }
    children.extend(last.filter(wanted).map(|child| child.place));
    Ok(children)
}

fn rows(mut page: PageRows, keys: &KeyRange) -> Result<Vec<(Vec<u8>, Bytes)>, S3Error> {
    let mut rows = Vec::new();
    while let Some(value) = page.advance()? {
        if !keys.reaches(&page.key) {
            break;
        }
        if keys.contains(&page.key) {
            rows.push((page.key.clone(), value));
        }
    }
    Ok(rows)
}
