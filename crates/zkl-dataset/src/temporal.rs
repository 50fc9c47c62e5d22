//! Dates and times as integers, and back.

use zkl_core::column::TimeUnit;

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
