//! Rows of text in blocks: cut by one thread, looked at by others.

use std::{io::Read, ops::Range};

use super::{MAX_CELLS, Span, Splitter, Stop, reword::Reword};
use crate::{
    cell::Cell,
    error::{DatasetError, Fault},
    format::CsvOptions,
    reader::{BATCH_ROWS, CellBlock, Table},
};

/// Rows of a block, of which so many make a batch: text and cells stay in the cache of a processor.
const BLOCK_ROWS: usize = BATCH_ROWS / 4;
/// Text after which a block of long rows ends, in bytes.
const BLOCK_BYTES: usize = 256 << 10;

/// Cells, row by row, without what separates them.
#[derive(Default)]
pub(super) struct TextRows {
    text: String,
    cells: Vec<Range<usize>>,
}

impl TextRows {
    /// Appends a row whose cells stand in `text`.
    pub(super) fn push(&mut self, text: &str, spans: &[Span]) {
        let before = self.text.len();
        self.text.push_str(text);
        self.cells.extend(spans.iter().map(|span| before + span.start..before + span.end));
    }

    /// Appends a cell that `write` writes.
    pub(super) fn push_cell(&mut self, write: impl FnOnce(&mut String)) {
        let before = self.text.len();
        write(&mut self.text);
        self.cells.push(before..self.text.len());
    }

    /// Every `step`-th cell from `first` on.
    pub(super) fn cells(&self, first: usize, step: usize) -> impl Iterator<Item = &str> {
        self.cells.iter().skip(first).step_by(step).map(|cell| &self.text[cell.clone()])
    }
}

/// Rows that were cut.
pub(super) struct TextBlock<'t> {
    options: &'t CsvOptions,
    width: usize,
    rows: TextRows,
    /// Lines of the rows.
    lines: Vec<u64>,
}

impl TextBlock<'_> {
    pub(super) const fn rows(&self) -> usize {
        self.lines.len()
    }

    fn clear(&mut self) {
        self.rows.text.clear();
        self.rows.cells.clear();
        self.lines.clear();
    }

    /// Line of the first row.
    pub(super) fn first_line(&self) -> u64 {
        self.lines.first().copied().unwrap_or(0)
    }
}

impl CellBlock for TextBlock<'_> {
    const BY_ROW: bool = true;

    fn each(&self, column: usize, mut take: impl FnMut(usize, u64, Cell<'_>) -> bool) -> Result<(), DatasetError> {
        // A file that changed since the first pass may have fewer columns.
        if column >= self.width {
            return Ok(());
        }
        let mut reword = Reword::new(self.options);
        let cells = self.rows.cells(column, self.width);
        for (row, (text, &line)) in cells.zip(&self.lines).enumerate() {
            if !take(row, line, Cell::Text(reword.reword(text))) {
                break;
            }
        }
        Ok(())
    }
}

/// Cuts a text into blocks.
pub(super) struct Blocks<'t, R> {
    table: &'t Table,
    pub(super) splitter: Splitter<R>,
    names: &'t [String],
    /// Without a header, the row that told the number of columns is the first of the table.
    pending: bool,
    /// Rows of the batch so far.
    batch: usize,
    /// The error that ends the rows.
    error: Option<DatasetError>,
}

impl<'t, R: Read> Blocks<'t, R> {
    pub(super) const fn new(table: &'t Table, splitter: Splitter<R>, names: &'t [String]) -> Self {
        Self { table, splitter, names, pending: !table.csv.has_header, batch: 0, error: None }
    }

    pub(super) fn empty(&self) -> TextBlock<'t> {
        let (options, width) = (&self.table.csv, self.names.len());
        TextBlock { options, width, rows: TextRows::default(), lines: Vec::new() }
    }

    /// Puts the next rows, of one batch, into `block`; `false` at the end. Rows come before the error of one that follows them.
    pub(super) fn next(&mut self, block: &mut TextBlock<'_>) -> Result<bool, DatasetError> {
        block.clear();
        let room = BLOCK_ROWS.min(BATCH_ROWS - self.batch);
        while self.error.is_none() && block.rows() < room && block.rows.text.len() < BLOCK_BYTES {
            match self.push_row(block) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => self.error = Some(error),
            }
        }
        self.batch = (self.batch + block.rows()) % BATCH_ROWS;
        match self.error.take_if(|_| block.rows() == 0) {
            Some(error) => Err(error),
            None => Ok(block.rows() > 0),
        }
    }

    /// Cuts one row; `false` at the end.
    fn push_row(&mut self, block: &mut TextBlock<'_>) -> Result<bool, DatasetError> {
        let (table, names) = (self.table, self.names);
        let named = |stop: Stop| stop.into_error(table, names);
        if !std::mem::take(&mut self.pending) && !self.splitter.advance(MAX_CELLS).map_err(named)? {
            return Ok(false);
        }
        let (line, width) = (self.splitter.line, self.splitter.spans.len());
        self.splitter.append_to(&mut block.rows).map_err(named)?;
        if width != names.len() {
            return Err(table.error(Fault::Ragged { expected: names.len(), got: width }).at_line(line));
        }
        block.lines.push(line);
        Ok(true)
    }
}
