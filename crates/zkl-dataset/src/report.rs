//! What was found out about a table, and why: for the eyes of its owner.

use serde::{Deserialize, Serialize};
use zkl_core::column::{ColumnSchema, ColumnType};

use crate::{
    error::Excerpt,
    format::{Compression, Format},
};

/// What inference decided. Contains excerpts of values: not for publication.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InferenceReport {
    /// How the file was read.
    pub source: SourceReport,
    /// Rows of the table.
    pub rows: u64,
    /// One report per column, in file order.
    pub columns: Vec<ColumnReport>,
}

/// How the file was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceReport {
    /// Format, given or detected.
    pub format: Format,
    /// Compression, given or detected.
    pub compression: Compression,
    /// Delimiter of a CSV file, given or detected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
}

/// What was decided about one column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnReport {
    /// Name.
    pub name: String,
    /// Type.
    #[serde(rename = "type")]
    pub ty: ColumnType,
    /// Whether a value may be absent.
    pub nullable: bool,
    /// Nulls.
    pub nulls: u64,
    /// Line (CSV, JSON) or row (Parquet, Arrow) of the first null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_null: Option<u64>,
    /// Distinct values, of a category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distinct: Option<usize>,
    /// Why the column has this type.
    pub basis: Basis,
    /// The first value that ruled out a narrower type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ruled_out: Option<RuledOut>,
    /// What the values look like, and the flag that reads them so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<&'static str>,
    /// Rounding of floats or of numbers with more digits than a pinned scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounding: Option<Rounding>,
}

impl ColumnReport {
    pub(crate) fn schema(&self) -> ColumnSchema {
        ColumnSchema { name: self.name.clone(), ty: self.ty, nullable: self.nullable }
    }
}

/// Why a column has its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Every value reads as the type.
    Inferred,
    /// The file's own schema says so.
    FileType,
    /// A schema file or an override says so.
    Pinned,
    /// The column is part of a declared joint pair and so is a category.
    Joint,
    /// The column has no values at all.
    OnlyNulls,
    /// Values are of different types, so they are kept as text.
    MixedTypes,
    /// Too many distinct values for a category.
    TooManyValues,
}

/// The value that ended a narrower hypothesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuledOut {
    /// What all earlier values were: `int`, `decimal`, `bool`, `date`, `timestamp`; `value` when it was the first.
    pub was: &'static str,
    /// Line (CSV, JSON) or row (Parquet, Arrow), from 1.
    pub line: u64,
    /// The value; absent where values are not to be shown.
    #[serde(serialize_with = "excerpt_text", skip_serializing_if = "Option::is_none")]
    pub value: Option<Excerpt>,
}

fn excerpt_text<S: serde::Serializer>(excerpt: &Option<Excerpt>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(excerpt.as_ref().map_or("", Excerpt::as_str))
}

/// Rounding, half to even, to the column's scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rounding {
    /// Values that changed.
    pub values: u64,
    /// Largest distance between a value and what is sealed of it.
    pub max_error: f64,
}

impl InferenceReport {
    /// The same report without values of the table: for logs that strangers read.
    #[must_use]
    pub fn without_values(mut self) -> Self {
        for ruled_out in self.columns.iter_mut().filter_map(|column| column.ruled_out.as_mut()) {
            ruled_out.value = None;
        }
        self
    }
}

impl std::fmt::Display for InferenceReport {
    /// One line per column.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows, {}", self.rows, self.source.format)?;
        if self.source.compression != Compression::None {
            write!(f, ", {}", self.source.compression)?;
        }
        if let Some(delimiter) = self.source.delimiter {
            write!(f, ", delimiter {delimiter:?}")?;
        }
        self.columns.iter().try_for_each(|column| write!(f, "\n{column}"))
    }
}

impl ColumnReport {
    /// Whether the decision may surprise: values of mixed types, too many values, no values at all, or values that look like more.
    pub const fn is_remarkable(&self) -> bool {
        matches!(self.basis, Basis::MixedTypes | Basis::TooManyValues | Basis::OnlyNulls) || self.suggestion.is_some()
    }
}

impl std::fmt::Display for ColumnReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", Excerpt::new(&self.name).as_str(), self.ty)?;
        if let Some(distinct) = self.distinct {
            write!(f, " of {distinct} values")?;
        }
        if self.nulls > 0 {
            write!(f, ", {} nulls", self.nulls)?;
        }
        f.write_str(match self.basis {
            Basis::Inferred => "",
            Basis::FileType => " (type from the file)",
            Basis::Pinned => " (pinned)",
            Basis::Joint => " (part of a joint pair)",
            Basis::OnlyNulls => " (no values)",
            Basis::MixedTypes => " (mixed types)",
            Basis::TooManyValues => " (too many distinct values for a category)",
        })?;
        match &self.ruled_out {
            Some(RuledOut { was, line, value: Some(value) }) => {
                write!(f, "; line {line} holds {value}, which is no {was}")?;
            }
            Some(RuledOut { was, line, value: None }) => write!(f, "; line {line} holds no {was}")?,
            None => {}
        }
        if let Some(suggestion) = self.suggestion {
            write!(f, "; {suggestion}")?;
        }
        if let Some(Rounding { values, max_error }) = self.rounding {
            write!(f, "; {values} values rounded by at most {max_error:e}")?;
        }
        Ok(())
    }
}
