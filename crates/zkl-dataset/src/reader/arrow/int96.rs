//! Times of the type INT96, which Spark, Hive and Impala wrote: a Julian day and nanoseconds of the day.
//!
//! The parquet crate turns them into one 64-bit count and wraps where that does not hold them: in nanoseconds from 2262 on, which
//! makes 9999-12-31 a day of 1816. Counted in seconds nothing wraps, and the nanoseconds modulo 2^64 then tell the fraction. So
//! such columns are read both ways and become one, in the coarsest unit that holds every value of a batch.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, PrimitiveArray,
    cast::AsArray as _,
    types::{
        ArrowTimestampType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
        TimestampSecondType,
    },
};
use arrow_schema::{ArrowError, DataType, Schema, TimeUnit as ArrowUnit};
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    basic::Type,
    errors::Result,
};

use crate::temporal::NANOS_PER_SECOND;

/// The columns of a file that are of the type INT96, by position.
pub(super) struct Int96Columns {
    positions: Vec<usize>,
}

impl Int96Columns {
    pub(super) fn of(metadata: &ArrowReaderMetadata) -> Self {
        let schema = metadata.parquet_schema();
        let is_int96 = |leaf: &usize| {
            let column = schema.column(*leaf);
            column.physical_type() == Type::INT96 && column.path().parts().len() == 1
        };
        let leaves = (0..schema.num_columns()).filter(is_int96);
        Self { positions: leaves.map(|leaf| schema.get_column_root_idx(leaf)).collect() }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// How the file is read with these columns in seconds.
    pub(super) fn in_seconds(&self, metadata: &ArrowReaderMetadata) -> Result<ArrowReaderMetadata> {
        self.counted_in(ArrowUnit::Second, metadata)
    }

    /// How the file is read with these columns in nanoseconds.
    pub(super) fn in_nanoseconds(&self, metadata: &ArrowReaderMetadata) -> Result<ArrowReaderMetadata> {
        self.counted_in(ArrowUnit::Nanosecond, metadata)
    }

    /// Whether the column at `position` is one of them.
    pub(super) fn contains(&self, position: usize) -> bool {
        self.positions.contains(&position)
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
}

/// Columns of which one has more rows.
pub(super) fn different_lengths() -> ArrowError {
    ArrowError::ParquetError("columns of different lengths".to_owned())
}

/// One column of exact times, from what was read in seconds and in nanoseconds.
pub(super) fn exact(seconds: &ArrayRef, nanos: &ArrayRef) -> std::result::Result<ArrayRef, ArrowError> {
    let seconds = seconds.as_primitive::<TimestampSecondType>();
    let nanos = nanos.as_primitive::<TimestampNanosecondType>();
    if seconds.len() != nanos.len() {
        return Err(different_lengths());
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
