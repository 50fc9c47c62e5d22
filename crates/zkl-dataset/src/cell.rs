//! One value of a table, as the reader of its format hands it over.

use std::fmt::Write as _;

use zkl_core::column::{ColumnType, TimeUnit};

use crate::{
    error::Excerpt,
    number::{self, Number, Parsed},
    temporal::{self, Moment},
    view::format_value,
};

/// One value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    Null,
    /// Text of a format without types: it may stand for a number, a time, a bool.
    Text(&'a str),
    /// A string of a format with types: never a number or a bool unless pinned.
    String(&'a str),
    /// A JSON number, as written.
    Literal(&'a str),
    Number(Number),
    Float(f64),
    Float32(f32),
    Bool(bool),
    /// Days since 1970-01-01.
    Date(i64),
    Time {
        value: i64,
        unit: TimeUnit,
        /// Whether it is an instant and no local time.
        offset: bool,
    },
    /// A date or time without end.
    Infinite,
    /// A value that can only be counted, and what it is.
    Opaque(&'static str),
}

impl<'a> Cell<'a> {
    #[inline]
    pub(crate) fn number(self) -> Parsed {
        match self {
            Self::Text(text) | Self::String(text) | Self::Literal(text) => number::parse(text),
            Self::Number(number) => Parsed::Number(number),
            Self::Float(value) => Number::of_float(value),
            Self::Float32(value) => Number::shortest(value),
            _ => Parsed::No,
        }
    }

    #[inline]
    pub(crate) fn bool(self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(value),
            Self::Text("True" | "TRUE" | "true") | Self::String("True" | "TRUE" | "true") => Some(true),
            Self::Text("False" | "FALSE" | "false") | Self::String("False" | "FALSE" | "false") => Some(false),
            _ => None,
        }
    }

    /// The value as a bool of a column that is said to be one: 0 and 1, yes and no too.
    #[inline]
    pub(crate) fn declared_bool(self) -> Option<bool> {
        match (self.bool(), self) {
            (Some(value), _) => Some(value),
            (None, Self::Text(text) | Self::String(text) | Self::Literal(text)) => match text.trim_matches([' ', '\t'])
            {
                "1" | "yes" | "Yes" | "YES" | "y" | "Y" | "t" | "T" => Some(true),
                "0" | "no" | "No" | "NO" | "n" | "N" | "f" | "F" => Some(false),
                _ => None,
            },
            (None, Self::Number(Number { mantissa: mantissa @ (0 | 1), scale: 0 })) => Some(mantissa == 1),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn date(self) -> Option<i64> {
        match self {
            Self::Text(text) | Self::String(text) => temporal::parse_date(text),
            Self::Date(days) => Some(days),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn moment(self) -> Option<Moment> {
        match self {
            Self::Text(text) | Self::String(text) => temporal::parse_moment(text),
            Self::Time { value, unit, offset } => {
                let nanos = i128::from(value) * (temporal::NANOS_PER_SECOND / i128::from(unit.per_second()));
                Some(Moment { nanos, unit, offset })
            }
            _ => None,
        }
    }

    /// The value as the text of a category. Text is taken as it stands; `scratch` holds what has to be written first.
    #[inline]
    pub(crate) fn text(self, scratch: &'a mut String) -> &'a str {
        scratch.clear();
        match self {
            Self::Text(text) | Self::String(text) | Self::Literal(text) => return text,
            Self::Bool(value) => return if value { "true" } else { "false" },
            Self::Null | Self::Opaque(_) => return "",
            Self::Infinite => return "infinity",
            Self::Number(number) => *scratch = number.to_string(),
            // Writing to a String cannot fail.
            Self::Float(value) => _ = write!(scratch, "{value}"),
            Self::Float32(value) => _ = write!(scratch, "{value}"),
            Self::Date(days) => *scratch = format_value(ColumnType::Date, days),
            Self::Time { value, unit, .. } => *scratch = format_value(ColumnType::Timestamp { unit }, value),
        }
        scratch
    }

    pub(crate) fn excerpt(self) -> Excerpt {
        Excerpt::new(self.text(&mut String::new()))
    }
}
