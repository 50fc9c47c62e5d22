//! `sum(amount) <= 1000000`: the sum over the valid rows, in integer units of the column.
//!
//! Relation of a [ratio](crate::claims::ratio), with `c` valid rows and `S1 = sum (v - min)`:
//!
//! ```text
//! c >= 1,  x = S1 + c min,  y = 1
//! ```
//!
//! Width: `b (S1 + c min)` below 2^153, `a` below 2^127.

use std::fmt;

use serde::{Deserialize, Serialize};
use zkl_core::layout::Layout;

use super::mean::{total, total_var};
use crate::{
    claims::{
        bounds::{Bounds, Unit, Width},
        evaluate::{Evaluation, Facts},
        kind::{Page, PageRow},
        language::{ClaimError, Comparison, Decimal, Fault, parser::Parser},
        ratio::ColumnRatio,
        relation::Frame,
        resolve::{Place, Table},
        rounded::Inwards,
        words::quoted,
    },
    seal::{NumericRecord, NumericRecordVar},
};
use zkl_snark::gadgets::{Cs, GadgetError, IntVar};

/// `sum(amount) <= 1000000`: the sum of the column's values; nulls do not count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// The column.
    pub column: String,
    /// The range.
    pub is: Comparison<Decimal>,
}

impl ColumnRatio for Sum {
    const FUNCTIONS: &'static [&'static str] = &["sum"];
    const PAGE: Page = Page {
        grammar: r#""sum" "(" column ")" range"#,
        examples: &["sum(amount) < 1000000"],
        rows: &[PageRow {
            claim: "`sum(x)`",
            meaning: "sum v",
            nulls: "do not count",
            hidden: "as mean",
            circuit: "`sum`",
            bits: 154,
        }],
        notes: &[],
    };
    const CIRCUIT: &'static str = "sum";
    const NEEDS_QUANTITY: bool = true;

    type Record = NumericRecord;
    type Switch = ();

    fn read(_: &str, words: &mut Parser) -> Result<Self, Fault> {
        Ok(Self { column: words.argument()?, is: words.numbers()? })
    }

    fn function(&self) -> &'static str {
        "sum"
    }

    fn column(&self) -> &str {
        &self.column
    }

    fn write_range(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.is)
    }

    fn in_words(&self) -> String {
        format!("The sum of {} {}.", quoted(&self.column), self.is.in_words())
    }

    fn bounds(&self, _: &Table<'_>, unit: Unit) -> Result<Bounds, ClaimError> {
        Bounds::new(&self.is, unit, Width::STATISTIC)
    }

    fn inwards(&self, layout: &Layout) -> Result<Option<Self>, ClaimError> {
        let Some(inwards) = Inwards::of(layout, &self.column) else { return Ok(None) };
        Ok(Some(Self { is: inwards.by(self.is, layout.rows())?, ..self.clone() }))
    }

    fn switch(&self) {}

    fn evaluate(&self, facts: &Facts<'_>, column: Place, is: &Bounds) -> Result<Evaluation, ClaimError> {
        let (total, _) = total(facts, column)?;
        Ok(Evaluation::fraction(total, 1u64, is, facts.unit(column)))
    }

    fn fraction(cs: &Cs, _: &Frame, record: &NumericRecordVar, (): &()) -> Result<(IntVar, IntVar), GadgetError> {
        Ok((total_var(cs, record)?, IntVar::constant(1)?))
    }

    fn samples() -> Vec<Self> {
        vec![Self { column: String::new(), is: Comparison::AtLeast(Decimal::ZERO) }]
    }
}
