//! What is read: a path, its format and compression, and how its text is to be understood.

use std::{
    fmt,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    str::FromStr,
};

use crate::error::{DatasetError, Fault};

/// File formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Delimited text, RFC 4180 and its dialects.
    Csv,
    /// One JSON array of objects.
    Json,
    /// One JSON object per line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC, file format (Feather 2).
    ArrowFile,
    /// Arrow IPC, stream format.
    ArrowStream,
}

impl Format {
    const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::ArrowFile => "arrow",
            Self::ArrowStream => "arrow-stream",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownName;

    fn from_str(s: &str) -> Result<Self, UnknownName> {
        [Self::Csv, Self::Json, Self::Ndjson, Self::Parquet, Self::ArrowFile, Self::ArrowStream]
            .into_iter()
            .find(|format| format.name() == s)
            .ok_or(UnknownName { expected: "csv, json, ndjson, parquet, arrow, arrow-stream" })
    }
}

/// A format or compression that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {expected}")]
pub struct UnknownName {
    /// The names that are known.
    pub expected: &'static str,
}

/// Compression of a whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// None.
    None,
    /// gzip, one or several members.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Compression {
    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Compression {
    type Err = UnknownName;

    fn from_str(s: &str) -> Result<Self, UnknownName> {
        [Self::None, Self::Gzip, Self::Zstd]
            .into_iter()
            .find(|compression| compression.name() == s)
            .ok_or(UnknownName { expected: "none, gzip, zstd" })
    }
}

/// How CSV text is cut into cells.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CsvOptions {
    /// The byte between cells; `None` tries `,` `;` tab and `|` on the first 64 KiB and reports its choice.
    pub delimiter: Option<u8>,
    /// The byte around cells that hold delimiters or line breaks; doubled inside. `None`: no quoting.
    pub quote: Option<u8>,
    /// Whether the first row names the columns; otherwise they are `column_1`, `column_2`, ...
    pub has_header: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: None, quote: Some(b'"'), has_header: true }
    }
}

/// A file that holds a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub(crate) path: PathBuf,
    pub(crate) format: Option<Format>,
    pub(crate) compression: Option<Compression>,
    pub(crate) csv: CsvOptions,
}

impl Source {
    /// The file at `path`; format and compression are found from its first bytes and its name.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), format: None, compression: None, csv: CsvOptions::default() }
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

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file, refusing directories.
    pub(crate) fn open(&self) -> Result<File, DatasetError> {
        let file = File::open(&self.path).map_err(|source| DatasetError::io(&self.path, source))?;
        let metadata = file.metadata().map_err(|source| DatasetError::io(&self.path, source))?;
        if metadata.is_dir() {
            return Err(DatasetError::new(&self.path, Fault::Directory));
        }
        Ok(file)
    }

    /// Finds format and compression: magic bytes decide where a format has them, then the extension, then the first
    /// character of the text.
    pub(crate) fn detect(&self) -> Result<(Format, Compression), DatasetError> {
        let stored = self.first_bytes(self.open()?)?;
        if stored.is_empty() {
            return Err(DatasetError::new(&self.path, Fault::Empty));
        }
        let compression = self.compression.unwrap_or(match stored.as_slice() {
            [0x1f, 0x8b, ..] => Compression::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Compression::Zstd,
            _ => Compression::None,
        });
        if let Some(format) = self.format {
            return Ok((format, compression));
        }
        let head = match compression {
            Compression::None => stored,
            _ => {
                let decoder = crate::reader::decompress(compression, self.open()?);
                self.first_bytes(decoder.map_err(|source| DatasetError::io(&self.path, source))?).unwrap_or_default()
            }
        };
        let format = match head.as_slice() {
            [b'P', b'A', b'R', b'1', ..] => Format::Parquet,
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Format::ArrowFile,
            [0xff, 0xff, 0xff, 0xff, ..] => Format::ArrowStream,
            _ => self.format_of_text(&head),
        };
        Ok((format, compression))
    }

    fn first_bytes(&self, reader: impl Read) -> Result<Vec<u8>, DatasetError> {
        let mut head = Vec::new();
        let limit = 4096;
        reader.take(limit).read_to_end(&mut head).map_err(|source| DatasetError::io(&self.path, source))?;
        Ok(head)
    }

    fn format_of_text(&self, head: &[u8]) -> Format {
        let extension = |path: &Path| path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        let mut found = extension(&self.path);
        if matches!(found.as_deref(), Some("gz" | "gzip" | "zst" | "zstd")) {
            found = extension(Path::new(self.path.file_stem().unwrap_or_default()));
        }
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        match found.as_deref() {
            Some("csv" | "tsv" | "tab" | "psv") => Format::Csv,
            Some("ndjson" | "jsonl" | "jsonlines") => Format::Ndjson,
            Some("parquet" | "pq") => Format::Parquet,
            Some("arrow" | "feather") => Format::ArrowFile,
            Some("arrows") => Format::ArrowStream,
            Some("json") if first == Some(&b'{') => Format::Ndjson,
            Some("json") => Format::Json,
            _ => match first {
                Some(b'[') => Format::Json,
                Some(b'{') => Format::Ndjson,
                _ => Format::Csv,
            },
        }
    }
}
