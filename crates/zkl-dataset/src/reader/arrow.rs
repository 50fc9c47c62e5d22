//! Parquet, Arrow IPC and Avro, through the arrow crates. Types are kept as the file states them.

mod avro;
mod columns;
mod copy;
mod encrypted;
mod int96;

use std::io::{self, Cursor, Read, Seek};

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
    arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
    errors::ParquetError,
    file::reader::ChunkReader,
};
use zkl_core::{column::TimeUnit, digest::FileDigests, layout::Layout};

pub(super) use self::{avro::read as read_avro, copy::copy_rows};
use self::{columns::ColumnReaders, int96::Int96Columns};
use super::{BATCH_ROWS, CellBlock, CellSink, Hashes, Progressing, Table, block::overlapped, contained, read_some};
use crate::{
    arrow::{RecordBatchReader, without_dictionary},
    canonical::{Blocks, CanonicalWriter},
    cell::Cell,
    error::{DatasetError, Fault},
    format::NoTable,
    hash::{Aside, FeedWriter},
    infer::FileType,
    number::Number,
    source::{Contents, SharedFile},
};

const MILLIS_PER_DAY: i64 = 86_400_000;

pub(super) fn read_parquet<S: CellSink>(
    table: &Table,
    contents: Contents,
    hashes: Hashes,
    sink: &mut S,
    progress: Progressing<'_>,
) -> Result<FileDigests, DatasetError> {
    check_trailer(table, &contents, b"PAR1", "Parquet")?;
    if encrypted::has_encrypted_columns(&contents) {
        return Err(table.error(Fault::NoTable { found: NoTable::EncryptedParquet }));
    }
    match contents {
        Contents::File(file) => {
            let file = SharedFile::new(file).map_err(|error| DatasetError::io(&table.path, error))?;
            hashed_aside(table, file.reader(0), hashes, || read_parquet_chunks(table, &file, sink, progress))
        }
        Contents::Bytes(bytes) => {
            let stored = Cursor::new(bytes.clone());
            hashed_aside(table, stored, hashes, || read_parquet_chunks(table, &bytes, sink, progress))
        }
        Contents::Batches(_) => Err(table.error(Fault::Changed)),
    }
}

/// Hashes `stored` while `read` reads it.
fn hashed_aside(
    table: &Table,
    stored: impl Read + Send + 'static,
    hashes: Hashes,
    read: impl FnOnce() -> Result<(), DatasetError>,
) -> Result<FileDigests, DatasetError> {
    let io_error = |error| DatasetError::io(&table.path, error);
    let aside = Aside::start(stored, hashes).map_err(io_error)?;
    read()?;
    aside.finish().map_err(io_error)
}

fn read_parquet_chunks<S: CellSink>(
    table: &Table,
    chunks: &(impl ChunkReader + Clone + 'static),
    sink: &mut S,
    mut progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    const WHAT: &str = "Parquet";
    let fail = |error: ParquetError| match error {
        ParquetError::EOF(_) => table.error(Fault::Truncated { what: WHAT }),
        error => table.error(Fault::Corrupt { what: WHAT, source: Box::new(error) }),
    };
    let metadata = contained(table, WHAT, || ArrowReaderMetadata::load(chunks, ArrowReaderOptions::default()))?;
    let mut metadata = metadata.map_err(fail)?;
    let int96 = Int96Columns::of(&metadata);
    if !int96.is_empty() {
        metadata = int96.in_seconds(&metadata).map_err(fail)?;
    }
    announce(table, metadata.schema(), sink)?;
    let rows = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
    if rows > u64::from(u32::MAX) {
        return Err(table.error(Fault::TooManyRows));
    }
    progress.expected_rows = Some(rows);
    let readers = contained(table, WHAT, || ColumnReaders::new(chunks, &metadata, &int96))?;
    let mut readers = readers.map_err(fail)?;
    let mut row = 0;
    overlapped(
        [Vec::new(), Vec::new()],
        |columns| readers.next(table, columns),
        |columns| {
            let rows = columns.first().map_or(0, Array::len);
            emit_rows(table, sink, row + 1, columns, rows)?;
            row += rows as u64;
            progress.rows(rows)
        },
    )
}

pub(super) fn read_file<S: CellSink>(
    table: &Table,
    contents: Contents,
    hashes: Hashes,
    sink: &mut S,
    progress: Progressing<'_>,
) -> Result<FileDigests, DatasetError> {
    check_trailer(table, &contents, b"ARROW1", "Arrow")?;
    match contents {
        Contents::File(file) => {
            let file = SharedFile::new(file).map_err(|error| DatasetError::io(&table.path, error))?;
            hashed_aside(table, file.reader(0), hashes, || read_seekable(table, file.reader(0), sink, progress))
        }
        Contents::Bytes(bytes) => {
            let stored = Cursor::new(bytes);
            hashed_aside(table, stored.clone(), hashes, || read_seekable(table, stored, sink, progress))
        }
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
    read_batches(table, WHAT, 0, reader, sink, &mut progress).map(|_| ())
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
        emit_rows(table, sink, row + 1, block.columns(), block.num_rows())?;
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
        rows = read_batches(table, WHAT, rows, reader, sink, &mut progress)?;
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

/// Reads batches that follow `row` other rows; the answer counts them all.
fn read_batches<S: CellSink>(
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
            emit_rows(table, sink, row + 1, part.columns(), part.num_rows())?;
            progress.rows(part.num_rows())?;
            row += part.num_rows() as u64;
        }
    }
    Ok(row)
}

/// Hands over some rows, the first of them row `first` of the table, from 1.
fn emit_rows<S: CellSink>(
    table: &Table,
    sink: &mut S,
    first: u64,
    columns: &[ArrayRef],
    rows: usize,
) -> Result<(), DatasetError> {
    sink.block(&Rows { table, first, columns })?;
    sink.rows(first, rows)
}

/// Rows of which the first is row `first` of the table, from 1.
struct Rows<'a> {
    table: &'a Table,
    first: u64,
    columns: &'a [ArrayRef],
}

impl CellBlock for Rows<'_> {
    const BY_ROW: bool = false;

    fn each(&self, column: usize, take: impl FnMut(usize, u64, Cell<'_>) -> bool) -> Result<(), DatasetError> {
        let Some(array) = self.columns.get(column) else { return Ok(()) };
        let emitted = emit_column(&mut Column { first: self.first, take }, array);
        emitted.map_err(|error| arrow_error(self.table, "Arrow", error))
    }
}

/// Hands over the cells of a column.
fn emit_column<F: FnMut(usize, u64, Cell<'_>) -> bool>(
    column: &mut Column<F>,
    array: &ArrayRef,
) -> Result<(), ArrowError> {
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
            column.each(array.as_primitive::<Float16Type>().iter(), |value| Cell::Float32(value.to_f32()));
        }
        DataType::Float32 => column.each(array.as_primitive::<Float32Type>().iter(), Cell::Float32),
        DataType::Float64 => column.each(array.as_primitive::<Float64Type>().iter(), Cell::Float),
        DataType::Decimal32(_, scale) => column.decimals::<Decimal32Type>(array, *scale),
        DataType::Decimal64(_, scale) => column.decimals::<Decimal64Type>(array, *scale),
        DataType::Decimal128(_, scale) => column.decimals::<Decimal128Type>(array, *scale),
        DataType::Decimal256(_, scale) => {
            let scale = -i32::from(*scale);
            column.each_text(array.as_primitive::<Decimal256Type>().iter().map(|v| v.map(|v| format!("{v}e{scale}"))));
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
            column.each(array.as_primitive::<Date64Type>().iter(), day);
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
            return emit_column(column, &without_dictionary(array)?);
        }
        DataType::Null => column.each((0..array.len()).map(|_| None), |()| Cell::Null),
        _ => {
            // Not the validity buffer: unions and runs have none, and their values may be null.
            let nulls = array.logical_nulls();
            let valid = |row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            column.each((0..array.len()).map(|row| valid(row).then_some(())), |()| Cell::Opaque("nested"));
        }
    }
    Ok(())
}

/// Bytes that are text, as far as they are.
fn text_or_opaque(bytes: &[u8]) -> Cell<'_> {
    std::str::from_utf8(bytes).map_or(Cell::Opaque("binary, no UTF-8 text"), Cell::String)
}

/// Where the cells of a column go to.
struct Column<F> {
    /// Row of the first cell, from 1.
    first: u64,
    take: F,
}

impl<F: FnMut(usize, u64, Cell<'_>) -> bool> Column<F> {
    #[inline]
    fn each<'a, T>(&mut self, values: impl Iterator<Item = Option<T>>, cell: impl Fn(T) -> Cell<'a>) {
        for (row, value) in values.enumerate() {
            if !(self.take)(row, self.first + row as u64, value.map_or(Cell::Null, &cell)) {
                break;
            }
        }
    }

    fn each_text(&mut self, values: impl Iterator<Item = Option<String>>) {
        for (row, value) in values.enumerate() {
            if !(self.take)(row, self.first + row as u64, value.as_deref().map_or(Cell::Null, Cell::Literal)) {
                break;
            }
        }
    }

    fn integers<T: ArrowPrimitiveType<Native: Into<i128>>>(&mut self, array: &ArrayRef) {
        self.each(array.as_primitive::<T>().iter(), |value| Cell::Number(Number::integer(value.into())));
    }

    fn decimals<T: ArrowPrimitiveType<Native: Into<i128>>>(&mut self, array: &ArrayRef, scale: i8) {
        let values = array.as_primitive::<T>().iter();
        match u32::try_from(scale) {
            Ok(scale) => self.each(values, |value| Cell::Number(Number { mantissa: value.into(), scale })),
            Err(_) => self.each_text(values.map(|value| value.map(|value| format!("{}e{}", value.into(), -scale)))),
        }
    }
}
