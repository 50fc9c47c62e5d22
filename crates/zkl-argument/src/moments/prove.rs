//! The prover of the moments sumcheck: the kernel's sums of the moments, and beside them its weighted sum of the columns
//! of the lookups.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};
use zkl_kernel::{
    Kernel,
    moments::{MomentsInput as Sums, MomentsRounds as _, Series, Term},
    weighted::{WeightedForm, WeightedRounds as _},
};

use super::MomentsClaim;
use crate::{
    context::Native,
    error::PlanError,
    kinds::{self, Relation, Taker, Visitor},
    lookup::LookupClaim,
    plan::{LinearForm, ScanPlan},
    polynomial,
    scan::lookup_form,
    statement::{LayoutVector, SealedProfile},
    transcript::ProverTape,
    witness::{ScanWitness, kernel_form, small},
};

/// What the prover of the moments reads.
pub(crate) struct MomentsInput<'a> {
    pub(crate) plan: &'a ScanPlan,
    pub(crate) witness: &'a ScanWitness<'a>,
    pub(crate) sealed: &'a SealedProfile<Fr>,
    pub(crate) lookups: &'a LookupClaim<Fr>,
}

/// Proves the moments. With a false profile the messages are those of the true columns, and verification fails.
pub(crate) fn prove<K: Kernel>(
    kernel: K,
    tape: &mut ProverTape,
    input: &MomentsInput<'_>,
) -> Result<MomentsClaim<Fr>, PlanError> {
    let theta = tape.challenge();
    let beta = tape.challenge();
    let (plan, cells, lookups) = (input.plan, input.witness.cells(), input.lookups);
    let shape = plan.shape();
    let powers = super::powers(&mut Native, shape, &theta);
    let mut joined = lookups.multiplicities + beta * lookups.lookups;
    let mut claim = super::expected_sum(&mut Native, input.sealed, joined, &powers);

    let (distinct, places) = distinct_forms(plan.value_forms());
    let rows = shape.rows();
    let group_limit = |distinct: &Fr| small(distinct).map_or(rows, |d| (d as usize + 1).min(rows));
    let mut moments = kernel.moments(&Sums {
        log_rows: shape.log_rows(),
        below: plan.layout().rows() as usize,
        z: lookups.z_row.clone(),
        series: distinct.iter().map(|form| kernel_form(cells, form)).collect(),
        terms: terms(plan, input.sealed, &powers, &places),
        limits: input.sealed.grouped.iter().map(|record| group_limit(&record.distinct)).collect(),
    });
    let form = lookup_form(plan, &lookups.z_blk, beta);
    let form = WeightedForm { form: kernel_form(cells, &form), z: lookups.z_row.clone() };
    let mut weighted = kernel.weighted(&[form], shape.log_rows());
    let power = powers.last().copied().unwrap_or_default();

    let mut z2 = Vec::with_capacity(shape.log_rows());
    let points = [Fr::ZERO, Fr::ONE, Fr::from(2u64), -Fr::ONE, Fr::from(3u64)];
    for _ in 0..shape.log_rows() {
        let [at_0, leading] = weighted.sums();
        // joined = 2 c0 + c1 + c2
        let weighted_round = [at_0, joined - at_0 - at_0 - leading, leading];
        let add = |x: Fr, sum: Fr| sum + power * polynomial::horner(&weighted_round, x);
        let [at_0, at_2, at_m1, at_3] = moments.sums();
        let at_0 = add(points[0], at_0);
        let values = [at_0, claim - at_0, add(points[2], at_2), add(points[3], at_m1), add(points[4], at_3)];
        let coefficients = polynomial::interpolate(points, values);
        tape.send(&coefficients[1..]);
        let r = tape.challenge();
        claim = polynomial::horner(&coefficients, r);
        joined = polynomial::horner(&weighted_round, r);
        z2.push(r);
        moments.bind(r);
        weighted.bind(r);
    }
    let ends = moments.ends();
    let value = |place: &Series| place.and_then(|index| ends.get(index).copied()).unwrap_or(Fr::ZERO);
    let values: Vec<Fr> = places.iter().map(value).collect();
    // What is left of the weighted sum is eq(z_row, z2) times the value of the form.
    let eq = weighted.ends().first().and_then(Fr::inverse).ok_or(PlanError::Degenerate)?;
    let lookups = joined * eq;
    tape.send(&values);
    tape.send(&[lookups]);
    Ok(MomentsClaim { z2, values, lookups, beta })
}

/// The non-empty forms, each once, and for every value the position of its form.
fn distinct_forms(forms: &[LinearForm]) -> (Vec<&LinearForm>, Vec<Series>) {
    let mut distinct: Vec<&LinearForm> = Vec::new();
    let places = forms.iter().map(|form| {
        if form.is_empty() {
            return None;
        }
        let found = distinct.iter().position(|other| *other == form);
        Some(found.unwrap_or_else(|| {
            distinct.push(form);
            distinct.len() - 1
        }))
    });
    let places = places.collect();
    (distinct, places)
}

/// The terms as the kernel sums them.
fn terms(plan: &ScanPlan, sealed: &SealedProfile<Fr>, powers: &[Fr], places: &[Series]) -> Vec<Term> {
    struct Terms<'a> {
        layout: &'a LayoutVector<Fr>,
        sealed: &'a SealedProfile<Fr>,
        powers: Taker<'a, Fr>,
        places: Taker<'a, Series>,
        terms: Vec<Term>,
    }

    impl Visitor for Terms<'_> {
        fn visit<R, const FIELDS: usize, const VALUES: usize, const TERMS: usize>(&mut self)
        where
            R: Relation<FIELDS, VALUES, TERMS>,
        {
            for known in R::known(self.layout, self.sealed) {
                self.terms.push(R::kernel_term(known, self.places.take(), self.powers.take()));
            }
        }
    }

    let (powers, places) = (Taker::new(powers, Fr::ZERO), Taker::new(places, None));
    let mut terms = Terms { layout: plan.vector(), sealed, powers, places, terms: Vec::new() };
    kinds::each(&mut terms);
    terms.terms
}
