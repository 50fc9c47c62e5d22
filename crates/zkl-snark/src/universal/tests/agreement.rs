//! Both verifiers on random circuits: honest proofs, false witnesses, damaged proofs.

use super::{
    fixture::{Case, Columns, rng},
    naive,
};
use crate::ark::{
    Fr,
    ff::{Field as _, UniformRand as _},
    std::rand::Rng as _,
};

/// One circuit: an honest proof, one of a false assignment when there is one, one with a random field changed.
fn agree(seed: u64) {
    let columns = seed.is_multiple_of(2).then(|| Columns::random(2 + (seed % 3) as u32, seed));
    let mut case = Case::random(seed, columns);
    let random = &mut rng(!seed);
    assert!(case.holds());
    let honest = case.prove(seed);
    assert_eq!(case.verify(&honest), Ok(()), "{seed}");
    let linked = case.linked();
    assert!(naive::accepts(&case, case.x(), linked.as_ref(), &honest), "{seed}");

    let mut damaged = honest.clone();
    let shift = if random.gen_bool(0.3) { Fr::ONE } else { Fr::rand(random) };
    let round = random.gen_range(0..usize::MAX);
    let (outer, inner) = (damaged.outer.len(), damaged.inner.len());
    match random.gen_range(0..6) {
        0 => damaged.sigma += shift,
        1 => damaged.outer[round % outer][round % 2] += shift,
        2 => damaged.ends[round % 2] += shift,
        3 => damaged.inner[round % inner][round % 2] += shift,
        4 => damaged.d += shift,
        _ => damaged.opening.s += shift,
    }
    assert!(case.verify(&damaged).is_err(), "{seed}");
    assert!(!naive::accepts(&case, case.x(), linked.as_ref(), &damaged), "{seed}");

    // Another assignment: mostly a false one.
    let variable = random.gen_range(1..case.values.len());
    case.values[variable] += shift;
    let proof = case.prove(seed + 1);
    assert_eq!(case.verify(&proof).is_ok(), case.holds(), "{seed} {variable}");
    assert_eq!(naive::accepts(&case, case.x(), linked.as_ref(), &proof), case.holds(), "{seed} {variable}");
    if let Some(columns) = &mut case.columns {
        case.values[variable] -= shift;
        columns.offset = shift;
        let (proof, linked) = (case.prove(seed + 2), case.linked());
        assert!(case.verify(&proof).is_err(), "{seed}");
        assert!(!naive::accepts(&case, case.x(), linked.as_ref(), &proof), "{seed}");
    }
}

#[test]
fn two_verifiers_agree_on_random_circuits() {
    (0..60).for_each(agree);
}

#[test]
#[ignore = "10^4 circuits: minutes"]
fn two_verifiers_agree_on_ten_thousand_random_circuits() {
    (0..10_000).for_each(agree);
}

#[test]
fn a_row_that_no_assignment_satisfies_has_no_proof_wherever_it_is() {
    for constraints in [1, 2, 3, 4, 7, 8] {
        for violated in 0..constraints {
            let one = |variable| vec![(Fr::ONE, variable)];
            let rows = [vec![one(1); constraints], vec![one(2); constraints], vec![one(3); constraints]];
            let mut values = vec![Fr::ONE, Fr::from(2), Fr::from(3), Fr::from(6)];
            values.push(Fr::from(5));
            let [a, b, mut c] = rows;
            let honest = Case::new([a.clone(), b.clone(), c.clone()], 1, values.clone(), None);
            assert_eq!(honest.verify(&honest.prove(1)), Ok(()));
            c[violated] = one(4);
            let case = Case::new([a, b, c], 1, values, None);
            let proof = case.prove(1);
            assert!(case.verify(&proof).is_err(), "{constraints} {violated}");
            assert!(!naive::accepts(&case, case.x(), None, &proof));
        }
    }
}
