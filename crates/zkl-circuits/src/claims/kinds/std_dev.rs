//! `std(age) between 2 and 5`, `std_sample(age) <= 5`: the standard deviation over the valid rows.
//!
//! The circuit of the [variance](super::variance), with the square of every threshold: both are at least 0, so that one range is
//! the other, exactly.

use std::fmt;

use serde::{Deserialize, Serialize};
use zkl_core::layout::Layout;

use super::variance::{Estimator, Variance};
use crate::{
    claims::{
        bounds::{Bounds, Unit, Width},
        evaluate::{Evaluation, Facts},
        kind::{Page, PageRow},
        language::{ClaimError, Comparison, Decimal, Expected, Fault, parser::Parser},
        observed::Observed,
        ratio::ColumnRatio,
        relation::Frame,
        resolve::{Place, Table},
        rounded::{Inwards, plus},
        words::quoted,
    },
    seal::{NumericRecord, NumericRecordVar},
};
use zkl_snark::gadgets::{BoolVar, Cs, GadgetError, IntVar};

/// `std(age) between 2 and 5`, `std_sample(age) <= 5`: the standard deviation of the column's values; nulls do not count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Std {
    /// The column.
    pub column: String,
    /// What the sum of squares is divided by.
    pub estimator: Estimator,
    /// The range, at least 0.
    pub is: Comparison<Decimal>,
}

impl ColumnRatio for Std {
    const FUNCTIONS: &'static [&'static str] = &["std"];
    const ALIASES: &'static [&'static str] = &["std_sample"];
    const PAGE: Page = Page {
        grammar: r#"("std" | "std_sample") "(" column ")" range"#,
        examples: &["std(age) between 2 and 5", "std_sample(age) <= 5"],
        rows: &[PageRow {
            claim: "`std(x)`, `std_sample(x)`",
            meaning: "the root of `var(x)`, of `var_sample(x)`; proved of their squares, t >= 0",
            nulls: "do not count",
            hidden: "as mean",
            circuit: "`variance`",
            bits: 249,
        }],
        notes: &[],
    };
    const CIRCUIT: &'static str = Variance::CIRCUIT;
    const NEEDS_QUANTITY: bool = true;

    type Record = NumericRecord;
    type Switch = bool;

    fn read(function: &str, words: &mut Parser) -> Result<Self, Fault> {
        let estimator = if function.ends_with("_sample") { Estimator::Sample } else { Estimator::Population };
        let column = words.argument()?;
        let is = words.range(Expected::Number)?.try_map(|threshold| match threshold.number()? {
            value if value.is_negative() => Err((threshold.span, Expected::NonNegative)),
            value => Ok(value),
        })?;
        Ok(Self { column, estimator, is })
    }

    fn function(&self) -> &'static str {
        match self.estimator {
            Estimator::Population => "std",
            Estimator::Sample => "std_sample",
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
        format!("The standard deviation of {} ({of}) {is}.", quoted(&self.column))
    }

    fn bounds(&self, table: &Table<'_>, unit: Unit) -> Result<Bounds, ClaimError> {
        // The square of a threshold below 0 would bound the variance by what the claim does not say.
        table.within(&self.is, 0, None)?;
        let squares = self.is.try_map(|threshold| {
            threshold.squared().map_err(|_| ClaimError::ThresholdTooWide {
                got: threshold.to_string(),
                numerator_bits: Width::STATISTIC.numerator,
                denominator_bits: Width::STATISTIC.denominator,
            })
        })?;
        Bounds::new(&squares, unit.squared(), Width::STATISTIC)
    }

    fn inwards(&self, layout: &Layout) -> Result<Option<Self>, ClaimError> {
        let Some(inwards) = Inwards::of(layout, &self.column) else { return Ok(None) };
        let error = inwards.deviation_error(self.estimator);
        let is = inwards.ends(self.is, |t| plus(t, &error, 1), |t| inwards.less(t, &error))?;
        Ok(Some(Self { is, ..self.clone() }))
    }

    fn switch(&self) -> bool {
        self.estimator == Estimator::Sample
    }

    fn evaluate(&self, facts: &Facts<'_>, column: Place, is: &Bounds) -> Result<Evaluation, ClaimError> {
        let (numerator, denominator) = self.estimator.variance(facts, column)?;
        let variance = Observed::fraction(numerator, denominator);
        let holds = is.hold(&variance);
        let square = variance / facts.unit(column).squared().per_one();
        Ok(Evaluation::exact(holds, Observed::Root { square, negative: false }))
    }

    fn fraction(
        cs: &Cs,
        frame: &Frame,
        record: &NumericRecordVar,
        sample: &BoolVar,
    ) -> Result<(IntVar, IntVar), GadgetError> {
        Variance::fraction(cs, frame, record, sample)
    }

    fn samples() -> Vec<Self> {
        Vec::new()
    }
}
