//! How a table is written down: format, compression, and the dialect of CSV.

use std::{fmt, path::Path, str::FromStr};

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
    /// Avro, object container file.
    Avro,
    /// A sheet of an Excel workbook.
    Xlsx,
    /// A sheet of an OpenDocument spreadsheet.
    Ods,
    /// Record batches of Arrow that were never written down: only sources of batches have it, and it cannot be asked for.
    RecordBatches,
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
            Self::Avro => "avro",
            Self::Xlsx => "xlsx",
            Self::Ods => "ods",
            Self::RecordBatches => "record batches",
        }
    }

    /// Whether its files are read from several places, and not from the start to the end.
    pub(crate) const fn is_read_by_position(self) -> bool {
        matches!(self, Self::Parquet | Self::ArrowFile | Self::Xlsx | Self::Ods)
    }
}

impl Format {
    /// The format whose data begins with `head`, of a file called `name`: magic bytes decide where a format has them, then the
    /// extension, then the first character of the text.
    pub(crate) fn detect(head: &[u8], name: &Path) -> Self {
        match head {
            [b'P', b'A', b'R', b'1', ..] => Self::Parquet,
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Self::ArrowFile,
            [0xff, 0xff, 0xff, 0xff, ..] => Self::ArrowStream,
            [b'O', b'b', b'j', 1, ..] => Self::Avro,
            _ => Self::of_text(head, name),
        }
    }

    /// What people take for a table by mistake: a file of another kind, or a page or pointer in the place of one.
    pub(crate) fn no_table(head: &[u8]) -> Option<NoTable> {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let begins = |prefix: &[u8]| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let found = match head {
            [b'F', b'E', b'A', b'1', ..] => NoTable::Feather1,
            [b'P', b'A', b'R', b'E', ..] => NoTable::EncryptedParquet,
            [b'O', b'R', b'C', ..] => NoTable::Orc,
            [0xd0, 0xcf, 0x11, 0xe0, ..] => NoTable::Excel,
            _ if head.starts_with(b"SQLite format 3\0") => NoTable::Sqlite,
            _ if head.starts_with(b"%PDF-") => NoTable::Pdf,
            _ if head.starts_with(b"version https://git-lfs.github.com/spec/") => NoTable::GitLfs,
            _ if begins(b"<!doctype html") || begins(b"<html") => NoTable::Html,
            _ if begins(b"<?xml") => NoTable::Xml,
            _ => return None,
        };
        Some(found)
    }

    /// Whether the name says CSV and the text is JSON. As CSV it would be a table of fragments.
    pub(crate) fn is_json_called_csv(head: &[u8], name: &Path) -> bool {
        let mut text =
            head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).iter().filter(|byte| !byte.is_ascii_whitespace());
        let begins = (text.next(), text.next());
        Self::of_text(head, name) == Self::Csv
            && matches!(begins, (Some(b'['), Some(b'{' | b'[' | b']')) | (Some(b'{'), Some(b'"' | b'}')))
    }

    /// The format that the extension of a name tells; `None` when it tells none, as that of a compressed file.
    pub(crate) fn of_extension(name: &Path) -> Option<Self> {
        match extension(name)?.as_str() {
            "csv" | "tsv" | "tab" | "psv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" | "jsonlines" => Some(Self::Ndjson),
            "parquet" | "pq" => Some(Self::Parquet),
            "arrow" | "feather" => Some(Self::ArrowFile),
            "arrows" => Some(Self::ArrowStream),
            "avro" => Some(Self::Avro),
            _ => None,
        }
    }

    fn of_text(head: &[u8], name: &Path) -> Self {
        let mut found = extension(name);
        if matches!(found.as_deref(), Some("gz" | "gzip" | "zst" | "zstd" | "bz2" | "xz")) {
            found = extension(Path::new(name.file_stem().unwrap_or_default()));
        }
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
        match found.as_deref() {
            Some("csv" | "tsv" | "tab" | "psv") => Self::Csv,
            Some("ndjson" | "jsonl" | "jsonlines") => Self::Ndjson,
            Some("parquet" | "pq") => Self::Parquet,
            Some("arrow" | "feather") => Self::ArrowFile,
            Some("arrows") => Self::ArrowStream,
            Some("avro") => Self::Avro,
            Some("json") if first == Some(&b'{') => Self::Ndjson,
            Some("json") => Self::Json,
            _ => match first {
                Some(b'[') => Self::Json,
                Some(b'{') => Self::Ndjson,
                _ => Self::Csv,
            },
        }
    }
}

/// The last extension of a name, in small letters.
fn extension(name: &Path) -> Option<String> {
    name.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase)
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownName;

    fn from_str(s: &str) -> Result<Self, UnknownName> {
        [
            Self::Csv,
            Self::Json,
            Self::Ndjson,
            Self::Parquet,
            Self::ArrowFile,
            Self::ArrowStream,
            Self::Avro,
            Self::Xlsx,
            Self::Ods,
        ]
        .into_iter()
        .find(|format| format.name() == s)
        .ok_or(UnknownName { expected: "csv, json, ndjson, parquet, arrow, arrow-stream, avro, xlsx, ods" })
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
    /// bzip2, one or several streams.
    Bzip2,
    /// xz, one or several streams.
    Xz,
    /// A ZIP archive that holds one file.
    Zip,
}

impl Compression {
    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zip => "zip",
        }
    }
}

impl Compression {
    /// The compression that the extension of a name tells.
    pub fn of_extension(name: &Path) -> Self {
        match extension(name).as_deref() {
            Some("gz" | "gzip") => Self::Gzip,
            Some("zst" | "zstd") => Self::Zstd,
            Some("bz2") => Self::Bzip2,
            Some("xz") => Self::Xz,
            Some("zip") => Self::Zip,
            _ => Self::None,
        }
    }

    /// The compression of a file that begins with `head`.
    pub(crate) const fn detect(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A file may begin with a frame that is to be skipped.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Self::Zip,
            _ => Self::None,
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
        [Self::None, Self::Gzip, Self::Zstd, Self::Bzip2, Self::Xz, Self::Zip]
            .into_iter()
            .find(|compression| compression.name() == s)
            .ok_or(UnknownName { expected: "none, gzip, zstd, bzip2, xz, zip" })
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
    /// Whether an empty line is a row of a table that has one column; of wider tables it never is. Openings of before this was
    /// asked do not say so, and their tables were read without.
    #[serde(default)]
    pub empty_lines: bool,
    /// Lines before the table that are skipped, whatever they hold.
    #[serde(default)]
    pub skip_lines: u64,
    /// The byte that lines of comments begin with; `None`: lines before the table that begin with `#` and are no rows of it are
    /// comments, and no others.
    #[serde(default)]
    pub comment: Option<u8>,
    /// Whether numbers have a comma where others have a point.
    #[serde(default)]
    pub decimal_comma: bool,
    /// How dates are read that are no `YYYY-MM-DD`; `None`: they are text.
    #[serde(default)]
    pub dates: Option<DateOrder>,
}

/// The order of a date that ends in the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// `31/12/2024`
    DayMonthYear,
    /// `12/31/2024`
    MonthDayYear,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            delimiter: None,
            quote: Some(b'"'),
            has_header: true,
            empty_lines: true,
            skip_lines: 0,
            comment: None,
            decimal_comma: false,
            dates: None,
        }
    }
}

/// What a file is that is no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoTable {
    /// A ZIP archive of several files or none, or one that is encrypted.
    #[error("a ZIP archive that does not hold one plain file")]
    Zip,
    /// The first version of Feather.
    #[error("of the first version of Feather, which was given up in 2020")]
    Feather1,
    /// Parquet with an encrypted footer.
    #[error("an encrypted Parquet file")]
    EncryptedParquet,
    /// ORC
    #[error("an ORC file")]
    Orc,
    /// An xls file.
    #[error("an old Excel file, or an encrypted one")]
    Excel,
    /// An ods file that is encrypted.
    #[error("a spreadsheet with a password")]
    LockedWorkbook,
    /// SQLite
    #[error("an SQLite database")]
    Sqlite,
    /// PDF
    #[error("a PDF document")]
    Pdf,
    /// The pointer that Git keeps in the place of a large file.
    #[error("a Git LFS pointer, not the file that it stands for")]
    GitLfs,
    /// A page, as servers answer in the place of a file.
    #[error("an HTML page")]
    Html,
    /// XML
    #[error("an XML document")]
    Xml,
    /// JSON under the name of delimited text.
    #[error("JSON, although it is called CSV")]
    Json,
}

impl NoTable {
    /// What its owner can do.
    pub(crate) const fn hint(self) -> &'static str {
        match self {
            Self::Zip => "unpack the archive, or save the sheet as CSV",
            Self::Excel => "save it as xlsx without a password, or the sheet as CSV",
            Self::LockedWorkbook => "save it without a password, or the sheet as CSV",
            Self::Feather1 => "read it with pyarrow and write Parquet, or Feather of version 2",
            Self::EncryptedParquet => "decrypt it first",
            Self::Orc | Self::Sqlite => "export the table as Parquet or CSV",
            Self::Json => "if it is the table, say how it is written: --format json or --format ndjson",
            Self::Pdf | Self::Xml => "export the table as CSV",
            Self::GitLfs => "fetch the file: git lfs pull",
            Self::Html => "the server answered with a page, perhaps a login; download the file itself",
        }
    }
}
