//! The second pass: rows as committed integers, and who receives them.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use zkl_core::{
    column::ColumnType,
    hashed::{DigestCells, ValueHasher},
    layout::Layout,
    table_note::TableNote,
};

use crate::{
    cell::Cell,
    dictionary::Dictionary,
    error::{DatasetError, Fault},
    infer::{FileType, Found, Plan, ScaleRule, units},
    nulls::NullRule,
    number::Parsed,
    reader::{BATCH_ROWS, CellBlock, CellSink},
    report::Rounding,
};

/// What a [`RowSink`] may fail with.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Some consecutive rows of a table as committed integers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncodedBatch {
    /// Index of the first row, from 0.
    pub first_row: u64,
    /// Rows, at least 1.
    pub rows: usize,
    /// One entry per column of the layout, each of `rows` values.
    pub columns: Vec<EncodedColumn>,
}

/// One column of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EncodedColumn {
    /// Values relative to the column's minimum.
    Numeric {
        /// `u = v - min`, 0 where null.
        u: Vec<u64>,
        /// Whether the row has a value. All true when the column is not nullable.
        valid: Vec<bool>,
    },
    /// Dictionary codes, 0 where null, below the layout's capacity.
    Codes(Vec<u16>),
    /// Text by the digests of its values.
    Hashed {
        /// Digests, 0 where null.
        digests: Vec<DigestCells>,
        /// Whether the row has a value.
        valid: Vec<bool>,
    },
    /// A column that is not committed by value.
    Opaque {
        /// Whether the row has a value.
        valid: Vec<bool>,
    },
}

impl EncodedColumn {
    const fn len(&self) -> usize {
        match self {
            Self::Numeric { valid, .. } | Self::Hashed { valid, .. } | Self::Opaque { valid } => valid.len(),
            Self::Codes(codes) => codes.len(),
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Numeric { u, valid } => {
                u.clear();
                valid.clear();
            }
            Self::Codes(codes) => codes.clear(),
            Self::Hashed { digests, valid } => {
                digests.clear();
                valid.clear();
            }
            Self::Opaque { valid } => valid.clear(),
        }
    }
}

impl EncodedBatch {
    /// The same batch cut to the rows `range`, counted from its first one; beyond its end there are none.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let (start, end) = (range.start.min(self.rows), range.end.min(self.rows));
        let columns = self.columns.iter().map(|column| match column {
            EncodedColumn::Numeric { u, valid } => {
                EncodedColumn::Numeric { u: u[start..end].to_vec(), valid: valid[start..end].to_vec() }
            }
            EncodedColumn::Codes(codes) => EncodedColumn::Codes(codes[start..end].to_vec()),
            EncodedColumn::Hashed { digests, valid } => {
                EncodedColumn::Hashed { digests: digests[start..end].to_vec(), valid: valid[start..end].to_vec() }
            }
            EncodedColumn::Opaque { valid } => EncodedColumn::Opaque { valid: valid[start..end].to_vec() },
        });
        Self { first_row: self.first_row + start as u64, rows: end - start, columns: columns.collect() }
    }
}

/// What encoded values are relative to: known before the first row is encoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Smallest and largest value of each numeric column of the layout, in the column's units; zeros for other columns and
    /// for columns without values.
    pub bounds: Vec<(i64, i64)>,
    /// Values of each dictionary by code, code 1 first; empty for other columns.
    pub values: Vec<Vec<String>>,
}

/// Receives every row of a table once, in order, in batches.
pub trait RowSink {
    /// Called once, before the first batch.
    ///
    /// # Errors
    /// Any error ends the scan with [`Fault::Sink`](crate::Fault::Sink).
    fn begin(&mut self, layout: &Layout, frame: &Frame) -> Result<(), SinkError>;

    /// Called for each batch. The batch is reused: what is to outlive the call must be copied.
    ///
    /// # Errors
    /// Any error ends the scan with [`Fault::Sink`](crate::Fault::Sink).
    fn batch(&mut self, batch: &EncodedBatch) -> Result<(), SinkError>;
}

/// Turns the cells of one column into integers.
pub(crate) struct ColumnEncoder {
    name: String,
    nulls: NullRule,
    how: How,
    scratch: String,
}

enum How {
    Number {
        min: i64,
        max: i64,
        scale: u32,
        rule: ScaleRule,
        rounding: Rounding,
    },
    Date {
        min: i64,
        max: i64,
    },
    Time {
        min: i64,
        max: i64,
        ty: ColumnType,
    },
    /// Codes of false and true; 0 for one that does not occur.
    Bool([u16; 2]),
    Category {
        dictionary: Dictionary,
        codes: Vec<u16>,
    },
    Hashed(ValueHasher),
    Opaque,
}

impl ColumnEncoder {
    fn new(found: Found, key: &[u8; 32]) -> Self {
        let ty = found.report.ty;
        let how = match found.plan {
            Plan::Numeric { min, max, .. } if ty == ColumnType::Date => How::Date { min, max },
            Plan::Numeric { min, max, .. } if matches!(ty, ColumnType::Timestamp { .. }) => How::Time { min, max, ty },
            Plan::Numeric { min, max, rule, .. } => {
                let rounding = Rounding { values: 0, max_error: 0.0 };
                How::Number { min, max, scale: u32::from(ty.scale()), rule, rounding }
            }
            Plan::Bool(seen) => {
                let mut dictionary = Dictionary::default();
                for (value, name) in BOOLS.iter().enumerate() {
                    if seen[value] {
                        dictionary.insert(name);
                    }
                }
                let codes = dictionary.codes(key);
                let code = |name| dictionary.find(name).map_or(0, |index| codes[index as usize]);
                How::Bool(BOOLS.map(code))
            }
            Plan::Category(dictionary) => How::Category { codes: dictionary.codes(key), dictionary },
            Plan::Hashed => How::Hashed(ValueHasher::new(ty)),
            Plan::Opaque => How::Opaque,
        };
        Self { name: found.report.name, nulls: found.nulls, how, scratch: String::new() }
    }

    /// Values by code, from code 1.
    fn values(&self) -> Vec<String> {
        match &self.how {
            How::Bool(codes) => {
                let mut values: Vec<_> = codes.iter().zip(BOOLS).filter(|(code, _)| **code > 0).collect();
                values.sort_unstable();
                values.into_iter().map(|(_, value)| value.to_owned()).collect()
            }
            How::Category { dictionary, codes } => {
                let mut values = vec![String::new(); codes.len()];
                for (value, code) in dictionary.values().zip(codes) {
                    value.clone_into(&mut values[usize::from(*code) - 1]);
                }
                values
            }
            _ => Vec::new(),
        }
    }

    fn empty_column(&self) -> EncodedColumn {
        match self.how {
            How::Number { .. } | How::Date { .. } | How::Time { .. } => {
                EncodedColumn::Numeric { u: Vec::with_capacity(BATCH_ROWS), valid: Vec::with_capacity(BATCH_ROWS) }
            }
            How::Bool(_) | How::Category { .. } => EncodedColumn::Codes(Vec::with_capacity(BATCH_ROWS)),
            How::Hashed(_) => {
                EncodedColumn::Hashed { digests: Vec::with_capacity(BATCH_ROWS), valid: Vec::with_capacity(BATCH_ROWS) }
            }
            How::Opaque => EncodedColumn::Opaque { valid: Vec::with_capacity(BATCH_ROWS) },
        }
    }

    /// Appends the cells of `column` of a block; `false` when they are not what the first pass saw.
    fn push_all(
        &mut self,
        column: usize,
        block: &impl CellBlock,
        encoded: &mut EncodedColumn,
    ) -> Result<bool, DatasetError> {
        let mut fits = true;
        block.each(column, |_, _, cell| {
            fits = self.push(cell, encoded).is_some();
            fits
        })?;
        Ok(fits)
    }

    /// Appends a cell; `None` when it is not what the first pass saw.
    #[inline]
    fn push(&mut self, cell: Cell<'_>, column: &mut EncodedColumn) -> Option<()> {
        let null = self.nulls.is_null(cell);
        match column {
            EncodedColumn::Numeric { u, valid } => {
                u.push(if null { 0 } else { self.offset(cell)? });
                valid.push(!null);
            }
            EncodedColumn::Codes(codes) => codes.push(if null { 0 } else { self.code(cell)? }),
            EncodedColumn::Hashed { digests, valid } => {
                digests.push(if null { DigestCells::default() } else { self.digest(cell)? });
                valid.push(!null);
            }
            EncodedColumn::Opaque { valid } => valid.push(!null),
        }
        Some(())
    }

    #[inline]
    fn offset(&mut self, cell: Cell<'_>) -> Option<u64> {
        let (value, min, max) = match &mut self.how {
            How::Number { min, max, scale, rule, rounding } => {
                let Parsed::Number(number) = cell.number() else { return None };
                let (mantissa, error) = rule.settle(number, *scale).ok()?;
                if error > 0.0 {
                    rounding.values += 1;
                    rounding.max_error = rounding.max_error.max(error);
                }
                (i64::try_from(mantissa).ok()?, *min, *max)
            }
            How::Date { min, max } => (cell.date()?, *min, *max),
            How::Time { min, max, ty } => {
                let ColumnType::Timestamp { unit } = ty else { return None };
                (i64::try_from(units(cell.moment()?.nanos, *unit)?).ok()?, *min, *max)
            }
            _ => return None,
        };
        (min..=max).contains(&value).then(|| value.abs_diff(min))
    }

    #[inline]
    fn code(&mut self, cell: Cell<'_>) -> Option<u16> {
        let code = match &self.how {
            How::Bool(codes) => codes[usize::from(cell.declared_bool()?)],
            How::Category { dictionary, codes } => codes[dictionary.find(cell.text(&mut self.scratch))? as usize],
            _ => return None,
        };
        (code != 0).then_some(code)
    }

    #[inline]
    fn digest(&mut self, cell: Cell<'_>) -> Option<DigestCells> {
        match (&self.how, cell) {
            // It has no text: the column would be opaque if there had been one.
            (_, Cell::Opaque(_)) => None,
            (How::Hashed(hasher), _) => Some(hasher.cells(cell.text(&mut self.scratch))),
            _ => None,
        }
    }
}

/// The encoders of columns that were found.
pub(crate) fn column_encoders(found: Vec<Found>, key: &[u8; 32]) -> Vec<ColumnEncoder> {
    found.into_iter().map(|found| ColumnEncoder::new(found, key)).collect()
}

/// What these encode relative to.
pub(crate) fn frame(columns: &[ColumnEncoder]) -> Frame {
    let bounds = columns.iter().map(|column| match column.how {
        How::Number { min, max, .. } | How::Date { min, max } | How::Time { min, max, .. } => (min, max),
        _ => (0, 0),
    });
    Frame { bounds: bounds.collect(), values: columns.iter().map(ColumnEncoder::values).collect() }
}

const BOOLS: [&str; 2] = ["false", "true"];

/// Encodes a table and passes the rows on.
pub(crate) struct Encoder<'s> {
    path: PathBuf,
    columns: Vec<ColumnEncoder>,
    /// Columns that the reader has named.
    named: usize,
    batch: EncodedBatch,
    /// Rows that the layout has.
    expected: u64,
    /// Whether the rows are a part of those that were observed.
    is_part: bool,
    sink: &'s mut dyn RowSink,
}

impl<'s> Encoder<'s> {
    pub(crate) fn new(
        path: PathBuf,
        found: Vec<Found>,
        layout: &Layout,
        key: &[u8; 32],
        sink: &'s mut dyn RowSink,
    ) -> Result<Self, DatasetError> {
        let columns = column_encoders(found, key);
        sink.begin(layout, &frame(&columns)).map_err(|source| DatasetError::new(&path, Fault::Sink(source)))?;
        let batch =
            EncodedBatch { first_row: 0, rows: 0, columns: columns.iter().map(ColumnEncoder::empty_column).collect() };
        Ok(Self { path, columns, named: 0, batch, expected: layout.rows(), is_part: false, sink })
    }

    /// The same encoder, for rows that were observed together with others.
    pub(crate) const fn of_a_part(mut self) -> Self {
        self.is_part = true;
        self
    }

    /// Rows so far.
    pub(crate) const fn rows(&self) -> u64 {
        self.batch.first_row
    }

    /// What was rounded, by column.
    pub(crate) fn roundings(&self) -> impl Iterator<Item = Option<Rounding>> {
        self.columns.iter().map(|column| match &column.how {
            How::Number { rounding, .. } if rounding.values > 0 => Some(*rounding),
            _ => None,
        })
    }

    #[cold]
    fn changed(&self) -> DatasetError {
        DatasetError::new(&self.path, if self.is_part { Fault::NotObserved } else { Fault::Changed })
    }
}

impl CellSink for Encoder<'_> {
    fn file(&mut self, path: &Path, _: bool) {
        self.path = path.to_owned();
    }

    fn column(&mut self, name: &str, _: FileType, _: u64) -> Result<(), DatasetError> {
        let expected = self.columns.get(self.named).map(|column| column.name.as_str());
        self.named += 1;
        if expected == Some(name) { Ok(()) } else { Err(self.changed()) }
    }

    fn columns_complete(&mut self) -> Result<(), DatasetError> {
        Ok(())
    }

    #[inline]
    fn cell(&mut self, column: usize, _: u64, cell: Cell<'_>) -> Result<(), DatasetError> {
        let pushed = match (self.columns.get_mut(column), self.batch.columns.get_mut(column)) {
            (Some(encoder), Some(encoded)) => encoder.push(cell, encoded),
            _ => None,
        };
        pushed.ok_or_else(|| self.changed())
    }

    fn block<B: CellBlock>(&mut self, block: &B) -> Result<(), DatasetError> {
        let columns = self.columns.par_iter_mut().zip(&mut self.batch.columns).enumerate();
        let pushed: Vec<_> =
            columns.map(|(column, (encoder, encoded))| encoder.push_all(column, block, encoded)).collect();
        pushed.into_iter().try_for_each(|fits| if fits? { Ok(()) } else { Err(self.changed()) })
    }

    fn rows(&mut self, _: u64, rows: usize) -> Result<(), DatasetError> {
        self.batch.rows = rows;
        let got = self.batch.first_row + rows as u64;
        if got > self.expected {
            return Err(match self.is_part {
                true => DatasetError::new(&self.path, Fault::PartRows { expected: self.expected, got }),
                false => self.changed(),
            });
        }
        if self.batch.columns.iter().any(|column| column.len() != rows) {
            return Err(self.changed());
        }
        self.sink.batch(&self.batch).map_err(|source| DatasetError::new(&self.path, Fault::Sink(source)))?;
        self.batch.first_row += rows as u64;
        self.batch.columns.iter_mut().for_each(EncodedColumn::clear);
        Ok(())
    }

    /// The first pass has them.
    fn note(&mut self, _: TableNote) {}
}
