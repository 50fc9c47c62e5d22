//! The moments sumcheck.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::{
    parallel,
    source::{Multiples, Source, TabledForm},
};
use crate::{
    moments::{MomentsInput, MomentsRounds, Series, Term},
    row_weight::RowWeight,
};

/// A pair of neighbours at the points 0, 2, -1, 3.
pub(crate) type At = [Fr; 4];

/// `low + X (high - low)` at the points of [`At`].
#[inline]
pub(crate) fn at_points(low: Fr, high: Fr) -> At {
    let slope = high - low;
    [low, high + slope, low - slope, high + slope + slope]
}

/// The weights that depend on the row.
pub(crate) struct Weights {
    pub(crate) rows: RowWeight,
    pub(crate) origin: RowWeight,
    pub(crate) groups: Vec<RowWeight>,
}

impl Weights {
    pub(crate) fn new(input: &MomentsInput<'_>) -> Self {
        let groups = input.limits.iter().map(|&limit| RowWeight::new(limit)).collect();
        Self { rows: RowWeight::new(input.below), origin: RowWeight::new(1), groups }
    }

    pub(crate) fn bind(&mut self, r: Fr) {
        for weight in [&mut self.rows, &mut self.origin].into_iter().chain(&mut self.groups) {
            *weight = weight.fold(r);
        }
    }
}

/// The state of the sumcheck: tables that shrink round by round.
pub struct Moments<'a> {
    series: Vec<Source<'a>>,
    terms: Vec<Term>,
    eq: Vec<Fr>,
    weights: Weights,
    free: usize,
}

impl<'a> Moments<'a> {
    pub(crate) fn new(input: &MomentsInput<'a>) -> Self {
        let rows = 1 << input.log_rows;
        let multiples = Multiples::new(input.series.iter(), rows);
        let dense = |form| Source::Dense(Source::Form(TabledForm::new(form, &multiples)).into_dense(rows));
        Self {
            series: input.series.iter().map(dense).collect(),
            terms: input.terms.clone(),
            eq: if input.has_rules() { parallel::eq_table(&input.z) } else { Vec::new() },
            weights: Weights::new(input),
            free: input.log_rows,
        }
    }

    /// A state in the middle of the sumcheck. `eq` is empty when no rule needs it.
    pub(crate) fn resume(series: Vec<Vec<Fr>>, terms: Vec<Term>, eq: Vec<Fr>, weights: Weights, free: usize) -> Self {
        Self { series: series.into_iter().map(Source::Dense).collect(), terms, eq, weights, free }
    }
}

impl MomentsRounds for Moments<'_> {
    fn sums(&mut self) -> [Fr; 4] {
        let pairs = 1usize << (self.free - 1);
        let full = self.weights.rows.ones() / 2;
        let bulk = add_full_pairs(&self.series, &self.terms, full);
        let products = self.terms.iter().any(|term| matches!(term, Term::Product { .. }));
        // Columns that are never null have nothing left to add where every row counts.
        let first = if self.eq.is_empty() && !products { full } else { 0 };
        let eq_at = |i: usize| self.eq.get(2 * i).zip(self.eq.get(2 * i + 1)).map(|(&low, &high)| at_points(low, high));
        let at = |place: Series, i: usize| {
            place.map_or([Fr::ZERO; 4], |index| {
                let source = &self.series[index];
                at_points(source.value(2 * i), source.value(2 * i + 1))
            })
        };
        let rest = parallel::sum(pairs.saturating_sub(first), |k, sums| {
            let i = first + k;
            add_pair(&self.terms, &self.weights, i, &|place| at(place, i), eq_at(i), i < full, sums);
        });
        std::array::from_fn(|k| bulk[k] + rest[k])
    }

    fn bind(&mut self, r: Fr) {
        let len = 1 << self.free;
        for series in &mut self.series {
            series.bind(len, r);
        }
        if !self.eq.is_empty() {
            let mut eq = Source::Dense(std::mem::take(&mut self.eq));
            eq.bind(len, r);
            self.eq = eq.into_dense(len / 2);
        }
        self.weights.bind(r);
        self.free -= 1;
    }

    fn ends(self) -> Vec<Fr> {
        self.series.iter().map(|source| source.value(0)).collect()
    }
}

/// Sums over pairs of a series: of `low`, `slope`, `low^2`, `low slope`, `slope^2`.
pub(crate) type PairSums = [Fr; 5];

/// The linear and quadratic terms of numeric and opaque columns over the first `pairs` pairs, in which every row counts, at
/// the points 0, 2, -1, 3. Powers of the challenge are the same in every row, so they multiply the sums.
fn add_full_pairs(series: &[Source<'_>], terms: &[Term], pairs: usize) -> At {
    let ends = |values: &Source<'_>, i: usize| {
        let (low, high) = (values.value(2 * i), values.value(2 * i + 1));
        (low, high - low)
    };
    let linear = |index: usize| {
        let [low, slope] = parallel::sum(pairs, |i, sums: &mut [Fr; 2]| {
            let (low, slope) = ends(&series[index], i);
            sums[0] += low;
            sums[1] += slope;
        });
        [low, slope, Fr::ZERO, Fr::ZERO, Fr::ZERO]
    };
    let quadratic = |index: usize| {
        parallel::sum(pairs, |i, sums: &mut PairSums| {
            let (low, slope) = ends(&series[index], i);
            sums[0] += low;
            sums[1] += slope;
            sums[2] += low.square();
            sums[3] += low * slope;
            sums[4] += slope.square();
        })
    };
    full_pairs(terms, pairs, linear, quadratic)
}

/// What [`add_full_pairs`] says, from sums over pairs: `linear` leaves the quadratic ones out.
pub(crate) fn full_pairs(
    terms: &[Term],
    pairs: usize,
    mut linear: impl FnMut(usize) -> PairSums,
    mut quadratic: impl FnMut(usize) -> PairSums,
) -> At {
    let at = |[value, slope, ..]: PairSums| at_points(value, value + slope);
    let count = Fr::from(pairs as u64);
    let mut total = [Fr::ZERO; 4];
    for term in terms {
        match term {
            Term::Numeric { powers, u, b, full } => {
                let u = u.map_or([Fr::ZERO; 5], &mut quadratic);
                let b = at(b.map_or([Fr::ZERO; 5], &mut linear));
                let squares = [0i64, 2, -1, 3].map(Fr::from).map(|x| u[2] + x * (u[3].double() + x * u[4]));
                let u = at(u);
                for k in 0..4 {
                    total[k] += powers[0] * u[k] + powers[1] * squares[k] + powers[2] * (b[k] + *full * count);
                }
            }
            Term::Opaque { powers, b, full } => {
                let b = at(b.map_or([Fr::ZERO; 5], &mut linear));
                for (total, b) in total.iter_mut().zip(b) {
                    *total += powers[0] * (b + *full * count);
                }
            }
            Term::Grouped { .. } | Term::Product { .. } => {}
        }
    }
    total
}

/// Adds the summand on pair i at the points 0, 2, -1, 3, without what [`full_pairs`] has added when `full_pair`.
#[inline]
pub(crate) fn add_pair(
    terms: &[Term],
    weights: &Weights,
    i: usize,
    at: &impl Fn(Series) -> At,
    eq: Option<At>,
    full_pair: bool,
    sums: &mut At,
) {
    let weight = |weight: RowWeight| at_points(weight.value(2 * i), weight.value(2 * i + 1));
    let rows = (!weights.rows.is_zero_from(2 * i)).then(|| weight(weights.rows));
    let (mut plain, mut rules) = ([Fr::ZERO; 4], [Fr::ZERO; 4]);
    let mut has_rules = false;
    for term in terms {
        match term {
            Term::Grouped { powers, m, rest, smallest, group } => {
                let (m, rest) = (at(*m), at(*rest));
                let (inside, origin) = (weight(weights.groups[*group]), weight(weights.origin));
                let Some(eq) = eq else { continue };
                for k in 0..4 {
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
                let (u, b) = (at(*u), b.map(|b| at(Some(b))));
                if !full_pair {
                    for k in 0..4 {
                        let valid = b.map_or(*full, |b| b[k] + full);
                        plain[k] += u[k] * (powers[0] + powers[1] * u[k]) + powers[2] * valid;
                    }
                }
                if let Some(b) = b {
                    has_rules = true;
                    for k in 0..4 {
                        rules[k] += (powers[4] * u[k] - powers[3] * b[k]) * (Fr::ONE - b[k]);
                    }
                }
            }
            Term::Opaque { powers, b, full } => {
                has_rules = true;
                let b = at(*b);
                for k in 0..4 {
                    if !full_pair {
                        plain[k] += powers[0] * (b[k] + full);
                    }
                    rules[k] -= powers[1] * b[k] * (Fr::ONE - b[k]);
                }
            }
            Term::Product { powers, u, b, full } => {
                let [left, right] = u.map(at);
                let [left_valid, right_valid] = b.map(at);
                for k in 0..4 {
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
    for k in 0..4 {
        let mut value = plain[k];
        if let (true, Some(eq)) = (has_rules, eq) {
            value += rules[k] * eq[k];
        }
        sums[k] += if full_pair { value } else { value * rows[k] };
    }
}
