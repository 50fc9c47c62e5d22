//! Rows of delimited text, copied byte for byte.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, BufWriter, Read, Write as _},
    path::{Path, PathBuf},
};

use zkl_core::layout::Layout;

use super::{Dialect, Limits, MAX_CELLS, SNIFF_BYTES, Splitter};
use crate::{
    copy::CopyTarget,
    error::{DatasetError, Fault},
    reader::{BATCH_ROWS, Progressing, Table},
};

/// Copies the row at each position to its place, after what stands before the rows. `open` opens the text at its start.
pub(in crate::reader) fn copy_rows(
    table: &Table,
    open: &dyn Fn() -> Result<Box<dyn Read + Send>, DatasetError>,
    places: &[Option<u8>],
    targets: Vec<CopyTarget>,
    mut progress: Progressing<'_>,
) -> Result<(), DatasetError> {
    let Dialect { delimiter, skip_lines, .. } = table.dialect.clone().unwrap_or_default();
    let mut outputs = Outputs::new(targets, line_end(&table.head(SNIFF_BYTES)?));
    let mut lines = BufReader::new(open()?);
    for _ in 0..skip_lines {
        let mut line = Vec::new();
        lines.read_until(b'\n', &mut line).map_err(|error| table.decode_error(error))?;
        outputs.everywhere(&line)?;
    }
    drop(lines);
    let limits = Limits { cell: table.max_cell, row: table.max_row() };
    let mut splitter = Splitter::new(open()?, delimiter, table.csv.quote, limits);
    (splitter.skip_lines, splitter.comment) = (skip_lines, table.csv.comment);
    if !splitter.advance(Layout::MAX_RECORDS).map_err(|stop| stop.into_error(table, &[]))? {
        return Err(table.error(Fault::Empty));
    }
    let width = splitter.spans.len();
    // Without a header, the row that told the number of columns is the first of the table.
    let mut pending = !table.csv.has_header;
    if table.csv.has_header {
        let header = splitter.raw().to_vec();
        outputs.everywhere(&header)?;
        outputs.end_everywhere()?;
    }
    splitter.empty_rows = width == 1 && table.csv.empty_lines;
    let mut left = places.iter();
    let mut batch = 0;
    while pending || splitter.advance(MAX_CELLS).map_err(|stop| stop.into_error(table, &[]))? {
        pending = false;
        let place = left.next().ok_or_else(|| table.error(Fault::Changed))?;
        if let Some(place) = place {
            outputs.row(*place, splitter.raw())?;
        }
        batch += 1;
        if batch == BATCH_ROWS {
            progress.rows(batch)?;
            batch = 0;
        }
    }
    if left.next().is_some() {
        return Err(table.error(Fault::Changed));
    }
    progress.rows(batch)?;
    outputs.finish()
}

/// What ends the first line of a text; a line feed, if nothing does.
fn line_end(head: &[u8]) -> &'static [u8] {
    let at = head.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    match at.and_then(|at| head.get(at..)) {
        Some([b'\r', b'\n', ..]) => b"\r\n",
        Some([b'\r', ..]) => b"\r",
        _ => b"\n",
    }
}

/// The files that are written.
struct Outputs {
    files: Vec<(PathBuf, BufWriter<File>)>,
    line_end: &'static [u8],
}

impl Outputs {
    fn new(targets: Vec<CopyTarget>, line_end: &'static [u8]) -> Self {
        let buffered = |CopyTarget { name, file }| (name, BufWriter::new(file));
        Self { files: targets.into_iter().map(buffered).collect(), line_end }
    }

    fn everywhere(&mut self, bytes: &[u8]) -> Result<(), DatasetError> {
        self.files.iter_mut().try_for_each(|(name, file)| written(name, file.write_all(bytes)))
    }

    fn end_everywhere(&mut self) -> Result<(), DatasetError> {
        self.everywhere(self.line_end)
    }

    /// A row without its line end. A place without a file is nowhere.
    fn row(&mut self, place: u8, row: &[u8]) -> Result<(), DatasetError> {
        let Some((name, file)) = self.files.get_mut(usize::from(place)) else { return Ok(()) };
        written(name, file.write_all(row).and_then(|()| file.write_all(self.line_end)))
    }

    fn finish(mut self) -> Result<(), DatasetError> {
        self.files.iter_mut().try_for_each(|(name, file)| written(name, file.flush()))
    }
}

fn written(name: &Path, result: io::Result<()>) -> Result<(), DatasetError> {
    result.map_err(|error| DatasetError::io(name, error))
}
