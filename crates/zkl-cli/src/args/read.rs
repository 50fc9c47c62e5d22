//! How a table is read: flags of every command that reads one, and the words of the dataset file.

use std::path::PathBuf;

use clap::{Args, ValueHint, builder::BoolishValueParser};
use zkl_ledger::reading::{self, ReadingError};

/// The formats of tables.
pub(crate) const INPUT_FORMATS: [&str; 8] = ["csv", "json", "ndjson", "parquet", "arrow", "avro", "xlsx", "ods"];

/// How a table is read.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    /// Query whose answer is the table, where the place is a database: postgres://USER@HOST/DATABASE, or adbc://DRIVER?uri=URI for one that has an ADBC driver
    #[arg(long, value_name = "QUERY")]
    pub(crate) sql: Option<String>,
    /// Format of the table [default: from its name and first bytes]
    #[arg(long, value_name = "FORMAT", value_parser = INPUT_FORMATS)]
    pub(crate) input_format: Option<String>,
    /// Sheet of a workbook (xlsx, ods) [default: the only one that holds something]
    #[arg(long, value_name = "NAME")]
    pub(crate) sheet: Option<String>,
    /// Schema file (TOML or JSON) that the table must satisfy
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) schema: Option<PathBuf>,
    /// Type of one column: bool, int, decimal(2), date, timestamp(s), category, text (may be repeated)
    #[arg(long = "column", value_name = "NAME=TYPE", value_parser = column_type)]
    pub(crate) columns: Vec<(String, zkl_ledger::types::ColumnType)>,
    /// Read a column as text and commit to the digests of its values, so that it can be compared, looked up and be a key (may be
    /// repeated) [default: every column of text]
    #[arg(long = "hash", value_name = "NAME")]
    pub(crate) hash: Vec<String>,
    /// Read a column as text and commit to nothing but which of its values are missing (may be repeated)
    #[arg(long = "opaque", value_name = "NAME")]
    pub(crate) opaque: Vec<String>,
    /// Field delimiter of a CSV file [default: the one of `,` `;` tab `|` that fits]
    #[arg(long, value_name = "CHAR", value_parser = ascii_char)]
    pub(crate) delimiter: Option<u8>,
    /// Quote character of a CSV file [default: "]
    #[arg(long, value_name = "CHAR", value_parser = ascii_char)]
    pub(crate) quote: Option<u8>,
    /// The file (CSV, Excel) has no header line: columns are called column_1, column_2, ...
    #[arg(long)]
    pub(crate) no_header: bool,
    /// Keep so many digits of a column after the point, and round the rest (may be repeated) [default: as many as its largest
    /// value leaves of 14]
    #[arg(long = "round", value_name = "NAME=DIGITS", value_parser = digits)]
    pub(crate) round: Vec<(String, zkl_ledger::types::ColumnType)>,
    /// Skip so many lines before the table
    #[arg(long, value_name = "LINES", default_value_t = 0)]
    pub(crate) skip: u64,
    /// Skip lines that begin with this character [default: those before the table that begin with #]
    #[arg(long, value_name = "CHAR", value_parser = ascii_char)]
    pub(crate) comment: Option<u8>,
    /// Decimal point of numbers in a CSV file: `.` or `,`
    #[arg(long, value_name = "CHAR", default_value = ".", value_parser = [".", ","])]
    pub(crate) decimal: String,
    /// How dates such as 1/2/2024 are read in a CSV file: `dmy` or `mdy` [default: as text]
    #[arg(long, value_name = "ORDER", value_parser = ["dmy", "mdy"])]
    pub(crate) dates: Option<String>,
    /// Show no values of the table in errors and notes [default: where the variable CI is set]
    #[arg(long, env = "ZKL_REDACT", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_name = "BOOL", value_parser = BoolishValueParser::new())]
    pub(crate) redact: Option<bool>,
    /// Text that means "no value", in place of the usual ones (may be repeated)
    #[arg(long = "null", value_name = "TEXT")]
    pub(crate) nulls: Option<Vec<String>>,
    /// Read NaN in floating-point columns as "no value"
    #[arg(long)]
    pub(crate) nan_as_null: bool,
}

pub(crate) fn digits(text: &str) -> Result<(String, zkl_ledger::types::ColumnType), String> {
    reading::rounded(text).map_err(|error| expected(&error))
}

pub(crate) fn column_type(text: &str) -> Result<(String, zkl_ledger::types::ColumnType), String> {
    reading::column(text).map_err(|error| expected(&error))
}

pub(crate) fn ascii_char(text: &str) -> Result<u8, String> {
    reading::character("character", text).map_err(|error| expected(&error))
}

/// What could be said: the rest is said by whoever shows it.
fn expected(error: &ReadingError) -> String {
    format!("expected {}", error.expected)
}
