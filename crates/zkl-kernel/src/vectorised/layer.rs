//! The sumcheck of a layer of the fractional sum.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::{
    columns::{Columns, LEAST_FREE, Pairs, Segment},
    eq::PairWeights,
    node::{NodeSums, Numerator},
    totals,
    tree::{Kind, LEAST_LOG_ROWS, Level},
    vector,
};
use crate::{
    avx512::{Accumulator, Avx512, Block},
    fraction::{self, Denominator, LayerRounds, LeafGroup, quadratic_at_two},
    portable::{self, ResumedNumerators},
    row_weight::RowWeight,
};

/// The sumcheck of a layer: vectors, and elements when few are left.
pub struct Layer<'a>(State<'a>);

enum State<'a> {
    Vectors(Vectors<'a>),
    Elements(portable::Layer<'a>),
}

struct Vectors<'a> {
    cpu: Avx512,
    columns: Columns<'a>,
    groups: Vec<[Child; 4]>,
    lambda: Fr,
}

#[derive(Clone, Copy)]
struct Child {
    p: Numerators,
    /// Position among the columns, or `None` for 1.
    q: Option<usize>,
}

#[derive(Clone, Copy)]
enum Numerators {
    Zero,
    One,
    Rows(RowWeight),
    /// Position among the columns.
    Values(usize),
}

impl Child {
    fn is_trivial(&self) -> bool {
        matches!(self, Self { p: Numerators::Zero, q: None })
    }
}

impl<'a> Layer<'a> {
    pub(super) fn of_leaves(cpu: Avx512, groups: &[LeafGroup<'a>], log_rows: usize, lambda: Fr) -> Self {
        if log_rows < LEAST_LOG_ROWS {
            return Self(State::Elements(portable::Layer::of_leaves(groups, log_rows, lambda)));
        }
        let mut forms = Vec::new();
        let mut children = Vec::with_capacity(groups.len());
        for group in groups {
            let mut four = [Child { p: Numerators::Zero, q: None }; 4];
            for (child, leaf) in four.iter_mut().zip(group) {
                child.p = match &leaf.p {
                    fraction::Numerator::Zero => Numerators::Zero,
                    fraction::Numerator::One => Numerators::One,
                    fraction::Numerator::Below(rows) => Numerators::Rows(RowWeight::new(*rows)),
                    fraction::Numerator::Form(form) => {
                        forms.push(form);
                        Numerators::Values(forms.len() - 1)
                    }
                };
                if let Denominator::Form(form) = &leaf.q {
                    child.q = Some(forms.len());
                    forms.push(form);
                }
            }
            children.push(four);
        }
        let columns = Columns::of_forms(cpu, &forms, log_rows);
        Self(State::Vectors(Vectors { cpu, columns, groups: children, lambda }))
    }

    pub(super) fn of_level(cpu: Avx512, level: Level, lambda: Fr) -> Self {
        match level.0 {
            Kind::Elements(level) => Self(State::Elements(portable::Layer::of_level(level, lambda))),
            Kind::Vectors { p, q, log_nodes } => {
                let columns = Columns::of_tables(cpu, p.into_iter().chain(*q).collect(), log_nodes - 2);
                let group = std::array::from_fn(|j| Child { p: Numerators::Values(j), q: Some(4 + j) });
                Self(State::Vectors(Vectors { cpu, columns, groups: vec![group], lambda }))
            }
        }
    }
}

impl LayerRounds for Layer<'_> {
    fn free(&self) -> usize {
        match &self.0 {
            State::Vectors(vectors) => vectors.columns.free(),
            State::Elements(layer) => layer.free(),
        }
    }

    fn sums(&mut self, weights: &[Fr], z: &[Fr]) -> [Fr; 4] {
        match &mut self.0 {
            State::Vectors(vectors) => vectors.sums(weights, z),
            State::Elements(layer) => layer.sums(weights, z),
        }
    }

    fn bind(&mut self, r: Fr) {
        match &mut self.0 {
            State::Elements(layer) => return layer.bind(r),
            State::Vectors(vectors) => vectors.bind(r),
        }
        if self.free() < LEAST_FREE {
            let few = State::Elements(portable::Layer::resume(Vec::new(), 0, Fr::ZERO));
            if let State::Vectors(vectors) = std::mem::replace(&mut self.0, few) {
                self.0 = State::Elements(vectors.into_elements());
            }
        }
    }

    fn ends(self) -> Vec<([Fr; 4], [Fr; 4])> {
        match self.0 {
            State::Vectors(vectors) => vectors.into_elements().ends(),
            State::Elements(layer) => layer.ends(),
        }
    }
}

impl<'a> Vectors<'a> {
    fn bind(&mut self, r: Fr) {
        self.columns.bind(r);
        for child in self.groups.iter_mut().flatten() {
            if let Numerators::Rows(weight) = &mut child.p {
                *weight = weight.fold(r);
            }
        }
    }

    fn into_elements(self) -> portable::Layer<'a> {
        let free = self.columns.free();
        let mut tables = self.columns.into_elements();
        let mut take = |index: usize| std::mem::take(&mut tables[index]);
        let mut child = |child: &Child| {
            let p = match child.p {
                Numerators::Zero => ResumedNumerators::Zero,
                Numerators::One => ResumedNumerators::One,
                Numerators::Rows(weight) => ResumedNumerators::Rows(weight),
                Numerators::Values(index) => ResumedNumerators::Values(take(index)),
            };
            (p, child.q.map(&mut take))
        };
        let groups = self.groups.iter().map(|group| std::array::from_fn(|j| child(&group[j]))).collect();
        portable::Layer::resume(groups, free, self.lambda)
    }

    fn sums(&mut self, weights: &[Fr], z: &[Fr]) -> [Fr; 4] {
        let (cpu, lambda) = (self.cpu, self.lambda);
        let pair_weights = PairWeights::new(cpu, z, self.columns.chunk_blocks());
        let groups: Vec<Vec<Child>> = self
            .groups
            .iter()
            .map(|group| group.iter().filter(|child| !child.is_trivial()).copied().collect())
            .collect();
        let states = self.columns.pass(
            || Scratch::new(cpu, groups.len()),
            |segment, scratch| {
                for chunk in 0..segment.chunks() {
                    for (index, group) in groups.iter().enumerate() {
                        scratch.add_chunk(segment, chunk, index, group, &pair_weights, lambda);
                    }
                }
            },
        );
        let mut sums = [Fr::ZERO; 4];
        for (index, (group, weight)) in groups.iter().zip(weights).enumerate() {
            let parts = states.iter().map(|state| totals::elements(cpu, &state.totals[index]));
            let [s0, s1, s2, s3] = parts.fold([Fr::ZERO; 4], totals::add);
            let values = match group.len() {
                // sum_i eq(i, z) = 1
                0 => [lambda, lambda, lambda, Fr::ZERO],
                1 => [s0, s0 + s3 + s3, s0 - s3, Fr::ZERO],
                2 => [s0, quadratic_at_two(s0, s2, s3), s2, Fr::ZERO],
                3 => [s0, s1, s2, Fr::ZERO],
                _ => [s0, s1, s2, s3],
            };
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value * weight;
            }
        }
        sums
    }
}

/// Room for one segment at a time, and its sums.
struct Scratch {
    cpu: Avx512,
    p: [Box<Pairs>; 4],
    q: [Box<Pairs>; 4],
    totals: Vec<[Accumulator<Fr>; 4]>,
}

impl Scratch {
    fn new(cpu: Avx512, groups: usize) -> Self {
        Self {
            cpu,
            p: std::array::from_fn(|_| Pairs::zero()),
            q: std::array::from_fn(|_| Pairs::zero()),
            totals: vec![[Accumulator::new(cpu); 4]; groups],
        }
    }

    fn add_chunk(
        &mut self,
        segment: &mut Segment<'_, '_>,
        chunk: usize,
        index: usize,
        group: &[Child],
        weights: &PairWeights,
        lambda: Fr,
    ) {
        let (first, count) = (segment.first_block(chunk), weights.blocks().len());
        let mut kinds = [Kinds::Zero; 4];
        for (j, child) in group.iter().enumerate() {
            match child.q {
                None => *self.q[j] = *Pairs::constant(self.cpu, Fr::ONE),
                Some(source) if segment.fill(source, chunk, &mut self.q[j]) => {}
                Some(_) => *self.q[j] = *Pairs::zero(),
            }
            kinds[j] = match child.p {
                Numerators::Zero => Kinds::Zero,
                Numerators::One => Kinds::One,
                Numerators::Rows(weight) if 16 * (first + count) <= weight.ones() => Kinds::One,
                Numerators::Rows(weight) if weight.is_zero_from(16 * first) => Kinds::Zero,
                Numerators::Rows(weight) => {
                    write_weight(self.cpu, weight, first, &mut self.p[j], count);
                    Kinds::Values
                }
                Numerators::Values(source) if segment.fill(source, chunk, &mut self.p[j]) => Kinds::Values,
                Numerators::Values(_) => Kinds::Zero,
            };
        }
        match group.len() {
            0 => {}
            1 => self.add::<1>(&kinds, index, first, weights, lambda),
            2 => self.add::<2>(&kinds, index, first, weights, lambda),
            3 => self.add::<3>(&kinds, index, first, weights, lambda),
            _ => self.add::<4>(&kinds, index, first, weights, lambda),
        }
    }

    fn add<const A: usize>(
        &mut self,
        kinds: &[Kinds; 4],
        index: usize,
        first: usize,
        weights: &PairWeights,
        lambda: Fr,
    ) {
        let p = std::array::from_fn(|j| match kinds[j] {
            Kinds::Zero => Numerator::Zero,
            Kinds::One => Numerator::One,
            Kinds::Values => Numerator::Values(&self.p[j]),
        });
        let q = std::array::from_fn(|j| &*self.q[j]);
        let totals = &mut self.totals[index];
        self.cpu.run(NodeSums::<A> { p, q, eq: weights.blocks(), lambda, weight: weights.chunk(first), totals });
    }
}

#[derive(Clone, Copy)]
enum Kinds {
    Zero,
    One,
    Values,
}

/// The weight of rows on a chunk on which it changes.
fn write_weight(cpu: Avx512, weight: RowWeight, first: usize, pairs: &mut Pairs, count: usize) {
    for b in 0..count {
        let at = |odd: usize| -> Block<Fr> {
            vector::block(cpu, &std::array::from_fn(|i| weight.value(16 * (first + b) + 2 * i + odd)))
        };
        (pairs.low[b], pairs.high[b]) = (at(0), at(1));
    }
}
