//! `nulls(email) <= 10`, `nulls(email) <= 1%`: rows without a value, as a number or out of all rows.
//!
//! Relation of a [ratio](crate::claims::ratio) whose switch is "rate", with `n` rows and `c` valid:
//!
//! ```text
//! x = n - c >= 0,  y = if rate { n } else { 1 } >= 1
//! ```
//!
//! Width: `a y` below 2^159.

use std::fmt;

use serde::{Deserialize, Serialize};
use zkl_core::layout::Layout;

use crate::{
    claims::{
        bounds::{Bounds, Unit},
        evaluate::{Evaluation, Facts},
        kind::{Page, PageRow},
        language::{ClaimError, Comparison, Decimal, Expected, Fault, parser::Parser},
        ratio::ColumnRatio,
        relation::{Frame, enforce_at_least},
        resolve::{Place, Table},
        words::quoted,
    },
    seal::{RecordHead, RecordHeadVar},
};
use zkl_snark::gadgets::{BoolVar, Cs, GadgetError, IntVar};

/// `nulls(email) <= 10` or `nulls(email) <= 1%`: rows without a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nulls {
    /// The column.
    pub column: String,
    /// Rows, or a part of all rows.
    pub unit: NullUnit,
    /// The range: rows, or a rate out of 1.
    pub is: Comparison<Decimal>,
}

/// What a null claim counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NullUnit {
    /// Rows.
    Rows,
    /// The part of all rows, out of 1.
    Rate,
}

impl ColumnRatio for Nulls {
    const FUNCTIONS: &'static [&'static str] = &["nulls"];
    const ALIASES: &'static [&'static str] = &["null_rate"];
    const PAGE: Page = Page {
        grammar: r#"("nulls" | "null_rate") "(" column ")" range"#,
        examples: &["nulls(email) <= 10", "nulls(email) <= 1%"],
        rows: &[PageRow {
            claim: "`nulls(x)`",
            meaning: "n - c, or (n - c) / n when the threshold is in %",
            nulls: "are what is counted",
            hidden: "c",
            circuit: "`nulls`",
            bits: 160,
        }],
        notes: &[],
    };
    const CIRCUIT: &'static str = "nulls";
    const NEEDS_QUANTITY: bool = false;

    type Record = RecordHead;
    type Switch = bool;

    fn read(function: &str, words: &mut Parser) -> Result<Self, Fault> {
        let column = words.argument()?;
        if function == "null_rate" {
            return Ok(Self { column, unit: NullUnit::Rate, is: words.rates()? });
        }
        let range = words.range(Expected::RowsOrRate)?;
        let mut unit = None;
        let is = range.try_map(|threshold| {
            let value = threshold.rate(Expected::RowsOrRate)?;
            let own = if threshold.percent { NullUnit::Rate } else { NullUnit::Rows };
            let fits = *unit.get_or_insert(own) == own && (threshold.percent || value.to_integer().is_some());
            if fits { Ok(value) } else { Err((threshold.span, Expected::RowsOrRate)) }
        })?;
        Ok(Self { column, unit: unit.unwrap_or(NullUnit::Rows), is })
    }

    fn function(&self) -> &'static str {
        "nulls"
    }

    fn column(&self) -> &str {
        &self.column
    }

    fn write_range(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            NullUnit::Rows => write!(f, "{}", self.is),
            NullUnit::Rate => write!(f, "{}", self.is.percent()),
        }
    }

    fn in_words(&self) -> String {
        let column = quoted(&self.column);
        match self.unit {
            NullUnit::Rows => format!("The number of rows without a value in {column} {}.", self.is.in_words()),
            NullUnit::Rate => {
                format!("The share of rows without a value in {column} {}.", self.is.percent().in_words())
            }
        }
    }

    fn bounds(&self, table: &Table<'_>, _: Unit) -> Result<Bounds, ClaimError> {
        match self.unit {
            NullUnit::Rows => table.whole(&self.is),
            NullUnit::Rate => table.rate(&self.is),
        }
    }

    fn inwards(&self, _: &Layout) -> Result<Option<Self>, ClaimError> {
        Ok(None)
    }

    fn switch(&self) -> bool {
        self.unit == NullUnit::Rate
    }

    fn evaluate(&self, facts: &Facts<'_>, column: Place, is: &Bounds) -> Result<Evaluation, ClaimError> {
        let (_, nulls) = facts.rows(column)?;
        Ok(match self.unit {
            NullUnit::Rows => Evaluation::fraction(nulls, 1u64, is, Unit::ONE),
            NullUnit::Rate => Evaluation::rate(nulls, facts.profile.rows, is),
        })
    }

    fn fraction(
        cs: &Cs,
        frame: &Frame,
        record: &RecordHeadVar,
        rate: &BoolVar,
    ) -> Result<(IntVar, IntVar), GadgetError> {
        let nulls = frame.rows.sub(&record.valid)?;
        nulls.enforce_nonnegative(cs)?;
        let base = IntVar::select(cs, rate, &frame.rows, &IntVar::constant(1)?)?;
        enforce_at_least(cs, &base, 1)?;
        Ok((nulls, base))
    }

    fn samples() -> Vec<Self> {
        vec![Self { column: String::new(), unit: NullUnit::Rows, is: Comparison::AtLeast(Decimal::ZERO) }]
    }
}
