//! Column types and schemas: what a table's columns mean, before any encoding.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ParseError;

/// Resolution of a timestamp column. The committed integer counts these units since 1970-01-01T00:00:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeUnit {
    /// Seconds.
    Second,
    /// Milliseconds.
    Millisecond,
    /// Microseconds.
    Microsecond,
    /// Nanoseconds.
    Nanosecond,
}

impl TimeUnit {
    /// Units in one second.
    pub const fn per_second(self) -> i64 {
        match self {
            Self::Second => 1,
            Self::Millisecond => 1_000,
            Self::Microsecond => 1_000_000,
            Self::Nanosecond => 1_000_000_000,
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Millisecond => "ms",
            Self::Microsecond => "us",
            Self::Nanosecond => "ns",
        }
    }
}

/// Type of a column. Every value of a numeric type is an `i64` in the unit that the type states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnType {
    /// `true` or `false`; sealed as a category of two values.
    Bool,
    /// A signed 64-bit integer.
    Int,
    /// A fixed-point number: the integer is the value times `10^scale`.
    Decimal {
        /// Digits after the point, 1 to 18.
        scale: u8,
    },
    /// Days since 1970-01-01, proleptic Gregorian.
    Date,
    /// An instant, or a local date and time, in `unit`s since 1970-01-01T00:00:00.
    Timestamp {
        /// The unit counted.
        unit: TimeUnit,
    },
    /// Text with few distinct values.
    Category,
    /// Text whose values are committed to by their digests or not at all: its nulls are counted, and equal values can be told.
    Text,
}

impl ColumnType {
    /// Most digits after the point that a decimal column can have.
    pub const MAX_SCALE: u8 = 18;

    /// Whether values are committed as integers relative to a minimum.
    pub const fn is_numeric(self) -> bool {
        matches!(self, Self::Int | Self::Decimal { .. } | Self::Date | Self::Timestamp { .. })
    }

    /// Whether sums, means and variances of the values mean something.
    pub const fn is_quantity(self) -> bool {
        matches!(self, Self::Int | Self::Decimal { .. })
    }

    /// Whether values are committed as dictionary codes.
    pub const fn is_categorical(self) -> bool {
        matches!(self, Self::Bool | Self::Category)
    }

    /// Digits after the point: the decimal's scale, 0 for every other type.
    pub const fn scale(self) -> u8 {
        match self {
            Self::Decimal { scale } => scale,
            _ => 0,
        }
    }
}

impl fmt::Display for ColumnType {
    /// `bool`, `int`, `decimal(2)`, `date`, `timestamp(s|ms|us|ns)`, `category`, `text`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Decimal { scale } => write!(f, "decimal({scale})"),
            Self::Date => f.write_str("date"),
            Self::Timestamp { unit } => write!(f, "timestamp({})", unit.suffix()),
            Self::Category => f.write_str("category"),
            Self::Text => f.write_str("text"),
        }
    }
}

impl FromStr for ColumnType {
    type Err = ParseError;

    fn from_str(s: &str) -> Result<Self, ParseError> {
        let unknown = || ParseError::ColumnType { got: s.to_owned() };
        let argument = |prefix: &str| s.strip_prefix(prefix)?.strip_prefix('(')?.strip_suffix(')');
        Ok(match s {
            "bool" => Self::Bool,
            "int" => Self::Int,
            "date" => Self::Date,
            "category" => Self::Category,
            "text" => Self::Text,
            _ => {
                if let Some(scale) = argument("decimal") {
                    let canonical = scale.bytes().all(|b| b.is_ascii_digit()) && !scale.starts_with('0');
                    match scale.parse() {
                        Ok(scale @ 1..=Self::MAX_SCALE) if canonical => Self::Decimal { scale },
                        _ => return Err(unknown()),
                    }
                } else {
                    let unit = match argument("timestamp") {
                        Some("s") => TimeUnit::Second,
                        Some("ms") => TimeUnit::Millisecond,
                        Some("us") => TimeUnit::Microsecond,
                        Some("ns") => TimeUnit::Nanosecond,
                        _ => return Err(unknown()),
                    };
                    Self::Timestamp { unit }
                }
            }
        })
    }
}

impl Serialize for ColumnType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ColumnType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One column of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSchema {
    /// Name, as in the file's header.
    pub name: String,
    /// Type of the values.
    #[serde(rename = "type")]
    pub ty: ColumnType,
    /// Whether a value may be absent.
    pub nullable: bool,
}

/// The columns of a table, in file order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Columns, in file order, with distinct names.
    pub columns: Vec<ColumnSchema>,
}

impl Schema {
    /// Position of the column called `name`.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_types_round_trip_through_their_one_spelling() {
        for text in ["bool", "int", "decimal(1)", "decimal(18)", "date", "timestamp(ns)", "category", "text"] {
            assert_eq!(text.parse::<ColumnType>().unwrap().to_string(), text);
        }
        for text in ["", "Bool", "decimal", "decimal(0)", "decimal(19)", "decimal(02)", "decimal(+2)", "timestamp(m)"] {
            assert!(text.parse::<ColumnType>().is_err(), "{text}");
        }
    }
}
