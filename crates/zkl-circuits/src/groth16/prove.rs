//! The prover: synthesize once, check, prove, verify.

use rand_chacha::ChaCha20Rng;
use zeroize::Zeroize as _;
use zkl_core::{
    ark::{
        Bn254, Fr,
        ff::UniformRand as _,
        groth16::Groth16 as ArkGroth16,
        relations::gr1cs::{
            ConstraintSynthesizer as _, ConstraintSystem, OptimizationGoal, SynthesisMode,
            predicate::polynomial_constraint::R1CS_PREDICATE_LABEL,
        },
        std::rand::SeedableRng as _,
    },
    circuit::{Circuit, Synthesizer},
};

use super::{Proof, ProveError, ProvingKey, verify};

/// Rows of one of the matrices A, B, C: `(coefficient, position in the assignment)`.
type Matrix = Vec<Vec<(Fr, usize)>>;

/// A circuit's matrices A, B, C with the assignment `(1, public, private)`.
pub(crate) struct Instance {
    pub(crate) matrices: Vec<Matrix>,
    pub(crate) num_inputs: usize,
    pub(crate) assignment: Vec<Fr>,
}

impl Instance {
    /// Synthesizes `circuit` as arkworks' set-up does, with its assignment.
    pub(crate) fn new(circuit: &dyn Circuit) -> Result<Self, ProveError> {
        let cs = ConstraintSystem::new_ref();
        cs.set_optimization_goal(OptimizationGoal::Constraints);
        cs.set_mode(SynthesisMode::Prove { construct_matrices: true, generate_lc_assignments: false });
        Synthesizer(circuit).generate_constraints(cs.clone())?;
        cs.finalize();

        let mut predicates = cs.to_matrices()?;
        let matrices = predicates.remove(R1CS_PREDICATE_LABEL).unwrap_or_default();
        let others = predicates.values().flatten().any(|matrix| !matrix.is_empty());
        if matrices.len() != 3 || others {
            return Err(ProveError::NotR1cs { circuit: circuit.id() });
        }
        let mut assignment = cs.instance_assignment()?;
        let num_inputs = assignment.len();
        assignment.extend(cs.witness_assignment()?);
        Ok(Self { matrices, num_inputs, assignment })
    }

    /// Number of constraints.
    pub(crate) fn num_constraints(&self) -> usize {
        self.matrices[0].len()
    }

    /// Values of A z, B z and C z in row `row`.
    pub(crate) fn row(&self, row: usize) -> [Fr; 3] {
        let value = |matrix: &Matrix| matrix[row].iter().map(|&(weight, at)| weight * self.assignment[at]).sum();
        std::array::from_fn(|i| value(&self.matrices[i]))
    }

    /// The first constraint that the assignment violates.
    pub(crate) fn first_violated(&self) -> Option<usize> {
        (0..self.num_constraints()).find(|&row| {
            let [a, b, c] = self.row(row);
            a * b != c
        })
    }

    /// Whether `key` was made for as many variables and constraints. arkworks' MSM cuts the longer of its two arguments
    /// off; with a key for other constraints that is a useless proof.
    fn fits(&self, key: &ProvingKey) -> bool {
        let ark = key.ark();
        let variables = self.assignment.len();
        let domain = (self.num_constraints() + self.num_inputs).next_power_of_two();
        ark.vk.gamma_abc_g1.len() == self.num_inputs
            && ark.l_query.len() + self.num_inputs == variables
            && ark.a_query.len() == variables
            && ark.b_g1_query.len() == variables
            && ark.b_g2_query.len() == variables
            && ark.h_query.len() + 1 == domain
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.assignment.zeroize();
    }
}

pub(super) fn prove(key: &ProvingKey, circuit: &dyn Circuit) -> Result<Proof, ProveError> {
    let instance = Instance::new(circuit)?;
    let announced = circuit.public_inputs();
    let allocated = &instance.assignment[1..instance.num_inputs];
    if allocated != announced {
        let (announced, allocated) = (announced.len(), allocated.len());
        return Err(ProveError::Inputs { circuit: circuit.id(), announced, allocated });
    }
    if let Some(constraint) = instance.first_violated() {
        return Err(ProveError::Unsatisfied { circuit: circuit.id(), constraint });
    }
    if !instance.fits(key) {
        return Err(ProveError::Key { circuit: circuit.id() });
    }

    let mut rng = fresh_rng()?;
    let (mut r, mut s) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
    let proof = ArkGroth16::<Bn254>::create_proof_with_reduction_and_matrices(
        key.ark(),
        r,
        s,
        &instance.matrices,
        instance.num_inputs,
        instance.num_constraints(),
        &instance.assignment,
    );
    r.zeroize();
    s.zeroize();
    let proof = Proof::from_ark(proof?);

    verify(&key.verifying_key()?, &announced, &proof).map_err(ProveError::SelfCheck)?;
    Ok(proof)
}

/// A generator seeded by the operating system. Blinding that repeats between two proofs reveals the witness.
fn fresh_rng() -> Result<ChaCha20Rng, ProveError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(ProveError::Entropy)?;
    let rng = ChaCha20Rng::from_seed(seed);
    seed.zeroize();
    Ok(rng)
}
