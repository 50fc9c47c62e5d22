//! Classes of k rows: selectors and remainders that do not add up to the rows of every class.

use zkl_argument::{
    CellData, ScanError,
    relation::{RelationKind, Side, relation_weights},
};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::fixture::{Case, Row, Table};

const A: Row = (Some(4), Some(1), 2);
const B: Row = (None, Some(2), 7);
const C: Row = (Some(-3), None, 2);

fn case(k: u32, units: &[&[Row]]) -> Case {
    Case::of(RelationKind::KAnonymous { k }, &[Table::new(Side::Left, units, 3)], 5)
}

#[test]
fn accepts_classes_of_k_rows_and_more_across_units() {
    case(1, &[&[A]]).check().unwrap();
    case(2, &[&[A, B, A], &[B]]).check().unwrap();
    case(3, &[&[A, B, A, A, B], &[B, A]]).check().unwrap();
    case(2, &[&[A, A, B, B, C, C]]).check().unwrap();
    case(8, &[&[A; 8], &[A; 8]]).check().unwrap();
}

#[test]
fn rejects_a_class_of_fewer_rows_and_null_among_the_values_of_another() {
    let few: [(u32, &[&[Row]]); 3] = [(2, &[&[A, B, A]]), (3, &[&[A, A, B, B], &[B]]), (9, &[&[A; 8]])];
    for (k, units) in few {
        assert_eq!(case(k, units).check(), Err(ScanError::PostingSum), "{k}");
    }
    let null = (None, A.1, A.2);
    assert_eq!(case(2, &[&[A, A, null]]).check(), Err(ScanError::PostingSum));
}

/// One row short of k: whatever the prover writes instead.
#[test]
fn rejects_selectors_that_are_no_bits_and_remainders_without_a_selector_or_out_of_range() {
    let two = Fr::from(2u64);
    let forged = |change: &dyn Fn(&mut Case)| {
        let mut case = case(2, &[&[A, A, B]]);
        change(&mut case);
        case.check()
    };
    let refused = Err(ScanError::PostingSum);
    assert_eq!(forged(&|_| ()), refused);
    // Half a selector; a remainder of 1 alone; -1 beside the selector.
    assert_eq!(forged(&|case| case.extra(0, 0)[2] = two.inverse().unwrap()), refused);
    assert_eq!(forged(&|case| case.extra(0, 1)[2] = Fr::ONE), refused);
    let selected = |case: &mut Case, rest: Fr| {
        case.extra(0, 0)[2] = Fr::ONE;
        case.extra(0, 1)[2] = rest;
        case.firsts[0] += Fr::ONE;
    };
    assert_eq!(forged(&|case| selected(case, Fr::ZERO)), refused);
    assert_eq!(forged(&|case| selected(case, -Fr::ONE)), refused);
    // Multiplicities that fit the limbs, where they can.
    let multiplicities = |case: &mut Case, entry: usize, change: Fr| {
        let last = case.shape.extra(0).len() - 1;
        case.extra(0, last)[0] -= change;
        case.extra(0, last)[entry] += change;
    };
    assert_eq!(
        forged(&|case| {
            case.extra(0, 1)[2] = Fr::ONE;
            multiplicities(case, 1, Fr::ONE);
        }),
        refused
    );
    // A class that takes the row of another one.
    assert_eq!(
        forged(&|case| {
            case.extra(0, 1)[0] = Fr::ONE;
            multiplicities(case, 1, Fr::ONE);
        }),
        refused
    );
    // Another number of selected rows.
    assert_eq!(forged(&|case| case.firsts[0] += Fr::ONE), refused);
}

/// The notary committed to a row beyond n, equal to the one that is alone.
#[test]
fn rejects_weights_in_rows_that_do_not_count() {
    let mut case = case(2, &[&[A, A, B, B]]);
    case.check().unwrap();
    case.units[0].rows = 3;
    case.sealed[0].rows[0] = Fr::from(3u64);
    for (row, selected, rest) in [(2, 0i64, 1i64), (3, 0, -1), (3, 1, -3), (3, -1, 1)] {
        case.extra(0, 0)[row] += Fr::from(selected);
        case.extra(0, 1)[row] += Fr::from(rest);
        assert_eq!(case.check(), Err(ScanError::PostingSum), "{row} {selected} {rest}");
        case.extra(0, 0)[row] -= Fr::from(selected);
        case.extra(0, 1)[row] -= Fr::from(rest);
    }
}

#[test]
fn rejects_columns_other_than_the_committed_ones_and_another_k() {
    let honest = case(2, &[&[A, B, A], &[B]]);
    let proof = honest.prove();
    honest.outcome(&proof.messages).unwrap();
    for column in 0..honest.shape.extra(0).len() {
        let mut other = case(2, &[&[A, B, A], &[B]]);
        other.extra(0, column)[0] += Fr::ONE;
        assert_eq!(other.outcome(&proof.messages), Err(ScanError::OpeningEnd), "extra column {column}");
    }
    let mut other = case(2, &[&[A, B, A], &[B]]);
    let cell = &mut other.units[0].cells[0];
    let values: Vec<Fr> = (0..8).map(|row| cell.value(row) + Fr::from(row == 0)).collect();
    *cell = CellData::Field(values.into());
    assert_eq!(other.outcome(&proof.messages), Err(ScanError::OpeningEnd));
    // k is a weight, so that a proof for 2 does not open for 3.
    let three = case(3, &[&[A, B, A], &[B]]);
    assert_eq!(three.shape.message_count(), honest.shape.message_count());
    assert_ne!(relation_weights(&three.shape, &proof.opening), relation_weights(&honest.shape, &proof.opening));
    assert_eq!(Case { shape: three.shape.clone(), ..honest }.outcome(&proof.messages), Err(ScanError::OpeningEnd));
}
