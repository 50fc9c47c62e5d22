//! Exact decimal numbers: thresholds are never rounded.

use std::{cmp::Ordering, fmt, str::FromStr};

use num_bigint::BigInt;
use num_rational::BigRational;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::DecimalError;

/// `mantissa / 10^scale`, in lowest terms: the scale is the number of digits after the point that are needed. At most
/// [`Decimal::MAX_DIGITS`] digits before and after the point together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i128,
    scale: u8,
}

impl Decimal {
    /// Most digits, and most digits after the point.
    pub const MAX_DIGITS: u8 = 38;
    const LIMIT: i128 = 10i128.pow(Self::MAX_DIGITS as u32);

    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };
    /// One, or 100 %.
    pub const ONE: Self = Self { mantissa: 1, scale: 0 };

    /// `mantissa / 10^scale`.
    ///
    /// # Errors
    /// [`DecimalError::TooLong`] when the number needs more than [`Decimal::MAX_DIGITS`] digits.
    pub fn new(mut mantissa: i128, mut scale: u8) -> Result<Self, DecimalError> {
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        if scale > Self::MAX_DIGITS || mantissa.unsigned_abs() >= Self::LIMIT.unsigned_abs() {
            return Err(DecimalError::TooLong { max: Self::MAX_DIGITS });
        }
        Ok(Self { mantissa, scale })
    }

    /// The mantissa: the value times `10^scale`.
    pub const fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// Digits after the point.
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// Whether the value is below zero.
    pub const fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// The whole number that this is, or `None` when it has digits after the point.
    pub const fn to_integer(self) -> Option<i128> {
        if self.scale == 0 { Some(self.mantissa) } else { None }
    }

    /// The exact value.
    pub fn to_rational(self) -> BigRational {
        BigRational::new(BigInt::from(self.mantissa), BigInt::from(10).pow(u32::from(self.scale)))
    }

    /// The exact square.
    ///
    /// # Errors
    /// [`DecimalError::TooLong`] when it needs more than [`Decimal::MAX_DIGITS`] digits.
    pub fn squared(self) -> Result<Self, DecimalError> {
        let too_long = DecimalError::TooLong { max: Self::MAX_DIGITS };
        Self::new(self.mantissa.checked_mul(self.mantissa).ok_or(too_long)?, self.scale * 2)
    }

    /// A hundredth of the value: what `value %` means.
    ///
    /// # Errors
    /// [`DecimalError::TooLong`] when it needs more than [`Decimal::MAX_DIGITS`] digits.
    pub fn percent(self) -> Result<Self, DecimalError> {
        Self::new(self.mantissa, self.scale + 2)
    }

    /// The value as a percentage without the sign `%`: `0.125` is `12.5`.
    pub fn as_percent(self) -> impl fmt::Display {
        match self.scale {
            0 => Digits { mantissa: self.mantissa, scale: 0, zeros: if self.mantissa == 0 { "" } else { "00" } },
            1 => Digits { mantissa: self.mantissa, scale: 0, zeros: "0" },
            scale => Digits { mantissa: self.mantissa, scale: scale - 2, zeros: "" },
        }
    }
}

struct Digits {
    mantissa: i128,
    scale: u8,
    zeros: &'static str,
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs();
        if self.scale == 0 {
            return write!(f, "{sign}{digits}{}", self.zeros);
        }
        let unit = 10u128.pow(u32::from(self.scale));
        write!(f, "{sign}{}.{:0width$}", digits / unit, digits % unit, width = usize::from(self.scale))
    }
}

impl fmt::Display for Decimal {
    /// The shortest exact spelling, as `-12.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Digits { mantissa: self.mantissa, scale: self.scale, zeros: "" }.fmt(f)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads `-?[0-9]+(\.[0-9]+)?`. Leading and trailing zeros are accepted; signs `+`, separators and exponents are not.
    fn from_str(s: &str) -> Result<Self, DecimalError> {
        let (negative, digits) = s.strip_prefix('-').map_or((false, s), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !plain(whole) || !fraction.is_none_or(plain) {
            return Err(DecimalError::NotANumber);
        }
        let too_long = DecimalError::TooLong { max: Self::MAX_DIGITS };
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.unwrap_or("").trim_end_matches('0');
        if whole.len() + fraction.len() > usize::from(Self::MAX_DIGITS) {
            return Err(too_long);
        }
        let read = whole.bytes().chain(fraction.bytes()).fold(0i128, |value, b| value * 10 + i128::from(b - b'0'));
        Self::new(if negative { -read } else { read }, fraction.len() as u8)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_rational().cmp(&other.to_rational())
    }
}

impl From<u64> for Decimal {
    fn from(value: u64) -> Self {
        Self { mantissa: i128::from(value), scale: 0 }
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self { mantissa: i128::from(value), scale: 0 }
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    /// A string: JSON numbers are read as doubles by too many programs.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_printed_in_their_shortest_spelling() {
        for (text, canonical) in
            [("0", "0"), ("-0", "0"), ("007.50", "7.5"), ("-0.05", "-0.05"), ("100", "100"), ("1.000", "1")]
        {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), canonical, "{text}");
        }
        for text in ["", "-", "+1", "1.", ".5", "1e3", "1_000", "1,000", "--1", "0x1", " 1", "1.2.3", "NaN", "\u{661}"]
        {
            assert_eq!(text.parse::<Decimal>(), Err(DecimalError::NotANumber), "{text}");
        }
    }

    #[test]
    fn decimals_hold_thirty_eight_digits_and_refuse_more() {
        let longest = "9".repeat(38);
        assert_eq!(longest.parse::<Decimal>().unwrap().to_string(), longest);
        assert!(format!("-0.{longest}").parse::<Decimal>().is_ok());
        assert!("9".repeat(39).parse::<Decimal>().is_err());
        assert!(format!("0.{}1", "0".repeat(38)).parse::<Decimal>().is_err());
        assert!("9".repeat(10_000).parse::<Decimal>().is_err());
        assert!(longest.parse::<Decimal>().unwrap().squared().is_err());
    }

    #[test]
    fn squares_and_percentages_are_exact() {
        let read = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(read("-2.5").squared().unwrap(), read("6.25"));
        assert_eq!(read("12.5").percent().unwrap(), read("0.125"));
        for (text, percent) in [("0", "0"), ("1", "100"), ("0.5", "50"), ("0.125", "12.5"), ("-0.001", "-0.1")] {
            assert_eq!(read(text).as_percent().to_string(), percent);
            assert_eq!(read(percent).percent().unwrap(), read(text));
        }
    }

    #[test]
    fn decimals_are_ordered_by_value() {
        let read = |text: &str| text.parse::<Decimal>().unwrap();
        assert!(read("-1.5") < read("-1.25"));
        assert!(read("0.10001") < read("0.9"));
        assert!(read("2") < read("10.5"));
    }
}
