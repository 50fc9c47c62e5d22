//! `var(age) <= 25`, `var_sample(age) <= 25`: the variance over the valid rows, in squared integer units of the column.
//!
//! Relation of a [ratio](crate::claims::ratio) whose switch is "sample", with `c` valid rows, `S1 = sum u`, `S2 = sum u^2`
//! and `d = sample`:
//!
//! ```text
//! c >= 1 + d,  x = c S2 - S1^2,  y = c (c - d)
//! ```
//!
//! Width: `x` below 2^192, `b x` below 2^248, `a c^2` below 2^191; k = 249.

use std::fmt;

use num_bigint::{BigInt, Sign};
use serde::{Deserialize, Serialize};
use zkl_core::layout::Layout;

use crate::{
    claims::{
        bounds::{Bounds, Unit, Width},
        evaluate::{Evaluation, Facts},
        kind::{Page, PageRow},
        language::{ClaimError, Comparison, Decimal, Fault, Vacuity, parser::Parser},
        ratio::ColumnRatio,
        relation::{Frame, enforce_at_least},
        resolve::{Place, Table},
        rounded::Inwards,
        words::quoted,
    },
    seal::{NumericRecord, NumericRecordVar},
};
use zkl_snark::gadgets::{BoolVar, Cs, GadgetError, IntVar};

/// `var(age) <= 25`, `var_sample(age) <= 25`: the variance of the column's values; nulls do not count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variance {
    /// The column.
    pub column: String,
    /// What the sum of squares is divided by.
    pub estimator: Estimator,
    /// The range, in squared units.
    pub is: Comparison<Decimal>,
}

/// Divisor of a variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimator {
    /// The number of values, at least 1.
    Population,
    /// The number of values less one; at least two values exist.
    Sample,
}

/// `c S2 - S1^2`: two constraints.
pub(super) fn spread(cs: &Cs, count: &IntVar, sum: &IntVar, squares: &IntVar) -> Result<IntVar, GadgetError> {
    count.mul(cs, squares)?.sub(&sum.square(cs)?)
}

impl Estimator {
    /// What is estimated, in words.
    pub(super) const fn of(self) -> &'static str {
        match self {
            Self::Population => "of these rows",
            Self::Sample => "estimated from these rows as a sample",
        }
    }

    /// The variance of a column as numerator and denominator, in squared integer units.
    pub(super) fn variance(self, facts: &Facts<'_>, column: Place) -> Result<(BigInt, BigInt), ClaimError> {
        let (valid, stats) = facts.numeric(column)?;
        let count = BigInt::from(valid);
        let divisor = match self {
            Self::Population => count.clone(),
            Self::Sample if valid < 2 => return facts.vacuous(Vacuity::OneValue),
            Self::Sample => &count - 1,
        };
        let [sum, squares] =
            [&stats.sum, &stats.sum_squares].map(|value| BigInt::from_biguint(Sign::Plus, value.clone()));
        Ok((&count * squares - &sum * &sum, count * divisor))
    }
}

impl ColumnRatio for Variance {
    const FUNCTIONS: &'static [&'static str] = &["var"];
    const ALIASES: &'static [&'static str] = &["var_sample"];
    const PAGE: Page = Page {
        grammar: r#"("var" | "var_sample") "(" column ")" range"#,
        examples: &["var(age) <= 25"],
        rows: &[PageRow {
            claim: "`var(x)`, `var_sample(x)`",
            meaning: "(c S2 - S1^2) / c^2, or / (c (c - 1))",
            nulls: "do not count",
            hidden: "as mean",
            circuit: "`variance`",
            bits: 249,
        }],
        notes: &[
            "`var` divides by the number of values, `var_sample` by one less (`ddof` 0 and 1 in NumPy and pandas, where \
             pandas takes 1 and NumPy 0 if nothing is said).",
        ],
    };
    const CIRCUIT: &'static str = "variance";
    const NEEDS_QUANTITY: bool = true;

    type Record = NumericRecord;
    type Switch = bool;

    fn read(function: &str, words: &mut Parser) -> Result<Self, Fault> {
        let estimator = if function.ends_with("_sample") { Estimator::Sample } else { Estimator::Population };
        Ok(Self { column: words.argument()?, estimator, is: words.numbers()? })
    }

    fn function(&self) -> &'static str {
        match self.estimator {
            Estimator::Population => "var",
            Estimator::Sample => "var_sample",
        }
    }

    fn column(&self) -> &str {
        &self.column
    }

    fn write_range(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.is)
    }

    fn in_words(&self) -> String {
        let (of, is) = (self.estimator.of(), self.is.in_words());
        format!("The variance of {} ({of}) {is}.", quoted(&self.column))
    }

    fn bounds(&self, _: &Table<'_>, unit: Unit) -> Result<Bounds, ClaimError> {
        Bounds::new(&self.is, unit.squared(), Width::STATISTIC)
    }

    fn inwards(&self, layout: &Layout) -> Result<Option<Self>, ClaimError> {
        let Some(inwards) = Inwards::of(layout, &self.column) else { return Ok(None) };
        Ok(Some(Self { is: inwards.variance(self.is, self.estimator)?, ..self.clone() }))
    }

    fn switch(&self) -> bool {
        self.estimator == Estimator::Sample
    }

    fn evaluate(&self, facts: &Facts<'_>, column: Place, is: &Bounds) -> Result<Evaluation, ClaimError> {
        let (numerator, denominator) = self.estimator.variance(facts, column)?;
        Ok(Evaluation::fraction(numerator, denominator, is, facts.unit(column).squared()))
    }

    fn fraction(
        cs: &Cs,
        _: &Frame,
        record: &NumericRecordVar,
        sample: &BoolVar,
    ) -> Result<(IntVar, IntVar), GadgetError> {
        let divisor = record.valid.sub(&IntVar::from_bit(sample))?;
        enforce_at_least(cs, &divisor, 1)?;
        let spread = spread(cs, &record.valid, &record.sum, &record.sum_squares)?;
        Ok((spread, record.valid.mul(cs, &divisor)?))
    }

    fn samples() -> Vec<Self> {
        let estimator = Estimator::Population;
        vec![Self { column: String::new(), estimator, is: Comparison::AtLeast(Decimal::ZERO) }]
    }
}
