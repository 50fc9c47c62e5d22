//! Bounds of numeric and time columns while their scale or unit is still being found.

use zkl_core::{
    column::{ColumnType, TimeUnit},
    layout::Zone,
};

use crate::{
    cell::Cell,
    error::{Excerpt, Fault},
    number::{Misfit, Number},
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
    /// As many as any value has, up to `most`. What is beyond is rounded, and so is what the largest magnitude has no room for:
    /// 64 bits, or 14 digits in all when some value has more than `plain` digits after the point, as floats have. The range of
    /// floats then takes at most 48 bits.
    Fitted {
        /// Most digits after the point.
        most: u32,
        /// Most digits after the point of numbers that mean every digit.
        plain: u32,
    },
    /// Exactly `scale`.
    Pinned { scale: u32, round: bool },
}

impl ScaleRule {
    /// Of numbers that may be floats: money and measurements have up to 6 digits after the point.
    pub(crate) const FLOAT: Self = Self::Fitted { most: ColumnType::MAX_SCALE as u32, plain: 6 };

    /// Of numbers that keep up to `most` digits after the point, whatever their magnitude.
    pub(crate) const fn up_to(most: u32) -> Self {
        Self::Fitted { most, plain: u32::MAX }
    }

    /// Of decimals by type.
    pub(crate) const EXACT: Self = Self::up_to(ColumnType::MAX_SCALE as u32);

    /// Most digits that this rule keeps.
    pub(crate) const fn limit(self) -> u32 {
        match self {
            Self::Fitted { most, .. } => most,
            Self::Pinned { scale, .. } => scale,
        }
    }

    /// The mantissa of `number` at `scale`, and how far that is from what was written.
    #[inline]
    pub(crate) fn settle(self, number: Number, scale: u32) -> Result<(i128, f64), Misfit> {
        match (number.at_scale(scale), self) {
            (Ok(mantissa), _) => Ok((mantissa, 0.0)),
            (Err(Misfit::Digits), Self::Fitted { .. } | Self::Pinned { round: true, .. }) => {
                let (rounded, error) = number.rounded(scale);
                Ok((rounded.mantissa, error))
            }
            (Err(misfit), _) => Err(misfit),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Extreme {
    /// Rounded down to the scale of the column so far, saturated.
    scaled: i128,
    number: Number,
    at: u64,
}

/// A numeric column so far.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) rule: ScaleRule,
    /// Most digits after the point so far, as written, up to the rule's limit.
    scale: u32,
    /// Most digits after the point so far that are not zeros at the end.
    needed: u32,
    min: Extreme,
    max: Extreme,
    /// The first value that no numeric column can hold. It ends the scan only if the column stays numeric.
    pub(crate) bad: Option<Box<Bad>>,
}

/// Type and bounds of a finished numeric column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    pub(crate) ty: ColumnType,
    pub(crate) min: i64,
    pub(crate) max: i64,
    /// Whether some value has more digits than the type.
    pub(crate) rounded: bool,
}

impl Numbers {
    pub(crate) const fn new(rule: ScaleRule, scale: u32) -> Self {
        let number = Number::integer(0);
        Self {
            rule,
            scale,
            needed: 0,
            min: Extreme { scaled: i128::MAX, number, at: 0 },
            max: Extreme { scaled: i128::MIN, number, at: 0 },
            bad: None,
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        if self.scale == 0 { "int" } else { "decimal" }
    }

    /// Takes in a number; `Err` when it has too many digits after the point.
    #[inline]
    pub(crate) fn add(&mut self, number: Number, at: u64) -> Result<(), Misfit> {
        if number.scale > self.needed {
            self.needed = self.needed.max(number.trimmed(self.needed).scale);
        }
        let limit = self.rule.limit();
        if let ScaleRule::Pinned { round: false, .. } = self.rule
            && self.needed > limit
        {
            return Err(Misfit::Digits);
        }
        if number.scale > self.scale && self.scale < limit {
            self.scale = number.scale.min(limit);
            self.min.rescale(self.scale);
            self.max.rescale(self.scale);
        }
        let scaled = saturating_scale(number, self.scale);
        if scaled < self.min.scaled || (scaled == self.min.scaled && self.min.number.exceeds(number)) {
            self.min = Extreme { scaled, number, at };
        }
        if scaled > self.max.scaled || (scaled == self.max.scaled && number.exceeds(self.max.number)) {
            self.max = Extreme { scaled, number, at };
        }
        Ok(())
    }

    /// Type and bounds of the finished column; 0 and 0 when it has no value.
    pub(crate) fn finish(&mut self) -> Result<Fit, Box<Bad>> {
        let scale = self.final_scale();
        let type_scale = scale as u8;
        let overflow = if scale == 0 { Fault::IntOverflow } else { Fault::DecimalOverflow { scale: type_scale } };
        if let Some(mut bad) = self.bad.take() {
            if matches!(bad.fault, Fault::IntOverflow) {
                bad.fault = overflow;
            }
            return Err(bad);
        }
        let ty = if scale == 0 { ColumnType::Int } else { ColumnType::Decimal { scale: type_scale } };
        if self.max.scaled == i128::MIN && self.min.scaled == i128::MAX {
            return Ok(Fit { ty, min: 0, max: 0, rounded: false });
        }
        let bound = |extreme: &Extreme| {
            let (mantissa, _) = self.rule.settle(extreme.number, scale).ok()?;
            i64::try_from(mantissa).ok()
        };
        match (bound(&self.min), bound(&self.max)) {
            (Some(min), Some(max)) => Ok(Fit { ty, min, max, rounded: self.needed > scale }),
            (min, max) => {
                let first = match (min, max) {
                    (None, None) if self.max.at < self.min.at => &self.max,
                    (None, _) => &self.min,
                    _ => &self.max,
                };
                let value = Some(Excerpt::new(&first.number.to_string()));
                Err(Box::new(Bad { at: first.at, fault: overflow, value }))
            }
        }
    }

    /// Digits after the point that the column keeps.
    fn final_scale(&self) -> u32 {
        let ScaleRule::Fitted { plain, .. } = self.rule else { return self.scale };
        let room: i128 = if self.needed > plain { 10i128.pow(14) } else { 1 << 63 };
        let fits = |excess| {
            let room = room.saturating_mul(10i128.saturating_pow(excess));
            (self.min.scaled == i128::MAX || self.min.scaled >= -room) && self.max.scaled < room
        };
        // Zeros at the end are kept as written, up to what money has.
        let mut excess = self.scale - self.scale.min(self.needed.max(plain));
        while excess < self.scale && !fits(excess) {
            excess += 1;
        }
        self.scale - excess
    }
}

impl Extreme {
    fn rescale(&mut self, scale: u32) {
        if self.scaled != i128::MIN && self.scaled != i128::MAX {
            self.scaled = saturating_scale(self.number, scale);
        }
    }
}

/// The mantissa at a scale, rounded down.
#[inline]
fn saturating_scale(number: Number, scale: u32) -> i128 {
    match number.at_scale(scale) {
        Ok(mantissa) => mantissa,
        Err(Misfit::Digits) => number.floor(scale),
        Err(Misfit::Overflow) if number.mantissa < 0 => i128::MIN,
        Err(Misfit::Overflow) => i128::MAX,
    }
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

    /// What the times are; `None` when there are none.
    pub(crate) fn zone(&self) -> Option<Zone> {
        self.offset.map(|offset| if offset { Zone::Utc } else { Zone::Naive })
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
    // Most moments are in years that 64 bits of nanoseconds reach, whose division is many times as fast.
    if let Ok(nanos) = i64::try_from(nanos) {
        let per_unit = NANOS_PER_SECOND as i64 / unit.per_second();
        return (nanos % per_unit == 0).then_some(i128::from(nanos / per_unit));
    }
    let per_unit = NANOS_PER_SECOND / i128::from(unit.per_second());
    (nanos % per_unit == 0).then_some(nanos / per_unit)
}
