//! `range(age) <= 60`: how far apart the values are at most, in integer units of the column.
//!
//! Relation of a [ratio](crate::claims::ratio), with the sealed bounds of the column:
//!
//! ```text
//! c >= 1,  x = max - min,  y = 1
//! ```
//!
//! All values lie within the sealed bounds, but need not reach them: `x` is the range or more. So the range is bounded from
//! above only. Width: `x` below 2^65, `b x` below 2^121, `a` below 2^127.

use std::fmt;

use num_rational::BigRational;
use serde::{Deserialize, Serialize};
use zkl_core::layout::{Encoding, Layout};

use crate::{
    claims::{
        bounds::{Bounds, Unit, Width},
        evaluate::{Evaluation, Facts},
        kind::{Page, PageRow},
        language::{ClaimError, Coarse, Comparison, Decimal, Expected, Fault, OneSided, parser::Parser},
        observed::{Observed, provable_bound},
        ratio::ColumnRatio,
        relation::{Frame, enforce_at_least},
        resolve::{Place, Table},
        rounded::Inwards,
        words::quoted,
    },
    seal::{NumericRecord, NumericRecordVar},
};
use zkl_snark::gadgets::{Cs, GadgetError, IntVar};

/// `range(age) <= 60`: the largest value less the smallest; nulls do not count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The column.
    pub column: String,
    /// What the range does not exceed.
    pub is: Limit,
}

/// A range from above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// `<= t`
    AtMost(Decimal),
    /// `< t`
    Below(Decimal),
}

impl From<Limit> for Comparison<Decimal> {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::AtMost(t) => Self::AtMost(t),
            Limit::Below(t) => Self::Below(t),
        }
    }
}

impl ColumnRatio for Range {
    const FUNCTIONS: &'static [&'static str] = &["range"];
    const PAGE: Page = Page {
        grammar: r#""range" "(" column ")" ("<=" | "<") literal"#,
        examples: &["range(age) <= 60"],
        rows: &[PageRow {
            claim: "`range(x) <= t`",
            meaning: "largest value - smallest value",
            nulls: "do not count",
            hidden: "as mean",
            circuit: "`range`",
            bits: 128,
        }],
        notes: &[
            "`range(x)` is bounded from above only, for the same reason: the sealed limits may lie further apart than the \
             values, never closer. It is *true but not provable* below the distance of the limits.",
        ],
    };
    const CIRCUIT: &'static str = "range";
    const NEEDS_QUANTITY: bool = true;

    type Record = NumericRecord;
    type Switch = ();

    fn read(_: &str, words: &mut Parser) -> Result<Self, Fault> {
        let (function, reason) = ("range", OneSided::BoundsOnly);
        let column = words.argument()?;
        words.upper_only(function, reason)?;
        let span = words.span();
        let is = match words.numbers()? {
            Comparison::AtMost(t) => Limit::AtMost(t),
            Comparison::Below(t) => Limit::Below(t),
            _ => return Err((span, Expected::UpperBound { function, reason })),
        };
        Ok(Self { column, is })
    }

    fn function(&self) -> &'static str {
        "range"
    }

    fn column(&self) -> &str {
        &self.column
    }

    fn write_range(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Comparison::from(self.is))
    }

    fn in_words(&self) -> String {
        let (by, than) = match &self.is {
            Limit::AtMost(t) => ("at most", t),
            Limit::Below(t) => ("less than", t),
        };
        format!("The largest value of {} exceeds the smallest by {by} {than}.", quoted(&self.column))
    }

    fn bounds(&self, _: &Table<'_>, unit: Unit) -> Result<Bounds, ClaimError> {
        Bounds::new(&self.is.into(), unit, Width::STATISTIC)
    }

    fn inwards(&self, layout: &Layout) -> Result<Option<Self>, ClaimError> {
        let Some(inwards) = Inwards::of(layout, &self.column) else { return Ok(None) };
        let error = inwards.error(2);
        let is = match self.is {
            Limit::AtMost(t) => Limit::AtMost(inwards.less(t, &error)?),
            Limit::Below(t) => Limit::Below(inwards.less(t, &error)?),
        };
        Ok(Some(Self { is, ..self.clone() }))
    }

    fn switch(&self) {}

    fn evaluate(&self, facts: &Facts<'_>, column: Place, is: &Bounds) -> Result<Evaluation, ClaimError> {
        let (_, stats) = facts.numeric(column)?;
        let about = facts.layout.columns().get(column.position).ok_or(ClaimError::ProfileMismatch)?;
        let Encoding::Numeric { limbs } = about.encoding else { return Err(ClaimError::ProfileMismatch) };
        let from_min = |max: i128| max - i128::from(stats.min);
        let hold = |range: i128| is.hold(&BigRational::from_integer(range.into()));
        let (range, sealed) = (from_min(stats.max.into()), from_min(stats.sealed_max(limbs)));
        let observed = BigRational::new(range.into(), facts.unit(column).per_one());
        let coarse = || Coarse::UpperBound { provable: provable_bound(sealed, about, 2) };
        Ok(Evaluation::rounded(hold(range), hold(sealed), Observed::Number(observed), coarse))
    }

    fn fraction(cs: &Cs, _: &Frame, record: &NumericRecordVar, (): &()) -> Result<(IntVar, IntVar), GadgetError> {
        enforce_at_least(cs, &record.valid, 1)?;
        Ok((record.sealed_max(cs)?.sub(&record.min)?, IntVar::constant(1)?))
    }

    fn samples() -> Vec<Self> {
        vec![Self { column: String::new(), is: Limit::AtMost(Decimal::ZERO) }]
    }
}
