//! Filters and erasures: selectors that do not say which rows meet the conditions.

use zkl_argument::{
    CellData, PlanError, ScanError,
    relation::{ColumnShape, ColumnTest, RelationKind, RelationShape, Side, TableShape, Test},
};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::fixture::{Case, Row, Table, digest};

const A: Row = (Some(4), Some(1), 2);
const B: Row = (None, Some(2), 7);
const C: Row = (Some(-3), None, 2);
const D: Row = (Some(70_000), Some(1), 9);

const REFUSED: Result<(), ScanError> = Err(ScanError::PostingSum);

const fn test(column: usize, test: Test) -> ColumnTest {
    ColumnTest { column, test }
}

fn word(value: u8) -> ColumnTest {
    test(1, Test::Equal(digest(value)))
}

fn case(kind: RelationKind, tests: &[ColumnTest], whole: &[&[Row]], part: &[Row]) -> Case {
    let tables = [Table::new(Side::Left, whole, 3), Table::new(Side::Right, &[part], 4)];
    Case::with_tests(kind, &tables, tests, 5)
}

fn filter(tests: &[ColumnTest], part: &[Row]) -> Case {
    case(RelationKind::Filter, tests, &[&[A, B, C], &[D, A]], part)
}

fn erase(tests: &[ColumnTest], part: &[Row]) -> Case {
    case(RelationKind::Erase, tests, &[&[A, B, C], &[D, A]], part)
}

/// Writes a distance as its prover likes it, and tells the limb table.
fn set_distance(case: &mut Case, unit: usize, first: usize, row: usize, distance: Fr) {
    let limbs = 64usize.div_ceil(super::fixture::LIMB_BITS);
    let multiplicities = case.shape.extra(0).len() - 1;
    for limb in 0..limbs {
        let new = if limb == 0 { distance } else { Fr::ZERO };
        let old = std::mem::replace(&mut case.extra(unit, first + limb)[row], new);
        for (value, change) in [(old, -Fr::ONE), (new, Fr::ONE)] {
            if let Some(entry) = (0..8usize).find(|entry| Fr::from(*entry as u64) == value) {
                case.extra(0, multiplicities)[entry] += change;
            }
        }
    }
}

/// Whether a row meets a test, by value.
type Meets = fn(&Row) -> bool;

#[test]
fn accepts_what_rows_meet_each_test_and_their_complement() {
    let tests: [(ColumnTest, Meets); 9] = [
        (test(0, Test::AtLeast(4)), |row| row.0.is_some_and(|n| n >= 4)),
        (test(0, Test::AtLeast(5)), |row| row.0.is_some_and(|n| n >= 5)),
        (test(0, Test::AtMost(4)), |row| row.0.is_some_and(|n| n <= 4)),
        (test(0, Test::AtMost(-3)), |row| row.0.is_some_and(|n| n <= -3)),
        (test(0, Test::AtLeast(i64::MIN.into())), |row| row.0.is_some()),
        (test(0, Test::AtMost(i64::MAX.into())), |row| row.0.is_some()),
        (test(0, Test::Equal(Fr::from(4))), |row| row.0 == Some(4)),
        (word(1), |row| row.1 == Some(1)),
        (test(2, Test::AtMost(6)), |row| row.2 <= 6),
    ];
    let rows = [A, B, C, D, A];
    for (test, meets) in tests {
        let met: Vec<Row> = rows.iter().copied().filter(meets).collect();
        let unmet: Vec<Row> = rows.iter().copied().rev().filter(|row| !meets(row)).collect();
        filter(&[test], &met).check().unwrap();
        erase(&[test], &unmet).check().unwrap();
        // The other way round it is false.
        if met.len() != unmet.len() {
            assert_ne!(filter(&[test], &unmet).check(), Ok(()));
            assert_ne!(erase(&[test], &met).check(), Ok(()));
        }
    }
    // A key that no row has takes nothing away.
    erase(&[test(0, Test::Equal(Fr::from(5)))], &rows).check().unwrap();
    erase(&[word(0)], &rows).check().unwrap();
}

#[test]
fn accepts_several_tests_at_once() {
    let both = [test(0, Test::AtLeast(0)), test(2, Test::AtMost(2))];
    filter(&both, &[A, A]).check().unwrap();
    erase(&both, &[B, C, D]).check().unwrap();
    let range = [test(0, Test::AtLeast(-3)), test(0, Test::AtMost(4)), word(1)];
    filter(&range, &[A, A]).check().unwrap();
    let three = [word(1), test(2, Test::Equal(Fr::from(2))), test(0, Test::Equal(Fr::from(4)))];
    erase(&three, &[D, C, B]).check().unwrap();
}

#[test]
fn rejects_derived_tables_with_a_row_more_less_or_changed() {
    let at_least = [test(0, Test::AtLeast(4))];
    filter(&at_least, &[A, A, D]).check().unwrap();
    let changed = (Some(5), A.1, A.2);
    for part in [&[A, D][..], &[A, A, D, C], &[A, A, D, B], &[A, A, A], &[A, D, D], &[A, changed, D]] {
        assert_eq!(filter(&at_least, part).check(), REFUSED, "{part:?}");
    }
    let key = [test(0, Test::Equal(Fr::from(4)))];
    erase(&key, &[B, C, D]).check().unwrap();
    for part in [&[C, D][..], &[B, C, D, A], &[B, C], &[B, C, C], &[B, C, (D.0, D.1, 8)]] {
        assert_ne!(erase(&key, part).check(), Ok(()), "{part:?}");
    }
}

/// The derived table is that of another rule, and the selector is made to fit it.
#[test]
fn rejects_a_row_that_does_not_meet_the_test_and_one_that_does_and_is_left_out() {
    let at_least = [test(0, Test::AtLeast(4))];
    // C has -3: its distance would be -7.
    let mut more = filter(&at_least, &[A, A, D, C]);
    more.extra(0, 0)[2] = Fr::ONE;
    assert_eq!(more.check(), REFUSED);
    for distance in [-Fr::from(7u64), Fr::ZERO, Fr::from(6u64)] {
        set_distance(&mut more, 0, 1, 2, distance);
        assert_eq!(more.check(), REFUSED, "{distance}");
    }
    // Null, whose distance would be 0.
    let mut null = filter(&at_least, &[A, A, D, B]);
    null.extra(0, 0)[1] = Fr::ONE;
    assert_eq!(null.check(), REFUSED);
    // A is left out once: its distance would be -1.
    let mut less = filter(&at_least, &[A, D]);
    less.extra(0, 0)[0] = Fr::ZERO;
    assert_eq!(less.check(), REFUSED);
    set_distance(&mut less, 0, 1, 0, -Fr::ONE);
    assert_eq!(less.check(), REFUSED);
    // The same with an equality: what is selected holds the constant, what holds it is selected.
    let equal = [word(1)];
    let mut more = filter(&equal, &[A, A, D, B]);
    more.extra(0, 0)[1] = Fr::ONE;
    assert_eq!(more.check(), REFUSED);
    let mut less = filter(&equal, &[A, D]);
    less.extra(0, 0)[0] = Fr::ZERO;
    assert_eq!(less.check(), Err(ScanError::RootDenominator));
    let mut kept = erase(&[test(0, Test::Equal(Fr::from(4)))], &[A, B, C, D]);
    kept.extra(0, 0)[0] = Fr::ZERO;
    assert_eq!(kept.check(), Err(ScanError::RootDenominator));
    let mut gone = erase(&[test(0, Test::Equal(Fr::from(4)))], &[C, D]);
    gone.extra(0, 0)[1] = Fr::ONE;
    assert_eq!(gone.check(), REFUSED);
}

#[test]
fn rejects_selectors_that_are_no_bits_or_select_rows_that_do_not_count() {
    let half = (Fr::ONE + Fr::ONE).inverse().unwrap();
    for tests in [vec![test(0, Test::AtLeast(4))], vec![word(1)]] {
        for (values, part) in
            [([Fr::from(2u64), Fr::ZERO], &[A, A, D][..]), ([half, half], &[A, D]), ([-Fr::ONE, Fr::ONE], &[D])]
        {
            let mut case = filter(&tests, part);
            case.extra(0, 0)[0] = values[0];
            case.extra(1, 0)[1] = values[1];
            assert_ne!(case.check(), Ok(()), "{values:?}");
        }
        // The notary committed to a row beyond n.
        let mut beyond = case(RelationKind::Filter, &tests, &[&[A, B, D]], &[A, D]);
        beyond.check().unwrap();
        beyond.units[0].rows = 2;
        beyond.sealed[0].rows[0] = Fr::from(2u64);
        assert_eq!(beyond.check(), REFUSED);
        beyond.extra(0, 0)[5] = Fr::ONE;
        assert_eq!(beyond.check(), REFUSED);
    }
}

#[test]
fn rejects_products_and_bits_of_several_tests_that_are_wrong() {
    let both = [test(0, Test::AtLeast(4)), word(1)];
    let limbs = 64usize.div_ceil(super::fixture::LIMB_BITS);
    let (product, first, second) = (0, 1, 2 + limbs);
    let honest = || filter(&both, &[A, A, D]);
    honest().check().unwrap();
    // C meets neither, B does not meet the second one; A meets both.
    for (unit, row, part) in [(0, 2, &[A, A, D, C][..]), (0, 1, &[A, A, D, B])] {
        let mut more = filter(&both, part);
        more.extra(unit, product)[row] = Fr::ONE;
        assert_eq!(more.check(), REFUSED);
    }
    let mut less = filter(&both, &[A, D]);
    less.extra(0, product)[0] = Fr::ZERO;
    assert_eq!(less.check(), REFUSED);
    // With the number of rows that meet both said to be other ones.
    for (message, change) in [(0, Fr::ONE), (1, -Fr::ONE), (2, Fr::ONE), (3, -Fr::ONE)] {
        let mut case = honest();
        case.firsts[message] += change;
        assert_eq!(case.check(), REFUSED, "message {message}");
    }
    less.firsts[2] -= Fr::ONE;
    assert_eq!(less.check(), REFUSED);
    // The bits of two rows exchanged, with and without the number that meets it.
    for column in [first, second] {
        let mut case = honest();
        case.extra(0, column).swap(0, 2);
        assert_ne!(case.check(), Ok(()), "column {column}");
        let mut case = honest();
        case.extra(0, column)[6] = Fr::ONE;
        assert_eq!(case.check(), REFUSED, "column {column}");
    }
}

#[test]
fn rejects_columns_other_than_the_committed_ones_and_other_constants() {
    for kind in [RelationKind::Filter, RelationKind::Erase] {
        let part = if kind == RelationKind::Filter { &[A, A, D][..] } else { &[B, C] };
        let with = |c| case(kind, &[test(0, Test::AtLeast(c))], &[&[A, B, C], &[D, A]], part);
        let honest = with(4);
        let messages = honest.prove().messages.clone();
        honest.outcome(&messages).unwrap();
        for unit in 0..2 {
            for column in 0..honest.shape.extra(unit).len() {
                let mut other = with(4);
                other.extra(unit, column)[0] += Fr::ONE;
                assert_eq!(other.outcome(&messages), Err(ScanError::OpeningEnd), "extra column {column}");
            }
        }
        let mut other = with(4);
        let cell = &mut other.units[0].cells[0];
        let values: Vec<Fr> = (0..8).map(|row| cell.value(row) + Fr::from(row == 0)).collect();
        *cell = CellData::Field(values.into());
        assert_eq!(other.outcome(&messages), Err(ScanError::OpeningEnd));
        assert_eq!(with(3).outcome(&messages), Err(ScanError::OpeningEnd));
        // A rule of the same rows, which has a proof of its own.
        with(3).check().unwrap();
    }
    let messages = filter(&[word(1)], &[A, A, D]).prove().messages.clone();
    assert_eq!(filter(&[word(0)], &[A, A, D]).outcome(&messages), Err(ScanError::OpeningEnd));
}

/// A value under two codes, or a code without a value, is what the digests say.
#[test]
fn values_decide_and_not_codes() {
    let mut case = filter(&[word(1)], &[A, A, D]);
    let zkl_argument::relation::SealedColumn::Category { values, .. } = &mut case.sealed[0].columns[1] else {
        unreachable!()
    };
    for value in values.iter_mut() {
        if *value == digest(2) {
            *value = digest(1);
        }
    }
    // The digests of the rows are no longer those of the dictionary.
    assert_eq!(case.check(), REFUSED);
}

#[test]
fn tests_are_such_as_their_columns_can_meet() {
    let columns = vec![
        ColumnShape::Numeric { limbs: 1, nullable: true, fraction_bits: 0 },
        ColumnShape::Category { capacity: 4 },
    ];
    let shape = |kind: RelationKind, tests: &[ColumnTest]| {
        let table = |side| TableShape { side, columns: columns.clone(), units: 1 };
        let tables = match kind {
            RelationKind::Present | RelationKind::Absent => vec![table(Side::Left)],
            _ => vec![table(Side::Left), table(Side::Right)],
        };
        RelationShape::with_tests(kind, 16, 16, tables, tests.to_vec()).map(|shape| shape.extra(0).len())
    };
    let at_least = |c| test(0, Test::AtLeast(c));
    assert_eq!(shape(RelationKind::Filter, &[at_least(1)]), Ok(6));
    assert_eq!(shape(RelationKind::Erase, &[at_least(1), word(1)]), Ok(8));
    assert_eq!(shape(RelationKind::Present, &[word(1)]), Ok(1));
    assert_eq!(shape(RelationKind::Absent, &[word(1)]), Ok(0));
    let size = |got, min, max| Err(PlanError::Size { what: "number of conditions", got, min, max });
    assert_eq!(shape(RelationKind::Filter, &[]), size(0, 1, 8));
    assert_eq!(shape(RelationKind::Filter, &[word(1); 9]), size(9, 1, 8));
    assert_eq!(shape(RelationKind::Subset, &[word(1)]), size(1, 0, 0));
    let misfit = |index| Err(PlanError::Column { index });
    assert_eq!(shape(RelationKind::Filter, &[test(1, Test::AtLeast(1))]), misfit(1));
    assert_eq!(shape(RelationKind::Filter, &[test(2, Test::AtLeast(1))]), misfit(2));
    assert_eq!(shape(RelationKind::Absent, &[at_least(1)]), misfit(0));
    assert_eq!(shape(RelationKind::Filter, &[at_least(i128::from(i64::MAX) + 2)]), misfit(0));
    assert_eq!(shape(RelationKind::Filter, &[at_least(i128::from(i64::MIN) - 1)]), misfit(0));
}
