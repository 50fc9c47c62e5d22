//! How large the circuit is, by part.

use zkl_argument::{
    Context, LayoutVector, Shape, Slots, fraction, fraction::Fraction, lookup, moments, opening, sumcheck::eq_round,
};
use zkl_core::{
    ark::relations::gr1cs::{ConstraintSystem, OptimizationGoal, SynthesisMode},
    circuit::{Circuit as _, CircuitId},
};
use zkl_snark::{
    gadgets::{Cs, FieldVar},
    testing::satisfied,
};

use super::fixture::Table;
use crate::scan::{
    ScanInputs, TranscriptCircuit, lay::LayoutVar, profile::open_seal, standard_slots, wire::CircuitVerifier,
};

/// Constraints by part.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    lay: usize,
    seal: usize,
    tables: usize,
    rounds: usize,
    layer_ends: usize,
    leaves: usize,
    moments: usize,
    opening: usize,
    total: usize,
}

fn setup() -> Cs {
    let cs = ConstraintSystem::new_ref();
    cs.set_optimization_goal(OptimizationGoal::Constraints);
    cs.set_mode(SynthesisMode::Setup);
    cs
}

fn input(cs: &Cs) -> FieldVar {
    FieldVar::input(cs, None).unwrap()
}

/// Constraints of one layer's rounds: each absorbs four elements and squeezes one.
fn rounds(count: usize) -> usize {
    let cs = setup();
    let mut verifier = CircuitVerifier::new(&cs, &input(&cs), None, None, 0).unwrap();
    let z = verifier.challenge().unwrap();
    let mut claim = verifier.challenge().unwrap();
    let before = cs.num_constraints();
    for _ in 0..count {
        claim = eq_round(&mut verifier, 4, &claim, &z).unwrap().0;
    }
    cs.num_constraints() - before
}

fn lookup_tree(shape: &Shape) -> usize {
    let cs = setup();
    let mut verifier = CircuitVerifier::new(&cs, &input(&cs), None, None, shape.message_count()).unwrap();
    let root = verifier.receive(2).unwrap();
    let before = cs.num_constraints();
    fraction::verify(&mut verifier, Fraction { p: root[0].clone(), q: root[1].clone() }, &shape.layers()).unwrap();
    cs.num_constraints() - before
}

fn parts(shape: &Shape) -> Parts {
    let cs = setup();
    let inputs: Vec<FieldVar> = (0..ScanInputs::len(shape)).map(|_| input(&cs)).collect();
    let mut last = cs.num_constraints();
    let mut since = || {
        let now = cs.num_constraints();
        std::mem::replace(&mut last, now).abs_diff(now)
    };
    let layout = LayoutVar::open(&cs, shape, None, &inputs[2]).unwrap();
    let lay = since();
    let mut ctx = CircuitVerifier::new(&cs, &inputs[0], None, None, shape.message_count()).unwrap();
    let sealed = open_seal(&cs, shape, &layout, None, &inputs[3], &inputs[1], &ctx).unwrap();
    let seal = since();
    let flags = std::iter::once(&inputs[3]).chain(&layout.flags).map(|var| ctx.wire(var)).collect();
    let vector = LayoutVector::from_elements(shape, flags).unwrap();
    let n_bits: Vec<_> = (0..=shape.log_rows()).map(|_| ctx.wire(&FieldVar::witness(&cs, None).unwrap())).collect();
    let lookups = lookup::verify(&mut ctx, shape, &vector, &n_bits, &sealed).unwrap();
    let all_lookups = since();
    let claim = moments::verify(&mut ctx, shape, &vector, &n_bits, &sealed, &lookups).unwrap();
    let moments = since();
    opening::verify(&mut ctx, &lookups.z_blk, claim).unwrap();
    let opening = since();

    let tree = lookup_tree(shape);
    let mut bound = 0;
    let mut count = 0;
    for log_arity in shape.layers() {
        count += bound;
        bound += log_arity;
    }
    let rounds = rounds(count);
    let tables: usize = shape.slots().small_tables().iter().map(|size| 2 * size).sum();
    let total = {
        let cs = setup();
        TranscriptCircuit::blank(shape.clone()).synthesize(cs.clone()).unwrap();
        cs.num_constraints()
    };
    Parts {
        lay,
        seal,
        tables,
        rounds,
        layer_ends: tree - rounds,
        leaves: all_lookups - tree - tables,
        moments,
        opening,
        total,
    }
}

#[test]
fn a_blank_circuit_has_the_constraints_of_an_instance() {
    let case = Table::mixed(1, 13).case();
    let instance = satisfied(&case.honest());
    assert_eq!(parts(case.plan.shape()).total, instance);
}

/// Constraints, and the rows that Groth16 adds for the inputs, fit the domain that the documentation of the shapes names.
#[test]
fn standard_circuits_fit_their_domains() {
    for (slots, log_domain) in standard_slots().into_iter().zip([17, 17, 17, 18]) {
        let shape = Shape::new(20, slots).unwrap();
        let cs = setup();
        TranscriptCircuit::blank(shape.clone()).synthesize(cs.clone()).unwrap();
        let lines = cs.num_constraints() + cs.num_instance_variables();
        assert_eq!(lines.next_power_of_two(), 1 << log_domain, "{lines} of {:?}", shape.slots());
    }
}

#[test]
fn constraint_counts_are_pinned() {
    let shape = Table::mixed(1, 13).case().plan.shape().clone();
    let expected = Parts {
        lay: 383,
        seal: 10_503,
        tables: 208,
        rounds: 3_660,
        layer_ends: 1_989,
        leaves: 232,
        moments: 1_307,
        opening: 692,
        total: 18_995,
    };
    assert_eq!(parts(&shape), expected);
}

#[test]
fn the_longest_circuit_id_is_valid() {
    let most = Shape::MAX_SLOTS;
    let slots = Slots { opaque: most, products: most, ..Slots::default() };
    let id = TranscriptCircuit::blank(Shape::with_limb_bits(16, 10, slots).unwrap()).id();
    assert_eq!(id.to_string(), "scan/16-b10-l0-n0-o1023-c0-0-0-0-j0-0-0-g0-p1023@1");
    // Every count at its largest, though no shape has so many blocks.
    let longest = "scan/24-b10-l1023-n1023-o1023-c1023-1023-1023-1023-j1023-1023-1023-g1023-p1023";
    CircuitId::new(longest, 1).unwrap();
}

/// `cargo test --release -p zkl-circuits --lib prints_the_constraints -- --ignored --nocapture`
#[test]
#[ignore = "prints the constraints of production shapes"]
fn prints_the_constraints_of_production_shapes() {
    let four = Slots { limbs: 5, numeric: 3, categories: [1, 0, 0, 0], ..Slots::default() };
    let [small, medium, large, wide] = standard_slots();
    let shapes = [("4 columns", four), ("small", small), ("medium", medium), ("large", large), ("wide", wide)];
    for (name, slots) in shapes {
        let shape = Shape::new(20, slots).unwrap();
        println!("{name}: {} blocks, {:?}", shape.blocks().len(), parts(&shape));
    }
}
