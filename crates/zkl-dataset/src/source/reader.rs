//! A table that is read once, as standard input.

use std::{
    io::{self, Read},
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::{Contents, TableSource, spool::Spool};

pub(super) struct ReaderSource {
    reader: Mutex<Option<Box<dyn Read + Send>>>,
    spool: Spool,
}

impl ReaderSource {
    pub(super) fn new(reader: impl Read + Send + 'static) -> Self {
        Self { reader: Mutex::new(Some(Box::new(reader))), spool: Spool::new() }
    }
}

impl TableSource for ReaderSource {
    fn name(&self) -> &Path {
        Path::new("input")
    }

    fn open(&self) -> io::Result<Contents> {
        let take = || self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.spool
            .open(|spool| {
                let mut reader = take().ok_or(io::ErrorKind::NotFound)?;
                io::copy(&mut reader, spool)?;
                Ok(())
            })
            .map(Contents::File)
    }
}
