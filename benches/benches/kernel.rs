//! The field kernel: portable, vectorised and stock arkworks side by side, on 1 and 2 threads.
//!
//! `portable` and `avx512` are the two implementations of `zkl_kernel`; `arkworks` is what one writes with arkworks alone. A
//! processor without AVX-512 IFMA is named on the first line, and then `avx512` is left out.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark reports, and needs its inputs")]

use std::{hint::black_box, time::Duration};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng},
};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _, UniformRand as _},
    poly::{DenseMultilinearExtension, MultilinearExtension as _},
};
use zkl_kernel::{
    Cells, Choice, Form, Kernel, KernelTask, Portable,
    fraction::{Denominator, LayerRounds, Leaf, LeafGroup, Numerator},
    moments::{MomentsInput, MomentsRounds as _, Term},
    weighted::{WeightedForm, WeightedRounds as _},
};

/// Rows that count in a segment of 2^20.
const ROWS: usize = 1_000_000;

fn kernels() -> Vec<Choice> {
    let mut kernels = vec![Choice::Portable(Portable)];
    match Choice::named("avx512") {
        Ok(kernel) => kernels.push(kernel),
        Err(error) => println!("avx512 is left out: {error}"),
    }
    kernels
}

fn on<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(work)
}

fn elements(len: usize, seed: u64) -> Vec<Fr> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    (0..len).map(|_| Fr::rand(&mut rng)).collect()
}

/// One operation on vectors, repeated by criterion.
#[derive(Clone, Copy)]
enum Operation {
    Multiply,
    Fold,
    InnerProduct,
    EqTable,
}

const OPERATIONS: [(&str, Operation); 4] = [
    ("multiply", Operation::Multiply),
    ("fold", Operation::Fold),
    ("inner product", Operation::InnerProduct),
    ("eq table", Operation::EqTable),
];

struct Measured<'b, 'm> {
    bencher: &'b mut criterion::Bencher<'m>,
    operation: Operation,
    log_len: usize,
}

impl KernelTask for Measured<'_, '_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let len = 1 << self.log_len;
        let (a, b) = (kernel.vector(&elements(len, 1)), kernel.vector(&elements(len, 2)));
        let z = elements(self.log_len, 3);
        match self.operation {
            Operation::Multiply => {
                let mut product = a;
                self.bencher.iter(|| kernel.multiply(&mut product, black_box(&b)));
            }
            // What a fold costs beside the copy that it consumes is small: the copy is a stream of bytes.
            Operation::Fold => {
                self.bencher.iter_batched_ref(|| a.clone(), |a| kernel.fold(a, z[0]), criterion::BatchSize::LargeInput);
            }
            Operation::InnerProduct => self.bencher.iter(|| kernel.inner_product(black_box(&a), black_box(&b))),
            Operation::EqTable => self.bencher.iter(|| kernel.eq_table(black_box(&z))),
        }
    }
}

/// The same with arkworks alone, on one thread as it comes.
fn arkworks(bencher: &mut criterion::Bencher<'_>, operation: Operation, log_len: usize) {
    let len = 1 << log_len;
    let (a, b) = (elements(len, 1), elements(len, 2));
    let z = elements(log_len, 3);
    match operation {
        Operation::Multiply => {
            let mut product = a;
            bencher.iter(|| product.iter_mut().zip(black_box(&b)).for_each(|(a, b)| *a *= b));
        }
        Operation::Fold => {
            let extension = DenseMultilinearExtension::from_evaluations_vec(log_len, a);
            bencher.iter(|| extension.fix_variables(black_box(&z[..1])));
        }
        Operation::InnerProduct => {
            bencher.iter(|| black_box(&a).iter().zip(black_box(&b)).map(|(a, b)| *a * b).sum::<Fr>());
        }
        Operation::EqTable => bencher.iter(|| {
            let mut table = vec![Fr::ONE];
            for r in black_box(&z) {
                let high: Vec<Fr> = table.iter().map(|low| *low * r).collect();
                table.iter_mut().zip(&high).for_each(|(low, high)| *low -= high);
                table.extend(high);
            }
            table
        }),
    }
}

fn vectors(c: &mut Criterion) {
    for (name, operation) in OPERATIONS {
        let mut group = c.benchmark_group(name);
        group.sample_size(10).measurement_time(Duration::from_secs(1)).warm_up_time(Duration::from_millis(300));
        for log_len in [10, 14, 17, 20] {
            group.throughput(Throughput::Elements(1 << log_len));
            group.bench_function(BenchmarkId::new("arkworks, 1 thread", log_len), |bencher| {
                arkworks(bencher, operation, log_len);
            });
            for kernel in kernels() {
                for threads in [1, 2] {
                    let id = BenchmarkId::new(format!("{}, {threads} threads", kernel.name()), log_len);
                    group.bench_function(id, |bencher| {
                        on(threads, || kernel.run(Measured { bencher, operation, log_len }));
                    });
                }
            }
        }
        group.finish();
    }
}

/// Columns as the lookups of ten columns of data have them: thirteen of limbs and codes, and three of validity.
struct Table {
    log_rows: usize,
    columns: Vec<Vec<u16>>,
    valid: Vec<Vec<bool>>,
    multiplicities: Vec<u32>,
    challenges: Vec<Fr>,
}

impl Table {
    /// 2^16 rows, or 10^6 in 2^20.
    fn new(log_rows: usize) -> Self {
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
#[derive(Clone, Copy)]
enum Pass {
    DenseLayer,
    Lookups,
    Moments,
    Opening,
}

#[derive(Clone, Copy)]
struct Proof<'a> {
    table: &'a Table,
    pass: Pass,
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

fn passes(c: &mut Criterion) {
    let passes = [
        ("joining leaves and their parents' layer", Pass::DenseLayer),
        ("lookups, 13 columns", Pass::Lookups),
        ("moments, 6 columns", Pass::Moments),
        ("opening, 13 columns", Pass::Opening),
    ];
    for log_rows in [12, 16, 20] {
        let table = Table::new(log_rows);
        for (name, pass) in passes {
            let mut group = c.benchmark_group(format!("{name}, 2^{log_rows}"));
            group.sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(300));
            group.sampling_mode(criterion::SamplingMode::Flat);
            let proof = Proof { table: &table, pass };
            let sums: Vec<Fr> = kernels().into_iter().map(|kernel| kernel.run(proof)).collect();
            assert!(sums.windows(2).all(|pair| pair[0] == pair[1]), "both kernels send the same");
            for kernel in kernels() {
                for threads in [1, 2] {
                    group.bench_function(format!("{}, {threads} threads", kernel.name()), |bencher| {
                        on(threads, || bencher.iter(|| kernel.run(proof)));
                    });
                }
            }
            group.finish();
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = vectors, passes
}
criterion_main!(benches);
