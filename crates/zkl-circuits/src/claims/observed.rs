//! The value of a statistic: for the owner's eyes only.

use std::fmt;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed as _, Zero as _};
use zkl_core::{column::ColumnType, layout::ColumnLayout};

use super::language::Literal;

/// What a claim's statistic is in the profile, in the units of the claim's text. Has no `Debug`, so that it does not end in
/// a log by accident; [`Display`](fmt::Display) is the one way out.
#[derive(Clone, PartialEq, Eq)]
pub enum Observed {
    /// An exact number.
    Number(BigRational),
    /// An exact part of 1.
    Rate(BigRational),
    /// The smallest and the largest value of a column, in its integer units.
    Range {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
        /// Type of the column.
        ty: ColumnType,
    },
    /// A root of an exact number, with a sign.
    Root {
        /// The number's square.
        square: BigRational,
        /// Whether the number is below 0.
        negative: bool,
    },
}

/// Digits after the point where a number does not end before.
const DIGITS: u32 = 18;

impl fmt::Display for Observed {
    /// Numbers with up to 18 digits after the point, cut off and marked with `...` where they go on; rates in percent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => write_decimal(f, value),
            Self::Rate(value) => {
                write_decimal(f, &(value * BigInt::from(100)))?;
                f.write_str("%")
            }
            Self::Range { min, max, ty } => {
                write!(f, "{} to {}", in_type((*min).into(), *ty), in_type((*max).into(), *ty))
            }
            Self::Root { square, negative } => {
                let unit = BigInt::from(10).pow(DIGITS);
                let root = (square * &unit * &unit).to_integer().sqrt();
                let value = BigRational::new(if *negative { -root } else { root }, unit);
                write_decimal(f, &value)
            }
        }
    }
}

fn write_decimal(f: &mut fmt::Formatter<'_>, value: &BigRational) -> fmt::Result {
    let unit = BigInt::from(10).pow(DIGITS);
    let scaled = (value * &unit).abs();
    let digits = scaled.to_integer();
    let (whole, fraction) = (&digits / &unit, &digits % &unit);
    if value.is_negative() {
        f.write_str("-")?;
    }
    write!(f, "{whole}")?;
    let fraction = format!("{fraction:0>width$}", fraction = fraction.to_string(), width = DIGITS as usize);
    if !scaled.is_integer() {
        return write!(f, ".{fraction}...");
    }
    match fraction.trim_end_matches('0') {
        "" => Ok(()),
        digits => write!(f, ".{digits}"),
    }
}

/// A sealed bound of values or of their range as a threshold that is provable, in the column's notation: rounded up to the units of its type,
/// and for a rounded column as much higher as thresholds move inwards, which is by the error of `values` values.
pub(super) fn provable_bound(sealed: i128, column: &ColumnLayout, values: u64) -> String {
    let units = -(-sealed >> column.fraction_bits);
    let Some(rounding) = column.rounding else { return in_type(units, column.ty) };
    let ten_to = |digits: u8| BigInt::from(10).pow(u32::from(digits));
    let (mantissa, scale) = rounding.error();
    let error = BigRational::new(BigInt::from(mantissa) * values, ten_to(scale));
    let bound = BigRational::new(units.into(), ten_to(column.ty.scale())) + error;
    Observed::Number(bound).to_string()
}

/// An integer of a column, as the column's values are written.
pub(super) fn in_type(value: i128, ty: ColumnType) -> String {
    let literal = match ty {
        ColumnType::Date => Literal::from_days(value),
        ColumnType::Timestamp { unit } => {
            value.checked_mul(i128::from(1_000_000_000 / unit.per_second())).and_then(Literal::from_nanoseconds)
        }
        _ => None,
    };
    let number = || Observed::Number(BigRational::new(value.into(), BigInt::from(10).pow(u32::from(ty.scale()))));
    literal.map_or_else(|| number().to_string(), |literal| literal.to_string())
}

impl Observed {
    /// A fraction; `denominator` is not 0.
    pub(super) fn fraction(numerator: BigInt, denominator: BigInt) -> BigRational {
        if denominator.is_zero() { BigRational::zero() } else { BigRational::new(numerator, denominator) }
    }
}
