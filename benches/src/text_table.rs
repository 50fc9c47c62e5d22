//! Markdown tables whose columns line up in a terminal.

use std::fmt;

/// A table of text: the first column is flushed left, the others right.
#[derive(Clone, Debug)]
pub struct TextTable {
    rows: Vec<Vec<String>>,
}

impl TextTable {
    /// A table with these headings.
    pub fn new<S: Into<String>>(headings: impl IntoIterator<Item = S>) -> Self {
        Self { rows: vec![headings.into_iter().map(Into::into).collect()] }
    }

    /// Adds a row of as many cells as there are headings.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for TextTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let cell = |row: &Vec<String>, at: usize| row.get(at).cloned().unwrap_or_default();
        let width = |at: usize| self.rows.iter().map(|row| cell(row, at).chars().count()).max().unwrap_or(0).max(3);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (index, row) in self.rows.iter().enumerate() {
            for (at, &width) in widths.iter().enumerate() {
                let text = cell(row, at);
                if at == 0 {
                    write!(f, "| {text:<width$}")?;
                } else {
                    write!(f, " | {text:>width$}")?;
                }
            }
            writeln!(f, " |")?;
            if index == 0 {
                for (at, &width) in widths.iter().enumerate() {
                    let (start, end) = if at == 0 { ("|", "-") } else { ("|", ":") };
                    write!(f, "{start}-{}{end}", "-".repeat(width))?;
                }
                writeln!(f, "|")?;
            }
        }
        Ok(())
    }
}
