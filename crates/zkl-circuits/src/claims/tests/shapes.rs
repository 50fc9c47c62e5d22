//! The list of circuits.

use std::collections::{BTreeMap, BTreeSet};

use zkl_core::{
    ark::relations::gr1cs::{ConstraintSystem, OptimizationGoal, SynthesisMode},
    circuit::Circuit,
};
use zkl_snark::testing::{Instance, assert_tight};

use super::{super::all_shapes, fixture::mixed};

/// Constraints of a blank circuit, synthesized as in set-up.
fn constraints(circuit: &dyn Circuit) -> usize {
    let cs = ConstraintSystem::new_ref();
    cs.set_optimization_goal(OptimizationGoal::Constraints);
    cs.set_mode(SynthesisMode::Setup);
    circuit.synthesize(cs.clone()).unwrap();
    cs.finalize();
    cs.num_constraints()
}

#[test]
fn constraint_counts_are_pinned() {
    let counts: BTreeMap<String, usize> =
        all_shapes().iter().map(|(id, circuit)| (id.to_string(), constraints(circuit.as_ref()))).collect();
    let pinned: BTreeMap<String, usize> = PINNED.iter().map(|(id, count)| ((*id).to_owned(), *count)).collect();
    assert_eq!(counts, pinned);
}

#[test]
fn every_shape_has_an_id_of_its_own() {
    let shapes = all_shapes();
    let ids: BTreeSet<_> = shapes.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(ids.len(), shapes.len());
    for (id, circuit) in &shapes {
        assert_eq!(circuit.id(), *id);
    }
}

#[test]
fn an_instance_has_the_constraints_of_its_shape() {
    let table = mixed();
    for (text, id) in CLAIMS {
        let proved = table.prove(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let circuit = proved.circuit();
        assert_eq!(circuit.id().to_string(), id);
        let (_, blank) = all_shapes().into_iter().find(|(shape, _)| *shape == circuit.id()).unwrap();
        let instance = Instance::new(circuit).unwrap();
        assert_eq!(instance.first_violated(), None, "{text}");
        assert_eq!(instance.num_constraints(), constraints(blank.as_ref()), "{text}");
        assert_eq!(instance.matrices, Instance::new(table.careless(text).as_ref()).unwrap().matrices);
    }
}

#[test]
fn every_variable_is_constrained() {
    let table = mixed();
    for (text, id) in CLAIMS {
        // Where a value matches, the inverse in `FieldVar::is_zero` is free: a share of an absent value has no match, a gap
        // always has some.
        if id.starts_with("claim/gap") {
            continue;
        }
        let text = if id.starts_with("claim/share") {
            text.replace(">= 20%", "< 20%").replace("= '", "= 'un")
        } else {
            text.to_owned()
        };
        assert_tight(table.prove(&text).unwrap_or_else(|error| panic!("{text}: {error}")).circuit());
    }
}

const CLAIMS: [(&str, &str); 18] = [
    ("rows >= 5", "claim/rows@1"),
    ("count(age) >= 5", "claim/count@1"),
    ("nulls(age) between 1% and 50%", "claim/nulls@1"),
    ("mean(age) between 30 and 60", "claim/mean@1"),
    ("sum(price) > 5", "claim/sum@1"),
    ("var_sample(age) <= 1000", "claim/variance@1"),
    ("std(age) <= 1000", "claim/variance@1"),
    ("values(age) between 0 and 120", "claim/values@1"),
    ("range(age) <= 120", "claim/range@1"),
    ("corr(age, price) between -0.99 and 0.99", "claim/correlation@1"),
    ("share(sex = 'f') >= 20%", "claim/share-4@1"),
    ("share(dept = 'a') >= 20%", "claim/share-16@1"),
    ("min_group(hired) >= 2", "claim/min-group-4@1"),
    ("min_group(zip3) >= 2", "claim/min-group-large@1"),
    ("balance(hired) >= 0.4", "claim/balance-4@1"),
    ("min_group(sex, hired) >= 1", "claim/min-group-4x4@1"),
    ("gap(hired = 'yes' by sex: 'f', 'm') <= 99%", "claim/gap-4x4@1"),
    ("gap(dept = 'a' by sex: 'f', 'm') <= 99%", "claim/gap-4x16-label-first@1"),
];

const PINNED: [(&str, usize); 40] = [
    ("claim/rows@1", 3_383),
    ("claim/count@1", 6_158),
    ("claim/nulls@1", 6_291),
    ("claim/mean@1", 6_594),
    ("claim/sum@1", 6_577),
    ("claim/variance@1", 6_773),
    ("claim/values@1", 6_171),
    ("claim/range@1", 6_529),
    ("claim/correlation@1", 8_729),
    ("claim/share-4@1", 6_742),
    ("claim/share-16@1", 8_142),
    ("claim/share-64@1", 13_070),
    ("claim/share-256@1", 34_372),
    ("claim/min-group-4@1", 6_174),
    ("claim/min-group-16@1", 6_998),
    ("claim/min-group-64@1", 10_594),
    ("claim/min-group-256@1", 25_596),
    ("claim/min-group-large@1", 5_757),
    ("claim/balance-4@1", 6_474),
    ("claim/balance-16@1", 7_695),
    ("claim/balance-64@1", 12_875),
    ("claim/balance-256@1", 34_213),
    ("claim/min-group-4x4@1", 7_000),
    ("claim/min-group-4x16@1", 10_608),
    ("claim/min-group-4x64@1", 25_658),
    ("claim/min-group-16x4@1", 10_608),
    ("claim/min-group-16x16@1", 25_622),
    ("claim/min-group-64x4@1", 25_658),
    ("claim/gap-4x4@1", 13_219),
    ("claim/gap-4x16@1", 16_133),
    ("claim/gap-4x64@1", 27_396),
    ("claim/gap-16x4@1", 16_205),
    ("claim/gap-16x16@1", 25_488),
    ("claim/gap-64x4@1", 27_756),
    ("claim/gap-4x4-label-first@1", 13_219),
    ("claim/gap-4x16-label-first@1", 16_133),
    ("claim/gap-4x64-label-first@1", 27_396),
    ("claim/gap-16x4-label-first@1", 16_205),
    ("claim/gap-16x16-label-first@1", 25_488),
    ("claim/gap-64x4-label-first@1", 27_756),
];
