//! Assignments that a single constraint refuses: of completeness, of sign, of presence. What else refuses too little is
//! in the tests of dishonest provers and of claims without a subject.

use num_bigint::BigInt;
use zkl_snark::{
    gadgets::IntVar,
    testing::{Instance as Synthesized, TestCircuit, holds},
};

use super::{
    dishonest::{category_path, instance, reseal, sibling_path, threshold},
    fixture::{Table, numbers, satisfied, words},
};
use crate::{
    claims::{
        kinds::{NullGroups, gap::absolute, min_group, min_group::occurs},
        language::Claim,
        ratio::Ratio,
        resolve::Table as Matched,
    },
    seal::Record as _,
};

#[test]
fn a_class_cannot_be_left_out_of_the_balance() {
    let table = Table::new(&[words("c", 4, "x x x y y y z")], &[]);
    let balance = |text: &str, dropped: u64| {
        let Ok(Claim::Balance(claim)) = text.parse() else { panic!("{text}") };
        let relation = claim.relation(&Matched { layout: &table.layout, function: "balance" }).unwrap();
        let resealed = reseal(&table, relation, |witness| {
            let smallest = witness.record.record.counts.iter_mut().find(|count| **count == 1).unwrap();
            *smallest -= dropped;
            witness.smallest = if dropped == 1 { 3 } else { 1 };
            category_path(&mut witness.record)
        });
        satisfied(&resealed)
    };
    assert!(balance("balance(c) >= 33%", 0));
    assert!(!balance("balance(c) >= 1", 1), "six counted rows of seven");
}

#[test]
fn there_are_no_fewer_than_no_nulls() {
    let table = Table::new(&[numbers("x", 1, vec![Some(1), Some(2), None])], &[]);
    let nulls = |valid: u64| {
        let Ok(Claim::Nulls(claim)) = "nulls(x) <= 0".parse() else { panic!() };
        let relation = Ratio::new(claim, &Matched { layout: &table.layout, function: "nulls" }).unwrap();
        satisfied(&reseal(&table, relation, |opening| {
            opening.record.valid = valid;
            (opening.record.leaf(), opening.index, opening.path.clone())
        }))
    };
    assert!(nulls(3));
    assert!(!nulls(4), "-1 nulls are at most 0");
    let groups = Table::new(&[words("g", 512, "a a b b -")], &[]);
    let smallest = |valid: u64| {
        let threshold = threshold(&groups, "g", 2);
        satisfied(&reseal(&groups, min_group::SmallestSealed { threshold }, |opening| {
            opening.record.valid = valid;
            (opening.record.leaf(), opening.index, opening.path.clone())
        }))
    };
    assert!(smallest(4) && smallest(5));
    assert!(!smallest(6), "-1 nulls are no group and are not counted");
}

#[test]
fn a_large_column_without_values_has_no_groups() {
    let table = Table::new(&[words("g", 512, "- - -")], &[]);
    table.vacuous("min_group(g) >= 0");
    table.accepts("min_group(g) >= 3 with nulls");
    let threshold = min_group::Threshold { nulls: NullGroups::Excluded, ..threshold(&table, "g", 0) };
    assert!(!satisfied(&instance(&table, min_group::SmallestSealed { threshold })));
}

#[test]
fn a_rate_has_rows_to_be_of() {
    let table = Table::new(&[numbers("x", 1, vec![Some(1), Some(2), Some(3)])], &[]);
    let of_rows = |rows: u64| {
        let Ok(Claim::Nulls(claim)) = "nulls(x) <= 0%".parse() else { panic!() };
        let relation = Ratio::new(claim, &Matched { layout: &table.layout, function: "nulls" }).unwrap();
        let mut instance = instance(&table, relation);
        let (header, opening) = instance.secret.as_mut().unwrap();
        (header.record.rows, opening.record.valid) = (rows, rows);
        opening.path = sibling_path(&opening.path, header.record.leaf());
        header.path = sibling_path(&header.path, opening.record.leaf());
        instance.inputs.h = header.root();
        assert_eq!(instance.inputs.h, opening.root());
        satisfied(&instance)
    };
    assert!(of_rows(3));
    assert!(!of_rows(0));
}

#[test]
fn a_group_with_rows_occurs() {
    let mut instance = Synthesized::new(&TestCircuit::new(|cs| occurs(cs, &IntVar::constant(5)?).map(|_| ()))).unwrap();
    assert_eq!(instance.first_violated(), None);
    let [_, bit] = instance.assignment.as_mut_slice() else { panic!("one variable") };
    *bit = 0u64.into();
    assert!(instance.first_violated().is_some());
}

#[test]
fn an_absolute_value_is_not_below_zero_whatever_the_prover_says_of_its_sign() {
    let gap = |value: i32, positive: bool| {
        holds(move |cs| {
            let value = IntVar::constant(1)?.scale(BigInt::from(value))?;
            absolute(cs, &value, Some(positive)).map(|_| ())
        })
    };
    assert!(gap(3, true) && gap(-3, false) && gap(0, true) && gap(0, false));
    assert!(!gap(3, false));
    assert!(!gap(-3, true));
}
