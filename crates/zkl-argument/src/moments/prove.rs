//! The prover of the moments sumcheck.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::{DEGREE, MomentsClaim};
use crate::{
    context::Native,
    error::PlanError,
    fraction::RowWeight,
    kernel,
    plan::{LinearForm, ScanPlan},
    statement::SealedProfile,
    transcript::ProverTape,
    witness::{ScanWitness, form_table},
};

/// What the prover of the moments reads.
pub(crate) struct MomentsInput<'a> {
    pub(crate) plan: &'a ScanPlan,
    pub(crate) witness: &'a ScanWitness<'a>,
    pub(crate) sealed: &'a SealedProfile<Fr>,
    pub(crate) z_row: &'a [Fr],
}

/// Values of one linear form on all rows; `None` for the empty form, which is 0.
pub(crate) type Series = Option<usize>;

/// Points of a round polynomial, 0 and 1 first; the value at 1 follows from the claim.
const POINTS: usize = DEGREE + 1;

/// A pair of neighbours at the points 0, 2, -1, 3.
type At = [Fr; POINTS - 1];

#[inline]
fn at_points(lo: Fr, hi: Fr) -> At {
    let slope = hi - lo;
    [lo, hi + slope, lo - slope, hi + slope + slope]
}

/// Theta powers of one slot and where its values are.
enum Term {
    Numeric { powers: [Fr; 5], u: Series, b: Series, full: Fr },
    Opaque { powers: [Fr; 2], b: Series, full: Fr },
    Grouped { powers: [Fr; 3], m: Series, rest: Series, smallest: Fr, group: usize },
    Product { powers: [Fr; 6], u: [Series; 2], b: [Series; 2], full: [Fr; 2] },
}

/// Tables that shrink round by round.
struct State {
    series: Vec<Vec<Fr>>,
    eq: Vec<Fr>,
    rows: RowWeight,
    origin: RowWeight,
    groups: Vec<RowWeight>,
}

/// Proves the moments. With a false profile the messages are those of the true columns, and verification fails.
pub(crate) fn prove(tape: &mut ProverTape, input: &MomentsInput<'_>) -> Result<MomentsClaim<Fr>, PlanError> {
    let theta = tape.challenge();
    let (plan, cells) = (input.plan, input.witness.cells());
    let shape = plan.shape();
    let mut claim = super::expected_sum(&mut Native, input.sealed, &theta);

    let (distinct, places) = distinct_forms(plan.value_forms());
    let rows = shape.rows();
    let series = distinct.iter().map(|form| form_table(cells, form, rows)).collect();
    let terms = terms(plan, input.sealed, theta, &places);
    let needs_eq = terms.iter().any(|term| match term {
        Term::Numeric { b, .. } | Term::Opaque { b, .. } => b.is_some(),
        Term::Grouped { .. } => true,
        Term::Product { .. } => false,
    });
    let products = terms.iter().any(|term| matches!(term, Term::Product { .. }));
    let group_limit = |distinct: &Fr| crate::witness::small(distinct).map_or(rows, |d| (d as usize + 1).min(rows));
    let mut state = State {
        series,
        eq: if needs_eq { kernel::eq_table(input.z_row) } else { vec![Fr::ZERO; 0] },
        rows: RowWeight::new(plan.layout().rows() as usize),
        origin: RowWeight::new(1),
        groups: input.sealed.grouped.iter().map(|record| RowWeight::new(group_limit(&record.distinct))).collect(),
    };

    let mut z2 = Vec::with_capacity(shape.log_rows());
    let points = [Fr::ZERO, Fr::ONE, Fr::from(2u64), -Fr::ONE, Fr::from(3u64)];
    for round in 0..shape.log_rows() {
        let pairs = rows >> (round + 1);
        let full = state.rows.ones() / 2;
        let bulk = add_full_pairs(&state, &terms, full);
        // Columns that are never null have nothing left to add where every row counts.
        let first = if needs_eq || products { 0 } else { full };
        let rest = kernel::sum(pairs.saturating_sub(first), |i, sums| {
            add_pair(&state, &terms, first + i, first + i < full, sums);
        });
        let [at_0, at_2, at_m1, at_3] = std::array::from_fn(|k| bulk[k] + rest[k]);
        let coefficients = kernel::interpolate(points, [at_0, claim - at_0, at_2, at_m1, at_3]);
        tape.send(&coefficients[1..]);
        let r = tape.challenge();
        claim = kernel::horner(&coefficients, r);
        z2.push(r);
        state.fold(r);
    }
    let value = |place: &Series| place.and_then(|index| state.series.get(index)?.first().copied()).unwrap_or(Fr::ZERO);
    let values: Vec<Fr> = places.iter().map(value).collect();
    tape.send(&values);
    Ok(MomentsClaim { z2, values })
}

impl State {
    fn fold(&mut self, r: Fr) {
        for series in &mut self.series {
            *series = kernel::fold(series, r);
        }
        self.eq = kernel::fold(&self.eq, r);
        self.rows = self.rows.fold(r);
        self.origin = self.origin.fold(r);
        for group in &mut self.groups {
            *group = group.fold(r);
        }
    }

    #[inline]
    fn at(&self, place: Series, i: usize) -> At {
        place.map_or([Fr::ZERO; POINTS - 1], |index| {
            let values = &self.series[index];
            at_points(values[2 * i], values[2 * i + 1])
        })
    }
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

fn terms(plan: &ScanPlan, sealed: &SealedProfile<Fr>, theta: Fr, places: &[Series]) -> Vec<Term> {
    let layout = plan.vector();
    let mut power = Fr::ONE;
    let mut powers = || {
        let now = power;
        power *= theta;
        now
    };
    let mut places = places.iter().copied();
    let mut place = || places.next().flatten();
    let mut terms = Vec::new();
    for &full in &layout.numeric_full {
        let powers = std::array::from_fn(|_| powers());
        terms.push(Term::Numeric { powers, u: place(), b: place(), full });
    }
    for &full in &layout.opaque_full {
        terms.push(Term::Opaque { powers: std::array::from_fn(|_| powers()), b: place(), full });
    }
    for (group, record) in sealed.grouped.iter().enumerate() {
        let powers = std::array::from_fn(|_| powers());
        terms.push(Term::Grouped { powers, m: place(), rest: place(), smallest: record.smallest, group });
    }
    for (&left, &right) in layout.left_full.iter().zip(&layout.right_full) {
        let powers = std::array::from_fn(|_| powers());
        terms.push(Term::Product { powers, u: [place(), place()], b: [place(), place()], full: [left, right] });
    }
    terms
}

/// The linear and quadratic terms of numeric and opaque columns over the first `pairs` pairs, in which every row counts, at
/// the points 0, 2, -1, 3. Powers of theta are the same in every row, so they multiply the sums.
fn add_full_pairs(state: &State, terms: &[Term], pairs: usize) -> At {
    let ends = |values: &[Fr], i: usize| (values[2 * i], values[2 * i + 1] - values[2 * i]);
    let line = |place: Series| {
        place.map_or([Fr::ZERO; 2], |index| {
            kernel::sum(pairs, |i, sums: &mut [Fr; 2]| {
                let (lo, slope) = ends(&state.series[index], i);
                sums[0] += lo;
                sums[1] += slope;
            })
        })
    };
    let at = |[value, slope]: [Fr; 2]| at_points(value, value + slope);
    let count = Fr::from(pairs as u64);
    let mut total = [Fr::ZERO; POINTS - 1];
    for term in terms {
        match term {
            Term::Numeric { powers, u, b, full } => {
                let [lo, slope, lo_lo, cross, slope_slope] = u.map_or([Fr::ZERO; 5], |index| {
                    kernel::sum(pairs, |i, sums: &mut [Fr; 5]| {
                        let (lo, slope) = ends(&state.series[index], i);
                        sums[0] += lo;
                        sums[1] += slope;
                        sums[2] += lo.square();
                        sums[3] += lo * slope;
                        sums[4] += slope.square();
                    })
                });
                let (u, b) = (at([lo, slope]), at(line(*b)));
                let squares = [0i64, 2, -1, 3].map(Fr::from).map(|x| lo_lo + x * (cross.double() + x * slope_slope));
                for k in 0..POINTS - 1 {
                    total[k] += powers[0] * u[k] + powers[1] * squares[k] + powers[2] * (b[k] + *full * count);
                }
            }
            Term::Opaque { powers, b, full } => {
                for (total, b) in total.iter_mut().zip(at(line(*b))) {
                    *total += powers[0] * (b + *full * count);
                }
            }
            Term::Grouped { .. } | Term::Product { .. } => {}
        }
    }
    total
}

/// Adds the summand on pair i at the points 0, 2, -1, 3, without what [`add_full_pairs`] has added when `full_pair`.
#[inline]
fn add_pair(state: &State, terms: &[Term], i: usize, full_pair: bool, sums: &mut At) {
    let weight = |weight: RowWeight| at_points(weight.value(2 * i), weight.value(2 * i + 1));
    let rows = (!state.rows.is_zero_from(2 * i)).then(|| weight(state.rows));
    let eq = state.eq.get(2 * i).zip(state.eq.get(2 * i + 1)).map(|(&lo, &hi)| at_points(lo, hi));
    let (mut plain, mut rules) = ([Fr::ZERO; POINTS - 1], [Fr::ZERO; POINTS - 1]);
    let mut has_rules = false;
    for term in terms {
        match term {
            Term::Grouped { powers, m, rest, smallest, group } => {
                let (m, rest) = (state.at(*m, i), state.at(*rest, i));
                let (inside, origin) = (weight(state.groups[*group]), weight(state.origin));
                let Some(eq) = eq else { continue };
                for k in 0..POINTS - 1 {
                    let zero = powers[0] * origin[k];
                    let outside = powers[1] * (Fr::ONE - inside[k]) * eq[k];
                    let counted = powers[2] * (inside[k] - origin[k]) * eq[k];
                    sums[k] += m[k] * (zero + outside) + (m[k] - smallest - rest[k]) * counted;
                }
            }
            _ if rows.is_none() => {}
            Term::Numeric { powers, u, b, full } => {
                if full_pair && b.is_none() {
                    continue;
                }
                let (u, b) = (state.at(*u, i), b.map(|b| state.at(Some(b), i)));
                if !full_pair {
                    for k in 0..POINTS - 1 {
                        let valid = b.map_or(*full, |b| b[k] + full);
                        plain[k] += u[k] * (powers[0] + powers[1] * u[k]) + powers[2] * valid;
                    }
                }
                if let Some(b) = b {
                    has_rules = true;
                    for k in 0..POINTS - 1 {
                        rules[k] += (powers[4] * u[k] - powers[3] * b[k]) * (Fr::ONE - b[k]);
                    }
                }
            }
            Term::Opaque { powers, b, full } => {
                has_rules = true;
                let b = state.at(*b, i);
                for k in 0..POINTS - 1 {
                    if !full_pair {
                        plain[k] += powers[0] * (b[k] + full);
                    }
                    rules[k] -= powers[1] * b[k] * (Fr::ONE - b[k]);
                }
            }
            Term::Product { powers, u, b, full } => {
                let [left, right] = u.map(|place| state.at(place, i));
                let [left_valid, right_valid] = b.map(|place| state.at(place, i));
                for k in 0..POINTS - 1 {
                    let (l, r) = (left[k], right[k]);
                    let (lv, rv) = (left_valid[k] + full[0], right_valid[k] + full[1]);
                    let left_part = l * rv * (powers[2] + powers[4] * l);
                    let right_part = r * lv * (powers[3] + powers[5] * r);
                    plain[k] += powers[0] * l * r + powers[1] * lv * rv + left_part + right_part;
                }
            }
        }
    }
    let Some(rows) = rows else { return };
    for k in 0..POINTS - 1 {
        let mut value = plain[k];
        if let (true, Some(eq)) = (has_rules, eq) {
            value += rules[k] * eq[k];
        }
        sums[k] += if full_pair { value } else { value * rows[k] };
    }
}
