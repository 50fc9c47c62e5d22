//! Reading tables of whole objects in order, and several of them as one.

use bytes::Bytes;

use super::{ChildRecord, PageRows, TableRecord};
use crate::{
    error::S3Error,
    frame::{self, Place},
};

/// All rows of a table whose object is in memory.
pub(crate) struct Rows {
    object: Bytes,
    /// Pages still to be visited, the next one last.
    pending: Vec<(Place, u8)>,
    page: Option<PageRows>,
}

impl Rows {
    pub(crate) fn new(object: Bytes, table: Option<TableRecord>) -> Self {
        let pending = table.map(|table| (table.root, table.height)).into_iter().collect();
        Self { object, pending, page: None }
    }

    /// The next row as key and value.
    pub(crate) fn advance(&mut self) -> Result<Option<(Vec<u8>, Bytes)>, S3Error> {
        loop {
            if let Some(page) = &mut self.page {
                if let Some(value) = page.advance()? {
                    return Ok(Some((page.key.clone(), value)));
                }
                self.page = None;
            }
            let Some((place, height)) = self.pending.pop() else {
                return Ok(None);
            };
            let mut page = PageRows::new(frame::open_in(&self.object, place)?);
            if height == 0 {
                self.page = Some(page);
                continue;
            }
            let mut below = Vec::new();
            while let Some(value) = page.advance()? {
                below.push((ChildRecord::decode(&value)?.place, height - 1));
            }
            self.pending.extend(below.into_iter().rev());
        }
    }
}

/// Visits the rows of several tables in the order of their keys; equal keys in the order of the tables.
pub(crate) fn merged(
    tables: Vec<Rows>,
    mut visit: impl FnMut(Vec<u8>, Bytes) -> Result<(), S3Error>,
) -> Result<(), S3Error> {
    let mut sources = Vec::with_capacity(tables.len());
    for mut rows in tables {
        if let Some(next) = rows.advance()? {
            sources.push((next, rows));
        }
    }
    loop {
        // A merge has a handful of sources.
        let least = sources.iter().enumerate().min_by(|(_, a), (_, b)| a.0.0.cmp(&b.0.0)).map(|(at, _)| at);
        let Some(least) = least else {
            return Ok(());
        };
        let (next, rows) = &mut sources[least];
        let (key, value) = match rows.advance()? {
            Some(behind) => std::mem::replace(next, behind),
            None => sources.remove(least).0,
        };
        visit(key, value)?;
    }
}
