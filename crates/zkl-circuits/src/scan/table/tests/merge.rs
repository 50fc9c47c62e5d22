//! The merge circuit: what it accepts, and every lie that it refuses.

use std::collections::HashSet;

use zkl_argument::{ScanPlan, Slots};
use zkl_core::{
    ark::{
        Fr,
        ff::{Field as _, One as _},
    },
    circuit::Circuit as _,
};
use zkl_snark::testing::{Instance, assert_tight, satisfied};

use super::fixture::Tall;
use crate::{
    scan::{
        merge::{MERGE_FAN_IN, MergeCircuit, MergeInputs, MergeParts, merge_circuit_id, place_words},
        standard_slots,
        tests::fixture::root_of,
    },
    seal::{Record as _, Records, Seal, SealCommitment, SealSeed, SegmentRange, layout_digest},
};

/// Segments of a table, their sum, and the dictionaries' seal where there are any.
struct Case {
    plan: ScanPlan,
    inputs: MergeInputs,
    parts: Vec<Records>,
    output: Records,
    dictionaries: Option<Fr>,
}

fn seed() -> SealSeed {
    SealSeed::from_bytes([6; 32])
}

fn commitment(field: Fr) -> SealCommitment {
    SealCommitment::from_bytes(&crate::scan::statement::scalar_bytes(&field)).unwrap()
}

impl Case {
    /// All segments of the table in one merge. `exact`: smallest groups come from the dictionaries' seal.
    fn new(table: &Tall, exact: bool) -> Self {
        let plan = table.plan(2);
        let scan = plan.segment(0).unwrap().scan.clone();
        let seals: Vec<Seal> = plan
            .segments()
            .map(|segment| {
                let range = SegmentRange { first: segment.index as u32, count: 1 };
                Seal::of_range(segment.scan.layout(), &table.profile(table.range(&segment)), &seed(), range).unwrap()
            })
            .collect();
        let mut whole = Seal::new(plan.layout(), &table.profile(0..table.rows), &seed()).unwrap();
        let parts: Vec<Records> = seals.iter().map(|seal| Records::new(&scan, seal).unwrap()).collect();
        let dictionaries = match plan.dictionaries() {
            Some((scan, _)) if exact => Some(whole.dictionaries(scan.layout(), &seed())),
            _ => {
                let smallest = |slot: usize| parts.iter().map(|part| part.grouped[slot].smallest_group).sum();
                let smallest: Vec<u64> = (0..scan.shape().slots().grouped).map(smallest).collect();
                whole = whole.with_smallest_groups(&smallest);
                None
            }
        };
        let inputs = MergeInputs {
            t0: Fr::from(77u64),
            layout: layout_digest(plan.layout()),
            rows: table.rows as u64,
            h: whole.commitment(),
            places: place_words(&scan),
            parts: seals.iter().map(Seal::commitment).collect(),
            dictionaries: dictionaries.as_ref().map(Seal::commitment),
        };
        let output = Records::new(&scan, &whole).unwrap();
        let dictionaries = dictionaries.map(|seal| seal.header().record.leaf());
        Self { plan: scan, inputs, parts, output, dictionaries }
    }

    fn circuit(&self) -> MergeCircuit {
        let parts = self.parts.iter().collect();
        let witness = MergeParts { parts, output: &self.output, dictionaries: self.dictionaries };
        MergeCircuit::new(&self.plan, &self.inputs, &witness)
    }

    fn holds(&self) -> bool {
        Instance::new(&self.circuit()).unwrap().first_violated().is_none()
    }

    /// Seals the records as they are now, as an owner who lies would.
    fn reseal(&mut self) {
        let roots: Vec<Fr> = self.parts.iter().map(|part| root_of(&self.plan, part)).collect();
        self.inputs.parts = roots.into_iter().map(commitment).collect();
        self.inputs.h = commitment(root_of(&self.plan, &self.output));
    }

    /// Whether the merge goes through when these records are what is sealed.
    fn sealed(table: &Tall, exact: bool, change: impl FnOnce(&mut Self)) -> bool {
        let mut case = Self::new(table, exact);
        change(&mut case);
        case.reseal();
        case.holds()
    }

    /// Whether it goes through when the prover holds these records and the seals stay.
    fn opened(table: &Tall, change: impl FnOnce(&mut Self)) -> bool {
        let mut case = Self::new(table, true);
        change(&mut case);
        case.holds()
    }
}

fn mixed() -> Tall {
    Tall::mixed(1, 45)
}

#[test]
fn two_three_and_four_seals_add_up() {
    for rows in [20, 35, 52] {
        satisfied(&Case::new(&Tall::mixed(rows as u64, rows), true).circuit());
    }
    let mut roomy = Tall::mixed(9, 30);
    roomy.spare =
        Slots { limbs: 2, numeric: 1, opaque: 1, categories: [1, 1, 0, 0], joints: [1, 1, 0], grouped: 1, products: 1 };
    satisfied(&Case::new(&roomy, true).circuit());
}

#[test]
fn smallest_groups_are_added_or_taken_from_the_dictionaries() {
    let table = Tall::grouped(2, 1_000);
    let (added, exact) = (Case::new(&table, false), Case::new(&table, true));
    // Groups are clustered: the sum of the minima is worth nothing.
    assert_eq!(added.output.grouped[0].smallest_group, 0);
    assert!(exact.output.grouped[0].smallest_group > 10);
    satisfied(&added.circuit());
    satisfied(&exact.circuit());
    let mut spare = table;
    spare.spare = Slots { grouped: 1, ..Slots::default() };
    satisfied(&Case::new(&spare, true).circuit());
    satisfied(&Case::new(&spare, false).circuit());
}

/// A reseal changes nothing when nothing was changed: the lies below are what is refused.
#[test]
fn the_helpers_of_these_tests_change_nothing_by_themselves() {
    for exact in [false, true] {
        assert!(Case::sealed(&mixed(), exact, |_| ()));
        assert!(Case::sealed(&Tall::grouped(2, 1_000), exact, |_| ()));
    }
}

#[test]
fn every_variable_and_every_constraint_matters() {
    assert_tight(&Case::new(&Tall::mixed(3, 52), true).circuit());
    // Five segments would be two merges: these are four with a smallest group in the dictionaries that is no sum.
    assert_tight(&Case::new(&Tall::grouped(4, 1_500), true).circuit());
}

type Change = (&'static str, fn(&mut Case));

#[test]
fn rejects_parts_that_differ_in_what_they_have_in_common() {
    let lies: [Change; 10] = [
        ("minimum", |c| c.parts[1].numeric[0].min += 1),
        ("bound of the top limb", |c| c.parts[1].numeric[0].top_limb += 1),
        ("limbs", |c| c.parts[2].numeric[1].limbs = 2),
        ("salt of a number", |c| c.parts[0].numeric[0].salt += Fr::one()),
        ("dictionary", |c| c.parts[1].category[0].values.swap(1, 2)),
        ("salt of a dictionary", |c| c.parts[1].category[2].salt += Fr::one()),
        ("salt of an opaque column", |c| c.parts[2].opaque[0].salt += Fr::one()),
        ("label capacity", |c| c.parts[1].joint[0].label_capacity = 16),
        ("salt of a joint table", |c| c.parts[1].joint[1].salt += Fr::one()),
        ("salt of products", |c| c.parts[1].product[0].salt += Fr::one()),
    ];
    for (name, lie) in lies {
        assert!(!Case::sealed(&mixed(), true, lie), "{name}");
    }
    let lies: [Change; 3] = [
        ("number of groups", |c| c.parts[1].grouped[0].distinct -= 1),
        ("number of groups in all", |c| c.parts.iter_mut().for_each(|part| part.grouped[0].distinct -= 1)),
        ("salt of groups", |c| c.parts[0].grouped[0].salt += Fr::one()),
    ];
    for (name, lie) in lies {
        assert!(!Case::sealed(&Tall::grouped(2, 1_000), true, lie), "{name}");
    }
}

/// Minimum, T and limbs sit above the sum in one element. A prover who may split it elsewhere can pass off other bounds for
/// common ones, or shift the sum.
#[test]
fn rejects_elements_that_are_split_elsewhere() {
    let two_to = |bits: u64| Fr::from(2u64).pow([bits]);
    let violated = |circuit: &MergeCircuit| Instance::new(circuit).unwrap().first_violated().is_some();
    // T is one larger in part 1, and in the output: the prover moves the difference into the sum of that part.
    let mut case = Case::new(&mixed(), true);
    let sealed = case.parts[1].numeric[0].bounds();
    case.parts[1].numeric[0].top_limb += 1;
    case.output.numeric[0].top_limb += 1;
    let difference = Fr::from(case.parts[1].numeric[0].bounds()) - Fr::from(sealed);
    case.reseal();
    let mut circuit = case.circuit();
    circuit.cheat_common(0, 1, -difference);
    circuit.cheat_summed(1, 0, 1, two_to(96) * difference);
    assert!(violated(&circuit));
    // Every sum is one larger, and the common bounds make up for it once: the output's sum gains all but one.
    let mut case = Case::new(&mixed(), true);
    let gain = case.parts.len() as u64 - 1;
    case.output.numeric[0].sum += gain;
    case.reseal();
    let mut circuit = case.circuit();
    for part in 0..case.parts.len() {
        circuit.cheat_summed(part, 0, 1, Fr::one());
    }
    circuit.cheat_common(0, 1, -two_to(96).inverse().unwrap());
    assert!(violated(&circuit));
    // The same with the number of groups below the smallest one.
    let table = Tall::grouped(2, 1_000);
    let mut case = Case::new(&table, false);
    let gain = case.parts.len() as u64 - 1;
    case.output.grouped[0].smallest_group += gain;
    case.reseal();
    let mut circuit = case.circuit();
    for part in 0..case.parts.len() {
        circuit.cheat_summed(part, 1, 1, Fr::one());
    }
    circuit.cheat_common(1, 1, -two_to(32));
    circuit.cheat_smallest(1, Fr::one());
    assert!(violated(&circuit));
}

#[test]
fn rejects_sums_that_are_off_by_one() {
    let lies: [Change; 16] = [
        ("valid", |c| c.output.numeric[0].valid += 1),
        ("sum", |c| c.output.numeric[1].sum += 1u64),
        ("sum of squares", |c| c.output.numeric[0].sum_squares += 1u64),
        ("opaque", |c| c.output.opaque[0].valid -= 1),
        ("count", |c| c.output.category[0].counts[1] += 1),
        ("null count", |c| c.output.category[2].counts[0] += 1),
        ("valid rows of a dictionary", |c| c.output.category[1].valid -= 1),
        ("joint count", |c| c.output.joint[0].counts[5] += 1),
        ("valid rows of a joint table", |c| c.output.joint[1].valid += 1),
        ("products", |c| c.output.product[0].sums.products += 1u64),
        ("valid rows of products", |c| c.output.product[0].sums.valid += 1),
        ("left sum", |c| c.output.product[0].sums.left_sum += 1u64),
        ("right sum", |c| c.output.product[0].sums.right_sum += 1u64),
        ("left squares", |c| c.output.product[0].sums.left_squares += 1u64),
        ("right squares", |c| c.output.product[0].sums.right_squares += 1u64),
        ("a part twice", |c| c.parts[2] = c.parts[1].clone()),
    ];
    for (name, lie) in lies {
        assert!(!Case::sealed(&mixed(), true, lie), "{name}");
    }
    let table = Tall::grouped(2, 1_000);
    assert!(!Case::sealed(&table, true, |c| c.output.grouped[0].valid += 1));
    for exact in [false, true] {
        assert!(!Case::sealed(&table, exact, |c| c.output.grouped[0].smallest_group += 1), "smallest group");
    }
}

#[test]
fn rejects_another_header() {
    let lies: [Change; 4] = [
        ("rows", |c| c.output.header.rows += 1),
        ("layout", |c| c.output.header.layout += Fr::one()),
        ("rows, public", |c| c.inputs.rows -= 1),
        ("layout, public", |c| c.inputs.layout += Fr::one()),
    ];
    for (name, lie) in lies {
        assert!(!Case::sealed(&mixed(), true, lie), "{name}");
    }
    // A fresh nonce is the owner's choice.
    assert!(Case::sealed(&mixed(), true, |c| c.output.header.nonce += Fr::one()));
}

#[test]
fn rejects_records_that_are_not_the_sealed_ones() {
    let lies: [Change; 7] = [
        ("one more in a part and in the sum", |c| {
            c.parts[1].category[0].counts[1] += 1;
            c.output.category[0].counts[1] += 1;
        }),
        ("another minimum for all", |c| {
            c.parts.iter_mut().for_each(|part| part.numeric[0].min = 0);
            c.output.numeric[0].min = 0;
        }),
        ("parts exchanged", |c| c.parts.swap(0, 1)),
        ("a header of a part", |c| c.parts[0].header.nonce += Fr::one()),
        ("the nonce", |c| c.output.header.nonce += Fr::one()),
        ("another seal of a part", |c| c.inputs.parts[1] = c.inputs.parts[0]),
        ("another seal of the sums", |c| c.inputs.h = c.inputs.parts[0]),
    ];
    for (name, lie) in lies {
        assert!(!Case::opened(&mixed(), lie), "{name}");
    }
}

#[test]
fn rejects_records_at_other_places() {
    for word in 0..Case::new(&mixed(), true).inputs.places.len() {
        assert!(!Case::opened(&mixed(), |c| c.inputs.places[word] += Fr::one()), "word {word}");
    }
    // Two columns of one kind exchanged, in the sum alone.
    assert!(!Case::sealed(&mixed(), true, |c| c.output.category.swap(0, 1)));
    assert!(!Case::sealed(&mixed(), true, |c| c.output.numeric.swap(0, 1)));
}

#[test]
fn an_absent_part_adds_nothing() {
    // The prover brings a third part to a merge of two.
    let lie = |c: &mut Case| {
        let third = c.parts[0].clone();
        c.parts.push(third);
        c.inputs.parts.truncate(2);
    };
    let table = Tall::mixed(5, 20);
    assert!(Case::opened(&table, lie), "what is absent is not opened");
    assert!(!Case::sealed(&table, true, |c| {
        let third = c.parts[0].clone();
        c.output.numeric[0].valid += third.numeric[0].valid;
        c.parts.push(third);
    }));
    // A part that the statement has and the prover leaves out.
    assert!(!Case::opened(&mixed(), |c| c.parts.truncate(2)));
}

#[test]
fn rejects_other_dictionaries_than_the_sealed_ones() {
    let table = Tall::grouped(2, 1_000);
    assert!(!Case::opened(&table, |c| c.dictionaries = Some(Fr::one())));
    assert!(!Case::opened(&table, |c| c.inputs.dictionaries = Some(c.inputs.h)));
    // The exact minimum where only sums are allowed.
    assert!(!Case::opened(&table, |c| c.inputs.dictionaries = None));
}

#[test]
fn inputs_are_counted() {
    for (slots, expected) in standard_slots().iter().zip([11, 13, 14, 14]) {
        assert_eq!(MergeInputs::len(slots), expected);
        assert_eq!(MergeCircuit::blank(slots.clone()).public_inputs().len(), expected);
    }
    let case = Case::new(&mixed(), true);
    assert_eq!(case.inputs.to_vec(case.plan.shape().slots()).len(), MergeInputs::len(case.plan.shape().slots()));
}

#[test]
fn circuits_are_named_by_their_slots_without_limbs() {
    let ids: HashSet<String> = standard_slots().iter().map(|slots| merge_circuit_id(slots).to_string()).collect();
    assert_eq!(ids.len(), 4);
    assert!(ids.contains("merge/4-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1"));
    let [small, ..] = standard_slots();
    assert_eq!(merge_circuit_id(&Slots { limbs: 5, ..small.clone() }), merge_circuit_id(&small));
    let most = 1_023;
    let slots = Slots {
        limbs: most,
        numeric: most,
        opaque: most,
        categories: [most; 4],
        joints: [most; 3],
        grouped: most,
        products: most,
    };
    assert!(merge_circuit_id(&slots).to_string().len() < 96);
}

fn constraints(slots: Slots) -> usize {
    use zkl_core::ark::relations::gr1cs::{ConstraintSystem, OptimizationGoal, SynthesisMode};
    let cs = ConstraintSystem::new_ref();
    cs.set_optimization_goal(OptimizationGoal::Constraints);
    cs.set_mode(SynthesisMode::Setup);
    MergeCircuit::blank(slots).synthesize(cs.clone()).unwrap();
    cs.num_constraints()
}

#[test]
fn constraint_counts_are_pinned() {
    let case = Case::new(&mixed(), true);
    assert_eq!(satisfied(&case.circuit()), constraints(case.plan.shape().slots().clone()));
    assert_eq!(standard_slots().map(constraints), [52_588, 98_038, 206_398, 277_258]);
    assert_eq!(MERGE_FAN_IN, 4);
}
