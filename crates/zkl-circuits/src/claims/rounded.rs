//! Claims about columns whose values were rounded: thresholds move inwards by the largest error, so that what is proved of the
//! committed values holds of the values as they were written.
//!
//! With `|v - w| <= e` for every committed `v` and written `w`, over `c <= n` values:
//!
//! ```text
//! |v - w| <= e,  |mean v - mean w| <= e,  |sum v - sum w| <= c e <= n e
//! |range v - range w| <= 2 e
//! |std v - std w| <= std (v - w) <= e,    for the sample's by c / (c - 1) <= 2 more under the root
//! ```
//!
//! A correlation is of the committed values: how far it is from that of the written ones depends on deviations that are hidden.
//! All other claims count values of columns that are never rounded.

use num_bigint::BigInt;
use num_traits::{Signed as _, ToPrimitive as _};
use zkl_core::layout::{Layout, Rounding};

use super::{
    bounds::Bound,
    kinds::Estimator,
    language::{ClaimError, Comparison, Decimal, Literal},
};

/// Moves thresholds about one column.
pub(super) struct Inwards {
    column: String,
    rounding: Rounding,
}

/// `mantissa / 10^scale`.
pub(super) struct Wide {
    mantissa: BigInt,
    scale: u32,
}

impl Inwards {
    /// That of the column called `column`, if its values were rounded.
    pub(super) fn of(layout: &Layout, column: &str) -> Option<Self> {
        let rounding = layout.columns().get(layout.index_of(column)?)?.rounding?;
        Some(Self { column: column.to_owned(), rounding })
    }

    /// The error, that of a sum of `count` values.
    pub(super) fn error(&self, count: u64) -> Wide {
        let (mantissa, scale) = self.rounding.error();
        Wide { mantissa: BigInt::from(mantissa) * count, scale: u32::from(scale) }
    }

    /// A range of values, or of what is as far from its counterpart as `count` values are.
    pub(super) fn by(&self, is: Comparison<Decimal>, count: u64) -> Result<Comparison<Decimal>, ClaimError> {
        self.ends(is, |t| plus(t, &self.error(count), 1), |t| plus(t, &self.error(count), -1))
    }

    /// A range of values.
    pub(super) fn values(&self, is: Comparison<Literal>) -> Result<Comparison<Literal>, ClaimError> {
        let number = |t: Literal| match t {
            Literal::Number(t) => Some(t),
            // Of another type than the column: said where types are compared.
            Literal::Date(_) | Literal::Timestamp(_) => None,
        };
        match is.try_map(|t| number(t).ok_or(())) {
            Ok(numbers) => self.by(numbers, 1)?.try_map(|t| Ok(t.into())),
            Err(()) => Ok(is),
        }
    }

    /// The error of a standard deviation.
    pub(super) fn deviation_error(&self, estimator: Estimator) -> Wide {
        match estimator {
            Estimator::Population => self.error(1),
            // The root of 2 is below 3/2.
            Estimator::Sample => {
                let error = self.error(15);
                Wide { scale: error.scale + 1, ..error }
            }
        }
    }

    /// `t` less `error`: what is not below 0 cannot be shown to be closer to 0 than the error.
    pub(super) fn less(&self, t: Decimal, error: &Wide) -> Result<Decimal, ClaimError> {
        let moved = plus(t, error, -1)?;
        if moved.is_negative() && !t.is_negative() { Err(self.rounded()) } else { Ok(moved) }
    }

    fn rounded(&self) -> ClaimError {
        ClaimError::Rounded { column: self.column.clone(), error: self.rounding.to_string() }
    }

    /// A range of variances.
    pub(super) fn variance(
        &self,
        is: Comparison<Decimal>,
        estimator: Estimator,
    ) -> Result<Comparison<Decimal>, ClaimError> {
        let error = self.deviation_error(estimator);
        let from_below = |t| squared(&root(t, error.scale, true), &error, 1).ok_or_else(|| too_wide(t));
        let from_above = |t| squared(&root(t, error.scale, false), &error, -1).ok_or_else(|| too_wide(t));
        self.ends(is, from_below, from_above)
    }

    /// Moves each end by its own rule; a range whose ends would pass each other cannot be shown.
    pub(super) fn ends(
        &self,
        is: Comparison<Decimal>,
        lower: impl Fn(Decimal) -> Result<Decimal, ClaimError>,
        upper: impl Fn(Decimal) -> Result<Decimal, ClaimError>,
    ) -> Result<Comparison<Decimal>, ClaimError> {
        Ok(match is {
            Comparison::AtLeast(t) => Comparison::AtLeast(lower(t)?),
            Comparison::Above(t) => Comparison::Above(lower(t)?),
            Comparison::AtMost(t) => Comparison::AtMost(upper(t)?),
            Comparison::Below(t) => Comparison::Below(upper(t)?),
            Comparison::Between(from, to) if from > to => is,
            Comparison::Between(from, to) if lower(from)? <= upper(to)? => {
                Comparison::Between(lower(from)?, upper(to)?)
            }
            Comparison::Equal(_) | Comparison::Between(..) => return Err(self.rounded()),
        })
    }
}

fn too_wide(got: Decimal) -> ClaimError {
    ClaimError::ThresholdTooWide {
        got: got.to_string(),
        numerator_bits: Bound::NUMERATOR_BITS,
        denominator_bits: Bound::DENOMINATOR_BITS,
    }
}

fn ten_to(power: u32) -> BigInt {
    BigInt::from(10).pow(power)
}

fn decimal(value: &Wide) -> Option<Decimal> {
    Decimal::new(value.mantissa.to_i128()?, u8::try_from(value.scale).ok()?).ok()
}

/// `t + sign * error`.
pub(super) fn plus(t: Decimal, error: &Wide, sign: i8) -> Result<Decimal, ClaimError> {
    let scale = error.scale.max(u32::from(t.scale()));
    let moved = BigInt::from(t.mantissa()) * ten_to(scale - u32::from(t.scale()))
        + &error.mantissa * ten_to(scale - error.scale) * sign;
    decimal(&Wide { mantissa: moved, scale }).ok_or_else(|| too_wide(t))
}

/// The root of `t`, rounded up or down to `scale` digits after the point; that of what is below 0 is 0.
fn root(t: Decimal, scale: u32, up: bool) -> Wide {
    if t.is_negative() {
        return Wide { mantissa: BigInt::from(0), scale };
    }
    // floor(sqrt(t 10^(2 scale))), of an integer when t has no more digits than that.
    let scale = scale.max(u32::from(t.scale()).div_ceil(2));
    let scaled = BigInt::from(t.mantissa()) * ten_to(2 * scale - u32::from(t.scale()));
    let floor = scaled.sqrt();
    let exact = &floor * &floor == scaled;
    Wide { mantissa: if up && !exact { floor + 1 } else { floor }, scale }
}

/// `(root + sign * error)^2`; below 0 the negative of it, which no variance reaches.
fn squared(root: &Wide, error: &Wide, sign: i8) -> Option<Decimal> {
    let moved = &root.mantissa + &error.mantissa * ten_to(root.scale - error.scale) * sign;
    decimal(&Wide { mantissa: &moved * moved.abs(), scale: 2 * root.scale })
}

#[cfg(test)]
mod tests {
    use zkl_core::{
        column::ColumnType,
        layout::{ColumnLayout, Encoding},
    };

    use super::*;
    use crate::claims::kinds::{Claim, Variance};

    /// Ten rows; `x` was rounded by up to 0.05, `y` was not.
    fn layout() -> Layout {
        let column = |name, rounding| ColumnLayout {
            rounding,
            ..ColumnLayout::new(name, ColumnType::Decimal { scale: 1 }, Encoding::Numeric { limbs: 2 })
        };
        let columns = vec![column("x", Some(Rounding::to_nearest(1))), column("y", None)];
        Layout::new(10, columns, Vec::new()).unwrap()
    }

    fn moved(text: &str) -> Result<String, ClaimError> {
        let claim: Claim = text.parse().unwrap();
        Ok(claim.inwards(&layout())?.unwrap_or(claim).to_string())
    }

    #[test]
    fn thresholds_move_inwards_by_the_largest_error() {
        for (claim, expected) in [
            ("mean(x) >= 1", "mean(x) >= 1.05"),
            ("mean(x) > 1", "mean(x) > 1.05"),
            ("mean(x) between -1 and 1", "mean(x) between -0.95 and 0.95"),
            ("sum(x) <= 10", "sum(x) <= 9.5"),
            ("sum(x) < -10", "sum(x) < -10.5"),
            ("max(x) <= 0", "max(x) <= -0.05"),
            ("min(x) >= 0", "min(x) >= 0.05"),
            ("values(x) between 0 and 1", "values(x) between 0.05 and 0.95"),
            ("std(x) <= 2", "std(x) <= 1.95"),
            ("std(x) > 0", "std(x) > 0.05"),
            ("range(x) <= 2", "range(x) <= 1.9"),
            ("range(x) < 0.1", "range(x) < 0"),
            ("var(x) <= 4", "var(x) <= 3.8025"),
            ("var(x) >= 4", "var(x) >= 4.2025"),
            ("std_sample(x) <= 2", "std_sample(x) <= 1.925"),
            ("var_sample(x) <= 4", "var_sample(x) <= 3.705625"),
            ("var(x) <= 0", "var(x) <= -0.0025"),
        ] {
            assert_eq!(moved(claim).unwrap(), expected, "{claim}");
        }
    }

    #[test]
    fn roots_are_rounded_towards_refusing() {
        // The root of 2 lies between 1.41 and 1.42.
        assert_eq!(moved("var(x) <= 2").unwrap(), "var(x) <= 1.8496");
        assert_eq!(moved("var(x) >= 2").unwrap(), "var(x) >= 2.1609");
    }

    #[test]
    fn nothing_else_moves() {
        for claim in ["mean(y) >= 1", "var(y) <= 2", "count(x) >= 1", "nulls(x) <= 0", "rows >= 3", "corr(x, y) <= 0.5"]
        {
            assert_eq!(moved(claim).unwrap(), claim.parse::<Claim>().unwrap().to_string());
        }
    }

    #[test]
    fn ranges_within_the_rounding_are_refused() {
        for claim in
            ["mean(x) = 0", "sum(x) between 0 and 0.9", "values(x) between 1 and 1.09", "var(x) = 1", "std(x) = 1"]
        {
            assert!(matches!(moved(claim), Err(ClaimError::Rounded { .. })), "{claim}");
        }
        for claim in ["std(x) <= 0.04", "std_sample(x) < 0.07", "range(x) <= 0.09"] {
            assert!(matches!(moved(claim), Err(ClaimError::Rounded { .. })), "{claim}");
        }
        assert!(moved("values(x) between 1 and 1.1").is_ok());
    }

    #[test]
    fn what_holds_of_rounded_values_holds_of_the_written_ones() {
        // Thousandths; rounded to tenths, of which a half is 50.
        let written: Vec<i64> = (0..10).map(|i| (i * i * 7_919 + 13 * i) % 997 - 400).collect();
        let rounded: Vec<i64> = written.iter().map(|w| (w + 50).div_euclid(100) * 100).collect();
        let variance = |values: &[i64]| {
            let (sum, squares) = (values.iter().sum::<i64>(), values.iter().map(|v| v * v).sum::<i64>());
            10 * squares - sum * sum
        };
        let (of_written, of_rounded) = (variance(&written), variance(&rounded));
        for hundredths in 0..100 {
            // 100 var in squared thousandths is a hundred times the claim's units times 10^6.
            let proved = |text: &str| {
                let Ok(Claim::Variance(Variance { is, .. })) = moved(text).unwrap().parse::<Claim>() else { panic!() };
                let holds = |t: Decimal| {
                    BigInt::from(of_rounded) * ten_to(u32::from(t.scale())) - BigInt::from(t.mantissa()) * ten_to(8)
                };
                match is {
                    Comparison::AtMost(t) => holds(t) <= BigInt::from(0),
                    Comparison::AtLeast(t) => holds(t) >= BigInt::from(0),
                    _ => panic!(),
                }
            };
            let threshold = format!("0.{hundredths:02}");
            assert!(!proved(&format!("var(x) <= {threshold}")) || of_written <= hundredths * 1_000_000);
            assert!(!proved(&format!("var(x) >= {threshold}")) || of_written >= hundredths * 1_000_000);
        }
    }
}
