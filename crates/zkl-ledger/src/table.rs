//! How a table is read: kept in the opening, so that the same file can be read the same way again.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use zkl_core::column::Schema;
use zkl_dataset::{ColumnPin, Compression, CsvOptions, Format, NullTokens, Pins, Scan, ScanOptions, Source};

/// How a table is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadOptions {
    /// Format; absent: found out.
    pub format: Option<Format>,
    /// Compression of the whole file; absent: found out.
    pub compression: Option<Compression>,
    /// The CSV dialect.
    pub csv: CsvOptions,
    /// Texts of CSV cells that stand for null; absent: those of pandas.
    pub null_tokens: Option<Vec<String>>,
    /// Whether NaN in floating-point columns is null instead of an error.
    pub nan_as_null: bool,
    /// Most digits after the point that floats keep, 0 to 18.
    pub float_scale: u8,
    /// What is pinned about columns.
    pub pins: Vec<ColumnPin>,
    /// Whether the table may have no other columns than the pinned ones.
    pub exact: bool,
    /// Pairs of columns (group, label) whose joint counts are sealed.
    pub joint: Vec<(String, String)>,
    /// Pairs of numeric columns whose sums of products are sealed.
    pub product: Vec<(String, String)>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            compression: None,
            csv: CsvOptions::default(),
            null_tokens: None,
            nan_as_null: false,
            float_scale: ScanOptions::default().float_scale,
            pins: Vec::new(),
            exact: false,
            joint: Vec::new(),
            product: Vec::new(),
        }
    }
}

impl ReadOptions {
    /// The scan of `path` that these options describe.
    pub fn scan(&self, path: impl Into<PathBuf>) -> Scan {
        let mut source = Source::path(path).csv(self.csv.clone());
        if let Some(format) = self.format {
            source = source.format(format);
        }
        if let Some(compression) = self.compression {
            source = source.compression(compression);
        }
        let options = ScanOptions {
            pins: Pins::new(self.exact, self.pins.clone()),
            null_tokens: self.null_tokens.as_ref().map_or_else(NullTokens::default, NullTokens::new),
            nan_as_null: self.nan_as_null,
            float_scale: self.float_scale,
            ..ScanOptions::default()
        };
        let mut scan = Scan::new(source).options(options);
        for (group, label) in &self.joint {
            scan = scan.joint(group, label);
        }
        for (left, right) in &self.product {
            scan = scan.product(left, right);
        }
        scan
    }

    /// The same options with every column's type and nullability pinned to what was found: nothing is left to inference.
    #[must_use]
    pub fn pinned_to(&self, schema: &Schema) -> Self {
        let pin = |column: &zkl_core::column::ColumnSchema| {
            let given = self.pins.iter().find(|pin| pin.name == column.name);
            ColumnPin {
                name: column.name.clone(),
                ty: Some(column.ty),
                nullable: Some(column.nullable),
                null_tokens: given.and_then(|pin| pin.null_tokens.clone()),
                round: given.is_some_and(|pin| pin.round),
            }
        };
        Self { pins: schema.columns.iter().map(pin).collect(), exact: true, ..self.clone() }
    }
}
