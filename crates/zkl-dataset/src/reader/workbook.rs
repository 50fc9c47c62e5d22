//! Excel workbooks (xlsx, xlsm), cell by cell, so that memory follows from what a sheet holds and not from where it says that it ends.
//!
//! Strings are strings, whatever they look like; numbers, truth values and dates are what the sheet says. The results of formulas are those that the program
//! which saved the workbook kept.

use std::{
    collections::HashSet,
    io::{Cursor, Read, Seek},
    ops::RangeInclusive,
};

use calamine::{DataRef, ExcelDateTime, Reader as _, SheetType, SheetVisible, Xlsx, XlsxCellReader, XlsxError};
use jiff::civil;
use zip::ZipArchive;
use zkl_core::{column::TimeUnit, layout::Layout, table_note::TableNote};

use super::{BATCH_ROWS, CellSink, Progressing, Table, contained};
use crate::{
    cell::Cell,
    error::{DatasetError, Excerpt, Fault},
    infer::FileType,
    number::Number,
    source::Contents,
};

const WHAT: &str = "Excel";
/// Rows and columns of the largest sheet.
const MAX_ROWS: u32 = 1 << 20;
const MAX_COLUMNS: u32 = 1 << 14;
/// Most bytes of all files in the workbook, unpacked: a larger one is not taken for a table.
const MAX_BYTES: u64 = 16 << 30;
/// Where the number of shared strings is told.
const HEAD_BYTES: u64 = 4096;
const MILLIS_PER_DAY: i64 = 86_400_000;

/// Whether an archive is a workbook.
pub(crate) fn is_workbook(contents: Contents) -> bool {
    fn has_workbook(reader: impl Read + Seek) -> bool {
        const PARTS: [&str; 2] = ["[Content_Types].xml", "xl/workbook.xml"];
        let Ok(archive) = ZipArchive::new(reader) else { return false };
        let names = archive.file_names().filter_map(Result::ok);
        names.filter(|name| PARTS.contains(&name.as_ref())).count() == PARTS.len()
    }
    match contents {
        Contents::File(file) => has_workbook(file),
        Contents::Bytes(bytes) => has_workbook(Cursor::new(bytes)),
        Contents::Batches(_) => false,
    }
}

/// Reads the sheet that the table is on.
pub(super) fn read<S: CellSink>(
    table: &Table,
    contents: Contents,
    sink: &mut S,
    progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    match contents {
        Contents::File(file) => read_from(table, std::io::BufReader::new(file), sink, progress),
        Contents::Bytes(bytes) => read_from(table, Cursor::new(bytes), sink, progress),
        Contents::Batches(_) => Err(table.error(Fault::Changed)),
    }
}

fn read_from<S: CellSink>(
    table: &Table,
    mut reader: impl Read + Seek,
    sink: &mut S,
    mut progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    check_sizes(table, &mut reader)?;
    let fail = |error| failed(table, error);
    let mut book = contained(table, WHAT, || Xlsx::new(reader))?.map_err(fail)?;
    let sheet = sheet(table, &mut book)?;
    let Extent { first_row, columns, timed } = Extent::of(Cells::new(table, &mut book, &sheet)?, table.csv.skip_lines)?;
    let (first_column, width) = (*columns.start(), columns.clone().count());
    if width > Layout::MAX_RECORDS {
        return Err(table.error(Fault::TooManyColumns { limit: Layout::MAX_RECORDS }));
    }
    if first_row > 0 {
        sink.note(TableNote::new(TableNote::LINES_SKIPPED).counting(first_row.into()));
    }
    let mut cells = Cells::new(table, &mut book, &sheet)?;
    let mut scratch = String::new();
    let mut next = cells.after(table.csv.skip_lines)?;
    let mut head: Vec<String> = vec![String::new(); width];
    let mut pending = Vec::new();
    while let Some(cell) = next.take_if(|cell| cell.row == first_row) {
        let mut text = String::new();
        let name = cell.cell(table, &timed, &mut scratch)?.text(&mut text);
        if let Some(place) = head.get_mut(cell.column.abs_diff(first_column) as usize) {
            name.clone_into(place);
        }
        pending.push(cell);
        next = cells.next()?;
    }
    let mut row = first_row;
    if table.csv.has_header {
        if pending.iter().all(|cell| !matches!(cell.value, DataRef::String(_) | DataRef::SharedString(_))) {
            sink.note(TableNote::new(TableNote::NAMES_LIKE_VALUES));
        }
        pending.clear();
        row += 1;
    } else {
        head = (1..=width).map(|position| format!("column_{position}")).collect();
    }
    let names = table.name_columns(head, sink).map_err(|error| error.at_row(u64::from(first_row) + 1))?;
    for name in &names {
        sink.column(name, FileType::Unknown, 0)?;
    }
    sink.columns_complete()?;
    progress.expected_rows = Some(cells.expected_rows.saturating_sub(u64::from(first_row)));
    let (mut batch, mut errors, mut empty) = (0, 0, false);
    let mut batch_at = u64::from(row) + 1;
    // Rows after the last cell are none.
    while !pending.is_empty() || next.is_some() {
        while let Some(cell) = next.take_if(|cell| cell.row == row) {
            pending.push(cell);
            next = cells.next()?;
        }
        let at = u64::from(row) + 1;
        empty |= pending.is_empty();
        let mut own = pending.drain(..).peekable();
        for (column, place) in columns.clone().enumerate() {
            let Some(cell) = own.next_if(|cell| cell.column == place) else {
                sink.cell(column, at, Cell::Null)?;
                continue;
            };
            errors += u64::from(matches!(cell.value, DataRef::Error(_)));
            let value = cell.cell(table, &timed, &mut scratch).map_err(|error| match names.get(column) {
                Some(name) => error.in_column(name),
                None => error,
            })?;
            sink.cell(column, at, value)?;
        }
        drop(own);
        row += 1;
        batch += 1;
        if batch == BATCH_ROWS {
            sink.rows(batch_at, batch)?;
            progress.rows(batch)?;
            (batch, batch_at) = (0, u64::from(row) + 1);
        }
    }
    if batch > 0 {
        sink.rows(batch_at, batch)?;
        progress.rows(batch)?;
    }
    if empty {
        sink.note(TableNote::new(TableNote::EMPTY_LINE_ROWS));
    }
    if errors > 0 {
        sink.note(TableNote::new(TableNote::ERROR_CELLS).counting(errors));
    }
    Ok(())
}

/// Where the table is on its sheet.
struct Extent {
    first_row: u32,
    columns: RangeInclusive<u32>,
    /// Columns of dates of which one has a time of day: all of them are times.
    timed: HashSet<u32>,
}

impl Extent {
    /// From the first row with a cell on, and from the first column to the last.
    fn of<R: Read + Seek>(mut cells: Cells<'_, R>, skipped: u64) -> Result<Self, DatasetError> {
        let Some(begin) = cells.after(skipped)? else { return Err(cells.table.error(Fault::Empty)) };
        let mut extent = Self { first_row: begin.row, columns: begin.column..=begin.column, timed: HashSet::new() };
        let mut next = Some(begin);
        while let Some(cell) = next {
            let (first, last) = (*extent.columns.start(), *extent.columns.end());
            extent.columns = first.min(cell.column)..=last.max(cell.column);
            if let DataRef::DateTime(value) = cell.value
                && matches!(moment(&value), Some((_, 1..)))
            {
                extent.timed.insert(cell.column);
            }
            next = cells.next()?;
        }
        Ok(extent)
    }
}

/// The sheet that is asked for, or the only one with cells that people see.
fn sheet<R: Read + Seek>(table: &Table, book: &mut Xlsx<R>) -> Result<String, DatasetError> {
    let sheets: Vec<_> =
        book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).cloned().collect();
    let names =
        |of: &mut dyn Iterator<Item = &str>| of.map(Excerpt::new).map(|name| name.to_string()).collect::<Vec<_>>();
    if let Some(wanted) = &table.sheet {
        return match sheets.iter().find(|sheet| sheet.name == *wanted) {
            Some(sheet) => Ok(sheet.name.clone()),
            None => Err(table.error(Fault::NoSheet { sheets: names(&mut sheets.iter().map(|sheet| &*sheet.name)) })),
        };
    }
    let mut filled = Vec::new();
    for sheet in sheets.iter().filter(|sheet| sheet.visible == SheetVisible::Visible) {
        if Cells::new(table, book, &sheet.name)?.next()?.is_some() {
            filled.push(sheet.name.clone());
        }
    }
    match filled.as_slice() {
        [] => Err(table.error(Fault::Empty)),
        [only] => Ok(only.clone()),
        several => Err(table.error(Fault::SeveralSheets { sheets: names(&mut several.iter().map(String::as_str)) })),
    }
}

/// Refuses what would be unpacked to far more than any table has, and a list of strings that says it is longer than its file: room for it would be made.
fn check_sizes(table: &Table, reader: &mut (impl Read + Seek)) -> Result<(), DatasetError> {
    let corrupt = |text: &'static str| table.error(Fault::Corrupt { what: WHAT, source: text.into() });
    let zip = |error| table.error(Fault::Corrupt { what: WHAT, source: Box::new(error) });
    let mut archive = ZipArchive::new(&mut *reader).map_err(zip)?;
    let mut bytes = 0u64;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(zip)?;
        bytes = bytes.saturating_add(file.size());
        if file.name().map_err(zip)?.to_ascii_lowercase().ends_with("sharedstrings.xml") {
            let (size, mut head) = (file.size(), Vec::new());
            file.take(HEAD_BYTES).read_to_end(&mut head).map_err(|error| DatasetError::io(&table.path, error))?;
            if string_count(&String::from_utf8_lossy(&head)).is_some_and(|count| count > size) {
                return Err(corrupt("more strings are announced than the file has bytes"));
            }
        }
    }
    if bytes > MAX_BYTES {
        return Err(corrupt("the workbook is larger than 16 GiB when it is unpacked"));
    }
    Ok(())
}

/// What a list of strings says of its length; more than any list has where that is no number.
fn string_count(head: &str) -> Option<u64> {
    let (_, rest) = head.split_once("uniqueCount")?;
    let text = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '"' | '\''));
    let digits = text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    Some(digits.parse().unwrap_or(u64::MAX))
}

/// The cells of a sheet that hold something, row by row.
struct Cells<'a, R: Read + Seek> {
    table: &'a Table,
    reader: XlsxCellReader<'a, R>,
    last: Option<(u32, u32)>,
    expected_rows: u64,
}

/// A cell that holds something.
struct Held<'a> {
    /// From 0.
    row: u32,
    column: u32,
    value: DataRef<'a>,
}

impl<'a, R: Read + Seek> Cells<'a, R> {
    fn new(table: &'a Table, book: &'a mut Xlsx<R>, sheet: &str) -> Result<Self, DatasetError> {
        let reader =
            contained(table, WHAT, || book.worksheet_cells_reader(sheet))?.map_err(|error| failed(table, error))?;
        let expected_rows = u64::from(reader.dimensions().end.0) + 1;
        Ok(Self { table, reader, last: None, expected_rows })
    }

    fn next(&mut self) -> Result<Option<Held<'a>>, DatasetError> {
        let table = self.table;
        loop {
            let reader = &mut self.reader;
            let found = contained(table, WHAT, || reader.next_cell_with_formula_metadata())?;
            let Some(cell) = found.map_err(|error| failed(table, error))? else { return Ok(None) };
            let (row, column) = cell.pos;
            // A cell that comes back would be in a row that has been read.
            if self.last.is_some_and(|last| last >= cell.pos) || row >= MAX_ROWS || column >= MAX_COLUMNS {
                let source = "a cell is out of order, or outside of the largest sheet".into();
                return Err(table.error(Fault::Corrupt { what: WHAT, source }).at_row(u64::from(row) + 1));
            }
            self.last = Some(cell.pos);
            match cell.value {
                DataRef::Empty if cell.formula.is_some() => {
                    return Err(table.error(Fault::NoResult).at_row(u64::from(row) + 1));
                }
                DataRef::Empty => {}
                DataRef::String(ref text) if text.is_empty() => {}
                DataRef::SharedString("") => {}
                value => return Ok(Some(Held { row, column, value })),
            }
        }
    }

    /// The first cell after so many rows.
    fn after(&mut self, rows: u64) -> Result<Option<Held<'a>>, DatasetError> {
        loop {
            match self.next()? {
                Some(cell) if u64::from(cell.row) < rows => {}
                found => return Ok(found),
            }
        }
    }
}

impl Held<'_> {
    /// The value; times of day and durations are text, written to `scratch`.
    fn cell<'s>(
        &'s self,
        table: &Table,
        timed: &HashSet<u32>,
        scratch: &'s mut String,
    ) -> Result<Cell<'s>, DatasetError> {
        Ok(match &self.value {
            DataRef::Int(value) => Cell::Number(Number { mantissa: (*value).into(), scale: 0 }),
            DataRef::Float(value) => Cell::Float(*value),
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::String(text),
            DataRef::SharedString(text) => Cell::String(text),
            DataRef::Bool(value) => Cell::Bool(*value),
            DataRef::DateTime(value) if value.is_duration() || (0.0..1.0).contains(&value.as_f64()) => {
                *scratch = clock(value.as_f64());
                Cell::String(scratch)
            }
            DataRef::DateTime(value) => match moment(value) {
                Some((days, 0)) if !timed.contains(&self.column) => Cell::Date(days),
                Some((days, millis)) => {
                    let value = days * MILLIS_PER_DAY + millis;
                    Cell::Time { value, unit: TimeUnit::Millisecond, offset: false }
                }
                None => {
                    let fault = Fault::Unsupported { data_type: "a date that there is not".to_owned() };
                    return Err(table.error(fault).at_row(u64::from(self.row) + 1));
                }
            },
            DataRef::Error(_) | DataRef::Empty => Cell::Null,
        })
    }
}

/// Days since 1970 and milliseconds of the day; `None` for what is no date: before the first one, after the year 9999, or the 29th of February 1900.
fn moment(value: &ExcelDateTime) -> Option<(i64, i64)> {
    if !value.is_datetime() || !(1.0..2_958_466.0).contains(&value.as_f64()) {
        return None;
    }
    let (year, month, day, hour, minute, second, milli) = value.to_ymd_hms_milli();
    let date = civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let days = (date - civil::Date::constant(1970, 1, 1)).get_days();
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    Some((days.into(), seconds * 1000 + i64::from(milli)))
}

/// `07:30:00`, `36:00:00`, `-00:00:01.500`.
fn clock(days: f64) -> String {
    let millis = (days * MILLIS_PER_DAY as f64).round() as i64;
    let (sign, millis) = (if millis < 0 { "-" } else { "" }, millis.unsigned_abs());
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let fraction = if rest > 0 { format!(".{rest:03}") } else { String::new() };
    format!("{sign}{:02}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn failed(table: &Table, error: XlsxError) -> DatasetError {
    match error {
        XlsxError::Io(error) => DatasetError::io(&table.path, error),
        error => table.error(Fault::Corrupt { what: WHAT, source: Box::new(error) }),
    }
}
