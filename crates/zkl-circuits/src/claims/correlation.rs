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

use num_bigint::{BigInt, BigUint};
use num_traits::Signed as _;
use zkl_core::{
    ark::Fr,
    claim::{Bound, Bounds},
    profile::ProductSums,
};
use zkl_snark::gadgets::{BoolVar, Cs, GadgetError, IntVar};

use super::{
    range::NARROW,
    relation::{Frame, Relation, enforce_at_least},
    variance::spread,
};
use crate::seal::{Opening, ProductRecord, ProductRecordVar, RecordIndex, RecordIndexVar, Seal, SealError};

/// Bits of an integer root of a value below 2^192.
const ROOT_BITS: u64 = 96;

#[derive(Clone)]
pub(super) struct Correlation {
    pub(super) pair: usize,
    pub(super) index: RecordIndex,
    pub(super) is: Bounds,
}

#[derive(Clone)]
pub(super) struct CorrelationWitness {
    pub(super) record: Opening<ProductRecord>,
    /// Integer roots of `V_x` and `V_y`.
    pub(super) roots: [BigUint; 2],
}

/// `c sum x^2 - (sum x)^2` of both columns, and `c sum xy - sum x sum y`.
pub(super) fn spreads(sums: &ProductSums) -> ([BigInt; 2], BigInt) {
    let signed = |value: &BigUint| BigInt::from(value.clone());
    let count = BigInt::from(sums.valid);
    let (x, y) = (signed(&sums.left_sum), signed(&sums.right_sum));
    let left = &count * signed(&sums.left_squares) - &x * &x;
    let right = &count * signed(&sums.right_squares) - &y * &y;
    ([left, right], count * signed(&sums.products) - x * y)
}

/// The integer root, 0 for what is not positive.
pub(super) fn root(value: &BigInt) -> BigUint {
    if value.is_positive() { value.magnitude().sqrt() } else { BigUint::ZERO }
}

#[derive(Clone, Copy)]
enum Side {
    Lower,
    Upper,
}

/// Coefficients of F and C.
pub(super) fn coefficients(numerator: i128, upper: bool) -> (i128, i128) {
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

impl Relation for Correlation {
    type Witness = CorrelationWitness;

    fn name(&self) -> String {
        "correlation".to_owned()
    }

    fn inputs(&self) -> Vec<Fr> {
        let mut inputs = vec![self.index.public_input()];
        inputs.extend(Side::Lower.inputs(self.is.lower.as_ref()));
        inputs.extend(Side::Upper.inputs(self.is.upper.as_ref()));
        inputs
    }

    fn open(&self, seal: &Seal) -> Result<Self::Witness, SealError> {
        let record = seal.product(self.pair)?;
        let (spreads, _) = spreads(&record.record.sums);
        Ok(CorrelationWitness { record, roots: spreads.each_ref().map(root) })
    }

    fn constrain(&self, cs: &Cs, frame: &Frame, witness: Option<&Self::Witness>) -> Result<(), GadgetError> {
        let index = RecordIndexVar::input(cs, Some(self.index))?;
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
