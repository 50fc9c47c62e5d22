//! Groth16 over the transcript circuit: the project's prover beside arkworks', stage by stage in one run.
#![expect(clippy::expect_used, reason = "without its inputs a benchmark has nothing to measure")]

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use rand_chacha::ChaCha20Rng;
use zkl_argument::{ColumnData, ScanPlan, ScanWitness, SealedProfile, Shape, Slots, TranscriptSeed, prove_plain};
use zkl_circuits::{
    scan::{TranscriptCircuit, standard_slots},
    seal::{Seal, SealSeed},
};
use zkl_core::{
    circuit::{Circuit as _, Synthesizer},
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout},
    profile::{CategoryCount, CategoryStats, ColumnProfile, ColumnStats, NumericStats, Profile},
};
use zkl_snark::ark::{
    Bn254, Fr,
    ff::UniformRand as _,
    groth16::{
        Groth16 as Arkworks,
        r1cs_to_qap::{LibsnarkReduction, R1CSToQAP as _},
    },
    poly::GeneralEvaluationDomain,
    relations::gr1cs::{
        ConstraintSynthesizer as _, ConstraintSystem, ConstraintSystemRef, OptimizationGoal, SynthesisMode,
        predicate::polynomial_constraint::R1CS_PREDICATE_LABEL,
    },
    snark::SNARK as _,
    std::rand::SeedableRng as _,
};
use zkl_snark::{groth16, keys::KeyStore, proof_system::COMPACT};

const ROWS: u64 = 1_000;
const SEED: [u8; 32] = [7; 32];

/// An honest instance about a column of numbers and one of codes.
fn instance(log_rows: usize, slots: Slots) -> TranscriptCircuit {
    let columns = vec![
        ColumnLayout::new("number", ColumnType::Int, Encoding::Numeric { limbs: 1 }),
        ColumnLayout::new("code", ColumnType::Category, Encoding::Category { capacity: 4 }),
    ];
    let layout = Layout::new(ROWS, columns, Vec::new()).expect("a layout");
    let numbers: Vec<u16> = (0..ROWS).map(|row| (row * row % 60_000) as u16).collect();
    let codes: Vec<u16> = (0..ROWS).map(|row| 1 + u16::from(row % 3 == 1)).collect();
    let moment = |power: u32| numbers.iter().map(|&u| u64::from(u).pow(power)).sum::<u64>().into();
    let max = numbers.iter().copied().max().map_or(0, i64::from);
    let count = |code: u16| codes.iter().filter(|&&other| other == code).count() as u64;
    let entry = |value: &str, code| CategoryCount { value: value.to_owned(), count: count(code) };
    let stats = [
        ColumnStats::Numeric(NumericStats { min: 0, max, sum: moment(1), sum_squares: moment(2) }),
        ColumnStats::Category(CategoryStats { entries: vec![entry("a", 1), entry("b", 2)] }),
    ];
    let columns = stats.map(|stats| ColumnProfile { valid: ROWS, stats }).to_vec();
    let profile = Profile { rows: ROWS, columns, pairs: Vec::new() };

    let shape = Shape::new(log_rows, slots).expect("a shape");
    let plan = ScanPlan::new(shape, layout).expect("a layout that fits");
    let seal = Seal::new(plan.layout(), &profile, &SealSeed::from_bytes([1; 32])).expect("a consistent profile");
    let sealed = SealedProfile::from_profile(&plan, &profile).expect("a profile of this layout");
    let data = [ColumnData::Numeric { limbs: vec![&numbers], valid: None }, ColumnData::Codes16(&codes)];
    let witness = ScanWitness::new(&plan, &data, &sealed).expect("columns of this layout");
    let mut rng = ChaCha20Rng::from_seed(SEED);
    let mask: Vec<Fr> = (0..16).map(|_| Fr::rand(&mut rng)).collect();
    let seed = TranscriptSeed { t0: Fr::rand(&mut rng), salt: Fr::rand(&mut rng) };
    let proof = prove_plain(&plan, &witness, &sealed, &mask, &seed).expect("messages");
    TranscriptCircuit::new(&plan, &seal, seed.t0, seed.salt, &proof).expect("an instance")
}

/// Constraints and assignment as arkworks' prover writes them for every proof.
fn synthesize(circuit: &TranscriptCircuit) -> ConstraintSystemRef<Fr> {
    let cs = ConstraintSystem::new_ref();
    cs.set_optimization_goal(OptimizationGoal::Constraints);
    cs.set_mode(SynthesisMode::Prove { construct_matrices: true, generate_lc_assignments: false });
    Synthesizer(circuit).generate_constraints(cs.clone()).expect("a circuit");
    cs.finalize();
    cs
}

fn compare(c: &mut Criterion) {
    let [small, medium, ..] = standard_slots();
    let two_columns = Slots { limbs: 1, numeric: 1, categories: [1, 0, 0, 0], ..Slots::default() };
    for (log_rows, slots) in [(16, two_columns), (20, small), (20, medium)] {
        stages(c, &instance(log_rows, slots));
    }
}

fn stages(c: &mut Criterion, circuit: &TranscriptCircuit) {
    let cs = synthesize(circuit);
    let (constraints, inputs) = (cs.num_constraints(), cs.num_instance_variables());
    let mut group = c.benchmark_group(format!("groth16 {constraints} constraints"));
    group.sample_size(10).measurement_time(Duration::from_secs(8));

    let matrices = cs.to_matrices().expect("matrices").remove(R1CS_PREDICATE_LABEL).expect("rank-1 constraints");
    let mut assignment = cs.instance_assignment().expect("an assignment");
    assignment.extend(cs.witness_assignment().expect("an assignment"));
    let mut rng = ChaCha20Rng::from_seed(SEED);
    let (theirs, _) = Arkworks::<Bn254>::circuit_specific_setup(Synthesizer(circuit), &mut rng).expect("keys");
    let (ours, verifying) = groth16::danger_setup_from_seed(circuit, SEED).expect("keys");

    group.bench_function("arkworks: synthesis and matrices", |b| {
        b.iter(|| synthesize(black_box(circuit)).to_matrices().expect("matrices"));
    });
    group.bench_function("ours: assignment and check", |b| {
        b.iter(|| groth16::check(&ours, black_box(circuit)).expect("a satisfied circuit"));
    });
    group.bench_function("arkworks: quotient", |b| {
        b.iter(|| {
            LibsnarkReduction::witness_map_from_matrices::<Fr, GeneralEvaluationDomain<Fr>>(
                &matrices,
                inputs,
                constraints,
                black_box(&assignment),
            )
        });
    });
    group.bench_function("arkworks: quotient and sums", |b| {
        b.iter(|| {
            let (r, s) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
            let assignment = black_box(&assignment);
            Arkworks::<Bn254>::create_proof_with_reduction_and_matrices(
                &theirs,
                r,
                s,
                &matrices,
                inputs,
                constraints,
                assignment,
            )
        });
    });
    group.bench_function("arkworks: proof", |b| {
        b.iter(|| Arkworks::<Bn254>::prove(&theirs, Synthesizer(black_box(circuit)), &mut rng).expect("a proof"));
    });
    group.bench_function("ours: proof with self-check", |b| {
        b.iter(|| groth16::prove(&ours, black_box(circuit)).expect("a proof"));
    });
    let proof = groth16::prove(&ours, circuit).expect("a proof");
    let public = circuit.public_inputs();
    group.bench_function("verification", |b| {
        b.iter(|| groth16::verify(&verifying, black_box(&public), &proof).expect("a valid proof"));
    });

    let dir = tempfile::tempdir().expect("a temporary directory");
    let load = || KeyStore::open(dir.path()).expect("a store").keys(COMPACT, circuit, &|_| ()).expect("keys");
    load();
    group.bench_function("load keys", |b| b.iter(load));
    group.sample_size(10).measurement_time(Duration::from_secs(1));
    group.bench_function("ours: make keys", |b| {
        b.iter(|| groth16::danger_setup_from_seed(circuit, SEED).expect("keys"));
    });
}

criterion_group!(benches, compare);
criterion_main!(benches);
