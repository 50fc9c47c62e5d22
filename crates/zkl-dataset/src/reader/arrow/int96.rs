//! Times of the type INT96, which Spark, Hive and Impala wrote: a Julian day and nanoseconds of the day.
//!
//! The parquet crate turns them into one 64-bit count and wraps where that does not hold them: in nanoseconds from 2262 on, which
//! makes 9999-12-31 a day of 1816. Counted in seconds nothing wraps, and the nanoseconds modulo 2^64 then tell the fraction. So
//! such columns are read both ways and become one, in the coarsest unit that holds every value of a batch.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, PrimitiveArray, RecordBatch,
    cast::AsArray as _,
    types::{
        ArrowTimestampType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
        TimestampSecondType,
    },
};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit as ArrowUnit};
use bytes::Bytes;
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{
            ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
        },
    },
    basic::Type,
    errors::Result,
    file::reader::{ChunkReader, Length},
};

use super::BATCH_ROWS;
use crate::temporal::NANOS_PER_SECOND;

/// The columns of a file that are of the type INT96, by position.
pub(super) struct Int96Columns {
    leaves: Vec<usize>,
    positions: Vec<usize>,
}

impl Int96Columns {
    pub(super) fn of(metadata: &ArrowReaderMetadata) -> Self {
        let schema = metadata.parquet_schema();
        let is_int96 = |leaf: &usize| {
            let column = schema.column(*leaf);
            column.physical_type() == Type::INT96 && column.path().parts().len() == 1
        };
        let leaves: Vec<usize> = (0..schema.num_columns()).filter(is_int96).collect();
        let positions = leaves.iter().map(|leaf| schema.get_column_root_idx(*leaf)).collect();
        Self { leaves, positions }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// How the file is read with these columns in seconds.
    pub(super) fn in_seconds(&self, metadata: &ArrowReaderMetadata) -> Result<ArrowReaderMetadata> {
        self.counted_in(ArrowUnit::Second, metadata)
    }

    fn counted_in(&self, unit: ArrowUnit, metadata: &ArrowReaderMetadata) -> Result<ArrowReaderMetadata> {
        let fields = metadata.schema().fields().iter().enumerate().map(|(position, field)| {
            let field = field.as_ref().clone();
            let time = DataType::Timestamp(unit, None);
            if self.positions.contains(&position) { field.with_data_type(time) } else { field }
        });
        let schema = Schema::new(fields.collect::<Vec<_>>());
        let options = ArrowReaderOptions::default().with_schema(Arc::new(schema));
        ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)
    }

    /// These columns alone, in nanoseconds.
    pub(super) fn nanoseconds(
        &self,
        chunks: impl ChunkReader + 'static,
        metadata: &ArrowReaderMetadata,
    ) -> Result<ParquetRecordBatchReader> {
        let metadata = self.counted_in(ArrowUnit::Nanosecond, metadata)?;
        let mask = ProjectionMask::leaves(metadata.parquet_schema(), self.leaves.iter().copied());
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks, metadata);
        builder.with_projection(mask).with_batch_size(BATCH_ROWS).build()
    }

    /// The exact times of a batch that was read in seconds, and in nanoseconds.
    pub(super) fn join(
        &self,
        seconds: &RecordBatch,
        nanos: &RecordBatch,
    ) -> std::result::Result<RecordBatch, ArrowError> {
        let mut columns = seconds.columns().to_vec();
        let mut fields: Vec<Field> = seconds.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
        for (&position, nanos) in self.positions.iter().zip(nanos.columns()) {
            let times = exact(&columns[position], nanos)?;
            fields[position] = fields[position].clone().with_data_type(times.data_type().clone());
            columns[position] = times;
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
    }
}

/// One column of exact times.
fn exact(seconds: &ArrayRef, nanos: &ArrayRef) -> std::result::Result<ArrayRef, ArrowError> {
    let seconds = seconds.as_primitive::<TimestampSecondType>();
    let nanos = nanos.as_primitive::<TimestampNanosecondType>();
    if seconds.len() != nanos.len() {
        return Err(ArrowError::ParquetError("columns of different lengths".to_owned()));
    }
    let mut times = Vec::with_capacity(seconds.len());
    for (second, wrapped) in seconds.iter().zip(nanos.iter()) {
        let (Some(second), Some(wrapped)) = (second, wrapped) else {
            times.push(None);
            continue;
        };
        let whole = i128::from(second) * NANOS_PER_SECOND;
        // Both are known modulo 2^64, and a second has far fewer nanoseconds.
        let fraction = i128::from(wrapped.wrapping_sub(whole as i64));
        if !(0..NANOS_PER_SECOND).contains(&fraction) {
            return Err(ArrowError::ParquetError("an INT96 time without a valid time of day".to_owned()));
        }
        times.push(Some(whole + fraction));
    }
    let is_multiple = |unit: i128| times.iter().flatten().all(|nanos| nanos % unit == 0);
    if is_multiple(NANOS_PER_SECOND) {
        count::<TimestampSecondType>(&times, NANOS_PER_SECOND)
    } else if is_multiple(1_000_000) {
        count::<TimestampMillisecondType>(&times, 1_000_000)
    } else if is_multiple(1_000) {
        count::<TimestampMicrosecondType>(&times, 1_000)
    } else {
        count::<TimestampNanosecondType>(&times, 1)
    }
}

fn count<T: ArrowTimestampType>(times: &[Option<i128>], unit: i128) -> std::result::Result<ArrayRef, ArrowError> {
    let too_far = || ArrowError::ParquetError("an INT96 time beyond 64 bits of its unit".to_owned());
    let values =
        times.iter().map(|time| time.map(|nanos| i64::try_from(nanos / unit).map_err(|_| too_far())).transpose());
    let values = values.collect::<std::result::Result<Vec<Option<i64>>, _>>()?;
    Ok(Arc::new(PrimitiveArray::<T>::from_iter(values)))
}

/// One supply of bytes for two readers.
pub(super) struct SharedChunks<C>(pub(super) Arc<C>);

impl<C> Clone for SharedChunks<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: ChunkReader> Length for SharedChunks<C> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl<C: ChunkReader> ChunkReader for SharedChunks<C> {
    type T = C::T;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        self.0.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.0.get_bytes(start, length)
    }
}
