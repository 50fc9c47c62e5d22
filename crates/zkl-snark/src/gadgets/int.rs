//! Integers that cannot wrap around the field.
//!
//! A field has no order and no overflow: `cov^2` of two honest 192-bit values is a 384-bit integer, and the field sees it
//! modulo r. An [`IntVar`] carries the interval in which its integer lies by construction (bits that were checked,
//! sums and products of such), and every operation whose result could leave `(-2^251, 2^251)` is refused while the circuit
//! is written. As r > 2^253, two integers in that interval are equal in the field only if they are equal.

use num_bigint::{BigInt, BigUint, Sign};
use num_traits::Signed as _;

use super::{BoolVar, Cs, FieldVar, GadgetError, bits::recompose, decompose};
use crate::ark::{
    Fr,
    ff::{One as _, PrimeField as _},
};

/// An integer in a circuit, with the interval that it provably lies in.
#[derive(Clone)]
pub struct IntVar {
    field: FieldVar,
    low: BigInt,
    high: BigInt,
}

impl IntVar {
    /// Most bits of the magnitude of an integer variable.
    pub const MAX_BITS: u64 = 251;

    /// A constant of the circuit.
    ///
    /// # Errors
    /// [`GadgetError::Wrap`] above [`Self::MAX_BITS`] bits.
    pub fn constant(value: impl Into<BigInt>) -> Result<Self, GadgetError> {
        let value = value.into();
        Self::bounded("a constant", FieldVar::constant(to_field(&value)), value.clone(), value)
    }

    /// A private integer in `[0, 2^bits)`, bit-checked: `bits` constraints.
    ///
    /// # Errors
    /// [`GadgetError::Wrap`] for more than [`Self::MAX_BITS`] bits, `AssignmentMissing` when proving without a value. A
    /// value that does not fit loses its high bits, and whatever it is compared with then fails.
    pub fn witness(cs: &Cs, bits: u64, value: Option<&BigUint>) -> Result<Self, GadgetError> {
        check_bits("a witness", bits)?;
        let field = recompose(&decompose(cs, value, bits)?);
        Self::bounded("a witness", field, BigInt::ZERO, power_of_two(bits) - 1)
    }

    /// A private integer in `[0, 2^bits)`, without a constraint.
    ///
    /// # Soundness
    /// Nothing here says that it is one: the caller's circuit must, for a value that it fixed before.
    ///
    /// # Errors
    /// As [`Self::witness`].
    pub fn witness_unchecked(cs: &Cs, bits: u64, value: Option<&BigUint>) -> Result<Self, GadgetError> {
        check_bits("a witness", bits)?;
        let field = FieldVar::witness(cs, value.cloned().map(Fr::from))?;
        Self::bounded("a witness", field, BigInt::ZERO, power_of_two(bits) - 1)
    }

    /// The next public input, an integer in `[0, 2^bits)` and bit-checked: `bits + 1` constraints.
    ///
    /// # Errors
    /// As [`Self::witness`].
    pub fn input(cs: &Cs, bits: u64, value: Option<&BigUint>) -> Result<Self, GadgetError> {
        check_bits("a public input", bits)?;
        let input = FieldVar::input(cs, value.cloned().map(Fr::from))?;
        Self::range_check(cs, &input, bits, value)
    }

    /// The next public input, a signed integer in `[-2^bits, 2^bits)` encoded as itself modulo r: `bits + 2` constraints.
    ///
    /// # Errors
    /// As [`Self::witness`].
    pub fn signed_input(cs: &Cs, bits: u64, value: Option<&BigInt>) -> Result<Self, GadgetError> {
        check_bits("a public input", bits + 1)?;
        let offset = power_of_two(bits);
        let input = FieldVar::input(cs, value.map(to_field))?;
        let shifted = FieldVar::linear([(Fr::one(), &input)], to_field(&offset));
        let value = value.and_then(|value| (value + &offset).to_biguint());
        let shifted = Self::range_check(cs, &shifted, bits + 1, value.as_ref())?;
        shifted.sub(&Self::constant(offset)?)
    }

    /// The integer that `field` is, after checking that it lies in `[0, 2^bits)`.
    fn range_check(cs: &Cs, field: &FieldVar, bits: u64, value: Option<&BigUint>) -> Result<Self, GadgetError> {
        let checked = recompose(&decompose(cs, value, bits)?);
        checked.enforce_equal(cs, field)?;
        Self::bounded("a range check", field.clone(), BigInt::ZERO, power_of_two(bits) - 1)
    }

    /// The bit as an integer.
    pub fn from_bit(bit: &BoolVar) -> Self {
        Self { field: bit.field().clone(), low: BigInt::ZERO, high: BigInt::from(1) }
    }

    /// The public input that stands for `value`: `value` modulo r.
    pub fn public_value(value: &BigInt) -> Fr {
        to_field(value)
    }

    /// The integer as a field element.
    pub const fn field(&self) -> &FieldVar {
        &self.field
    }

    /// The value, when it is known.
    pub fn value(&self) -> Option<BigInt> {
        self.field.value().map(from_field)
    }

    /// The interval that the integer lies in by construction, both ends included.
    pub const fn bounds(&self) -> (&BigInt, &BigInt) {
        (&self.low, &self.high)
    }

    /// Bits of the largest magnitude that the bounds allow.
    pub fn bits(&self) -> u64 {
        self.low.bits().max(self.high.bits())
    }

    /// `self + other`, without a constraint.
    ///
    /// # Errors
    /// [`GadgetError::Wrap`].
    pub fn add(&self, other: &Self) -> Result<Self, GadgetError> {
        Self::bounded("a sum", &self.field + &other.field, &self.low + &other.low, &self.high + &other.high)
    }

    /// `self - other`, without a constraint.
    ///
    /// # Errors
    /// [`GadgetError::Wrap`].
    pub fn sub(&self, other: &Self) -> Result<Self, GadgetError> {
        Self::bounded("a difference", &self.field - &other.field, &self.low - &other.high, &self.high - &other.low)
    }

    /// `-self`, without a constraint.
    pub fn neg(&self) -> Self {
        Self { field: -&self.field, low: -&self.high, high: -&self.low }
    }

    /// Sum of `terms`, without a constraint.
    ///
    /// # Errors
    /// [`GadgetError::Wrap`].
    pub fn sum<'a>(terms: impl IntoIterator<Item = &'a Self>) -> Result<Self, GadgetError> {
        let terms: Vec<&Self> = terms.into_iter().collect();
        let low = terms.iter().map(|term| &term.low).sum();
        let high = terms.iter().map(|term| &term.high).sum();
        Self::bounded("a sum", FieldVar::sum(terms.iter().map(|term| &term.field)), low, high)
    }

    /// `factor * self` for a constant of the circuit, without a constraint.
    ///
    /// # Errors
    /// [`GadgetError::Wrap`].
    pub fn scale(&self, factor: impl Into<BigInt>) -> Result<Self, GadgetError> {
        let factor = factor.into();
        let (a, b) = (&self.low * &factor, &self.high * &factor);
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        Self::bounded("a multiple", self.field.scale(to_field(&factor)), low, high)
    }

    /// `self * other`: one constraint.
    ///
    /// # Errors
    /// [`GadgetError::Wrap`].
    pub fn mul(&self, cs: &Cs, other: &Self) -> Result<Self, GadgetError> {
        let corners =
            [&self.low * &other.low, &self.low * &other.high, &self.high * &other.low, &self.high * &other.high];
        let low = corners.iter().min().cloned().unwrap_or_default();
        let high = corners.iter().max().cloned().unwrap_or_default();
        // The bounds are checked before a constraint is written.
        check_bits("a product", low.bits().max(high.bits()))?;
        Self::bounded("a product", self.field.mul(cs, &other.field)?, low, high)
    }

    /// `self^2`: one constraint.
    ///
    /// # Errors
    /// [`GadgetError::Wrap`].
    pub fn square(&self, cs: &Cs) -> Result<Self, GadgetError> {
        let product = self.mul(cs, self)?;
        let low = if product.low.is_negative() { BigInt::ZERO } else { product.low };
        Ok(Self { low, ..product })
    }

    /// `if condition { yes } else { no }`: one constraint.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn select(cs: &Cs, condition: &BoolVar, yes: &Self, no: &Self) -> Result<Self, GadgetError> {
        Ok(Self {
            field: condition.select(cs, &yes.field, &no.field)?,
            low: (&yes.low).min(&no.low).clone(),
            high: (&yes.high).max(&no.high).clone(),
        })
    }

    /// `if bit { self } else { 0 }`: one constraint.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn masked(&self, cs: &Cs, bit: &BoolVar) -> Result<Self, GadgetError> {
        Ok(Self {
            field: bit.field().mul(cs, &self.field)?,
            low: (&self.low).min(&BigInt::ZERO).clone(),
            high: (&self.high).max(&BigInt::ZERO).clone(),
        })
    }

    /// Sum of the `values` whose bit in `mask` is 1: one constraint per value.
    ///
    /// # Errors
    /// [`GadgetError::Length`] when there are more or fewer bits than values, [`GadgetError::Wrap`].
    pub fn masked_sum(cs: &Cs, mask: &[BoolVar], values: &[Self]) -> Result<Self, GadgetError> {
        if mask.len() != values.len() {
            return Err(GadgetError::Length { expected: values.len(), got: mask.len() });
        }
        let terms: Vec<Self> =
            mask.iter().zip(values).map(|(bit, value)| value.masked(cs, bit)).collect::<Result<_, _>>()?;
        Self::sum(&terms)
    }

    /// `self = other`: one constraint.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn enforce_equal(&self, cs: &Cs, other: &Self) -> Result<(), GadgetError> {
        self.field.enforce_equal(cs, &other.field)
    }

    /// `self <= other`: as many constraints as `other - self` has bits, and one.
    ///
    /// # Errors
    /// [`GadgetError::Wrap`] when the difference could wrap.
    pub fn enforce_le(&self, cs: &Cs, other: &Self) -> Result<(), GadgetError> {
        other.sub(self)?.enforce_nonnegative(cs)
    }

    /// `self < other`.
    ///
    /// # Errors
    /// As [`Self::enforce_le`].
    pub fn enforce_lt(&self, cs: &Cs, other: &Self) -> Result<(), GadgetError> {
        self.add(&Self::constant(1)?)?.enforce_le(cs, other)
    }

    /// `self >= 0`.
    ///
    /// # Soundness
    /// The magnitude is below 2^251 by construction, so a negative value is above r - 2^251 in the field and has no
    /// representation in the at most 251 bits that are checked here.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn enforce_nonnegative(&self, cs: &Cs) -> Result<(), GadgetError> {
        let bits = if self.high.is_negative() { 0 } else { self.high.bits() };
        // A negative value keeps its low bits only; the sum then differs and the circuit is unsatisfied.
        let value = self.value().map(|value| value.magnitude().clone());
        recompose(&decompose(cs, value.as_ref(), bits)?).enforce_equal(cs, &self.field)
    }

    /// Whether `self <= other`: as many constraints as the difference has bits, and two.
    ///
    /// # Errors
    /// [`GadgetError::Wrap`] when the difference could wrap.
    pub fn is_le(&self, cs: &Cs, other: &Self) -> Result<BoolVar, GadgetError> {
        let difference = other.sub(self)?;
        let bits = difference.bits();
        // In [0, 2^(bits + 1)); the top bit says whether the difference is at least 0.
        let shifted = difference.add(&Self::constant(power_of_two(bits))?)?;
        let value = shifted.value().and_then(|value| value.to_biguint());
        let decomposed = decompose(cs, value.as_ref(), bits + 1)?;
        recompose(&decomposed).enforce_equal(cs, &shifted.field)?;
        decomposed.last().cloned().ok_or(GadgetError::Length { expected: 1, got: 0 })
    }

    /// Whether the integer is 0: two constraints.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn is_zero(&self, cs: &Cs) -> Result<BoolVar, GadgetError> {
        self.field.is_zero(cs)
    }

    fn bounded(operation: &'static str, field: FieldVar, low: BigInt, high: BigInt) -> Result<Self, GadgetError> {
        check_bits(operation, low.bits().max(high.bits()))?;
        Ok(Self { field, low, high })
    }
}

const fn check_bits(operation: &'static str, bits: u64) -> Result<(), GadgetError> {
    if bits > IntVar::MAX_BITS {
        return Err(GadgetError::Wrap { operation, bits, max: IntVar::MAX_BITS });
    }
    Ok(())
}

fn power_of_two(bits: u64) -> BigInt {
    BigInt::from(1) << bits
}

/// `value` modulo r.
fn to_field(value: &BigInt) -> Fr {
    let magnitude = Fr::from(value.magnitude().clone());
    if value.is_negative() { -magnitude } else { magnitude }
}

/// The representative of smallest magnitude.
fn from_field(value: Fr) -> BigInt {
    let (positive, negative): (BigUint, BigUint) = (value.into_bigint().into(), (-value).into_bigint().into());
    if positive <= negative { BigInt::from(positive) } else { BigInt::from_biguint(Sign::Minus, negative) }
}
