//! `values(age) between 0 and 120`, `min(age) >= 0`, `max(age) <= 120`: every value lies within integer bounds.
//!
//! Public inputs: h, ctx, layout; record index; lower present (0 or 1), lower; upper present, upper. Relation, where `max`
//! is the sealed upper bound `min + (T + 1) 2^(16 (limbs - 1)) - 1`:
//!
//! ```text
//! c >= 1,  lower present: min - lower >= 0,  upper present: upper - max >= 0
//! ```
//!
//! An absent end is zero and its side is multiplied by 0. Width: below 2^67.

use std::fmt;

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_rational::BigRational;
use num_traits::{Signed as _, ToPrimitive as _};
use serde::{Deserialize, Serialize};
use zkl_core::{
    ark::Fr,
    circuit::Circuit,
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout, Zone},
};

use crate::{
    claims::{
        bounds::Bound,
        evaluate::{Evaluation, Facts},
        kind::{ClaimKind, Page, PageRow},
        language::{ClaimError, Coarse, Comparison, Fault, Literal, OneSided, TextForm, Unsupported, parser::Parser},
        observed::{Observed, provable_bound},
        relation::{Frame, Relation, blank, enforce_at_least},
        resolve::{Place, ResolvedClaim, Table},
        rounded::Inwards,
        words::quoted,
    },
    seal::{NumericRecord, NumericRecordVar, Opening, RecordIndexVar, Seal, SealError},
};
use zkl_snark::gadgets::{BoolVar, Cs, GadgetError, IntVar};

/// `values(age) between 0 and 120`, `min(age) >= 0`, `max(age) <= 120`: every value lies in the range. Nulls do not
/// count; at least one value exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Values {
    /// The column.
    pub column: String,
    /// The range.
    pub is: Comparison<Literal>,
}

impl ClaimKind for Values {
    const FUNCTIONS: &'static [&'static str] = &["min", "max", "values"];
    const ALIASES: &'static [&'static str] = &[];
    const PAGE: Page = Page {
        grammar: r#"("min" | "max" | "values") "(" column ")" range"#,
        examples: &["min(age) >= 0", "max(hired_on) <= 2024-12-31", "values(age) between 0 and 120"],
        rows: &[PageRow {
            claim: "`min(x) >= t`, `max(x) <= t`, `values(x)`",
            meaning: "every value lies in the range",
            nulls: "do not count",
            hidden: "as mean",
            circuit: "`values`",
            bits: 67,
        }],
        notes: &[
            "What is sealed about bounds are limits that no value passes, not attained values: `max(x) >= t` cannot be \
             said. Where the values span more than 65,535 of the column's units the upper limit is rounded up, by less \
             than 1/32,768 of the span (more in columns whose values are too large for their span, as times in nanoseconds, \
             and in tables that were notarized before `fraction_bits`); a true `max(x) <= t` below it is refused as *true but \
             not provable*, with the limit that is provable. That message is for the owner: it tells where the largest value \
             lies.",
        ],
    };

    fn read(function: &str, words: &mut Parser) -> Result<Self, Fault> {
        let column = words.argument()?;
        match function {
            "min" => words.lower_only("min", OneSided::BoundsOnly)?,
            "max" => words.upper_only("max", OneSided::BoundsOnly)?,
            _ => {}
        }
        Ok(Self { column, is: words.literals()? })
    }

    fn function(&self) -> &'static str {
        match self.is {
            Comparison::AtLeast(_) | Comparison::Above(_) => "min",
            Comparison::AtMost(_) | Comparison::Below(_) => "max",
            Comparison::Equal(_) | Comparison::Between(..) => "values",
        }
    }

    fn columns(&self) -> Vec<&str> {
        vec![&self.column]
    }

    fn values(&self) -> Vec<&str> {
        Vec::new()
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, text: TextForm) -> fmt::Result {
        write!(f, "{}({}) {}", self.function(), text.name(&self.column), self.is)
    }

    fn in_words(&self) -> String {
        format!("Every value of {} {}.", quoted(&self.column), self.is.in_words())
    }

    fn serves(column: &ColumnLayout) -> bool {
        matches!(column.encoding, Encoding::Numeric { .. })
    }

    fn inwards(&self, layout: &Layout) -> Result<Option<Self>, ClaimError> {
        let Some(inwards) = Inwards::of(layout, &self.column) else { return Ok(None) };
        Ok(Some(Self { is: inwards.values(self.is)?, ..self.clone() }))
    }

    fn resolve(&self, table: &Table<'_>) -> Result<ResolvedClaim, ClaimError> {
        Ok(table.resolved(self.relation(table)?))
    }

    fn shapes() -> Vec<Box<dyn Circuit>> {
        vec![blank(ValueRange { column: Place::BLANK, limbs: 1, lower: None, upper: None })]
    }
}

impl Values {
    pub(in crate::claims) fn relation(&self, table: &Table<'_>) -> Result<ValueRange, ClaimError> {
        let (column, about) = table.column(&self.column)?;
        let Encoding::Numeric { limbs } = about.encoding else {
            return Err(table.unsupported(about, Unsupported::NeedsNumeric));
        };
        for end in whole_ends(&self.is, about, 0)?.iter().flatten() {
            narrow(end)?;
        }
        let [lower, upper] =
            whole_ends(&self.is, about, about.fraction_bits)?.map(|end| end.as_ref().map(within_limits));
        Ok(ValueRange { column, limbs, lower, upper })
    }
}

/// The least and the largest integer in a range, times `2^-fraction_bits` in the units of `column`.
pub(crate) fn whole_ends(
    is: &Comparison<Literal>,
    column: &ColumnLayout,
    fraction_bits: u8,
) -> Result<[Option<BigInt>; 2], ClaimError> {
    let is = is.try_map(|literal| Ok(in_units(literal, column)? * (BigInt::from(1) << fraction_bits)))?;
    if let Comparison::Between(lower, upper) = &is
        && lower > upper
    {
        return Err(ClaimError::EmptyRange { lower: lower.to_string(), upper: upper.to_string() });
    }
    let ends = is.ends(BigRational::clone);
    // What is compared are integers: v >= a/b is v >= ceil(a/b), v > a/b is v >= floor(a/b) + 1, and so on.
    let lower = ends.lower.map(|(t, strict)| if strict { floor(&t) + 1 } else { ceil(&t) });
    let upper = ends.upper.map(|(t, strict)| if strict { ceil(&t) - 1 } else { floor(&t) });
    Ok([lower, upper])
}

fn floor(value: &BigRational) -> BigInt {
    value.numer().div_floor(value.denom())
}

fn ceil(value: &BigRational) -> BigInt {
    value.numer().div_ceil(value.denom())
}

fn narrow(value: &BigInt) -> Result<i128, ClaimError> {
    let fits = value.to_i128().filter(|v| v.abs() <= MAX_VALUE);
    fits.ok_or_else(|| ClaimError::ThresholdTooWide {
        got: value.to_string(),
        numerator_bits: 65,
        denominator_bits: Bound::DENOMINATOR_BITS,
    })
}

/// A threshold, or one next to the limits of what is sealed, which says the same there.
fn within_limits(value: &BigInt) -> i128 {
    let limit = if value.is_negative() { -MAX_VALUE } else { MAX_VALUE };
    value.to_i128().map_or(limit, |value| value.clamp(-MAX_VALUE, MAX_VALUE))
}

/// A literal in the integer units of `column`.
fn in_units(literal: Literal, column: &ColumnLayout) -> Result<BigRational, ClaimError> {
    match (literal, column.ty) {
        (Literal::Number(value), ColumnType::Int | ColumnType::Decimal { .. }) => {
            Ok(value.to_rational() * BigInt::from(10).pow(u32::from(column.ty.scale())))
        }
        (Literal::Date(day), ColumnType::Date) => Ok(BigRational::from_integer(day.days().into())),
        (Literal::Timestamp(time), ColumnType::Timestamp { .. })
            if time.is_zoned() && column.zone == Some(Zone::Naive) =>
        {
            Err(ClaimError::ZoneOfNaive { column: column.name.clone() })
        }
        (Literal::Timestamp(time), ColumnType::Timestamp { unit }) => {
            Ok(BigRational::new(time.nanoseconds().into(), (1_000_000_000 / unit.per_second()).into()))
        }
        _ => Err(ClaimError::ThresholdType { column: column.name.clone(), ty: column.ty, got: literal.to_string() }),
    }
}

/// Bits of a bound's magnitude.
const BITS: u64 = 66;
/// Largest magnitude of a threshold: beyond every sealed bound, which are below 2^65.
const MAX_VALUE: i128 = 1 << 65;

/// Every value of a column lies within integer bounds.
#[derive(Clone)]
pub(in crate::claims) struct ValueRange {
    pub(in crate::claims) column: Place,
    pub(in crate::claims) limbs: u8,
    pub(in crate::claims) lower: Option<i128>,
    pub(in crate::claims) upper: Option<i128>,
}

/// One end: whether it is there, and its value or zero.
struct End {
    present: BoolVar,
    value: IntVar,
}

impl End {
    fn inputs(end: Option<i128>) -> [Fr; 2] {
        [Fr::from(end.is_some()), IntVar::public_value(&BigInt::from(end.unwrap_or(0)))]
    }

    fn input(cs: &Cs, end: Option<i128>) -> Result<Self, GadgetError> {
        let present = BoolVar::input(cs, Some(end.is_some()))?;
        let value = IntVar::signed_input(cs, BITS, Some(&BigInt::from(end.unwrap_or(0))))?;
        Ok(Self { present, value })
    }
}

impl Relation for ValueRange {
    type Witness = Opening<NumericRecord>;

    fn name(&self) -> String {
        "values".to_owned()
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs = vec![self.column.record.public_input()];
        inputs.extend(End::inputs(self.lower));
        inputs.extend(End::inputs(self.upper));
        inputs
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Evaluation, ClaimError> {
        let (_, stats) = facts.numeric(self.column)?;
        let about = facts.layout.columns().get(self.column.position).ok_or(ClaimError::ProfileMismatch)?;
        let sealed_max = stats.sealed_max(self.limbs);
        let from_below = self.lower.is_none_or(|bound| i128::from(stats.min) >= bound);
        let holds = from_below && self.upper.is_none_or(|bound| i128::from(stats.max) <= bound);
        let provable = self.upper.is_none_or(|bound| sealed_max <= bound);
        let [min, max] = [stats.min, stats.max].map(|value| value >> about.fraction_bits);
        let observed = Observed::Range { min, max, ty: about.ty };
        let coarse = || Coarse::UpperBound { provable: provable_bound(sealed_max, about, 1) };
        Ok(Evaluation::rounded(holds, provable, observed, coarse))
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        seal.numeric(self.column.position)
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let index = RecordIndexVar::input(cs, Some(self.column.record))?;
        let lower = End::input(cs, self.lower)?;
        let upper = End::input(cs, self.upper)?;
        let record = NumericRecordVar::open(cs, &index, witness, &frame.h)?;
        enforce_at_least(cs, &record.valid, 1)?;
        record.min.sub(&lower.value)?.masked(cs, &lower.present)?.enforce_nonnegative(cs)?;
        let sealed_max = record.sealed_max(cs)?;
        upper.value.sub(&sealed_max)?.masked(cs, &upper.present)?.enforce_nonnegative(cs)
    }
}
