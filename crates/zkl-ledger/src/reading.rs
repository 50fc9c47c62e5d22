//! How a table is read, in the words that flags, dataset files, parameters and messages have for it: one parser for all of them.

use zkl_core::column::ColumnType;
use zkl_dataset::{ColumnPin, DateOrder, Format, Pins, TextEncoding};

use crate::table::ReadOptions;

/// How a table is read, as somebody says it. What nobody said is found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What a file says about columns, before what else is said about them.
    pub schema: Pins,
    /// The format.
    pub format: Option<Format>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// Types of columns.
    pub columns: Vec<(String, ColumnType)>,
    /// Columns that are rounded: the type says to how many digits.
    pub round: Vec<(String, ColumnType)>,
    /// Columns of text that are committed to by digests.
    pub hash: Vec<String>,
    /// Columns of text of which nothing is committed to but null.
    pub opaque: Vec<String>,
    /// The byte between cells.
    pub delimiter: Option<u8>,
    /// The byte around cells, if it is not `"`.
    pub quote: Option<u8>,
    /// Whether the first row names the columns.
    pub header: bool,
    /// Lines before the table.
    pub skip: u64,
    /// The byte that comments begin with.
    pub comment: Option<u8>,
    /// Whether numbers have a comma where others have a point.
    pub decimal_comma: bool,
    /// How dates are read that are no `YYYY-MM-DD`.
    pub dates: Option<DateOrder>,
    /// Texts that stand for null.
    pub nulls: Option<Vec<String>>,
    /// Whether NaN is null.
    pub nan_as_null: bool,
    /// Pairs of columns (group, label) whose joint counts are sealed.
    pub joint: Vec<(String, String)>,
    /// Pairs of numeric columns whose sums of products are sealed.
    pub product: Vec<(String, String)>,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            schema: Pins::default(),
            format: None,
            sheet: None,
            columns: Vec::new(),
            round: Vec::new(),
            hash: Vec::new(),
            opaque: Vec::new(),
            delimiter: None,
            quote: None,
            header: true,
            skip: 0,
            comment: None,
            decimal_comma: false,
            dates: None,
            nulls: None,
            nan_as_null: false,
            joint: Vec::new(),
            product: Vec::new(),
        }
    }
}

/// A text that says nothing about how a table is read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{word} {got:?}: expected {expected}")]
pub struct ReadingError {
    /// What was said something about.
    pub word: &'static str,
    /// The beginning of what was said.
    pub got: String,
    /// What can be said.
    pub expected: &'static str,
}

impl Reading {
    /// What [`Reading::say`] knows. `column`, `round`, `hash`, `opaque` and `null` may be said several times.
    pub const WORDS: [&str; 15] = [
        "input_format",
        "sheet",
        "column",
        "round",
        "hash",
        "opaque",
        "delimiter",
        "quote",
        "header",
        "skip",
        "comment",
        "decimal",
        "dates",
        "null",
        "nan_as_null",
    ];

    /// Takes what `text` says about `word`, which is one of [`Reading::WORDS`]; other words say nothing.
    ///
    /// # Errors
    /// [`ReadingError`].
    pub fn say(&mut self, word: &str, text: &str) -> Result<(), ReadingError> {
        match word {
            "input_format" => {
                let formats = "csv, json, ndjson, parquet, arrow, arrow-stream, avro, xlsx or ods";
                self.format = Some(text.parse().map_err(|_| error("input_format", text, formats))?);
            }
            "sheet" => self.sheet = Some(text.to_owned()),
            "column" => self.columns.push(column(text)?),
            "round" => self.round.push(rounded(text)?),
            "hash" => self.hash.push(text.to_owned()),
            "opaque" => self.opaque.push(text.to_owned()),
            "delimiter" => self.delimiter = Some(character("delimiter", text)?),
            "quote" => self.quote = Some(character("quote", text)?),
            "comment" => self.comment = Some(character("comment", text)?),
            "header" => self.header = truth("header", text)?,
            "nan_as_null" => self.nan_as_null = truth("nan_as_null", text)?,
            "skip" => self.skip = text.parse().map_err(|_| error("skip", text, "a number of lines"))?,
            "decimal" => self.decimal_comma = decimal_comma(text)?,
            "dates" => self.dates = Some(dates(text)?),
            "null" => self.nulls.get_or_insert_default().push(text.to_owned()),
            _ => {}
        }
        Ok(())
    }

    /// The options that this comes to: a rounded column has the type that is left of it.
    #[must_use]
    pub fn options(self) -> ReadOptions {
        let mut options = ReadOptions {
            exact: self.schema.is_exact(),
            pins: self.schema.columns().to_vec(),
            format: self.format,
            sheet: self.sheet,
            null_tokens: self.nulls,
            nan_as_null: self.nan_as_null,
            joint: self.joint,
            product: self.product,
            ..ReadOptions::default()
        };
        // Whoever names a scale wants that one, whatever the values have.
        let declared = self.columns.into_iter().map(|(name, ty)| (name, ty, matches!(ty, ColumnType::Decimal { .. })));
        let rounded = self.round.into_iter().map(|(name, ty)| (name, ty, true));
        for (name, ty, round) in declared.chain(rounded) {
            match options.pins.iter_mut().find(|pin| pin.name == name) {
                Some(pin) => (pin.ty, pin.round) = (Some(ty), round || pin.round),
                None => options.pins.push(ColumnPin { ty: Some(ty), round, ..ColumnPin::new(name) }),
            }
        }
        for name in self.hash {
            options.text_column(name, TextEncoding::Hashed);
        }
        for name in self.opaque {
            options.text_column(name, TextEncoding::Opaque);
        }
        options.csv.delimiter = self.delimiter;
        if self.quote.is_some() {
            options.csv.quote = self.quote;
        }
        options.csv.has_header = self.header;
        options.csv.skip_lines = self.skip;
        options.csv.comment = self.comment;
        options.csv.decimal_comma = self.decimal_comma;
        options.csv.dates = self.dates;
        options
    }
}

fn error(word: &'static str, got: &str, expected: &'static str) -> ReadingError {
    ReadingError { word, got: got.chars().take(80).collect(), expected }
}

fn truth(word: &'static str, text: &str) -> Result<bool, ReadingError> {
    text.parse().map_err(|_| error(word, text, "true or false"))
}

/// `NAME=TYPE`.
///
/// # Errors
/// [`ReadingError`].
pub fn column(text: &str) -> Result<(String, ColumnType), ReadingError> {
    // The last `=`: names of columns may hold one, types do not.
    let read = text.rsplit_once('=').and_then(|(name, ty)| Some((name.to_owned(), ty.parse().ok()?)));
    let expected = "bool, int, decimal(2), date, timestamp(s), category or text, as NAME=TYPE";
    read.ok_or_else(|| error("column", text, expected))
}

/// `NAME=DIGITS`.
///
/// # Errors
/// [`ReadingError`].
pub fn rounded(text: &str) -> Result<(String, ColumnType), ReadingError> {
    let read = text.rsplit_once('=').and_then(|(name, digits)| Some((name.to_owned(), scale(digits.parse().ok()?)?)));
    read.ok_or_else(|| error("round", text, "NAME=DIGITS, digits from 0 to 18"))
}

/// The type of a column that keeps so many digits after the point.
pub fn scale(digits: u8) -> Option<ColumnType> {
    match digits {
        0 => Some(ColumnType::Int),
        scale @ 1..=ColumnType::MAX_SCALE => Some(ColumnType::Decimal { scale }),
        _ => None,
    }
}

/// A character of ASCII, or `\t`.
///
/// # Errors
/// [`ReadingError`].
pub fn character(word: &'static str, text: &str) -> Result<u8, ReadingError> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() => Ok(*byte),
        b"\\t" => Ok(b'\t'),
        _ => Err(error(word, text, "one ASCII character, or \\t")),
    }
}

/// What the decimal point is: `.` or `,`.
///
/// # Errors
/// [`ReadingError`].
pub fn decimal_comma(text: &str) -> Result<bool, ReadingError> {
    match text {
        "." => Ok(false),
        "," => Ok(true),
        _ => Err(error("decimal", text, ". or ,")),
    }
}

/// The order of day and month: `dmy` or `mdy`, or as entries have it.
///
/// # Errors
/// [`ReadingError`].
pub fn dates(text: &str) -> Result<DateOrder, ReadingError> {
    match text {
        "dmy" | "day_month_year" => Ok(DateOrder::DayMonthYear),
        "mdy" | "month_day_year" => Ok(DateOrder::MonthDayYear),
        _ => Err(error("dates", text, "dmy or mdy")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[(&str, &str)]) -> Result<ReadOptions, ReadingError> {
        let mut reading = Reading::default();
        words.iter().try_for_each(|(word, text)| reading.say(word, text))?;
        Ok(reading.options())
    }

    #[test]
    fn nothing_said_is_the_default() {
        assert_eq!(said(&[]).unwrap(), ReadOptions::default());
        assert_eq!(said(&[("other", "x")]).unwrap(), ReadOptions::default());
    }

    #[test]
    fn every_word_says_something_and_refuses_what_is_nothing() {
        let good =
            ["csv", "Sheet 1", "a=b=int", "x=2", "id", "id", ";", "'", "false", "3", "%", ",", "dmy", "-", "true"];
        let bad = ["cvs", "", "a", "x=19", "", "", ";;", "", "no", "-1", "\u{e9}", ";", "ymd", "", "1"];
        for ((word, good), bad) in Reading::WORDS.iter().zip(good).zip(bad) {
            assert_ne!(said(&[(word, good)]).unwrap(), ReadOptions::default(), "{word}");
            // Any text can be a sheet, a column or a word for null.
            match said(&[(word, bad)]) {
                Ok(_) => assert!(["sheet", "hash", "opaque", "null"].contains(word), "{word}"),
                Err(error) => assert_eq!((error.word, error.got.as_str()), (*word, bad)),
            }
        }
        assert_eq!(said(&[("delimiter", "\\t")]).unwrap().csv.delimiter, Some(b'\t'));
    }

    #[test]
    fn a_rounded_column_has_the_type_that_is_left_of_it() {
        let options = said(&[("column", "x=int"), ("round", "x=2"), ("round", "y=0"), ("column", "z=decimal(3)")]);
        let pins = options.unwrap().pins;
        let found: Vec<_> = pins.iter().map(|pin| (pin.name.as_str(), pin.ty.unwrap(), pin.round)).collect();
        let decimal = |scale| ColumnType::Decimal { scale };
        assert_eq!(found, [("x", decimal(2), true), ("z", decimal(3), true), ("y", ColumnType::Int, true)]);
    }
}
