//! The one error of this crate: what is wrong, and where.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

use thiserror::Error;
use zkl_core::{
    column::{ColumnType, TimeUnit},
    error::ParseError,
    text::is_hidden,
};

use crate::format::{Format, NoTable};

/// A table that cannot be read, or that is not what its schema says.
///
/// Displays as `file:line: column "name": what is wrong: value`, as far as these are known, in a line for each trouble.
#[derive(Debug)]
pub struct DatasetError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    place: Place,
    fault: Fault,
    also: Vec<DatasetError>,
}

/// Where in a file something is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, or what a source that is no file is called.
    pub file: PathBuf,
    /// Line, from 1, in files that have lines: CSV and JSON. Of a record of several lines, the first.
    pub line: Option<u64>,
    /// Row, from 1, in files that have none: Parquet and Arrow.
    pub row: Option<u64>,
    /// Name of the column.
    pub column: Option<String>,
    /// The value at fault.
    pub value: Option<Excerpt>,
}

/// The beginning of a value, safe to print: at most 40 characters, what is hidden escaped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Excerpt(String);

impl Excerpt {
    const MAX_CHARS: usize = 40;

    /// An excerpt of `value`.
    pub fn new(value: &str) -> Self {
        let mut text = String::new();
        for c in value.chars().take(Self::MAX_CHARS) {
            if is_hidden(c) || matches!(c, '"' | '\'' | '\\') {
                text.extend(c.escape_default());
            } else {
                text.push(c);
            }
        }
        if value.chars().nth(Self::MAX_CHARS).is_some() {
            text.push_str("...");
        }
        Self(text)
    }

    /// The escaped text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// What is wrong.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Fault {
    /// The file cannot be opened or read.
    #[error("cannot be read")]
    Io(#[source] io::Error),
    /// The path is a directory.
    #[error("is a directory, not a file")]
    Directory,
    /// The file has no bytes, or nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// The file has columns but no rows.
    #[error("the table has a header but no rows")]
    NoRows,
    /// The file has no columns.
    #[error("the table has no columns")]
    NoColumns,
    /// A file of another kind, or something in the place of the file.
    #[error("the file is no table: it is {found}")]
    NoTable {
        /// What it is.
        found: NoTable,
    },
    /// Text that two delimiters cut into equally wide rows.
    #[error("the text can be cut at {first:?} and at {second:?}")]
    AmbiguousDelimiter {
        /// One delimiter.
        first: char,
        /// The other.
        second: char,
    },
    /// A row with another number of cells than the header.
    #[error("the row has {got} cells where {expected} are expected")]
    Ragged {
        /// Columns of the table.
        expected: usize,
        /// Cells of the row.
        got: usize,
    },
    /// Two columns of one name, or one key twice in a JSON object.
    #[error("the name appears twice")]
    DuplicateColumn,
    /// A column without a name.
    #[error("column {position} has an empty name")]
    EmptyName {
        /// Position of the column, from 1.
        position: usize,
    },
    /// A column name beyond the limit.
    #[error("the column name is longer than {limit} bytes")]
    NameTooLong {
        /// Longest name in bytes.
        limit: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("the bytes are not UTF-8")]
    NotUtf8,
    /// Bytes that are not UTF-16, in a text that begins with the mark of UTF-16.
    #[error("the bytes are not UTF-16, although the file begins as such a text does")]
    NotUtf16,
    /// A byte 0 in a text file.
    #[error("the text contains a NUL byte")]
    NulByte,
    /// More columns than a profile can seal.
    #[error("the table has more than {limit} columns")]
    TooManyColumns {
        /// Most columns.
        limit: usize,
    },
    /// A cell beyond the limit.
    #[error("the cell is larger than {limit} bytes")]
    CellTooLarge {
        /// Largest cell in bytes.
        limit: usize,
    },
    /// A row beyond the limit.
    #[error("the row is larger than {limit} bytes")]
    RowTooLarge {
        /// Largest row in bytes.
        limit: usize,
    },
    /// A quoted cell that the file ends in.
    #[error("the quoted cell that starts here is never closed")]
    UnclosedQuote,
    /// More rows than a 32-bit count holds.
    #[error("the table has more than {} rows", u32::MAX)]
    TooManyRows,
    /// The file ends before it should.
    #[error("the {what} data ends too early: the file is truncated")]
    Truncated {
        /// The format that noticed.
        what: &'static str,
    },
    /// The file is not valid in its format.
    #[error("invalid {what} data")]
    Corrupt {
        /// The format that noticed.
        what: &'static str,
        /// What the decoder said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A CSV dialect that cannot be told apart from the text.
    #[error("delimiter and quote must be two different ASCII characters, not line breaks")]
    Dialect,
    /// A JSON record that is not an object.
    #[error("expected a JSON object, one per line or in one array")]
    NotAnObject,
    /// A column of a type that has no meaning here.
    #[error("values of type {data_type} are not supported")]
    Unsupported {
        /// The type, as the file's format names it.
        data_type: String,
    },
    /// A table whose rows cannot be copied into another one as they are written.
    #[error("its rows cannot be copied: {why}")]
    NotCopied {
        /// Why.
        why: &'static str,
    },
    /// A compressed file in a format that is read by position.
    #[error("a compressed {format} file cannot be read by position")]
    CompressedSeekable {
        /// The format.
        format: Format,
    },
    /// Bytes after the end of what the format describes.
    #[error("bytes follow the end of the {what} data")]
    BytesAfterEnd {
        /// The format that ended.
        what: &'static str,
    },
    /// Infinity, or NaN in a format that has nulls of its own.
    #[error("the number is not finite")]
    NotFinite,
    /// An integer beyond 64 bits.
    #[error("the integer does not fit 64 bits")]
    IntOverflow,
    /// A decimal that does not fit 64 bits at the column's scale.
    #[error("the number does not fit 64 bits with {scale} digits after the point")]
    DecimalOverflow {
        /// Digits after the point of the column.
        scale: u8,
    },
    /// A number with more digits after the point than the column can have.
    #[error("the number has more than {scale} digits after the point")]
    TooManyDigits {
        /// Digits after the point of the column.
        scale: u8,
    },
    /// A timestamp that does not fit 64 bits in its unit.
    #[error("the time does not fit 64 bits when counted in {}", unit_name(*unit))]
    TimeOverflow {
        /// Unit of the column.
        unit: TimeUnit,
    },
    /// A value that is not of the declared type.
    #[error("the value is not of the declared type {ty}")]
    NotOfType {
        /// The declared type.
        ty: ColumnType,
    },
    /// A column that is hashed or opaque and has another type than text.
    #[error("text is hashed or opaque, and the column is declared as {ty}")]
    TextEncoding {
        /// The declared type.
        ty: ColumnType,
    },
    /// A null in a column declared without nulls.
    #[error("a value is missing in a column declared without nulls")]
    UnexpectedNull,
    /// A category column with too many values.
    #[error("the column is declared a category but has more than {limit} distinct values")]
    TooManyCategories {
        /// Most distinct values.
        limit: usize,
    },
    /// A schema file of another version.
    #[error("unknown schema version {got}, this program reads version {expected}")]
    SchemaVersion {
        /// The version that is understood.
        expected: u64,
        /// The version in the file.
        got: u64,
    },
    /// A schema file that is not valid.
    #[error("invalid schema")]
    SchemaSyntax(#[source] Box<dyn Error + Send + Sync>),
    /// An override that is not `column=type`.
    #[error("expected COLUMN=TYPE, got {got}")]
    Override {
        /// The text.
        got: Excerpt,
    },
    /// A column that the schema or a pair names and the table lacks.
    #[error("the table has no such column")]
    MissingColumn {
        /// The closest name in the table.
        suggestion: Option<String>,
    },
    /// A column that an exact schema does not name.
    #[error("the column is not in the schema")]
    UnexpectedColumn,
    /// A pair of one column with itself, or a pair declared twice.
    #[error("the pair ({left}, {right}) repeats a column or another pair")]
    RepeatedPair {
        /// First column.
        left: String,
        /// Second column.
        right: String,
    },
    /// A joint table beyond the limit.
    #[error(
        "the joint table of {group} ({group_values} values) and {label} ({label_values} values) has more than {limit} cells"
    )]
    JointTooLarge {
        /// Group column.
        group: String,
        /// Distinct values of the group column.
        group_values: usize,
        /// Label column.
        label: String,
        /// Distinct values of the label column.
        label_values: usize,
        /// Most cells, counted in dictionary capacities.
        limit: u32,
    },
    /// A column in a pair that its type does not allow.
    #[error("a column of type {ty} cannot be part of a {} pair", if *.joint { "joint" } else { "product" })]
    PairType {
        /// The column's type.
        ty: ColumnType,
        /// Whether the pair is a joint or a product.
        joint: bool,
    },
    /// A source of stored bytes that is to be read as record batches, or the other way round.
    #[error("the source cannot be read as {format}")]
    NotInFormat {
        /// The format asked for.
        format: Format,
    },
    /// A column of record batches that their digest cannot cover.
    #[error("columns of type {data_type} have no digest")]
    NoDigest {
        /// The type, as Arrow names it.
        data_type: String,
    },
    /// A workbook that lacks the sheet.
    #[error("there is no such sheet, but {}", sheets.join(", "))]
    NoSheet {
        /// The sheets, in quotes.
        sheets: Vec<String>,
    },
    /// A workbook of which several sheets hold something.
    #[error("several sheets hold something: {}", sheets.join(", "))]
    SeveralSheets {
        /// They, in quotes.
        sheets: Vec<String>,
    },
    /// A formula whose result the file does not hold.
    #[error("the file does not hold the result of the formula")]
    NoResult,
    /// A record batch of another schema than the first.
    #[error("the record batches are not of one schema")]
    BatchSchema,
    /// The caller wanted no more.
    #[error("the reading was cancelled")]
    Cancelled,
    /// The file was not the same in both passes.
    #[error("the file changed while it was being read")]
    Changed,
    /// A column whose type is not pinned, of a table that is read in parts.
    #[error("the type of the column has to be pinned: the table is in parts")]
    TypeNotPinned,
    /// A directory without files.
    #[error("the directory holds no files")]
    EmptyDirectory,
    /// A column of a part whose file gives it another type than the files before.
    #[error("the column has another type in the files before")]
    OtherType,
    /// Parts of a table with other columns than those before, or with the same in another order.
    #[error("the parts have different columns")]
    OtherColumns,
    /// Rows to be encoded that are not among those that were observed.
    #[error("the rows are not those that were observed")]
    NotObserved,
    /// Another number of rows than are to be encoded.
    #[error("expected {expected} rows, got {got} or more")]
    PartRows {
        /// Rows that are to be encoded.
        expected: u64,
        /// Rows so far.
        got: u64,
    },
    /// The table has no valid layout for another reason.
    #[error("the table cannot be laid out")]
    Layout(#[source] ParseError),
    /// A receiver of encoded rows failed.
    #[error("the encoded rows could not be processed")]
    Sink(#[source] Box<dyn Error + Send + Sync>),
}

/// A delimiter as it is typed.
fn show(delimiter: char) -> String {
    if delimiter == '\t' { "\\t".to_owned() } else { delimiter.to_string() }
}

const fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "seconds",
        TimeUnit::Millisecond => "milliseconds",
        TimeUnit::Microsecond => "microseconds",
        TimeUnit::Nanosecond => "nanoseconds",
    }
}

impl DatasetError {
    pub(crate) fn new(file: &Path, fault: Fault) -> Self {
        let place = Place { file: file.to_owned(), ..Place::default() };
        Self(Box::new(Inner { place, fault, also: Vec::new() }))
    }

    pub(crate) fn io(file: &Path, source: io::Error) -> Self {
        let fault = match source.kind() {
            io::ErrorKind::IsADirectory => Fault::Directory,
            _ => Fault::Io(source),
        };
        Self::new(file, fault)
    }

    pub(crate) fn at_line(mut self, line: u64) -> Self {
        self.0.place.line = Some(line);
        self
    }

    pub(crate) fn at_row(mut self, row: u64) -> Self {
        self.0.place.row = Some(row);
        self
    }

    pub(crate) fn in_column(mut self, column: &str) -> Self {
        self.0.place.column = Some(column.to_owned());
        self
    }

    pub(crate) fn with_value(mut self, value: Excerpt) -> Self {
        self.0.place.value = Some(value);
        self
    }

    /// The first of several errors, which names the others too; `None` when there is none.
    pub(crate) fn all(errors: Vec<Self>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        first.0.also.extend(errors);
        Some(first)
    }

    /// What else is wrong with the table, as far as it was read.
    pub fn also(&self) -> &[Self] {
        &self.0.also
    }

    /// The same error without values of the table: for logs that strangers read.
    #[must_use]
    pub fn without_values(mut self) -> Self {
        self.0.place.value = None;
        self.0.also = self.0.also.into_iter().map(Self::without_values).collect();
        self
    }

    /// Where it is wrong.
    pub const fn place(&self) -> &Place {
        &self.0.place
    }

    /// What is wrong.
    pub const fn fault(&self) -> &Fault {
        &self.0.fault
    }

    /// What the user can do about it: one sentence without a final dot, or `None` when there is nothing to suggest.
    pub fn hint(&self) -> Option<String> {
        let column = self.0.place.column.as_deref().unwrap_or("COLUMN");
        let declare = |types: &str| Some(format!("declare the column as {types}, for instance {column}=text"));
        let fixed = |text: &str| Some(text.to_owned());
        match &self.0.fault {
            Fault::Directory => fixed("give the path of one file"),
            Fault::NoTable { found } => fixed(found.hint()),
            Fault::NoSheet { .. } | Fault::SeveralSheets { .. } => {
                fixed("say which one is the table, for instance --sheet 'Sheet1'")
            }
            Fault::NoResult => fixed("open the workbook in a program that calculates, and save it"),
            Fault::AmbiguousDelimiter { first, second } => {
                Some(format!("say which it is: --delimiter '{}' or --delimiter '{}'", show(*first), show(*second)))
            }
            Fault::BytesAfterEnd { .. } => fixed("cut off what follows, or read the parts as tables of their own"),
            Fault::Ragged { .. } => {
                fixed("check --delimiter and --quote; --comment '#' skips comments, --skip N lines before the table")
            }
            Fault::DuplicateColumn => fixed("rename one of the columns"),
            Fault::NotUtf8 => fixed("convert the file first, for instance: iconv -f LATIN1 -t UTF-8"),
            Fault::NulByte => {
                fixed("the file may be binary, or UTF-16 without a byte order mark; convert it to UTF-8 text first")
            }
            Fault::TooManyColumns { .. } => {
                fixed("select the columns that claims will be about into a file of their own")
            }
            Fault::CellTooLarge { .. } | Fault::UnclosedQuote => {
                fixed("a quote that is opened and never closed swallows what follows: check the quoting of this line")
            }
            Fault::Truncated { .. } => fixed("copy or download the file again"),
            Fault::Unsupported { .. } => declare("text, of which only the nulls are counted"),
            Fault::CompressedSeekable { .. } => fixed("decompress the file first"),
            Fault::NotCopied { .. } => {
                fixed("save the table as one CSV or Parquet file, and give the copies the same extension")
            }
            Fault::NoDigest { .. } => fixed("leave the column out of the batches, or convert it to strings"),
            Fault::NotFinite => fixed(
                "treat NaN as null with the option for it, replace infinities, or declare the column as category or text",
            ),
            Fault::IntOverflow => declare("category or text"),
            Fault::TooManyDigits { .. } => Some(format!("round the column, for instance --round {column}=2")),
            Fault::DecimalOverflow { .. } => Some(format!(
                "keep fewer digits, for instance --round {column}=2, or declare the column as category or text: --column {column}=text"
            )),
            Fault::TimeOverflow { .. } => declare("category or text"),
            Fault::NotOfType { .. } => {
                fixed("correct the value, add it to the column's null_tokens, or declare another type")
            }
            Fault::TextEncoding { .. } => fixed("declare it as text, or leave the encoding out"),
            Fault::UnexpectedNull => fixed("declare the column nullable"),
            Fault::TooManyCategories { .. } => declare("text"),
            Fault::MissingColumn { suggestion } => suggestion.as_ref().map(|name| format!("did you mean {name:?}?")),
            Fault::UnexpectedColumn => fixed("add the column to the schema, or remove exact = true"),
            Fault::JointTooLarge { .. } => {
                fixed("merge rare values before notarizing; capacities are 4, 16, 64 or 256 with null")
            }
            Fault::PairType { joint: true, .. } => fixed("joint pairs are for columns with few distinct values"),
            Fault::PairType { joint: false, .. } => fixed("product pairs are for int and decimal columns"),
            Fault::Changed => fixed("wait until nothing writes to the file, or copy it first"),
            Fault::Override { .. } => {
                fixed("types are bool, int, decimal(N), date, timestamp(s|ms|us|ns), category, text")
            }
            _ => None,
        }
    }
}

impl fmt::Display for DatasetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { place, fault, also } = &*self.0;
        write!(f, "{}", place.file.display())?;
        if let Some(line) = place.line {
            write!(f, ":{line}")?;
        }
        if let Some(row) = place.row {
            write!(f, ": row {row}")?;
        }
        if let Some(column) = &place.column {
            write!(f, ": column {}", Excerpt::new(column))?;
        }
        write!(f, ": {fault}")?;
        if let Some(value) = &place.value {
            write!(f, ": {value}")?;
        }
        also.iter().try_for_each(|error| write!(f, "\n{error}"))
    }
}

impl Error for DatasetError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.fault.source()
    }
}
