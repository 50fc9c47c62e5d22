//! Values that a table holds, or does not.

use zkl_argument::{
    ScanError,
    relation::{ColumnTest, RelationKind, Side, Test},
};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::fixture::{Case, Row, Table, digest};

const A: Row = (Some(4), Some(1), 2);
const B: Row = (None, Some(2), 7);
const C: Row = (Some(-3), None, 2);

const fn number(value: Fr) -> ColumnTest {
    ColumnTest { column: 0, test: Test::Equal(value) }
}

fn word(value: u8) -> ColumnTest {
    ColumnTest { column: 1, test: Test::Equal(digest(value)) }
}

fn case(kind: RelationKind, tests: &[ColumnTest], units: &[&[Row]]) -> Case {
    Case::with_tests(kind, &[Table::new(Side::Left, units, 3)], tests, 5)
}

fn both(tests: &[ColumnTest], units: &[&[Row]]) -> [Result<(), ScanError>; 2] {
    [RelationKind::Present, RelationKind::Absent].map(|kind| case(kind, tests, units).check())
}

const PRESENT: [Result<(), ScanError>; 2] = [Ok(()), Err(ScanError::RootDenominator)];
const ABSENT: [Result<(), ScanError>; 2] = [Err(ScanError::PostingSum), Ok(())];

#[test]
fn a_value_is_present_or_absent() {
    let units: [&[Row]; 2] = [&[A, B], &[C, A]];
    let n = |value: i64| number(Fr::from(value));
    assert_eq!(both(&[n(4)], &units), PRESENT);
    assert_eq!(both(&[n(-3)], &units), PRESENT);
    assert_eq!(both(&[n(5)], &units), ABSENT);
    // Null is no value, neither 0 nor the minimum.
    assert_eq!(both(&[n(0)], &[&[B]]), ABSENT);
    assert_eq!(both(&[number(Fr::ZERO)], &[&[B, A]]), ABSENT);
    assert_eq!(both(&[word(1)], &units), PRESENT);
    assert_eq!(both(&[word(0)], &units), ABSENT);
    // Of several values all are those of one row.
    assert_eq!(both(&[n(4), word(1)], &units), PRESENT);
    assert_eq!(both(&[n(4), word(2)], &units), ABSENT);
    assert_eq!(both(&[n(-3), word(1)], &units), ABSENT);
}

#[test]
fn rejects_weights_on_other_rows_rows_that_do_not_count_and_several_rows() {
    let tests = [number(Fr::from(4))];
    let present = || case(RelationKind::Present, &tests, &[&[A, B], &[C, A]]);
    let refused = Err(ScanError::PostingSum);
    for (unit, row) in [(0, 1), (0, 5), (1, 0), (1, 7)] {
        let mut other = present();
        other.extra(0, 0)[0] = Fr::ZERO;
        other.extra(unit, 0)[row] = Fr::ONE;
        assert_eq!(other.check(), refused, "{unit} {row}");
    }
    // Which of two rows it is, or how much of each, is nobody's business; that there is one is.
    let half = (Fr::ONE + Fr::ONE).inverse().unwrap();
    let mut shared = present();
    shared.extra(0, 0)[0] = half;
    shared.extra(1, 0)[1] = half;
    shared.check().unwrap();
    shared.extra(1, 0)[1] = Fr::ONE;
    assert_eq!(shared.check(), refused);
    // Nothing that a prover writes makes it present.
    let mut absent = case(RelationKind::Present, &[number(Fr::from(5))], &[&[A, B]]);
    for row in 0..8 {
        absent.extra(0, 0)[row] = Fr::ONE;
        assert_eq!(absent.check(), refused, "{row}");
        absent.extra(0, 0)[row] = Fr::ZERO;
    }
}

#[test]
fn a_row_beyond_n_is_neither_present_nor_in_the_way() {
    for kind in [RelationKind::Present, RelationKind::Absent] {
        let mut case = case(kind, &[word(1)], &[&[B, C, A]]);
        case.units[0].rows = 2;
        case.sealed[0].rows[0] = Fr::from(2u64);
        // The dictionary counts the rows that count.
        let zkl_argument::relation::SealedColumn::Category { counts, values } = &mut case.sealed[0].columns[1] else {
            unreachable!()
        };
        let code = values.iter().position(|value| *value == digest(1)).unwrap();
        counts[code] -= Fr::ONE;
        let expected = if kind == RelationKind::Absent { Ok(()) } else { Err(ScanError::PostingSum) };
        assert_eq!(case.check(), expected);
    }
}

#[test]
fn rejects_messages_of_other_constants_and_other_columns() {
    for (kind, value) in [(RelationKind::Present, 4), (RelationKind::Absent, 5)] {
        let with = |value: i64| case(kind, &[number(Fr::from(value))], &[&[A, B], &[C]]);
        let messages = with(value).prove().messages.clone();
        with(value).outcome(&messages).unwrap();
        assert_eq!(with(value + 1).outcome(&messages), Err(ScanError::OpeningEnd));
        for unit in 0..2 {
            let mut other = with(value);
            let cell = &mut other.units[unit].cells[0];
            let values: Vec<Fr> = (0..8).map(|row| cell.value(row) + Fr::from(row == 0)).collect();
            *cell = zkl_argument::CellData::Field(values.into());
            assert_eq!(other.outcome(&messages), Err(ScanError::OpeningEnd));
        }
    }
    let with = || case(RelationKind::Present, &[number(Fr::from(4))], &[&[A, B], &[C]]);
    let messages = with().prove().messages.clone();
    let mut other = with();
    other.extra(1, 0)[0] += Fr::ONE;
    assert_eq!(other.outcome(&messages), Err(ScanError::OpeningEnd));
}
