//! `mean(age) between 30 and 60`: the mean over the valid rows, in integer units of the column.
//!
//! Relation of a [ratio](crate::claims::ratio), with `c` valid rows and `S1 = sum (v - min)`:
//!
//! ```text
//! c >= 1,  x = S1 + c min,  y = c
//! ```
//!
//! Width: `b (S1 + c min)` below 2^153, `a c` below 2^159.

use std::fmt;

use num_bigint::{BigInt, Sign};
use serde::{Deserialize, Serialize};
use zkl_core::layout::Layout;

use crate::{
    claims::{
        bounds::{Bounds, Unit, Width},
        evaluate::{Evaluation, Facts},
        kind::{Page, PageRow},
        language::{ClaimError, Comparison, Decimal, Fault, parser::Parser},
        ratio::ColumnRatio,
        relation::{Frame, enforce_at_least},
        resolve::{Place, Table},
        rounded::Inwards,
        words::quoted,
    },
    seal::{NumericRecord, NumericRecordVar},
};
use zkl_snark::gadgets::{Cs, GadgetError, IntVar};

/// `mean(age) between 30 and 60`: the mean of the column's values; nulls do not count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mean {
    /// The column.
    pub column: String,
    /// The range.
    pub is: Comparison<Decimal>,
}

/// Sum of the values, and their number: at least 1.
pub(super) fn total(facts: &Facts<'_>, column: Place) -> Result<(BigInt, u64), ClaimError> {
    let (valid, stats) = facts.numeric(column)?;
    let shifted = BigInt::from_biguint(Sign::Plus, stats.sum.clone());
    Ok((shifted + BigInt::from(valid) * stats.min, valid))
}

/// `sum v = S1 + c min`: one constraint, and those of `c >= 1`.
pub(super) fn total_var(cs: &Cs, record: &NumericRecordVar) -> Result<IntVar, GadgetError> {
    enforce_at_least(cs, &record.valid, 1)?;
    record.sum.add(&record.valid.mul(cs, &record.min)?)
}

impl ColumnRatio for Mean {
    const FUNCTIONS: &'static [&'static str] = &["mean"];
    const PAGE: Page = Page {
        grammar: r#""mean" "(" column ")" range"#,
        examples: &["mean(age) between 30 and 60"],
        rows: &[PageRow {
            claim: "`mean(x)`",
            meaning: "sum v / c",
            nulls: "do not count",
            hidden: "c, sums, bounds",
            circuit: "`mean`",
            bits: 160,
        }],
        notes: &[],
    };
    const CIRCUIT: &'static str = "mean";
    const NEEDS_QUANTITY: bool = true;

    type Record = NumericRecord;
    type Switch = ();

    fn read(_: &str, words: &mut Parser) -> Result<Self, Fault> {
        Ok(Self { column: words.argument()?, is: words.numbers()? })
    }

    fn function(&self) -> &'static str {
        "mean"
    }

    fn column(&self) -> &str {
        &self.column
    }

    fn write_range(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.is)
    }

    fn in_words(&self) -> String {
        format!("The mean of {} {}.", quoted(&self.column), self.is.in_words())
    }

    fn bounds(&self, _: &Table<'_>, unit: Unit) -> Result<Bounds, ClaimError> {
        Bounds::new(&self.is, unit, Width::STATISTIC)
    }

    fn inwards(&self, layout: &Layout) -> Result<Option<Self>, ClaimError> {
        let Some(inwards) = Inwards::of(layout, &self.column) else { return Ok(None) };
        Ok(Some(Self { is: inwards.by(self.is, 1)?, ..self.clone() }))
    }

    fn switch(&self) {}

    fn evaluate(&self, facts: &Facts<'_>, column: Place, is: &Bounds) -> Result<Evaluation, ClaimError> {
        let (total, valid) = total(facts, column)?;
        Ok(Evaluation::fraction(total, valid, is, facts.unit(column)))
    }

    fn fraction(cs: &Cs, _: &Frame, record: &NumericRecordVar, (): &()) -> Result<(IntVar, IntVar), GadgetError> {
        Ok((total_var(cs, record)?, record.valid.clone()))
    }

    fn samples() -> Vec<Self> {
        vec![Self { column: String::new(), is: Comparison::AtLeast(Decimal::ZERO) }]
    }
}
