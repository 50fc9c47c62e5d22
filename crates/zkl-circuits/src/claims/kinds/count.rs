//! `count(email) >= 900`: the valid count of a column of any kind.
//!
//! Relation of a [ratio](crate::claims::ratio): `c / 1`. Width: below 2^128.

use std::fmt;

use serde::{Deserialize, Serialize};
use zkl_core::layout::Layout;

use crate::{
    claims::{
        bounds::{Bounds, Unit},
        evaluate::{Evaluation, Facts},
        kind::{Page, PageRow},
        language::{ClaimError, Comparison, Decimal, Fault, parser::Parser},
        ratio::ColumnRatio,
        relation::Frame,
        resolve::{Place, Table},
        words::quoted,
    },
    seal::{RecordHead, RecordHeadVar},
};
use zkl_snark::gadgets::{Cs, GadgetError, IntVar};

/// `count(email) >= 900`: rows with a value in the column.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// The column.
    pub column: String,
    /// The range, in rows.
    pub is: Comparison<Decimal>,
}

impl ColumnRatio for Count {
    const FUNCTIONS: &'static [&'static str] = &["count"];
    const PAGE: Page = Page {
        grammar: r#""count" "(" column ")" range"#,
        examples: &["count(email) >= 900"],
        rows: &[PageRow {
            claim: "`count(x)`",
            meaning: "c",
            nulls: "do not count",
            hidden: "c",
            circuit: "`count`",
            bits: 128,
        }],
        notes: &[],
    };
    const CIRCUIT: &'static str = "count";
    const NEEDS_QUANTITY: bool = false;

    type Record = RecordHead;
    type Switch = ();

    fn read(_: &str, words: &mut Parser) -> Result<Self, Fault> {
        Ok(Self { column: words.argument()?, is: words.numbers()? })
    }

    fn function(&self) -> &'static str {
        "count"
    }

    fn column(&self) -> &str {
        &self.column
    }

    fn write_range(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.is)
    }

    fn in_words(&self) -> String {
        format!("The number of rows with a value in {} {}.", quoted(&self.column), self.is.in_words())
    }

    fn bounds(&self, table: &Table<'_>, _: Unit) -> Result<Bounds, ClaimError> {
        table.whole(&self.is)
    }

    fn inwards(&self, _: &Layout) -> Result<Option<Self>, ClaimError> {
        Ok(None)
    }

    fn switch(&self) {}

    fn evaluate(&self, facts: &Facts<'_>, column: Place, is: &Bounds) -> Result<Evaluation, ClaimError> {
        Ok(Evaluation::fraction(facts.column(column)?.valid, 1u64, is, Unit::ONE))
    }

    fn fraction(_: &Cs, _: &Frame, record: &RecordHeadVar, (): &()) -> Result<(IntVar, IntVar), GadgetError> {
        Ok((record.valid.clone(), IntVar::constant(1)?))
    }

    fn samples() -> Vec<Self> {
        vec![Self { column: String::new(), is: Comparison::AtLeast(Decimal::ZERO) }]
    }
}
