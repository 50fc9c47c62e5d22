//! Rows of Parquet and Arrow files, copied column by column.

use std::{
    fs::File,
    io::{Cursor, Read, Seek},
    path::PathBuf,
    sync::Arc,
};

use arrow_array::{BooleanArray, RecordBatch};
use arrow_ipc::{reader::FileReader, writer::FileWriter};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
    },
    basic::Compression,
    errors::ParquetError,
    file::{properties::WriterProperties, reader::ChunkReader},
};

use super::{Int96Columns, arrow_error, check_trailer, contained, encrypted};
use crate::{
    copy::CopyTarget,
    error::{DatasetError, Fault},
    format::{Format, NoTable},
    reader::{BATCH_ROWS, Progressing, Table},
    source::Contents,
};

/// Copies the row at each position to its place.
pub(in crate::reader) fn copy_rows(
    table: &Table,
    contents: Contents,
    places: &[Option<u8>],
    targets: Vec<(CopyTarget, Format)>,
    progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    let copy = Copy { table, places, targets, progress };
    match (table.report.format, contents) {
        (Format::Parquet, contents) => {
            check_trailer(table, &contents, b"PAR1", "Parquet")?;
            if encrypted::has_encrypted_columns(&contents) {
                return Err(table.error(Fault::NoTable { found: NoTable::EncryptedParquet }));
            }
            match contents {
                Contents::File(file) => copy.parquet(file),
                Contents::Bytes(bytes) => copy.parquet(bytes),
                Contents::Batches(_) => Err(table.error(Fault::Changed)),
            }
        }
        (Format::ArrowFile, Contents::File(file)) => copy.arrow(file),
        (Format::ArrowFile, Contents::Bytes(bytes)) => copy.arrow(Cursor::new(bytes)),
        _ => Err(table.error(Fault::Changed)),
    }
}

struct Copy<'a, 'p> {
    table: &'a Table,
    places: &'a [Option<u8>],
    targets: Vec<(CopyTarget, Format)>,
    progress: Progressing<'p>,
}

impl Copy<'_, '_> {
    fn parquet(self, chunks: impl ChunkReader + 'static) -> Result<(), DatasetError> {
        const WHAT: &str = "Parquet";
        let table = self.table;
        let fail = |error: ParquetError| table.error(Fault::Corrupt { what: WHAT, source: Box::new(error) });
        let metadata = contained(table, WHAT, || ArrowReaderMetadata::load(&chunks, ArrowReaderOptions::default()))?;
        let metadata = metadata.map_err(fail)?;
        if !Int96Columns::of(&metadata).is_empty() {
            return Err(table.error(Fault::NotCopied { why: "it has times of the type INT96" }));
        }
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, metadata);
        let schema = builder.schema().clone();
        let reader = contained(table, WHAT, || builder.with_batch_size(BATCH_ROWS).build())?.map_err(fail)?;
        self.batches(WHAT, &schema, reader)
    }

    fn arrow(self, file: impl Read + Seek) -> Result<(), DatasetError> {
        const WHAT: &str = "Arrow";
        let table = self.table;
        let reader = contained(table, WHAT, || FileReader::try_new_buffered(file, None))?;
        let reader = reader.map_err(|error| arrow_error(table, WHAT, error))?;
        self.batches(WHAT, &reader.schema(), reader)
    }

    fn batches(
        mut self,
        what: &'static str,
        schema: &SchemaRef,
        mut batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    ) -> Result<(), DatasetError> {
        let table = self.table;
        let mut writers = Vec::with_capacity(self.targets.len());
        for (target, format) in std::mem::take(&mut self.targets) {
            writers.push(BatchWriter::new(target, format, schema)?);
        }
        let mut left = self.places;
        while let Some(batch) = contained(table, what, || batches.next())? {
            let batch = batch.map_err(|error| arrow_error(table, what, error))?;
            let split = left.split_at_checked(batch.num_rows());
            let (places, rest) = split.ok_or_else(|| table.error(Fault::Changed))?;
            for (index, writer) in writers.iter_mut().enumerate() {
                let goes_here = |place: &Option<u8>| place.is_some_and(|place| usize::from(place) == index);
                let chosen: BooleanArray = places.iter().map(|place| Some(goes_here(place))).collect();
                let rows = filter_record_batch(&batch, &chosen);
                writer.write(&rows.map_err(|error| arrow_error(table, what, error))?)?;
            }
            self.progress.rows(batch.num_rows())?;
            left = rest;
        }
        if !left.is_empty() {
            return Err(table.error(Fault::Changed));
        }
        writers.into_iter().try_for_each(BatchWriter::finish)
    }
}

/// A file that batches are written to.
struct BatchWriter {
    name: PathBuf,
    writer: Writer,
}

enum Writer {
    Parquet(Box<ArrowWriter<File>>),
    Arrow(Box<FileWriter<std::io::BufWriter<File>>>),
}

impl BatchWriter {
    fn new(target: CopyTarget, format: Format, schema: &SchemaRef) -> Result<Self, DatasetError> {
        let CopyTarget { name, file } = target;
        let writer = match format {
            Format::Parquet => {
                let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
                ArrowWriter::try_new(file, Arc::clone(schema), Some(properties))
                    .map(|writer| Writer::Parquet(Box::new(writer)))
                    .map_err(ArrowError::from)
            }
            _ => {
                let schema: &Schema = schema;
                FileWriter::try_new_buffered(file, schema).map(|writer| Writer::Arrow(Box::new(writer)))
            }
        };
        match writer {
            Ok(writer) => Ok(Self { name, writer }),
            Err(error) => Err(not_written(&name, error)),
        }
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), DatasetError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let written = match &mut self.writer {
            Writer::Parquet(writer) => writer.write(batch).map_err(ArrowError::from),
            Writer::Arrow(writer) => writer.write(batch),
        };
        written.map_err(|error| not_written(&self.name, error))
    }

    fn finish(self) -> Result<(), DatasetError> {
        let finished = match self.writer {
            Writer::Parquet(writer) => writer.close().map(drop).map_err(ArrowError::from),
            Writer::Arrow(writer) => writer
                .into_inner()
                .and_then(|file| file.into_inner().map(drop).map_err(|error| ArrowError::from(error.into_error()))),
        };
        finished.map_err(|error| not_written(&self.name, error))
    }
}

fn not_written(name: &std::path::Path, error: ArrowError) -> DatasetError {
    match error {
        ArrowError::IoError(_, source) => DatasetError::io(name, source),
        error => DatasetError::io(name, std::io::Error::other(error)),
    }
}
