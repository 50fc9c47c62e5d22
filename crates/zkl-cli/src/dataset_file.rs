//! `zkl.yaml`: a table, how it is read, what is claimed about it, and where receipts go.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use zkl_ledger::{
    DatasetName,
    claim::Claim,
    types::{ColumnType, PrivacyLevel},
};

use crate::{
    args::{INPUT_FORMATS, ReadArgs, ascii_char, column_type, digits},
    error::CliError,
};

/// Longest dataset file that is read, in bytes.
const MAX_LEN: u64 = 1 << 20;
/// The version of the file's fields.
const VERSION: u32 = 1;
/// Longest name of a claim.
const MAX_NAME: usize = 64;
/// What receipts are called that are no claim's.
pub(crate) const NOTARIZATION: &str = "notarization";

/// A dataset file, every field read.
pub(crate) struct DatasetFile {
    /// The table.
    pub(crate) source: PathBuf,
    pub(crate) name: Option<DatasetName>,
    pub(crate) read: ReadArgs,
    pub(crate) joint: Vec<(String, String)>,
    pub(crate) product: Vec<(String, String)>,
    pub(crate) privacy: PrivacyLevel,
    pub(crate) attest_only: bool,
    /// Directory of receipts and report.
    pub(crate) receipts: PathBuf,
    /// Claims by name.
    pub(crate) claims: Vec<(String, Claim)>,
}

/// The fields as they are written. Paths are relative to the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    version: u32,
    source: PathBuf,
    sql: Option<String>,
    name: Option<DatasetName>,
    schema: Option<PathBuf>,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default)]
    round: BTreeMap<String, u8>,
    #[serde(default)]
    hash: Vec<String>,
    #[serde(default)]
    opaque: Vec<String>,
    #[serde(default)]
    joint: Vec<(String, String)>,
    #[serde(default)]
    product: Vec<(String, String)>,
    #[serde(default)]
    privacy: PrivacyLevel,
    #[serde(default)]
    attest_only: bool,
    input_format: Option<String>,
    sheet: Option<String>,
    delimiter: Option<String>,
    quote: Option<String>,
    #[serde(default = "yes")]
    header: bool,
    #[serde(default)]
    skip: u64,
    comment: Option<String>,
    decimal: Option<String>,
    dates: Option<String>,
    nulls: Option<Vec<String>>,
    #[serde(default)]
    nan_as_null: bool,
    receipts: Option<PathBuf>,
    #[serde(default)]
    claims: BTreeMap<String, String>,
}

const fn yes() -> bool {
    true
}

impl DatasetFile {
    /// Reads a dataset file. Every claim is read before anything is done about one.
    pub(crate) fn read(path: &Path, redact: Option<bool>) -> Result<Self, CliError> {
        let read_error = |source| CliError::ReadFile { path: path.to_owned(), source };
        if fs::metadata(path).map_err(read_error)?.len() > MAX_LEN {
            let long =
                std::io::Error::new(std::io::ErrorKind::InvalidData, "the file is too long to be a dataset file");
            return Err(read_error(long));
        }
        let text = fs::read_to_string(path).map_err(read_error)?;
        // The error says where; the lines themselves may be long.
        let options = serde_saphyr::options! { with_snippet: false };
        let fields: Fields = serde_saphyr::from_str_with_options(&text, options)
            .map_err(|source| CliError::DatasetFile { path: path.to_owned(), source: Box::new(source) })?;
        fields.check(path, redact)
    }
}

impl Fields {
    fn check(self, path: &Path, redact: Option<bool>) -> Result<DatasetFile, CliError> {
        let wrong = |field: &'static str, got: &str, why: String| CliError::DatasetField {
            path: path.to_owned(),
            field,
            got: got.to_owned(),
            why,
        };
        if self.version != VERSION {
            return Err(wrong("version", &self.version.to_string(), format!("expected {VERSION}")));
        }
        let base = path.parent().unwrap_or(Path::new(""));
        let character = |field, text: Option<String>| {
            text.map(|text| ascii_char(&text).map_err(|why| wrong(field, &text, why))).transpose()
        };
        let one_of = |field, text: Option<String>, words: &[&str]| match text {
            Some(text) if !words.contains(&text.as_str()) => {
                Err(wrong(field, &text, format!("expected one of {}", words.join(" "))))
            }
            text => Ok(text),
        };
        let column = |field, name: &str, value: &str, read: fn(&str) -> Result<(String, ColumnType), String>| {
            read(&format!("{name}={value}")).map_err(|why| wrong(field, value, why))
        };
        let columns = self.columns.iter().map(|(name, ty)| column("columns", name, ty, column_type));
        let round = self.round.iter().map(|(name, count)| column("round", name, &count.to_string(), digits));
        let read = ReadArgs {
            sql: self.sql,
            input_format: one_of("input_format", self.input_format, &INPUT_FORMATS)?,
            sheet: self.sheet,
            schema: self.schema.map(|schema| base.join(schema)),
            columns: columns.collect::<Result<_, _>>()?,
            hash: self.hash,
            opaque: self.opaque,
            delimiter: character("delimiter", self.delimiter)?,
            quote: character("quote", self.quote)?,
            no_header: !self.header,
            round: round.collect::<Result<_, _>>()?,
            skip: self.skip,
            comment: character("comment", self.comment)?,
            decimal: one_of("decimal", self.decimal, &[".", ","])?.unwrap_or_else(|| ".".to_owned()),
            dates: one_of("dates", self.dates, &["dmy", "mdy"])?,
            redact,
            nulls: self.nulls,
            nan_as_null: self.nan_as_null,
        };
        let mut claims = Vec::with_capacity(self.claims.len());
        for (name, text) in &self.claims {
            if !is_claim_name(name) {
                let why = format!("a claim's name has 1 to {MAX_NAME} of A-Z a-z 0-9 _ -, and is not {NOTARIZATION}");
                return Err(wrong("claims", name, why));
            }
            claims.push((
                name.clone(),
                text.parse().map_err(|source| CliError::DatasetClaim {
                    path: path.to_owned(),
                    name: name.clone(),
                    source,
                })?,
            ));
        }
        Ok(DatasetFile {
            source: if zkl_sources::is_url(&self.source) { self.source } else { base.join(self.source) },
            name: self.name,
            read,
            joint: self.joint,
            product: self.product,
            privacy: self.privacy,
            attest_only: self.attest_only,
            receipts: base.join(self.receipts.unwrap_or_else(|| "receipts".into())),
            claims,
        })
    }
}

/// Names become those of files.
fn is_claim_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(fits) && !name.eq_ignore_ascii_case(NOTARIZATION)
}
