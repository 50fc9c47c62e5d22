//! The sums of the moments over pairs whose weights are constant.

use std::ops::Range;

use zkl_core::ark::{Fr, ff::Field as _};

use super::{columns::Pairs, totals};
use crate::avx512::{Accumulator, Avx512, Block, LaneSum, Lanes, Product, Task};

/// Sums of `low`, `slope`, `low^2`, `low slope` and `slope^2` of a series.
#[derive(Clone, Copy)]
pub(super) struct SeriesSums {
    linear: [LaneSum<Fr>; 2],
    quadratic: [Accumulator<Fr>; 3],
}

impl SeriesSums {
    pub(super) fn new(cpu: Avx512) -> Self {
        Self { linear: [LaneSum::new(cpu); 2], quadratic: [Accumulator::new(cpu); 3] }
    }

    /// Sums of `low`, `slope`, `low^2`, `low slope`, `slope^2`.
    pub(super) fn elements(&self, cpu: Avx512) -> [Fr; 5] {
        let [low, slope] = totals::elements(cpu, &self.linear);
        let [low_low, low_slope, slope_slope] = totals::elements(cpu, &self.quadratic);
        [low, slope, low_low, low_slope, slope_slope]
    }
}

/// Adds the first `blocks` blocks of a series.
pub(super) struct SeriesPairs<'s> {
    pub(super) pairs: &'s Pairs,
    pub(super) blocks: usize,
    pub(super) square: bool,
    pub(super) sums: &'s mut SeriesSums,
}

impl Task for SeriesPairs<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let mut linear = self.sums.linear;
        for b in 0..self.blocks {
            let (low, slope) = low_and_slope(cpu, self.pairs, b);
            linear[0].add(low);
            linear[1].add(slope);
        }
        self.sums.linear = linear;
        if self.square {
            let mut quadratic = self.sums.quadratic;
            for b in 0..self.blocks {
                let (low, slope) = low_and_slope(cpu, self.pairs, b);
                quadratic[0].add(low, low);
                quadratic[1].add(low, slope);
                quadratic[2].add(slope, slope);
            }
            self.sums.quadratic = quadratic;
        }
    }
}

#[inline(always)]
fn low_and_slope(cpu: Avx512, pairs: &Pairs, b: usize) -> (Lanes<Fr>, Lanes<Fr, 4>) {
    let low = Lanes::load(cpu, &pairs.low[b]);
    (low, Lanes::load(cpu, &pairs.high[b]).minus(low))
}

/// Sums of the rules, a quadratic: at 0, at -1, and its leading coefficient.
#[derive(Clone, Copy)]
pub(super) struct RuleSums([Accumulator<Fr>; 3]);

impl RuleSums {
    pub(super) fn new(cpu: Avx512) -> Self {
        Self([Accumulator::new(cpu); 3])
    }

    pub(super) fn elements(&self, cpu: Avx512) -> [Fr; 3] {
        totals::elements(cpu, &self.0)
    }
}

/// Adds `weight eq sum (t_u u - t_b b) (1 - b)` for rules `(t_u, u, t_b, b)`.
pub(super) struct RulePairs<'s> {
    pub(super) rules: &'s [(Fr, &'s Pairs, Fr, &'s Pairs)],
    pub(super) eq: &'s [Block<Fr>],
    pub(super) weight: Fr,
    pub(super) sums: &'s mut RuleSums,
}

impl Task for RulePairs<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let one = Lanes::splat(cpu, Fr::ONE);
        let mut sums = [Accumulator::new(cpu); 3];
        for b in 0..self.eq.len() {
            let mut values = [Accumulator::new(cpu); 3];
            for (t_u, u, t_b, bits) in self.rules {
                let (t_u, t_b) = (Lanes::splat(cpu, *t_u), Lanes::splat(cpu, -*t_b));
                let (u_low, u_slope) = low_and_slope(cpu, u, b);
                let (b_low, b_slope) = low_and_slope(cpu, bits, b);
                let left = Product::<Fr, 2>::of(u_low, t_u).plus_product::<2, 1, 4>(b_low, t_b).reduce();
                let left_slope = Product::<Fr, 4>::of(u_slope, t_u).plus_product::<4, 1, 8>(b_slope, t_b).reduce();
                let right: Lanes<Fr, 3> = one.minus(b_low);
                values[0].add(left, right);
                // The right factor's slope is that of -b.
                values[1].add(left.minus::<2, 4>(left_slope), right.plus::<4, 7>(b_slope));
                values[2].add(left_slope.negate::<3>(), b_slope);
            }
            let eq = Lanes::load(cpu, &self.eq[b]);
            for k in 0..3 {
                sums[k].add(eq, values[k].total());
            }
        }
        let weight = Lanes::splat(cpu, self.weight);
        for k in 0..3 {
            self.sums.0[k].add(sums[k].total(), weight);
        }
    }
}

/// Sums of the six monomials of a product pair at the four points.
#[derive(Clone)]
pub(super) struct ProductSums(Box<[PointSums; 4]>);

#[derive(Clone, Copy)]
struct PointSums {
    both: [Accumulator<Fr>; 2],
    crossed: [LaneSum<Fr>; 2],
    squared: [Accumulator<Fr>; 2],
}

impl ProductSums {
    pub(super) fn new(cpu: Avx512) -> Self {
        let sums = PointSums {
            both: [Accumulator::new(cpu); 2],
            crossed: [LaneSum::new(cpu); 2],
            squared: [Accumulator::new(cpu); 2],
        };
        Self(Box::new([sums; 4]))
    }

    /// Monomials in the order of the powers: `l r`, `lv rv`, `l rv`, `r lv`, `l^2 rv`, `r^2 lv`.
    pub(super) fn elements(&self, cpu: Avx512, point: usize) -> [Fr; 6] {
        let PointSums { both, crossed, squared } = &self.0[point];
        let [l_r, lv_rv] = totals::elements(cpu, both);
        let [l_rv, r_lv] = totals::elements(cpu, crossed);
        let [l_l_rv, r_r_lv] = totals::elements(cpu, squared);
        [l_r, lv_rv, l_rv, r_lv, l_l_rv, r_r_lv]
    }
}

/// Adds the first `blocks` blocks of a product pair.
pub(super) struct ProductPairs<'s> {
    pub(super) u: [&'s Pairs; 2],
    pub(super) b: [&'s Pairs; 2],
    pub(super) full: [Fr; 2],
    pub(super) blocks: usize,
    pub(super) sums: &'s mut ProductSums,
}

impl Task for ProductPairs<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let full = [Lanes::splat(cpu, self.full[0]), Lanes::splat(cpu, self.full[1])];
        for b in 0..self.blocks {
            let left = at_points(cpu, self.u[0], b);
            let right = at_points(cpu, self.u[1], b);
            let left_valid = at_points(cpu, self.b[0], b);
            let right_valid = at_points(cpu, self.b[1], b);
            for k in 0..4 {
                let sums = &mut self.sums.0[k];
                let (l, r) = (left[k], right[k]);
                let lv: Lanes<Fr, 7> = left_valid[k].plus(full[0]);
                let rv: Lanes<Fr, 7> = right_valid[k].plus(full[1]);
                sums.both[0].add(l, r);
                sums.both[1].add(lv, rv);
                let (l_rv, r_lv) = (l.times(rv), r.times(lv));
                sums.crossed[0].add(l_rv);
                sums.crossed[1].add(r_lv);
                sums.squared[0].add(l_rv, l);
                sums.squared[1].add(r_lv, r);
            }
        }
    }
}

/// A pair of neighbours at 0, 2, -1 and 3.
#[inline(always)]
fn at_points(cpu: Avx512, pairs: &Pairs, b: usize) -> [Lanes<Fr, 6>; 4] {
    let (low, slope) = low_and_slope(cpu, pairs, b);
    let slope = slope.halve::<2>();
    let at_2: Lanes<Fr, 4> = Lanes::load(cpu, &pairs.high[b]).plus(slope);
    [low.weaken(), at_2.weaken(), low.minus::<2, 4>(slope).weaken(), at_2.plus(slope)]
}

/// Sums of a dictionary's rules: outside and inside of the codes in use, `low` and `slope`.
#[derive(Clone, Copy)]
pub(super) struct GroupedSums([[Accumulator<Fr>; 2]; 2]);

impl GroupedSums {
    pub(super) fn new(cpu: Avx512) -> Self {
        Self([[Accumulator::new(cpu); 2]; 2])
    }

    pub(super) fn elements(&self, cpu: Avx512, inside: bool) -> [Fr; 2] {
        totals::elements(cpu, &self.0[usize::from(inside)])
    }
}

/// Adds `weight eq m` outside, `weight eq (m - rest - smallest)` inside.
pub(super) struct GroupedPairs<'s> {
    pub(super) m: &'s Pairs,
    pub(super) rest: &'s Pairs,
    pub(super) smallest: Fr,
    pub(super) inside: bool,
    pub(super) range: Range<usize>,
    pub(super) eq: &'s [Block<Fr>],
    pub(super) weight: Fr,
    pub(super) sums: &'s mut GroupedSums,
}

impl Task for GroupedPairs<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let smallest = Lanes::splat(cpu, self.smallest);
        let mut sums = [Accumulator::new(cpu); 2];
        for b in self.range {
            let eq = Lanes::load(cpu, &self.eq[b]);
            let (m_low, m_slope) = low_and_slope(cpu, self.m, b);
            if self.inside {
                let (rest_low, rest_slope) = low_and_slope(cpu, self.rest, b);
                sums[0].add(eq, m_low.minus::<2, 4>(rest_low).minus::<1, 5>(smallest));
                sums[1].add(eq, m_slope.minus::<4, 8>(rest_slope));
            } else {
                sums[0].add(eq, m_low);
                sums[1].add(eq, m_slope);
            }
        }
        let weight = Lanes::splat(cpu, self.weight);
        let totals = &mut self.sums.0[usize::from(self.inside)];
        for k in 0..2 {
            totals[k].add(sums[k].total(), weight);
        }
    }
}
