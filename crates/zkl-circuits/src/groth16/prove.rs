//! The prover: synthesize once, check, prove, verify.

use rand_chacha::ChaCha20Rng;
use zeroize::Zeroize as _;
use zkl_core::{
    ark::{
        Bn254, Fr,
        ff::UniformRand as _,
        groth16::Groth16 as ArkGroth16,
        relations::gr1cs::{
            ConstraintSynthesizer as _, ConstraintSystem, ConstraintSystemRef, OptimizationGoal, SynthesisMode,
            predicate::polynomial_constraint::R1CS_PREDICATE_LABEL,
        },
        std::rand::SeedableRng as _,
    },
    circuit::{Circuit, Synthesizer},
};

use super::{Proof, ProveError, ProvingKey, verify};

/// Puts `circuit` into a constraint system with its assignment, as arkworks' set-up does without one.
pub(crate) fn synthesize(circuit: &dyn Circuit) -> Result<ConstraintSystemRef<Fr>, ProveError> {
    let cs = ConstraintSystem::new_ref();
    cs.set_optimization_goal(OptimizationGoal::Constraints);
    cs.set_mode(SynthesisMode::Prove { construct_matrices: true, generate_lc_assignments: false });
    Synthesizer(circuit).generate_constraints(cs.clone())?;
    cs.finalize();
    Ok(cs)
}

/// That the assignment satisfies every constraint and that the announced inputs are the allocated ones.
pub(crate) fn check(circuit: &dyn Circuit, cs: &ConstraintSystemRef<Fr>) -> Result<(), ProveError> {
    let announced = circuit.public_inputs();
    let allocated = cs.instance_assignment()?;
    if allocated.get(1..) != Some(announced.as_slice()) {
        return Err(ProveError::Inputs {
            circuit: circuit.id(),
            announced: announced.len(),
            allocated: allocated.len().saturating_sub(1),
        });
    }
    if !cs.is_satisfied()? {
        return Err(ProveError::Unsatisfied { circuit: circuit.id(), constraint: cs.which_is_unsatisfied()? });
    }
    Ok(())
}

pub(super) fn prove(key: &ProvingKey, circuit: &dyn Circuit) -> Result<Proof, ProveError> {
    let cs = synthesize(circuit)?;
    check(circuit, &cs)?;

    let mut matrices = cs.to_matrices()?;
    let r1cs = matrices.remove(R1CS_PREDICATE_LABEL).unwrap_or_default();
    if r1cs.len() != 3 || matrices.values().any(|others| others.iter().any(|matrix| !matrix.is_empty())) {
        return Err(ProveError::NotR1cs { circuit: circuit.id() });
    }
    // arkworks' MSM cuts the longer of its two arguments off; with a key for other constraints that is a useless proof.
    let ark = key.ark();
    let inputs = cs.num_instance_variables();
    let witnesses = cs.num_witness_variables();
    let fits = ark.vk.gamma_abc_g1.len() == inputs
        && ark.l_query.len() == witnesses
        && ark.a_query.len() == inputs + witnesses
        && ark.b_g1_query.len() == inputs + witnesses
        && ark.b_g2_query.len() == inputs + witnesses
        && ark.h_query.len() + 1 == (cs.num_constraints() + inputs).next_power_of_two();
    if !fits {
        return Err(ProveError::Key { circuit: circuit.id() });
    }

    let mut assignment = cs.instance_assignment()?;
    assignment.extend(cs.witness_assignment()?);
    let mut rng = fresh_rng()?;
    let (mut r, mut s) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
    let proof = ArkGroth16::<Bn254>::create_proof_with_reduction_and_matrices(
        ark,
        r,
        s,
        &r1cs,
        inputs,
        cs.num_constraints(),
        &assignment,
    );
    r.zeroize();
    s.zeroize();
    assignment.zeroize();
    let proof = Proof::from_ark(proof?);

    verify(&key.verifying_key()?, &circuit.public_inputs(), &proof).map_err(ProveError::SelfCheck)?;
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
