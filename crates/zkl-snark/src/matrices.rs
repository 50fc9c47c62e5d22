//! The matrices A, B, C of a circuit: what every proof system proves about.
//!
//! A transcript circuit has some two million nonzero entries, but they repeat: both factors of a square are one
//! combination, and the coefficients of Poseidon's linear layers are the same in every permutation. So the distinct linear
//! combinations are stored, their coefficients by number, and each constraint names three of them. Evaluating a third of
//! the entries is then enough, and the whole takes megabytes instead of hundreds.
//!
//! Coefficients and combinations are numbered by their first use, constraint by constraint, A before B before C. In a combination
//! variables ascend, every variable stands once and no coefficient is zero. So equal matrices are equal values here, with one
//! [encoding](Matrices::to_bytes).

mod encoding;
mod error;
mod numbering;
mod r1cs;
mod synthesis;
#[cfg(test)]
mod tests;

use zkl_core::circuit::{Circuit, Synthesizer};
use zkl_kernel::{Kernel, KernelTask, SparseRows, selection, threads::prelude::*};

pub(crate) use self::encoding::Counts;
pub use self::error::{CircuitError, MatricesError};
#[cfg(test)]
use self::numbering::Numbering;
use crate::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
    relations::gr1cs::{ConstraintSynthesizer as _, ConstraintSystem, OptimizationGoal, SynthesisError, SynthesisMode},
};
/// One entry of a linear combination; its column is a position in the assignment `(1, public, private)`.
pub(crate) use zkl_kernel::SparseTerm as Term;

/// Rank-1 constraints `(A z) o (B z) = C z` over the assignment `z = (1, public, private)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrices {
    /// Public inputs and the constant 1.
    pub(crate) num_inputs: usize,
    pub(crate) num_variables: usize,
    /// Distinct coefficients.
    pub(crate) coefficients: Vec<Fr>,
    /// Terms of all combinations; combination k ends at `ends[k]`.
    pub(crate) terms: Vec<Term>,
    pub(crate) ends: Vec<u32>,
    /// Per constraint, the combinations of A, B and C.
    pub(crate) rows: Vec<[u32; 3]>,
}

impl Matrices {
    /// Synthesizes `circuit` as arkworks' set-up does; its assignment is not read.
    pub(crate) fn of(circuit: &dyn Circuit) -> Result<Self, CircuitError> {
        let cs = ConstraintSystem::new_ref();
        cs.set_optimization_goal(OptimizationGoal::Constraints);
        cs.set_mode(SynthesisMode::Setup);
        Synthesizer(circuit).generate_constraints(cs.clone())?;
        cs.finalize();
        let cs = cs.borrow().ok_or(SynthesisError::MissingCS)?;
        synthesis::number(&cs).ok_or_else(|| CircuitError::NotR1cs { circuit: circuit.id() })
    }

    /// Matrices given row by row as `(coefficient, position in the assignment)`, in any order.
    #[cfg(test)]
    pub(crate) fn new(num_inputs: usize, num_variables: usize, [a, b, c]: [&[Vec<(Fr, usize)>]; 3]) -> Self {
        let mut numbering = Numbering::new(num_inputs, num_variables);
        let mut row = |row: [&Vec<(Fr, usize)>; 3]| row.map(|terms| numbering.combination(terms.iter().copied()));
        let rows = a.iter().zip(b).zip(c).map(|((a, b), c)| row([a, b, c])).collect();
        numbering.finish(rows)
    }

    /// Whether every position in the matrices exists.
    pub(crate) fn is_consistent(&self) -> bool {
        self.num_inputs >= 1
            && self.num_inputs <= self.num_variables
            && self.ends.is_sorted()
            && self.ends.last().map_or(0, |&end| end as usize) == self.terms.len()
            && self.rows.as_flattened().iter().all(|&index| (index as usize) < self.ends.len())
            && self.terms.iter().all(|term| {
                (term.coefficient as usize) < self.coefficients.len() && (term.column as usize) < self.num_variables
            })
    }

    /// Public inputs, without the constant 1.
    pub const fn public_inputs(&self) -> usize {
        self.num_inputs.saturating_sub(1)
    }

    /// Variables: the constant 1, public inputs, private ones.
    pub const fn variables(&self) -> usize {
        self.num_variables
    }

    /// Number of constraints.
    pub fn num_constraints(&self) -> usize {
        self.rows.len()
    }

    /// Entries of A, B and C that are not zero.
    pub fn num_nonzero(&self) -> usize {
        self.rows.as_flattened().iter().map(|&index| self.combination(index as usize).len()).sum()
    }

    /// Binary logarithm of the size of the evaluation domain: a point per constraint, and one per input that makes the
    /// inputs' columns independent.
    pub(crate) fn log_domain(&self) -> u32 {
        (self.num_constraints() + self.num_inputs).next_power_of_two().trailing_zeros()
    }

    /// Terms of combination `index`.
    pub(crate) fn combination(&self, index: usize) -> &[Term] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.terms[start as usize..self.ends[index] as usize]
    }

    /// The value of every combination. `assignment` has [`Self::num_variables`] elements.
    pub(crate) fn evaluate(&self, assignment: &[Fr]) -> Vec<Fr> {
        self.products(&self.ends, assignment)
    }

    /// The products of runs of terms with `values`, one for every variable. Run k ends at `ends[k]`.
    pub(crate) fn products(&self, ends: &[u32], values: &[Fr]) -> Vec<Fr> {
        let rows = SparseRows { coefficients: &self.coefficients, terms: &self.terms, ends };
        selection().choice.run(Products { rows, values })
    }

    /// The first constraint that does not hold when the combinations have these values.
    pub(crate) fn first_violated(&self, values: &[Fr]) -> Option<usize> {
        self.rows.par_iter().position_first(|row| {
            let [a, b, c] = row.map(|index| values[index as usize]);
            a * b != c
        })
    }

    /// Which variables are constrained to be 0 or 1 by a line `b (1 - b) = 0`, public inputs apart.
    pub(crate) fn bits(&self) -> Vec<bool> {
        let mut bits = vec![false; self.num_variables];
        let entry = |term: &Term| (self.coefficients[term.coefficient as usize], term.column as usize);
        for row in &self.rows {
            let [a, b, c] = row.map(|index| self.combination(index as usize));
            let bit = match (a, b) {
                ([bit], [one, minus]) | ([one, minus], [bit]) => [entry(bit), entry(one), entry(minus)],
                _ => continue,
            };
            let [(factor, variable), one, minus] = bit;
            let is_bit = c.is_empty()
                && factor == Fr::ONE
                && one == (Fr::ONE, 0)
                && minus == (-Fr::ONE, variable)
                && variable >= self.num_inputs;
            if is_bit {
                bits[variable] = true;
            }
        }
        bits
    }

    /// Values of the columns of A, B, C, as polynomials over the evaluation domain, where `lagrange[i]` is the value of
    /// the i-th Lagrange polynomial. Column k of A gets a point of its own for input k.
    pub(crate) fn columns(&self, lagrange: &[Fr]) -> [Vec<Fr>; 3] {
        let mut weights = [(); 3].map(|()| vec![Fr::ZERO; self.ends.len()]);
        for (row, value) in self.rows.iter().zip(lagrange) {
            for (weights, &index) in weights.iter_mut().zip(row) {
                weights[index as usize] += value;
            }
        }
        let mut columns = [(); 3].map(|()| vec![Fr::ZERO; self.num_variables]);
        columns.par_iter_mut().zip(&weights).for_each(|(column, weights)| {
            for (index, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != Fr::ZERO) {
                for term in self.combination(index) {
                    column[term.column as usize] += self.coefficients[term.coefficient as usize] * weight;
                }
            }
        });
        let inputs = lagrange.iter().skip(self.num_constraints());
        for (column, value) in columns[0].iter_mut().take(self.num_inputs).zip(inputs) {
            *column += value;
        }
        columns
    }
}

struct Products<'a> {
    rows: SparseRows<'a>,
    values: &'a [Fr],
}

impl KernelTask for Products<'_> {
    type Output = Vec<Fr>;

    fn run<K: Kernel>(self, kernel: K) -> Vec<Fr> {
        kernel.sparse_products(&self.rows, self.values)
    }
}
