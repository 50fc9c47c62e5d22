//! The public weights of the committed columns in the last claim.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use crate::{
    context::Native,
    mle,
    opening::Opening,
    plan::{LinearForm, ScanPlan},
    shape::Block,
};

/// The two sums of the opening reduction as linear forms of the committed columns.
pub(crate) struct FormWeights {
    /// `sum_E eq(e,z_blk) m_e + beta sum_B eq(c,z_blk) L'_c`.
    pub(crate) at_row: LinearForm,
    /// `beta^2 sum_i eta^i lin_i`.
    pub(crate) at_moments: LinearForm,
}

pub(crate) fn form_weights(plan: &ScanPlan, z_blk: &[Fr], beta: Fr, eta: Fr) -> FormWeights {
    let cells = plan.cells().len();
    let mut at_row = vec![Fr::ZERO; cells];
    let eq = mle::eq_values(&mut Native, z_blk);
    for ((block, form), eq) in plan.shape().blocks().iter().zip(plan.block_forms()).zip(&eq) {
        let weight = match block {
            Block::LimbTable | Block::GroupTable(_) => *eq,
            _ => beta * eq,
        };
        add_form(&mut at_row, form, weight);
    }
    let mut at_moments = vec![Fr::ZERO; cells];
    let mut weight = beta.square();
    for form in plan.value_forms() {
        add_form(&mut at_moments, form, weight);
        weight *= eta;
    }
    FormWeights { at_row: sparse(&at_row), at_moments: sparse(&at_moments) }
}

fn add_form(weights: &mut [Fr], form: &LinearForm, scale: Fr) {
    for &(cell, coefficient) in form {
        if let Some(weight) = weights.get_mut(cell) {
            *weight += scale * coefficient;
        }
    }
}

fn sparse(weights: &[Fr]) -> LinearForm {
    weights.iter().copied().enumerate().filter(|(_, weight)| *weight != Fr::ZERO).collect()
}

/// `w_c`, one per committed column in the order of [`ScanPlan::cells`], so that `v = sum_c w_c V_c(r*)`. They depend on public
/// values only.
pub fn cell_weights(plan: &ScanPlan, opening: &Opening<Fr>) -> Vec<Fr> {
    let forms = form_weights(plan, &opening.z_blk, opening.beta, opening.eta);
    let mut weights = vec![Fr::ZERO; plan.cells().len()];
    add_form(&mut weights, &forms.at_row, opening.e1);
    add_form(&mut weights, &forms.at_moments, opening.e2);
    weights
}
