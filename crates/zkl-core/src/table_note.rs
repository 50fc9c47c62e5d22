//! What a reader did to a table before anything was committed to: said beside every statement about it, interpreted by none.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::layout::{Layout, Zone};

/// One thing that was done to a table, or to one of its columns.
///
/// Notes are published with the layout: they hold a position and a count, never a value of the table. Codes are open; who does not
/// know one shows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableNote {
    /// What was done.
    pub code: String,
    /// Position of the column in the layout, where one is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// How often, where that is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl TableNote {
    /// Empty lines of a text were skipped; counted.
    pub const BLANK_LINES: &'static str = "blank_lines_skipped";
    /// Empty lines were read as rows without a value. Not counted: it would tell how many nulls there are.
    pub const EMPTY_LINE_ROWS: &'static str = "empty_lines_are_rows";

    /// Cells of a workbook that hold an error, as `#N/A`, were read as cells without a value; counted.
    pub const ERROR_CELLS: &'static str = "error_cells_are_null";

    /// A column without a name was given one.
    pub const NAME_MADE_UP: &'static str = "name_made_up";
    /// A column with the name of an earlier one was given another.
    pub const NAME_REPEATED: &'static str = "name_repeated";
    /// The names of the columns look like values: there may have been no row of names.
    pub const NAMES_LIKE_VALUES: &'static str = "names_look_like_values";
    /// Lines before the table were skipped; counted.
    pub const LINES_SKIPPED: &'static str = "lines_skipped";
    /// Lines of comments were skipped; counted.
    pub const COMMENT_LINES: &'static str = "comment_lines_skipped";
    /// The first line told the delimiter, as Excel writes it, and was skipped.
    pub const SEP_LINE: &'static str = "sep_line_skipped";
    /// Dates were read with the day first.
    pub const DAY_FIRST: &'static str = "dates_day_first";
    /// Dates were read with the month first.
    pub const MONTH_FIRST: &'static str = "dates_month_first";
    /// The values of a column stand in the names of directories, which the digests do not cover.
    pub const FROM_PATH: &'static str = "values_from_path";
    /// Commas are decimal points.
    pub const DECIMAL_COMMA: &'static str = "decimal_commas";

    /// Longest code.
    const MAX_CODE: usize = 64;

    /// Whether this can be a note about the table of `layout`: a code of `a-z 0-9 _`, and a column that is there.
    pub fn fits(&self, layout: &Layout) -> bool {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        (1..=Self::MAX_CODE).contains(&self.code.len())
            && self.code.bytes().all(plain)
            && self.column.is_none_or(|column| (column as usize) < layout.columns().len())
    }

    /// A note about the table.
    pub fn new(code: &str) -> Self {
        Self { code: code.to_owned(), column: None, count: None }
    }

    /// The same note about one column.
    #[must_use]
    pub const fn about(mut self, column: u32) -> Self {
        self.column = Some(column);
        self
    }

    /// The same note with a count.
    #[must_use]
    pub const fn counting(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }
}

impl fmt::Display for TableNote {
    /// In words, without the column.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code.as_str(), self.count) {
            (Self::BLANK_LINES, Some(1)) => f.write_str("1 empty line was skipped"),
            (Self::BLANK_LINES, Some(count)) => write!(f, "{count} empty lines were skipped"),
            (Self::EMPTY_LINE_ROWS, _) => f.write_str("empty lines were read as rows without a value"),
            (Self::ERROR_CELLS, Some(1)) => f.write_str("1 cell that holds an error was read as one without a value"),
            (Self::ERROR_CELLS, Some(count)) => {
                write!(f, "{count} cells that hold an error were read as cells without a value")
            }
            (Self::NAME_MADE_UP, _) => f.write_str("the column has no name in the file, and was given this one"),
            (Self::NAME_REPEATED, _) => f.write_str("the column's name stands twice in the file, and was made another"),
            (Self::NAMES_LIKE_VALUES, _) => f.write_str(
                "the first row was taken for names although it looks like values (--no-header reads it as a row)",
            ),
            (Self::LINES_SKIPPED, Some(1)) => f.write_str("the first line was skipped"),
            (Self::LINES_SKIPPED, Some(count)) => write!(f, "the first {count} lines were skipped"),
            (Self::COMMENT_LINES, Some(1)) => f.write_str("1 line of comments was skipped"),
            (Self::COMMENT_LINES, Some(count)) => write!(f, "{count} lines of comments were skipped"),
            (Self::SEP_LINE, _) => f.write_str("the first line, which tells the delimiter, was skipped"),
            (Self::DAY_FIRST, _) => f.write_str("dates such as 1/2/2024 were read with the day first"),
            (Self::MONTH_FIRST, _) => f.write_str("dates such as 1/2/2024 were read with the month first"),
            (Self::FROM_PATH, _) => {
                f.write_str("the column's values are those in the names of directories, which the digests do not cover")
            }
            (Self::DECIMAL_COMMA, _) => f.write_str("commas were read as decimal points"),
            (code, None) => f.write_str(code),
            (code, Some(count)) => write!(f, "{code} ({count})"),
        }
    }
}

/// What reading did to a table, in words, a line each.
pub fn reading(layout: &Layout, notes: &[TableNote]) -> Vec<String> {
    let mut lines = Vec::new();
    for column in layout.columns() {
        if let Some(rounding) = column.rounding {
            lines.push(format!("{:?}: values rounded, each by at most {rounding}", column.name));
        }
        match column.zone {
            Some(Zone::Naive) => lines.push(format!("{:?}: times as written, of no stated zone", column.name)),
            Some(Zone::Utc) | None => {}
        }
    }
    lines.extend(notes.iter().map(|note| {
        let column = note.column.and_then(|column| layout.columns().get(column as usize));
        column.map_or_else(|| note.to_string(), |column| format!("{:?}: {note}", column.name))
    }));
    lines
}
