//! Keys of two tables that have none in common: lists that lack a key, or have one that both tables have.

use zkl_argument::{
    PlanError, ScanError,
    relation::{ColumnShape, RelationKind, RelationShape, SealedColumn, Side, TableShape},
};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::fixture::{Case, LIMB_BITS, Row, Table};

const fn row(value: Option<i64>) -> Row {
    (value, Some(1), 0)
}

const A: Row = row(Some(4));
const B: Row = row(Some(-3));
const C: Row = row(Some(70_000));
const NULL: Row = row(None);

const REFUSED: Result<(), ScanError> = Err(ScanError::PostingSum);

fn case(left: &[&[Row]], right: &[&[Row]]) -> Case {
    case_of(&Table::new(Side::Left, left, 3), &Table::new(Side::Right, right, 4))
}

fn case_of(left: &Table, right: &Table) -> Case {
    Case::of_numbers(RelationKind::Disjoint, &[left.clone(), right.clone()], false, 5)
}

#[test]
fn accepts_keys_of_one_table_each_repeated_or_null() {
    case(&[&[A]], &[&[B]]).check().unwrap();
    case(&[&[A, B, A], &[A]], &[&[C, C]]).check().unwrap();
    case(&[&[A, NULL, B, NULL]], &[&[C], &[row(Some(5)), C]]).check().unwrap();
    // The null of one is neither 0 nor a minimum of the other, whatever the minima are.
    for min in [-2, 0, 1] {
        let other = Table { min: [min, 0], ..Table::new(Side::Right, &[&[row(Some(min.max(0))), row(Some(1))]], 2) };
        case_of(&Table::new(Side::Left, &[&[NULL]], 1), &other).check().unwrap();
    }
    // Equal cells, from other minima.
    let table =
        |side, value, min| Table { min: [min, 0], nullable: false, ..Table::new(side, &[&[row(Some(value))]], 1) };
    case_of(&table(Side::Left, 3, 1), &table(Side::Right, 4, 2)).check().unwrap();
    case(&[&[row(Some(i64::from(i32::MIN)))]], &[&[row(Some(0))]]).check().unwrap();
}

#[test]
fn rejects_a_key_that_both_have_null_among_them() {
    for (left, right) in [(&[A, B][..], &[C, A][..]), (&[A], &[A]), (&[A, NULL], &[NULL, C]), (&[B, A, A], &[A])] {
        assert_eq!(case(&[left], &[right]).check(), REFUSED, "{left:?} {right:?}");
        assert_eq!(case(&[&[C.max(row(Some(1)))], left], &[right]).check(), REFUSED);
    }
    let table = |side, min| Table { min: [min, 0], nullable: false, ..Table::new(side, &[&[A]], 1) };
    assert_eq!(case_of(&table(Side::Left, 1), &table(Side::Right, 4)).check(), REFUSED);
    let nullable = Table { nullable: true, ..table(Side::Right, 0) };
    assert_eq!(case_of(&table(Side::Left, 1), &nullable).check(), REFUSED);
}

/// Both tables have A. Whatever is written in the lists in its place.
#[test]
fn rejects_lists_without_a_key_entries_beyond_n_and_weights_that_are_taken_elsewhere() {
    let gaps = |case: &Case| case.shape.extra(1).len() - 2;
    let forged = || case(&[&[A, B]], &[&[A, C]]);
    let key = |case: &mut Case| case.extra(1, 0)[0];
    // The list of the second table has another key, whose chain closes.
    let mut other = forged();
    let mut honest = case(&[&[A, B]], &[&[row(Some(5)), C]]);
    for unit in 0..2 {
        for column in 0..other.shape.extra(unit).len() {
            let values = honest.extra(unit, column).clone();
            *other.extra(unit, column) = values;
        }
    }
    other.firsts.clone_from(&honest.firsts);
    assert_eq!(other.check(), REFUSED);
    // The key that is missing stands beyond n, where no chain goes.
    let missing = key(&mut forged());
    other.extra(1, 0)[5] = missing;
    other.extra(1, 1)[5] = Fr::ONE;
    other.extra(1, 1)[0] = Fr::ZERO;
    assert_eq!(other.check(), REFUSED);
    // A gap of -1 between two entries that are equal.
    let mut back = forged();
    assert!(gaps(&back) > 1);
    for unit in 0..2 {
        for row in 0..2 {
            let mut changed = forged();
            changed.extra(unit, 2)[row] = -Fr::ONE;
            assert_eq!(changed.check(), REFUSED, "{unit} {row}");
        }
    }
    let multiplicities = back.shape.extra(0).len() - 1;
    for entry in 0..1 << LIMB_BITS {
        back.extra(0, 2)[0] = -Fr::ONE;
        back.extra(0, multiplicities)[entry] += Fr::ONE;
        assert_eq!(back.check(), REFUSED);
    }
}

#[test]
fn rejects_numbers_of_rows_and_ends_that_are_others() {
    let honest = || case(&[&[A, B, A]], &[&[C]]);
    honest().check().unwrap();
    for change in [Fr::ONE, -Fr::ONE] {
        for unit in 0..2 {
            let mut case = honest();
            case.extra(unit, 1)[0] += change;
            assert_eq!(case.check(), REFUSED);
        }
        for end in 0..2 {
            let mut case = honest();
            case.firsts[end] += change;
            assert_eq!(case.check(), REFUSED);
        }
    }
}

#[test]
fn rejects_columns_other_than_the_committed_ones_and_other_minima() {
    let honest = || case(&[&[A, B, NULL]], &[&[C]]);
    let messages = honest().prove().messages.clone();
    honest().outcome(&messages).unwrap();
    for unit in 0..2 {
        for column in 0..honest().shape.extra(unit).len() {
            let mut other = honest();
            other.extra(unit, column)[0] += Fr::ONE;
            assert_eq!(other.outcome(&messages), Err(ScanError::OpeningEnd), "{unit} {column}");
        }
        let mut other = honest();
        let SealedColumn::Numeric { min } = &mut other.sealed[unit].columns[0] else { unreachable!() };
        *min += Fr::ONE;
        assert_eq!(other.outcome(&messages), Err(ScanError::OpeningEnd));
    }
}

#[test]
fn keys_of_two_tables_are_at_most_two_numbers() {
    let shape = |column: ColumnShape, count: usize| {
        let table = |side| TableShape { side, columns: vec![column; count], units: 1 };
        let tables = vec![table(Side::Left), table(Side::Right)];
        RelationShape::of(RelationKind::Disjoint, 16, 16, tables).map(|shape| shape.extra(1).len())
    };
    let number = |nullable| ColumnShape::Numeric { limbs: 1, nullable, fraction_bits: 0 };
    assert_eq!(shape(number(false), 1), Ok(6));
    assert_eq!(shape(number(true), 1), Ok(7));
    assert_eq!(shape(number(true), 2), Ok(11));
    let size = PlanError::Size { what: "number of bits of a key", got: 192, min: 1, max: 144 };
    assert_eq!(shape(number(false), 3), Err(size));
    assert_eq!(shape(ColumnShape::Code { capacity: 4 }, 1), Err(PlanError::Column { index: 0 }));
}
