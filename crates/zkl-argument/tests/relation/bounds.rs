//! Values within bounds: one unit outside, nulls, and distances that are not those of a row.

use zkl_argument::{
    PlanError, ScanError,
    relation::{ColumnShape, RelationKind, RelationShape, Side, TableShape, relation_constant},
};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::fixture::{Case, LIMB_BITS, Row, Table};

const fn row(value: Option<i64>) -> Row {
    (value, Some(1), 0)
}

const ROWS: [Row; 4] = [row(Some(-3)), row(Some(4)), row(Some(70_000)), row(Some(-3))];

fn case((lower, upper): (i64, i64), nulls: bool, units: &[&[Row]]) -> Case {
    let kind = RelationKind::Bounds { lower, upper, nulls };
    Case::of_number(kind, &Table::new(Side::Left, units, 3), false, 5)
}

const REFUSED: Result<(), ScanError> = Err(ScanError::PostingSum);

#[test]
fn accepts_values_at_both_bounds_and_far_from_them() {
    for bounds in [(-3, 70_000), (-4, 70_001), (i64::MIN, i64::MAX), (-3, i64::MAX), (i64::MIN, 70_000)] {
        case(bounds, false, &[&ROWS[..3], &ROWS[3..]]).check().unwrap();
    }
    for min in [-2, 0, 1] {
        let table = Table { min: [min, 0], nullable: true, ..Table::new(Side::Left, &[&[row(Some(1))]], 1) };
        let kind = RelationKind::Bounds { lower: 1, upper: 1, nulls: false };
        Case::of_number(kind, &table, false, 2).check().unwrap();
    }
    // A column that is never null.
    let kind = RelationKind::Bounds { lower: 0, upper: 0, nulls: false };
    Case::of_number(kind, &Table::new(Side::Left, &[&ROWS], 3), true, 5).check().unwrap();
}

#[test]
fn rejects_a_value_one_unit_outside_in_any_unit() {
    for bounds in [(-2, 70_000), (-3, 69_999), (5, 6), (i64::MIN, -4)] {
        assert_eq!(case(bounds, false, &[&ROWS[..3], &ROWS[3..]]).check(), REFUSED, "{bounds:?}");
    }
}

#[test]
fn nulls_are_refused_unless_they_are_allowed() {
    let rows = [row(Some(4)), row(None)];
    assert_eq!(case((0, 9), false, &[&rows]).check(), REFUSED);
    case((0, 9), true, &[&rows]).check().unwrap();
    // Null is no value, so it does not stand for one that is out of bounds.
    assert_eq!(case((5, 9), true, &[&rows]).check(), REFUSED);
    case((4, 4), true, &[&rows]).check().unwrap();
    case((1, 2), true, &[&[row(None)]]).check().unwrap();
}

/// A value of 4 for bounds of 5 and 9, or of 0 and 3, whatever its prover takes for the distances.
#[test]
fn rejects_distances_that_are_negative_too_wide_or_of_another_row() {
    let limbs = |case: &Case| (case.shape.extra(0).len() - 1) / 2;
    for (bounds, side, distance) in [((5, 9), 0, -Fr::ONE), ((0, 3), 1, -Fr::ONE)] {
        let mut case = case(bounds, false, &[&[row(Some(4)), row(Some(5))]]);
        let (first, multiplicities) = (limbs(&case) * side, 2 * limbs(&case));
        case.extra(0, first)[0] = distance;
        assert_eq!(case.check(), REFUSED);
        for entry in 0..1 << LIMB_BITS {
            case.extra(0, multiplicities)[entry] += Fr::ONE;
            assert_eq!(case.check(), REFUSED);
            case.extra(0, multiplicities)[entry] -= Fr::ONE;
        }
    }
    // A limb beyond the table, of a distance that two of them have.
    let mut wide = case((0, 20), false, &[&[row(Some(9))]]);
    wide.check().unwrap();
    assert_eq!(limbs(&wide), 2);
    wide.extra(0, 0)[0] = Fr::from(9u64);
    wide.extra(0, 1)[0] = Fr::ZERO;
    assert_eq!(wide.check(), REFUSED);
    // The distances of two rows exchanged.
    let mut swapped = case((0, 20), false, &[&[row(Some(9)), row(Some(3))]]);
    for column in 0..4 {
        swapped.extra(0, column).swap(0, 1);
    }
    assert_eq!(swapped.check(), REFUSED);
}

#[test]
fn rows_beyond_n_need_no_distance_and_rows_below_do() {
    let mut case = case((0, 9), false, &[&[row(Some(4)), row(Some(12))]]);
    assert_eq!(case.check(), REFUSED);
    case.units[0].rows = 1;
    case.sealed[0].rows[0] = Fr::ONE;
    // The row that does not count looked up limbs of 0.
    let last = case.shape.extra(0).len() - 1;
    let limbs = last;
    for limb in 0..limbs {
        let value = case.extra(0, limb)[1];
        let entry = (0..1 << LIMB_BITS).find(|entry| Fr::from(*entry as u64) == value).unwrap();
        case.extra(0, last)[entry] -= Fr::ONE;
    }
    case.check().unwrap();
}

#[test]
fn rejects_columns_other_than_the_committed_ones_other_bounds_and_other_minima() {
    let bounds = (-3, 70_000);
    let honest = case(bounds, false, &[&ROWS]);
    let proof = honest.prove();
    honest.outcome(&proof.messages).unwrap();
    for column in 0..honest.shape.extra(0).len() {
        let mut other = case(bounds, false, &[&ROWS]);
        other.extra(0, column)[0] += Fr::ONE;
        assert_eq!(other.outcome(&proof.messages), Err(ScanError::OpeningEnd), "extra column {column}");
    }
    let mut other = case(bounds, false, &[&ROWS]);
    let zkl_argument::relation::SealedColumn::Numeric { min } = &mut other.sealed[0].columns[0] else { unreachable!() };
    *min += Fr::ONE;
    assert_eq!(other.outcome(&proof.messages), Err(ScanError::OpeningEnd));
    // As many limbs, and so the same circuit: the bounds are in the opening alone.
    for other in [(-4, 70_000), (-3, 70_001), (-4, 69_999)] {
        let other = case(other, false, &[&ROWS]);
        assert_eq!(other.shape.message_count(), honest.shape.message_count());
        assert_eq!(other.outcome(&proof.messages), Err(ScanError::OpeningEnd));
    }
}

/// Without the constants of the tuples the columns do not open: nothing else holds the bounds of a column that is never null.
#[test]
fn the_constants_are_a_part_of_the_value() {
    let table = Table::new(Side::Left, &[&ROWS], 3);
    let of = |lower| {
        let kind = RelationKind::Bounds { lower, upper: 7, nulls: false };
        Case::of_number(kind, &Table { min: [0, 0], ..table.clone() }, true, 5)
    };
    let honest = of(0);
    let proof = honest.prove();
    honest.outcome(&proof.messages).unwrap();
    assert_ne!(relation_constant(&honest.shape, &proof.opening), Fr::ZERO);
    assert_eq!(of(1).outcome(&proof.messages), Err(ScanError::OpeningEnd));
}

#[test]
fn bounds_are_of_one_number() {
    let of = |kind, columns: &[ColumnShape]| {
        let table = TableShape { side: Side::Left, columns: columns.to_vec(), units: 1 };
        RelationShape::of(kind, 16, 16, vec![table]).map(|shape| shape.extra(0).len())
    };
    let number = ColumnShape::Numeric { limbs: 4, nullable: true, fraction_bits: 0 };
    let kind = |lower, upper| RelationKind::Bounds { lower, upper, nulls: false };
    assert_eq!(of(kind(0, 0), &[number]), Ok(3));
    assert_eq!(of(kind(0, 65_535), &[number]), Ok(3));
    assert_eq!(of(kind(0, 65_536), &[number]), Ok(5));
    assert_eq!(of(kind(i64::MIN, i64::MAX), &[number]), Ok(9));
    for (kind, columns) in [
        (kind(1, 0), &[number][..]),
        (kind(0, 1), &[number, number]),
        (kind(0, 1), &[ColumnShape::Code { capacity: 4 }]),
    ] {
        assert_eq!(of(kind, columns), Err(PlanError::Column { index: 0 }));
    }
}
