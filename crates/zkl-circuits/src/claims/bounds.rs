//! Thresholds as exact fractions in the integer units of the committed columns. Nothing is rounded.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed as _, ToPrimitive as _};
use zkl_core::layout::ColumnLayout;

use super::language::{ClaimError, Comparison, Decimal};

/// The unit that committed integers count: `10^-digits 2^-bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    digits: u32,
    bits: u32,
}

impl Unit {
    /// Of what is counted.
    pub(super) const ONE: Self = Self { digits: 0, bits: 0 };

    /// Of a column's committed integers.
    pub(super) const fn of(column: &ColumnLayout) -> Self {
        Self { digits: column.ty.scale() as u32, bits: column.fraction_bits as u32 }
    }

    /// Of products of two such integers.
    pub(super) const fn squared(self) -> Self {
        Self { digits: 2 * self.digits, bits: 2 * self.bits }
    }

    /// How many of it are 1.
    pub(super) fn per_one(self) -> BigInt {
        BigInt::from(10).pow(self.digits) << self.bits
    }
}

/// One end of a range: the statistic `x` satisfies `denominator * x <= numerator` or `>=`, strictly or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    /// Numerator, of magnitude below `2^`[`Bound::NUMERATOR_BITS`].
    pub(super) numerator: i128,
    /// Denominator, from 1 to below `2^`[`Bound::DENOMINATOR_BITS`], prime to the numerator.
    pub(super) denominator: u64,
    /// Whether equality is excluded.
    pub(super) strict: bool,
}

impl Bound {
    /// Bits of a numerator's magnitude.
    pub(super) const NUMERATOR_BITS: u32 = 127;
    /// Bits of a denominator.
    pub(super) const DENOMINATOR_BITS: u32 = 56;

    /// The threshold itself.
    pub(super) fn to_rational(self) -> BigRational {
        BigRational::new(self.numerator.into(), self.denominator.into())
    }

    /// Whether `x` is at least this, or above it.
    pub(super) fn holds_from_below(&self, x: &BigRational) -> bool {
        if self.strict { *x > self.to_rational() } else { *x >= self.to_rational() }
    }

    /// Whether `x` is at most this, or below it.
    pub(super) fn holds_from_above(&self, x: &BigRational) -> bool {
        if self.strict { *x < self.to_rational() } else { *x <= self.to_rational() }
    }
}

/// A range of a statistic. At least one end is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bounds {
    /// The lower end.
    pub(super) lower: Option<Bound>,
    /// The upper end.
    pub(super) upper: Option<Bound>,
}

/// Bits of numerator and denominator that a circuit takes.
#[derive(Clone, Copy)]
pub(super) struct Width {
    pub(super) numerator: u32,
    pub(super) denominator: u32,
}

impl Width {
    /// Of a statistic in a column's units.
    pub(super) const STATISTIC: Self = Self { numerator: Bound::NUMERATOR_BITS, denominator: Bound::DENOMINATOR_BITS };
    /// Of a part of 1.
    pub(super) const PART: Self = Self { numerator: Bound::DENOMINATOR_BITS, denominator: Bound::DENOMINATOR_BITS };
}

impl Bounds {
    /// The range of a statistic that counts `unit`.
    ///
    /// # Errors
    /// [`ClaimError::EmptyRange`], and [`ClaimError::ThresholdTooWide`] for a threshold of which the circuit cannot hold
    /// the exact value.
    pub(super) fn new(is: &Comparison<Decimal>, unit: Unit, width: Width) -> Result<Self, ClaimError> {
        if let Comparison::Between(lower, upper) = is
            && lower > upper
        {
            return Err(ClaimError::EmptyRange { lower: lower.to_string(), upper: upper.to_string() });
        }
        let ends = is.ends(|value| *value);
        let bound = |(value, strict)| bound(value, unit, strict, width);
        Ok(Self { lower: ends.lower.map(bound).transpose()?, upper: ends.upper.map(bound).transpose()? })
    }

    /// Whether `x` lies in the range.
    pub(super) fn hold(&self, x: &BigRational) -> bool {
        self.lower.is_none_or(|bound| bound.holds_from_below(x))
            && self.upper.is_none_or(|bound| bound.holds_from_above(x))
    }

    /// The lower end when there is no upper one.
    pub(super) const fn lower_only(self) -> Option<Bound> {
        match self {
            Self { lower, upper: None } => lower,
            _ => None,
        }
    }
}

fn bound(value: Decimal, unit: Unit, strict: bool, width: Width) -> Result<Bound, ClaimError> {
    let exact = value.to_rational() * unit.per_one();
    let fits = exact.numer().abs().bits() <= u64::from(width.numerator)
        && exact.denom().bits() <= u64::from(width.denominator);
    let parts = exact.numer().to_i128().zip(exact.denom().to_u64()).filter(|_| fits);
    let (numerator, denominator) = parts.ok_or_else(|| ClaimError::ThresholdTooWide {
        got: value.to_string(),
        numerator_bits: width.numerator,
        denominator_bits: width.denominator,
    })?;
    Ok(Bound { numerator, denominator, strict })
}
