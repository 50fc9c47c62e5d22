//! The public weights of the committed columns in the last claim.

use zkl_core::ark::{Fr, ff::AdditiveGroup as _};

use crate::{
    context::Native,
    mle,
    opening::Opening,
    plan::{LinearForm, ScanPlan},
    shape::Block,
};

/// `F = sum_E eq(e,z_blk) m_e + beta sum_B eq(c,z_blk) L'_c` as a linear form of the committed columns.
pub(crate) fn lookup_form(plan: &ScanPlan, z_blk: &[Fr], beta: Fr) -> LinearForm {
    let mut weights = vec![Fr::ZERO; plan.cells().len()];
    add_lookups(&mut weights, plan, z_blk, beta);
    weights.into_iter().enumerate().filter(|(_, weight)| *weight != Fr::ZERO).collect()
}

fn add_lookups(weights: &mut [Fr], plan: &ScanPlan, z_blk: &[Fr], beta: Fr) {
    let eq = mle::eq_values(&mut Native, z_blk);
    for ((block, form), eq) in plan.shape().blocks().iter().zip(plan.block_forms()).zip(&eq) {
        let scale = match block {
            Block::LimbTable | Block::GroupTable(_) => *eq,
            _ => beta * eq,
        };
        add_form(weights, form, scale);
    }
}

fn add_form(weights: &mut [Fr], form: &LinearForm, scale: Fr) {
    for &(cell, coefficient) in form {
        if let Some(weight) = weights.get_mut(cell) {
            *weight += scale * coefficient;
        }
    }
}

/// `w_c`, one per committed column in the order of [`ScanPlan::cells`], so that `v = sum_c w_c V_c(r*)`. They depend on public
/// values only.
pub fn cell_weights(plan: &ScanPlan, opening: &Opening<Fr>) -> Vec<Fr> {
    let mut weights = vec![Fr::ZERO; plan.cells().len()];
    add_lookups(&mut weights, plan, &opening.z_blk, opening.beta);
    let mut scale = opening.eta;
    for form in plan.value_forms() {
        add_form(&mut weights, form, scale);
        scale *= opening.eta;
    }
    weights
}
