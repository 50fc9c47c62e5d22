//! What a value can be compared with: a number, a date or a timestamp.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use jiff::civil::{Date, DateTime, date};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{decimal::Decimal, error::LiteralError};

/// A threshold of a bounds claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Literal {
    /// A number: `30`, `-1.5`.
    Number(Decimal),
    /// A day: `2024-02-29`.
    Date(DateLiteral),
    /// A date and time: `2024-02-29T12:30:00.25`, as UTC or as the local time that the column holds.
    Timestamp(TimestampLiteral),
}

/// A day of the proleptic Gregorian calendar, years 0000 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateLiteral {
    days: i32,
}

impl DateLiteral {
    /// Days since 1970-01-01.
    pub const fn days(self) -> i32 {
        self.days
    }

    fn to_civil(self) -> Date {
        // Only `parse_date` makes values of this type, so that the sum always exists.
        epoch().checked_add(jiff::Span::new().days(self.days)).unwrap_or(epoch())
    }
}

/// A date and time to the nanosecond, years 0000 to 9999. Two that are equal may have been written with different offsets.
#[derive(Clone, Copy, Debug)]
pub struct TimestampLiteral {
    nanoseconds: i128,
    /// Whether it was written with an offset from UTC. The canonical text has none.
    zoned: bool,
}

impl TimestampLiteral {
    /// Nanoseconds since 1970-01-01T00:00:00.
    pub const fn nanoseconds(self) -> i128 {
        self.nanoseconds
    }

    /// Whether it was written with an offset from UTC, and so is an instant and no time of day somewhere.
    pub const fn is_zoned(self) -> bool {
        self.zoned
    }
}

impl PartialEq for TimestampLiteral {
    fn eq(&self, other: &Self) -> bool {
        self.nanoseconds == other.nanoseconds
    }
}

impl Eq for TimestampLiteral {}

impl PartialOrd for TimestampLiteral {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TimestampLiteral {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanoseconds.cmp(&other.nanoseconds)
    }
}

impl Hash for TimestampLiteral {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanoseconds.hash(state);
    }
}

impl Literal {
    /// The day `days` after 1970-01-01, or `None` outside the years 0000 to 9999.
    pub fn from_days(days: i128) -> Option<Self> {
        let days = i32::try_from(days).ok()?;
        let (first, last) = (days_since_epoch(date(0, 1, 1)).ok()?, days_since_epoch(date(9999, 12, 31)).ok()?);
        (first..=last).contains(&days).then_some(Self::Date(DateLiteral { days }))
    }

    /// The time `nanoseconds` after 1970-01-01T00:00:00, or `None` outside the years 0000 to 9999.
    pub fn from_nanoseconds(nanoseconds: i128) -> Option<Self> {
        Self::from_days(nanoseconds.div_euclid(NANOS_PER_DAY))?;
        Some(Self::Timestamp(TimestampLiteral { nanoseconds, zoned: false }))
    }

    /// Whether two literals can bound one range, and the first one is the smaller or equal one; `None` when they are of
    /// different kinds.
    pub(super) fn ordered(&self, upper: &Self) -> Option<bool> {
        match (self, upper) {
            (Self::Number(a), Self::Number(b)) => Some(a <= b),
            (Self::Date(a), Self::Date(b)) => Some(a <= b),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(a <= b),
            _ => None,
        }
    }
}

impl From<Decimal> for Literal {
    fn from(value: Decimal) -> Self {
        Self::Number(value)
    }
}

const fn epoch() -> Date {
    date(1970, 1, 1)
}

const NANOS_PER_SECOND: i128 = 1_000_000_000;
const NANOS_PER_DAY: i128 = 86_400 * NANOS_PER_SECOND;

impl fmt::Display for Literal {
    /// `12.5`, `2024-02-29`, `2024-02-29T12:30:00.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => value.fmt(f),
            Self::Date(day) => write!(f, "{}", day.to_civil()),
            Self::Timestamp(time) => {
                let days = time.nanoseconds.div_euclid(NANOS_PER_DAY) as i32;
                let nanos = time.nanoseconds.rem_euclid(NANOS_PER_DAY);
                let (seconds, fraction) = (nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND);
                let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
                write!(f, "{}T{hour:02}:{minute:02}:{second:02}", DateLiteral { days }.to_civil())?;
                if fraction == 0 {
                    return Ok(());
                }
                let digits = format!("{fraction:09}");
                write!(f, ".{}", digits.trim_end_matches('0'))
            }
        }
    }
}

impl FromStr for Literal {
    type Err = LiteralError;

    /// Reads a [`Decimal`], `YYYY-MM-DD`, or `YYYY-MM-DDTHH:MM[:SS[.fraction]]` with an optional `Z` or `±HH:MM`.
    fn from_str(s: &str) -> Result<Self, LiteralError> {
        if !is_dated(s) {
            return Ok(Self::Number(s.parse()?));
        }
        if s.len() == DATE_LEN {
            return Ok(Self::Date(parse_date(s)?));
        }
        Ok(Self::Timestamp(parse_timestamp(s)?))
    }
}

const DATE_LEN: usize = 10;

/// Whether `s` starts with four digits, a dash, two digits, a dash and two digits.
pub(super) fn is_dated(s: &str) -> bool {
    let bytes = s.as_bytes();
    bytes.len() >= DATE_LEN
        && bytes[..DATE_LEN]
            .iter()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() })
}

fn parse_date(s: &str) -> Result<DateLiteral, LiteralError> {
    let day: Date = s.parse().map_err(|_| LiteralError::NoSuchDate)?;
    Ok(DateLiteral { days: days_since_epoch(day)? })
}

fn days_since_epoch(day: Date) -> Result<i32, LiteralError> {
    Ok(epoch().until(day).map_err(|_| LiteralError::NoSuchDate)?.get_days())
}

fn parse_timestamp(s: &str) -> Result<TimestampLiteral, LiteralError> {
    if !matches!(s.as_bytes()[DATE_LEN], b'T' | b't') || s.len() > 64 {
        return Err(LiteralError::NotATimestamp);
    }
    let time = &s[DATE_LEN + 1..];
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let plain = clock.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'));
    if !plain || clock.len() < 5 || clock.as_bytes()[2] != b':' {
        return Err(LiteralError::NotATimestamp);
    }
    let civil: DateTime = format!("{}T{clock}", &s[..DATE_LEN]).parse().map_err(|_| LiteralError::NotATimestamp)?;
    // A leap second is read as :59 by the calendar; a threshold must not move silently.
    if clock.get(6..8).is_some_and(|second| second == "60") {
        return Err(LiteralError::NotATimestamp);
    }
    let seconds = i128::from(civil.hour()) * 3600 + i128::from(civil.minute()) * 60 + i128::from(civil.second());
    let nanoseconds = i128::from(days_since_epoch(civil.date())?) * NANOS_PER_DAY
        + seconds * NANOS_PER_SECOND
        + i128::from(civil.subsec_nanosecond())
        - zone_offset(zone)? * NANOS_PER_SECOND;
    match Literal::from_nanoseconds(nanoseconds) {
        Some(Literal::Timestamp(time)) => Ok(TimestampLiteral { zoned: !zone.is_empty(), ..time }),
        _ => Err(LiteralError::NoSuchDate),
    }
}

/// Seconds east of UTC.
fn zone_offset(zone: &str) -> Result<i128, LiteralError> {
    let bytes = zone.as_bytes();
    match bytes {
        [] | [b'Z' | b'z'] => Ok(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] if [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()) => {
            let two = |tens: &u8, ones: &u8| i128::from(tens - b'0') * 10 + i128::from(ones - b'0');
            let (hours, minutes) = (two(h1, h2), two(m1, m2));
            if hours > 18 || minutes > 59 {
                return Err(LiteralError::NotATimestamp);
            }
            let seconds = hours * 3600 + minutes * 60;
            Ok(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => Err(LiteralError::NotATimestamp),
    }
}

impl Serialize for Literal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Literal {
        text.parse().unwrap()
    }

    #[test]
    fn dates_count_days_and_timestamps_count_nanoseconds() {
        assert!(matches!(read("1970-01-02"), Literal::Date(day) if day.days() == 1));
        assert!(matches!(read("1969-12-31"), Literal::Date(day) if day.days() == -1));
        assert!(matches!(read("2000-03-01"), Literal::Date(day) if day.days() == 11_017));
        assert!(matches!(read("1970-01-01T00:00:01.5"), Literal::Timestamp(t) if t.nanoseconds() == 1_500_000_000));
        assert!(matches!(read("1969-12-31T23:59:59"), Literal::Timestamp(t) if t.nanoseconds() == -1_000_000_000));
    }

    #[test]
    fn zones_are_converted_to_utc_and_printed_without() {
        assert_eq!(read("2024-01-01T01:00:00+01:00"), read("2024-01-01T00:00Z"));
        assert_eq!(read("2024-01-01T01:00:00+01:00").to_string(), "2024-01-01T00:00:00");
        assert_eq!(read("2023-12-31T19:30:00.120-04:30").to_string(), "2024-01-01T00:00:00.12");
    }

    #[test]
    fn literals_print_as_they_read() {
        for text in ["-1.5", "0", "0000-01-01", "9999-12-31", "2024-02-29T23:59:59.999999999", "1901-07-08T09:10:11"] {
            assert_eq!(read(text).to_string(), text);
            assert_eq!(serde_json::to_string(&read(text)).unwrap(), format!("\"{text}\""));
        }
    }

    #[test]
    fn impossible_dates_and_times_are_refused() {
        for text in ["2023-02-29", "2024-13-01", "2024-00-10"] {
            assert_eq!(text.parse::<Literal>(), Err(LiteralError::NoSuchDate), "{text}");
        }
        for text in [
            "2024-01-01T",
            "2024-01-01T24:00",
            "2024-01-01T10",
            "2024-01-01T10:61",
            "2024-01-01T23:59:60",
            "2024-01-01 10:00",
            "2024-01-01T10:00[UTC]",
            "2024-01-01T10:00+1",
            "2024-01-01x",
            "2024-01-01T10:00:00,5",
            "2024-01-01T\u{661}0:00",
        ] {
            assert_eq!(text.parse::<Literal>(), Err(LiteralError::NotATimestamp), "{text}");
        }
        assert!("0000-01-01T00:00:00+01:00".parse::<Literal>().is_err());
        assert!("1e5".parse::<Literal>().is_err());
    }
}
