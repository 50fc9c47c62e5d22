//! Readers: from a file's bytes to cells.

mod archive;
mod arrow;
mod block;
mod csv;
mod decode;
mod json;
mod parts;
mod workbook;

use std::{
    collections::HashSet,
    io::{self, BufReader, Read},
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

use zkl_core::{
    digest::{DigestRule, FileDigests},
    table_note::TableNote,
};

pub(crate) use self::{
    archive::{ArchiveError, Member},
    block::CellBlock,
    parts::{Tables, join_note},
    workbook::workbook_format,
};
use crate::{
    cell::Cell,
    copy::CopyTarget,
    error::{DatasetError, Fault},
    format::{Compression, CsvOptions, Format},
    hash::{Feed, HashSet as Hashes},
    infer::FileType,
    progress::{Pass, Progress, ProgressUpdate},
    report::SourceReport,
    source::{Contents, Source},
};

/// Rows in a full batch.
pub(crate) const BATCH_ROWS: usize = 8_192;
/// Longest column name in bytes.
const MAX_NAME_BYTES: usize = 1_024;
/// A row may hold this many times the largest cell.
const ROW_CELLS: usize = 4;

/// Receives a table: its columns, then its cells. Within a batch the cells of each column come in the order of rows,
/// every column has one cell per row, and columns may come row by row or one after the other.
pub(crate) trait CellSink {
    /// What follows is read from this file, whose places are lines or else rows. Not called for a table in one file.
    fn file(&mut self, path: &Path, lines: bool);

    /// A further column, which had no value in `rows_before` rows.
    fn column(&mut self, name: &str, file: FileType, rows_before: u64) -> Result<(), DatasetError>;

    /// All columns are known, no row has been read. Not called by readers that find columns as they go.
    fn columns_complete(&mut self) -> Result<(), DatasetError>;

    /// A cell, at a line or row of the file.
    fn cell(&mut self, column: usize, at: u64, cell: Cell<'_>) -> Result<(), DatasetError>;

    /// The cells of all columns of some rows, as [`CellSink::cell`] takes them one by one. Columns are gone through at the same time.
    fn block<B: CellBlock>(&mut self, block: &B) -> Result<(), DatasetError>;

    /// Ends a batch of `rows` rows, the first at line or row `first_at`.
    fn rows(&mut self, first_at: u64, rows: usize) -> Result<(), DatasetError>;

    /// Something that the reader did and readers of statements about the table have to know.
    fn note(&mut self, note: TableNote);
}

/// A table that is ready to be read several times.
pub(crate) struct Table {
    pub(crate) path: PathBuf,
    pub(crate) report: SourceReport,
    csv: CsvOptions,
    /// The sheet of a workbook.
    sheet: Option<String>,
    /// Of delimited text.
    dialect: Option<csv::Dialect>,
    max_cell: usize,
    bytes: u64,
    source: Source,
}

impl Table {
    /// Finds out format, compression and delimiter.
    pub(crate) fn open(source: &Source, max_cell: usize) -> Result<Self, DatasetError> {
        let path = source.name().to_owned();
        let (format, compression) = source.detect()?;
        if compression != Compression::None && format.is_read_by_position() {
            return Err(DatasetError::new(&path, Fault::CompressedSeekable { format }));
        }
        let bytes = source.open()?.len().map_err(|error| DatasetError::io(&path, error))?;
        let mut table = Self {
            path,
            report: SourceReport { format, compression, delimiter: None },
            csv: source.csv.clone(),
            sheet: source.sheet.clone(),
            dialect: None,
            max_cell,
            bytes,
            source: source.clone(),
        };
        if format == Format::Csv {
            let fits = |byte: u8| byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0);
            let CsvOptions { delimiter, quote, .. } = table.csv;
            if !delimiter.is_none_or(fits) || !quote.is_none_or(fits) || (delimiter == quote && quote.is_some()) {
                return Err(table.error(Fault::Dialect));
            }
            let head = table.head(csv::SNIFF_BYTES)?;
            let dialect = csv::Dialect::find(&head, &table.csv).map_err(|fault| table.error(fault))?;
            table.report.delimiter = Some(char::from(dialect.delimiter));
            table.dialect = Some(dialect);
        }
        Ok(table)
    }

    /// Whether places in the file are lines.
    pub(crate) const fn has_lines(&self) -> bool {
        matches!(self.report.format, Format::Csv | Format::Json | Format::Ndjson)
    }

    /// What the table's digests are digests of.
    pub(crate) const fn digest_rule(&self) -> DigestRule {
        match self.report.format {
            Format::RecordBatches => DigestRule::ArrowStream,
            _ => DigestRule::StoredBytes,
        }
    }

    /// The first bytes of the text.
    fn head(&self, limit: u64) -> Result<Vec<u8>, DatasetError> {
        let fail = |error| self.decode_error(error);
        let mut head = Vec::new();
        let decoder = decompressed(self.report.compression, self.source.open()?).map_err(fail)?;
        decode::text(decoder).map_err(fail)?.take(limit).read_to_end(&mut head).map_err(fail)?;
        Ok(head)
    }

    /// Reads the whole table once. `known` lists the columns if an earlier pass found them.
    pub(crate) fn read<S: CellSink>(
        &self,
        hashes: Hashes,
        known: &[String],
        pass: Pass,
        sink: &mut S,
        progress: &mut dyn Progress,
    ) -> Result<FileDigests, DatasetError> {
        let io_error = |error| DatasetError::io(&self.path, error);
        let contents = self.source.open()?;
        let ticker = Ticker { progress, pass, total: self.bytes, rows: 0 };
        match (self.report.format, contents) {
            (Format::RecordBatches, Contents::Batches(batches)) => {
                let (feed, canonical) = Feed::writing(hashes).map_err(io_error)?;
                let ticker = Progressing { ticker, feed: Some(&feed), expected_rows: None, table: self };
                arrow::read_record_batches(self, batches, canonical, sink, ticker)?;
                feed.finish().map_err(io_error)
            }
            (Format::RecordBatches, _) | (_, Contents::Batches(_)) => Err(self.error(Fault::Changed)),
            (format, contents) if format.is_read_by_position() => {
                let ticker = Progressing { ticker, feed: None, expected_rows: None, table: self };
                match format {
                    Format::Parquet => arrow::read_parquet(self, contents, hashes, sink, ticker),
                    Format::Xlsx | Format::Ods => {
                        let digests = contents.digests(hashes).map_err(io_error)?;
                        workbook::read(self, contents, sink, ticker)?;
                        Ok(digests)
                    }
                    _ => arrow::read_file(self, contents, hashes, sink, ticker),
                }
            }
            // The file in an archive has its place there; the archive is hashed by itself.
            (_, contents) if self.report.compression == Compression::Zip => {
                let digests = contents.digests(hashes).map_err(io_error)?;
                let decoder = decompressed(Compression::Zip, contents).map_err(|error| self.decode_error(error))?;
                let ticker = Progressing { ticker, feed: None, expected_rows: None, table: self };
                self.read_stream(decoder, known, sink, ticker)?;
                Ok(digests)
            }
            (_, contents) => {
                let input = contents.into_read().map_err(|_| self.error(Fault::Changed))?;
                let (feed, input) = Feed::reading(input, hashes).map_err(io_error)?;
                let decoder = decompress(self.report.compression, input).map_err(|error| self.decode_error(error))?;
                let ticker = Progressing { ticker, feed: Some(&feed), expected_rows: None, table: self };
                self.read_stream(decoder, known, sink, ticker)?;
                feed.finish().map_err(io_error)
            }
        }
    }

    /// Copies the row at each position to the target with that number, or nowhere. The formats of the targets go with that of the table.
    pub(crate) fn copy_rows(
        &self,
        places: &[Option<u8>],
        targets: Vec<(CopyTarget, Format)>,
        progress: &mut dyn Progress,
    ) -> Result<(), DatasetError> {
        let ticker = Ticker { progress, pass: Pass::Encode, total: self.bytes, rows: 0 };
        let expected_rows = Some(places.len() as u64);
        let ticker = Progressing { ticker, feed: None, expected_rows, table: self };
        if self.report.format == Format::Csv {
            let fail = |error| self.decode_error(error);
            let open = || {
                let decoder = decompressed(self.report.compression, self.source.open()?).map_err(fail)?;
                decode::text(decoder).map_err(fail)
            };
            let targets = targets.into_iter().map(|(target, _)| target).collect();
            return csv::copy_rows(self, &open, places, targets, ticker);
        }
        arrow::copy_rows(self, self.source.open()?, places, targets, ticker)
    }

    /// Reads a format that is read from its start to its end.
    fn read_stream<S: CellSink>(
        &self,
        decoder: Box<dyn Read + Send>,
        known: &[String],
        sink: &mut S,
        ticker: Progressing<'_>,
    ) -> Result<(), DatasetError> {
        let text = |decoder| decode::text(decoder).map_err(|error| self.decode_error(error));
        match self.report.format {
            Format::Csv => csv::read(self, text(decoder)?, sink, ticker),
            Format::Json => json::read(self, text(decoder)?, json::Framing::Array, known, sink, ticker),
            Format::Ndjson => json::read(self, text(decoder)?, json::Framing::Lines, known, sink, ticker),
            Format::Avro => arrow::read_avro(self, decoder, sink, ticker),
            _ => arrow::read_stream(self, decoder, sink, ticker),
        }
    }

    const fn max_row(&self) -> usize {
        self.max_cell.saturating_mul(ROW_CELLS)
    }

    fn error(&self, fault: Fault) -> DatasetError {
        DatasetError::new(&self.path, fault)
    }

    /// An error while reading bytes: of the disk, or of the decompressor.
    fn decode_error(&self, error: io::Error) -> DatasetError {
        let what = match self.report.compression {
            Compression::None if is::<decode::BadUtf16>(&error) => {
                return self.error(Fault::NotUtf16);
            }
            Compression::None => return DatasetError::io(&self.path, error),
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
            Compression::Zip => "ZIP",
        };
        match error.kind() {
            io::ErrorKind::UnexpectedEof => self.error(Fault::Truncated { what }),
            _ if is::<decode::BytesAfterEnd>(&error) => self.error(Fault::BytesAfterEnd { what }),
            _ if is::<decode::BadUtf16>(&error) => self.error(Fault::NotUtf16),
            // Errors of the operating system carry its number; those of a decompressor do not.
            _ if error.raw_os_error().is_some() => DatasetError::io(&self.path, error),
            _ => self.error(Fault::Corrupt { what, source: Box::new(error) }),
        }
    }

    /// Names for all columns, each another, as pandas makes them: a column without a name is called `Unnamed: 0` by its position,
    /// and the second `a` is called `a.1`.
    fn name_columns<S: CellSink>(&self, mut names: Vec<String>, sink: &mut S) -> Result<Vec<String>, DatasetError> {
        if names.is_empty() {
            return Err(self.error(Fault::NoColumns));
        }
        let mut taken: HashSet<String> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
        let mut seen = HashSet::new();
        for (position, name) in names.iter_mut().enumerate() {
            let (base, code) = match name.is_empty() {
                true => (format!("Unnamed: {position}"), TableNote::NAME_MADE_UP),
                false if seen.insert(name.clone()) => {
                    self.check_name(name, position)?;
                    continue;
                }
                false => (name.clone(), TableNote::NAME_REPEATED),
            };
            let first = (code == TableNote::NAME_MADE_UP).then(|| base.clone());
            let numbered = (1..).map(|number: u32| format!("{base}.{number}"));
            let free = first.into_iter().chain(numbered).find(|name| !taken.contains(name));
            name.clone_from(&free.unwrap_or(base));
            taken.insert(name.clone());
            seen.insert(name.clone());
            sink.note(TableNote::new(code).about(u32::try_from(position).unwrap_or(u32::MAX)));
        }
        Ok(names)
    }

    fn check_name(&self, name: &str, index: usize) -> Result<(), DatasetError> {
        match name.len() {
            0 => Err(self.error(Fault::EmptyName { position: index + 1 })),
            1..=MAX_NAME_BYTES => Ok(()),
            _ => {
                let error = self.error(Fault::NameTooLong { limit: MAX_NAME_BYTES });
                Err(error.with_value(crate::error::Excerpt::new(name)))
            }
        }
    }
}

struct Ticker<'a> {
    progress: &'a mut dyn Progress,
    pass: Pass,
    total: u64,
    rows: u64,
}

/// Tells the caller how far a pass is.
struct Progressing<'a> {
    ticker: Ticker<'a>,
    /// Where bytes are counted.
    feed: Option<&'a Feed>,
    /// Rows of the table, where the file says so: bytes are estimated from them.
    expected_rows: Option<u64>,
    table: &'a Table,
}

impl Progressing<'_> {
    fn rows(&mut self, rows: usize) -> Result<(), DatasetError> {
        let ticker = &mut self.ticker;
        ticker.rows += rows as u64;
        let bytes_done = match (self.feed, self.expected_rows) {
            (Some(feed), _) => feed.bytes(),
            (None, Some(expected)) if expected > 0 => {
                let done = u128::from(ticker.total) * u128::from(ticker.rows) / u128::from(expected);
                u64::try_from(done).unwrap_or(u64::MAX).min(ticker.total)
            }
            _ => 0,
        };
        let update = ProgressUpdate { pass: ticker.pass, bytes_done, bytes_total: ticker.total, rows: ticker.rows };
        ticker.progress.update(update);
        if ticker.progress.is_cancelled() { Err(self.table.error(Fault::Cancelled)) } else { Ok(()) }
    }
}

/// The most memory that the decoder of xz may ask for, in KiB. What `xz -9` writes needs 65 MiB.
const MAX_XZ_KIB: u32 = 512 << 10;

/// The uncompressed bytes of `contents`, which are stored bytes.
pub(crate) fn decompressed(compression: Compression, contents: Contents) -> io::Result<Box<dyn Read + Send>> {
    match compression {
        Compression::Zip => Ok(archive::Member::of(contents)?.content),
        _ => decompress(compression, contents.into_read().map_err(|_| io::ErrorKind::Unsupported)?),
    }
}

/// The uncompressed bytes of `file`, in a format that is read from its start to its end.
fn decompress(compression: Compression, file: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    Ok(match compression {
        Compression::None => Box::new(file),
        Compression::Zip => return Err(io::ErrorKind::Unsupported.into()),
        Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(BufReader::with_capacity(64 << 10, file))),
        Compression::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(BufReader::new(file), true, MAX_XZ_KIB)),
        Compression::Gzip => Box::new(decode::Members::new(file)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(BufReader::new(file))?),
    })
}

/// A panic of a decoder.
#[derive(Debug, thiserror::Error)]
#[error("the decoder gave up on it")]
struct DecoderPanic;

/// Runs a decoder of another crate. Some panic on some corrupt files (a single flipped bit in a Parquet page is
/// enough), which is an error of the file and must not end the process. A decoder is not used again after a panic.
fn contained<T>(table: &Table, what: &'static str, decode: impl FnOnce() -> T) -> Result<T, DatasetError> {
    panic::catch_unwind(AssertUnwindSafe(decode))
        .map_err(|_| table.error(Fault::Corrupt { what, source: Box::new(DecoderPanic) }))
}

/// Whether an error is one of a decoder of this crate.
fn is<E: std::error::Error + 'static>(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|source| source.downcast_ref::<E>().is_some())
}

/// Reads some bytes; 0 at the end of the input.
fn read_some(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
