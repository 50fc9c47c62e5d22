//! What the tests of circuits share: it panics where a test should fail.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests report by panicking")]

use std::collections::HashMap;

use zkl_core::circuit::{Circuit, CircuitId};

use crate::{
    ark::{
        Fr,
        ff::{One as _, Zero as _},
        relations::gr1cs::{
            ConstraintSystem, OptimizationGoal, SynthesisError, SynthesisMode,
            predicate::polynomial_constraint::R1CS_PREDICATE_LABEL,
        },
    },
    assignment::Assignment,
    gadgets::{Cs, GadgetError},
    proof_system::{ProveError, ProvingKey},
    universal,
};

/// A circuit's matrices A, B, C, row by row as `(coefficient, position in the assignment)`, with the assignment
/// `(1, public, private)`: all through arkworks, with nothing of the prover's in between.
pub struct Instance {
    /// A, B and C.
    pub matrices: Vec<Vec<Vec<(Fr, usize)>>>,
    /// Public inputs and the constant 1.
    pub num_inputs: usize,
    /// `(1, public, private)`.
    pub assignment: Vec<Fr>,
}

impl Instance {
    /// Synthesizes `circuit` with matrices and assignment, and compares the assignment with that of the prover, who
    /// builds no matrices.
    pub fn new(circuit: &dyn Circuit) -> Result<Self, ProveError> {
        let cs = ConstraintSystem::new_ref();
        cs.set_optimization_goal(OptimizationGoal::Constraints);
        cs.set_mode(SynthesisMode::Prove { construct_matrices: true, generate_lc_assignments: false });
        circuit.synthesize(cs.clone())?;
        cs.finalize();
        let matrices = cs.to_matrices()?.remove(R1CS_PREDICATE_LABEL).unwrap();
        let mut assignment = cs.instance_assignment()?;
        let num_inputs = assignment.len();
        assignment.extend(cs.witness_assignment()?);
        let alone = Assignment::of(circuit)?;
        assert_eq!(alone.num_inputs, num_inputs, "{}", circuit.id());
        assert!(*alone.values == assignment, "the assignment of {} depends on the matrices", circuit.id());
        Ok(Self { matrices, num_inputs, assignment })
    }

    /// Number of constraints.
    pub fn num_constraints(&self) -> usize {
        self.matrices[0].len()
    }

    /// Values of A z, B z and C z in row `row`.
    pub fn row(&self, row: usize) -> [Fr; 3] {
        std::array::from_fn(|i| self.matrices[i][row].iter().map(|&(weight, at)| weight * self.assignment[at]).sum())
    }

    /// The first constraint that the assignment violates.
    pub fn first_violated(&self) -> Option<usize> {
        (0..self.num_constraints()).find(|&row| {
            let [a, b, c] = self.row(row);
            a * b != c
        })
    }
}

/// A circuit made of a closure, for tests of gadgets.
pub struct TestCircuit<F> {
    /// What it announces as its public inputs.
    pub inputs: Vec<Fr>,
    /// What it is made of.
    pub body: F,
}

impl<F: Fn(&Cs) -> Result<(), GadgetError> + Send + Sync> TestCircuit<F> {
    /// A circuit without public inputs.
    pub const fn new(body: F) -> Self {
        Self { inputs: Vec::new(), body }
    }
}

impl<F: Fn(&Cs) -> Result<(), GadgetError> + Send + Sync> Circuit for TestCircuit<F> {
    fn id(&self) -> CircuitId {
        CircuitId::new("test/closure", 1).unwrap()
    }

    fn public_inputs(&self) -> Vec<Fr> {
        self.inputs.clone()
    }

    fn synthesize(&self, cs: Cs) -> Result<(), SynthesisError> {
        Ok((self.body)(&cs)?)
    }
}

/// Constraints of a satisfied circuit.
pub fn satisfied(circuit: &dyn Circuit) -> usize {
    let instance = Instance::new(circuit).unwrap();
    assert_eq!(instance.assignment[1..instance.num_inputs], circuit.public_inputs());
    assert_eq!(instance.first_violated(), None);
    instance.num_constraints()
}

/// Whether the constraints that `body` writes are satisfied.
pub fn holds(body: impl Fn(&Cs) -> Result<(), GadgetError> + Send + Sync) -> bool {
    Instance::new(&TestCircuit::new(body)).unwrap().first_violated().is_none()
}

/// The error with which the circuit refuses to be synthesized.
pub fn refusal(circuit: &dyn Circuit) -> ProveError {
    match Instance::new(circuit) {
        Ok(_) => panic!("the circuit was synthesized"),
        Err(error) => error,
    }
}

/// Changes each variable of a satisfied circuit alone: every public input and every witness must be noticed by some
/// constraint, and every constraint must notice some variable. Catches forgotten and vacuous constraints.
pub fn assert_tight(circuit: &dyn Circuit) {
    let instance = Instance::new(circuit).unwrap();
    assert_eq!(instance.first_violated(), None);
    let mut rows_of = vec![HashMap::<usize, [Fr; 3]>::new(); instance.assignment.len()];
    for (which, matrix) in instance.matrices.iter().enumerate() {
        for (row, terms) in matrix.iter().enumerate() {
            for &(weight, variable) in terms {
                rows_of[variable].entry(row).or_insert([Fr::zero(); 3])[which] += weight;
            }
        }
    }
    let values: Vec<[Fr; 3]> = (0..instance.num_constraints()).map(|row| instance.row(row)).collect();
    let mut noticing = vec![false; instance.num_constraints()];
    for (variable, rows) in rows_of.iter().enumerate().skip(1) {
        let mut noticed = false;
        for shift in [Fr::one(), -Fr::one(), Fr::from(1u64 << 40)] {
            for (&row, weights) in rows {
                let [a, b, c]: [Fr; 3] = std::array::from_fn(|i| values[row][i] + weights[i] * shift);
                if a * b != c {
                    noticed = true;
                    noticing[row] = true;
                }
            }
        }
        let kind = if variable < instance.num_inputs { "public input" } else { "witness" };
        assert!(noticed, "no constraint notices a change of {kind} at position {variable}");
    }
    if let Some(row) = noticing.iter().position(|noticed| !noticed) {
        panic!("constraint {row} holds whatever the variables are");
    }
}

/// The universal key of a prover who proves what is false as well: of `circuit`, whose assignment is not read.
pub fn forced_key(circuit: &dyn Circuit) -> impl ProvingKey + use<> {
    universal::forced_key(circuit).unwrap()
}
