//! What the tests of circuits share.

use std::collections::HashMap;

use zkl_core::{
    ark::{
        Fr,
        ff::{One as _, Zero as _},
        relations::gr1cs::SynthesisError,
    },
    circuit::{Circuit, CircuitId},
};

use crate::{
    gadgets::{Cs, GadgetError},
    groth16::{Instance, ProveError},
};

/// A circuit made of a closure, for tests of gadgets.
pub(crate) struct TestCircuit<F> {
    pub(crate) inputs: Vec<Fr>,
    pub(crate) body: F,
}

impl<F: Fn(&Cs) -> Result<(), GadgetError> + Send + Sync> TestCircuit<F> {
    /// A circuit without public inputs.
    pub(crate) const fn new(body: F) -> Self {
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
pub(crate) fn satisfied(circuit: &dyn Circuit) -> usize {
    let instance = Instance::new(circuit).unwrap();
    assert_eq!(instance.assignment[1..instance.num_inputs], circuit.public_inputs());
    assert_eq!(instance.first_violated(), None);
    instance.num_constraints()
}

/// Whether the constraints that `body` writes are satisfied.
pub(crate) fn holds(body: impl Fn(&Cs) -> Result<(), GadgetError> + Send + Sync) -> bool {
    Instance::new(&TestCircuit::new(body)).unwrap().first_violated().is_none()
}

/// The error with which the circuit refuses to be synthesized.
pub(crate) fn refusal(circuit: &dyn Circuit) -> ProveError {
    match Instance::new(circuit) {
        Ok(_) => panic!("the circuit was synthesized"),
        Err(error) => error,
    }
}

/// Changes each variable of a satisfied circuit alone: every public input and every witness must be noticed by some
/// constraint, and every constraint must notice some variable. Catches forgotten and vacuous constraints.
pub(crate) fn assert_tight(circuit: &dyn Circuit) {
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
