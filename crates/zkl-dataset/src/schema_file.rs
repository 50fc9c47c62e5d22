//! Schema files and overrides: what a user pins about columns.
//!
//! ```toml
//! version = 1
//! exact = false                 # true: the table has these columns and no others
//! [[columns]]
//! name = "age"
//! type = "int"
//! nullable = true               # false: a null is an error; absent: found out
//! null_tokens = ["-1", ""]      # absent: the scan's own
//! round = false                 # true: decimals with more digits are rounded half to even, and reported
//! [[columns]]
//! name = "remarks"
//! encoding = "opaque"           # text whose values are not committed to; "hashed": by their digests; absent: hashed if it can be
//! ```
//! The same as JSON: `{"version": 1, "columns": [{"name": "age", "type": "int"}]}`.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};
use zkl_core::{
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout},
};

use crate::error::{DatasetError, Excerpt, Fault};

/// How a text column is committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextEncoding {
    /// By the digests of its values: which rows hold the same can be proved.
    Hashed,
    /// Not by value.
    Opaque,
}

impl TextEncoding {
    /// The one that a text column of a layout has.
    pub const fn of(column: &ColumnLayout) -> Option<Self> {
        match column.encoding {
            Encoding::Hashed => Some(Self::Hashed),
            Encoding::Opaque => Some(Self::Opaque),
            _ => None,
        }
    }
}

/// What is pinned about one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnPin {
    /// Name of the column.
    pub name: String,
    /// Its type; absent: inferred.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub ty: Option<ColumnType>,
    /// Whether a value may be absent; absent: as found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nullable: Option<bool>,
    /// Texts that stand for null in this column, in place of the scan's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_tokens: Option<Vec<String>>,
    /// How it is committed to, for text, which it thereby is; absent: by digests, unless some value has no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<TextEncoding>,
    /// Whether numbers with more digits than the pinned scale are rounded instead of refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub round: bool,
}

impl ColumnPin {
    /// A column of which nothing is pinned yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ty: None, nullable: None, null_tokens: None, encoding: None, round: false }
    }

    /// The column's type, if it is pinned.
    pub fn column_type(&self) -> Option<ColumnType> {
        self.ty.or(self.encoding.map(|_| ColumnType::Text))
    }
}

/// What is pinned about a table's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    pub(crate) exact: bool,
    pub(crate) columns: Vec<ColumnPin>,
    /// The file they came from, for errors.
    pub(crate) origin: Option<std::path::PathBuf>,
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaFile {
    #[expect(dead_code, reason = "read by VersionOnly; named here so that unknown keys can be refused")]
    version: u64,
    #[serde(default)]
    exact: bool,
    columns: Vec<ColumnPin>,
}

impl Pins {
    /// The version of schema files that this crate reads.
    pub const VERSION: u64 = 1;
    /// Largest schema file in bytes.
    const MAX_BYTES: u64 = 4 << 20;

    /// Reads a schema file: JSON when the name ends in `.json`, TOML otherwise.
    ///
    /// # Errors
    /// The file cannot be read, has another version, is not valid, or pins a column twice.
    pub fn from_file(path: &Path) -> Result<Self, DatasetError> {
        let length = fs::metadata(path).map_err(|source| DatasetError::io(path, source))?.len();
        if length > Self::MAX_BYTES {
            return Err(DatasetError::new(path, Fault::RowTooLarge { limit: Self::MAX_BYTES as usize }));
        }
        let text = fs::read_to_string(path).map_err(|source| DatasetError::io(path, source))?;
        let json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let file = if json { Self::read_json(path, &text)? } else { Self::read_toml(path, &text)? };
        let mut names = std::collections::HashSet::new();
        for pin in &file.columns {
            if !names.insert(pin.name.as_str()) {
                return Err(DatasetError::new(path, Fault::DuplicateColumn).in_column(&pin.name));
            }
        }
        Ok(Self { exact: file.exact, columns: file.columns, origin: Some(path.to_owned()) })
    }

    fn check_version(path: &Path, version: u64) -> Result<(), DatasetError> {
        if version == Self::VERSION {
            return Ok(());
        }
        Err(DatasetError::new(path, Fault::SchemaVersion { expected: Self::VERSION, got: version }))
    }

    fn read_json(path: &Path, text: &str) -> Result<SchemaFile, DatasetError> {
        let fail = |error: serde_json::Error| {
            let line = error.line() as u64;
            DatasetError::new(path, Fault::SchemaSyntax(Box::new(error))).at_line(line)
        };
        Self::check_version(path, serde_json::from_str::<VersionOnly>(text).map_err(fail)?.version)?;
        serde_json::from_str(text).map_err(fail)
    }

    fn read_toml(path: &Path, text: &str) -> Result<SchemaFile, DatasetError> {
        let fail = |error: toml::de::Error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = 1 + before.bytes().filter(|&byte| byte == b'\n').count() as u64;
            DatasetError::new(path, Fault::SchemaSyntax(Box::new(error))).at_line(line)
        };
        Self::check_version(path, toml::from_str::<VersionOnly>(text).map_err(fail)?.version)?;
        toml::from_str(text).map_err(fail)
    }

    /// Pins these columns, each named once; `exact` says that the table may have no others.
    pub const fn new(exact: bool, columns: Vec<ColumnPin>) -> Self {
        Self { exact, columns, origin: None }
    }

    /// Whether the table may have no other columns than the pinned ones.
    pub const fn is_exact(&self) -> bool {
        self.exact
    }

    /// The text of a schema file (TOML) that pins the same.
    ///
    /// # Errors
    /// Not expected of any value; the serializer's error type admits it.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        #[derive(Serialize)]
        struct File<'a> {
            version: u64,
            exact: bool,
            columns: &'a [ColumnPin],
        }
        toml::to_string(&File { version: Self::VERSION, exact: self.exact, columns: &self.columns })
    }

    /// What is pinned, by column.
    pub fn columns(&self) -> &[ColumnPin] {
        &self.columns
    }

    /// Pins exactly the columns of `layout`: types, nullability, whether values are rounded and how text is committed to.
    pub fn from_layout(layout: &Layout) -> Self {
        let pin = |column: &ColumnLayout| ColumnPin {
            ty: Some(column.ty),
            nullable: Some(column.nullable),
            encoding: TextEncoding::of(column),
            round: column.rounding.is_some(),
            ..ColumnPin::new(&column.name)
        };
        Self { exact: true, columns: layout.columns().iter().map(pin).collect(), origin: None }
    }

    /// Pins the type of one column, given as `column=type`; a type pinned before is replaced. The last `=` separates.
    ///
    /// # Errors
    /// [`Fault::Override`] when the text has another form or the type is unknown.
    pub fn override_column(&mut self, text: &str) -> Result<(), DatasetError> {
        let fail = || DatasetError::new(Path::new("override"), Fault::Override { got: Excerpt::new(text) });
        let (name, ty) = text.rsplit_once('=').ok_or_else(fail)?;
        let ty: ColumnType = ty.trim().parse().map_err(|_| fail())?;
        match self.columns.iter_mut().find(|pin| pin.name == name) {
            Some(pin) => pin.ty = Some(ty),
            None => self.columns.push(ColumnPin { ty: Some(ty), ..ColumnPin::new(name) }),
        }
        Ok(())
    }

    pub(crate) fn find(&self, name: &str) -> Option<&ColumnPin> {
        self.columns.iter().find(|pin| pin.name == name)
    }
}
