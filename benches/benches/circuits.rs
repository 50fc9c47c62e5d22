//! Poseidon, the seal of a table, and claims: keys, proof, verification.
#![expect(clippy::expect_used, reason = "without its inputs a benchmark has nothing to measure")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use zkl_benches::mixed_table::{CLAIMS, MixedTable, Width};
use zkl_circuits::{
    claims::{prove_instance, resolve},
    keys::builtin_circuits,
    seal::{Seal, SealSeed},
};
use zkl_core::ark::Fr;
use zkl_dataset::ScanOutput;
use zkl_poseidon::{Poseidon, Width as Supported, permute};
use zkl_snark::{
    keys::KeyStore,
    proof_system::{COMPACT, UNIVERSAL},
};

const ROWS: u64 = 20_000;
const SEED: SealSeed = SealSeed::from_bytes([1; 32]);

fn poseidon(c: &mut Criterion) {
    permutation::<3>(c);
    permutation::<6>(c);
    permutation::<9>(c);
}

fn permutation<const T: usize>(c: &mut Criterion)
where
    Poseidon: Supported<T>,
{
    let mut state: [Fr; T] = std::array::from_fn(|i| Fr::from(i as u64));
    c.bench_function(&format!("poseidon permutation of {T} elements"), |b| b.iter(|| permute(black_box(&mut state))));
}

fn scanned() -> ScanOutput {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("mixed.csv");
    MixedTable { rows: ROWS, width: Width::Ten }.write_file(&path).expect("a generated table");
    MixedTable::read_options()
        .scan(zkl_ledger::dataset::Source::path(&path))
        .run(&[1; 32], &mut ())
        .expect("a valid table")
}

fn claims(c: &mut Criterion) {
    let ScanOutput { layout, profile, .. } = scanned();
    let seal = Seal::new(&layout, &profile, &SEED).expect("a consistent profile");
    let mut group = c.benchmark_group("claims");
    group.sample_size(10);
    group.bench_function("seal of 10 columns and 2 pairs", |b| {
        b.iter(|| Seal::new(&layout, black_box(&profile), &SEED).expect("a consistent profile"));
    });

    let dir = tempfile::tempdir().expect("a temporary directory");
    let store = KeyStore::open(dir.path()).expect("a key store");
    for claim in CLAIMS {
        let claim = resolve(&claim.parse().expect("a claim"), &layout).expect("a claim about this table");
        let instance = || prove_instance(&claim, &layout, &profile, &seal, Fr::from(1u64));
        let circuit = instance().expect("a true claim");
        let (circuit, id) = (circuit.circuit(), circuit.circuit().id());
        let keys = store.keys(COMPACT, circuit, &|_| ()).expect("keys");
        group.bench_function(format!("load keys of {id}"), |b| {
            // A new store has nothing in memory.
            b.iter(|| KeyStore::open(dir.path()).expect("a key store").keys(COMPACT, circuit, &|_| ()).expect("keys"));
        });
        group.bench_function(format!("prove {id}"), |b| {
            b.iter(|| keys.prove(black_box(circuit), None, None).expect("a proof"));
        });
        let proof = keys.prove(circuit, None, None).expect("a proof");
        let inputs = circuit.public_inputs();
        group.bench_function(format!("verify {id}"), |b| {
            b.iter(|| keys.verifying().verify(black_box(&inputs), None, None, &proof).expect("a valid proof"));
        });
    }
}

/// What a verifier does that meets a circuit for the first time: its constraints, as matrices, and their digest.
fn universal_keys(c: &mut Criterion) {
    let mut group = c.benchmark_group("universal keys");
    group.sample_size(10);
    for circuit in builtin_circuits() {
        let id = circuit.id().to_string();
        // A claim, every scan of 2^20 rows, every merge.
        if ["claim/mean@", "scan/20-", "merge/"].iter().any(|start| id.starts_with(start)) {
            group.bench_function(&id, |b| b.iter(|| UNIVERSAL.derived_key(black_box(&*circuit)).expect("a key")));
        }
    }
}

criterion_group!(circuits, poseidon, claims, universal_keys);
criterion_main!(circuits);
