//! Bounds of numeric and time columns while their scale or unit is still being found.

use zkl_core::column::{ColumnType, TimeUnit};

use crate::{
    cell::Cell,
    error::{Excerpt, Fault},
    number::{Misfit, Number},
    report::Rounding,
    temporal::{Moment, NANOS_PER_SECOND},
};

/// A value that ends the scan, with the line or row it stands in.
#[derive(Debug)]
pub(crate) struct Bad {
    pub(crate) at: u64,
    pub(crate) fault: Fault,
    pub(crate) value: Option<Excerpt>,
}

impl Bad {
    pub(crate) fn new(at: u64, fault: Fault, cell: Cell<'_>) -> Box<Self> {
        Box::new(Self { at, fault, value: Some(cell.excerpt()) })
    }
}

/// How many digits after the point are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScaleRule {
    /// As many as any value has, up to the most a column can have.
    Text,
    /// Floats: as many as any shortest decimal has, up to `scale`; the rest is rounded.
    Float { scale: u32 },
    /// Exactly `scale`.
    Pinned { scale: u32, round: bool },
}

impl ScaleRule {
    /// Most digits that this rule keeps.
    pub(crate) const fn limit(self) -> u32 {
        match self {
            Self::Text => ColumnType::MAX_SCALE as u32,
            Self::Float { scale } | Self::Pinned { scale, .. } => scale,
        }
    }

    /// The number as the column holds it, and how far that is from what was written.
    #[inline]
    pub(crate) fn settle(self, number: Number) -> Result<(Number, f64), Misfit> {
        let limit = self.limit();
        if number.scale <= limit {
            return Ok((number, 0.0));
        }
        let trimmed = number.trimmed(limit);
        match self {
            _ if trimmed.scale <= limit => Ok((trimmed, 0.0)),
            Self::Float { .. } | Self::Pinned { round: true, .. } => Ok(trimmed.rounded(limit)),
            Self::Text | Self::Pinned { round: false, .. } => Err(Misfit::Digits),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Extreme {
    /// At the scale of the column so far, saturated.
    scaled: i128,
    number: Number,
    at: u64,
}

/// A numeric column so far.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) rule: ScaleRule,
    /// Most digits after the point so far.
    pub(crate) scale: u32,
    min: Extreme,
    max: Extreme,
    /// Values that changed by rounding, and the largest change.
    rounded: u64,
    max_error: f64,
    /// The first value that no numeric column can hold. It ends the scan only if the column stays numeric.
    pub(crate) bad: Option<Box<Bad>>,
}

impl Numbers {
    pub(crate) const fn new(rule: ScaleRule, scale: u32) -> Self {
        let number = Number::integer(0);
        Self {
            rule,
            scale,
            min: Extreme { scaled: i128::MAX, number, at: 0 },
            max: Extreme { scaled: i128::MIN, number, at: 0 },
            rounded: 0,
            max_error: 0.0,
            bad: None,
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        if self.scale == 0 { "int" } else { "decimal" }
    }

    /// Takes in a number; `Err` when it has too many digits after the point.
    #[inline]
    pub(crate) fn add(&mut self, number: Number, at: u64) -> Result<(), Misfit> {
        let (number, error) = self.rule.settle(number)?;
        if error > 0.0 {
            self.rounded += 1;
            self.max_error = self.max_error.max(error);
        }
        if number.scale > self.scale {
            self.scale = number.scale;
            self.min.rescale(self.scale);
            self.max.rescale(self.scale);
        }
        let scaled = saturating_scale(number, self.scale);
        if scaled < self.min.scaled {
            self.min = Extreme { scaled, number, at };
        }
        if scaled > self.max.scaled {
            self.max = Extreme { scaled, number, at };
        }
        Ok(())
    }

    /// Type and bounds of the finished column; 0 and 0 when it has no value.
    pub(crate) fn finish(&mut self) -> Result<(ColumnType, i64, i64), Box<Bad>> {
        let scale = self.scale as u8;
        let overflow = if scale == 0 { Fault::IntOverflow } else { Fault::DecimalOverflow { scale } };
        if let Some(mut bad) = self.bad.take() {
            if matches!(bad.fault, Fault::IntOverflow) {
                bad.fault = overflow;
            }
            return Err(bad);
        }
        let ty = if scale == 0 { ColumnType::Int } else { ColumnType::Decimal { scale } };
        if self.max.scaled == i128::MIN && self.min.scaled == i128::MAX {
            return Ok((ty, 0, 0));
        }
        match (i64::try_from(self.min.scaled), i64::try_from(self.max.scaled)) {
            (Ok(min), Ok(max)) => Ok((ty, min, max)),
            (min, max) => {
                let first = match (min, max) {
                    (Err(_), Err(_)) if self.max.at < self.min.at => &self.max,
                    (Err(_), _) if self.min.scaled != i128::MAX => &self.min,
                    _ => &self.max,
                };
                let value = Some(Excerpt::new(&first.number.to_string()));
                Err(Box::new(Bad { at: first.at, fault: overflow, value }))
            }
        }
    }

    pub(crate) fn rounding(&self) -> Option<Rounding> {
        (self.rounded > 0).then_some(Rounding { values: self.rounded, max_error: self.max_error })
    }
}

impl Extreme {
    fn rescale(&mut self, scale: u32) {
        if self.scaled != i128::MIN && self.scaled != i128::MAX {
            self.scaled = saturating_scale(self.number, scale);
        }
    }
}

/// The mantissa at a scale not below the number's own.
#[inline]
fn saturating_scale(number: Number, scale: u32) -> i128 {
    number.at_scale(scale).unwrap_or(if number.mantissa < 0 { i128::MIN } else { i128::MAX })
}

/// A timestamp column so far.
#[derive(Debug)]
pub(crate) struct Times {
    pub(crate) unit: TimeUnit,
    /// Whether a finer unit than `unit` is refused.
    pinned: bool,
    /// Whether values state an offset: local times and instants do not mix.
    offset: Option<bool>,
    min: (i128, u64),
    max: (i128, u64),
}

impl Times {
    pub(crate) const fn new(unit: TimeUnit, pinned: bool) -> Self {
        Self { unit, pinned, offset: None, min: (i128::MAX, 0), max: (i128::MIN, 0) }
    }

    /// Takes in a time; `false` when it does not fit the others.
    #[inline]
    pub(crate) fn add(&mut self, moment: Moment, at: u64) -> bool {
        if *self.offset.get_or_insert(moment.offset) != moment.offset {
            return false;
        }
        if moment.unit > self.unit {
            if self.pinned && units(moment.nanos, self.unit).is_none() {
                return false;
            }
            if !self.pinned {
                self.unit = moment.unit;
            }
        }
        if moment.nanos < self.min.0 {
            self.min = (moment.nanos, at);
        }
        if moment.nanos > self.max.0 {
            self.max = (moment.nanos, at);
        }
        true
    }

    /// Bounds in the column's unit; 0 and 0 when it has no value.
    pub(crate) fn finish(&self) -> Result<(i64, i64), Box<Bad>> {
        if self.max.0 == i128::MIN {
            return Ok((0, 0));
        }
        let fit = |(nanos, at): (i128, u64)| {
            units(nanos, self.unit)
                .and_then(|value| i64::try_from(value).ok())
                .ok_or_else(|| Box::new(Bad { at, fault: Fault::TimeOverflow { unit: self.unit }, value: None }))
        };
        Ok((fit(self.min)?, fit(self.max)?))
    }
}

/// `nanos` counted in `unit`, if it is a whole number of them.
#[inline]
pub(crate) fn units(nanos: i128, unit: TimeUnit) -> Option<i128> {
    let per_unit = NANOS_PER_SECOND / i128::from(unit.per_second());
    (nanos % per_unit == 0).then_some(nanos / per_unit)
}
