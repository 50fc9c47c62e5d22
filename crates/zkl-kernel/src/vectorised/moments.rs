//! The moments sumcheck.
//!
//! Blocks on which every weight is constant go through the sums of `moment_sums`; the few on which one changes (the last row that counts,
//! row 0 of a dictionary, its last code) go through the portable code, pair by pair.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _, MontFp},
};

use super::{
    columns::{Columns, LEAST_FREE, Pairs, Segment},
    eq::{PairWeights, factor},
    moment_sums::{GroupedPairs, GroupedSums, ProductPairs, ProductSums, RulePairs, RuleSums, SeriesPairs, SeriesSums},
    totals,
    vector::{self, scalar_eq_table},
};
use crate::{
    avx512::Avx512,
    moments::{MomentsInput, MomentsRounds, Series, Term},
    portable::{self, At, Weights, add_pair, at_points, full_pairs},
    row_weight::RowWeight,
};

/// Fewest rows, as a binary logarithm, that are worth vectors.
const LEAST_LOG_ROWS: usize = 9;

/// The sumcheck: vectors, and elements when few are left.
pub struct Moments<'a>(State<'a>);

enum State<'a> {
    Vectors(Box<Vectors<'a>>),
    Elements(portable::Moments<'a>),
}

struct Vectors<'a> {
    cpu: Avx512,
    columns: Columns<'a>,
    series: usize,
    /// Everything but dictionaries.
    terms: Vec<Term>,
    dictionaries: Vec<Term>,
    weights: Weights,
    has_rules: bool,
    /// Coordinates of the rules that are not bound, and `eq` of those that are.
    z: Vec<Fr>,
    bound: Fr,
}

impl<'a> Moments<'a> {
    pub(super) fn new(cpu: Avx512, input: &MomentsInput<'a>) -> Self {
        if input.log_rows < LEAST_LOG_ROWS {
            return Self(State::Elements(portable::Moments::new(input)));
        }
        let forms: Vec<_> = input.series.iter().collect();
        let (dictionaries, terms) = input.terms.iter().cloned().partition(|term| matches!(term, Term::Grouped { .. }));
        Self(State::Vectors(Box::new(Vectors {
            cpu,
            columns: Columns::of_forms(cpu, &forms, input.log_rows),
            series: forms.len(),
            terms,
            dictionaries,
            weights: Weights::new(input),
            has_rules: input.has_rules(),
            z: input.z.clone(),
            bound: Fr::ONE,
        })))
    }
}

impl MomentsRounds for Moments<'_> {
    fn sums(&mut self) -> [Fr; 4] {
        match &mut self.0 {
            State::Vectors(vectors) => vectors.sums(),
            State::Elements(moments) => moments.sums(),
        }
    }

    fn bind(&mut self, r: Fr) {
        match &mut self.0 {
            State::Elements(moments) => return moments.bind(r),
            State::Vectors(vectors) => {
                vectors.columns.bind(r);
                vectors.weights.bind(r);
                vectors.bound *= factor(vectors.z.remove(0), r);
                if vectors.columns.free() >= LEAST_FREE {
                    return;
                }
            }
        }
        let nothing = Weights { rows: RowWeight::new(0), origin: RowWeight::new(0), groups: Vec::new() };
        let few = State::Elements(portable::Moments::resume(Vec::new(), Vec::new(), Vec::new(), nothing, 0));
        if let State::Vectors(vectors) = std::mem::replace(&mut self.0, few) {
            self.0 = State::Elements(vectors.into_elements());
        }
    }

    fn ends(self) -> Vec<Fr> {
        match self.0 {
            State::Vectors(vectors) => vectors.into_elements().ends(),
            State::Elements(moments) => moments.ends(),
        }
    }
}

impl<'a> Vectors<'a> {
    fn into_elements(self) -> portable::Moments<'a> {
        let free = self.columns.free();
        let eq = if self.has_rules { scalar_eq_table(&self.z) } else { Vec::new() };
        let eq = eq.into_iter().map(|eq| eq * self.bound).collect();
        let terms = self.terms.into_iter().chain(self.dictionaries).collect();
        portable::Moments::resume(self.columns.into_elements(), terms, eq, self.weights, free)
    }

    fn sums(&mut self) -> [Fr; 4] {
        let cpu = self.cpu;
        let eq = PairWeights::new(cpu, &self.z[1..], self.columns.chunk_blocks());
        // The factor of eq that belongs to this coordinate, at 0 and at 1.
        let ends = [self.bound * (Fr::ONE - self.z[0]), self.bound * self.z[0]];
        let plan = Plan {
            cpu,
            terms: &self.terms,
            dictionaries: &self.dictionaries,
            weights: &self.weights,
            eq: &eq,
            ends,
            squares: squares(&self.terms, self.series),
        };
        let states = self.columns.pass(
            || Totals::new(cpu, self.series, plan.terms.len(), plan.dictionaries.len()),
            |segment, totals| {
                for chunk in 0..segment.chunks() {
                    plan.add_chunk(segment, chunk, totals);
                }
            },
        );
        plan.finish(&states)
    }
}

/// Which series enter the linear and quadratic sums, and which of them squared.
fn squares(terms: &[Term], series: usize) -> Vec<Option<bool>> {
    let mut squares = vec![None; series];
    for term in terms {
        match term {
            Term::Numeric { u, b, .. } => {
                if let Some(b) = *b {
                    squares[b] = squares[b].or(Some(false));
                }
                if let Some(u) = *u {
                    squares[u] = Some(true);
                }
            }
            Term::Opaque { b: Some(b), .. } => squares[*b] = squares[*b].or(Some(false)),
            _ => {}
        }
    }
    squares
}

/// What a round needs to know.
struct Plan<'p> {
    cpu: Avx512,
    terms: &'p [Term],
    dictionaries: &'p [Term],
    weights: &'p Weights,
    eq: &'p PairWeights,
    ends: [Fr; 2],
    squares: Vec<Option<bool>>,
}

/// Sums of one segment.
struct Totals {
    pairs: Vec<Box<Pairs>>,
    zero: Box<Pairs>,
    full_blocks: usize,
    series: Vec<SeriesSums>,
    rules: RuleSums,
    products: Vec<ProductSums>,
    dictionaries: Vec<GroupedSums>,
    /// Pairs that the portable code has added.
    single: At,
}

impl Totals {
    fn new(cpu: Avx512, series: usize, terms: usize, dictionaries: usize) -> Self {
        Self {
            pairs: (0..series).map(|_| Pairs::zero()).collect(),
            zero: Pairs::zero(),
            full_blocks: 0,
            series: vec![SeriesSums::new(cpu); series],
            rules: RuleSums::new(cpu),
            products: vec![ProductSums::new(cpu); terms],
            dictionaries: vec![GroupedSums::new(cpu); dictionaries],
            single: [Fr::ZERO; 4],
        }
    }

    fn at(&self, series: Series) -> &Pairs {
        series.map_or(&self.zero, |index| &self.pairs[index])
    }
}

/// How a weight behaves on a block of eight pairs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    Ones,
    Zeros,
    Both,
}

fn on_block(weight: RowWeight, block: usize) -> On {
    if 16 * (block + 1) <= weight.ones() {
        On::Ones
    } else if weight.is_zero_from(16 * block) {
        On::Zeros
    } else {
        On::Both
    }
}

impl Plan<'_> {
    fn add_chunk(&self, segment: &mut Segment<'_, '_>, chunk: usize, totals: &mut Totals) {
        for series in 0..totals.pairs.len() {
            if !segment.fill(series, chunk, &mut totals.pairs[series]) {
                *totals.pairs[series] = *Pairs::zero();
            }
        }
        let (first, count) = (segment.first_block(chunk), self.eq.blocks().len());
        let full = (0..count).take_while(|b| on_block(self.weights.rows, first + b) == On::Ones).count();
        if full > 0 {
            self.add_full_blocks(first, full, totals);
        }
        if full < count && on_block(self.weights.rows, first + full) == On::Both {
            self.add_singly(self.terms, first, full, totals);
        }
        for index in 0..self.dictionaries.len() {
            self.add_dictionary(index, first, count, totals);
        }
    }

    /// Blocks on which every row counts.
    fn add_full_blocks(&self, first: usize, full: usize, totals: &mut Totals) {
        totals.full_blocks += full;
        for (series, square) in self.squares.iter().enumerate() {
            if let &Some(square) = square {
                let (pairs, sums) = (&*totals.pairs[series], &mut totals.series[series]);
                self.cpu.run(SeriesPairs { pairs, blocks: full, square, sums });
            }
        }
        let mut rules = Vec::new();
        for term in self.terms {
            match term {
                Term::Numeric { powers, u, b: Some(b), .. } => {
                    rules.push((powers[4], totals.at(*u), powers[3], totals.at(Some(*b))));
                }
                Term::Opaque { powers, b: Some(b), .. } => {
                    rules.push((Fr::ZERO, &*totals.zero, powers[1], totals.at(Some(*b))));
                }
                _ => {}
            }
        }
        if !rules.is_empty() {
            let (eq, weight) = (&self.eq.blocks()[..full], self.eq.chunk(first));
            let mut sums = totals.rules;
            self.cpu.run(RulePairs { rules: &rules, eq, weight, sums: &mut sums });
            totals.rules = sums;
        }
        for (index, term) in self.terms.iter().enumerate() {
            if let Term::Product { u, b, full: constants, .. } = term {
                let mut sums = totals.products[index].clone();
                let (u, b) = (u.map(|u| totals.at(u)), b.map(|b| totals.at(b)));
                self.cpu.run(ProductPairs { u, b, full: *constants, blocks: full, sums: &mut sums });
                totals.products[index] = sums;
            }
        }
    }

    fn add_dictionary(&self, index: usize, first: usize, count: usize, totals: &mut Totals) {
        let term = &self.dictionaries[index];
        let Term::Grouped { m, rest, smallest, group, .. } = term else { return };
        let inside = self.weights.groups[*group];
        let kind = |b: usize| match on_block(inside, first + b) {
            _ if on_block(self.weights.origin, first + b) == On::Both => On::Both,
            kind => kind,
        };
        let mut b = 0;
        while b < count {
            let now = kind(b);
            let end = (b + 1..count).find(|&next| kind(next) != now).unwrap_or(count);
            if now == On::Both {
                for block in b..end {
                    self.add_singly(std::slice::from_ref(term), first, block, totals);
                }
            } else {
                let mut sums = totals.dictionaries[index];
                self.cpu.run(GroupedPairs {
                    m: totals.at(*m),
                    rest: totals.at(*rest),
                    smallest: *smallest,
                    inside: now == On::Ones,
                    range: b..end,
                    eq: self.eq.blocks(),
                    weight: self.eq.chunk(first),
                    sums: &mut sums,
                });
                totals.dictionaries[index] = sums;
            }
            b = end;
        }
    }

    /// Block `block` of the chunk, pair by pair.
    fn add_singly(&self, terms: &[Term], first: usize, block: usize, totals: &mut Totals) {
        let elements =
            |pairs: &Pairs| [&pairs.low[block], &pairs.high[block]].map(|half| vector::elements_of(self.cpu, half));
        let series: Vec<[[Fr; 8]; 2]> = totals.pairs.iter().map(|pairs| elements(pairs)).collect();
        for lane in 0..8 {
            let pair = 8 * (first + block) + lane;
            let weight = self.eq.pair(pair);
            let eq = at_points(weight * self.ends[0], weight * self.ends[1]);
            let at = |place: Series| {
                place.map_or([Fr::ZERO; 4], |index| at_points(series[index][0][lane], series[index][1][lane]))
            };
            add_pair(terms, self.weights, pair, &at, Some(eq), false, &mut totals.single);
        }
    }

    /// The round polynomial at 0, 2, -1 and 3.
    fn finish(&self, states: &[Totals]) -> At {
        let series = |index: usize| sum(states, |state| state.series[index].elements(self.cpu));
        let pairs = 8 * states.iter().map(|state| state.full_blocks).sum::<usize>();
        let mut total = full_pairs(self.terms, pairs, series, series);
        total = totals::add(total, sum(states, |state| state.single));

        let eq = at_points(self.ends[0], self.ends[1]);
        let [at_0, at_minus_1, leading] = sum(states, |state| state.rules.elements(self.cpu));
        let linear = at_0 + leading - at_minus_1;
        let mut rules = POINTS.map(|x| at_0 + x * (linear + x * leading));
        for (index, term) in self.dictionaries.iter().enumerate() {
            let Term::Grouped { powers, .. } = term else { continue };
            for (inside, power) in [(false, powers[1]), (true, powers[2])] {
                let [low, slope] = sum(states, |state| state.dictionaries[index].elements(self.cpu, inside));
                rules = totals::add(rules, POINTS.map(|x| power * (low + x * slope)));
            }
        }
        for k in 0..4 {
            total[k] += eq[k] * rules[k];
        }
        for (index, term) in self.terms.iter().enumerate() {
            let Term::Product { powers, .. } = term else { continue };
            for (point, total) in total.iter_mut().enumerate() {
                let monomials = sum(states, |state| state.products[index].elements(self.cpu, point));
                *total += powers.iter().zip(monomials).map(|(power, monomial)| *power * monomial).sum::<Fr>();
            }
        }
        total
    }
}

/// The points at which the round polynomial is given.
const POINTS: At = [Fr::ZERO, MontFp!("2"), MontFp!("-1"), MontFp!("3")];

fn sum<const N: usize>(states: &[Totals], of: impl Fn(&Totals) -> [Fr; N]) -> [Fr; N] {
    states.iter().map(of).fold([Fr::ZERO; N], totals::add)
}
