//! The container: a header with the schema, then blocks of rows, each of which ends with the marker that the header has.
//!
//! <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>

use std::io::{self, BufReader, Cursor, Read};

use adler2::adler32_slice;
use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::WHAT;
use crate::{
    error::{DatasetError, Excerpt, Fault},
    format::Compression,
    reader::{Table, decompress, read_some},
};

const MAGIC: [u8; 4] = *b"Obj\x01";
const MARKER_BYTES: usize = 16;
/// Most bytes of a header. It holds the schema.
const MAX_HEADER_BYTES: u64 = 16 << 20;
/// Most bytes of a block, stored and unpacked. Writers begin a new one after 16 KiB to some megabytes.
const MAX_BLOCK_BYTES: u64 = 256 << 20;
/// Bytes that blocks of deflate are unpacked by.
const CHUNK: usize = 64 << 10;

/// What is wrong with a container or a row.
#[derive(Debug, thiserror::Error)]
pub(super) enum Invalid {
    #[error("the file does not begin as such files do")]
    Magic,
    #[error("a number is longer than its type")]
    Number,
    #[error("a count or a length is negative, or larger than what follows")]
    Length,
    #[error("the header is larger than {} bytes", MAX_HEADER_BYTES)]
    HeaderTooLarge,
    #[error("the header has an entry twice: {0}")]
    Twice(Excerpt),
    #[error("blocks are compressed by {0}, which is not read")]
    Codec(Excerpt),
    #[error("a block does not end with the marker of the file")]
    Marker,
    #[error("a block is larger than {} bytes", MAX_BLOCK_BYTES)]
    BlockTooLarge,
    #[error("a block cannot be unpacked")]
    Packed(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    #[error("a block does not have the checksum that it tells")]
    Checksum,
    #[error("the block ends before its rows")]
    BlockEnd,
    #[error("a block holds more than the rows that it counts")]
    MoreThanRows,
    #[error("the value is not of the type that the schema tells")]
    Value,
    #[error("the row is not as long as it is decoded")]
    RowLength,
    #[error("the schema is no Avro schema")]
    Schema,
    #[error("the schema has a type that contains itself, or nests types too deep or too often")]
    SchemaTooLarge,
    #[error("rows or items of lists take no bytes: there could be any number of them")]
    NoBytes,
    #[error("the table has more than {limit} columns")]
    TooManyColumns { limit: usize },
}

/// How blocks are compressed.
#[derive(Clone, Copy)]
enum Codec {
    Null,
    Deflate,
    /// With the CRC-32 of the unpacked bytes behind it.
    Snappy,
    Framed(Compression),
}

impl Codec {
    fn of(name: &[u8]) -> Result<Self, Invalid> {
        Ok(match name {
            b"null" => Self::Null,
            b"deflate" => Self::Deflate,
            b"snappy" => Self::Snappy,
            b"zstandard" => Self::Framed(Compression::Zstd),
            b"bzip2" => Self::Framed(Compression::Bzip2),
            b"xz" => Self::Framed(Compression::Xz),
            other => return Err(Invalid::Codec(Excerpt::new(&String::from_utf8_lossy(other)))),
        })
    }

    fn unpack(self, stored: Vec<u8>) -> Result<Vec<u8>, Invalid> {
        let data = match self {
            Self::Null => stored,
            Self::Deflate => inflate(&stored)?,
            Self::Snappy => unpack_snappy(&stored)?,
            Self::Framed(compression) => {
                let mut data = Vec::new();
                let decoder = decompress(compression, Cursor::new(stored)).map_err(packed)?;
                decoder.take(MAX_BLOCK_BYTES + 1).read_to_end(&mut data).map_err(packed)?;
                data
            }
        };
        if data.len() as u64 > MAX_BLOCK_BYTES { Err(Invalid::BlockTooLarge) } else { Ok(data) }
    }
}

fn packed(error: impl std::error::Error + Send + Sync + 'static) -> Invalid {
    Invalid::Packed(Some(Box::new(error)))
}

/// Unpacks deflate that ends, which readers of flate2 do not look at, and ends with the block. fastavro leaves three bytes of the checksum that zlib adds: they
/// have to fit.
fn inflate(stored: &[u8]) -> Result<Vec<u8>, Invalid> {
    let (mut decoder, mut data) = (Decompress::new(false), Vec::new());
    let mut rest = stored;
    loop {
        let before = (rest.len(), data.len());
        data.reserve(CHUNK);
        let status = decoder.decompress_vec(rest, &mut data, FlushDecompress::None).map_err(packed)?;
        rest = usize::try_from(decoder.total_in()).ok().and_then(|read| stored.get(read..)).unwrap_or_default();
        if data.len() as u64 > MAX_BLOCK_BYTES {
            return Err(Invalid::BlockTooLarge);
        }
        match status {
            Status::StreamEnd if rest.is_empty() => return Ok(data),
            Status::StreamEnd => match adler32_slice(&data).to_be_bytes().starts_with(rest) {
                true => return Ok(data),
                false => return Err(Invalid::Checksum),
            },
            Status::Ok | Status::BufError if before != (rest.len(), data.len()) => {}
            Status::Ok | Status::BufError => return Err(Invalid::Packed(None)),
        }
    }
}

fn unpack_snappy(stored: &[u8]) -> Result<Vec<u8>, Invalid> {
    let (stored, checksum) = stored.split_last_chunk::<4>().ok_or(Invalid::Packed(None))?;
    if snap::raw::decompress_len(stored).map_err(packed)? as u64 > MAX_BLOCK_BYTES {
        return Err(Invalid::BlockTooLarge);
    }
    let data = snap::raw::Decoder::new().decompress_vec(stored).map_err(packed)?;
    let mut crc = Crc::new();
    crc.update(&data);
    if crc.sum() == u32::from_be_bytes(*checksum) { Ok(data) } else { Err(Invalid::Checksum) }
}

/// A container, read from its start.
pub(super) struct Container<'a> {
    table: &'a Table,
    input: BufReader<Box<dyn Read>>,
    schema: Vec<u8>,
    codec: Codec,
    marker: [u8; MARKER_BYTES],
}

/// Some rows.
pub(super) struct Block {
    pub(super) rows: u64,
    pub(super) data: Vec<u8>,
}

impl<'a> Container<'a> {
    /// Reads the header.
    pub(super) fn open(table: &'a Table, input: Box<dyn Read>) -> Result<Self, DatasetError> {
        let input = BufReader::with_capacity(CHUNK, input);
        let (schema, codec, marker) = (Vec::new(), Codec::Null, [0; MARKER_BYTES]);
        let mut this = Self { table, input, schema, codec, marker };
        let mut magic = [0; MAGIC.len()];
        this.fill(&mut magic)?;
        if magic != MAGIC {
            return Err(Invalid::Magic.of(table));
        }
        let (mut left, mut schema, mut codec) = (MAX_HEADER_BYTES, None, None);
        loop {
            let count = this.long()?;
            match count {
                0 => break,
                // The length of these entries follows, for readers that skip them.
                ..0 => _ = this.long()?,
                _ => {}
            }
            for _ in 0..count.unsigned_abs() {
                let (key, value) = (this.entry(&mut left)?, this.entry(&mut left)?);
                let place = match &key[..] {
                    b"avro.schema" => &mut schema,
                    b"avro.codec" => &mut codec,
                    _ => continue,
                };
                if place.replace(value).is_some() {
                    return Err(Invalid::Twice(Excerpt::new(&String::from_utf8_lossy(&key))).of(table));
                }
            }
        }
        this.schema = schema.ok_or_else(|| Invalid::Schema.of(table))?;
        this.codec = codec.map_or(Ok(Codec::Null), |name| Codec::of(&name)).map_err(|error| error.of(table))?;
        let mut marker = [0; MARKER_BYTES];
        this.fill(&mut marker)?;
        this.marker = marker;
        Ok(this)
    }

    /// The schema as the header has it.
    pub(super) fn schema(&self) -> &[u8] {
        &self.schema
    }

    /// The next block; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Block>, DatasetError> {
        let Some(first) = self.byte()? else { return Ok(None) };
        let (rows, length) = (self.long_after(first)?, self.long()?);
        let rows = u64::try_from(rows).map_err(|_| Invalid::Length.of(self.table))?;
        let length = u64::try_from(length).map_err(|_| Invalid::Length.of(self.table))?;
        if length > MAX_BLOCK_BYTES {
            return Err(Invalid::BlockTooLarge.of(self.table));
        }
        let stored = self.bytes(length)?;
        let mut marker = [0; MARKER_BYTES];
        self.fill(&mut marker)?;
        if marker != self.marker {
            return Err(Invalid::Marker.of(self.table));
        }
        let data = self.codec.unpack(stored).map_err(|error| error.of(self.table))?;
        Ok(Some(Block { rows, data }))
    }

    /// A key or a value of the header.
    fn entry(&mut self, left: &mut u64) -> Result<Vec<u8>, DatasetError> {
        let length = u64::try_from(self.long()?).map_err(|_| Invalid::Length.of(self.table))?;
        *left = left.checked_sub(length.saturating_add(1)).ok_or_else(|| Invalid::HeaderTooLarge.of(self.table))?;
        self.bytes(length)
    }

    /// So many bytes; memory follows from those that there are.
    fn bytes(&mut self, length: u64) -> Result<Vec<u8>, DatasetError> {
        let mut bytes = Vec::new();
        let read = (&mut self.input).take(length).read_to_end(&mut bytes);
        let read = read.map_err(|error| self.table.decode_error(error))?;
        if read as u64 == length { Ok(bytes) } else { Err(self.truncated()) }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), DatasetError> {
        self.input.read_exact(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.truncated(),
            _ => self.table.decode_error(error),
        })
    }

    fn byte(&mut self) -> Result<Option<u8>, DatasetError> {
        let mut byte = [0];
        let read = read_some(&mut self.input, &mut byte).map_err(|error| self.table.decode_error(error))?;
        Ok((read > 0).then_some(byte[0]))
    }

    fn long(&mut self) -> Result<i64, DatasetError> {
        let first = self.byte()?.ok_or_else(|| self.truncated())?;
        self.long_after(first)
    }

    fn long_after(&mut self, mut byte: u8) -> Result<i64, DatasetError> {
        let mut digits = vec![byte];
        while byte >= 0x80 && digits.len() < MAX_LONG_BYTES {
            byte = self.byte()?.ok_or_else(|| self.truncated())?;
            digits.push(byte);
        }
        long(&mut &digits[..]).map_err(|error| error.of(self.table))
    }

    fn truncated(&self) -> DatasetError {
        self.table.error(Fault::Truncated { what: WHAT })
    }
}

/// Bytes of the longest number.
const MAX_LONG_BYTES: usize = 10;

/// A number of 64 bits: seven bits in each byte, from the lowest on, the sign in the lowest.
pub(super) fn long(input: &mut &[u8]) -> Result<i64, Invalid> {
    let mut zigzag = 0u64;
    for place in 0..MAX_LONG_BYTES {
        let (&byte, rest) = input.split_first().ok_or(Invalid::BlockEnd)?;
        *input = rest;
        // The tenth byte has one bit of the number.
        if place == MAX_LONG_BYTES - 1 && byte > 1 {
            return Err(Invalid::Number);
        }
        zigzag |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64));
        }
    }
    Err(Invalid::Number)
}
