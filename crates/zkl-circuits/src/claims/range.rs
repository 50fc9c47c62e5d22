//! A public range of a hidden fraction `x / y`.
//!
//! ```text
//! lower:  denominator x - numerator y - strict >= 0
//! upper:  numerator y - denominator x - strict >= 0
//! ```
//!
//! An end that the claim does not have is all zeros and so always true. As public inputs each end is numerator,
//! denominator, strict; lower before upper.

use num_bigint::{BigInt, BigUint};
use zkl_core::{
    ark::Fr,
    claim::{Bound, Bounds},
};
use zkl_snark::gadgets::{BoolVar, Cs, GadgetError, IntVar};

const DENOMINATOR_BITS: u64 = Bound::DENOMINATOR_BITS as u64;

/// Bits of a numerator of a statistic in the column's units.
pub(super) const WIDE: u64 = Bound::NUMERATOR_BITS as u64;
/// Bits of a numerator of a part of 1.
pub(super) const NARROW: u64 = DENOMINATOR_BITS;

/// One end of a range in a circuit.
pub(super) struct BoundVar {
    numerator: IntVar,
    denominator: IntVar,
    strict: IntVar,
}

/// A range in a circuit.
pub(super) struct BoundsVar {
    lower: BoundVar,
    upper: BoundVar,
}

const ABSENT: Bound = Bound { numerator: 0, denominator: 0, strict: false };

/// Three public inputs of one end.
pub(super) fn bound_inputs(bound: Option<&Bound>) -> [Fr; 3] {
    let Bound { numerator, denominator, strict } = *bound.unwrap_or(&ABSENT);
    [IntVar::public_value(&BigInt::from(numerator)), Fr::from(denominator), Fr::from(strict)]
}

/// Six public inputs of a range.
pub(super) fn bounds_inputs(bounds: &Bounds) -> Vec<Fr> {
    [bound_inputs(bounds.lower.as_ref()), bound_inputs(bounds.upper.as_ref())].concat()
}

impl BoundVar {
    /// The next three public inputs.
    pub(super) fn input(cs: &Cs, numerator_bits: u64, bound: Option<&Bound>) -> Result<Self, GadgetError> {
        let Bound { numerator, denominator, strict } = *bound.unwrap_or(&ABSENT);
        Ok(Self {
            numerator: IntVar::signed_input(cs, numerator_bits, Some(&BigInt::from(numerator)))?,
            denominator: IntVar::input(cs, DENOMINATOR_BITS, Some(&BigUint::from(denominator)))?,
            strict: IntVar::from_bit(&BoolVar::input(cs, Some(strict))?),
        })
    }

    /// `denominator x - numerator y`.
    fn excess(&self, cs: &Cs, x: &IntVar, y: &IntVar) -> Result<IntVar, GadgetError> {
        self.denominator.mul(cs, x)?.sub(&self.numerator.mul(cs, y)?)
    }

    /// `x / y` is at least this, for `y > 0`.
    pub(super) fn enforce_lower(&self, cs: &Cs, x: &IntVar, y: &IntVar) -> Result<(), GadgetError> {
        self.excess(cs, x, y)?.sub(&self.strict)?.enforce_nonnegative(cs)
    }

    /// `x / y` is at most this, for `y > 0`.
    fn enforce_upper(&self, cs: &Cs, x: &IntVar, y: &IntVar) -> Result<(), GadgetError> {
        self.excess(cs, x, y)?.neg().sub(&self.strict)?.enforce_nonnegative(cs)
    }
}

impl BoundsVar {
    /// The next six public inputs.
    pub(super) fn input(cs: &Cs, numerator_bits: u64, bounds: &Bounds) -> Result<Self, GadgetError> {
        Ok(Self {
            lower: BoundVar::input(cs, numerator_bits, bounds.lower.as_ref())?,
            upper: BoundVar::input(cs, numerator_bits, bounds.upper.as_ref())?,
        })
    }

    /// `x / y` lies in the range. The caller makes sure that `y > 0`.
    pub(super) fn enforce(&self, cs: &Cs, x: &IntVar, y: &IntVar) -> Result<(), GadgetError> {
        self.lower.enforce_lower(cs, x, y)?;
        self.upper.enforce_upper(cs, x, y)
    }
}
