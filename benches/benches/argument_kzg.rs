//! Multi-scalar multiplication by kind of scalar, and HyperKZG openings, each against stock arkworks.

#![expect(clippy::expect_used, reason = "without its inputs a benchmark has nothing to measure")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng},
};
use zkl_argument::{
    commit::{Commitment, CommitmentSeed, RowGroups, commit_column},
    hyperkzg::{open, verify},
    mle,
    msm::Scalars,
    srs::Srs,
};
use zkl_core::ark::{
    Fr, G1Affine, G1Projective,
    ec::{CurveGroup, VariableBaseMSM},
    ff::UniformRand,
};

const KAPPA: usize = 16;
const ROWS: usize = 1 << KAPPA;

fn srs() -> Srs {
    Srs::dev(ROWS, Srs::DEV_SEED).expect("a reference string of 2^16 powers")
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

fn msm(c: &mut Criterion) {
    let srs = srs();
    let mut rng = rng();
    let noise: Vec<u64> = (0..ROWS).map(|_| rng.next_u64()).collect();
    let bits: Vec<_> = noise.iter().map(|v| v >> 63 == 1).collect();
    let u8s: Vec<_> = noise.iter().map(|v| (v >> 56) as u8).collect();
    let u16s: Vec<_> = noise.iter().map(|v| (v >> 48) as u16).collect();
    let u32s: Vec<_> = noise.iter().map(|v| (v >> 32) as u32).collect();
    let codes: Vec<_> = noise.iter().map(|v| (v % 300) as u16).collect();
    let skewed: Vec<_> = noise.iter().map(|v| if v % 10 == 0 { (v >> 48) as u16 } else { 0 }).collect();
    let full: Vec<_> = (0..ROWS).map(|_| Fr::rand(&mut rng)).collect();
    let bases: &[G1Affine] = srs.powers();

    let mut group = c.benchmark_group("msm 2^16");
    group.sample_size(20);
    let kinds: [(&str, Scalars<'_>); 8] = [
        ("bits", Scalars::Bits(&bits)),
        ("u8", Scalars::U8(&u8s)),
        ("u16", Scalars::U16(&u16s)),
        ("300 codes", Scalars::U16(&codes)),
        ("nine zeros in ten", Scalars::U16(&skewed)),
        ("u32", Scalars::U32(&u32s)),
        ("u64", Scalars::U64(&noise)),
        ("full", Scalars::Full(&full)),
    ];
    for (kind, scalars) in kinds {
        group.bench_function(BenchmarkId::new("ours", kind), |b| b.iter(|| srs.bases().msm(black_box(scalars))));
        group.bench_function(BenchmarkId::new("arkworks", kind), |b| b.iter(|| arkworks(bases, black_box(scalars))));
    }
    group.finish();
}

fn arkworks(bases: &[G1Affine], scalars: Scalars<'_>) -> G1Projective {
    match scalars {
        Scalars::Bits(values) => G1Projective::msm_u1(bases, values),
        Scalars::U8(values) => G1Projective::msm_u8(bases, values),
        Scalars::U16(values) => G1Projective::msm_u16(bases, values),
        Scalars::U32(values) => G1Projective::msm_u32(bases, values),
        Scalars::U64(values) => G1Projective::msm_u64(bases, values),
        Scalars::Full(values) => G1Projective::msm_unchecked(&bases[..values.len()], values),
        _ => G1Projective::default(),
    }
}

fn columns(c: &mut Criterion) {
    let srs = srs();
    let groups = RowGroups::new(KAPPA as u32, 16).expect("a shape");
    let seed = CommitmentSeed::from_bytes([1; 32]);
    let mut rng = rng();
    let limbs: Vec<_> = (0..16 * ROWS).map(|_| rng.next_u32() as u16).collect();
    let mut group = c.benchmark_group("column 2^20");
    group.sample_size(10);
    group.bench_function("commit u16, 16 groups", |b| {
        b.iter(|| commit_column(&srs, groups, 0, black_box(Scalars::U16(&limbs)), &seed));
    });
    group.finish();
}

fn opening(c: &mut Criterion) {
    let srs = srs();
    let mut rng = rng();
    let mut group = c.benchmark_group("hyperkzg");
    group.sample_size(10);
    for kappa in [14, 16] {
        let polynomial: Vec<_> = (0..1 << kappa).map(|_| Fr::rand(&mut rng)).collect();
        let point: Vec<_> = (0..kappa).map(|_| Fr::rand(&mut rng)).collect();
        let value = mle::evaluate(&polynomial, &point).expect("lengths fit");
        let commitment =
            Commitment::new(srs.bases().msm(Scalars::Full(&polynomial)).expect("lengths fit").into_affine());
        let prove = || open(&srs, b"bench", &commitment, &polynomial, &point, &value).expect("an honest opening");
        let proof = prove();
        group.bench_function(BenchmarkId::new("open", kappa), |b| b.iter(prove));
        // What any prover of this protocol commits to, with stock multiplication and nothing else.
        group.bench_function(BenchmarkId::new("arkworks, commitments of an opening alone", kappa), |b| {
            b.iter(|| {
                let folds = (1..kappa).map(|i| G1Projective::msm_unchecked(srs.powers(), &polynomial[..1 << i]));
                let quotients = (0..3).map(|_| G1Projective::msm_unchecked(srs.powers(), &polynomial[1..]));
                folds.chain(quotients).sum::<G1Projective>()
            });
        });
        group.bench_function(BenchmarkId::new("verify", kappa), |b| {
            b.iter(|| verify(srs.verifier_key(), b"bench", &commitment, &point, &value, black_box(&proof)));
        });
    }
    group.finish();
}

fn strings(c: &mut Criterion) {
    let bytes = srs().to_bytes();
    let mut group = c.benchmark_group("reference string 2^16");
    group.sample_size(10);
    group.bench_function("load", |b| b.iter(|| Srs::from_bytes(black_box(&bytes))));
    group.bench_function("dev", |b| b.iter(srs));
    group.finish();
}

criterion_group!(benches, msm, columns, opening, strings);
criterion_main!(benches);
