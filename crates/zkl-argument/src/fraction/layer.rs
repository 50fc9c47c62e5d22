//! The prover of one 4-ary layer: an eq-weighted sumcheck over groups of four children.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};
use zkl_kernel::{Kernel as _, Portable, fraction::LayerRounds, portable::Level};

use crate::{context::Native, error::PlanError, mle, polynomial, transcript::ProverTape};

/// What a layer leaves: the challenges and the children's values there.
pub(crate) struct LayerEnd {
    pub(crate) point: Vec<Fr>,
    pub(crate) p: [Fr; 4],
    pub(crate) q: [Fr; 4],
}

/// Proves `claim = sum_x eq(z, x) [p + lambda q](x)`, where x runs over the rows of `layer` and then over its groups, of which
/// there are `2^(z.len() - layer.free())`.
pub(crate) fn prove(
    tape: &mut ProverTape,
    mut layer: impl LayerRounds,
    z: &[Fr],
    mut claim: Fr,
    lambda: Fr,
) -> Result<LayerEnd, PlanError> {
    let (z_row, z_group) = z.split_at_checked(layer.free()).ok_or(PlanError::Degenerate)?;
    let group_weights = mle::eq_values(&mut Native, z_group);
    let mut point = Vec::with_capacity(z.len());
    for (round, &z_now) in z_row.iter().enumerate() {
        let sums = layer.sums(&group_weights, &z_row[round + 1..]);
        let (coefficients, r) = send_round(tape, sums, claim, z_now)?;
        claim = polynomial::horner(&coefficients, r);
        point.push(r);
        layer.bind(r);
    }
    let ends = layer.ends();
    if let [(p, q)] = ends[..] {
        return Ok(LayerEnd { point, p, q });
    }
    // One value per block is left: the groups become the rows of a single one.
    let joined = |half: usize| {
        let of = |j: usize| ends.iter().map(move |(p, q)| if half == 0 { p[j] } else { q[j] });
        (0..4).flat_map(of).collect::<Vec<Fr>>()
    };
    let level = Level::of_fractions(joined(0), joined(1));
    let rest = prove(tape, Portable.layer(level, lambda), z_group, claim, lambda)?;
    point.extend(&rest.point);
    Ok(LayerEnd { point, ..rest })
}

/// Interpolates the round polynomial from its values at 0, 2, -1 and its leading coefficient, sends `c_1..c_4`, draws r.
fn send_round(
    tape: &mut ProverTape,
    [at_zero, at_two, at_minus_one, leading]: [Fr; 4],
    claim: Fr,
    z: Fr,
) -> Result<([Fr; 5], Fr), PlanError> {
    // claim = (1 - z) t(0) + z t(1)
    let at_one = (claim - at_zero) * z.inverse().ok_or(PlanError::Degenerate)? + at_zero;
    let two = Fr::from(2u64);
    let points = [Fr::ZERO, Fr::ONE, two, -Fr::ONE];
    let sixteen = Fr::from(16u64);
    let values = [at_zero, at_one - leading, at_two - sixteen * leading, at_minus_one - leading];
    let [c0, c1, c2, c3] = polynomial::interpolate(points, values);
    let coefficients = [c0, c1, c2, c3, leading];
    tape.send(&coefficients[1..]);
    Ok((coefficients, tape.challenge()))
}
