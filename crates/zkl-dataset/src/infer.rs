//! The first pass: the type, the bounds and the dictionary of every column.

mod column;
mod habit;
mod numbers;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use zkl_core::{column::ColumnType, layout::Layout, table_note::TableNote};

use self::{
    column::{ColumnState, Expected},
    numbers::Bad,
};
pub(crate) use self::{
    column::{FileType, Found, Plan},
    numbers::{ScaleRule, units},
};
use crate::{
    cell::Cell,
    error::{DatasetError, Fault},
    reader::{CellBlock, CellSink},
    scan::ScanOptions,
    schema_file::ColumnPin,
};

/// What the first pass found out about a table.
pub(crate) struct FoundTable {
    pub(crate) rows: u64,
    pub(crate) columns: Vec<Found>,
    pub(crate) notes: Vec<TableNote>,
}

/// Finds out what the columns are.
pub(crate) struct Inference<'a> {
    path: PathBuf,
    /// Whether places in the file are lines; otherwise rows.
    lines: bool,
    options: &'a ScanOptions,
    /// Names of columns in joint pairs.
    joint: Vec<&'a str>,
    /// Names that must exist.
    required: Vec<&'a str>,
    columns: Vec<ColumnState>,
    rows: u64,
    first_at: Option<u64>,
    notes: Vec<TableNote>,
    troubles: Vec<DatasetError>,
    /// Whether this is the pass for missing dictionaries.
    again: bool,
}

impl<'a> Inference<'a> {
    pub(crate) fn new(
        path: PathBuf,
        lines: bool,
        options: &'a ScanOptions,
        joint: Vec<&'a str>,
        required: Vec<&'a str>,
    ) -> Self {
        let columns = Vec::new();
        Self {
            path,
            lines,
            options,
            joint,
            required,
            columns,
            rows: 0,
            first_at: None,
            notes: Vec::new(),
            troubles: Vec::new(),
            again: false,
        }
    }

    fn fail(&self, column: usize, bad: Bad) -> DatasetError {
        let error = DatasetError::new(&self.path, bad.fault);
        let error = if self.lines { error.at_line(bad.at) } else { error.at_row(bad.at) };
        let error = match self.columns.get(column) {
            Some(state) => error.in_column(&state.name),
            None => error,
        };
        match bad.value {
            Some(value) => error.with_value(value),
            None => error,
        }
    }

    /// Notes what is wrong with a column and goes on with the others: all that is wrong with a table is said at once.
    #[cold]
    fn trouble(&mut self, column: usize, bad: Bad) -> Result<(), DatasetError> {
        const MOST: usize = 20;
        let error = self.fail(column, bad);
        self.columns[column].give_up();
        self.troubles.push(error);
        if self.troubles.len() < MOST { Ok(()) } else { self.check() }
    }

    /// Passes a table with which nothing was wrong so far.
    pub(crate) fn check(&mut self) -> Result<(), DatasetError> {
        DatasetError::all(std::mem::take(&mut self.troubles)).map_or(Ok(()), Err)
    }

    /// An error that ended a pass, after what was wrong before.
    pub(crate) fn ended_by(&mut self, error: DatasetError) -> DatasetError {
        self.troubles.push(error);
        match self.check() {
            Err(error) => error,
            Ok(()) => DatasetError::new(&self.path, Fault::Changed),
        }
    }

    /// Whether some columns have to be read again; prepares for that.
    pub(crate) fn begin_dictionary_pass(&mut self) -> bool {
        self.again = self.columns.iter().any(ColumnState::needs_dictionary);
        if self.again {
            self.columns.iter_mut().for_each(ColumnState::begin_dictionary_pass);
        }
        self.again
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// What was found out about the table.
    pub(crate) fn finish(mut self) -> Result<FoundTable, DatasetError> {
        if self.rows == 0 {
            return Err(DatasetError::new(&self.path, Fault::NoRows));
        }
        self.columns_complete()?;
        let columns = std::mem::take(&mut self.columns);
        let mut found = Vec::with_capacity(columns.len());
        for column in columns {
            let name = column.name.clone();
            match column.finish() {
                Ok(column) => found.push(column),
                Err(bad) => {
                    let error = self.fail(usize::MAX, *bad).in_column(&name);
                    self.troubles.push(error);
                }
            }
        }
        self.check()?;
        Ok(FoundTable { rows: self.rows, columns: found, notes: self.notes })
    }
}

impl CellSink for Inference<'_> {
    fn file(&mut self, path: &Path, lines: bool) {
        self.path = path.to_owned();
        self.lines = lines;
    }

    fn column(&mut self, name: &str, file: FileType, rows_before: u64) -> Result<(), DatasetError> {
        let fail = |fault| DatasetError::new(&self.path, fault).in_column(name);
        if self.again {
            return if self.columns.iter().any(|column| column.name == name) {
                Ok(())
            } else {
                Err(fail(Fault::Changed))
            };
        }
        if self.columns.len() == Layout::MAX_RECORDS {
            return Err(DatasetError::new(&self.path, Fault::TooManyColumns { limit: Layout::MAX_RECORDS }));
        }
        let pins = &self.options.pins;
        let pin = pins.find(name);
        if pins.exact && pin.is_none() {
            return Err(fail(Fault::UnexpectedColumn));
        }
        let pinned = pin.and_then(ColumnPin::column_type);
        let encoding = pin.and_then(|pin| pin.encoding);
        if let (Some(ty), Some(_)) = (pinned.filter(|ty| *ty != ColumnType::Text), encoding) {
            return Err(fail(Fault::TextEncoding { ty }));
        }
        if let (FileType::Unsupported(data_type), true) = (&file, pinned != Some(ColumnType::Text)) {
            return Err(fail(Fault::Unsupported { data_type: data_type.clone() }));
        }
        let mut state = ColumnState::new(Expected {
            name,
            pinned,
            nullable: pin.and_then(|pin| pin.nullable),
            encoding,
            round: pin.is_some_and(|pin: &ColumnPin| pin.round),
            file,
            floats: match self.options.float_scale {
                None => ScaleRule::FLOAT,
                Some(most) => ScaleRule::up_to(u32::from(most.min(ColumnType::MAX_SCALE))),
            },
            joint: self.joint.contains(&name),
            nulls: self.options.null_rule(pin),
        });
        let result = state.add_nulls(rows_before, self.first_at.unwrap_or(1));
        self.columns.push(state);
        result.map_err(|bad| self.fail(self.columns.len() - 1, *bad))
    }

    fn columns_complete(&mut self) -> Result<(), DatasetError> {
        let pinned = self.options.pins.columns.iter().map(|pin| pin.name.as_str());
        for name in pinned.chain(self.required.iter().copied()) {
            if !self.columns.iter().any(|column| column.name == name) {
                let candidates = self.columns.iter().map(|column| column.name.as_str());
                let suggestion = closest(name, candidates).map(str::to_owned);
                return Err(DatasetError::new(&self.path, Fault::MissingColumn { suggestion }).in_column(name));
            }
        }
        Ok(())
    }

    #[inline]
    fn cell(&mut self, column: usize, at: u64, cell: Cell<'_>) -> Result<(), DatasetError> {
        match self.columns[column].observe(at, cell) {
            Ok(()) => Ok(()),
            Err(bad) => self.trouble(column, *bad),
        }
    }

    fn block<B: CellBlock>(&mut self, block: &B) -> Result<(), DatasetError> {
        let states = self.columns.par_iter_mut().enumerate();
        let observed: Vec<_> = states.map(|(column, state)| state.observe_all(column, block)).collect();
        let mut troubles = Vec::new();
        for (column, found) in observed.into_iter().enumerate() {
            troubles.extend(found?.map(|(row, bad)| (row, column, bad)));
        }
        if B::BY_ROW {
            troubles.sort_by_key(|&(row, column, _)| (row, column));
        }
        troubles.into_iter().try_for_each(|(_, column, bad)| self.trouble(column, *bad))
    }

    fn rows(&mut self, first_at: u64, rows: usize) -> Result<(), DatasetError> {
        if self.again {
            return Ok(());
        }
        self.first_at.get_or_insert(first_at);
        self.rows += rows as u64;
        if self.rows > u64::from(u32::MAX) {
            return Err(DatasetError::new(&self.path, Fault::TooManyRows));
        }
        Ok(())
    }

    fn note(&mut self, note: TableNote) {
        if !self.again {
            self.notes.push(note);
        }
    }
}

/// The candidate most like `name`, if any is like it.
fn closest<'n>(name: &str, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let likeness = |candidate: &str| strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase());
    let scored = candidates.map(|candidate| (likeness(candidate), candidate));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, candidate)| candidate)
}
