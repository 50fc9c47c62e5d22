//! Every message, changed, is rejected by the check that it belongs to.

use zkl_argument::{
    ScanError,
    relation::{ColumnSet, ColumnTest, RelationKind, RelationOpening, Side, Test},
};
use zkl_core::ark::{Fr, ff::AdditiveGroup as _};

use super::fixture::{Case, LOG_ROWS, Table, split};

/// The check that each message decides, in the order of the tape.
fn owners(case: &Case) -> Vec<ScanError> {
    let shape = &case.shape;
    let mut owners = vec![ScanError::PostingSum; shape.first_count() + 2];
    let (mut bound, mut left, mut layer) = (0, LOG_ROWS + shape.block_bits(), 0);
    while left > 0 {
        let log_arity = if left % 2 == 1 { 1 } else { 2 };
        owners.extend(vec![ScanError::LayerEnd { layer }; bound * (1 << log_arity) + (2 << log_arity)]);
        (bound, left, layer) = (bound + log_arity, left - log_arity, layer + 1);
    }
    owners.extend(vec![ScanError::OpeningEnd; shape.value_count() + 1]);
    owners
}

#[test]
fn rejects_every_changed_message_with_the_check_that_it_belongs_to() {
    let tables = split();
    // Keys that differ: without the repeated rows.
    let keys = [Table::new(tables[1].side, &[&tables[2].units[0], &tables[1].units[0][1..3]], 4)];
    for kind in [RelationKind::SameRows, RelationKind::Subset, RelationKind::Unique, RelationKind::KAnonymous { k: 1 }]
    {
        let tables = if kind == RelationKind::Unique { &keys[..] } else { &tables[..super::fixture::tables_of(kind)] };
        rejects_every_changed_message(&Case::of(kind, tables, 9));
    }
    let table = |side, rows: &[super::fixture::Row]| Table::new(side, &[rows], 4);
    let rows = &tables[0].units[0];
    let whole = table(Side::Left, rows);
    let test = |column, test| ColumnTest { column, test };
    let tests = [test(0, Test::AtLeast(0)), test(2, Test::AtMost(10))];
    let meets = |row: &&super::fixture::Row| row.0.is_some_and(|n| n >= 0) && row.2 <= 10;
    let met: Vec<_> = rows.iter().filter(meets).copied().collect();
    let unmet: Vec<_> = rows.iter().filter(|row| !meets(row)).copied().collect();
    for (kind, part) in [(RelationKind::Filter, &met), (RelationKind::Erase, &unmet)] {
        let tables = [whole.clone(), table(Side::Right, part)];
        rejects_every_changed_message(&Case::with_tests(kind, &tables, &tests, 9));
    }
    for (kind, value) in [(RelationKind::Present, -5i64), (RelationKind::Absent, 5)] {
        let tests = [test(0, Test::Equal(Fr::from(value)))];
        rejects_every_changed_message(&Case::with_tests(kind, std::slice::from_ref(&whole), &tests, 9));
    }
    let far = [(Some(99), None, 0), (Some(98), None, 0)];
    let two = [whole.clone(), table(Side::Right, &far)];
    rejects_every_changed_message(&Case::of_numbers(RelationKind::Disjoint, &two, false, 9));
    // Each key of the whole once: number and word.
    let kept = [tables[0].units[1][0], rows[0], rows[1], rows[2], rows[4]];
    let key = ColumnSet::new([0, 1]).unwrap();
    let two = [tables[0].clone(), table(Side::Right, &kept[..])];
    rejects_every_changed_message(&Case::of(RelationKind::Dedup { key }, &two, 9));
    let bounds = RelationKind::Bounds { lower: -5, upper: 70_000, nulls: true };
    rejects_every_changed_message(&Case::of_number(bounds, &whole, false, 9));
}

fn rejects_every_changed_message(case: &Case) {
    let honest = case.prove().messages.clone();
    let owners = owners(case);
    assert_eq!(honest.len(), owners.len());
    assert_eq!(honest.len(), case.shape.message_count());
    for (index, owner) in owners.iter().enumerate() {
        for change in [Fr::from(1u64), -honest[index] - Fr::from(3u64)] {
            let mut messages = honest.clone();
            messages[index] += change;
            assert_eq!(case.outcome(&messages).as_ref(), Err(owner), "message {index}");
        }
    }
}

#[test]
fn rejects_a_root_without_denominator() {
    let case = Case::new(&split(), 9);
    let mut messages = case.prove().messages.clone();
    messages[..2].fill(Fr::ZERO);
    assert_eq!(case.outcome(&messages), Err(ScanError::RootDenominator));
}

#[test]
fn rejects_truncated_extended_and_empty_messages() {
    let case = Case::new(&split(), 9);
    let honest = case.prove().messages.clone();
    let expected = honest.len();
    for got in [0, 1, expected - 1, expected + 1] {
        let mut messages = honest.clone();
        messages.resize(got, Fr::ZERO);
        assert_eq!(case.outcome(&messages), Err(ScanError::MessageCount { expected, got }));
    }
}

#[test]
fn messages_of_another_salt_or_statement_are_rejected() {
    let mut case = Case::new(&split(), 9);
    let messages = case.prove().messages.clone();
    case.seed.salt += Fr::from(1u64);
    assert!(case.outcome(&messages).is_err());
    case.seed.salt -= Fr::from(1u64);
    case.seed.t0 += Fr::from(1u64);
    assert!(case.outcome(&messages).is_err());
}

#[test]
fn every_element_of_the_claim_decides() {
    let case = Case::new(&split(), 9);
    let opening = case.prove().opening.clone();
    let elements = opening.elements();
    assert_eq!(elements.len(), RelationOpening::<Fr>::len(&case.shape));
    assert_eq!(RelationOpening::from_elements(&case.shape, &elements), Some(opening.clone()));
    assert_eq!(RelationOpening::from_elements(&case.shape, &elements[1..]), None);
    for index in 0..elements.len() {
        let mut changed = elements.clone();
        changed[index] += Fr::from(1u64);
        let changed = RelationOpening::from_elements(&case.shape, &changed).unwrap();
        assert_ne!(case.value(&changed), changed.value, "element {index}");
    }
}
