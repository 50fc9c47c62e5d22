//! Of the rows with one key, one: keys that are lost, kept twice, or made up.

use zkl_argument::{
    PlanError, ScanError,
    relation::{ColumnSet, ExtraColumn, RelationKind, RelationShape, SealedColumn, Side},
};
use zkl_core::ark::{Fr, ff::AdditiveGroup as _, ff::Field as _};

use super::fixture::{Case, LIMB_BITS, LOG_ROWS, Row, Table};

const A: Row = (Some(4), Some(1), 2);
/// Another row with the key of A.
const OTHER_A: Row = (Some(4), Some(1), 5);
const B: Row = (None, Some(2), 7);
const C: Row = (Some(-3), None, 2);
const NULL: Row = (None, None, 9);

const REFUSED: Result<(), ScanError> = Err(ScanError::PostingSum);

/// Number and word.
fn kind() -> RelationKind {
    RelationKind::Dedup { key: ColumnSet::new([0, 1]).unwrap() }
}

fn tables(whole: &[&[Row]], kept: &[&[Row]]) -> [Table; 2] {
    [Table::new(Side::Left, whole, 3), Table::new(Side::Right, kept, 4)]
}

fn case(whole: &[&[Row]], kept: &[&[Row]]) -> Case {
    Case::of(kind(), &tables(whole, kept), 5)
}

#[test]
fn accepts_one_row_of_every_key_whichever_it_is() {
    case(&[&[A]], &[&[A]]).check().unwrap();
    for kept in [A, OTHER_A] {
        case(&[&[A, B, OTHER_A], &[A, C, B]], &[&[C, kept, B]]).check().unwrap();
        case(&[&[A, B, OTHER_A], &[A, C, NULL, NULL]], &[&[kept, NULL], &[C, B]]).check().unwrap();
    }
    // Whatever the minima, the codes and the nulls of either table are.
    for nullable in [[false, true], [true, false], [true, true]] {
        for min in [-9, -3, 0] {
            let [mut whole, mut kept] = tables(&[&[A, C, OTHER_A, C]], &[&[A, C]]);
            (whole.nullable, kept.nullable) = (nullable[0], nullable[1]);
            whole.min = [-9 - min, 0];
            kept.min = [-9 + min.min(0), -1];
            whole.min[0] = whole.min[0].min(-3);
            kept.codes.rotate_left(1);
            Case::of(kind(), &[whole, kept], 6).check().unwrap();
        }
    }
}

#[test]
fn the_key_is_that_of_the_statement() {
    let key = |columns: &[usize]| RelationKind::Dedup { key: ColumnSet::new(columns.iter().copied()).unwrap() };
    let of = |columns: &[usize], kept: &[Row]| Case::of(key(columns), &tables(&[&[A, OTHER_A, B]], &[kept]), 5).check();
    assert_eq!(of(&[0, 1], &[A, B]), Ok(()));
    assert_eq!(of(&[0, 1, 2], &[A, B]), REFUSED);
    assert_eq!(of(&[0, 1, 2], &[A, OTHER_A, B]), Ok(()));
    assert_eq!(of(&[2], &[A, OTHER_A, B]), Ok(()));
    assert_eq!(of(&[1], &[OTHER_A, B]), Ok(()));
}

#[test]
fn rejects_a_key_that_is_lost_kept_twice_or_made_up() {
    let whole: &[&[Row]] = &[&[A, B, OTHER_A], &[C, NULL]];
    case(whole, &[&[A, B, C, NULL]]).check().unwrap();
    for kept in [
        &[&[A, B, C][..]][..],
        &[&[B, C, NULL]],
        &[&[A, B, C, NULL, OTHER_A]],
        &[&[A, B, C, NULL], &[A]],
        &[&[A, B, C, NULL, NULL]],
        &[&[(Some(5), Some(1), 2), B, C, NULL]],
        // A row of the key that the first table does not have.
        &[&[(Some(4), Some(1), 3), B, C, NULL]],
        &[&[A, B, C, NULL, (Some(9), Some(0), 1)]],
    ] {
        assert_eq!(case(whole, kept).check(), REFUSED, "{kept:?}");
    }
}

/// A key that the second table lacks, which a prover counts where it likes.
#[test]
fn rejects_counts_that_stand_for_other_keys() {
    let honest = case(&[&[A, B, OTHER_A]], &[&[A, B]]);
    assert_eq!(honest.shape.extra(0), [ExtraColumn::Selector, ExtraColumn::Multiplicity]);
    assert_eq!(honest.shape.extra(1)[0], ExtraColumn::Match);
    for (row, change) in [(0, Fr::ONE), (1, -Fr::ONE), (0, Fr::from(2).inverse().unwrap()), (7, Fr::ONE)] {
        let mut other = case(&[&[A, B, OTHER_A]], &[&[A, B]]);
        other.extra(1, 0)[row] += change;
        assert_eq!(other.check(), REFUSED, "{row}");
    }
    let mut lost = case(&[&[A, B, OTHER_A]], &[&[A]]);
    // In every row, those that do not count as well.
    for row in 0..1 << LOG_ROWS {
        lost.extra(1, 0)[row] = Fr::ONE;
        assert_eq!(lost.check(), REFUSED, "{row}");
    }
}

#[test]
fn rejects_gaps_and_selectors_of_a_prover_who_keeps_a_key_twice() {
    let whole: &[&[Row]] = &[&[A, B, OTHER_A]];
    let limbs = case(whole, &[&[A, B]]).shape.extra(1).len() - 1;
    for gap in [-Fr::ONE, Fr::ZERO, Fr::ONE, -Fr::from(2)] {
        for row in 0..3 {
            let mut twice = case(whole, &[&[A, OTHER_A, B]]);
            for limb in 0..limbs {
                twice.extra(1, 1 + limb)[row] = if limb == 0 { gap } else { Fr::ZERO };
            }
            assert_eq!(twice.check(), REFUSED);
        }
    }
    for (row, value) in [(0, Fr::ZERO), (2, Fr::ONE), (0, Fr::from(2)), (5, Fr::ONE)] {
        let mut other = case(whole, &[&[A, B]]);
        other.extra(0, 0)[row] = value;
        assert_eq!(other.check(), REFUSED, "{row}");
    }
    for message in [0, 1] {
        let mut other = case(whole, &[&[A, B]]);
        other.firsts[message] += Fr::ONE;
        assert_eq!(other.check(), REFUSED);
    }
}

/// A notary gives one value of the second table two codes, so that both rows of its key look different.
#[test]
fn rejects_one_value_under_two_codes_of_the_second_table_alone() {
    let honest = || Case::of(kind(), &tables(&[&[A, C, B]], &[&[A, C, B]]), 5);
    honest().check().unwrap();
    let with = |table: usize| {
        let mut case = honest();
        let SealedColumn::Category { values, .. } = &mut case.sealed[table].columns[1] else { unreachable!() };
        values[3] = values[2];
        case.check()
    };
    // Columns are counted over both tables.
    assert_eq!(with(1), Err(ScanError::CodesOfOneValue { column: 4 }));
    // Of the first one values are compared: the sum alone is wrong, where a row has such a code.
    assert_ne!(with(0), Err(ScanError::CodesOfOneValue { column: 1 }));
    // A dictionary that is not in the key may have a value twice: rows are compared by digests.
    let numbers = RelationKind::Dedup { key: ColumnSet::new([0]).unwrap() };
    let mut other = Case::of(numbers, &tables(&[&[A, C]], &[&[A, C]]), 5);
    let SealedColumn::Category { values, .. } = &mut other.sealed[1].columns[1] else { unreachable!() };
    let unused = (1..4).find(|code| values[*code] != super::fixture::digest(1)).unwrap();
    values[unused] = super::fixture::digest(1);
    other.check().unwrap();
}

#[test]
fn keys_have_columns_of_the_tables_and_two_tables() {
    let of = |columns: &[usize], tables: &[Table]| {
        let key = ColumnSet::new(columns.iter().copied()).unwrap();
        let shapes = tables.iter().map(|table| table.shape_of(RelationKind::Dedup { key })).collect();
        RelationShape::of(RelationKind::Dedup { key }, LIMB_BITS, LOG_ROWS, shapes).map(|_| ())
    };
    let two = tables(&[&[A]], &[&[A]]);
    assert_eq!(of(&[0, 2], &two), Ok(()));
    assert_eq!(of(&[0, 3], &two), Err(PlanError::Column { index: 3 }));
    let what = |error| match error {
        Err(PlanError::Size { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(what(of(&[], &two)), "number of bits of a key");
    assert_eq!(what(of(&[0], &two[..1])), "number of tables");
    assert_eq!(ColumnSet::new([63]).map(|set| set.iter().collect::<Vec<_>>()), Some(vec![63]));
    assert_eq!(ColumnSet::new([64]), None);
}
