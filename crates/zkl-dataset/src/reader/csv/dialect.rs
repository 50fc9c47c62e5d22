//! What the first lines of a text tell about the rest: the delimiter, and what stands before the table.

use zkl_core::table_note::TableNote;

use super::{BOM, Limits, MAX_CELLS, SNIFF_BYTES, Splitter};
use crate::{error::Fault, format::CsvOptions};

/// Delimiters that are tried, the first wins a tie.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Rows that decide.
const ROWS: usize = 100;

/// How a text is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::reader) struct Dialect {
    pub(in crate::reader) delimiter: u8,
    /// Lines before the table.
    pub(super) skip_lines: u64,
    pub(super) notes: Vec<TableNote>,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: DELIMITERS[0], skip_lines: 0, notes: Vec::new() }
    }
}

impl Dialect {
    /// Finds out what `options` leave open from the first bytes of the text.
    pub(in crate::reader) fn find(head: &[u8], options: &CsvOptions) -> Result<Self, Fault> {
        let whole = (head.len() as u64) < SNIFF_BYTES;
        let mut found = Self { skip_lines: options.skip_lines, ..Self::default() };
        let mut rest = head.strip_prefix(BOM).unwrap_or(head);
        for _ in 0..options.skip_lines {
            rest = after_line(rest);
        }
        if options.skip_lines > 0 {
            found.notes.push(TableNote::new(TableNote::LINES_SKIPPED).counting(options.skip_lines));
        }
        let mut delimiter = options.delimiter;
        if let Some(told) = sep_line(first_line(rest)) {
            delimiter = delimiter.or(Some(told));
            rest = after_line(rest);
            found.skip_lines += 1;
            found.notes.push(TableNote::new(TableNote::SEP_LINE));
        }
        let comments = if options.comment.is_none() { leading_comments(rest) } else { 0 };
        let table = (0..comments).fold(rest, |rest, _| after_line(rest));
        found.delimiter = match delimiter {
            Some(delimiter) => delimiter,
            None => sniff(table, whole, options)?,
        };
        let skipped = comments_before_table(rest, table, comments, found.delimiter, options);
        if skipped > 0 {
            found.skip_lines += skipped;
            found.notes.push(TableNote::new(TableNote::COMMENT_LINES).counting(skipped));
        } else if comments > 0 && delimiter.is_none() {
            // They are part of the table, and have a say.
            found.delimiter = sniff(rest, whole, options)?;
        }
        Ok(found)
    }
}

fn first_line(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
    let line = &text[..end];
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn after_line(text: &[u8]) -> &[u8] {
    text.iter().position(|&byte| byte == b'\n').map_or(&[], |end| &text[end + 1..])
}

/// The delimiter of a line that only tells it.
fn sep_line(line: &[u8]) -> Option<u8> {
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] if delimiter.is_ascii() => Some(*delimiter),
        _ => None,
    }
}

/// How many lines at the start begin as comments do.
fn leading_comments(mut text: &[u8]) -> u64 {
    let mut lines = 0;
    while text.first() == Some(&b'#') {
        lines += 1;
        text = after_line(text);
    }
    lines
}

/// How many of the lines that begin as comments do are no part of the table: those that are not cut into as many cells as its
/// rows. The last one may name the columns, as in `#chrom  start  end`.
fn comments_before_table(lines: &[u8], table: &[u8], count: u64, delimiter: u8, options: &CsvOptions) -> u64 {
    let Some(width) = rows(table, false, delimiter, options).first().copied().filter(|width| *width > 1) else {
        return 0;
    };
    let mut before = 0;
    let mut rest = lines;
    for number in 1..=count {
        let line = first_line(rest);
        if rows(line, false, delimiter, options).first() != Some(&width) {
            before = number;
        }
        rest = after_line(rest);
    }
    before
}

/// Cells of the first rows. Where the head is not the whole text its last row may be cut, and is left out unless it is the only one.
fn rows(head: &[u8], whole: bool, delimiter: u8, options: &CsvOptions) -> Vec<usize> {
    let limits = Limits { cell: head.len(), row: head.len() + 1 };
    let mut splitter = Splitter::new(head, delimiter, options.quote, limits);
    splitter.comment = options.comment;
    let mut cells = Vec::new();
    while cells.len() < ROWS {
        match splitter.advance(MAX_CELLS) {
            Ok(true) if whole || splitter.start < head.len() || cells.is_empty() => cells.push(splitter.spans.len()),
            _ => break,
        }
    }
    cells
}

/// The delimiter that cuts the most of the first rows into equally many cells, at least two.
fn sniff(head: &[u8], whole: bool, options: &CsvOptions) -> Result<u8, Fault> {
    let mut best = (DELIMITERS[0], (0, 0));
    let mut perfect = Vec::new();
    for delimiter in DELIMITERS {
        let cells = rows(head, whole, delimiter, options);
        let width = cells.first().copied().unwrap_or(0);
        if width < 2 {
            continue;
        }
        let agreeing = cells.iter().filter(|&&cells| cells == width).count();
        if agreeing == cells.len() && agreeing > 1 {
            perfect.push(delimiter);
        }
        if (agreeing, width) > best.1 {
            best = (delimiter, (agreeing, width));
        }
    }
    match perfect[..] {
        [first, second, ..] => Err(Fault::AmbiguousDelimiter { first: char::from(first), second: char::from(second) }),
        _ => Ok(best.0),
    }
}
