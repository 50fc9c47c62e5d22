//! Delimited text.
//!
//! A splitter of its own instead of the `csv` crate (which tests compare it with), for three things that crate hides:
//! the line of every row, a quote that is never closed, and a bound on the memory of a cell before it is allocated.

mod block;
mod copy;
mod dialect;
mod marks;
mod reword;

use std::io::Read;

use zkl_core::{layout::Layout, table_note::TableNote};

use self::{
    block::{Blocks, TextRows},
    marks::Marks,
    reword::Reword,
};
pub(super) use self::{copy::copy_rows, dialect::Dialect};
use super::{BATCH_ROWS, CellSink, Progressing, Table, block::overlapped, read_some};
use crate::{
    error::{DatasetError, Fault},
    infer::FileType,
    number::{self, Parsed},
    temporal,
};

/// How much text decides about the delimiter.
pub(super) const SNIFF_BYTES: u64 = 64 << 10;
/// Most cells of a row that are counted before it is refused.
const MAX_CELLS: usize = 65_536;
const WINDOW: usize = 256 << 10;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Reads a table into `sink`.
pub(super) fn read<S: CellSink>(
    table: &Table,
    input: Box<dyn Read + Send>,
    sink: &mut S,
    mut progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    let limits = Limits { cell: table.max_cell, row: table.max_row() };
    let Dialect { delimiter, skip_lines, notes } = table.dialect.clone().unwrap_or_default();
    notes.into_iter().for_each(|note| sink.note(note));
    let mut splitter = Splitter::new(input, delimiter, table.csv.quote, limits);
    (splitter.skip_lines, splitter.comment) = (skip_lines, table.csv.comment);
    let names = read_names(table, &mut splitter, sink)?;
    for name in &names {
        sink.column(name, FileType::Unknown, 0)?;
    }
    sink.columns_complete()?;
    splitter.empty_rows = names.len() == 1 && table.csv.empty_lines;
    let mut blocks = Blocks::new(table, splitter, &names);
    let (mut batch, mut first_at) = (0, 0);
    overlapped(
        [blocks.empty(), blocks.empty()],
        |block| blocks.next(block),
        |block| {
            sink.block(block)?;
            if batch == 0 {
                first_at = block.first_line();
            }
            batch += block.rows();
            if batch == BATCH_ROWS {
                sink.rows(first_at, batch)?;
                progress.rows(batch)?;
                batch = 0;
            }
            Ok(())
        },
    )?;
    if batch > 0 {
        sink.rows(first_at, batch)?;
        progress.rows(batch)?;
    }
    let Splitter { blank_lines, comment_lines, empty_row_seen, .. } = blocks.splitter;
    if blank_lines > 0 {
        sink.note(TableNote::new(TableNote::BLANK_LINES).counting(blank_lines));
    }
    if comment_lines > 0 {
        sink.note(TableNote::new(TableNote::COMMENT_LINES).counting(comment_lines));
    }
    Reword::new(&table.csv).notes().for_each(|note| sink.note(note));
    if empty_row_seen {
        sink.note(TableNote::new(TableNote::EMPTY_LINE_ROWS));
    }
    Ok(())
}

fn read_names<R: Read, S: CellSink>(
    table: &Table,
    splitter: &mut Splitter<R>,
    sink: &mut S,
) -> Result<Vec<String>, DatasetError> {
    let fail = |stop: Stop| stop.into_error(table, &[]);
    if !splitter.advance(Layout::MAX_RECORDS).map_err(fail)? {
        return Err(table.error(Fault::Empty));
    }
    let line = splitter.line;
    let mut row = TextRows::default();
    splitter.append_to(&mut row).map_err(fail)?;
    let names: Vec<String> = if table.csv.has_header {
        row.cells(0, 1).map(str::to_owned).collect()
    } else {
        (1..=splitter.spans.len()).map(|position| format!("column_{position}")).collect()
    };
    let is_value = |name: &String| number::parse(name) != Parsed::No || temporal::parse_date(name).is_some();
    if table.csv.has_header && names.iter().all(is_value) {
        sink.note(TableNote::new(TableNote::NAMES_LIKE_VALUES));
    }
    table.name_columns(names, sink).map_err(|error| error.at_line(line))
}

#[derive(Clone, Copy)]
struct Limits {
    /// Largest cell in bytes.
    cell: usize,
    /// Largest row in bytes.
    row: usize,
}

/// Why splitting ended.
enum Stop {
    Read(std::io::Error),
    At { fault: Fault, line: u64, column: usize },
}

impl Stop {
    fn into_error(self, table: &Table, names: &[String]) -> DatasetError {
        match self {
            Self::Read(error) => table.decode_error(error),
            Self::At { fault, line, column } => {
                let error = table.error(fault).at_line(line);
                match names.get(column) {
                    Some(name) => error.in_column(name),
                    None => error,
                }
            }
        }
    }
}

/// Where a cell lies, relative to the row.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    /// Whether quotes inside have to be resolved.
    escaped: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    /// After a quote inside a quoted cell: its end, or the first of two.
    QuoteSeen,
}

/// Cuts text into rows and cells. The current row always lies whole in the window.
struct Splitter<R> {
    input: R,
    window: Vec<u8>,
    /// Start of the next row in the window.
    start: usize,
    /// End of what is read.
    end: usize,
    at_end: bool,
    /// Lines to skip before anything else.
    skip_lines: u64,
    /// The byte that a line of comment begins with.
    comment: Option<u8>,
    comment_lines: u64,
    /// Whether the next byte may be the second one of a line end.
    after_carriage_return: bool,
    /// Whether an empty line is a row of one empty cell; otherwise it is skipped and counted.
    empty_rows: bool,
    empty_row_seen: bool,
    blank_lines: u64,
    /// Where plain cells end.
    marks: Marks,
    delimiter: u8,
    quote: Option<u8>,
    limits: Limits,
    /// Line of the current row, and of the next.
    line: u64,
    next_line: u64,
    /// The current row, relative to `row_start`.
    row_start: usize,
    row_len: usize,
    spans: Vec<Span>,
    any_escaped: bool,
}

impl<R: Read> Splitter<R> {
    fn new(input: R, delimiter: u8, quote: Option<u8>, limits: Limits) -> Self {
        Self {
            input,
            window: vec![0; WINDOW],
            start: 0,
            end: 0,
            at_end: false,
            skip_lines: 0,
            comment: None,
            comment_lines: 0,
            after_carriage_return: false,
            empty_rows: false,
            empty_row_seen: false,
            blank_lines: 0,
            marks: Marks::new([delimiter, b'\n', b'\r']),
            delimiter,
            quote,
            limits,
            line: 0,
            next_line: 1,
            row_start: 0,
            row_len: 0,
            spans: Vec::new(),
            any_escaped: false,
        }
    }

    /// Moves the row that begins at `start` to the front of the window and reads more behind it.
    fn refill(&mut self) -> Result<bool, Stop> {
        if self.at_end {
            return Ok(false);
        }
        self.window.copy_within(self.start..self.end, 0);
        self.marks.reset();
        self.end -= self.start;
        self.start = 0;
        if self.end == self.window.len() {
            if self.end > self.limits.row {
                let fault = Fault::RowTooLarge { limit: self.limits.row };
                return Err(Stop::At { fault, line: self.next_line, column: usize::MAX });
            }
            self.window.resize(self.end.saturating_mul(2).min(self.limits.row.saturating_add(WINDOW)), 0);
        }
        let read = read_some(&mut self.input, &mut self.window[self.end..]).map_err(Stop::Read)?;
        self.end += read;
        self.at_end = read == 0;
        Ok(read > 0)
    }

    /// Skips a byte order mark, the rest of a line end, and empty lines unless they are rows; `false` at the end of the text.
    fn skip_blank(&mut self) -> Result<bool, Stop> {
        if self.next_line == 1 && self.line == 0 {
            while self.end - self.start < BOM.len() && self.refill()? {}
            if self.window[self.start..self.end].starts_with(BOM) {
                self.start += BOM.len();
            }
            self.line = 1;
            for _ in 0..self.skip_lines {
                self.skip_line()?;
            }
        }
        loop {
            while self.start < self.end {
                let byte = self.window[self.start];
                let ends_line = byte == b'\n' && std::mem::take(&mut self.after_carriage_return);
                if !ends_line {
                    if Some(byte) == self.comment {
                        self.comment_lines += 1;
                        self.skip_line()?;
                        continue;
                    }
                    match byte {
                        b'\n' | b'\r' if self.empty_rows => {
                            self.empty_row_seen = true;
                            return Ok(true);
                        }
                        b'\n' | b'\r' => self.blank_lines += 1,
                        _ => return Ok(true),
                    }
                }
                self.after_carriage_return = byte == b'\r';
                self.next_line += u64::from(byte == b'\n');
                self.start += 1;
            }
            if !self.refill()? {
                return Ok(false);
            }
        }
    }

    /// Skips the rest of the line, its end included.
    fn skip_line(&mut self) -> Result<(), Stop> {
        loop {
            let line = &self.window[self.start..self.end];
            if let Some(offset) = line.iter().position(|&byte| byte == b'\n') {
                self.start += offset + 1;
                self.next_line += 1;
                return Ok(());
            }
            self.start = self.end;
            if !self.refill()? {
                return Ok(());
            }
        }
    }

    /// Finds the next row; `false` at the end of the text.
    fn advance(&mut self, max_cells: usize) -> Result<bool, Stop> {
        if !self.skip_blank()? {
            return Ok(false);
        }
        self.line = self.next_line;
        self.spans.clear();
        self.any_escaped = false;
        let mut state = State::CellStart;
        // Both relative to the start of the row, so that a refill does not move them.
        let (mut at, mut cell) = (0, 0);
        let (mut escaped, mut quoted) = (false, false);
        let newline = loop {
            let row = &self.window[self.start..self.end];
            match state {
                State::CellStart => match row.get(at) {
                    Some(&byte) if Some(byte) == self.quote => {
                        (state, quoted) = (State::Quoted, true);
                        at += 1;
                        continue;
                    }
                    Some(_) => state = State::Plain,
                    None => {}
                },
                State::Quoted => {
                    let quote = self.quote.unwrap_or_default();
                    match row[at..].iter().position(|&byte| byte == quote) {
                        Some(offset) => {
                            at += offset + 1;
                            state = State::QuoteSeen;
                            continue;
                        }
                        None => at = row.len(),
                    }
                }
                State::QuoteSeen => match row.get(at) {
                    Some(&byte) if Some(byte) == self.quote => {
                        (state, escaped) = (State::Quoted, true);
                        at += 1;
                        continue;
                    }
                    Some(&byte) if byte == self.delimiter || matches!(byte, b'\n' | b'\r') => {}
                    Some(_) => (state, escaped) = (State::Plain, true),
                    None => {}
                },
                State::Plain => {}
            }
            if state == State::Plain {
                at = self.marks.next(&self.window[..self.end], self.start + at) - self.start;
            }
            let stop = row.get(at).copied();
            if at - cell > self.limits.cell.saturating_add(2) {
                let fault = Fault::CellTooLarge { limit: self.limits.cell };
                return Err(Stop::At { fault, line: self.line, column: self.spans.len() });
            }
            if stop.is_none() && self.refill()? {
                continue;
            }
            if stop.is_none() && state == State::Quoted {
                let row = &self.window[self.start..self.end];
                let before = row[..cell].iter().filter(|&&byte| byte == b'\n').count() as u64;
                return Err(Stop::At {
                    fault: Fault::UnclosedQuote,
                    line: self.line + before,
                    column: self.spans.len(),
                });
            }
            let span = if state == State::QuoteSeen && !escaped {
                Span { start: cell + 1, end: at - 1, escaped: false }
            } else {
                Span { start: cell, end: at, escaped }
            };
            if self.spans.len() == max_cells {
                let fault = Fault::TooManyColumns { limit: max_cells };
                return Err(Stop::At { fault, line: self.line, column: usize::MAX });
            }
            self.spans.push(span);
            self.any_escaped |= escaped;
            if stop != Some(self.delimiter) {
                break stop;
            }
            at += 1;
            cell = at;
            escaped = false;
            state = State::CellStart;
        };
        self.row_start = self.start;
        self.row_len = at;
        if quoted {
            let row = &self.window[self.start..self.start + at];
            self.next_line += row.iter().filter(|&&byte| byte == b'\n').count() as u64;
        }
        self.start += at;
        self.start += usize::from(newline.is_some());
        self.next_line += u64::from(newline == Some(b'\n'));
        // Of "\r\n", the line feed is skipped before the next row.
        self.after_carriage_return = newline == Some(b'\r');
        Ok(true)
    }

    /// The current row as it is written, without its line end.
    fn raw(&self) -> &[u8] {
        &self.window[self.row_start..self.row_start + self.row_len]
    }

    /// Appends the current row as text, its quotes resolved.
    #[inline]
    fn append_to(&self, rows: &mut TextRows) -> Result<(), Stop> {
        let bytes = self.raw();
        let Ok(text) = std::str::from_utf8(bytes) else { return Err(self.first_bad_cell(bytes, Fault::NotUtf8)) };
        if bytes.contains(&0) {
            return Err(self.first_bad_cell(bytes, Fault::NulByte));
        }
        if !self.any_escaped {
            rows.push(text, &self.spans);
            return Ok(());
        }
        for span in &self.spans {
            let cell = &text[span.start..span.end];
            match self.quote {
                Some(quote) if span.escaped => rows.push_cell(|out| push_unescaped(cell, char::from(quote), out)),
                _ => rows.push_cell(|out| out.push_str(cell)),
            }
        }
        Ok(())
    }

    #[cold]
    fn first_bad_cell(&self, row: &[u8], fault: Fault) -> Stop {
        let bad = |cell: &[u8]| std::str::from_utf8(cell).is_err() || cell.contains(&0);
        let column = self.spans.iter().position(|span| bad(&row[span.start..span.end])).unwrap_or(usize::MAX);
        let before = self.spans.get(column).map_or(0, |span| row[..span.start].iter().filter(|&&b| b == b'\n').count());
        Stop::At { fault, line: self.line + before as u64, column }
    }
}

/// Appends a cell that starts with a quote, without its quotes; a doubled quote is one. What follows the closing quote
/// belongs to the cell, as pandas and the `csv` crate have it.
fn push_unescaped(cell: &str, quote: char, out: &mut String) {
    let mut rest = cell.strip_prefix(quote).unwrap_or(cell);
    while let Some(index) = rest.find(quote) {
        out.push_str(&rest[..index]);
        rest = &rest[index + quote.len_utf8()..];
        match rest.strip_prefix(quote) {
            Some(after) => {
                out.push(quote);
                rest = after;
            }
            None => break,
        }
    }
    out.push_str(rest);
}
