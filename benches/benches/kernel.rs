//! The field kernel: portable, vectorised and stock arkworks side by side, on 1 and 2 threads.
//!
//! `portable` and `avx512` are the two implementations of `zkl_kernel`; `arkworks` is what one writes with arkworks alone. A
//! processor without AVX-512 IFMA is named on the first line, and then `avx512` is left out.

use std::{hint::black_box, time::Duration};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use zkl_benches::{
    implementations::{kernels, on},
    sumchecks::{Pass, Proof, Table, elements},
};
use zkl_core::ark::{
    Fr,
    ff::Field as _,
    poly::{DenseMultilinearExtension, MultilinearExtension as _},
};
use zkl_kernel::{Kernel, KernelTask};

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
