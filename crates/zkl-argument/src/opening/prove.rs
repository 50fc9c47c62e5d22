//! The prover of the opening reduction.

use zkl_core::ark::{Fr, ff::AdditiveGroup as _};
use zkl_kernel::{
    Kernel,
    weighted::{WeightedForm, WeightedRounds as _},
};

use super::Opening;
use crate::{
    error::PlanError,
    lookup::LookupClaim,
    moments::MomentsClaim,
    plan::ScanPlan,
    polynomial,
    scan::{FormWeights, form_weights},
    transcript::ProverTape,
    witness::{ScanWitness, kernel_form},
};

/// What the prover of the opening reads.
pub(crate) struct OpeningInput<'a> {
    pub(crate) plan: &'a ScanPlan,
    pub(crate) witness: &'a ScanWitness<'a>,
    /// `2^kappa` random entries, committed before `t0`.
    pub(crate) mask: &'a [Fr],
}

/// Proves the reduction and sends the mask's value.
pub(crate) fn prove<K: Kernel>(
    kernel: K,
    tape: &mut ProverTape,
    input: &OpeningInput<'_>,
    lookup: &LookupClaim<Fr>,
    moments: &MomentsClaim<Fr>,
) -> Result<Opening<Fr>, PlanError> {
    let beta = tape.challenge();
    let eta = tape.challenge();
    let values = polynomial::horner(&moments.values, eta);
    let mut claim = lookup.multiplicities + beta * (lookup.lookups + beta * values);

    // Both sums as forms: at z_row, and at z2.
    let FormWeights { at_row, at_moments } = form_weights(input.plan, &lookup.z_blk, beta, eta);
    let cells = input.witness.cells();
    let forms = [(&at_row, &lookup.z_row), (&at_moments, &moments.z2)]
        .map(|(form, z)| WeightedForm { form: kernel_form(cells, form), z: z.clone() });
    let mut weighted = kernel.weighted(&forms, input.plan.shape().log_rows());

    let mut r_star = Vec::with_capacity(lookup.z_row.len());
    for _ in 0..lookup.z_row.len() {
        let [at_0, leading] = weighted.sums();
        // claim = 2 c0 + c1 + c2
        let coefficients = [at_0, claim - at_0 - at_0 - leading, leading];
        tape.send(&coefficients[1..]);
        let r = tape.challenge();
        claim = polynomial::horner(&coefficients, r);
        r_star.push(r);
        weighted.bind(r);
    }
    let v = claim;
    let log_mask = input.mask.len().trailing_zeros() as usize;
    let r_low = r_star.get(..log_mask).ok_or(PlanError::Degenerate)?;
    let w = crate::mle::evaluate(input.mask, r_low).ok_or(PlanError::Degenerate)?;
    tape.absorb(&[v]);
    tape.send(&[w]);
    let rho = tape.challenge();
    if rho == Fr::ZERO {
        return Err(PlanError::Degenerate);
    }
    let [e1, e2] = weighted.ends().try_into().map_err(|_| PlanError::Degenerate)?;
    Ok(Opening { e1, e2, r_star, z_blk: lookup.z_blk.clone(), beta, eta, rho, y: v + rho * w })
}
