//! Bytes of a partial scan, as they travel between machines.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use zkl_core::{column::ColumnType, digest::DigestRule, layout::Layout, table_note::TableNote};

use super::{Column, Part, PartialScan, Values, fits_dictionary};

/// The `format` that is written and read.
const FORMAT: &str = "zkl-partial-scan/1";
/// Most bytes that are read: several dictionaries of 65,535 long values fit.
const MAX_BYTES: usize = 1 << 30;

/// Bytes that are no partial scan.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PartialScanError {
    /// More bytes than are read.
    #[error("a partial scan has at most {max} bytes, not {got}")]
    TooLong {
        /// Most bytes.
        max: usize,
        /// Bytes that were given.
        got: usize,
    },
    /// Not JSON of this form.
    #[error("the bytes are no partial scan")]
    Syntax(#[source] serde_json::Error),
    /// Of another version, or something else.
    #[error("expected the format {FORMAT:?}")]
    Format,
    /// Another spelling than the one that is written.
    #[error("the partial scan is not spelled as it is written")]
    NotCanonical,
    /// No rows, no columns, or more than a table has.
    #[error("no table has these rows and columns")]
    Extent,
    /// A column that no rows have.
    #[error("no rows have column {index} of the partial scan")]
    Column {
        /// Position of the column.
        index: usize,
    },
}

/// The fields, in order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    format: String,
    parts: Vec<Part>,
    columns: Vec<Column>,
    notes: Vec<TableNote>,
}

impl From<PartialScan> for Wire {
    fn from(scan: PartialScan) -> Self {
        let PartialScan { parts, columns, notes } = scan;
        Self { format: FORMAT.to_owned(), parts, columns, notes }
    }
}

impl TryFrom<Wire> for PartialScan {
    type Error = PartialScanError;

    fn try_from(wire: Wire) -> Result<Self, PartialScanError> {
        let Wire { format, parts, columns, notes } = wire;
        if format != FORMAT {
            return Err(PartialScanError::Format);
        }
        let scan = Self { parts, columns, notes };
        scan.check()?;
        Ok(scan)
    }
}

impl PartialScan {
    /// The one encoding: JSON without white space.
    ///
    /// # Errors
    /// The writer of JSON fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads [`PartialScan::to_bytes`], and nothing else.
    ///
    /// # Errors
    /// [`PartialScanError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PartialScanError> {
        if bytes.len() > MAX_BYTES {
            return Err(PartialScanError::TooLong { max: MAX_BYTES, got: bytes.len() });
        }
        let wire: Wire = serde_json::from_slice(bytes).map_err(PartialScanError::Syntax)?;
        let scan = Self::try_from(wire)?;
        match scan.to_bytes() {
            Ok(again) if again == bytes => Ok(scan),
            _ => Err(PartialScanError::NotCanonical),
        }
    }

    fn check(&self) -> Result<(), PartialScanError> {
        let rows = self.parts.iter().try_fold(0u64, |rows, part| rows.checked_add(part.rows));
        let whole = |part: &Part| part.rows > 0 && part.rule != DigestRule::Parts;
        let Some(rows) = rows.filter(|rows| (1..=u64::from(u32::MAX)).contains(rows)) else {
            return Err(PartialScanError::Extent);
        };
        if !self.parts.iter().all(whole) || !(1..=Layout::MAX_RECORDS).contains(&self.columns.len()) {
            return Err(PartialScanError::Extent);
        }
        let mut names = HashSet::new();
        let impossible =
            self.columns.iter().position(|column| !names.insert(column.name.as_str()) || !column.is_possible(rows));
        match impossible {
            Some(index) => Err(PartialScanError::Column { index }),
            None => Ok(()),
        }
    }
}

impl Column {
    /// Whether some rows, as many as these, have such a column.
    fn is_possible(&self, rows: u64) -> bool {
        let Some(valid) = rows.checked_sub(self.nulls) else { return false };
        let count_fits = |distinct: usize| (distinct > 0) == (valid > 0) && distinct as u64 <= valid;
        let of_type = match (&self.values, self.ty) {
            (Values::Numeric { bounds, rounded, zone }, ty) if ty.is_numeric() => {
                let is_time = matches!(ty, ColumnType::Timestamp { .. });
                bounds.is_some() == (valid > 0)
                    && bounds.is_none_or(|(min, max)| min <= max)
                    && (!*rounded || (ty.is_quantity() && valid > 0))
                    && zone.is_some() == (is_time && valid > 0)
            }
            (Values::Bool(seen), ColumnType::Bool) => count_fits(seen.iter().filter(|seen| **seen).count()),
            (Values::Category(values), ColumnType::Category) => count_fits(values.len()) && fits_dictionary(values),
            (Values::Hashed | Values::Opaque, ColumnType::Text) => true,
            _ => false,
        };
        of_type && !self.name.is_empty()
    }
}
