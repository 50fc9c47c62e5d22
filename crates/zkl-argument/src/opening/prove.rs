//! The prover of the masking.

use zkl_core::ark::{Fr, ff::AdditiveGroup as _};

use super::Opening;
use crate::{error::PlanError, mle, moments::MomentsClaim, polynomial, transcript::ProverTape};

/// Sends the value of `mask`, `2^kappa` random entries that were committed before `t0`, and joins the values of `moments`.
pub(crate) fn prove(
    tape: &mut ProverTape,
    mask: &[Fr],
    z_blk: Vec<Fr>,
    moments: MomentsClaim<Fr>,
) -> Result<Opening<Fr>, PlanError> {
    let MomentsClaim { z2, values, lookups, beta } = moments;
    let low = z2.get(..mask.len().trailing_zeros() as usize).ok_or(PlanError::Degenerate)?;
    let w = mle::evaluate(mask, low).ok_or(PlanError::Degenerate)?;
    tape.send(&[w]);
    let eta = tape.challenge();
    let rho = tape.challenge();
    if rho == Fr::ZERO {
        return Err(PlanError::Degenerate);
    }
    let v = lookups + eta * polynomial::horner(&values, eta);
    Ok(Opening { r_star: z2, z_blk, beta, eta, rho, y: v + rho * w })
}
