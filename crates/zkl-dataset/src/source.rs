//! Where a table comes from. A source can be read again and again: inference and encoding are passes of their own.

mod batches;
mod bytes;
mod files;
mod path;
mod reader;
mod shared;
mod spool;

use std::{
    fmt,
    fs::File,
    io::{self, Cursor, Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use ::bytes::Bytes;
use zkl_core::digest::{DigestRule, FileDigests};

use crate::{
    arrow::{RecordBatch, RecordBatchReader},
    canonical::{Blocks, CanonicalError, CanonicalWriter},
    error::{DatasetError, Fault},
    format::{Compression, CsvOptions, Format, NoTable},
    hash::{Feed, HashSet, digest_of_parts, hash_all},
    reader::{ArchiveError, Member, decompressed, workbook_format},
};

pub(crate) use self::shared::SharedFile;

/// Bytes that format and compression are found out from.
const HEAD_BYTES: u64 = 4096;

/// A supply of one table that can be opened again and again.
///
/// Implement it for a source of your own: [`Source::new`] takes it. Every opening must give the same content; a scan
/// compares the digests of its passes and fails with [`Fault::Changed`] when they differ. An opening may block.
pub trait TableSource: Send + Sync {
    /// What people call the source: errors name it, and its extension may tell the format.
    fn name(&self) -> &Path;

    /// The content, from its start. Openings follow one another but may also overlap, and do not disturb each other.
    ///
    /// # Errors
    /// What the system or the supplier answers.
    fn open(&self) -> io::Result<Contents>;
}

/// What a source holds, opened at its start.
///
/// The digests of a table follow from this: of stored bytes they are the digests of the bytes, of record batches those of
/// their canonical stream ([`zkl_core::digest::DigestRule`]).
#[non_exhaustive]
pub enum Contents {
    /// A file in one of the formats.
    File(File),
    /// Bytes in one of the formats.
    Bytes(Bytes),
    /// Record batches.
    Batches(Box<dyn RecordBatchReader + Send>),
}

impl Contents {
    /// Length of the stored bytes; 0 for record batches, which are not stored.
    pub(crate) fn len(&self) -> io::Result<u64> {
        Ok(match self {
            Self::File(file) => file.metadata()?.len(),
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Batches(_) => 0,
        })
    }

    /// The digests of the stored bytes; the content can be read from its start afterwards.
    pub(crate) fn digests(&self, hashes: HashSet) -> io::Result<FileDigests> {
        match self {
            Self::File(file) => {
                let mut file: &File = file;
                file.rewind()?;
                let digests = hash_all(file, hashes)?;
                file.rewind()?;
                Ok(digests)
            }
            Self::Bytes(bytes) => hash_all(&bytes[..], hashes),
            Self::Batches(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// The last `len` stored bytes, of at least so many.
    pub(crate) fn tail(&self, len: usize) -> io::Result<Vec<u8>> {
        match self {
            Self::File(file) => {
                let mut file: &File = file;
                let mut tail = vec![0; len];
                file.seek(SeekFrom::End(-(len as i64)))?;
                file.read_exact(&mut tail)?;
                file.rewind()?;
                Ok(tail)
            }
            Self::Bytes(bytes) => Ok(bytes.get(bytes.len().saturating_sub(len)..).unwrap_or_default().to_vec()),
            Self::Batches(_) => Ok(Vec::new()),
        }
    }

    /// The stored bytes one after the other; the batches themselves when there are none.
    pub(crate) fn into_read(self) -> Result<Box<dyn Read + Send>, Box<dyn RecordBatchReader + Send>> {
        match self {
            Self::File(file) => Ok(Box::new(file)),
            Self::Bytes(bytes) => Ok(Box::new(Cursor::new(bytes))),
            Self::Batches(batches) => Err(batches),
        }
    }
}

/// One source, or a list of them.
#[derive(Clone)]
pub(crate) enum Supply {
    One(Arc<dyn TableSource>),
    Parts(Arc<[Part]>),
}

/// A part of a table: some of its rows.
#[derive(Clone, Debug)]
pub struct Part {
    /// Where the rows are.
    pub source: Source,
    /// Columns that have one value in all of these rows, as the names of directories tell them, with `None` for null. All parts of a table
    /// have the same ones.
    pub values: Vec<(String, Option<String>)>,
}

/// A table source, and how its bytes are to be understood.
#[derive(Clone)]
pub struct Source {
    supply: Supply,
    name: PathBuf,
    format: Option<Format>,
    compression: Option<Compression>,
    pub(crate) csv: CsvOptions,
    pub(crate) sheet: Option<String>,
}

impl Source {
    /// The table of `supply`; format and compression are found out from its first bytes and its name.
    pub fn new(supply: impl TableSource + 'static) -> Self {
        let name = supply.name().to_owned();
        Self {
            supply: Supply::One(Arc::new(supply)),
            name,
            format: None,
            compression: None,
            csv: CsvOptions::default(),
            sheet: None,
        }
    }

    /// A table in parts, whose rows follow one another in this order. All are read as this source is told to be read.
    pub fn parts(name: impl Into<PathBuf>, parts: impl IntoIterator<Item = Part>) -> Self {
        // Parts of parts are parts.
        let flat = parts.into_iter().flat_map(|part| match &part.source.supply {
            Supply::One(_) => vec![part],
            Supply::Parts(inner) => inner.to_vec(),
        });
        let supply = Supply::Parts(flat.collect());
        Self { supply, name: name.into(), format: None, compression: None, csv: CsvOptions::default(), sheet: None }
    }

    /// The file at `path`. What is there and cannot be read twice, as a FIFO, is copied to a private temporary file when it is
    /// first read.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::new(path::PathSource::new(path.into()))
    }

    /// A table in memory, in one of the formats.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::new(bytes::BytesSource(bytes.into()))
    }

    /// Record batches in memory, all of one schema.
    pub fn batches(batches: impl IntoIterator<Item = RecordBatch>) -> Self {
        Self::new(batches::BatchesSource(batches.into_iter().collect()))
    }

    /// Whatever `reader` yields, in one of the formats: standard input, a socket, a download. It is copied to a private
    /// temporary file when it is first read.
    pub fn reader(reader: impl Read + Send + 'static) -> Self {
        Self::new(reader::ReaderSource::new(reader))
    }

    /// Record batches that come once, as from a database or through the Arrow C stream interface (the `ffi` feature of
    /// `arrow-array` makes a reader of one). They are copied to a private temporary file when they are first read.
    pub fn batch_reader(reader: impl RecordBatchReader + Send + 'static) -> Self {
        Self::new(batches::BatchReaderSource::new(reader))
    }

    /// Calls the source otherwise than it calls itself.
    #[must_use]
    pub fn named(mut self, name: impl Into<PathBuf>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the format instead of finding it out.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Sets the compression instead of finding it out.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Sets the CSV dialect.
    #[must_use]
    pub fn csv(mut self, options: CsvOptions) -> Self {
        self.csv = options;
        self
    }

    /// Chooses the sheet of a workbook, which has to be said where several hold something.
    #[must_use]
    pub fn sheet(mut self, name: impl Into<String>) -> Self {
        self.sheet = Some(name.into());
        self
    }

    pub(crate) const fn supply(&self) -> &Supply {
        &self.supply
    }

    /// This source, read as `other` is.
    pub(crate) fn read_as(self, other: &Self) -> Self {
        let Self { supply, name, .. } = self;
        let (csv, sheet) = (other.csv.clone(), other.sheet.clone());
        Self { supply, name, format: other.format, compression: other.compression, csv, sheet }
    }

    /// What people call the source: the path of a file.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// The digests of the table and what they are digests of. Reads it once, and understands nothing of it.
    ///
    /// # Errors
    /// The source cannot be read.
    pub fn digests(&self) -> Result<(DigestRule, FileDigests), DatasetError> {
        if let Supply::Parts(parts) = &self.supply {
            let parts = parts.iter().map(|part| part.source.digests()).collect::<Result<Vec<_>, _>>()?;
            return Ok((DigestRule::Parts, digest_of_parts(parts.iter().map(|(rule, digests)| (*rule, digests)))));
        }
        match self.open()? {
            Contents::Batches(batches) => {
                let (feed, hashed) = Feed::writing(HashSet::All).map_err(|source| self.io(source))?;
                write_canonical(batches, hashed)
                    .map_err(|error| error.of(&self.name))?
                    .end()
                    .and_then(|()| feed.finish())
                    .map(|digests| (DigestRule::ArrowStream, digests))
                    .map_err(|source| self.io(source))
            }
            stored => match stored.digests(HashSet::All) {
                Ok(digests) => Ok((DigestRule::StoredBytes, digests)),
                Err(source) => Err(self.io(source)),
            },
        }
    }

    pub(crate) fn open(&self) -> Result<Contents, DatasetError> {
        match &self.supply {
            Supply::One(supply) => supply.open().map_err(|source| self.io(source)),
            // Each of them is opened.
            Supply::Parts(_) => Err(self.error(Fault::Directory)),
        }
    }

    /// Finds format and compression.
    pub(crate) fn detect(&self) -> Result<(Format, Compression), DatasetError> {
        let Ok(stored) = self.open()?.into_read() else {
            return match self.format {
                None | Some(Format::RecordBatches) => Ok((Format::RecordBatches, Compression::None)),
                Some(format) => Err(self.error(Fault::NotInFormat { format })),
            };
        };
        if self.format == Some(Format::RecordBatches) {
            return Err(self.error(Fault::NotInFormat { format: Format::RecordBatches }));
        }
        let stored = self.first_bytes(stored)?;
        if stored.is_empty() {
            return Err(self.error(Fault::Empty));
        }
        if let Some(found) = Format::no_table(&stored) {
            return Err(self.error(Fault::NoTable { found }));
        }
        let compression = self.compression.unwrap_or(Compression::detect(&stored));
        // A workbook is an archive as well, and is read from its place.
        if compression == Compression::Zip && self.compression.is_none() {
            let workbook = match self.format {
                None => workbook_format(self.open()?),
                Some(format @ (Format::Xlsx | Format::Ods)) => Some(format),
                Some(_) => None,
            };
            if let Some(format) = workbook {
                return Ok((format, Compression::None));
            }
        }
        if let Some(format) = self.format {
            return Ok((format, compression));
        }
        let mut name = self.name.clone();
        let head = match compression {
            Compression::None => stored,
            Compression::Zip => {
                let member = Member::of(self.open()?).map_err(|error| self.archive(error))?;
                name = member.name;
                self.first_bytes(member.content).unwrap_or_default()
            }
            _ => {
                let decoder = decompressed(compression, self.open()?).map_err(|source| self.io(source))?;
                self.first_bytes(decoder).unwrap_or_default()
            }
        };
        let json = || Format::is_json_called_csv(&head, &name).then_some(NoTable::Json);
        if let Some(found) = Format::no_table(&head).or_else(json) {
            return Err(self.error(Fault::NoTable { found }));
        }
        Ok((Format::detect(&head, &name), compression))
    }

    fn first_bytes(&self, reader: impl Read) -> Result<Vec<u8>, DatasetError> {
        let mut head = Vec::new();
        reader.take(HEAD_BYTES).read_to_end(&mut head).map_err(|source| self.io(source))?;
        Ok(head)
    }

    /// An archive whose content cannot be told.
    fn archive(&self, error: io::Error) -> DatasetError {
        match error.get_ref().and_then(|source| source.downcast_ref()) {
            Some(ArchiveError::Files { .. } | ArchiveError::Method) => {
                self.error(Fault::NoTable { found: NoTable::Zip })
            }
            _ if error.raw_os_error().is_some() => self.io(error),
            _ => self.error(Fault::Corrupt { what: "ZIP", source: Box::new(error) }),
        }
    }

    fn io(&self, source: io::Error) -> DatasetError {
        DatasetError::io(&self.name, source)
    }

    fn error(&self, fault: Fault) -> DatasetError {
        DatasetError::new(&self.name, fault)
    }
}

fn write_canonical<W: io::Write>(batches: Box<dyn RecordBatchReader + Send>, out: W) -> Result<W, CanonicalError> {
    let mut canonical = CanonicalWriter::new(out, &batches.schema())?;
    Blocks::new(batches).try_for_each(|block| canonical.block(&block?))?;
    canonical.end()
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}
