//! Parquet and Arrow IPC, through the arrow crates. Types are kept as the file states them.

mod copy;
mod encrypted;
mod int96;

use std::{
    io::{self, Cursor, Read, Seek},
    sync::Arc,
};

use arrow_array::{
    Array, ArrayRef, RecordBatch,
    cast::AsArray as _,
    types::{
        ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
        Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
        TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
        UInt64Type,
    },
};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef, TimeUnit as ArrowUnit};
use parquet::{
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
    errors::ParquetError,
    file::reader::ChunkReader,
};
use zkl_core::{column::TimeUnit, layout::Layout};

pub(super) use self::copy::copy_rows;
use self::int96::{Int96Columns, SharedChunks};
use super::{BATCH_ROWS, CellSink, Progressing, Table, contained, read_some};
use crate::{
    arrow::{RecordBatchReader, without_dictionary},
    canonical::{Blocks, CanonicalWriter},
    cell::Cell,
    error::{DatasetError, Fault},
    format::NoTable,
    hash::FeedWriter,
    infer::FileType,
    number::Number,
    source::Contents,
};

const MILLIS_PER_DAY: i64 = 86_400_000;

pub(super) fn read_parquet<S: CellSink>(
    table: &Table,
    contents: Contents,
    sink: &mut S,
    progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    check_trailer(table, &contents, b"PAR1", "Parquet")?;
    if encrypted::has_encrypted_columns(&contents) {
        return Err(table.error(Fault::NoTable { found: NoTable::EncryptedParquet }));
    }
    match contents {
        Contents::File(file) => read_parquet_chunks(table, file, sink, progress),
        Contents::Bytes(bytes) => read_parquet_chunks(table, bytes, sink, progress),
        Contents::Batches(_) => Err(table.error(Fault::Changed)),
    }
}

fn read_parquet_chunks<S: CellSink>(
    table: &Table,
    chunks: impl ChunkReader + 'static,
    sink: &mut S,
    mut progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    const WHAT: &str = "Parquet";
    let fail = |error: ParquetError| match error {
        ParquetError::EOF(_) => table.error(Fault::Truncated { what: WHAT }),
        error => table.error(Fault::Corrupt { what: WHAT, source: Box::new(error) }),
    };
    let chunks = SharedChunks(Arc::new(chunks));
    let metadata = contained(table, WHAT, || ArrowReaderMetadata::load(&chunks, ArrowReaderOptions::default()))?;
    let metadata = metadata.map_err(fail)?;
    let int96 = Int96Columns::of(&metadata);
    let whole_seconds = if int96.is_empty() { metadata.clone() } else { int96.in_seconds(&metadata).map_err(fail)? };
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks.clone(), whole_seconds);
    announce(table, builder.schema(), sink)?;
    let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    if rows > u64::from(u32::MAX) {
        return Err(table.error(Fault::TooManyRows));
    }
    progress.expected_rows = Some(rows);
    let reader = contained(table, WHAT, || builder.with_batch_size(BATCH_ROWS).build())?.map_err(fail)?;
    if int96.is_empty() {
        return read_batches(table, WHAT, reader, sink, &mut progress);
    }
    let nanos = contained(table, WHAT, || int96.nanoseconds(chunks, &metadata))?.map_err(fail)?;
    read_batches(table, WHAT, reader.zip(nanos).map(|(batch, nanos)| int96.join(&batch?, &nanos?)), sink, &mut progress)
}

pub(super) fn read_file<S: CellSink>(
    table: &Table,
    contents: Contents,
    sink: &mut S,
    progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    check_trailer(table, &contents, b"ARROW1", "Arrow")?;
    match contents {
        Contents::File(file) => read_seekable(table, file, sink, progress),
        Contents::Bytes(bytes) => read_seekable(table, Cursor::new(bytes), sink, progress),
        Contents::Batches(_) => Err(table.error(Fault::Changed)),
    }
}

fn read_seekable<S: CellSink>(
    table: &Table,
    file: impl Read + Seek,
    sink: &mut S,
    mut progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    const WHAT: &str = "Arrow";
    let reader = contained(table, WHAT, || FileReader::try_new_buffered(file, None))?;
    let reader = reader.map_err(|error| arrow_error(table, WHAT, error))?;
    announce(table, &reader.schema(), sink)?;
    read_batches(table, WHAT, reader, sink, &mut progress)
}

/// Reads batches that were never stored, and writes their canonical stream to be hashed.
pub(super) fn read_record_batches<S: CellSink>(
    table: &Table,
    batches: Box<dyn RecordBatchReader + Send>,
    hashed: FeedWriter,
    sink: &mut S,
    mut progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    let mut canonical = CanonicalWriter::new(hashed, &batches.schema()).map_err(|error| error.of(&table.path))?;
    announce(table, &batches.schema(), sink)?;
    let mut row = 0;
    for block in Blocks::new(batches) {
        let block = block.map_err(|error| error.of(&table.path))?;
        canonical.block(&block).map_err(|error| error.of(&table.path))?;
        emit_rows(table, sink, row + 1, &block)?;
        progress.rows(block.num_rows())?;
        row += block.num_rows() as u64;
    }
    canonical.end().map_err(|error| error.of(&table.path))?.end().map_err(|error| DatasetError::io(&table.path, error))
}

/// Reads a stream, and further ones of the same schema that follow it: writers that append to a file make such.
pub(super) fn read_stream<S: CellSink>(
    table: &Table,
    mut input: Box<dyn Read>,
    sink: &mut S,
    mut progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    const WHAT: &str = "Arrow";
    let mut first: Option<SchemaRef> = None;
    let mut rows = 0;
    loop {
        let mut next = [0];
        if read_some(&mut *input, &mut next).map_err(|error| table.decode_error(error))? == 0 {
            return if first.is_some() { Ok(()) } else { Err(table.error(Fault::Empty)) };
        }
        let rest = Cursor::new(next).chain(&mut *input);
        let reader = contained(table, WHAT, || StreamReader::try_new(rest, None))?;
        let reader = reader.map_err(|error| match first {
            Some(_) => table.error(Fault::BytesAfterEnd { what: WHAT }),
            None => arrow_error(table, WHAT, error),
        })?;
        match &first {
            None => announce(table, &reader.schema(), sink)?,
            Some(schema) if schema.fields() == reader.schema().fields() => {}
            Some(_) => return Err(table.error(Fault::BatchSchema)),
        }
        first.get_or_insert(reader.schema());
        rows = read_batches_after(table, WHAT, rows, reader, sink, &mut progress)?;
    }
}

/// Formats with a trailer are truncated when it is missing; their decoders would say something less helpful.
fn check_trailer(table: &Table, contents: &Contents, magic: &[u8], what: &'static str) -> Result<(), DatasetError> {
    let complete = table.bytes >= 2 * magic.len() as u64
        && contents.tail(magic.len()).map_err(|error| DatasetError::io(&table.path, error))? == magic;
    if complete { Ok(()) } else { Err(table.error(Fault::Truncated { what })) }
}

fn arrow_error(table: &Table, what: &'static str, error: ArrowError) -> DatasetError {
    match error {
        ArrowError::IoError(_, source) if source.kind() == io::ErrorKind::UnexpectedEof => {
            table.error(Fault::Truncated { what })
        }
        ArrowError::IoError(_, source) if source.raw_os_error().is_some() => DatasetError::io(&table.path, source),
        error => table.error(Fault::Corrupt { what, source: Box::new(error) }),
    }
}

/// Checks the columns before anything else is read, and hands them to the sink.
fn announce<S: CellSink>(table: &Table, schema: &Schema, sink: &mut S) -> Result<(), DatasetError> {
    if schema.fields().len() > Layout::MAX_RECORDS {
        return Err(table.error(Fault::TooManyColumns { limit: Layout::MAX_RECORDS }));
    }
    let names = table.name_columns(schema.fields().iter().map(|field| field.name().clone()).collect(), sink)?;
    for (name, field) in names.iter().zip(schema.fields()) {
        sink.column(name, file_type(field.data_type()), 0)?;
    }
    sink.columns_complete()
}

fn file_type(ty: &DataType) -> FileType {
    match ty {
        DataType::Null => FileType::Unknown,
        DataType::Boolean => FileType::Bool,
        ty if ty.is_integer() => FileType::Number { scale: 0 },
        ty if ty.is_floating() => FileType::Float,
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => FileType::Number { scale: u32::try_from(*scale).unwrap_or(0) },
        DataType::Date32 | DataType::Date64 => FileType::Date,
        DataType::Timestamp(unit, _) => FileType::Time(time_unit(*unit)),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => FileType::String,
        // Writers that leave out the annotation of strings: Impala, Hive, older Spark.
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => FileType::String,
        DataType::Dictionary(_, values) => file_type(values),
        other => FileType::Unsupported(other.to_string()),
    }
}

const fn time_unit(unit: ArrowUnit) -> TimeUnit {
    match unit {
        ArrowUnit::Second => TimeUnit::Second,
        ArrowUnit::Millisecond => TimeUnit::Millisecond,
        ArrowUnit::Microsecond => TimeUnit::Microsecond,
        ArrowUnit::Nanosecond => TimeUnit::Nanosecond,
    }
}

fn read_batches<S: CellSink>(
    table: &Table,
    what: &'static str,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    sink: &mut S,
    progress: &mut Progressing<'_>,
) -> Result<(), DatasetError> {
    read_batches_after(table, what, 0, batches, sink, progress).map(|_| ())
}

/// Reads batches that follow `row` other rows; the answer counts them all.
fn read_batches_after<S: CellSink>(
    table: &Table,
    what: &'static str,
    mut row: u64,
    mut batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    sink: &mut S,
    progress: &mut Progressing<'_>,
) -> Result<u64, DatasetError> {
    while let Some(batch) = contained(table, what, || batches.next())? {
        let batch = batch.map_err(|error| arrow_error(table, what, error))?;
        // Files written elsewhere may hold batches of any size; sinks are promised bounded ones.
        for start in (0..batch.num_rows()).step_by(BATCH_ROWS) {
            let part = batch.slice(start, BATCH_ROWS.min(batch.num_rows() - start));
            emit_rows(table, sink, row + 1, &part)?;
            progress.rows(part.num_rows())?;
            row += part.num_rows() as u64;
        }
    }
    Ok(row)
}

/// Hands over a batch whose first row is `first`, from 1.
fn emit_rows<S: CellSink>(table: &Table, sink: &mut S, first: u64, batch: &RecordBatch) -> Result<(), DatasetError> {
    for (column, array) in batch.columns().iter().enumerate() {
        emit_column(table, sink, column, first, array)?;
    }
    sink.rows(first, batch.num_rows())
}

/// Hands over one column of a batch whose first row is `first`, from 1.
fn emit_column<S: CellSink>(
    table: &Table,
    sink: &mut S,
    column: usize,
    first: u64,
    array: &ArrayRef,
) -> Result<(), DatasetError> {
    let mut column = Column { sink, column, row: first };
    match array.data_type() {
        DataType::Boolean => column.each(array.as_boolean().iter(), Cell::Bool),
        DataType::Int8 => column.integers::<Int8Type>(array),
        DataType::Int16 => column.integers::<Int16Type>(array),
        DataType::Int32 => column.integers::<Int32Type>(array),
        DataType::Int64 => column.integers::<Int64Type>(array),
        DataType::UInt8 => column.integers::<UInt8Type>(array),
        DataType::UInt16 => column.integers::<UInt16Type>(array),
        DataType::UInt32 => column.integers::<UInt32Type>(array),
        DataType::UInt64 => column.integers::<UInt64Type>(array),
        DataType::Float16 => {
            column.each(array.as_primitive::<Float16Type>().iter(), |value| Cell::Float32(value.to_f32()))
        }
        DataType::Float32 => column.each(array.as_primitive::<Float32Type>().iter(), Cell::Float32),
        DataType::Float64 => column.each(array.as_primitive::<Float64Type>().iter(), Cell::Float),
        DataType::Decimal32(_, scale) => column.decimals::<Decimal32Type>(array, *scale),
        DataType::Decimal64(_, scale) => column.decimals::<Decimal64Type>(array, *scale),
        DataType::Decimal128(_, scale) => column.decimals::<Decimal128Type>(array, *scale),
        DataType::Decimal256(_, scale) => {
            let scale = -i32::from(*scale);
            column.each_text(array.as_primitive::<Decimal256Type>().iter().map(|v| v.map(|v| format!("{v}e{scale}"))))
        }
        DataType::Date32 => column.each(array.as_primitive::<Date32Type>().iter(), |days| {
            // What DuckDB writes for its dates without end.
            if days.unsigned_abs() == i32::MAX.unsigned_abs() { Cell::Infinite } else { Cell::Date(i64::from(days)) }
        }),
        DataType::Date64 => {
            let day = |millis: i64| match millis % MILLIS_PER_DAY {
                0 => Cell::Date(millis / MILLIS_PER_DAY),
                // Not a day, whatever the type says: nothing of it is cut off.
                _ => Cell::Time { value: millis, unit: TimeUnit::Millisecond, offset: false },
            };
            column.each(array.as_primitive::<Date64Type>().iter(), day)
        }
        DataType::Timestamp(unit, zone) => {
            let (unit, offset) = (time_unit(*unit), zone.is_some());
            let time = |value: i64| {
                if value.unsigned_abs() == i64::MAX.unsigned_abs() {
                    Cell::Infinite
                } else {
                    Cell::Time { value, unit, offset }
                }
            };
            match unit {
                TimeUnit::Second => column.each(array.as_primitive::<TimestampSecondType>().iter(), time),
                TimeUnit::Millisecond => column.each(array.as_primitive::<TimestampMillisecondType>().iter(), time),
                TimeUnit::Microsecond => column.each(array.as_primitive::<TimestampMicrosecondType>().iter(), time),
                TimeUnit::Nanosecond => column.each(array.as_primitive::<TimestampNanosecondType>().iter(), time),
            }
        }
        DataType::Utf8 => column.each(array.as_string::<i32>().iter(), Cell::String),
        DataType::LargeUtf8 => column.each(array.as_string::<i64>().iter(), Cell::String),
        DataType::Utf8View => column.each(array.as_string_view().iter(), Cell::String),
        DataType::Binary => column.each(array.as_binary::<i32>().iter(), text_or_opaque),
        DataType::LargeBinary => column.each(array.as_binary::<i64>().iter(), text_or_opaque),
        DataType::BinaryView => column.each(array.as_binary_view().iter(), text_or_opaque),
        DataType::Dictionary(..) => {
            let plain = without_dictionary(array).map_err(|error| arrow_error(table, "Arrow", error))?;
            emit_column(table, column.sink, column.column, first, &plain)
        }
        DataType::Null => column.each((0..array.len()).map(|_| None), |()| Cell::Null),
        _ => {
            // Not the validity buffer: unions and runs have none, and their values may be null.
            let nulls = array.logical_nulls();
            let valid = |row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            column.each((0..array.len()).map(|row| valid(row).then_some(())), |()| Cell::Opaque("nested"))
        }
    }
}

/// Bytes that are text, as far as they are.
fn text_or_opaque(bytes: &[u8]) -> Cell<'_> {
    std::str::from_utf8(bytes).map_or(Cell::Opaque("binary, no UTF-8 text"), Cell::String)
}

struct Column<'s, S> {
    sink: &'s mut S,
    column: usize,
    /// Row of the next cell, from 1.
    row: u64,
}

impl<S: CellSink> Column<'_, S> {
    #[inline]
    fn push(&mut self, cell: Cell<'_>) -> Result<(), DatasetError> {
        self.sink.cell(self.column, self.row, cell)?;
        self.row += 1;
        Ok(())
    }

    fn each<'a, T>(
        &mut self,
        values: impl Iterator<Item = Option<T>>,
        cell: impl Fn(T) -> Cell<'a>,
    ) -> Result<(), DatasetError> {
        for value in values {
            self.push(value.map_or(Cell::Null, &cell))?;
        }
        Ok(())
    }

    fn each_text(&mut self, values: impl Iterator<Item = Option<String>>) -> Result<(), DatasetError> {
        for value in values {
            self.push(value.as_deref().map_or(Cell::Null, Cell::Literal))?;
        }
        Ok(())
    }

    fn integers<T: ArrowPrimitiveType<Native: Into<i128>>>(&mut self, array: &ArrayRef) -> Result<(), DatasetError> {
        self.each(array.as_primitive::<T>().iter(), |value| Cell::Number(Number::integer(value.into())))
    }

    fn decimals<T: ArrowPrimitiveType<Native: Into<i128>>>(
        &mut self,
        array: &ArrayRef,
        scale: i8,
    ) -> Result<(), DatasetError> {
        let values = array.as_primitive::<T>().iter();
        match u32::try_from(scale) {
            Ok(scale) => self.each(values, |value| Cell::Number(Number { mantissa: value.into(), scale })),
            Err(_) => self.each_text(values.map(|value| value.map(|value| format!("{}e{}", value.into(), -scale)))),
        }
    }
}
