//! Record batches, in memory or from a reader that yields them once.

use std::{
    io::{self, BufReader, BufWriter, Write as _},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use arrow_ipc::{reader::StreamReader, writer::StreamWriter};

use super::{Contents, TableSource, spool::Spool};
use crate::arrow::{ArrowError, RecordBatch, RecordBatchIterator, RecordBatchReader, Schema};

/// What both sources are called.
const NAME: &str = "record batches";

pub(super) struct BatchesSource(pub(super) Arc<[RecordBatch]>);

impl TableSource for BatchesSource {
    fn name(&self) -> &Path {
        Path::new(NAME)
    }

    fn open(&self) -> io::Result<Contents> {
        let schema = self.0.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
        let batches = Arc::clone(&self.0);
        let all = (0..batches.len()).map(move |index| Ok(batches[index].clone()));
        Ok(Contents::Batches(Box::new(RecordBatchIterator::new(all, schema))))
    }
}

pub(super) struct BatchReaderSource {
    reader: Mutex<Option<Box<dyn RecordBatchReader + Send>>>,
    /// An Arrow IPC stream.
    spool: Spool,
}

impl BatchReaderSource {
    pub(super) fn new(reader: impl RecordBatchReader + Send + 'static) -> Self {
        Self { reader: Mutex::new(Some(Box::new(reader))), spool: Spool::new() }
    }
}

impl TableSource for BatchReaderSource {
    fn name(&self) -> &Path {
        Path::new(NAME)
    }

    fn open(&self) -> io::Result<Contents> {
        let take = || self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        let spooled = self.spool.open(|spool| {
            let mut reader = take().ok_or(io::ErrorKind::NotFound)?;
            let mut writer = StreamWriter::try_new(BufWriter::new(spool), &reader.schema()).map_err(to_io)?;
            reader.try_for_each(|batch| writer.write(&batch?)).map_err(to_io)?;
            writer.into_inner().map_err(to_io)?.flush()
        })?;
        let reader = StreamReader::try_new(BufReader::new(spooled), None).map_err(to_io)?;
        Ok(Contents::Batches(Box::new(reader)))
    }
}

fn to_io(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, source) => source,
        error => io::Error::other(error),
    }
}
