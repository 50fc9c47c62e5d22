//! Provers with false tables, digests, seals or rows, each stopped by the check that must stop it.

use zkl_argument::{
    CellData, PlanError, ScanError,
    relation::{
        ColumnShape, RelationShape, SealedColumn, SealedTable, Side, TableShape, prove_relation, verify_plain_relation,
        verify_relation,
    },
};
use zkl_core::ark::{Fr, ff::AdditiveGroup as _};

use super::{
    fixture::{Case, Row, Table, digest, split},
    scripted::Scripted,
};

type Change<'a> = &'a dyn Fn(&mut Case);

fn rejected(tables: &[Table]) {
    assert_eq!(Case::new(tables, 5).check(), Err(ScanError::PostingSum));
}

#[test]
fn rejects_a_row_that_is_dropped_repeated_or_changed_in_any_column() {
    let changes: [fn(&mut Vec<Row>); 6] = [
        |rows| {
            rows.pop();
        },
        |rows| rows.push(rows[0]),
        |rows| rows[0] = rows[1],
        |rows| rows[0].0 = rows[0].0.map(|value| value + 1),
        |rows| rows[1].1 = Some(1),
        |rows| rows[2].2 += 1,
    ];
    for change in changes {
        let mut tables = split();
        change(&mut tables[1].units[0]);
        rejected(&tables);
    }
}

#[test]
fn rejects_values_of_two_rows_that_are_exchanged_within_a_column() {
    let mut tables = split();
    let rows = &mut tables[2].units[0];
    let (first, second) = (rows[0].2, rows[1].2);
    (rows[0].2, rows[1].2) = (second, first);
    rejected(&tables);
}

#[test]
fn rejects_a_null_for_the_minimum_and_the_minimum_for_a_null() {
    for (left, right) in [(None, Some(-5)), (Some(-5), None), (None, Some(0)), (Some(0), None)] {
        let table = |side, value, seed| Table { min: [-5, 0], ..Table::new(side, &[&[(value, None, 1)]], seed) };
        rejected(&[table(Side::Left, left, 1), table(Side::Right, right, 2)]);
    }
    let table = |side, value, seed| Table::new(side, &[&[(None, value, 1)]], seed);
    rejected(&[table(Side::Left, None, 1), table(Side::Right, Some(0), 2)]);
}

/// Both tables commit to the same limbs and codes: what they stand for differs.
#[test]
fn rejects_equal_offsets_from_other_minima_and_equal_codes_of_other_dictionaries() {
    let table =
        |side, row: Row, min| Table { min, codes: [1, 2, 3], nullable: false, ..Table::new(side, &[&[row]], 1) };
    rejected(&[table(Side::Left, (Some(3), None, 1), [1, 1]), table(Side::Right, (Some(4), None, 1), [2, 1])]);
    let row: Row = (Some(3), Some(0), 1);
    let mut tables = [table(Side::Left, row, [0, 0]), table(Side::Right, (row.0, Some(1), row.2), [0, 0])];
    tables[1].codes = [2, 1, 3];
    rejected(&tables);
}

#[test]
fn rejects_equal_committed_numbers_that_are_other_values() {
    let table = |side, value, fraction_bits| Table {
        min: [0, 1],
        codes: [1, 2, 3],
        nullable: false,
        fraction_bits,
        ..Table::new(side, &[&[(Some(value), None, 1)]], 1)
    };
    // 12 = 6 2 = 12 1; and a value that no integer is.
    for (left, right) in [((6, 1), (12, 0)), ((12, 0), (6, 1)), ((6, 5), (3, 6)), ((3, 0), (6, 14))] {
        rejected(&[table(Side::Left, left.0, left.1), table(Side::Right, right.0, right.1)]);
    }
    for (left, right) in [(0, 14), (14, 0), (5, 14), (14, 14)] {
        assert_eq!(Case::new(&[table(Side::Left, 6, left), table(Side::Right, 6, right)], 5).check(), Ok(()));
    }
}

#[test]
fn rejects_digests_that_are_not_those_of_the_sealed_dictionary() {
    // The part holds another value, and its prover commits to the digest that the whole has.
    let mut tables = split();
    tables[2].units[0][0].1 = Some(0);
    let mut case = Case::new(&tables, 5);
    let unit = case.units.last_mut().unwrap();
    let place = unit.cells.len() - 2;
    let CellData::Field(digests) = &mut unit.cells[place] else { unreachable!() };
    assert_eq!(digests[0], digest(0));
    digests.to_mut()[0] = digest(1);
    assert_eq!(case.check(), Err(ScanError::PostingSum));
}

#[test]
fn rejects_digests_of_one_table_that_only_another_one_has() {
    // Each dictionary has its own space: exchanged between tables, the pairs of both together would be the same.
    let row = |value| -> Row { (Some(1), Some(value), 1) };
    let mut tables = [Table::new(Side::Left, &[&[row(0)]], 1), Table::new(Side::Right, &[&[row(1)]], 2)];
    for table in &mut tables {
        *table = Table { codes: [1, 2, 3], nullable: false, ..table.clone() };
    }
    tables[1].codes = [2, 1, 3];
    let mut case = Case::new(&tables, 5);
    for (unit, value) in case.units.iter_mut().zip([1, 0]) {
        let place = unit.cells.len() - 2;
        let CellData::Field(digests) = &mut unit.cells[place] else { unreachable!() };
        digests.to_mut()[0] = digest(value);
    }
    assert_eq!(case.check(), Err(ScanError::PostingSum));
}

#[test]
fn rejects_counts_and_values_that_are_not_those_of_the_columns() {
    for change in [
        (|counts, _| counts[1] += Fr::from(1u64)) as fn(&mut Vec<Fr>, &mut Vec<Fr>),
        |counts, _| counts.swap(0, 1),
        |_, values| values.swap(1, 2),
        |_, values| values[1] = Fr::ZERO,
    ] {
        let mut case = Case::new(&split(), 5);
        let SealedColumn::Category { counts, values } = &mut case.sealed[0].columns[1] else { unreachable!() };
        change(counts, values);
        assert_eq!(case.check(), Err(ScanError::PostingSum));
    }
}

/// Minima are a part of the leaves that only the seal knows: a prover with others is contradicted by the committed columns.
#[test]
fn rejects_other_minima_than_the_sealed_ones() {
    let case = Case::new(&split(), 5);
    let messages = case.prove().messages.clone();
    for column in [0, 2] {
        let mut other = Case::new(&split(), 5);
        let SealedColumn::Numeric { min } = &mut other.sealed[0].columns[column] else { unreachable!() };
        *min += Fr::from(1u64);
        assert_eq!(other.outcome(&messages), Err(ScanError::OpeningEnd));
    }
}

#[test]
fn rejects_rows_that_count_beyond_those_of_the_statement() {
    // The whole has a row more, which its prover lets count although n says otherwise; and a part lets one not count.
    for change in [1i64, -1] {
        let mut tables = split();
        let row = (Some(3), Some(0), 9);
        tables[0].units[1].push(row);
        tables[1].units[0].push(row);
        let mut case = Case::new(&tables, 5);
        let mut honest = case.check();
        assert_eq!(honest, Ok(()));
        let unit = if change > 0 { 0 } else { 1 };
        case.sealed[unit].rows[0] += Fr::from(change);
        honest = case.check();
        assert_eq!(honest, Err(ScanError::PostingWeights));
    }
}

#[test]
fn rejects_row_counts_outside_the_shape() {
    for rows in [0, 9, 16, 1 << 20] {
        let mut case = Case::new(&split(), 5);
        case.sealed[0].rows[0] = Fr::from(rows as u64);
        assert_eq!(case.check(), Err(ScanError::RowCount { log_rows: 3 }), "{rows}");
    }
}

#[test]
fn rejects_what_is_sealed_in_another_form_than_the_shape_has() {
    let messages = Case::new(&split(), 5).prove().messages.clone();
    let numeric = || SealedColumn::Numeric { min: Fr::ZERO };
    let changes: [(&str, Change<'_>); 7] = [
        ("the list of tables", &|case| {
            case.sealed.pop();
        }),
        ("the list of a table's units", &|case| case.sealed[0].rows.push(Fr::ZERO)),
        ("the list of a table's columns", &|case| case.sealed[0].columns.push(numeric())),
        ("a dictionary", &|case| case.sealed[0].columns[1] = numeric()),
        ("a numeric column", &|case| case.sealed[0].columns[0] = case.sealed[0].columns[1].clone()),
        ("a list of counts", &|case| {
            let SealedColumn::Category { counts, .. } = &mut case.sealed[0].columns[1] else { unreachable!() };
            counts.pop();
        }),
        ("a list of values", &|case| {
            let SealedColumn::Category { values, .. } = &mut case.sealed[0].columns[1] else { unreachable!() };
            values.pop();
        }),
    ];
    for (expected, change) in changes {
        let mut case = Case::new(&split(), 5);
        change(&mut case);
        let refused = verify_plain_relation(&case.shape, &case.sealed, &case.seed, &messages);
        assert!(
            matches!(refused, Err(ScanError::StatementLength { what, .. }) if what == expected),
            "{expected}: {refused:?}"
        );
        let prover = prove_relation(&case.shape, &case.sealed, &case.units, &case.firsts, &case.mask, &case.seed);
        assert!(matches!(prover, Err(PlanError::Profile { .. })));
    }
}

#[test]
fn rejects_a_challenge_that_unmasks_the_value() {
    let columns = |column| TableShape { side: Side::Left, columns: vec![column], units: 1 };
    let run = |column, sealed: SealedColumn<Fr>| {
        let (left, right) = (columns(column), TableShape { side: Side::Right, ..columns(column) });
        let shape = RelationShape::new(5, vec![left, right]).unwrap();
        let table = SealedTable { rows: vec![Fr::from(1u64)], columns: vec![sealed] };
        verify_relation(&mut Scripted { challenge: Fr::ZERO }, &shape, &[table.clone(), table]).unwrap_err()
    };
    let number = SealedColumn::Numeric { min: Fr::ZERO };
    assert_eq!(
        run(ColumnShape::Numeric { limbs: 1, nullable: false, fraction_bits: 0 }, number),
        ScanError::MaskChallenge
    );
}

#[test]
fn a_prover_refuses_columns_and_masks_that_do_not_fit() {
    let prove = |change: &dyn Fn(&mut Case)| {
        let mut case = Case::new(&split(), 5);
        change(&mut case);
        prove_relation(&case.shape, &case.sealed, &case.units, &case.firsts, &case.mask, &case.seed).err()
    };
    let size = |what| move |error: &PlanError| matches!(error, PlanError::Size { what: got, .. } if *got == what);
    assert!(prove(&|case| case.mask.truncate(3)).is_some_and(|error| size("mask")(&error)));
    assert!(prove(&|case| case.mask.resize(16, Fr::ZERO)).is_some_and(|error| size("mask")(&error)));
    assert!(prove(&|case| drop(case.units.pop())).is_some_and(|error| size("number of units")(&error)));
    assert_eq!(prove(&|case| drop(case.units[1].cells.pop())), Some(PlanError::Column { index: 1 }));
    assert_eq!(prove(&|case| case.units[1].rows = 0), Some(PlanError::Column { index: 1 }));
    assert_eq!(prove(&|case| case.units[1].rows = 9), Some(PlanError::Column { index: 1 }));
}
