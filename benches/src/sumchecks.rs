//! The three sumchecks of a scan proof over a generated table, for any kernel: what benchmarks of kernels run.

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng},
};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _, UniformRand as _},
};
use zkl_kernel::{
    Cells, Form, Kernel, KernelTask,
    fraction::{Denominator, LayerRounds, Leaf, LeafGroup, Numerator},
    moments::{MomentsInput, MomentsRounds as _, Term},
    weighted::{WeightedForm, WeightedRounds as _},
};

/// Rows that count in a segment of 2^20.
const ROWS: usize = 1_000_000;

/// Random elements.
pub fn elements(len: usize, seed: u64) -> Vec<Fr> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    (0..len).map(|_| Fr::rand(&mut rng)).collect()
}

/// Columns as the lookups of ten columns of data have them: thirteen of limbs and codes, and three of validity.
#[derive(Debug)]
pub struct Table {
    log_rows: usize,
    columns: Vec<Vec<u16>>,
    valid: Vec<Vec<bool>>,
    multiplicities: Vec<u32>,
    challenges: Vec<Fr>,
}

impl Table {
    /// `2^log_rows` rows, or 10^6 in 2^20.
    pub fn new(log_rows: usize) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let rows = (1 << log_rows).min(ROWS);
        Self {
            log_rows,
            columns: (0..13).map(|_| (0..rows).map(|_| rng.next_u32() as u16).collect()).collect(),
            valid: (0..3).map(|_| (0..rows).map(|_| rng.next_u32() % 10 != 0).collect()).collect(),
            multiplicities: (0..1 << 16).map(|_| rng.next_u32() >> 8).collect(),
            challenges: elements(80, 5),
        }
    }

    /// Sixteen blocks: thirteen lookups, the limb table, and two trivial ones.
    fn groups(&self) -> Vec<LeafGroup<'_>> {
        let rows = self.columns[0].len();
        let q = |cells| Denominator::Form(Form { constant: self.challenges[70], terms: vec![(-Fr::ONE, cells)] });
        let lookups = self.columns.iter().map(|column| Leaf { p: Numerator::Below(rows), q: q(Cells::U16(column)) });
        let counts = Form { constant: Fr::ZERO, terms: vec![(-Fr::ONE, Cells::U32(&self.multiplicities))] };
        let table = Leaf { p: Numerator::Form(counts), q: q(Cells::Periodic { bits: 16 }) };
        let mut leaves: Vec<Leaf<'_>> = lookups.chain([table]).collect();
        leaves.resize_with(16, || Leaf::TRIVIAL);
        (0..4).map(|g| std::array::from_fn(|j| leaves[4 * j + g].clone())).collect()
    }

    /// Six numbers of two limbs, three of them nullable, and a product pair.
    fn moments(&self) -> MomentsInput<'_> {
        let (mut series, mut terms) = (Vec::new(), Vec::new());
        let powers: [Fr; 6] = std::array::from_fn(|k| self.challenges[k]);
        let [t0, t1, t2, t3, t4, _] = powers;
        for column in 0..6 {
            let u = Some(series.len());
            let limbs = [0, 1].map(|limb| (Fr::from(1u64 << (16 * limb)), Cells::U16(&self.columns[column + limb])));
            series.push(Form { constant: Fr::ZERO, terms: limbs.to_vec() });
            let b = self.valid.get(column).map(|valid| {
                series.push(Form { constant: Fr::ZERO, terms: vec![(Fr::ONE, Cells::Bits(valid))] });
                series.len() - 1
            });
            let full = if b.is_some() { Fr::ZERO } else { Fr::ONE };
            terms.push(Term::Numeric { powers: [t0, t1, t2, t3, t4], u, b, full });
        }
        terms.push(Term::Product { powers, u: [Some(0), Some(2)], b: [Some(1), Some(3)], full: [Fr::ZERO; 2] });
        let z = self.challenges[10..10 + self.log_rows].to_vec();
        MomentsInput { log_rows: self.log_rows, below: self.columns[0].len(), z, series, terms, limits: Vec::new() }
    }

    /// All columns at one point, and eight of them at another.
    fn opening(&self) -> Vec<WeightedForm<'_>> {
        let form = |columns: usize| {
            let terms = self.columns[..columns].iter().zip(&self.challenges);
            Form { constant: Fr::ZERO, terms: terms.map(|(column, r)| (*r, Cells::U16(column))).collect() }
        };
        let point = |at: usize| self.challenges[at..at + self.log_rows].to_vec();
        vec![WeightedForm { form: form(13), z: point(10) }, WeightedForm { form: form(8), z: point(40) }]
    }
}

/// The three sumchecks of a proof, and one layer of the first, with fixed challenges in place of a transcript.
#[derive(Clone, Copy, Debug)]
pub enum Pass {
    /// The layer above the leaves, made and reduced.
    DenseLayer,
    /// The tree of the lookups and all of its layers.
    Lookups,
    /// The moments of six columns.
    Moments,
    /// Thirteen columns weighted at one point, eight at another.
    Opening,
}

/// One pass over a table. Its result is a sum of the messages, the same with every kernel.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// What is proved about.
    pub table: &'a Table,
    /// Which part.
    pub pass: Pass,
}

impl KernelTask for Proof<'_> {
    type Output = Fr;

    fn run<K: Kernel>(self, kernel: K) -> Fr {
        let Table { log_rows, challenges, .. } = self.table;
        let (log_rows, r) = (*log_rows, &challenges[20..]);
        match self.pass {
            Pass::DenseLayer => {
                let level = kernel.above_leaves(&self.table.groups(), log_rows);
                rounds(&mut kernel.layer(level, r[0]), 1, log_rows, r)
            }
            Pass::Lookups => {
                let groups = self.table.groups();
                let mut levels = vec![kernel.above_leaves(&groups, log_rows)];
                while let Some(above) =
                    levels.last().filter(|level| kernel.nodes(level) >= 4).map(|level| kernel.above(level))
                {
                    levels.push(above);
                }
                let mut sum = Fr::ZERO;
                while let Some(level) = levels.pop() {
                    let log_nodes = kernel.nodes(&level).trailing_zeros() as usize;
                    if log_nodes >= 2 {
                        sum += rounds(&mut kernel.layer(level, r[0]), 1, log_nodes - 2, r);
                    }
                }
                sum + rounds(&mut kernel.leaf_layer(&groups, log_rows, r[0]), 4, log_rows, r)
            }
            Pass::Moments => {
                let mut moments = kernel.moments(&self.table.moments());
                let mut sum = Fr::ZERO;
                for r in &r[..log_rows] {
                    sum += moments.sums()[3];
                    moments.bind(*r);
                }
                sum
            }
            Pass::Opening => {
                let mut opening = kernel.weighted(&self.table.opening(), log_rows);
                let mut sum = Fr::ZERO;
                for r in &r[..log_rows] {
                    sum += opening.sums()[1];
                    opening.bind(*r);
                }
                sum
            }
        }
    }
}

fn rounds(layer: &mut impl LayerRounds, groups: usize, free: usize, challenges: &[Fr]) -> Fr {
    let mut sum = Fr::ZERO;
    for round in 0..free {
        sum += layer.sums(&challenges[..groups], &challenges[round + 1..free])[3];
        layer.bind(challenges[round]);
    }
    sum
}
