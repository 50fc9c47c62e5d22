//! Excel workbooks (xlsx, xlsm), through calamine, whose reader of cells keeps no sheet in memory.

use std::io::{Read, Seek};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxCellReader, XlsxError};
use zip::ZipArchive;

use super::{Held, MAX_BYTES, MAX_COLUMNS, MAX_ROWS, Sheet, SheetCells, Workbook};
use crate::{
    error::{DatasetError, Fault},
    reader::{Table, contained},
};

const WHAT: &str = "Excel";
/// Where the number of shared strings is told.
const HEAD_BYTES: u64 = 4096;

/// A workbook.
pub(super) struct Excel<'t, R: Read + Seek> {
    table: &'t Table,
    book: Xlsx<R>,
}

impl<'t, R: Read + Seek> Excel<'t, R> {
    pub(super) fn open(table: &'t Table, mut reader: R) -> Result<Self, DatasetError> {
        check_sizes(table, &mut reader)?;
        let book = contained(table, WHAT, || Xlsx::new(reader))?.map_err(|error| failed(table, error))?;
        Ok(Self { table, book })
    }
}

impl<R: Read + Seek> Workbook for Excel<'_, R> {
    type Cells<'a>
        = Cells<'a, R>
    where
        Self: 'a;

    fn sheets(&mut self) -> Result<Vec<Sheet>, DatasetError> {
        let sheets = self.book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        let sheet = |sheet: &calamine::Sheet| {
            let is_visible = sheet.visible == SheetVisible::Visible;
            Sheet { name: sheet.name.clone(), is_visible, is_empty: None }
        };
        Ok(sheets.map(sheet).collect())
    }

    fn cells<'a>(&'a mut self, sheet: &str) -> Result<Cells<'a, R>, DatasetError> {
        let (table, book) = (self.table, &mut self.book);
        let reader =
            contained(table, WHAT, || book.worksheet_cells_reader(sheet))?.map_err(|error| failed(table, error))?;
        Ok(Cells { table, reader, last: None })
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

/// The cells of a sheet.
pub(super) struct Cells<'a, R: Read + Seek> {
    table: &'a Table,
    reader: XlsxCellReader<'a, R>,
    last: Option<(u32, u32)>,
}

impl<'a, R: Read + Seek> SheetCells<'a> for Cells<'a, R> {
    fn expected_rows(&self) -> Option<u64> {
        Some(u64::from(self.reader.dimensions().end.0) + 1)
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
}

fn failed(table: &Table, error: XlsxError) -> DatasetError {
    match error {
        XlsxError::Io(error) => DatasetError::io(&table.path, error),
        error => table.error(Fault::Corrupt { what: WHAT, source: Box::new(error) }),
    }
}
