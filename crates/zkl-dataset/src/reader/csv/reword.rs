//! Numbers and dates in the habits of other countries, where the caller says which: rewritten before anything looks at them.

use zkl_core::table_note::TableNote;

use crate::format::{CsvOptions, DateOrder};

/// Rewrites cells as the options say.
pub(super) struct Reword {
    decimal_comma: bool,
    dates: Option<DateOrder>,
    scratch: String,
}

impl Reword {
    pub(super) const fn new(options: &CsvOptions) -> Self {
        Self { decimal_comma: options.decimal_comma, dates: options.dates, scratch: String::new() }
    }

    /// The cell, with a point for the comma of a number, and a date as `YYYY-MM-DD`.
    #[inline]
    pub(super) fn reword<'a>(&'a mut self, text: &'a str) -> &'a str {
        if !self.decimal_comma && self.dates.is_none() {
            return text;
        }
        if self.decimal_comma && has_decimal_comma(text) {
            self.scratch.clear();
            self.scratch.extend(text.chars().map(|c| if c == ',' { '.' } else { c }));
            return &self.scratch;
        }
        match self.dates.and_then(|order| civil(text, order)) {
            Some(date) => {
                self.scratch = date;
                &self.scratch
            }
            None => text,
        }
    }

    /// What was rewritten.
    pub(super) fn notes(&self) -> impl Iterator<Item = TableNote> {
        let dates = self.dates.map(|order| match order {
            DateOrder::DayMonthYear => TableNote::DAY_FIRST,
            DateOrder::MonthDayYear => TableNote::MONTH_FIRST,
        });
        let commas = self.decimal_comma.then_some(TableNote::DECIMAL_COMMA);
        commas.into_iter().chain(dates).map(TableNote::new)
    }
}

/// Whether the text is a number with a comma for the point.
fn has_decimal_comma(text: &str) -> bool {
    let mut commas = 0;
    let number = text.bytes().all(|byte| {
        commas += usize::from(byte == b',');
        byte.is_ascii_digit() || matches!(byte, b',' | b'-' | b'+' | b'e' | b'E' | b' ')
    });
    number && commas == 1
}

/// `D/M/Y` in the given order as `YYYY-MM-DD`; also with points or hyphens. The year has four digits.
fn civil(text: &str, order: DateOrder) -> Option<String> {
    let separator = ['/', '.', '-'].into_iter().find(|&separator| text.contains(separator))?;
    let mut parts = text.trim_matches(' ').split(separator);
    let (first, second, year, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(first, 2) || !digits(second, 2) || !digits(year, 4) || year.len() != 4 {
        return None;
    }
    let (day, month) = match order {
        DateOrder::DayMonthYear => (first, second),
        DateOrder::MonthDayYear => (second, first),
    };
    Some(format!("{year}-{month:0>2}-{day:0>2}"))
}
