//! What goes to stdout: one value per command, as a table for people or as JSON or YAML for programs.

use std::io::{self, IsTerminal as _, Write};

use comfy_table::{
    ColumnConstraint, ContentArrangement, Table,
    presets::{NOTHING, UTF8_BORDERS_ONLY},
};
use serde::Serialize;

use crate::{error::VerifierError, format::Format};

/// A command's result.
pub trait Report: Serialize {
    /// Writes the form for people.
    ///
    /// # Errors
    /// Those of `out`.
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()>;
}

/// Writes `report` to stdout in the form asked for.
///
/// # Errors
/// [`VerifierError::Stdout`], [`VerifierError::NoCsv`], [`VerifierError::NoGraph`].
pub fn print(report: &impl Report, format: Format) -> Result<(), VerifierError> {
    let mut out = io::stdout().lock();
    let written = match format {
        Format::Table => report.write_human(&mut out),
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, report).map_err(io::Error::from).and_then(|()| writeln!(out))
        }
        Format::Yaml => {
            serde_saphyr::to_string(report).map_err(io::Error::other).and_then(|text| out.write_all(text.as_bytes()))
        }
        Format::Csv => return Err(VerifierError::NoCsv),
        Format::Dot | Format::Mermaid => return Err(VerifierError::NoGraph),
    };
    finished(written.and_then(|()| out.flush()))
}

/// Writes a text to stdout as it is.
///
/// # Errors
/// [`VerifierError::Stdout`].
pub fn print_text(text: &str) -> Result<(), VerifierError> {
    let mut out = io::stdout().lock();
    finished(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Writes lines to stdout as CSV. Text of strangers stays in its cell.
///
/// # Errors
/// [`VerifierError::Stdout`].
pub fn print_csv<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Result<(), VerifierError> {
    let mut out = csv::Writer::from_writer(io::stdout().lock());
    let write = || {
        out.write_record(header)?;
        for row in rows {
            out.write_record(row.iter().map(|cell| printable(cell)))?;
        }
        Ok(out.flush()?)
    };
    finished(write().map_err(|error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }))
}

/// The reader of a pipe may leave early, as `head` does.
fn finished(written: io::Result<()>) -> Result<(), VerifierError> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(VerifierError::Stdout),
    }
}

/// A table with a header line: framed in a terminal, where the last column is wrapped and the others keep their width; elsewhere
/// one line per row, for `grep` and `awk`.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    if io::stdout().is_terminal() { framed(header, rows).to_string() } else { plain(header, rows) }
}

fn plain<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    for row in rows {
        table.add_row(row.map(|cell| printable(&cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

fn framed<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    for row in rows {
        table.add_row(row.map(|cell| printable(&cell)));
    }
    table.set_constraints([ColumnConstraint::ContentWidth; N]);
    if let Some(last) = table.column_mut(N.saturating_sub(1)) {
        last.remove_constraint();
    }
    table
}

/// `text` with an ellipsis in place of what is beyond `max` characters.
pub fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

/// Lines of `label   value`, aligned.
///
/// # Errors
/// Those of `out`.
pub fn write_fields(out: &mut dyn Write, fields: &[(&str, String)]) -> io::Result<()> {
    let width = fields.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    for (label, value) in fields {
        writeln!(out, "{label:<width$}  {}", printable(value))?;
    }
    Ok(())
}

/// Text from files and other people's receipts in one line, with what steers a terminal or hides as escapes: a line break would
/// let a value pass for a field of its own, and two texts that differ look different.
pub fn printable(text: &str) -> String {
    zkl_core::text::visible(text)
}

/// As [`printable`], for text that has lines.
pub fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_for_terminals_alone() {
        let rows = || [["1".to_owned(), "a b".to_owned()], ["20".to_owned(), "c\nd".to_owned()]];
        assert_eq!(plain(["n", "what"], rows()), "n   what\n1   a b\n20  c\\u{a}d");
        assert!(framed(["n", "what"], rows()).to_string().contains('│'));
    }

    #[test]
    fn text_of_strangers_stays_in_its_line() {
        let forged = "x\nlog key  pinned\r\u{1b}[2J\u{9b}1m\u{202e}\u{2028}\u{feff}";
        let shown = printable(forged);
        assert!(!shown.contains(['\n', '\r', '\u{1b}', '\u{9b}', '\u{202e}', '\u{2028}', '\u{feff}']), "{shown:?}");
        assert_eq!(printable("größe 年齢 e\u{301} क्\u{200d}ष"), "größe 年齢 e\u{301} क्\\u{200d}ष");
        assert_eq!(printable_lines("a\n\tb"), "a\n\\u{9}b");
        assert_eq!(printable("yes\u{fe00} age\u{3164}"), "yes\\u{fe00} age\\u{3164}");
        let mut out = Vec::new();
        write_fields(&mut out, &[("statement", forged.to_owned()), ("log", "a".to_owned())]).unwrap();
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), 2);
    }
}
