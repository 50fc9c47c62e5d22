//! Exact decimal numbers: parsing, scaling, rounding. No float arithmetic.

use std::fmt::{self, Write as _};

use num_bigint::BigInt;
use num_traits::Pow as _;

/// `mantissa / 10^scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) mantissa: i128,
    /// Digits after the point, as written; at least 0.
    pub(crate) scale: u32,
}

/// What a text is when read as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    Number(Number),
    /// Infinity or NaN.
    NotFinite,
    /// A number whose digits do not fit 127 bits.
    TooLarge,
    /// Not a number; also what has leading zeros, as ids and postal codes do.
    No,
}

/// A number that is not a multiple of `10^-scale`, or too large for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    Digits,
    Overflow,
}

/// Largest power of ten in [`POW10`].
const MAX_POW: u32 = 38;

const POW10: [i128; MAX_POW as usize + 1] = {
    let mut powers = [1; MAX_POW as usize + 1];
    let mut i = 1;
    while i < powers.len() {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// Exponents beyond this are read as this: such numbers are too large or rounded to 0 either way.
const MAX_EXPONENT: i32 = 9_999;

impl Number {
    pub(crate) const fn integer(mantissa: i128) -> Self {
        Self { mantissa, scale: 0 }
    }

    /// The mantissa at `scale`.
    #[inline]
    pub(crate) fn at_scale(self, scale: u32) -> Result<i128, Misfit> {
        if self.scale == scale {
            return Ok(self.mantissa);
        }
        if self.mantissa == 0 {
            return Ok(0);
        }
        if self.scale < scale {
            let power = POW10.get((scale - self.scale) as usize).ok_or(Misfit::Overflow)?;
            return self.mantissa.checked_mul(*power).ok_or(Misfit::Overflow);
        }
        let power = POW10.get((self.scale - scale) as usize).ok_or(Misfit::Digits)?;
        if self.mantissa % power == 0 { Ok(self.mantissa / power) } else { Err(Misfit::Digits) }
    }

    /// The number with at most `scale` digits after the point, rounded half to even, and the distance to it.
    pub(crate) fn rounded(self, scale: u32) -> (Self, f64) {
        if self.scale <= scale {
            return (self, 0.0);
        }
        let unit = 0.1f64.powi(i32::try_from(self.scale).unwrap_or(i32::MAX));
        let Some(power) = POW10.get((self.scale - scale) as usize) else {
            return (Self { mantissa: 0, scale }, self.mantissa.unsigned_abs() as f64 * unit);
        };
        let (mut quotient, remainder) = (self.mantissa.div_euclid(*power), self.mantissa.rem_euclid(*power));
        let half = power / 2;
        let up = remainder > half || (remainder == half && quotient % 2 != 0);
        let distance = if up { power - remainder } else { remainder };
        quotient += i128::from(up);
        (Self { mantissa: quotient, scale }, distance as f64 * unit)
    }

    /// The largest mantissa at `scale` that is not above the number.
    pub(crate) fn floor(self, scale: u32) -> i128 {
        match POW10.get(self.scale.saturating_sub(scale) as usize) {
            Some(power) => self.mantissa.div_euclid(*power),
            None => -i128::from(self.mantissa < 0),
        }
    }

    /// Whether this is the larger number.
    pub(crate) fn exceeds(self, other: Self) -> bool {
        if self.scale == other.scale {
            return self.mantissa > other.mantissa;
        }
        self.exceeds_at_another_scale(other)
    }

    #[cold]
    fn exceeds_at_another_scale(self, other: Self) -> bool {
        let scale = self.scale.max(other.scale);
        let scaled = |number: Self| BigInt::from(number.mantissa) * BigInt::from(10u8).pow(scale - number.scale);
        scaled(self) > scaled(other)
    }

    /// The same number without zeros at the end of its fraction, as long as it has more than `scale` digits there.
    pub(crate) fn trimmed(mut self, scale: u32) -> Self {
        if self.mantissa == 0 {
            return Self { mantissa: 0, scale: self.scale.min(scale) };
        }
        while self.scale > scale {
            // Most mantissas fit a word, whose division is several times as fast.
            let (quotient, remainder) = match i64::try_from(self.mantissa) {
                Ok(mantissa) => (i128::from(mantissa / 10), i128::from(mantissa % 10)),
                Err(_) => (self.mantissa / 10, self.mantissa % 10),
            };
            if remainder != 0 {
                break;
            }
            self = Self { mantissa: quotient, scale: self.scale - 1 };
        }
        self
    }

    /// The shortest decimal that reads back as `value`, as [`Number::shortest`] finds it, if it has at most 15 digits, as money and
    /// measurements have.
    ///
    /// Such a decimal is a whole number below 10^15 over a power of ten. `value` times that power is less than a quarter away from the whole
    /// number, as each of the two roundings between them changes it by at most one part in 2^53; so rounding finds it. Division of the two, which are
    /// both exact, is what reading the decimal comes to. No float is read from two decimals of 15 digits, and the first power
    /// that fits leaves the fewest of them.
    #[inline]
    fn of_few_digits(value: f64) -> Option<Self> {
        const LIMIT: f64 = 1e15;
        const POWERS: [f64; 7] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
        // Adding and subtracting it rounds to a whole number.
        const ROUND: f64 = 6_755_399_441_055_744.0;
        for (scale, power) in (0..).zip(POWERS) {
            let whole = value * power + ROUND - ROUND;
            if whole.is_nan() || whole.abs() >= LIMIT {
                return None;
            }
            if whole / power == value {
                return Some(Self { mantissa: i128::from(whole as i64), scale });
            }
        }
        None
    }

    /// What a float of 64 bits is, as its shortest decimal.
    #[inline]
    pub(crate) fn of_float(value: f64) -> Parsed {
        Self::of_few_digits(value).map_or_else(|| Self::shortest(value), Parsed::Number)
    }

    /// The shortest decimal that reads back as `value`; `None` for NaN and infinities.
    pub(crate) fn shortest(value: impl fmt::LowerExp) -> Parsed {
        let mut text = Stack { bytes: [0; 40], len: 0 };
        if write!(text, "{value:e}").is_err() {
            return Parsed::No;
        }
        parse(std::str::from_utf8(&text.bytes[..text.len]).unwrap_or_default())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::view::fixed_point(&self.mantissa.into(), self.scale))
    }
}

/// A text buffer without allocation, for the hot path of float columns.
struct Stack {
    bytes: [u8; 40],
    len: usize,
}

impl fmt::Write for Stack {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Reads `[+-]digits[.digits][e[+-]digits]`, blanks around it allowed as in pandas.
#[inline]
pub(crate) fn parse(text: &str) -> Parsed {
    let mut bytes = text.as_bytes();
    if let ([b' ' | b'\t', ..], _) | (_, [.., b' ' | b'\t']) = (bytes, bytes) {
        bytes = text.trim_matches([' ', '\t']).as_bytes();
    }
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    };
    let mut mantissa = 0u64;
    let mut count = 0usize;
    let mut point = None;
    let mut exponent = 0;
    for (index, &byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
            count += 1;
        } else if byte == b'.' && point.is_none() {
            point = Some(count);
        } else if byte | 0x20 == b'e' && count > 0 {
            match parse_exponent(&digits[index + 1..]) {
                Some(value) => exponent = value,
                None => return Parsed::No,
            }
            break;
        } else {
            return not_finite(digits);
        }
    }
    let whole = point.unwrap_or(count);
    if count == 0 || (whole > 1 && digits[0] == b'0') {
        return Parsed::No;
    }
    let (mantissa, dropped) = if count <= 19 {
        (i128::from(mantissa), 0)
    } else {
        match long_mantissa(digits) {
            Some(long) => long,
            None => return Parsed::TooLarge,
        }
    };
    let mantissa = if negative { -mantissa } else { mantissa };
    let scale = i32::try_from(count - whole - dropped).unwrap_or(i32::MAX).saturating_sub(exponent);
    if let Ok(scale) = u32::try_from(scale) {
        return Parsed::Number(Number { mantissa, scale });
    }
    match (Number { mantissa, scale: 0 }).at_scale(scale.unsigned_abs()) {
        Ok(mantissa) => Parsed::Number(Number { mantissa, scale: 0 }),
        Err(_) => Parsed::TooLarge,
    }
}

fn parse_exponent(text: &[u8]) -> Option<i32> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0i32, |sum, byte| (sum * 10 + i32::from(byte - b'0')).min(MAX_EXPONENT));
    Some(if negative { -value } else { value })
}

/// The digits as a number, and how many digits at the end of a fraction it leaves out: what no column can keep. A mantissa that
/// would then end in 0 or 5 ends in 1 or 6 if what is left out is not 0, so that it is rounded as the whole number would be.
fn long_mantissa(digits: &[u8]) -> Option<(i128, usize)> {
    const MOST: i128 = 10i128.pow(36);
    let end = digits.iter().position(|byte| byte | 0x20 == b'e').unwrap_or(digits.len());
    let values = digits[..end].iter().filter(|byte| byte.is_ascii_digit()).map(|byte| i128::from(byte - b'0'));
    let whole = digits[..end].iter().take_while(|byte| **byte != b'.').count();
    let (mut mantissa, mut dropped, mut remainder) = (0i128, 0, false);
    for (index, digit) in values.enumerate() {
        if index >= whole && mantissa >= MOST {
            dropped += 1;
            remainder |= digit != 0;
        } else {
            mantissa = mantissa.checked_mul(10)?.checked_add(digit)?;
        }
    }
    Some((mantissa + i128::from(remainder && mantissa % 5 == 0), dropped))
}

#[cold]
fn not_finite(unsigned: &[u8]) -> Parsed {
    let special: [&[u8]; 3] = [b"inf", b"infinity", b"nan"];
    if special.iter().any(|name| unsigned.eq_ignore_ascii_case(name)) { Parsed::NotFinite } else { Parsed::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(mantissa: i128, scale: u32) -> Parsed {
        Parsed::Number(Number { mantissa, scale })
    }

    #[test]
    fn numbers_keep_their_digits() {
        let cases = [
            ("0", number(0, 0)),
            ("-0.50", number(-50, 2)),
            ("+7", number(7, 0)),
            (".5", number(5, 1)),
            ("5.", number(5, 0)),
            (" 12 ", number(12, 0)),
            ("1e-3", number(1, 3)),
            ("1.50e1", number(150, 1)),
            ("2E5", number(200_000, 0)),
            ("0.1", number(1, 1)),
            ("9223372036854775807", number(i64::MAX.into(), 0)),
            ("-9223372036854775808", number(i64::MIN.into(), 0)),
            ("123456789012345678901234567890", number(123_456_789_012_345_678_901_234_567_890, 0)),
            ("0e99999", number(0, 0)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn ids_and_words_are_not_numbers() {
        for text in [
            "", "-", "+", ".", "e5", "00501", "-007", "00.5", "1,234", "12%", "0x1f", "1_000", "1e", "1e+", "1.2.3",
            "abc",
        ] {
            assert_eq!(parse(text), Parsed::No, "{text}");
        }
        for text in ["inf", "-Inf", "+INFINITY", "nan", "-NaN"] {
            assert_eq!(parse(text), Parsed::NotFinite, "{text}");
        }
        assert_eq!(parse(&"9".repeat(40)), Parsed::TooLarge);
        assert_eq!(parse("1e99999999999"), Parsed::TooLarge);
    }

    #[test]
    fn floats_become_their_shortest_decimal() {
        assert_eq!(Number::shortest(0.1f64), number(1, 1));
        assert_eq!(Number::shortest(0.1f32), number(1, 1));
        assert_eq!(Number::shortest(-2.5e-7f64), number(-25, 8));
        assert_eq!(Number::shortest(3.0f64), number(3, 0));
        assert_eq!(Number::shortest(f64::NAN), Parsed::NotFinite);
        assert_eq!(Number::shortest(f64::NEG_INFINITY), Parsed::NotFinite);
        assert!(matches!(Number::shortest(f64::MAX), Parsed::TooLarge));
        assert!(matches!(Number::shortest(f64::from_bits(1)), Parsed::Number(Number { scale: 324, .. })));
    }

    proptest::proptest! {
        #[test]
        fn floats_of_few_digits_take_no_other_value(mantissa: i64, scale in 0i32..9, bits: u64) {
            for digits in 1..16 {
                let value = (mantissa % 10i64.pow(digits)) as f64 / 10f64.powi(scale);
                proptest::prop_assert_eq!(Number::of_float(value), Number::shortest(value), "{}", value);
                let near = f64::from_bits(value.to_bits().wrapping_add(bits % 3));
                proptest::prop_assert_eq!(Number::of_float(near), Number::shortest(near), "{}", near);
            }
            let any = f64::from_bits(bits);
            proptest::prop_assert_eq!(Number::of_float(any), Number::shortest(any), "{}", any);
        }
    }

    #[test]
    fn rounding_is_half_to_even_on_both_sides_of_zero() {
        let round = |mantissa, scale, to| Number { mantissa, scale }.rounded(to).0.mantissa;
        assert_eq!([round(25, 1, 0), round(35, 1, 0), round(-25, 1, 0), round(-35, 1, 0)], [2, 4, -2, -4]);
        assert_eq!([round(251, 2, 0), round(-251, 2, 0), round(1, 300, 6)], [3, -3, 0]);
        assert_eq!(Number { mantissa: 26, scale: 1 }.rounded(0).1, 0.4);
    }

    #[test]
    fn scaling_is_exact_or_refused() {
        let number = Number { mantissa: 1200, scale: 3 };
        assert_eq!(number.at_scale(1), Ok(12));
        assert_eq!(number.at_scale(0), Err(Misfit::Digits));
        assert_eq!(number.at_scale(60), Err(Misfit::Overflow));
        assert_eq!(number.trimmed(0), Number { mantissa: 12, scale: 1 });
    }

    #[test]
    fn digits_alone_never_make_a_number_too_large() {
        let third = format!("0.{}", "3".repeat(60));
        assert_eq!(parse(&third), number(3_333_333_333_333_333_333_333_333_333_333_333_333, 37));
        let above_half = format!("0.5{}1", "0".repeat(60));
        let Parsed::Number(above_half) = parse(&above_half) else { panic!("no number") };
        assert_eq!(above_half.rounded(0).0.mantissa, 1, "not a tie");
        assert_eq!(
            parse(&format!("-1.{}e2", "0".repeat(50))),
            number(-1_000_000_000_000_000_000_000_000_000_000_000_000, 34)
        );
    }

    #[test]
    fn numbers_of_any_scale_are_compared() {
        let tiny = Number { mantissa: 1, scale: 300 };
        assert!(tiny.exceeds(Number::integer(0)) && !Number::integer(0).exceeds(tiny));
        assert!(!Number { mantissa: 10, scale: 1 }.exceeds(Number::integer(1)));
        assert_eq!([tiny.floor(18), Number { mantissa: -1, scale: 300 }.floor(18)], [0, -1]);
        assert_eq!([Number { mantissa: 15, scale: 1 }.floor(0), Number { mantissa: -15, scale: 1 }.floor(0)], [1, -2]);
    }
}
