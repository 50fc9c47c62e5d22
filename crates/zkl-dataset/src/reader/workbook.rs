//! Sheets of workbooks, cell by cell, so that memory follows from what a sheet holds and not from where it says that it ends.
//!
//! Strings are strings, whatever they look like; numbers, truth values and dates are what the sheet says. The results of formulas are those that the program
//! which saved the workbook kept.

mod ods;
mod xlsx;

use std::{
    collections::HashSet,
    io::{BufReader, Cursor, Read, Seek},
    ops::RangeInclusive,
};

use calamine::{DataRef, ExcelDateTime};
use jiff::{SignedDuration, civil};
use zip::ZipArchive;
use zkl_core::{column::TimeUnit, layout::Layout, table_note::TableNote};

use self::{ods::OpenDocument, xlsx::Excel};
use super::{BATCH_ROWS, CellSink, Progressing, Table};
use crate::{
    cell::Cell,
    error::{DatasetError, Excerpt, Fault},
    format::Format,
    infer::FileType,
    number::Number,
    source::Contents,
    temporal,
};

/// Rows and columns of the largest sheet.
const MAX_ROWS: u32 = 1 << 20;
const MAX_COLUMNS: u32 = 1 << 14;
/// Most bytes of all files in the workbook, unpacked: a larger one is not taken for a table.
const MAX_BYTES: u64 = 16 << 30;
const MILLIS_PER_DAY: i64 = 86_400_000;
const NANOS_PER_MILLI: i64 = 1_000_000;

/// The format of an archive that is a workbook.
pub(crate) fn workbook_format(contents: Contents) -> Option<Format> {
    fn format(reader: impl Read + Seek) -> Option<Format> {
        const PARTS: [&str; 2] = ["[Content_Types].xml", "xl/workbook.xml"];
        let mut archive = ZipArchive::new(reader).ok()?;
        let names = archive.file_names().filter_map(Result::ok);
        if names.filter(|name| PARTS.contains(&name.as_ref())).count() == PARTS.len() {
            return Some(Format::Xlsx);
        }
        ods::is_spreadsheet(&mut archive).then_some(Format::Ods)
    }
    match contents {
        Contents::File(file) => format(BufReader::new(file)),
        Contents::Bytes(bytes) => format(Cursor::new(bytes)),
        Contents::Batches(_) => None,
    }
}

/// A workbook whose sheets can be read.
trait Workbook {
    type Cells<'a>: SheetCells<'a>
    where
        Self: 'a;

    /// The sheets, in their order.
    fn sheets(&mut self) -> Result<Vec<Sheet>, DatasetError>;

    /// The cells of the sheet of that name, from its start.
    fn cells<'a>(&'a mut self, sheet: &str) -> Result<Self::Cells<'a>, DatasetError>;
}

/// A sheet.
struct Sheet {
    name: String,
    is_visible: bool,
    /// Whether no cell holds something, where that is known.
    is_empty: Option<bool>,
}

/// The cells of a sheet that hold something: row by row, each from left to right.
trait SheetCells<'a> {
    /// Where the sheet says that its rows end.
    fn expected_rows(&self) -> Option<u64>;

    fn next(&mut self) -> Result<Option<Held<'a>>, DatasetError>;

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

/// A cell that holds something.
struct Held<'a> {
    /// From 0.
    row: u32,
    column: u32,
    value: DataRef<'a>,
}

/// Reads the sheet that the table is on.
pub(super) fn read<S: CellSink>(
    table: &Table,
    contents: Contents,
    sink: &mut S,
    progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    match contents {
        Contents::File(file) => read_from(table, BufReader::new(file), sink, progress),
        Contents::Bytes(bytes) => read_from(table, Cursor::new(bytes), sink, progress),
        Contents::Batches(_) => Err(table.error(Fault::Changed)),
    }
}

fn read_from<S: CellSink>(
    table: &Table,
    reader: impl Read + Seek,
    sink: &mut S,
    progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    match table.report.format {
        Format::Ods => read_book(table, &mut OpenDocument::open(table, reader)?, sink, progress),
        _ => read_book(table, &mut Excel::open(table, reader)?, sink, progress),
    }
}

fn read_book<S: CellSink>(
    table: &Table,
    book: &mut impl Workbook,
    sink: &mut S,
    mut progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    let sheet = sheet(table, book)?;
    let Extent { first_row, columns, timed } = Extent::of(table, book.cells(&sheet)?)?;
    let (first_column, width) = (*columns.start(), columns.clone().count());
    if first_row > 0 {
        sink.note(TableNote::new(TableNote::LINES_SKIPPED).counting(first_row.into()));
    }
    let mut cells = book.cells(&sheet)?;
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
    progress.expected_rows = cells.expected_rows().map(|rows| rows.saturating_sub(u64::from(first_row)));
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
    fn of<'a>(table: &Table, mut cells: impl SheetCells<'a>) -> Result<Self, DatasetError> {
        let Some(begin) = cells.after(table.csv.skip_lines)? else { return Err(table.error(Fault::Empty)) };
        let mut extent = Self { first_row: begin.row, columns: begin.column..=begin.column, timed: HashSet::new() };
        let mut next = Some(begin);
        while let Some(cell) = next {
            let (first, last) = (*extent.columns.start(), *extent.columns.end());
            extent.columns = first.min(cell.column)..=last.max(cell.column);
            if extent.columns.clone().count() > Layout::MAX_RECORDS {
                return Err(table.error(Fault::TooManyColumns { limit: Layout::MAX_RECORDS }));
            }
            if matches!(cell.moment(), Some(Some((_, 1..)))) {
                extent.timed.insert(cell.column);
            }
            next = cells.next()?;
        }
        Ok(extent)
    }
}

/// The sheet that is asked for, or the only one with cells that people see.
fn sheet(table: &Table, book: &mut impl Workbook) -> Result<String, DatasetError> {
    let sheets = book.sheets()?;
    let names =
        |of: &mut dyn Iterator<Item = &str>| of.map(Excerpt::new).map(|name| name.to_string()).collect::<Vec<_>>();
    if let Some(wanted) = &table.sheet {
        return match sheets.iter().find(|sheet| sheet.name == *wanted) {
            Some(sheet) => Ok(sheet.name.clone()),
            None => Err(table.error(Fault::NoSheet { sheets: names(&mut sheets.iter().map(|sheet| &*sheet.name)) })),
        };
    }
    let mut filled = Vec::new();
    for Sheet { name, is_empty, .. } in sheets.into_iter().filter(|sheet| sheet.is_visible) {
        let is_empty = match is_empty {
            Some(is_empty) => is_empty,
            None => book.cells(&name)?.next()?.is_none(),
        };
        if !is_empty {
            filled.push(name);
        }
    }
    match filled.as_slice() {
        [] => Err(table.error(Fault::Empty)),
        [only] => Ok(only.clone()),
        several => Err(table.error(Fault::SeveralSheets { sheets: names(&mut several.iter().map(String::as_str)) })),
    }
}

impl Held<'_> {
    /// Days since 1970 and nanoseconds of the day of a date; the inner `None` for a date that there is not.
    fn moment(&self) -> Option<Option<(i64, i64)>> {
        match &self.value {
            DataRef::DateTime(value) if is_clock(value) => None,
            DataRef::DateTime(value) => Some(moment(value)),
            // Times of day have no hyphen.
            DataRef::DateTimeIso(text) if text.contains('-') => Some(iso_moment(text)),
            _ => None,
        }
    }

    /// The value; times of day and durations are text, written to `scratch`.
    fn cell<'s>(
        &'s self,
        table: &Table,
        timed: &HashSet<u32>,
        scratch: &'s mut String,
    ) -> Result<Cell<'s>, DatasetError> {
        if let Some(moment) = self.moment() {
            let cell = moment.and_then(|(days, nanos)| match nanos {
                0 if !timed.contains(&self.column) => Some(Cell::Date(days)),
                _ => time(days, nanos),
            });
            return cell.ok_or_else(|| {
                let fault = Fault::Unsupported { data_type: "a date that there is not".to_owned() };
                table.error(fault).at_row(u64::from(self.row) + 1)
            });
        }
        Ok(match &self.value {
            DataRef::Int(value) => Cell::Number(Number { mantissa: (*value).into(), scale: 0 }),
            DataRef::Float(value) => Cell::Float(*value),
            DataRef::DurationIso(text) => match text.parse::<SignedDuration>() {
                Ok(duration) => {
                    *scratch = clock(duration.as_millis());
                    Cell::String(scratch)
                }
                Err(_) => Cell::String(text),
            },
            DataRef::String(text) | DataRef::DateTimeIso(text) => Cell::String(text),
            DataRef::SharedString(text) => Cell::String(text),
            DataRef::Bool(value) => Cell::Bool(*value),
            DataRef::DateTime(value) => {
                *scratch = clock((value.as_f64() * MILLIS_PER_DAY as f64).round() as i128);
                Cell::String(scratch)
            }
            DataRef::Error(_) | DataRef::Empty => Cell::Null,
        })
    }
}

/// Whether a time is one of no day.
fn is_clock(value: &ExcelDateTime) -> bool {
    value.is_duration() || (0.0..1.0).contains(&value.as_f64())
}

/// A time in milliseconds, or in nanoseconds where those do not tell it.
fn time(days: i64, nanos: i64) -> Option<Cell<'static>> {
    let (unit, per_day, of_day) = match nanos % NANOS_PER_MILLI {
        0 => (TimeUnit::Millisecond, MILLIS_PER_DAY, nanos / NANOS_PER_MILLI),
        _ => (TimeUnit::Nanosecond, MILLIS_PER_DAY * NANOS_PER_MILLI, nanos),
    };
    let value = days.checked_mul(per_day)?.checked_add(of_day)?;
    Some(Cell::Time { value, unit, offset: false })
}

/// Days since 1970 and nanoseconds of the day of a date as ISO 8601 writes it.
fn iso_moment(text: &str) -> Option<(i64, i64)> {
    if let Some(days) = temporal::parse_date(text) {
        return Some((days, 0));
    }
    const PER_DAY: i128 = (MILLIS_PER_DAY * NANOS_PER_MILLI) as i128;
    let moment = temporal::parse_moment(text).filter(|moment| !moment.offset)?;
    let (days, nanos) = (moment.nanos.div_euclid(PER_DAY), moment.nanos.rem_euclid(PER_DAY));
    Some((i64::try_from(days).ok()?, i64::try_from(nanos).ok()?))
}

/// Days since 1970 and nanoseconds of the day; `None` for what is no date: before the first one, after the year 9999, or the 29th of February 1900.
fn moment(value: &ExcelDateTime) -> Option<(i64, i64)> {
    if !value.is_datetime() || !(1.0..2_958_466.0).contains(&value.as_f64()) {
        return None;
    }
    let (year, month, day, hour, minute, second, milli) = value.to_ymd_hms_milli();
    let date = civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let days = (date - civil::Date::constant(1970, 1, 1)).get_days();
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    Some((days.into(), (seconds * 1000 + i64::from(milli)) * NANOS_PER_MILLI))
}

/// `07:30:00`, `36:00:00`, `-00:00:01.500`.
fn clock(millis: i128) -> String {
    let (sign, millis) = (if millis < 0 { "-" } else { "" }, millis.unsigned_abs());
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let fraction = if rest > 0 { format!(".{rest:03}") } else { String::new() };
    format!("{sign}{:02}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
