//! The prover: assign, check, prove, verify.
//!
//! # Relation
//! ```text
//! A = alpha + sum z_k A_k + r delta        B = beta + sum z_k B_k + s delta        (B in G2, and in G1 for C)
//! C = sum_private z_k L_k + sum h_i H_i + s A + r B - r s delta
//! ```
//! Groth, eprint 2016/260, section 3.2, with the points of arkworks' proving key: for equal r and s the proof is the one
//! that arkworks makes.

use tracing::info_span;
use zeroize::Zeroizing;
use zkl_argument::msm::Scalars;
use zkl_core::circuit::Circuit;
use zkl_kernel::threads;

use super::{Proof, ProveError, ProvingKey, verify};
use crate::{
    ark::{
        Bn254, Fr, G1Projective,
        ec::CurveGroup as _,
        ff::{AdditiveGroup as _, UniformRand as _},
        groth16,
        relations::gr1cs::SynthesisError,
    },
    assignment::Assignment,
    random::fresh_rng,
};

pub(super) fn prove(key: &ProvingKey, circuit: &dyn Circuit) -> Result<Proof, ProveError> {
    let announced = circuit.public_inputs();
    let (assignment, combinations) = satisfied(key, circuit, &announced)?;
    let mut rng = fresh_rng().map_err(ProveError::Entropy)?;
    let blinding = Zeroizing::new([Fr::rand(&mut rng), Fr::rand(&mut rng)]);
    let proof = info_span!("sums").in_scope(|| create(key, &assignment, &combinations, *blinding))?;
    verify(key.verifying_key(), &announced, &proof).map_err(ProveError::SelfCheck)?;
    Ok(proof)
}

/// The assignment of `circuit` and the values of the linear combinations, which satisfy the constraints of `key`.
pub(super) fn satisfied(
    key: &ProvingKey,
    circuit: &dyn Circuit,
    announced: &[Fr],
) -> Result<(Assignment, Zeroizing<Vec<Fr>>), ProveError> {
    let assignment = info_span!("assign").in_scope(|| Assignment::of(circuit))?;
    if assignment.inputs() != announced {
        let (announced, allocated) = (announced.len(), assignment.inputs().len());
        return Err(ProveError::Inputs { circuit: circuit.id(), announced, allocated });
    }
    let sizes = (key.matrices.num_inputs, key.matrices.num_variables);
    if sizes != (assignment.num_inputs, assignment.values.len()) {
        return Err(ProveError::Key { circuit: circuit.id() });
    }
    let _span = info_span!("check").entered();
    let combinations = Zeroizing::new(key.matrices.evaluate(&assignment.values));
    match key.matrices.first_violated(&combinations) {
        Some(constraint) => Err(ProveError::Unsatisfied { circuit: circuit.id(), constraint }),
        None => Ok((assignment, combinations)),
    }
}

/// The proof with blinding `[r, s]`, from values of the linear combinations that satisfy the constraints.
pub(super) fn create(
    key: &ProvingKey,
    assignment: &Assignment,
    combinations: &[Fr],
    [r, s]: [Fr; 2],
) -> Result<Proof, ProveError> {
    let z = assignment.values.as_slice();
    let vk = &key.verifying.prepared().vk;
    // Whoever is idle takes the next sum: the large ones start first.
    let ((b_g2, h), ((l, a), b_g1)) = threads::join(
        || threads::join(|| key.b_g2.sum(z), || quotient_sum(key, z, combinations)),
        || threads::join(|| threads::join(|| key.l.sum(z), || key.a.sum(z)), || key.b_g1.sum(z)),
    );
    let (a, b_g1, b_g2, l, h) = (a?, b_g1?, b_g2?, l?, h?);
    let a = a + vk.alpha_g1 + key.delta_g1 * r;
    let b_g1 = b_g1 + key.beta_g1 + key.delta_g1 * s;
    let b_g2 = b_g2 + vk.beta_g2 + vk.delta_g2 * s;
    let c = l + h + a * s + b_g1 * r - key.delta_g1 * (r * s);
    Ok(Proof::from_ark(groth16::Proof::<Bn254> { a: a.into_affine(), b: b_g2.into_affine(), c: c.into_affine() }))
}

/// `sum h_i H_i` of the quotient polynomial h.
fn quotient_sum(key: &ProvingKey, z: &[Fr], combinations: &[Fr]) -> Result<G1Projective, ProveError> {
    let domain = key.domain().ok_or(SynthesisError::PolynomialDegreeTooLarge)?;
    let blank = || Zeroizing::new(vec![Fr::ZERO; domain.size()]);
    let (mut a, mut b) = (blank(), blank());
    for (index, [left, right, _]) in key.matrices.rows.iter().enumerate() {
        a[domain.position(index)] = combinations[*left as usize];
        b[domain.position(index)] = combinations[*right as usize];
    }
    // A point for each input, so that no two inputs have dependent columns.
    let first = key.matrices.num_constraints();
    for (index, input) in z.iter().take(key.matrices.num_inputs).enumerate() {
        a[domain.position(first + index)] = *input;
    }
    let quotient = Zeroizing::new(domain.quotient(&a, &b)?);
    let coefficients = quotient.get(..key.h.len()).unwrap_or_default();
    Ok(key.h.msm(Scalars::Full(coefficients))?)
}
