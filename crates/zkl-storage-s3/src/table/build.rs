//! Writing a table.

use std::mem;

use super::{ChildRecord, DAMAGED, Extent, RowRecord, TableRecord};
use crate::{error::S3Error, frame};

/// Payload at which a page of rows is finished.
const PAGE_BYTES: usize = 16 << 10;
/// Payload at which a page of pages is finished: larger, because these are read by every query and stay in the cache.
const UPPER_PAGE_BYTES: usize = 64 << 10;

/// Appends a table to an object, rows in the order of their keys.
pub(crate) struct TableBuilder<'a> {
    object: &'a mut Vec<u8>,
    page: PageBuilder,
    finished: Vec<Child>,
}

struct Child {
    first: Vec<u8>,
    record: ChildRecord,
}

impl<'a> TableBuilder<'a> {
    pub(crate) fn new(object: &'a mut Vec<u8>) -> Self {
        Self { object, page: PageBuilder::default(), finished: Vec::new() }
    }

    /// Adds a row; its key must be greater than all before.
    pub(crate) fn push(&mut self, key: &[u8], value: &[u8], extent: Extent) -> Result<(), S3Error> {
        self.page.push(key, value, extent)?;
        if self.page.payload.len() >= PAGE_BYTES {
            self.finished.extend(self.page.finish(self.object)?);
        }
        Ok(())
    }

    /// Writes the last page and the tree above the pages. `None` for a table without rows.
    pub(crate) fn finish(mut self) -> Result<Option<TableRecord>, S3Error> {
        self.finished.extend(self.page.finish(self.object)?);
        let mut height = 0;
        let mut level = mem::take(&mut self.finished);
        while level.len() > 1 {
            height += 1;
            let mut above = Vec::new();
            let mut page = PageBuilder::default();
            for child in level {
                let value = postcard::to_stdvec(&child.record).map_err(|_| DAMAGED)?;
                page.push(&child.first, &value, child.record.extent)?;
                if page.payload.len() >= UPPER_PAGE_BYTES {
                    above.extend(page.finish(self.object)?);
                }
            }
            above.extend(page.finish(self.object)?);
            level = above;
        }
        Ok(level.pop().map(|root| TableRecord { root: root.record.place, height }))
    }
}

/// A page that is being filled.
#[derive(Default)]
struct PageBuilder {
    payload: Vec<u8>,
    first: Vec<u8>,
    last: Vec<u8>,
    extent: Option<Extent>,
}

impl PageBuilder {
    fn push(&mut self, key: &[u8], value: &[u8], extent: Extent) -> Result<(), S3Error> {
        let shared = match self.extent {
            None => {
                self.first = key.to_vec();
                0
            }
            Some(_) if key <= self.last.as_slice() => return Err(DAMAGED),
            Some(_) => self.last.iter().zip(key).take_while(|(a, b)| a == b).count(),
        };
        let row = RowRecord { shared: shared as u32, suffix: &key[shared..], value };
        self.payload = postcard::to_extend(&row, mem::take(&mut self.payload)).map_err(|_| DAMAGED)?;
        self.last.truncate(shared);
        self.last.extend_from_slice(&key[shared..]);
        self.extent = Some(self.extent.map_or(extent, |before| before.joined(extent)));
        Ok(())
    }

    fn finish(&mut self, object: &mut Vec<u8>) -> Result<Option<Child>, S3Error> {
        let page = mem::take(self);
        let Some(extent) = page.extent else {
            return Ok(None);
        };
        let place = frame::push(object, &page.payload)?;
        Ok(Some(Child { first: page.first, record: ChildRecord { place, extent } }))
    }
}
