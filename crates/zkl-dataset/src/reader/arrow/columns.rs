//! The columns of a Parquet file, each by a reader of its own: pages are decompressed and decoded on as many threads as there are.

use arrow_array::{Array, ArrayRef};
use arrow_schema::ArrowError;
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
    },
    errors::Result as ParquetResult,
    file::reader::ChunkReader,
};
use rayon::prelude::*;

use super::{
    arrow_error, contained,
    int96::{self, Int96Columns},
};
use crate::{
    error::DatasetError,
    reader::{BATCH_ROWS, Table},
};

/// Readers of all columns, which stand at the same row.
pub(super) struct ColumnReaders(Vec<ColumnReader>);

enum ColumnReader {
    Plain(ParquetRecordBatchReader),
    /// Times of the type INT96, read in two units.
    Int96 {
        seconds: ParquetRecordBatchReader,
        nanos: ParquetRecordBatchReader,
    },
}

impl ColumnReaders {
    /// Readers at the first row. `metadata` has times of the type INT96 in seconds.
    pub(super) fn new(
        chunks: &(impl ChunkReader + Clone + 'static),
        metadata: &ArrowReaderMetadata,
        int96: &Int96Columns,
    ) -> ParquetResult<Self> {
        let reader = |metadata: &ArrowReaderMetadata, column| {
            let mask = ProjectionMask::roots(metadata.parquet_schema(), [column]);
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks.clone(), metadata.clone());
            builder.with_projection(mask).with_batch_size(BATCH_ROWS).build()
        };
        let nanos = if int96.is_empty() { metadata.clone() } else { int96.in_nanoseconds(metadata)? };
        let columns = (0..metadata.schema().fields().len()).map(|column| {
            Ok(match int96.contains(column) {
                false => ColumnReader::Plain(reader(metadata, column)?),
                true => ColumnReader::Int96 { seconds: reader(metadata, column)?, nanos: reader(&nanos, column)? },
            })
        });
        columns.collect::<ParquetResult<_>>().map(Self)
    }

    /// Puts the next rows into `columns`, up to [`BATCH_ROWS`] of them; `false` at the end.
    pub(super) fn next(&mut self, table: &Table, columns: &mut Vec<ArrayRef>) -> Result<bool, DatasetError> {
        const WHAT: &str = "Parquet";
        columns.clear();
        let decoded: Vec<_> =
            self.0.par_iter_mut().map(|reader| contained(table, WHAT, || reader.next().transpose())).collect();
        let (fail, width) = (|error| arrow_error(table, WHAT, error), decoded.len());
        for column in decoded {
            columns.extend(column?.map_err(fail)?);
        }
        let rows = columns.first().map_or(0, Array::len);
        match columns.len() {
            0 => Ok(false),
            found if found == width && columns.iter().all(|column| column.len() == rows) => Ok(true),
            _ => Err(fail(int96::different_lengths())),
        }
    }
}

impl Iterator for ColumnReader {
    type Item = Result<ArrayRef, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Plain(reader) => next_column(reader),
            Self::Int96 { seconds, nanos } => {
                let (seconds, nanos) = (next_column(seconds)?, next_column(nanos)?);
                Some(seconds.and_then(|seconds| int96::exact(&seconds, &nanos?)))
            }
        }
    }
}

/// The next batch of a reader of one column.
fn next_column(reader: &mut ParquetRecordBatchReader) -> Option<Result<ArrayRef, ArrowError>> {
    let batch = reader.next()?;
    Some(batch.and_then(|batch| batch.columns().first().cloned().ok_or_else(int96::different_lengths)))
}
