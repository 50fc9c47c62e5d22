//! Sorted tables of byte keys and values, cut into pages inside one object.
//!
//! A page is a sequence of rows, each `postcard(shared: u32, suffix: &[u8], value: &[u8])`: the key is the first `shared` bytes of
//! the key before it on the page, then the suffix. Pages of height 0 hold the table's rows. The row of a higher page stands for a
//! page below it: its first key, and as value its place and the least and greatest time of what it holds.

use std::ops::Range;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use zkl_core::{storage::StorageErrorKind::Corrupt, time::Timestamp};

use crate::{error::S3Error, frame::Place};

mod build;
mod merge;
mod scan;

pub(crate) use build::TableBuilder;
pub(crate) use merge::{Rows, merged};
pub(crate) use scan::{KeyRange, Scan, scan};

const DAMAGED: S3Error = S3Error::Contract(Corrupt("a page of an index cannot be decoded"));

/// Where a table begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TableRecord {
    /// The one page of the greatest height.
    pub(crate) root: Place,
    pub(crate) height: u8,
}

/// Least and greatest time of some rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Extent {
    pub(crate) least: u64,
    pub(crate) greatest: u64,
}

impl Extent {
    /// Of rows that have no time: no time range skips them.
    pub(crate) const TIMELESS: Self = Self { least: 0, greatest: u64::MAX };

    pub(crate) const fn of(time: u64) -> Self {
        Self { least: time, greatest: time }
    }

    pub(crate) fn joined(self, other: Self) -> Self {
        Self { least: self.least.min(other.least), greatest: self.greatest.max(other.greatest) }
    }

    pub(crate) fn touches(self, range: &Range<Timestamp>) -> bool {
        range.start < range.end && self.greatest >= range.start.0 && self.least < range.end.0
    }
}

#[derive(Serialize, Deserialize)]
struct RowRecord<'a> {
    shared: u32,
    suffix: &'a [u8],
    value: &'a [u8],
}

/// The value of a row that stands for a page.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct ChildRecord {
    place: Place,
    extent: Extent,
}

impl ChildRecord {
    fn decode(value: &[u8]) -> Result<Self, S3Error> {
        postcard::from_bytes(value).map_err(|_| DAMAGED)
    }
}

/// Walks the rows of one page.
struct PageRows {
    payload: Bytes,
    position: usize,
    key: Vec<u8>,
}

impl PageRows {
    fn new(payload: Bytes) -> Self {
        Self { payload, position: 0, key: Vec::new() }
    }

    /// Goes to the next row; its key is then in `self.key`, and the answer is its value.
    fn advance(&mut self) -> Result<Option<Bytes>, S3Error> {
        let rest = &self.payload[self.position..];
        if rest.is_empty() {
            return Ok(None);
        }
        let (row, behind): (RowRecord<'_>, _) = postcard::take_from_bytes(rest).map_err(|_| DAMAGED)?;
        let shared = row.shared as usize;
        if shared > self.key.len() {
            return Err(DAMAGED);
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(row.suffix);
        let end = self.payload.len() - behind.len();
        // The value is the last part of a row.
        let value = self.payload.slice(end - row.value.len()..end);
        self.position = end;
        Ok(Some(value))
    }
}

#[cfg(test)]
mod tests;
