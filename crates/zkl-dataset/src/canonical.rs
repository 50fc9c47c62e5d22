//! The canonical stream of record batches: what their digests are digests of. `docs/formats.md` defines it, version 1.
//!
//! It depends on names, types and values alone, not on how batches are cut, on offsets and padding of buffers, on what stands
//! in the place of a null, or on how strings are stored. Arrow's own IPC format leaves these open, and its writers change.

use std::{
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray, cast::AsArray as _, downcast_primitive_array};
use arrow_buffer::ToByteSlice as _;
use arrow_schema::{DataType, FieldRef, TimeUnit};
use arrow_select::coalesce::BatchCoalescer;

use crate::{
    arrow::{ArrowError, RecordBatch, RecordBatchReader, Schema, SchemaRef, without_dictionary},
    error::{DatasetError, Fault},
};

/// Rows of every block but the last.
pub(crate) const BLOCK_ROWS: usize = 8_192;
const MAGIC: &[u8] = b"zkl-arrow-stream/1\n";

/// Why the stream cannot be written.
#[derive(Debug)]
pub(crate) enum CanonicalError {
    /// A column of a type that the stream has no encoding for.
    NoEncoding { column: String, data_type: String },
    /// A batch of another schema than the first.
    Schema,
    /// The batches cannot be read.
    Batches(ArrowError),
    /// The stream cannot be written.
    Io(io::Error),
}

impl CanonicalError {
    /// The error of the table that is called `name`.
    pub(crate) fn of(self, name: &Path) -> DatasetError {
        match self {
            Self::NoEncoding { column, data_type } => {
                DatasetError::new(name, Fault::NoDigest { data_type }).in_column(&column)
            }
            Self::Schema => DatasetError::new(name, Fault::BatchSchema),
            Self::Batches(ArrowError::IoError(_, source)) | Self::Io(source) => DatasetError::io(name, source),
            Self::Batches(error) => DatasetError::new(name, Fault::Corrupt { what: "Arrow", source: Box::new(error) }),
        }
    }
}

/// Batches of any size as blocks of [`BLOCK_ROWS`] rows, but for the last.
pub(crate) struct Blocks {
    batches: Option<Box<dyn RecordBatchReader + Send>>,
    schema: SchemaRef,
    coalescer: BatchCoalescer,
}

impl Blocks {
    pub(crate) fn new(batches: Box<dyn RecordBatchReader + Send>) -> Self {
        let schema = batches.schema();
        Self { coalescer: BatchCoalescer::new(Arc::clone(&schema), BLOCK_ROWS), schema, batches: Some(batches) }
    }

    /// Takes in one batch; at the end, completes what is there.
    fn pull(&mut self, batches: &mut dyn RecordBatchReader) -> Result<bool, CanonicalError> {
        match batches.next() {
            Some(batch) => {
                let batch = batch.map_err(CanonicalError::Batches)?;
                let same = |(a, b): (&FieldRef, &FieldRef)| a.data_type() == b.data_type() && a.name() == b.name();
                let (found, expected) = (batch.schema_ref().fields(), self.schema.fields());
                if found.len() != expected.len() || !found.iter().zip(expected).all(same) {
                    return Err(CanonicalError::Schema);
                }
                self.coalescer.push_batch(batch).map_err(CanonicalError::Batches)?;
                Ok(true)
            }
            None => self.coalescer.finish_buffered_batch().map(|()| false).map_err(CanonicalError::Batches),
        }
    }
}

impl Iterator for Blocks {
    type Item = Result<RecordBatch, CanonicalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(block) = self.coalescer.next_completed_batch() {
                return Some(Ok(block));
            }
            let mut batches = self.batches.take()?;
            match self.pull(&mut *batches) {
                Ok(true) => self.batches = Some(batches),
                Ok(false) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Writes the stream of blocks.
pub(crate) struct CanonicalWriter<W> {
    out: W,
}

impl<W: Write> CanonicalWriter<W> {
    /// Writes the head of the stream.
    pub(crate) fn new(mut out: W, schema: &Schema) -> Result<Self, CanonicalError> {
        let mut types = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let (column, data_type) = (field.name(), field.data_type());
            types.push(type_name(data_type).ok_or_else(|| CanonicalError::NoEncoding {
                column: column.clone(),
                data_type: data_type.to_string(),
            })?);
        }
        let mut write = || {
            out.write_all(MAGIC)?;
            write_len(&mut out, types.len())?;
            for (field, ty) in schema.fields().iter().zip(&types) {
                write_text(&mut out, field.name())?;
                write_text(&mut out, ty)?;
            }
            Ok(())
        };
        write().map_err(CanonicalError::Io)?;
        Ok(Self { out })
    }

    /// Writes a block.
    pub(crate) fn block(&mut self, block: &RecordBatch) -> Result<(), CanonicalError> {
        let out = &mut self.out;
        let write = write_len(out, block.num_rows())
            .and_then(|()| block.columns().iter().try_for_each(|column| write_column(out, column)));
        write.map_err(CanonicalError::Io)
    }

    /// Writes the end of the stream, which is a block without rows.
    pub(crate) fn end(mut self) -> Result<W, CanonicalError> {
        write_len(&mut self.out, 0).map_err(CanonicalError::Io)?;
        Ok(self.out)
    }
}

/// The type as the stream names it; `None` for a type that has no encoding.
fn type_name(ty: &DataType) -> Option<String> {
    Some(match ty {
        DataType::Null => "null".to_owned(),
        DataType::Boolean => "bool".to_owned(),
        DataType::Int8 => "int8".to_owned(),
        DataType::Int16 => "int16".to_owned(),
        DataType::Int32 => "int32".to_owned(),
        DataType::Int64 => "int64".to_owned(),
        DataType::UInt8 => "uint8".to_owned(),
        DataType::UInt16 => "uint16".to_owned(),
        DataType::UInt32 => "uint32".to_owned(),
        DataType::UInt64 => "uint64".to_owned(),
        DataType::Float16 => "float16".to_owned(),
        DataType::Float32 => "float32".to_owned(),
        DataType::Float64 => "float64".to_owned(),
        DataType::Decimal32(precision, scale) => format!("decimal32({precision},{scale})"),
        DataType::Decimal64(precision, scale) => format!("decimal64({precision},{scale})"),
        DataType::Decimal128(precision, scale) => format!("decimal128({precision},{scale})"),
        DataType::Decimal256(precision, scale) => format!("decimal256({precision},{scale})"),
        DataType::Date32 => "date32".to_owned(),
        DataType::Date64 => "date64".to_owned(),
        DataType::Time32(unit) => format!("time32({})", unit_name(*unit)),
        DataType::Time64(unit) => format!("time64({})", unit_name(*unit)),
        DataType::Duration(unit) => format!("duration({})", unit_name(*unit)),
        DataType::Timestamp(unit, None) => format!("timestamp({})", unit_name(*unit)),
        DataType::Timestamp(unit, Some(zone)) => format!("timestamp({},{zone})", unit_name(*unit)),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "utf8".to_owned(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "binary".to_owned(),
        DataType::Dictionary(_, values) => return type_name(values),
        _ => return None,
    })
}

const fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

/// Validity, then the values; a null is all zeros, or the empty text.
fn write_column(out: &mut impl Write, array: &ArrayRef) -> io::Result<()> {
    if matches!(array.data_type(), DataType::Dictionary(..)) {
        let plain = without_dictionary(array).map_err(io::Error::other)?;
        return write_column(out, &plain);
    }
    let array = array.as_ref();
    // Logical nulls: a column of the type null has no buffers at all.
    let nulls = array.logical_nulls();
    match nulls.filter(|nulls| nulls.null_count() > 0) {
        Some(nulls) => write_bits(out, nulls.iter())?,
        None => write_ones(out, array.len())?,
    }
    downcast_primitive_array!(
        array => write_primitive(out, array),
        DataType::Null => Ok(()),
        DataType::Boolean => write_bits(out, array.as_boolean().iter().map(|value| value.unwrap_or(false))),
        DataType::Utf8 => write_texts(out, array.as_string::<i32>().iter()),
        DataType::LargeUtf8 => write_texts(out, array.as_string::<i64>().iter()),
        DataType::Utf8View => write_texts(out, array.as_string_view().iter()),
        DataType::Binary => write_texts(out, array.as_binary::<i32>().iter()),
        DataType::LargeBinary => write_texts(out, array.as_binary::<i64>().iter()),
        DataType::BinaryView => write_texts(out, array.as_binary_view().iter()),
        other => Err(io::Error::other(NoValues(other.to_string())))
    )
}

/// A column of another type than the schema of its batches says.
#[derive(Debug, thiserror::Error)]
#[error("a column of type {0} has no canonical encoding")]
struct NoValues(String);

/// Bit `i % 8` of byte `i / 8` is the `i`-th; bits that are not in use are 0.
fn write_bits(out: &mut impl Write, bits: impl Iterator<Item = bool>) -> io::Result<()> {
    let (mut byte, mut used) = (0_u8, 0);
    for bit in bits {
        byte |= u8::from(bit) << used;
        used += 1;
        if used == 8 {
            out.write_all(&[byte])?;
            (byte, used) = (0, 0);
        }
    }
    if used > 0 { out.write_all(&[byte]) } else { Ok(()) }
}

/// [`write_bits`] of ones.
fn write_ones(out: &mut impl Write, len: usize) -> io::Result<()> {
    let mut bytes = vec![u8::MAX; len / 8];
    if !len.is_multiple_of(8) {
        bytes.push((1 << (len % 8)) - 1);
    }
    out.write_all(&bytes)
}

/// Values of one width, the least significant byte first.
fn write_primitive<T: ArrowPrimitiveType>(out: &mut impl Write, array: &PrimitiveArray<T>) -> io::Result<()> {
    if array.null_count() == 0 && cfg!(target_endian = "little") {
        return out.write_all(array.values().inner().as_slice());
    }
    array.iter().try_for_each(|value| {
        let value = value.unwrap_or_default();
        // The widest type keeps two halves of 16 bytes, the lower one first.
        value.to_byte_slice().chunks(16).try_for_each(|half| {
            if cfg!(target_endian = "little") {
                return out.write_all(half);
            }
            half.iter().rev().try_for_each(|&byte| out.write_all(&[byte]))
        })
    })
}

fn write_texts<T: AsRef<[u8]>>(out: &mut impl Write, texts: impl Iterator<Item = Option<T>>) -> io::Result<()> {
    for text in texts {
        let bytes = text.as_ref().map_or(&[][..], AsRef::as_ref);
        write_len(out, bytes.len())?;
        out.write_all(bytes)?;
    }
    Ok(())
}

fn write_text(out: &mut impl Write, text: &str) -> io::Result<()> {
    write_len(out, text.len())?;
    out.write_all(text.as_bytes())
}

/// A length as four bytes, the least significant first.
fn write_len(out: &mut impl Write, len: usize) -> io::Result<()> {
    let len = u32::try_from(len).map_err(|_| io::Error::other("a value has more than 2^32 - 1 bytes"))?;
    out.write_all(&len.to_le_bytes())
}
