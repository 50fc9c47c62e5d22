//! The verifier of openings.

use zkl_core::ark::{
    Fr, G1Affine, G1Projective,
    ec::{CurveGroup, VariableBaseMSM},
    ff::{AdditiveGroup, Field, Zero},
};

use super::{
    MAX_VARS,
    error::HyperKzgError,
    proof::HyperKzgProof,
    transcript::{OPEN, Transcript},
};
use crate::{commit::Commitment, srs::SrsVerifierKey};

/// Checks that the polynomial behind `commitment` has the value `value` at `point`.
///
/// # Errors
/// [`HyperKzgError`]: one per check.
///
/// # Soundness
/// `context` must hold everything that the statement depends on and that `commitment`, `point` and `value` do not
/// determine. `key` must be one whose digest is trusted.
pub fn verify(
    key: &SrsVerifierKey,
    context: &[u8],
    commitment: &Commitment,
    point: &[Fr],
    value: &Fr,
    proof: &HyperKzgProof,
) -> Result<(), HyperKzgError> {
    verify_in(Transcript::new(OPEN, context), key, commitment, point, value, proof)
}

pub(super) fn verify_in(
    mut transcript: Transcript,
    key: &SrsVerifierKey,
    commitment: &Commitment,
    point: &[Fr],
    value: &Fr,
    proof: &HyperKzgProof,
) -> Result<(), HyperKzgError> {
    let kappa = check_variables(point)?;
    // Every length follows from the point, and is checked before anything is zipped: a short vector would skip checks.
    if proof.folds.len() != kappa - 1 {
        return Err(HyperKzgError::FoldCount { expected: kappa - 1, got: proof.folds.len() });
    }
    if proof.evaluations.len() != kappa {
        return Err(HyperKzgError::EvaluationCount { expected: kappa, got: proof.evaluations.len() });
    }

    transcript.statement(key, commitment, point, value);
    let r = transcript.folds(&proof.folds)?;
    let q = transcript.evaluations(&proof.evaluations)?;
    let d = transcript.witnesses(&proof.witnesses)?;

    check_folds(point, value, &r, proof)?;

    // B(u) for the three points u, and the commitment to B as powers of q.
    let points = [r, -r, r.square()];
    let mut values = [Fr::zero(); 3];
    for evaluations in proof.evaluations.iter().rev() {
        for (value, evaluation) in values.iter_mut().zip(evaluations.scalars()) {
            *value = *value * q + evaluation;
        }
    }
    let d_powers = [Fr::ONE, d, d.square()];
    let d_sum: Fr = d_powers.iter().sum();

    // sum_j d^j (B - B(u_j) G + u_j W_j), paired with [1]_2, against sum_j d^j W_j, paired with [tau]_2.
    let mut bases: Vec<G1Affine> = vec![commitment.point()];
    bases.extend(proof.folds.iter().map(Commitment::point));
    let mut scalars = Vec::with_capacity(kappa + 4);
    let mut q_power = d_sum;
    for _ in 0..kappa {
        scalars.push(q_power);
        q_power *= q;
    }
    let witnesses = proof.witnesses.map(|witness| witness.point());
    bases.extend(witnesses);
    scalars.extend(points.iter().zip(&d_powers).map(|(u, d_power)| *u * d_power));
    bases.push(key.base());
    scalars.push(-values.iter().zip(&d_powers).map(|(value, d_power)| *value * d_power).sum::<Fr>());

    let on_g2 = G1Projective::msm_unchecked(&bases, &scalars);
    let on_tau = -G1Projective::msm_unchecked(&witnesses, &d_powers);
    if key.pairing_is_neutral(on_g2.into_affine(), on_tau.into_affine()) { Ok(()) } else { Err(HyperKzgError::Pairing) }
}

/// The number of variables, bounded.
pub(super) const fn check_variables(point: &[Fr]) -> Result<usize, HyperKzgError> {
    if point.is_empty() || point.len() > MAX_VARS {
        return Err(HyperKzgError::Variables { max: MAX_VARS, got: point.len() });
    }
    Ok(point.len())
}

/// `2 r f_{i+1}(r^2) = (1 - x_i) r (f_i(r) + f_i(-r)) + x_i (f_i(r) - f_i(-r))`, multiplied out so that nothing is
/// inverted. With `r = 0` it would say nothing about the even part: the transcript refuses that.
fn check_folds(point: &[Fr], value: &Fr, r: &Fr, proof: &HyperKzgProof) -> Result<(), HyperKzgError> {
    let next = proof.evaluations.iter().skip(1).map(|evaluations| &evaluations.at_r_squared).chain([value]);
    for (round, ((x, evaluations), next)) in point.iter().zip(&proof.evaluations).zip(next).enumerate() {
        let sum = evaluations.at_r + evaluations.at_minus_r;
        let difference = evaluations.at_r - evaluations.at_minus_r;
        if (*next * r).double() != (Fr::ONE - x) * r * sum + *x * difference {
            return Err(HyperKzgError::Fold { round });
        }
    }
    Ok(())
}
