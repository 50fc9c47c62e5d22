//! A field element in a circuit.

use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use super::{Cs, GadgetError};
use crate::ark::{
    Fr,
    ff::{Field as _, One as _, Zero as _},
    relations::gr1cs::{LinearCombination, SynthesisError, Variable},
};

/// A linear combination of circuit variables and, when the circuit is being proved, its value.
///
/// Additions and multiplications by constants cost no constraint. A variable made of constants only is a constant of the
/// circuit; a difference of equal variables is not, since that depends on more than how the circuit is written.
///
/// A constraint system that builds no matrices wants nothing but the assignment. Variables of such a system hold their
/// value alone, and constraints on them are not written.
#[derive(Clone)]
pub struct FieldVar {
    terms: Terms,
    /// Always known for constants and in systems without matrices.
    value: Option<Fr>,
}

/// What a variable is made of.
#[derive(Clone)]
enum Terms {
    /// Of constants.
    Constant,
    /// Ascending by variable, no variable twice, no zero coefficient; constants sit at `Variable::One`.
    Symbolic(Vec<(Fr, Variable)>),
    /// Of variables of a system without matrices.
    Assigned,
}

impl Terms {
    /// One variable of `cs`.
    fn of(cs: &Cs, variable: Variable) -> Self {
        if cs.should_construct_matrices() { Self::Symbolic(vec![(Fr::one(), variable)]) } else { Self::Assigned }
    }
}

impl FieldVar {
    /// A constant of the circuit.
    pub const fn constant(value: Fr) -> Self {
        Self { terms: Terms::Constant, value: Some(value) }
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
        Ok(Self { terms: Terms::of(cs, variable), value })
    }

    /// The next public input.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without a value.
    pub fn input(cs: &Cs, value: Option<Fr>) -> Result<Self, GadgetError> {
        let variable = cs.new_input_variable(|| value.ok_or(SynthesisError::AssignmentMissing))?;
        Ok(Self { terms: Terms::of(cs, variable), value })
    }

    /// The variable with this value in a system without matrices.
    pub(super) const fn assigned(value: Fr) -> Self {
        Self { terms: Terms::Assigned, value: Some(value) }
    }

    /// `sum coefficient * variable + constant`, without a constraint.
    pub fn linear<'a>(terms: impl IntoIterator<Item = (Fr, &'a Self)>, constant: Fr) -> Self {
        let mut value = Some(constant);
        let mut offset = constant;
        let mut symbolic: Option<Vec<(Fr, Variable)>> = None;
        let mut assigned = false;
        for (coefficient, variable) in terms {
            if coefficient.is_zero() {
                continue;
            }
            let scale = |factor: Fr| match (coefficient.is_one(), factor.is_one()) {
                (true, _) => factor,
                (false, true) => coefficient,
                (false, false) => coefficient * factor,
            };
            let product = variable.value.map(scale);
            value = value.zip(product).map(|(sum, product)| sum + product);
            match &variable.terms {
                Terms::Constant => offset += product.unwrap_or_default(),
                Terms::Assigned => assigned = true,
                Terms::Symbolic(terms) => {
                    symbolic.get_or_insert_default().extend(terms.iter().map(|&(factor, at)| (scale(factor), at)));
                }
            }
        }
        let terms = match symbolic {
            Some(mut terms) => {
                if !offset.is_zero() {
                    // Where it belongs when the others are in order, which is how they mostly are.
                    terms.insert(0, (offset, Variable::One));
                }
                Terms::Symbolic(collect(terms))
            }
            None if assigned => Terms::Assigned,
            None => Terms::Constant,
        };
        Self { terms, value }
    }

    /// Sum of `variables`.
    pub fn sum<'a>(variables: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::linear(variables.into_iter().map(|variable| (Fr::one(), variable)), Fr::zero())
    }

    /// `coefficient * self`, without a constraint.
    pub fn scale(&self, coefficient: Fr) -> Self {
        Self::linear([(coefficient, self)], Fr::zero())
    }

    /// Adds `coefficient * other`. Where the variables of `other` are all newer, as in a sum of products one after the other, the
    /// terms so far are left alone: a sum of n then takes n steps, and not n^2.
    fn accumulate(&mut self, coefficient: Fr, other: &Self) {
        if let (Terms::Symbolic(terms), Terms::Symbolic(more)) = (&mut self.terms, &other.terms)
            && let (Some((_, newest)), Some((_, first))) = (terms.last(), more.first())
            && newest < first
        {
            terms.extend(more.iter().map(|&(factor, at)| (coefficient * factor, at)));
            self.value = self.value.zip(other.value).map(|(sum, value)| sum + coefficient * value);
        } else {
            *self = Self::linear([(Fr::one(), &*self), (coefficient, other)], Fr::zero());
        }
    }

    /// The value, when it is known.
    pub const fn value(&self) -> Option<Fr> {
        self.value
    }

    /// The value, when this is a constant of the circuit.
    pub const fn as_constant(&self) -> Option<Fr> {
        match self.terms {
            Terms::Constant => self.value,
            Terms::Symbolic(_) | Terms::Assigned => None,
        }
    }

    /// The value, when this is a variable of a system without matrices.
    pub(super) const fn as_assigned(&self) -> Option<Fr> {
        match self.terms {
            Terms::Assigned => self.value,
            Terms::Symbolic(_) | Terms::Constant => None,
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

    /// `self^5`: three constraints, none for a constant. The combination is handed over once, not three times.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub(super) fn fifth_power(&self, cs: &Cs) -> Result<Self, GadgetError> {
        let Terms::Symbolic(terms) = &self.terms else {
            return self.square(cs)?.square(cs)?.mul(cs, self);
        };
        let variable = cs.new_lc(|| LinearCombination(terms.clone()))?;
        let once = Self { terms: Terms::Symbolic(vec![(Fr::one(), variable)]), value: self.value };
        once.square(cs)?.square(cs)?.mul(cs, &once)
    }

    /// One constraint `a * b = c`.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn enforce_product(cs: &Cs, a: &Self, b: &Self, c: &Self) -> Result<(), GadgetError> {
        if cs.should_construct_matrices() {
            cs.enforce_r1cs_constraint(|| a.lc(), || b.lc(), || c.lc())?;
        }
        Ok(())
    }

    /// One constraint `self = other`.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn enforce_equal(&self, cs: &Cs, other: &Self) -> Result<(), GadgetError> {
        Self::enforce_product(cs, &(self - other), &Self::one(), &Self::zero())
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

    /// The combination as arkworks takes it; empty for variables of a system without matrices, where nobody asks.
    fn lc(&self) -> LinearCombination<Fr> {
        LinearCombination(match &self.terms {
            Terms::Constant => collect(self.value.map(|value| (value, Variable::One)).into_iter().collect()),
            Terms::Symbolic(terms) => terms.clone(),
            Terms::Assigned => Vec::new(),
        })
    }
}

/// Sorts by variable, adds the coefficients of each, and drops zeros.
fn collect(mut terms: Vec<(Fr, Variable)>) -> Vec<(Fr, Variable)> {
    terms.sort_by_key(|&(_, variable)| variable);
    terms.dedup_by(|next, kept| {
        let same = next.1 == kept.1;
        if same {
            kept.0 += next.0;
        }
        same
    });
    terms.retain(|(coefficient, _)| !coefficient.is_zero());
    terms
}

impl AddAssign<&Self> for FieldVar {
    fn add_assign(&mut self, other: &Self) {
        self.accumulate(Fr::one(), other);
    }
}

impl SubAssign<&Self> for FieldVar {
    fn sub_assign(&mut self, other: &Self) {
        self.accumulate(-Fr::one(), other);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ark::relations::gr1cs::ConstraintSystem;

    /// Equal terms, so equal matrices: how a sum was written down must not show in a circuit.
    #[test]
    fn what_is_added_in_place_has_the_terms_and_the_value_of_a_new_sum() {
        let cs = ConstraintSystem::<Fr>::new_ref();
        let known = |value: u64| FieldVar::witness(&cs, Some(Fr::from(value))).unwrap();
        let [first, second, third] = [2, 3, 5].map(known);
        let constant = FieldVar::constant(Fr::from(7u64));
        let nothing = &first - &first;
        let operands =
            [FieldVar::zero(), constant, nothing, &first + &third, first, second.scale(Fr::from(4u64)), third];
        for left in &operands {
            for right in &operands {
                let (mut sum, mut difference) = (left.clone(), left.clone());
                sum += right;
                difference -= right;
                for (got, expected) in [(sum, left + right), (difference, left - right)] {
                    assert_eq!(got.value, expected.value);
                    assert_eq!(got.lc().0, expected.lc().0);
                    assert_eq!(got.as_constant(), expected.as_constant());
                }
            }
        }
    }
}
