//! Multi-scalar multiplication and transforms: portable, vectorised and stock arkworks side by side.
//!
//! `portable` and `avx512` are the two implementations of `zkl_kernel`; `arkworks` is what one writes with arkworks alone. A
//! processor without AVX-512 IFMA is named on the first line, and then `avx512` is left out.

#![expect(clippy::expect_used, reason = "a benchmark needs its inputs")]

use std::{hint::black_box, time::Duration};

use criterion::{
    BatchSize, BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main, measurement::WallTime,
};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng},
};
use zkl_argument::msm::{Curve, FixedBase, MsmBases, Scalars};
use zkl_benches::{
    implementations::{kernels, on},
    sumchecks::elements,
};
use zkl_core::ark::{
    Fr,
    bn254::{g1, g2},
    ec::{
        PrimeGroup as _, ScalarMul as _, VariableBaseMSM,
        short_weierstrass::{Affine, Projective},
    },
    ff::{FftField as _, Field as _},
    poly::{EvaluationDomain as _, Radix2EvaluationDomain},
};
use zkl_kernel::Domain;

fn points<C: Curve>(len: usize) -> Vec<Affine<C>> {
    FixedBase::new(Projective::<C>::generator()).multiply(&elements(len, 1))
}

/// Scalars of every kind.
struct Columns {
    u8s: Vec<u8>,
    u16s: Vec<u16>,
    codes: Vec<u16>,
    skewed: Vec<u16>,
    u32s: Vec<u32>,
    bits: Vec<bool>,
    full: Vec<Fr>,
}

impl Columns {
    fn new(len: usize, full: usize) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let noise: Vec<u64> = (0..len).map(|_| rng.next_u64()).collect();
        Self {
            u8s: noise.iter().map(|v| (v >> 56) as u8).collect(),
            u16s: noise.iter().map(|v| (v >> 48) as u16).collect(),
            codes: noise.iter().map(|v| (v % 300) as u16).collect(),
            skewed: noise.iter().map(|v| if v % 10 == 0 { (v >> 48) as u16 } else { 0 }).collect(),
            u32s: noise.iter().map(|v| (v >> 32) as u32).collect(),
            bits: noise.iter().map(|v| v >> 63 == 1).collect(),
            full: elements(full, 3),
        }
    }

    fn kinds(&self) -> [(&'static str, Scalars<'_>); 7] {
        [
            ("bits", Scalars::Bits(&self.bits)),
            ("u8", Scalars::U8(&self.u8s)),
            ("u16", Scalars::U16(&self.u16s)),
            ("300 codes", Scalars::U16(&self.codes)),
            ("u16, nine zeros in ten", Scalars::U16(&self.skewed)),
            ("u32", Scalars::U32(&self.u32s)),
            ("full", Scalars::Full(&self.full)),
        ]
    }
}

fn arkworks<G: VariableBaseMSM<ScalarField = Fr>>(bases: &[G::MulBase], scalars: Scalars<'_>) -> G {
    match scalars {
        Scalars::Bits(values) => G::msm_u1(bases, values),
        Scalars::U8(values) => G::msm_u8(bases, values),
        Scalars::U16(values) => G::msm_u16(bases, values),
        Scalars::U32(values) => G::msm_u32(bases, values),
        Scalars::U64(values) => G::msm_u64(bases, values),
        Scalars::Full(values) => G::msm_unchecked(&bases[..values.len()], values),
        _ => G::zero(),
    }
}

fn compare<C: Curve>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    bases: &[Affine<C>],
    scalars: &[(&str, Scalars<'_>)],
    threads: usize,
) where
    Projective<C>: VariableBaseMSM<ScalarField = Fr, MulBase = Affine<C>>,
{
    let kernels: Vec<_> =
        kernels().into_iter().map(|choice| (choice, MsmBases::prepared_for(choice, bases.to_vec()))).collect();
    for &(kind, scalars) in scalars {
        let n = scalars.len();
        let id = |name: &str| BenchmarkId::new(format!("{kind}, {threads} threads, {name}"), n);
        for (choice, bases) in &kernels {
            group.bench_function(id(choice.name()), |b| {
                on(threads, || b.iter(|| bases.msm(black_box(scalars)).expect("lengths fit")));
            });
        }
        group.bench_function(id("arkworks"), |b| {
            on(threads, || b.iter(|| arkworks::<Projective<C>>(&bases[..n], black_box(scalars))));
        });
    }
}

fn settings(group: &mut BenchmarkGroup<'_, WallTime>) {
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
}

fn g1(c: &mut Criterion) {
    let mut group = c.benchmark_group("msm in G1");
    settings(&mut group);
    let bases = points::<g1::Config>(1 << 20);
    for log_n in [10, 14, 16, 20] {
        // Full scalars stop at 2^17, where the keys do.
        let columns = Columns::new(1 << log_n, 1 << log_n.min(17));
        compare(&mut group, &bases[..1 << log_n], &columns.kinds(), 2);
        if log_n == 16 {
            compare(&mut group, &bases[..1 << log_n], &columns.kinds(), 1);
        }
    }
    group.finish();
}

fn g2(c: &mut Criterion) {
    let mut group = c.benchmark_group("msm in G2");
    settings(&mut group);
    let bases = points::<g2::Config>(1 << 16);
    for log_n in [10, 14, 16] {
        let columns = Columns::new(1 << log_n, 1 << log_n);
        let [bits, .., full] = columns.kinds();
        compare(&mut group, &bases[..1 << log_n], &[bits, full], 2);
    }
    group.finish();
}

fn fixed_bases(c: &mut Criterion) {
    let mut group = c.benchmark_group("multiples of one point");
    settings(&mut group);
    fn one<C: Curve>(group: &mut BenchmarkGroup<'_, WallTime>, name: &str) {
        let scalars = elements(1 << 14, 4);
        let generator = Projective::<C>::generator();
        for choice in kernels() {
            let base = FixedBase::prepared_for(choice, generator);
            group.bench_function(BenchmarkId::new(format!("{name}, {}", choice.name()), scalars.len()), |b| {
                on(2, || b.iter(|| base.multiply(black_box(&scalars))));
            });
        }
        group.bench_function(BenchmarkId::new(format!("{name}, arkworks"), scalars.len()), |b| {
            on(2, || b.iter(|| generator.batch_mul(black_box(&scalars))));
        });
    }
    one::<g1::Config>(&mut group, "G1");
    one::<g2::Config>(&mut group, "G2");
    group.finish();
}

/// The quotient polynomial of a Groth16 proof. Arkworks' prover makes seven transforms of it; its transforms are in place,
/// so the comparison is with six of them.
fn quotients(c: &mut Criterion) {
    let mut group = c.benchmark_group("quotient polynomial");
    settings(&mut group);
    for log_size in [10, 14, 16, 17] {
        let size = 1usize << log_size;
        let (a, b) = (elements(size, 5), elements(size, 6));
        for choice in kernels() {
            let domain = Domain::new(choice, log_size).expect("a domain");
            group.bench_function(BenchmarkId::new(choice.name(), size), |bencher| {
                on(2, || bencher.iter(|| domain.quotient(black_box(&a), black_box(&b)).expect("lengths fit")));
            });
        }
        let domain = Radix2EvaluationDomain::<Fr>::new(size).expect("a domain");
        let coset = domain.get_coset(Fr::GENERATOR).expect("a coset");
        let scale = Fr::from(3u64).inverse().expect("not zero");
        let quotient = |(mut a, mut b): (Vec<Fr>, Vec<Fr>)| {
            let mut c: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| *a * b).collect();
            for values in [&mut a, &mut b] {
                domain.ifft_in_place(values);
                coset.fft_in_place(values);
            }
            domain.ifft_in_place(&mut c);
            a.iter_mut().zip(&b).for_each(|(a, b)| *a *= b);
            coset.ifft_in_place(&mut a);
            a.iter_mut().zip(&c).for_each(|(a, c)| *a = (*a - c) * scale);
            a
        };
        group.bench_function(BenchmarkId::new("six transforms of arkworks", size), |bencher| {
            on(2, || bencher.iter_batched(|| (a.clone(), b.clone()), quotient, BatchSize::LargeInput));
        });
    }
    group.finish();
}

criterion_group!(benches, g1, g2, fixed_bases, quotients);
criterion_main!(benches);
