//! OpenDocument spreadsheets (ods), read as their XML comes.
//!
//! calamine reads them too, but holds all sheets with every repeated cell in memory, passes over what is repeated beyond its limits, and takes cells with
//! an error for text.

mod xml;

use std::{
    collections::HashSet,
    io::{Read, Seek},
};

use calamine::{CellErrorType, DataRef};
use zip::ZipArchive;

use self::xml::{Attributes, Node, Space, Tag, Xml};
use super::{Held, MAX_BYTES, MAX_COLUMNS, MAX_ROWS, Sheet, SheetCells, Workbook};
use crate::{
    error::{DatasetError, Fault},
    format::NoTable,
    reader::Table,
};

const WHAT: &str = "OpenDocument";
const MIME_TYPE: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";
const CONTENT: &str = "content.xml";
/// Most bytes of the list of files that are looked at.
const MANIFEST_BYTES: u64 = 1 << 20;
/// Most cells of a sheet, each repeated one counted.
const MAX_CELLS: u64 = 1 << 27;

/// Whether an archive says that it is a spreadsheet.
pub(super) fn is_spreadsheet<R: Read + Seek>(archive: &mut ZipArchive<R>) -> bool {
    let mut found = Vec::new();
    let read = archive.by_name("mimetype").ok().map(|file| file.take(64).read_to_end(&mut found));
    matches!(read, Some(Ok(_))) && found.trim_ascii_end() == MIME_TYPE
}

/// What is wrong with a spreadsheet.
#[derive(Debug, thiserror::Error)]
enum Invalid {
    #[error("the spreadsheet is larger than 16 GiB when it is unpacked, its texts as often as they are repeated")]
    TooLarge,
    #[error("a cell is outside of the largest sheet")]
    Outside,
    #[error("the sheet has more than {} cells, those that are repeated counted", MAX_CELLS)]
    TooManyCells,
    #[error("a sheet has no name, or the name of another")]
    Name,
    #[error("a sheet stands in another")]
    Nested,
    #[error("a cell does not have the value that its type tells")]
    Value,
    #[error("the document ends in a sheet")]
    End,
}

impl Invalid {
    fn of(self, table: &Table) -> DatasetError {
        table.error(Fault::Corrupt { what: WHAT, source: Box::new(self) })
    }
}

/// A spreadsheet.
pub(super) struct OpenDocument<'t, R> {
    table: &'t Table,
    archive: ZipArchive<R>,
}

impl<'t, R: Read + Seek> OpenDocument<'t, R> {
    pub(super) fn open(table: &'t Table, reader: R) -> Result<Self, DatasetError> {
        let zip = |error| table.error(Fault::Corrupt { what: WHAT, source: Box::new(error) });
        let mut archive = ZipArchive::new(reader).map_err(zip)?;
        if let Ok(file) = archive.by_name("META-INF/manifest.xml") {
            let mut manifest = Vec::new();
            file.take(MANIFEST_BYTES)
                .read_to_end(&mut manifest)
                .map_err(|error| DatasetError::io(&table.path, error))?;
            if String::from_utf8_lossy(&manifest).contains("encryption-data") {
                return Err(table.error(Fault::NoTable { found: NoTable::LockedWorkbook }));
            }
        }
        Ok(Self { table, archive })
    }

    fn content(&mut self) -> Result<Content<'_, R>, DatasetError> {
        let table = self.table;
        let file = self.archive.by_name(CONTENT);
        let file = file.map_err(|error| table.error(Fault::Corrupt { what: WHAT, source: Box::new(error) }))?;
        if file.size() > MAX_BYTES {
            return Err(Invalid::TooLarge.of(table));
        }
        Ok(Content { table, xml: Xml::new(table, file), spreadsheet: None, hidden: HashSet::new(), style: None })
    }
}

impl<R: Read + Seek> Workbook for OpenDocument<'_, R> {
    type Cells<'a>
        = Cells<'a, R>
    where
        Self: 'a;

    fn sheets(&mut self) -> Result<Vec<Sheet>, DatasetError> {
        let table = self.table;
        let mut content = self.content()?;
        let (mut sheets, mut names) = (Vec::new(), HashSet::new());
        while let Some((name, is_visible)) = content.next_sheet()? {
            if !names.insert(name.clone()) {
                return Err(Invalid::Name.of(table));
            }
            let mut cells = Cells::new(content);
            let is_empty = !cells.read_filled_row()?;
            content = cells.content;
            // The end has been passed where nothing was found.
            if !is_empty {
                content.xml.leave(cells.depth)?;
            }
            sheets.push(Sheet { name, is_visible, is_empty: Some(is_empty) });
        }
        Ok(sheets)
    }

    fn cells<'a>(&'a mut self, sheet: &str) -> Result<Cells<'a, R>, DatasetError> {
        let table = self.table;
        let mut content = self.content()?;
        while let Some((name, _)) = content.next_sheet()? {
            if name == sheet {
                return Ok(Cells::new(content));
            }
            let depth = content.xml.depth();
            content.xml.leave(depth)?;
        }
        Err(table.error(Fault::Changed))
    }
}

/// The document.
struct Content<'a, R: Read> {
    table: &'a Table,
    xml: Xml<'a, R>,
    /// Elements around the sheets, once they are open.
    spreadsheet: Option<usize>,
    /// Styles of sheets that nobody sees.
    hidden: HashSet<String>,
    style: Option<String>,
}

impl<R: Read> Content<'_, R> {
    /// Goes on to the start of the next sheet: its name, and whether people see it. `None` at the end of the document, whose checksum has been compared then.
    fn next_sheet(&mut self) -> Result<Option<(String, bool)>, DatasetError> {
        loop {
            match self.xml.next()? {
                Node::End => return Ok(None),
                Node::Start(Tag::Spreadsheet, _) => self.spreadsheet = Some(self.xml.depth()),
                Node::Start(Tag::Style, attributes) => self.style = attributes.take(Space::Style, "name"),
                Node::Start(Tag::TableProperties, attributes)
                    if attributes.value(Space::Table, "display") == Some("false") =>
                {
                    self.hidden.extend(self.style.take());
                }
                // Links to other documents hold sheets as well, deeper in.
                Node::Start(Tag::Table, attributes)
                    if self.spreadsheet.is_some_and(|at| self.xml.depth() == at + 1) =>
                {
                    let is_visible =
                        attributes.value(Space::Table, "style-name").is_none_or(|style| !self.hidden.contains(style));
                    let name = attributes.take(Space::Table, "name").ok_or_else(|| Invalid::Name.of(self.table))?;
                    return Ok(Some((name, is_visible)));
                }
                _ => {}
            }
        }
    }
}

/// The cells of a sheet.
pub(super) struct Cells<'a, R: Read> {
    content: Content<'a, R>,
    /// Elements that are open in the sheet, itself counted.
    depth: usize,
    is_over: bool,
    /// The row, from 0, what it holds, and how many like it follow.
    row: u32,
    runs: Vec<Run>,
    repeats: u32,
    /// Where in the row the next cell is: the run, and how many cells of it were there before.
    at: (usize, u32),
    /// Row of the sheet that is read next.
    next_row: u32,
    /// Cells of all rows so far, and bytes of their texts.
    cells: u64,
    bytes: u64,
}

/// Cells of one value beside each other.
struct Run {
    column: u32,
    count: u32,
    /// `None` for a formula without a result.
    value: Option<DataRef<'static>>,
}

impl<'a, R: Read> Cells<'a, R> {
    fn new(content: Content<'a, R>) -> Self {
        let depth = content.xml.depth();
        let (runs, at) = (Vec::new(), (0, 0));
        Self { content, depth, is_over: false, row: 0, runs, repeats: 0, at, next_row: 0, cells: 0, bytes: 0 }
    }

    /// Reads a row, perhaps one without cells; `false` at the end of the sheet, and of the document then.
    fn read_row(&mut self) -> Result<bool, DatasetError> {
        let table = self.content.table;
        loop {
            match self.content.xml.next()? {
                Node::Start(Tag::Row, attributes) => {
                    let count = count(table, &attributes, "number-rows-repeated")?;
                    (self.row, self.repeats) = (self.next_row, count - 1);
                    self.next_row = self.next_row.saturating_add(count);
                    self.read_cells()?;
                    self.at = (0, 0);
                    self.check_row(count).map_err(|error| error.at_row(u64::from(self.row) + 1))?;
                    return Ok(true);
                }
                Node::Start(Tag::Rows, _) => {}
                Node::Start(Tag::Table, _) => return Err(Invalid::Nested.of(table)),
                // Columns, shapes, forms.
                Node::Start(..) => self.content.xml.leave_this()?,
                Node::Close if self.content.xml.depth() < self.depth => return Ok(false),
                Node::Close | Node::Text(_) => {}
                Node::End => return Err(Invalid::End.of(table)),
            }
        }
    }

    /// Goes on to the first row that holds something; `false` when there is none.
    fn read_filled_row(&mut self) -> Result<bool, DatasetError> {
        while self.read_row()? {
            if !self.runs.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Counts what has been read, which is there so many times.
    fn check_row(&mut self, count: u32) -> Result<(), DatasetError> {
        let table = self.content.table;
        let (mut cells, mut bytes) = (0u64, 0u64);
        for run in &self.runs {
            cells += u64::from(run.count);
            if let Some(DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text)) = &run.value {
                bytes = bytes.saturating_add(u64::from(run.count) * text.len() as u64);
            }
        }
        if bytes > table.max_row() as u64 {
            return Err(table.error(Fault::RowTooLarge { limit: table.max_row() }));
        }
        self.cells = self.cells.saturating_add(cells.saturating_mul(count.into()));
        self.bytes = self.bytes.saturating_add(bytes.saturating_mul(count.into()));
        if cells > 0 && self.next_row > MAX_ROWS {
            return Err(Invalid::Outside.of(table));
        }
        match self.bytes > MAX_BYTES {
            true => Err(Invalid::TooLarge.of(table)),
            false if self.cells > MAX_CELLS => Err(Invalid::TooManyCells.of(table)),
            false => Ok(()),
        }
    }

    fn read_cells(&mut self) -> Result<(), DatasetError> {
        let table = self.content.table;
        let depth = self.content.xml.depth();
        self.runs.clear();
        let mut column = 0u32;
        let at_row = |error: DatasetError, row: u32| error.at_row(u64::from(row) + 1);
        loop {
            match self.content.xml.next()? {
                Node::Start(Tag::Cell, attributes) => {
                    let count = count(table, &attributes, "number-columns-repeated")?;
                    let text = self.text().map_err(|error| at_row(error, self.row))?;
                    let value = value(attributes, text).map_err(|error| at_row(error.of(table), self.row))?;
                    if value != Some(DataRef::Empty) {
                        if column.saturating_add(count) > MAX_COLUMNS {
                            return Err(at_row(Invalid::Outside.of(table), self.row));
                        }
                        self.runs.push(Run { column, count, value });
                    }
                    column = column.saturating_add(count);
                }
                Node::Start(..) => self.content.xml.leave_this()?,
                Node::Close if self.content.xml.depth() < depth => return Ok(()),
                Node::Close | Node::Text(_) => {}
                Node::End => return Err(Invalid::End.of(table)),
            }
        }
    }

    /// The paragraphs of the cell that is open, which is closed then: blanks that follow each other are one, unless they are said to be more.
    fn text(&mut self) -> Result<String, DatasetError> {
        let table = self.content.table;
        let xml = &mut self.content.xml;
        let depth = xml.depth();
        let (mut text, mut paragraphs) = (String::new(), 0);
        // Where a paragraph is open, the element in which it began.
        let mut open = None;
        let mut blank = true;
        loop {
            match xml.next()? {
                Node::Start(Tag::Paragraph, _) if open.is_none() => {
                    if paragraphs > 0 {
                        text.push('\n');
                    }
                    paragraphs += 1;
                    (open, blank) = (Some(xml.depth()), true);
                }
                Node::Start(Tag::Aside, _) => xml.leave_this()?,
                Node::Start(Tag::Table, _) => return Err(Invalid::Nested.of(table)),
                Node::Start(Tag::Blanks, attributes) => {
                    let count = match attributes.value(Space::Text, "c") {
                        Some(count) => count.parse::<usize>().map_err(|_| Invalid::Value.of(table))?,
                        None => 1,
                    };
                    if count > table.max_cell {
                        return Err(table.error(Fault::CellTooLarge { limit: table.max_cell }));
                    }
                    text.extend(std::iter::repeat_n(' ', count));
                    blank = false;
                }
                Node::Start(Tag::Tab, _) => {
                    text.push('\t');
                    blank = false;
                }
                Node::Start(Tag::Break, _) => {
                    text.push('\n');
                    blank = false;
                }
                Node::Start(..) => {}
                Node::Text(part) if open.is_some() => {
                    for c in part.chars() {
                        let is_blank = matches!(c, ' ' | '\t' | '\r' | '\n');
                        if !(is_blank && blank) {
                            text.push(if is_blank { ' ' } else { c });
                        }
                        blank = is_blank;
                    }
                }
                Node::Text(_) => {}
                Node::Close if xml.depth() < depth => return Ok(text),
                Node::Close if open.is_some_and(|open| xml.depth() < open) => open = None,
                Node::Close => {}
                Node::End => return Err(Invalid::End.of(table)),
            }
            if text.len() > table.max_cell {
                return Err(table.error(Fault::CellTooLarge { limit: table.max_cell }));
            }
        }
    }
}

impl<'a, R: Read> SheetCells<'a> for Cells<'a, R> {
    fn expected_rows(&self) -> Option<u64> {
        None
    }

    fn next(&mut self) -> Result<Option<Held<'a>>, DatasetError> {
        while !self.is_over {
            let (run, before) = self.at;
            match self.runs.get(run) {
                Some(Run { count, .. }) if before == *count => self.at = (run + 1, 0),
                Some(Run { column, value, .. }) => {
                    self.at.1 += 1;
                    let row = self.row;
                    let Some(value) = value.clone() else {
                        return Err(self.content.table.error(Fault::NoResult).at_row(u64::from(row) + 1));
                    };
                    return Ok(Some(Held { row, column: column + before, value }));
                }
                None if self.repeats > 0 && !self.runs.is_empty() => {
                    self.repeats -= 1;
                    self.row += 1;
                    self.at = (0, 0);
                }
                None => self.is_over = !self.read_row()?,
            }
        }
        Ok(None)
    }
}

/// How often a cell or row is there.
fn count(table: &Table, attributes: &Attributes, name: &str) -> Result<u32, DatasetError> {
    match attributes.value(Space::Table, name).map(str::parse) {
        None => Ok(1),
        Some(Ok(count @ 1..)) => Ok(count),
        Some(_) => Err(Invalid::Value.of(table)),
    }
}

/// The value of a cell with these paragraphs; `None` for a formula without a result.
fn value(attributes: Attributes, text: String) -> Result<Option<DataRef<'static>>, Invalid> {
    let said = |name| attributes.value(Space::Office, name).ok_or(Invalid::Value);
    let string = |text: String| if text.is_empty() { DataRef::Empty } else { DataRef::String(text) };
    if attributes.value(Space::Calc, "value-type") == Some("error") {
        return Ok(Some(DataRef::Error(CellErrorType::NA)));
    }
    Ok(Some(match attributes.value(Space::Office, "value-type") {
        None if text.is_empty() && attributes.value(Space::Table, "formula").is_some() => return Ok(None),
        None => string(text),
        Some("float" | "percentage" | "currency") => {
            let number = said("value")?;
            // Infinities and NaN have names in Rust, and none here.
            let is_number = number.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
            match number.parse() {
                // Not by way of a float, which does not hold every integer.
                Ok(integer) => DataRef::Int(integer),
                Err(_) => DataRef::Float(number.parse().ok().filter(|_| is_number).ok_or(Invalid::Value)?),
            }
        }
        Some("boolean") => match said("boolean-value")? {
            "true" => DataRef::Bool(true),
            "false" => DataRef::Bool(false),
            _ => return Err(Invalid::Value),
        },
        Some("date") => DataRef::DateTimeIso(said("date-value")?.to_owned()),
        Some("time") => DataRef::DurationIso(said("time-value")?.to_owned()),
        Some("string") => string(attributes.take(Space::Office, "string-value").unwrap_or(text)),
        Some(_) => return Err(Invalid::Value),
    }))
}
