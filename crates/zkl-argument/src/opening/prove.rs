//! The prover of the opening reduction.

use zkl_core::ark::{Fr, ff::AdditiveGroup as _};

use super::Opening;
use crate::{
    error::PlanError,
    kernel,
    lookup::LookupClaim,
    moments::MomentsClaim,
    plan::ScanPlan,
    scan::{FormWeights, form_weights},
    transcript::ProverTape,
    witness::{ScanWitness, form_table},
};

/// What the prover of the opening reads.
pub(crate) struct OpeningInput<'a> {
    pub(crate) plan: &'a ScanPlan,
    pub(crate) witness: &'a ScanWitness<'a>,
    /// `2^kappa` random entries, committed before `t0`.
    pub(crate) mask: &'a [Fr],
}

/// Proves the reduction and sends the mask's value.
pub(crate) fn prove(
    tape: &mut ProverTape,
    input: &OpeningInput<'_>,
    lookup: &LookupClaim<Fr>,
    moments: &MomentsClaim<Fr>,
) -> Result<Opening<Fr>, PlanError> {
    let beta = tape.challenge();
    let eta = tape.challenge();
    let values = kernel::horner(&moments.values, eta);
    let mut claim = lookup.multiplicities + beta * (lookup.lookups + beta * values);

    // Both sums as tables: at z_row, and at z2.
    let FormWeights { at_row, at_moments } = form_weights(input.plan, &lookup.z_blk, beta, eta);
    let rows = input.plan.shape().rows();
    let cells = input.witness.cells();
    let mut tables = [&at_row, &at_moments].map(|form| form_table(cells, form, rows));
    let mut eqs = [&lookup.z_row, &moments.z2].map(|z| kernel::eq_table(z));

    let mut r_star = Vec::with_capacity(lookup.z_row.len());
    for round in 0..lookup.z_row.len() {
        let pairs = rows >> (round + 1);
        let [at_0, leading] = kernel::sum(pairs, |i, sums: &mut [Fr; 2]| {
            for (table, eq) in tables.iter().zip(&eqs) {
                let (lo, hi) = (table[2 * i], table[2 * i + 1]);
                let (eq_lo, eq_hi) = (eq[2 * i], eq[2 * i + 1]);
                sums[0] += lo * eq_lo;
                sums[1] += (hi - lo) * (eq_hi - eq_lo);
            }
        });
        // claim = 2 c0 + c1 + c2
        let coefficients = [at_0, claim - at_0 - at_0 - leading, leading];
        tape.send(&coefficients[1..]);
        let r = tape.challenge();
        claim = kernel::horner(&coefficients, r);
        r_star.push(r);
        for values in tables.iter_mut().chain(&mut eqs) {
            *values = kernel::fold(values, r);
        }
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
    let at_end = |index: usize| eqs[index].first().copied().unwrap_or_default();
    Ok(Opening { e1: at_end(0), e2: at_end(1), r_star, z_blk: lookup.z_blk.clone(), beta, eta, rho, y: v + rho * w })
}
