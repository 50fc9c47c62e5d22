//! Keys that all differ: chains that do not close, gaps out of range, values under two codes.

use zkl_argument::{
    CellData, PlanError, ScanError,
    relation::{ColumnShape, RelationKind, RelationShape, SealedColumn, Side, TableShape},
};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::fixture::{Case, LIMB_BITS, Row, Table, digest};

const A: Row = (Some(4), Some(1), 2);
const B: Row = (None, Some(2), 7);
const C: Row = (Some(-3), None, 2);

fn table(units: &[&[Row]]) -> Table {
    Table::new(Side::Left, units, 3)
}

fn case(units: &[&[Row]]) -> Case {
    Case::of(RelationKind::Unique, &[table(units)], 5)
}

fn number(value: Option<i64>) -> Row {
    (value, Some(0), 1)
}

#[test]
fn accepts_keys_that_differ_in_any_column_null_included() {
    case(&[&[A]]).check().unwrap();
    case(&[&[A, B], &[C]]).check().unwrap();
    // Null, the minimum and 0, whatever the minimum is.
    for min in [-2, 0, 1] {
        let rows = [number(None), number(Some(min)), number(Some(min + 1)), number(Some(70_000))];
        let table = Table { min: [min, 0], nullable: true, ..table(&[&rows]) };
        Case::of(RelationKind::Unique, &[table], 6).check().unwrap();
    }
    case(&[&[A, (A.0, None, A.2), (A.0, A.1, 3), (None, A.1, A.2), (Some(5), A.1, A.2)]]).check().unwrap();
}

#[test]
fn rejects_equal_keys_within_a_unit_and_across_units() {
    for units in [&[&[A, B, A][..], &[C]][..], &[&[A, B], &[C, A]], &[&[A, A]], &[&[number(None), number(None)]]] {
        assert_eq!(case(units).check(), Err(ScanError::PostingSum), "{units:?}");
    }
}

/// The limbs of the gap of a row, as a prover likes them.
fn set_gap(case: &mut Case, unit: usize, row: usize, gap: Fr) {
    let limbs = case.shape.extra(unit).len() - usize::from(unit == 0);
    for limb in 0..limbs {
        case.extra(unit, limb)[row] = if limb == 0 { gap } else { Fr::ZERO };
    }
}

#[test]
fn rejects_gaps_that_are_negative_or_lead_around_the_cycle() {
    // The first row ends where the second one starts, which is where it starts itself.
    let mut back = case(&[&[A, A]]);
    set_gap(&mut back, 0, 0, -Fr::ONE);
    assert_eq!(back.check(), Err(ScanError::PostingSum));
    // Multiplicities of the limb table do not make -1 an entry of it.
    let multiplicities = back.shape.extra(0).len() - 1;
    for entry in 0..1 << LIMB_BITS {
        let mut other = case(&[&[A, A]]);
        set_gap(&mut other, 0, 0, -Fr::ONE);
        other.extra(0, multiplicities)[entry] += Fr::ONE;
        assert_eq!(other.check(), Err(ScanError::PostingSum));
    }
    // A limb beyond the table, which the chain itself would take.
    let mut wide = case(&[&[A, (Some(13), A.1, A.2)]]);
    wide.check().unwrap();
    set_gap(&mut wide, 0, 0, Fr::from(8u64));
    assert_eq!(wide.check(), Err(ScanError::PostingSum));
}

#[test]
fn rejects_a_chain_without_its_ends_and_ends_that_no_row_has() {
    for end in [0, 1] {
        for change in [Fr::ONE, -Fr::ONE, Fr::from(1u64 << 33)] {
            let mut case = case(&[&[A, B], &[C]]);
            case.firsts[end] += change;
            assert_eq!(case.check(), Err(ScanError::PostingSum));
        }
    }
    let mut same = case(&[&[A, A]]);
    same.firsts[1] = same.firsts[0];
    assert_eq!(same.check(), Err(ScanError::PostingSum));
}

/// The ends are absorbed before the challenges: told afterwards, they would close any chain.
#[test]
fn rejects_ends_that_are_chosen_after_the_challenge() {
    let case = case(&[&[A, B], &[A]]);
    let messages = case.prove().messages.clone();
    for end in [0, 1] {
        let mut changed = messages.clone();
        changed[end] += Fr::ONE;
        assert_eq!(case.outcome(&changed), Err(ScanError::PostingSum));
    }
}

#[test]
fn rejects_gaps_and_keys_other_than_the_committed_ones() {
    let honest = case(&[&[A, B], &[C]]);
    let messages = honest.prove().messages.clone();
    let columns = honest.shape.extra(0).len();
    for column in 0..columns {
        let mut other = case(&[&[A, B], &[C]]);
        other.extra(0, column)[0] += Fr::ONE;
        assert_eq!(other.outcome(&messages), Err(ScanError::OpeningEnd), "extra column {column}");
    }
    for cell in 0..honest.units[1].cells.len() - honest.shape.extra(1).len() {
        let mut other = case(&[&[A, B], &[C]]);
        let own = &mut other.units[1].cells[cell];
        let values: Vec<Fr> = (0..8).map(|row| own.value(row) + Fr::from(row == 0)).collect();
        *own = CellData::Field(values.into());
        assert_eq!(other.outcome(&messages), Err(ScanError::OpeningEnd), "column {cell}");
    }
}

/// Two codes for one value, so that its rows look different; and codes without a value, which are null again.
#[test]
fn rejects_a_value_under_two_codes_and_rows_without_value_under_another_code_than_null() {
    let rows = [(Some(1), Some(0), 1), (Some(1), Some(1), 1), (Some(1), None, 1)];
    let with = |change: &dyn Fn(&mut Vec<Fr>, &mut Vec<Fr>)| {
        let table = Table { codes: [1, 2, 3], ..table(&[&rows]) };
        let mut case = Case::of(RelationKind::Unique, &[table], 6);
        let SealedColumn::Category { counts, values } = &mut case.sealed[0].columns[1] else { unreachable!() };
        change(counts, values);
        case.check()
    };
    assert_eq!(with(&|_, _| ()), Ok(()));
    let refused = Err(ScanError::CodesOfOneValue { column: 1 });
    assert_eq!(with(&|_, values| values[2] = digest(0)), refused);
    assert_eq!(with(&|_, values| values[2] = Fr::ZERO), refused);
    assert_eq!(with(&|_, values| values[0] = digest(1)), refused);
    // An unused slot has no value, or one of its own.
    assert_eq!(with(&|_, values| values[3] = Fr::ZERO), Ok(()));
    assert_eq!(with(&|counts, values| (counts[3], values[3]) = (Fr::ONE, Fr::ZERO)), refused);
}

#[test]
fn rejects_other_numbers_of_rows_than_the_statement_has() {
    // A row that does not count hides a repetition; its gap and the start of its arc would count without it.
    let mut fewer = case(&[&[A, B, C]]);
    fewer.sealed[0].rows[0] = Fr::from(2u64);
    assert_eq!(fewer.check(), Err(ScanError::OpeningEnd));
}

#[test]
fn keys_are_bounded_and_made_of_codes() {
    let shape = |column: ColumnShape, count: usize, limb_bits| {
        let table = TableShape { side: Side::Left, columns: vec![column; count], units: 1 };
        RelationShape::of(RelationKind::Unique, limb_bits, 16, vec![table]).map(|shape| shape.extra(0).len())
    };
    let number = ColumnShape::Numeric { limbs: 3, nullable: false, fraction_bits: 0 };
    // Nine limbs and the multiplicities.
    assert_eq!(shape(number, 3, 16), Ok(10));
    let size = |what, got, min, max| Err(PlanError::Size { what, got, min, max });
    assert_eq!(shape(number, 4, 16), size("number of bits of a key", 192, 1, 144));
    assert_eq!(shape(ColumnShape::Category { capacity: 4 }, 1, 16), Err(PlanError::Column { index: 0 }));
    assert_eq!(shape(number, 1, 17), size("bits of a looked-up limb", 17, 1, 16));
    let two = TableShape { side: Side::Left, columns: vec![number], units: 1 };
    let two = RelationShape::of(RelationKind::Unique, 16, 16, vec![two.clone(), two]).err();
    assert_eq!(two, size("number of tables", 2, 1, 1).err());
    let code = TableShape { side: Side::Left, columns: vec![ColumnShape::Code { capacity: 4 }], units: 1 };
    assert_eq!(RelationShape::new(16, vec![code.clone(), code]).err(), Some(PlanError::Column { index: 0 }));
}
