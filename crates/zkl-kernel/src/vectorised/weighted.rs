//! The sumcheck of weighted forms: eq is split and never folded.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::{
    columns::{Columns, LEAST_FREE, Pairs},
    eq::{PairWeights, factor},
    totals,
    vector::scalar_eq_table,
};
use crate::{
    avx512::{Accumulator, Avx512, Block, Lanes, Task},
    portable,
    weighted::{WeightedForm, WeightedRounds},
};

/// Fewest rows, as a binary logarithm, that are worth vectors.
const LEAST_LOG_ROWS: usize = 9;

/// The sumcheck: vectors, and elements when few are left.
pub struct Weighted<'a>(State<'a>);

enum State<'a> {
    Vectors(Vectors<'a>),
    Elements(portable::Weighted<'a>),
}

struct Vectors<'a> {
    cpu: Avx512,
    columns: Columns<'a>,
    points: Vec<Point>,
}

struct Point {
    /// Coordinates that are not bound.
    z: Vec<Fr>,
    /// `eq` of the coordinates that are.
    bound: Fr,
}

impl<'a> Weighted<'a> {
    pub(super) fn new(cpu: Avx512, forms: &[WeightedForm<'a>], log_rows: usize) -> Self {
        if log_rows < LEAST_LOG_ROWS {
            return Self(State::Elements(portable::Weighted::new(forms, log_rows)));
        }
        let columns: Vec<_> = forms.iter().map(|weighted| &weighted.form).collect();
        let columns = Columns::of_forms(cpu, &columns, log_rows);
        let points = forms.iter().map(|weighted| Point { z: weighted.z.clone(), bound: Fr::ONE }).collect();
        Self(State::Vectors(Vectors { cpu, columns, points }))
    }
}

impl WeightedRounds for Weighted<'_> {
    fn sums(&mut self) -> [Fr; 2] {
        match &mut self.0 {
            State::Vectors(vectors) => vectors.sums(),
            State::Elements(weighted) => weighted.sums(),
        }
    }

    fn bind(&mut self, r: Fr) {
        match &mut self.0 {
            State::Elements(weighted) => return weighted.bind(r),
            State::Vectors(vectors) => {
                vectors.columns.bind(r);
                for point in &mut vectors.points {
                    point.bound *= factor(point.z.remove(0), r);
                }
                if vectors.columns.free() >= LEAST_FREE {
                    return;
                }
            }
        }
        let few = State::Elements(portable::Weighted::resume(Vec::new(), 0));
        if let State::Vectors(vectors) = std::mem::replace(&mut self.0, few) {
            self.0 = State::Elements(vectors.into_elements());
        }
    }

    fn ends(self) -> Vec<Fr> {
        match self.0 {
            State::Vectors(vectors) => vectors.into_elements().ends(),
            State::Elements(weighted) => weighted.ends(),
        }
    }
}

impl<'a> Vectors<'a> {
    fn into_elements(self) -> portable::Weighted<'a> {
        let free = self.columns.free();
        let weights = self.points.into_iter().map(|point| {
            let eq = scalar_eq_table(&point.z);
            eq.into_iter().map(|eq| eq * point.bound).collect()
        });
        let tables = self.columns.into_elements().into_iter().zip(weights).map(|(form, eq)| [form, eq]);
        portable::Weighted::resume(tables.collect(), free)
    }

    fn sums(&mut self) -> [Fr; 2] {
        let cpu = self.cpu;
        let chunk_blocks = self.columns.chunk_blocks();
        let weights: Vec<_> =
            self.points.iter().map(|point| PairWeights::new(cpu, &point.z[1..], chunk_blocks)).collect();
        let states = self.columns.pass(
            || (Pairs::zero(), vec![[Accumulator::new(cpu); 2]; weights.len()]),
            |segment, (pairs, totals)| {
                for chunk in 0..segment.chunks() {
                    let first = segment.first_block(chunk);
                    for (source, (weights, totals)) in weights.iter().zip(totals.iter_mut()).enumerate() {
                        if segment.fill(source, chunk, pairs) {
                            let (eq, weight) = (weights.blocks(), weights.chunk(first));
                            cpu.run(PairSums { pairs, eq, weight, totals });
                        }
                    }
                }
            },
        );
        let mut sums = [Fr::ZERO; 2];
        for (index, point) in self.points.iter().enumerate() {
            let parts = states.iter().map(|(_, sums)| totals::elements(cpu, &sums[index]));
            let [low, slope] = parts.fold([Fr::ZERO; 2], totals::add);
            // eq(z, X) = (1 - z) + X (2 z - 1) times low + X slope.
            let z = point.z[0];
            sums[0] += point.bound * (Fr::ONE - z) * low;
            sums[1] += point.bound * (z + z - Fr::ONE) * slope;
        }
        sums
    }
}

/// Adds `weight` times the sums of `eq low` and `eq slope` over a chunk.
struct PairSums<'s> {
    pairs: &'s Pairs,
    eq: &'s [Block<Fr>],
    weight: Fr,
    totals: &'s mut [Accumulator<Fr>; 2],
}

impl Task for PairSums<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let mut sums = [Accumulator::new(cpu); 2];
        for b in 0..self.eq.len() {
            let eq = Lanes::load(cpu, &self.eq[b]);
            let low = Lanes::load(cpu, &self.pairs.low[b]);
            let slope: Lanes<Fr, 4> = Lanes::load(cpu, &self.pairs.high[b]).minus(low);
            sums[0].add(eq, low);
            sums[1].add(eq, slope);
        }
        let weight = Lanes::splat(cpu, self.weight);
        for k in 0..2 {
            self.totals[k].add(sums[k].total(), weight);
        }
    }
}
