//! The assignment of a circuit: what its prover knows.

use zeroize::Zeroizing;
use zkl_core::circuit::{Circuit, Synthesizer};

use crate::ark::{
    Fr,
    relations::gr1cs::{ConstraintSynthesizer as _, ConstraintSystem, OptimizationGoal, SynthesisError, SynthesisMode},
};

/// The assignment `(1, public, private)` of a circuit. Secret: not `Debug`, zeroised.
pub(crate) struct Assignment {
    pub(crate) values: Zeroizing<Vec<Fr>>,
    pub(crate) num_inputs: usize,
}

impl Assignment {
    /// Runs `circuit` for its variables alone: no linear combination is built.
    pub(crate) fn of(circuit: &dyn Circuit) -> Result<Self, SynthesisError> {
        let cs = ConstraintSystem::new_ref();
        cs.set_optimization_goal(OptimizationGoal::Constraints);
        cs.set_mode(SynthesisMode::Prove { construct_matrices: false, generate_lc_assignments: false });
        Synthesizer(circuit).generate_constraints(cs.clone())?;
        cs.finalize();
        // Moved out, so that no copy of a secret is left behind.
        let mut cs = cs.borrow_mut().ok_or(SynthesisError::MissingCS)?;
        let inputs = std::mem::take(&mut cs.assignments.instance_assignment);
        let mut private = Zeroizing::new(std::mem::take(&mut cs.assignments.witness_assignment));
        let mut values = Zeroizing::new(Vec::with_capacity(inputs.len() + private.len()));
        values.extend_from_slice(&inputs);
        values.append(&mut private);
        Ok(Self { values, num_inputs: inputs.len() })
    }

    /// The public inputs.
    pub(crate) fn inputs(&self) -> &[Fr] {
        self.values.get(1..self.num_inputs).unwrap_or_default()
    }
}
