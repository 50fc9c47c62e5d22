//! Bits, and values decomposed into bits.

use num_bigint::BigUint;

use super::{Cs, FieldVar, GadgetError};
use crate::ark::{
    Fr,
    ff::{AdditiveGroup as _, One as _, Zero as _},
};

/// A variable that is 0 or 1.
#[derive(Clone)]
pub struct BoolVar(FieldVar);

impl BoolVar {
    /// A constant of the circuit.
    pub fn constant(value: bool) -> Self {
        Self(FieldVar::constant(Fr::from(value)))
    }

    /// A new private bit: one constraint.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without a value.
    pub fn witness(cs: &Cs, value: Option<bool>) -> Result<Self, GadgetError> {
        let bit = FieldVar::witness(cs, value.map(Fr::from))?;
        FieldVar::enforce_product(cs, &bit, &(&FieldVar::one() - &bit), &FieldVar::zero())?;
        Ok(Self(bit))
    }

    /// The next public input, constrained to be a bit: one constraint.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without a value.
    pub fn input(cs: &Cs, value: Option<bool>) -> Result<Self, GadgetError> {
        let bit = FieldVar::input(cs, value.map(Fr::from))?;
        FieldVar::enforce_product(cs, &bit, &(&FieldVar::one() - &bit), &FieldVar::zero())?;
        Ok(Self(bit))
    }

    /// Wraps an element that other constraints already force to be 0 or 1.
    pub(crate) const fn new_unchecked(bit: FieldVar) -> Self {
        Self(bit)
    }

    /// The bit as a field element.
    pub const fn field(&self) -> &FieldVar {
        &self.0
    }

    /// The value, when it is known.
    pub fn value(&self) -> Option<bool> {
        self.0.value().map(|value| value.is_one())
    }

    /// `!self`, without a constraint.
    pub fn not(&self) -> Self {
        Self(&FieldVar::one() - &self.0)
    }

    /// `self && other`: one constraint.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn and(&self, cs: &Cs, other: &Self) -> Result<Self, GadgetError> {
        Ok(Self(self.0.mul(cs, &other.0)?))
    }

    /// `self || other`: one constraint.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn or(&self, cs: &Cs, other: &Self) -> Result<Self, GadgetError> {
        Ok(self.not().and(cs, &other.not())?.not())
    }

    /// `if self { yes } else { no }`: one constraint.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn select(&self, cs: &Cs, yes: &FieldVar, no: &FieldVar) -> Result<FieldVar, GadgetError> {
        Ok(no + &self.0.mul(cs, &(yes - no))?)
    }

    /// One constraint: the bit is 1.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn enforce_true(&self, cs: &Cs) -> Result<(), GadgetError> {
        self.0.enforce_equal(cs, &FieldVar::one())
    }
}

/// `bits` new private bits of `value`, lowest first: one constraint per bit. The sum of the bits is what the circuit knows
/// of the value; a value that does not fit loses its high bits.
///
/// # Errors
/// `AssignmentMissing` when proving without a value.
pub fn decompose(cs: &Cs, value: Option<&BigUint>, bits: u64) -> Result<Vec<BoolVar>, GadgetError> {
    (0..bits).map(|bit| BoolVar::witness(cs, value.map(|value| value.bit(bit)))).collect()
}

/// `sum 2^i bit_i`, without a constraint.
pub fn recompose(bits: &[BoolVar]) -> FieldVar {
    let mut power = Fr::one();
    let terms = bits.iter().map(|bit| {
        let weight = power;
        power.double_in_place();
        (weight, bit.field())
    });
    FieldVar::linear(terms, Fr::zero())
}

/// `len` private bits of which exactly the one at `index` is 1: `len + 1` constraints.
///
/// # Errors
/// `AssignmentMissing` when proving without an index.
pub fn one_hot(cs: &Cs, index: Option<usize>, len: usize) -> Result<Vec<BoolVar>, GadgetError> {
    let bits: Vec<BoolVar> =
        (0..len).map(|i| BoolVar::witness(cs, index.map(|index| index == i))).collect::<Result<_, _>>()?;
    FieldVar::sum(bits.iter().map(BoolVar::field)).enforce_equal(cs, &FieldVar::one())?;
    Ok(bits)
}
