//! A table in parts, for machines that each hold some of its rows: every part is observed where it lies, what was observed is joined,
//! and then any rows can be encoded as the whole table is.
//!
//! Types are pinned beforehand, as no part can tell what the others hold. What remains to be found (nulls, bounds, distinct values)
//! does not depend on how the rows are divided.

mod codec;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use zkl_core::{
    column::ColumnType,
    digest::{DigestRule, FileDigests},
    layout::Zone,
    profile::{ColumnProfile, ColumnStats, Profile},
    table_note::TableNote,
};

pub use self::codec::PartialScanError;
use crate::{
    dictionary::Dictionary,
    error::{DatasetError, Fault},
    hash::digest_of_parts,
    infer::{Found, FoundTable, Plan, ScaleRule},
    reader::join_note,
    report::{Basis, ColumnReport, InferenceReport, SourceReport},
    scan::ScanOptions,
};

/// What one part of a table, or several in a row, hold of every column: nulls, bounds, distinct values. As secret as the rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "codec::Wire", into = "codec::Wire")]
pub struct PartialScan {
    parts: Vec<Part>,
    columns: Vec<Column>,
    notes: Vec<TableNote>,
}

/// A part that was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    rows: u64,
    source: SourceReport,
    rule: DigestRule,
    digests: FileDigests,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    ty: ColumnType,
    nulls: u64,
    values: Values,
}

/// What the values of a column are, of the kind that its type has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Values {
    Numeric {
        /// `None` without values.
        bounds: Option<(i64, i64)>,
        rounded: bool,
        zone: Option<Zone>,
    },
    Bool([bool; 2]),
    Category(BTreeSet<String>),
    Hashed,
    Opaque,
}

impl PartialScan {
    /// What a first pass found out about a part.
    pub(crate) fn of(table: FoundTable, source: SourceReport, rule: DigestRule, digests: FileDigests) -> Self {
        let FoundTable { rows, columns, notes } = table;
        let column = |found: Found| {
            let ColumnReport { name, ty, nulls, .. } = found.report;
            let values = match found.plan {
                Plan::Numeric { min, max, rounded, .. } => {
                    Values::Numeric { bounds: (nulls < rows).then_some((min, max)), rounded, zone: found.zone }
                }
                Plan::Bool(seen) => Values::Bool(seen),
                Plan::Category(dictionary) => Values::Category(dictionary.values().map(str::to_owned).collect()),
                Plan::Hashed => Values::Hashed,
                Plan::Opaque => Values::Opaque,
            };
            Column { name, ty, nulls, values }
        };
        Self {
            parts: vec![Part { rows, source, rule, digests }],
            columns: columns.into_iter().map(column).collect(),
            notes,
        }
    }

    /// Rows of all parts.
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).sum()
    }

    /// Parts that were observed.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// The digests of the table: over the list of the parts' digests, in order ([`DigestRule::Parts`]).
    pub fn digests(&self) -> FileDigests {
        digest_of_parts(self.parts.iter().map(|part| (part.rule, &part.digests)))
    }

    /// What the reader did to the parts.
    pub fn notes(&self) -> &[TableNote] {
        &self.notes
    }

    /// Joins this with what was observed of the parts that follow. Associative: parts may be joined in a tree.
    ///
    /// # Errors
    /// [`Fault::OtherColumns`], [`Fault::TooManyRows`], [`Fault::TooManyCategories`]; [`Fault::NotOfType`] when times of one
    /// column are local in one part and instants in another.
    pub fn followed_by(mut self, next: Self) -> Result<Self, DatasetError> {
        let same = |(one, other): (&Column, &Column)| (&one.name, one.ty) == (&other.name, other.ty);
        if self.columns.len() != next.columns.len() || !self.columns.iter().zip(&next.columns).all(same) {
            return Err(error(Fault::OtherColumns));
        }
        if self.rows().saturating_add(next.rows()) > u64::from(u32::MAX) {
            return Err(error(Fault::TooManyRows));
        }
        for (column, next) in self.columns.iter_mut().zip(next.columns) {
            column.nulls += next.nulls;
            column.values.join(next.values, column.ty).map_err(|fault| error(fault).in_column(&column.name))?;
        }
        for note in next.notes {
            join_note(&mut self.notes, note);
        }
        self.parts.extend(next.parts);
        Ok(self)
    }

    /// Whether this is the profile of rows like these: with as many values in every column, and none of a dictionary missing.
    pub fn agrees_with(&self, profile: &Profile) -> bool {
        let rows = self.rows();
        let column = |(own, column): (&Column, &ColumnProfile)| {
            let attained = match &column.stats {
                ColumnStats::Category(stats) => stats.entries.iter().all(|entry| entry.count > 0),
                ColumnStats::Grouped(stats) => stats.entries.iter().all(|entry| entry.count > 0),
                ColumnStats::Numeric(_) | ColumnStats::Opaque => true,
            };
            attained && own.nulls.checked_add(column.valid) == Some(rows)
        };
        profile.rows == rows
            && self.columns.len() == profile.columns.len()
            && self.columns.iter().zip(&profile.columns).all(column)
    }

    /// What was found out about the table whose parts these are, as far as it depends on no single part; the source is the first's.
    /// `None` for no parts.
    pub(crate) fn report(&self, options: &ScanOptions) -> Option<InferenceReport> {
        let source = self.parts.first()?.source;
        let columns = self.found(options).into_iter().map(|found| found.report).collect();
        Some(InferenceReport { source, rows: self.rows(), columns })
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// The columns as the first pass over the whole table would find them.
    pub(crate) fn found(&self, options: &ScanOptions) -> Vec<Found> {
        self.columns.iter().map(|column| column.found(options)).collect()
    }
}

impl Column {
    fn found(&self, options: &ScanOptions) -> Found {
        let pin = options.pins.find(&self.name);
        let (plan, zone) = match &self.values {
            Values::Numeric { bounds, rounded, zone } => {
                let (min, max) = bounds.unwrap_or_default();
                let scale = u32::from(self.ty.scale());
                let round = *rounded || pin.is_some_and(|pin| pin.round);
                let rule = match self.ty {
                    ColumnType::Int | ColumnType::Decimal { .. } => ScaleRule::Pinned { scale, round },
                    _ => ScaleRule::EXACT,
                };
                (Plan::Numeric { min, max, rule, rounded: *rounded }, *zone)
            }
            Values::Bool(seen) => (Plan::Bool(*seen), None),
            Values::Category(values) => {
                let mut dictionary = Dictionary::default();
                // No more than a dictionary holds: joined and decoded sets were checked.
                values.iter().for_each(|value| {
                    dictionary.insert(value);
                });
                (Plan::Category(dictionary), None)
            }
            Values::Hashed => (Plan::Hashed, None),
            Values::Opaque => (Plan::Opaque, None),
        };
        let distinct = match &self.values {
            Values::Category(values) => Some(values.len()),
            _ => None,
        };
        let report = ColumnReport {
            name: self.name.clone(),
            ty: self.ty,
            nullable: pin.and_then(|pin| pin.nullable).unwrap_or(self.nulls > 0),
            nulls: self.nulls,
            first_null: None,
            distinct,
            basis: Basis::Pinned,
            ruled_out: None,
            suggestion: None,
            rounding: None,
        };
        Found { report, plan, nulls: options.null_rule(pin), zone }
    }
}

impl Values {
    /// Joins values of one type.
    fn join(&mut self, next: Self, ty: ColumnType) -> Result<(), Fault> {
        match (self, next) {
            (Self::Numeric { bounds, rounded, zone }, Self::Numeric { bounds: next, rounded: more, zone: other }) => {
                if zone.zip(other).is_some_and(|(one, other)| one != other) {
                    return Err(Fault::NotOfType { ty });
                }
                *zone = zone.or(other);
                *rounded |= more;
                let joined = bounds.zip(next).map(|(own, next)| (own.0.min(next.0), own.1.max(next.1)));
                *bounds = joined.or(*bounds).or(next);
            }
            (Self::Bool(seen), Self::Bool(next)) => *seen = [seen[0] || next[0], seen[1] || next[1]],
            (Self::Category(values), Self::Category(next)) => {
                values.extend(next);
                if !fits_dictionary(values) {
                    return Err(Fault::TooManyCategories { limit: Dictionary::MAX_VALUES });
                }
            }
            (Self::Hashed | Self::Opaque, Self::Hashed) => {}
            // A value without text in one part is one in the table.
            (text @ (Self::Hashed | Self::Opaque), Self::Opaque) => *text = Self::Opaque,
            _ => return Err(Fault::OtherColumns),
        }
        Ok(())
    }
}

/// Whether a dictionary has room for these values.
fn fits_dictionary(values: &BTreeSet<String>) -> bool {
    values.len() <= Dictionary::MAX_VALUES && values.iter().map(String::len).sum::<usize>() <= Dictionary::MAX_BYTES
}

fn error(fault: Fault) -> DatasetError {
    DatasetError::new("the parts".as_ref(), fault)
}
