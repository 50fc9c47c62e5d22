//! Key generation: arkworks' own, by the same random choices and therefore with the same keys, out of [`Matrices`].

use zkl_argument::msm::FixedBase;

use crate::{
    ark::{
        Bn254, Fr, G1Affine, G1Projective, G2Projective,
        ec::CurveGroup as _,
        ff::{Field as _, UniformRand as _},
        groth16,
        poly::{EvaluationDomain as _, Radix2EvaluationDomain},
        relations::gr1cs::SynthesisError,
        std::rand::RngCore,
    },
    matrices::Matrices,
};

/// Scalars between two reports of progress.
const STEP: usize = 1 << 14;

/// A proving key for `matrices`. `progress` is told the share of the work that is done, from 0 to 1.
///
/// # Errors
/// `PolynomialDegreeTooLarge` for more constraints than the field has roots of unity, `DivisionByZero` when a random
/// choice is 0.
pub(super) fn generate(
    matrices: &Matrices,
    rng: &mut impl RngCore,
    progress: &mut dyn FnMut(f64),
) -> Result<groth16::ProvingKey<Bn254>, SynthesisError> {
    // The order of these choices is that of arkworks' generator.
    let [alpha, beta, gamma, delta] = std::array::from_fn(|_| Fr::rand(rng));
    let (g1, g2) = (G1Projective::rand(rng), G2Projective::rand(rng));
    let size = 1usize << matrices.log_domain();
    let domain = Radix2EvaluationDomain::<Fr>::new(size).ok_or(SynthesisError::PolynomialDegreeTooLarge)?;
    let t = domain.sample_element_outside_domain(rng);

    let [a, b, c] = matrices.columns(&domain.evaluate_all_lagrange_coefficients(t));
    let inverse = |value: Fr| value.inverse().ok_or(SynthesisError::DivisionByZero);
    let (gamma_inverse, delta_inverse) = (inverse(gamma)?, inverse(delta)?);
    let combined: Vec<Fr> = a.iter().zip(&b).zip(&c).map(|((a, b), c)| beta * a + alpha * b + c).collect();
    let (inputs, private) = combined.split_at(matrices.num_inputs);
    let scaled = |values: &[Fr], factor: Fr| values.iter().map(|value| factor * value).collect::<Vec<_>>();
    let (inputs, private) = (scaled(inputs, gamma_inverse), scaled(private, delta_inverse));
    let mut power = domain.evaluate_vanishing_polynomial(t) * delta_inverse;
    let quotients: Vec<Fr> = (1..size)
        .map(|_| {
            let current = power;
            power *= t;
            current
        })
        .collect();

    // A product in G2 costs three times one in G1.
    let work = [&a, &b, &private, &quotients, &inputs].map(Vec::len).iter().sum::<usize>() + 3 * b.len();
    let mut done = 0;
    let mut report = |steps: usize| {
        done += steps;
        progress(done as f64 / work as f64);
    };
    let table = FixedBase::new(g1);
    let mut multiply = |scalars: &[Fr]| {
        let mut points: Vec<G1Affine> = Vec::with_capacity(scalars.len());
        for scalars in scalars.chunks(STEP) {
            points.extend(table.multiply(scalars));
            report(scalars.len());
        }
        points
    };
    let (a_query, b_g1_query) = (multiply(&a), multiply(&b));
    let (h_query, l_query, gamma_abc_g1) = (multiply(&quotients), multiply(&private), multiply(&inputs));
    let table = FixedBase::new(g2);
    let mut b_g2_query = Vec::with_capacity(b.len());
    for scalars in b.chunks(STEP) {
        b_g2_query.extend(table.multiply(scalars));
        report(3 * scalars.len());
    }
    Ok(groth16::ProvingKey {
        vk: groth16::VerifyingKey {
            alpha_g1: (g1 * alpha).into_affine(),
            beta_g2: (g2 * beta).into_affine(),
            gamma_g2: (g2 * gamma).into_affine(),
            delta_g2: (g2 * delta).into_affine(),
            gamma_abc_g1,
        },
        beta_g1: (g1 * beta).into_affine(),
        delta_g1: (g1 * delta).into_affine(),
        a_query,
        b_g1_query,
        b_g2_query,
        h_query,
        l_query,
    })
}
