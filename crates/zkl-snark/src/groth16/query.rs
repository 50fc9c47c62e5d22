//! Points of a proving key that belong to variables: the queries A, B and L.

use zeroize::Zeroizing;
use zkl_argument::msm::{Curve, MsmBases, MsmLengthError, Scalars};

use crate::ark::{
    Fr,
    ec::{
        AffineRepr as _,
        short_weierstrass::{Affine, Projective},
    },
    ff::Zero as _,
};

/// The points of a query that are not the neutral element, those of bits apart: a witness is made of bits and of full
/// field elements, and a sum over bits costs next to nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Query<P: Curve> {
    /// Points of variables that the constraints force to be 0 or 1.
    pub(crate) bits: Part<P>,
    pub(crate) full: Part<P>,
}

/// Some points of a query with the variables that they belong to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part<P: Curve> {
    /// Positions in the assignment, ascending; as many as there are bases.
    pub(crate) variables: Vec<u32>,
    pub(crate) bases: MsmBases<P>,
}

impl<P: Curve> Query<P> {
    /// The query with these points, the first of which belongs to variable `first`. `is_bit` says which variables are
    /// bits.
    pub(super) fn new(points: &[Affine<P>], first: usize, is_bit: &[bool]) -> Self {
        let part = |bits: bool| {
            let chosen = |variable: usize, point: &Affine<P>| is_bit.get(variable) == Some(&bits) && !point.is_zero();
            let entries = (first..).zip(points).filter(|&(variable, point)| chosen(variable, point));
            let (variables, points) = entries.map(|(variable, point)| (variable as u32, *point)).unzip();
            Part { variables, bases: MsmBases::new(points) }
        };
        Self { bits: part(true), full: part(false) }
    }

    /// All points from variable `first` on, the neutral element where there is none.
    #[cfg(test)]
    pub(super) fn points(&self, first: usize, num_variables: usize) -> Vec<Affine<P>> {
        let mut points = vec![Affine::identity(); num_variables - first];
        for part in [&self.bits, &self.full] {
            for (variable, point) in part.variables.iter().zip(part.bases.points()) {
                points[*variable as usize - first] = *point;
            }
        }
        points
    }

    /// Whether every variable is one of an assignment of `num_variables` elements.
    pub(crate) fn is_within(&self, num_variables: usize) -> bool {
        [&self.bits, &self.full].into_iter().all(|part| {
            part.variables.len() == part.bases.len()
                && part.variables.iter().all(|&variable| (variable as usize) < num_variables)
        })
    }

    /// `sum_k assignment[k] point_k`. The bits of the assignment must be 0 or 1, which the constraints were seen to say.
    pub(super) fn sum(&self, assignment: &[Fr]) -> Result<Projective<P>, MsmLengthError> {
        let value = |&variable: &u32| assignment[variable as usize];
        let bits: Zeroizing<Vec<bool>> =
            Zeroizing::new(self.bits.variables.iter().map(|variable| !value(variable).is_zero()).collect());
        let full: Zeroizing<Vec<Fr>> = Zeroizing::new(self.full.variables.iter().map(value).collect());
        Ok(self.full.bases.msm(Scalars::Full(&full))? + self.bits.bases.msm(Scalars::Bits(&bits))?)
    }
}
