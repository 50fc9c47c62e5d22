//! Some rows of a table: selectors that are no bits, rows that do not count, and rows that the whole lacks.

use zkl_argument::{
    CellData, ScanError,
    relation::{RelationKind, Side},
};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::fixture::{Case, Row, Table, split};

const A: Row = (Some(4), Some(1), 2);
const B: Row = (None, Some(2), 7);
const C: Row = (Some(-3), None, 2);

fn case(whole: &[&[Row]], part: &[Row]) -> Case {
    let tables = [Table::new(Side::Left, whole, 3), Table::new(Side::Right, &[part], 4)];
    Case::of(RelationKind::Subset, &tables, 5)
}

#[test]
fn accepts_some_rows_all_rows_and_repeated_ones() {
    case(&[&[A, B, A], &[C]], &[A]).check().unwrap();
    case(&[&[A, B, A], &[C]], &[C, A, A]).check().unwrap();
    case(&[&[A, B, A], &[C]], &[C, A, B, A]).check().unwrap();
    case(&[&[B]], &[B]).check().unwrap();
    let tables = split();
    Case::of(RelationKind::Subset, &[tables[0].clone(), tables[2].clone()], 1).check().unwrap();
}

#[test]
fn rejects_rows_that_the_whole_lacks_or_has_less_often() {
    let changed = [(Some(5), Some(1), 2), (None, Some(1), 2), (Some(4), None, 2), (Some(4), Some(1), 3)];
    for row in changed {
        assert_eq!(case(&[&[A, B], &[C]], &[row]).check(), Err(ScanError::PostingSum), "{row:?}");
    }
    assert_eq!(case(&[&[A, B], &[C]], &[A, A]).check(), Err(ScanError::PostingSum));
}

/// The whole has the row once, the part twice: weights that add up, of selectors that are no bits.
#[test]
fn rejects_selectors_that_are_not_bits() {
    let half = (Fr::ONE + Fr::ONE).inverse().unwrap();
    let mut twice = case(&[&[A, B], &[C]], &[A, A]);
    twice.extra(0, 0)[..3].copy_from_slice(&[Fr::from(2u64), Fr::ZERO, Fr::ZERO]);
    assert_eq!(twice.check(), Err(ScanError::PostingSum));
    // Two halves, of a row that both units have.
    let mut halves = case(&[&[A, B], &[A]], &[A]);
    halves.extra(0, 0)[0] = half;
    halves.extra(1, 0)[0] = half;
    assert_eq!(halves.check(), Err(ScanError::PostingSum));
    let mut negative = case(&[&[A, A], &[A]], &[A]);
    negative.extra(0, 0)[..2].copy_from_slice(&[Fr::ONE, Fr::ONE]);
    negative.extra(1, 0)[0] = -Fr::ONE;
    assert_eq!(negative.check(), Err(ScanError::PostingSum));
    // More bits than the part has rows, in a row of their own, would be rows of the part.
    let mut more = case(&[&[A, B], &[C]], &[A]);
    more.extra(1, 0)[0] = Fr::ONE;
    assert_eq!(more.check(), Err(ScanError::PostingSum));
}

/// The notary committed to a row beyond n: it is no row of the table.
#[test]
fn rejects_selected_rows_that_do_not_count() {
    let mut case = case(&[&[A, B, C], &[C]], &[A, C]);
    case.check().unwrap();
    // The dictionary has the pairs of the rows that count.
    case.units[0].rows = 2;
    case.sealed[0].rows[0] = Fr::from(2u64);
    for value in [-2i64, 0, 1, 2] {
        case.extra(1, 0)[0] = Fr::from(value);
        case.extra(0, 0)[2] = Fr::ONE - Fr::from(value);
        if value != 1 {
            assert_eq!(case.check(), Err(ScanError::PostingSum), "{value}");
        }
    }
}

/// Messages of an honest prover, over another selector than the committed one.
#[test]
fn rejects_a_selector_other_than_the_committed_one() {
    let mut case = case(&[&[A, B, A], &[C]], &[A]);
    let messages = case.prove().messages.clone();
    case.outcome(&messages).unwrap();
    case.extra(0, 0).swap(0, 2);
    assert_eq!(case.outcome(&messages), Err(ScanError::OpeningEnd));
}

#[test]
fn rejects_other_numbers_of_rows_than_the_statement_has() {
    for (table, unit) in [(0, 0), (0, 1), (1, 0)] {
        let mut case = case(&[&[A, B, A], &[C, C]], &[A, C]);
        case.sealed[table].rows[unit] += Fr::ONE;
        assert_eq!(case.check(), Err(ScanError::PostingSum), "{table} {unit}");
    }
}

#[test]
fn rejects_digests_that_are_not_those_of_the_sealed_dictionary() {
    let mut case = case(&[&[A, B], &[C]], &[(Some(4), Some(0), 2)]);
    case.extra(0, 0)[0] = Fr::ONE;
    let unit = case.units.last_mut().unwrap();
    let place = unit.cells.len() - 2;
    let CellData::Field(digests) = &mut unit.cells[place] else { unreachable!() };
    digests.to_mut()[0] = super::fixture::digest(1);
    assert_eq!(case.check(), Err(ScanError::PostingSum));
}
