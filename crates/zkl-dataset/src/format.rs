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
            Self::RecordBatches => "record batches",
        }
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
            _ => Self::of_text(head, name),
        }
    }

    fn of_text(head: &[u8], name: &Path) -> Self {
        let extension = |path: &Path| path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        let mut found = extension(name);
        if matches!(found.as_deref(), Some("gz" | "gzip" | "zst" | "zstd")) {
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

impl Compression {
    /// The compression of a file that begins with `head`.
    pub(crate) const fn detect(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
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
    /// Whether an empty line is a row of a table that has one column; of wider tables it never is. Openings of before this was
    /// asked do not say so, and their tables were read without.
    #[serde(default)]
    pub empty_lines: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: None, quote: Some(b'"'), has_header: true, empty_lines: true }
    }
}
