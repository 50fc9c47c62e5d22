//! A field element in a circuit.

use std::ops::{Add, Neg, Sub};

use zkl_core::ark::{
    Fr,
    ff::{Field as _, One as _, Zero as _},
    relations::{
        gr1cs::{LinearCombination, SynthesisError, Variable},
        lc,
    },
};

use super::{Cs, GadgetError};

/// A linear combination of circuit variables and, when the circuit is being proved, its value.
///
/// Additions and multiplications by constants cost no constraint. A variable made of constants only is a constant of the
/// circuit.
#[derive(Clone)]
pub struct FieldVar {
    /// Ascending by variable, no variable twice, no zero coefficient; constants sit at `Variable::One`.
    terms: Vec<(Fr, Variable)>,
    value: Option<Fr>,
}

impl FieldVar {
    /// A constant of the circuit.
    pub fn constant(value: Fr) -> Self {
        let terms = if value.is_zero() { Vec::new() } else { vec![(value, Variable::One)] };
        Self { terms, value: Some(value) }
    }

    /// The constant 0.
    pub fn zero() -> Self {
        Self::constant(Fr::zero())
    }

    /// The constant 1.
    pub fn one() -> Self {
        Self::constant(Fr::one())
    }

    /// A new private variable.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without a value.
    pub fn witness(cs: &Cs, value: Option<Fr>) -> Result<Self, GadgetError> {
        let variable = cs.new_witness_variable(|| value.ok_or(SynthesisError::AssignmentMissing))?;
        Ok(Self { terms: vec![(Fr::one(), variable)], value })
    }

    /// The next public input.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without a value.
    pub fn input(cs: &Cs, value: Option<Fr>) -> Result<Self, GadgetError> {
        let variable = cs.new_input_variable(|| value.ok_or(SynthesisError::AssignmentMissing))?;
        Ok(Self { terms: vec![(Fr::one(), variable)], value })
    }

    /// `sum coefficient * variable + constant`, without a constraint.
    pub fn linear<'a>(terms: impl IntoIterator<Item = (Fr, &'a Self)>, constant: Fr) -> Self {
        let mut collected = vec![(constant, Variable::One)];
        let mut value = Some(constant);
        for (coefficient, variable) in terms {
            value = value.zip(variable.value).map(|(sum, term)| sum + coefficient * term);
            if coefficient.is_one() {
                collected.extend_from_slice(&variable.terms);
            } else {
                collected.extend(variable.terms.iter().map(|&(c, v)| (c * coefficient, v)));
            }
        }
        collected.sort_by_key(|&(_, variable)| variable);
        collected.dedup_by(|next, kept| {
            let same = next.1 == kept.1;
            if same {
                kept.0 += next.0;
            }
            same
        });
        collected.retain(|(coefficient, _)| !coefficient.is_zero());
        Self { terms: collected, value }
    }

    /// Sum of `variables`.
    pub fn sum<'a>(variables: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::linear(variables.into_iter().map(|variable| (Fr::one(), variable)), Fr::zero())
    }

    /// `coefficient * self`, without a constraint.
    pub fn scale(&self, coefficient: Fr) -> Self {
        Self::linear([(coefficient, self)], Fr::zero())
    }

    /// The value, when it is known.
    pub const fn value(&self) -> Option<Fr> {
        self.value
    }

    /// The value, when this is a constant of the circuit.
    pub fn as_constant(&self) -> Option<Fr> {
        match self.terms.as_slice() {
            [] => Some(Fr::zero()),
            [(value, variable)] if variable.is_one() => Some(*value),
            _ => None,
        }
    }

    /// `self * other`: one constraint, none when either is a constant.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn mul(&self, cs: &Cs, other: &Self) -> Result<Self, GadgetError> {
        if let Some(constant) = other.as_constant() {
            return Ok(self.scale(constant));
        }
        if let Some(constant) = self.as_constant() {
            return Ok(other.scale(constant));
        }
        let product = Self::witness(cs, self.value.zip(other.value).map(|(a, b)| a * b))?;
        Self::enforce_product(cs, self, other, &product)?;
        Ok(product)
    }

    /// `self^2`.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn square(&self, cs: &Cs) -> Result<Self, GadgetError> {
        self.mul(cs, self)
    }

    /// One constraint `a * b = c`.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn enforce_product(cs: &Cs, a: &Self, b: &Self, c: &Self) -> Result<(), GadgetError> {
        cs.enforce_r1cs_constraint(|| a.lc(), || b.lc(), || c.lc())?;
        Ok(())
    }

    /// One constraint `self = other`.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn enforce_equal(&self, cs: &Cs, other: &Self) -> Result<(), GadgetError> {
        let difference = self - other;
        cs.enforce_r1cs_constraint(|| difference.lc(), || lc!() + Variable::One, || lc!())?;
        Ok(())
    }

    /// Whether the element is zero: two constraints.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn is_zero(&self, cs: &Cs) -> Result<super::BoolVar, GadgetError> {
        if let Some(constant) = self.as_constant() {
            return Ok(super::BoolVar::constant(constant.is_zero()));
        }
        let inverse = Self::witness(cs, self.value.map(|value| value.inverse().unwrap_or_default()))?;
        let zero = Self::witness(cs, self.value.map(|value| Fr::from(value.is_zero())))?;
        // Nonzero x forces zero = 0 by the second line, zero x forces zero = 1 by the first.
        Self::enforce_product(cs, self, &inverse, &(&Self::one() - &zero))?;
        Self::enforce_product(cs, self, &zero, &Self::zero())?;
        Ok(super::BoolVar::new_unchecked(zero))
    }

    /// Whether two elements are equal: two constraints.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn is_equal(&self, cs: &Cs, other: &Self) -> Result<super::BoolVar, GadgetError> {
        (self - other).is_zero(cs)
    }

    fn lc(&self) -> LinearCombination<Fr> {
        LinearCombination(self.terms.clone())
    }
}

impl Add for &FieldVar {
    type Output = FieldVar;

    fn add(self, other: Self) -> FieldVar {
        FieldVar::linear([(Fr::one(), self), (Fr::one(), other)], Fr::zero())
    }
}

impl Sub for &FieldVar {
    type Output = FieldVar;

    fn sub(self, other: Self) -> FieldVar {
        FieldVar::linear([(Fr::one(), self), (-Fr::one(), other)], Fr::zero())
    }
}

impl Neg for &FieldVar {
    type Output = FieldVar;

    fn neg(self) -> FieldVar {
        self.scale(-Fr::one())
    }
}
