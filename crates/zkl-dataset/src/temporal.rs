//! Dates and times as integers, and back.

use zkl_core::column::TimeUnit;

/// An instant or a local time, as read from text or a typed column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Nanoseconds since 1970-01-01T00:00:00.
    pub(crate) nanos: i128,
    /// The coarsest unit that holds the digits as written.
    pub(crate) unit: TimeUnit,
    /// Whether the text states an offset from UTC; it is applied.
    pub(crate) offset: bool,
}

pub(crate) const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// Reads `YYYY-MM-DD`.
#[inline]
pub(crate) fn parse_date(text: &str) -> Option<i64> {
    match text.as_bytes() {
        [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] => {
            let year = two(*y1, *y2)? * 100 + two(*y3, *y4)?;
            let (month, day) = (two(*m1, *m2)?, two(*d1, *d2)?);
            ((1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day))
                .then(|| days(year, month, day))
        }
        _ => None,
    }
}

/// Reads `YYYY-MM-DD`, then `T` or a blank, then `HH:MM[:SS[.fraction]]`, then nothing, `Z`, ` UTC` or an offset
/// `+HH`, `+HHMM`, `+HH:MM`. Fractions have 1 to 9 digits.
pub(crate) fn parse_moment(text: &str) -> Option<Moment> {
    let bytes = text.as_bytes();
    if bytes.len() < 16 || !matches!(bytes[10], b'T' | b't' | b' ') || bytes[13] != b':' {
        return None;
    }
    let date = parse_date(text.get(..10)?)?;
    let (hour, minute) = (two(bytes[11], bytes[12])?, two(bytes[14], bytes[15])?);
    let mut rest = &bytes[16..];
    let mut second = 0;
    let (mut fraction, mut digits) = (0i64, 0);
    if let [b':', s1, s2, tail @ ..] = rest {
        second = two(*s1, *s2)?;
        rest = tail;
        if let [b'.', tail @ ..] = rest {
            digits = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if !(1..=9).contains(&digits) {
                return None;
            }
            fraction = tail[..digits].iter().fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0'));
            rest = &tail[digits..];
        }
    }
    let offset = parse_offset(rest)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = date * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset.unwrap_or(0);
    let nanos = fraction * 10i64.pow(9 - u32::try_from(digits).ok()?);
    let unit = match digits {
        0 => TimeUnit::Second,
        1..=3 => TimeUnit::Millisecond,
        4..=6 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    };
    let nanos = i128::from(seconds) * NANOS_PER_SECOND + i128::from(nanos);
    Some(Moment { nanos, unit, offset: offset.is_some() })
}

/// Seconds east of UTC; the outer `None` for a malformed offset, the inner for none.
fn parse_offset(text: &[u8]) -> Option<Option<i64>> {
    let (sign, hours, minutes) = match text {
        [] => return Some(None),
        b"Z" | b"z" | b" UTC" => return Some(Some(0)),
        [sign, h1, h2] => (sign, two(*h1, *h2)?, 0),
        [sign, h1, h2, m1, m2] | [sign, h1, h2, b':', m1, m2] => (sign, two(*h1, *h2)?, two(*m1, *m2)?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60;
    match sign {
        b'+' => Some(Some(seconds)),
        b'-' => Some(Some(-seconds)),
        _ => None,
    }
}

const fn two(tens: u8, ones: u8) -> Option<i64> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() {
        Some((tens - b'0') as i64 * 10 + (ones - b'0') as i64)
    } else {
        None
    }
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

const SECONDS_PER_DAY: i64 = 86_400;

/// `YYYY-MM-DD` of a day count; years outside 0000..9999 carry a sign.
pub(crate) fn format_date(days: i64) -> String {
    let (year, month, day) = civil(i128::from(days));
    if (0..=9999).contains(&year) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:+07}-{month:02}-{day:02}")
    }
}

/// `YYYY-MM-DDTHH:MM:SS` with as many fraction digits as the unit has.
pub(crate) fn format_timestamp(value: i64, unit: TimeUnit) -> String {
    let per_second = unit.per_second();
    let seconds = value.div_euclid(per_second);
    let fraction = value.rem_euclid(per_second);
    let second = seconds.rem_euclid(SECONDS_PER_DAY);
    let date = format_date(seconds.div_euclid(SECONDS_PER_DAY));
    let mut text = format!("{date}T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    let digits = unit_digits(unit);
    if digits > 0 {
        text.push_str(&format!(".{fraction:0digits$}"));
    }
    text
}

/// Digits of a second's fraction in a unit.
pub(crate) const fn unit_digits(unit: TimeUnit) -> usize {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date. `year` may be any year; month and day are in range.
/// Algorithm: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
pub(crate) const fn days(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days`]; in 128 bits, so that every `i64` has a date.
const fn civil(days: i128) -> (i128, i128, i128) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_agree_with_another_implementation() {
        for day in (-719_000..2_900_000).step_by(97) {
            let text = format_date(day);
            let expected: jiff::civil::Date = text.parse().unwrap();
            let epoch = jiff::civil::date(1970, 1, 1);
            assert_eq!(epoch.until(expected).unwrap().get_days(), i32::try_from(day).unwrap(), "{text}");
            assert_eq!(parse_date(&text), Some(day), "{text}");
        }
    }

    #[test]
    fn impossible_dates_are_not_dates() {
        for text in
            ["2021-02-29", "1900-02-29", "2020-13-01", "2020-00-01", "2020-01-32", "2020-1-1", "20200101", "2020/01/01"]
        {
            assert_eq!(parse_date(text), None, "{text}");
        }
        assert!(parse_date("2000-02-29").is_some());
    }

    #[test]
    fn moments_take_the_forms_of_iso_8601_and_pandas() {
        let at = |text: &str| parse_moment(text).map(|moment| (moment.nanos, moment.unit, moment.offset));
        let noon = 1_553_342_400 * NANOS_PER_SECOND;
        assert_eq!(at("2019-03-23 12:00"), Some((noon, TimeUnit::Second, false)));
        assert_eq!(at("2019-03-23T12:00:00Z"), Some((noon, TimeUnit::Second, true)));
        assert_eq!(at("2019-03-23 14:00:00+02:00"), Some((noon, TimeUnit::Second, true)));
        assert_eq!(at("2019-03-23 06:30:00-0530"), Some((noon, TimeUnit::Second, true)));
        assert_eq!(at("2019-03-23 12:00:00 UTC"), Some((noon, TimeUnit::Second, true)));
        assert_eq!(at("2019-03-23 12:00:00.5"), Some((noon + 500_000_000, TimeUnit::Millisecond, false)));
        assert_eq!(at("2019-03-23 12:00:00.000001"), Some((noon + 1_000, TimeUnit::Microsecond, false)));
        assert_eq!(at("2019-03-23T12:00:00.123456789Z"), Some((noon + 123_456_789, TimeUnit::Nanosecond, true)));
        for text in [
            "2019-03-23",
            "2019-03-23 24:00:00",
            "2019-03-23 12:60:00",
            "2019-03-23 12:00:60",
            "2019-03-23 12:00:00.",
            "2019-03-23 12:00:00+2",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn every_integer_has_a_text() {
        assert_eq!(format_timestamp(-1, TimeUnit::Millisecond), "1969-12-31T23:59:59.999");
        assert_eq!(format_timestamp(0, TimeUnit::Second), "1970-01-01T00:00:00");
        assert_eq!(format_timestamp(i64::MIN, TimeUnit::Nanosecond), "1677-09-21T00:12:43.145224192");
        assert!(format_timestamp(i64::MIN, TimeUnit::Second).starts_with('-'));
        assert!(format_date(i64::MAX).starts_with('+'));
    }
}
