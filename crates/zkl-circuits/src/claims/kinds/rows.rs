//! `rows >= 1000`: the row count in the header, which is public anyway.
//!
//! Public inputs: h, ctx, layout; range (6). Relation: `rows / 1` in the range. Width: `a y` and `b x` below 2^128.

use std::fmt;

use serde::{Deserialize, Serialize};
use zkl_core::{
    ark::Fr,
    circuit::Circuit,
    layout::{ColumnLayout, Layout},
};

use crate::{
    claims::{
        bounds::{Bounds, Unit},
        evaluate::{Evaluation, Facts},
        kind::{ClaimKind, Page, PageRow},
        language::{ClaimError, Comparison, Decimal, Fault, TextForm, parser::Parser},
        range::{BoundsVar, WIDE, bounds_inputs},
        relation::{Frame, Relation, blank},
        resolve::{ResolvedClaim, Table},
    },
    seal::{Seal, SealError},
};
use zkl_snark::gadgets::{Cs, GadgetError, IntVar};

/// `rows >= 1000`: the number of rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// The range, in rows.
    pub is: Comparison<Decimal>,
}

impl ClaimKind for Rows {
    const FUNCTIONS: &'static [&'static str] = &["rows"];
    const ALIASES: &'static [&'static str] = &[];
    const PAGE: Page = Page {
        grammar: r#""rows" range"#,
        examples: &["rows >= 1000"],
        rows: &[PageRow {
            claim: "`rows`",
            meaning: "n; public anyway, here signed with the rest",
            nulls: "count",
            hidden: "-",
            circuit: "`rows`",
            bits: 128,
        }],
        notes: &[],
    };

    fn read(_: &str, words: &mut Parser) -> Result<Self, Fault> {
        Ok(Self { is: words.numbers()? })
    }

    fn function(&self) -> &'static str {
        "rows"
    }

    fn columns(&self) -> Vec<&str> {
        Vec::new()
    }

    fn values(&self) -> Vec<&str> {
        Vec::new()
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, _: TextForm) -> fmt::Result {
        write!(f, "rows {}", self.is)
    }

    fn in_words(&self) -> String {
        format!("The number of rows {}.", self.is.in_words())
    }

    fn serves(_: &ColumnLayout) -> bool {
        false
    }

    fn inwards(&self, _: &Layout) -> Result<Option<Self>, ClaimError> {
        Ok(None)
    }

    fn resolve(&self, table: &Table<'_>) -> Result<ResolvedClaim, ClaimError> {
        Ok(table.resolved(RowCount { is: table.whole(&self.is)? }))
    }

    fn shapes() -> Vec<Box<dyn Circuit>> {
        vec![blank(RowCount { is: Bounds::default() })]
    }
}

#[derive(Clone)]
struct RowCount {
    is: Bounds,
}

impl Relation for RowCount {
    type Witness = ();

    fn name(&self) -> String {
        "rows".to_owned()
    }

    fn inputs(&self) -> Vec<Fr> {
        bounds_inputs(&self.is)
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Evaluation, ClaimError> {
        Ok(Evaluation::fraction(facts.profile.rows, 1u64, &self.is, Unit::ONE))
    }

    fn open(&self, _: &Seal) -> Result<(), SealError> {
        Ok(())
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, _: Option<&()>) -> Result<(), GadgetError> {
        BoundsVar::input(cs, WIDE, &self.is)?.enforce(cs, &frame.rows, &IntVar::constant(1)?)
    }
}
