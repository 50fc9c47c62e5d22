//! `corr(a, b) <= 0.3`: Pearson's correlation over the rows where both columns are valid.
//!
//! Public inputs: h, ctx, layout; record index; lower end (floor, ceiling, denominator, strict); upper end (the same).
//! Relation, with `c` rows, `V_x = c sum x^2 - (sum x)^2`, `cov = c sum xy - sum x sum y` and private integer roots:
//!
//! ```text
//! V_x >= 1,  s_x^2 <= V_x < (s_x + 1)^2,  and the same for y
//! F = s_x s_y <= sqrt(V_x V_y) < (s_x + 1)(s_y + 1) = C
//! lower a/b:  b cov - (floor F + ceiling C) - strict >= 0      floor = min(a, 0), ceiling = max(a, 0)
//! upper a/b:  (floor F + ceiling C) - b cov - strict >= 0      floor = max(a, 0), ceiling = min(a, 0)
//! ```
//!
//! `cov^2` would need 384 bits and wrap; the roots keep everything below 2^251. Each end is rounded towards refusing: where
//! a positive `a` bounds from above the smaller product F is used, where it bounds from below the larger C, and the
//! reverse for a negative `a`. What is lost is about 1 part in s_x.
//!
//! Width: `cov`, `V`, F and C at most 2^192, multiplied by a threshold below 2^56; k = 251.

use std::fmt;

use num_bigint::{BigInt, BigUint};
use num_traits::{One as _, Signed as _, Zero as _};
use serde::{Deserialize, Serialize};
use zkl_core::{
    ark::Fr,
    circuit::Circuit,
    layout::{ColumnLayout, Layout},
    profile::ProductSums,
};

use super::variance::spread;
use crate::{
    claims::{
        bounds::{Bound, Bounds, Unit, Width},
        evaluate::{Evaluation, Facts},
        kind::{ClaimKind, Page, PageRow},
        language::{
            ClaimError, Coarse, Comparison, Decimal, Expected, Fault, PairKind, Symbol, TextForm, Vacuity,
            parser::Parser,
        },
        observed::Observed,
        range::NARROW,
        relation::{Frame, Relation, blank, enforce_at_least},
        resolve::{Place, ResolvedClaim, Table},
        words::quoted,
    },
    seal::{Opening, ProductRecord, ProductRecordVar, RecordIndexVar, Seal, SealError},
};
use zkl_snark::gadgets::{BoolVar, Cs, GadgetError, IntVar};

/// `corr(a, b) <= 0.3`: Pearson's correlation over the rows where both columns have a value. Needs a sealed product
/// pair.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correlation {
    /// The first column.
    pub left: String,
    /// The second column.
    pub right: String,
    /// The range, between -1 and 1.
    pub is: Comparison<Decimal>,
}

impl ClaimKind for Correlation {
    const FUNCTIONS: &'static [&'static str] = &["corr"];
    const ALIASES: &'static [&'static str] = &[];
    const PAGE: Page = Page {
        grammar: r#""corr" "(" column "," column ")" range"#,
        examples: &["corr(age, income) between -0.2 and 0.2"],
        rows: &[PageRow {
            claim: "`corr(x, y)`",
            meaning: "Pearson's correlation over the rows where both are valid",
            nulls: "such rows do not count",
            hidden: "all sums",
            circuit: "`correlation`",
            bits: 251,
        }],
        notes: &[
            "Correlations are compared through integer roots; a threshold closer to the value than about 1 part in the \
             root is *true but not provable*. Equality with an irrational correlation never is provable.",
        ],
    };

    fn read(_: &str, words: &mut Parser) -> Result<Self, Fault> {
        words.symbol(Symbol::Open)?;
        let left = words.column()?;
        words.symbol(Symbol::Comma)?;
        let span = words.span();
        let right = words.column()?;
        if left == right {
            return Err((span, Expected::Different));
        }
        words.symbol(Symbol::Close)?;
        Ok(Self { left, right, is: words.rates()? })
    }

    fn function(&self) -> &'static str {
        "corr"
    }

    fn columns(&self) -> Vec<&str> {
        vec![&self.left, &self.right]
    }

    fn values(&self) -> Vec<&str> {
        Vec::new()
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, text: TextForm) -> fmt::Result {
        write!(f, "corr({}, {}) {}", text.name(&self.left), text.name(&self.right), self.is)
    }

    fn in_words(&self) -> String {
        let (left, right) = (quoted(&self.left), quoted(&self.right));
        format!("The correlation between {left} and {right} {}.", self.is.in_words())
    }

    fn serves(column: &ColumnLayout) -> bool {
        column.ty.is_quantity()
    }

    fn inwards(&self, _: &Layout) -> Result<Option<Self>, ClaimError> {
        // How far a correlation is from that of the written values depends on deviations that are hidden.
        Ok(None)
    }

    fn resolve(&self, table: &Table<'_>) -> Result<ResolvedClaim, ClaimError> {
        Ok(table.resolved(self.relation(table)?))
    }

    fn shapes() -> Vec<Box<dyn Circuit>> {
        vec![blank(Pearson { pair: Place::BLANK, is: Bounds::default() })]
    }
}

impl Correlation {
    pub(in crate::claims) fn relation(&self, table: &Table<'_>) -> Result<Pearson, ClaimError> {
        let (left, right) = table.two(&self.left, &self.right)?;
        let ((a, _), (b, _)) = (table.quantity(left)?, table.quantity(right)?);
        let (pair, _) = table.pair(PairKind::Product, (a, left), (b, right))?;
        table.within(&self.is, -1, Some(1))?;
        Ok(Pearson { pair, is: Bounds::new(&self.is, Unit::ONE, Width::PART)? })
    }
}

/// Bits of an integer root of a value below 2^192.
const ROOT_BITS: u64 = 96;

#[derive(Clone)]
pub(in crate::claims) struct Pearson {
    pub(in crate::claims) pair: Place,
    /// From -1 to 1, magnitudes below 2^56.
    pub(in crate::claims) is: Bounds,
}

#[derive(Clone)]
pub(in crate::claims) struct CorrelationWitness {
    pub(in crate::claims) record: Opening<ProductRecord>,
    /// Integer roots of `V_x` and `V_y`.
    pub(in crate::claims) roots: [BigUint; 2],
}

/// `c sum x^2 - (sum x)^2` of both columns, and `c sum xy - sum x sum y`.
fn spreads(sums: &ProductSums) -> ([BigInt; 2], BigInt) {
    let signed = |value: &BigUint| BigInt::from(value.clone());
    let count = BigInt::from(sums.valid);
    let (x, y) = (signed(&sums.left_sum), signed(&sums.right_sum));
    let left = &count * signed(&sums.left_squares) - &x * &x;
    let right = &count * signed(&sums.right_squares) - &y * &y;
    ([left, right], count * signed(&sums.products) - x * y)
}

/// The integer root, 0 for what is not positive.
fn root(value: &BigInt) -> BigUint {
    if value.is_positive() { value.magnitude().sqrt() } else { BigUint::ZERO }
}

#[derive(Clone, Copy)]
enum Side {
    Lower,
    Upper,
}

/// Coefficients of F and C.
fn coefficients(numerator: i128, upper: bool) -> (i128, i128) {
    let (negative, positive) = (numerator.min(0), numerator.max(0));
    if upper { (positive, negative) } else { (negative, positive) }
}

impl Side {
    fn parts(self, bound: Option<&Bound>) -> (i128, i128, u64, bool) {
        let Some(bound) = bound else { return (0, 0, 0, false) };
        let (floor, ceiling) = coefficients(bound.numerator, matches!(self, Self::Upper));
        (floor, ceiling, bound.denominator, bound.strict)
    }

    fn inputs(self, bound: Option<&Bound>) -> [Fr; 4] {
        let (floor, ceiling, denominator, strict) = self.parts(bound);
        let signed = |value: i128| IntVar::public_value(&BigInt::from(value));
        [signed(floor), signed(ceiling), Fr::from(denominator), Fr::from(strict)]
    }

    fn input(self, cs: &Cs, bound: Option<&Bound>) -> Result<EndVar, GadgetError> {
        let (floor, ceiling, denominator, strict) = self.parts(bound);
        Ok(EndVar {
            floor: IntVar::signed_input(cs, NARROW, Some(&BigInt::from(floor)))?,
            ceiling: IntVar::signed_input(cs, NARROW, Some(&BigInt::from(ceiling)))?,
            denominator: IntVar::input(cs, NARROW, Some(&BigUint::from(denominator)))?,
            strict: IntVar::from_bit(&BoolVar::input(cs, Some(strict))?),
        })
    }
}

struct EndVar {
    floor: IntVar,
    ceiling: IntVar,
    denominator: IntVar,
    strict: IntVar,
}

impl EndVar {
    /// `b cov - (floor F + ceiling C)`.
    fn excess(&self, cs: &Cs, terms: &Terms) -> Result<IntVar, GadgetError> {
        let threshold = self.floor.mul(cs, &terms.floor)?.add(&self.ceiling.mul(cs, &terms.ceiling)?)?;
        self.denominator.mul(cs, &terms.covariance)?.sub(&threshold)
    }
}

struct Terms {
    covariance: IntVar,
    /// F
    floor: IntVar,
    /// C
    ceiling: IntVar,
}

/// The integer root of `value`.
fn root_var(cs: &Cs, value: &IntVar, root: Option<&BigUint>) -> Result<IntVar, GadgetError> {
    enforce_at_least(cs, value, 1)?;
    let root = IntVar::witness(cs, ROOT_BITS, root)?;
    root.square(cs)?.enforce_le(cs, value)?;
    let next = root.add(&IntVar::constant(1)?)?;
    value.enforce_lt(cs, &next.square(cs)?)?;
    Ok(root)
}

/// `b cov` against `a sqrt(square)`, by signs and squares.
fn holds_exactly(covariance: &BigInt, square: &BigInt, bound: &Bound, upper: bool) -> bool {
    let (a, b) = (BigInt::from(bound.numerator), BigInt::from(bound.denominator));
    let signed_square = |value: &BigInt| value * value.abs();
    let difference = signed_square(&(b * covariance)) - signed_square(&a) * square;
    let difference = if upper { -difference } else { difference };
    if bound.strict { difference.is_positive() } else { !difference.is_negative() }
}

/// The circuit's inequality.
fn holds_in_the_circuit(covariance: &BigInt, [left, right]: &[BigInt; 2], bound: &Bound, upper: bool) -> bool {
    let (floor, ceiling) = coefficients(bound.numerator, upper);
    let threshold = BigInt::from(floor) * left * right + BigInt::from(ceiling) * (left + 1) * (right + 1);
    let difference: BigInt = BigInt::from(bound.denominator) * covariance - threshold;
    let difference = if upper { -difference } else { difference };
    let least = if bound.strict { BigInt::one() } else { BigInt::zero() };
    difference >= least
}

/// The sharpest bound of [`NEAREST_DIGITS`] digits that the circuit shows, if it shows any. What is shown of one bound is shown of every
/// weaker one.
fn nearest_provable(covariance: &BigInt, roots: &[BigInt; 2], upper: bool) -> Option<Decimal> {
    let sign = if upper { -1 } else { 1 };
    let bound =
        |steps: i128| Bound { numerator: sign * steps, denominator: 10_u64.pow(NEAREST_DIGITS.into()), strict: false };
    let limit = i128::from(bound(0).denominator);
    // `steps` counts towards the correlation: from the weakest bound, that at -1 for `>=` and at 1 for `<=`.
    let shows = |steps| holds_in_the_circuit(covariance, roots, &bound(steps), upper);
    let (mut shown, mut beyond) = (-limit, limit + 1);
    if !shows(shown) {
        return None;
    }
    while beyond - shown > 1 {
        let middle = (shown + beyond).div_euclid(2);
        if shows(middle) {
            shown = middle;
        } else {
            beyond = middle;
        }
    }
    Decimal::new(sign * shown, NEAREST_DIGITS).ok()
}

/// Digits after the point of a bound that is named.
const NEAREST_DIGITS: u8 = 6;

impl Relation for Pearson {
    type Witness = CorrelationWitness;

    fn name(&self) -> String {
        "correlation".to_owned()
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs = vec![self.pair.record.public_input()];
        inputs.extend(Side::Lower.inputs(self.is.lower.as_ref()));
        inputs.extend(Side::Upper.inputs(self.is.upper.as_ref()));
        inputs
    }

    fn evaluate(&self, facts: &Facts<'_>) -> Result<Evaluation, ClaimError> {
        let sums = &facts.product(self.pair)?;
        if sums.valid == 0 {
            return facts.vacuous(Vacuity::NoValues);
        }
        let ([left, right], covariance) = spreads(sums);
        if !left.is_positive() || !right.is_positive() {
            return facts.vacuous(Vacuity::Constant);
        }
        let square = &left * &right;
        let roots = [root(&left), root(&right)].map(BigInt::from);
        let mut ends = Vec::new();
        ends.extend(self.is.lower.map(|bound| (bound, false)));
        ends.extend(self.is.upper.map(|bound| (bound, true)));
        let holds = ends.iter().all(|(bound, upper)| holds_exactly(&covariance, &square, bound, *upper));
        let provable = ends.iter().all(|(bound, upper)| holds_in_the_circuit(&covariance, &roots, bound, *upper));
        let coarse = || {
            let failing = ends.iter().find(|(bound, upper)| !holds_in_the_circuit(&covariance, &roots, bound, *upper));
            let upper = failing.is_some_and(|(_, upper)| *upper);
            let nearest = nearest_provable(&covariance, &roots, upper);
            let text = |bound| format!("corr {} {bound}", if upper { "<=" } else { ">=" });
            Coarse::Root { provable: nearest.map_or_else(|| "no bound of it".to_owned(), text) }
        };
        let negative = covariance.is_negative();
        let observed = Observed::Root { square: Observed::fraction(&covariance * &covariance, square), negative };
        Ok(Evaluation::rounded(holds, provable, observed, coarse))
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        let record = seal.product(self.pair.position)?;
        let (spreads, _) = spreads(&record.record.sums);
        Ok(CorrelationWitness { record, roots: spreads.each_ref().map(root) })
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let index = RecordIndexVar::input(cs, Some(self.pair.record))?;
        let lower = Side::Lower.input(cs, self.is.lower.as_ref())?;
        let upper = Side::Upper.input(cs, self.is.upper.as_ref())?;
        let record = ProductRecordVar::open(cs, &index, witness.map(|witness| &witness.record), &frame.h)?;
        let count = &record.valid;
        let left = spread(cs, count, &record.left_sum, &record.left_squares)?;
        let right = spread(cs, count, &record.right_sum, &record.right_squares)?;
        let left = root_var(cs, &left, witness.map(|witness| &witness.roots[0]))?;
        let right = root_var(cs, &right, witness.map(|witness| &witness.roots[1]))?;
        let one = IntVar::constant(1)?;
        let terms = Terms {
            covariance: count.mul(cs, &record.products)?.sub(&record.left_sum.mul(cs, &record.right_sum)?)?,
            floor: left.mul(cs, &right)?,
            ceiling: left.add(&one)?.mul(cs, &right.add(&one)?)?,
        };
        lower.excess(cs, &terms)?.sub(&lower.strict)?.enforce_nonnegative(cs)?;
        upper.excess(cs, &terms)?.neg().sub(&upper.strict)?.enforce_nonnegative(cs)
    }
}
