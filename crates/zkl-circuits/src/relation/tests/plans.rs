//! Which tables and columns a relation is about.

use super::fixture::{Row, Table, columns};
use crate::relation::{Details, Operation, Reason, RelationPlan, RelationPlanError};

fn plan(operation: Operation, tables: &[Table], columns: &[String]) -> Result<usize, RelationPlanError> {
    let plans = tables.iter().map(|table| &table.plan).collect();
    RelationPlan::new(operation, plans, columns).map(|plan| plan.units().count())
}

#[test]
fn relations_have_as_many_tables_as_their_operation_and_columns_that_can_be_compared() {
    let table = |rows: usize, byte| {
        let row: Row = (Some(1), Some("a"));
        Table::new(&vec![row; rows], 7, byte)
    };
    let tables = [table(200, 1), table(150, 2), table(50, 3)];
    assert_eq!(plan(Operation::Split, &tables, &columns()), Ok(5));
    let got = 2;
    assert_eq!(
        plan(Operation::Split, &tables[..2], &columns()),
        Err(RelationPlanError::Tables { operation: Operation::Split, got })
    );
    assert_eq!(
        plan(Operation::SameRows, &tables, &columns()),
        Err(RelationPlanError::Tables { operation: Operation::SameRows, got: 3 })
    );
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let column = |column: &str, reason| Err(RelationPlanError::Column { column: column.to_owned(), table: 0, reason });
    assert_eq!(plan(Operation::Split, &tables, &named(&["n", "note"])), column("note", Reason::NoValues));
    assert_eq!(plan(Operation::Split, &tables, &named(&["m"])), column("m", Reason::Absent));
    assert_eq!(plan(Operation::Split, &tables, &named(&["n", "id"])), Ok(5));
    for columns in [&["word", "n"][..], &["n", "n"]] {
        let order = Err(RelationPlanError::Order { column: "n".to_owned() });
        assert_eq!(plan(Operation::Split, &tables, &named(columns)), order);
    }
    assert_eq!(plan(Operation::Split, &tables, &[]), Err(RelationPlanError::NoColumns));
    let fewer = [table(200, 1), table(150, 2), table(49, 3)];
    let rows = Err(RelationPlanError::Rows { whole: 200, parts: 199 });
    assert_eq!(plan(Operation::Split, &fewer, &columns()), rows);
    // A segment of 16 rows is one row group, and no opening joins it with longer ones.
    let row: Row = (Some(1), Some("a"));
    let short = [Table::new(&[row], 4, 1), Table::new(&[row], 7, 2)];
    assert_eq!(plan(Operation::SameRows, &short, &columns()), Err(RelationPlanError::RowGroups));

    // A subset has no more rows than the whole; keys are of one table, which has any number of them.
    let rows = Err(RelationPlanError::Rows { whole: 50, parts: 150 });
    assert_eq!(plan(Operation::Subset, &[tables[2].clone(), tables[1].clone()], &columns()), rows);
    assert_eq!(plan(Operation::Subset, &tables[..2], &columns()), Ok(4));
    let got = Err(RelationPlanError::Tables { operation: Operation::Subset, got: 3 });
    assert_eq!(plan(Operation::Subset, &tables, &columns()), got);
    assert_eq!(plan(Operation::Unique, &tables[..1], &columns()), Ok(2));
    let got = Err(RelationPlanError::Tables { operation: Operation::Unique, got: 2 });
    assert_eq!(plan(Operation::Unique, &tables[..2], &columns()), got);
    // One operation has a key, of compared columns in their order.
    let with_key = |operation, key: &[&str]| {
        let details = Details { key: named(key), ..Details::default() };
        let plans = tables[..2].iter().map(|table| &table.plan).collect();
        RelationPlan::with(operation, &details, plans, &columns()).map(|_| ())
    };
    assert_eq!(with_key(Operation::Dedup, &["word"]), Ok(()));
    assert_eq!(with_key(Operation::Dedup, &[]), Err(RelationPlanError::Key { operation: Operation::Dedup }));
    assert_eq!(with_key(Operation::Subset, &["n"]), Err(RelationPlanError::Key { operation: Operation::Subset }));
    for (key, column) in [(&["note"][..], "note"), (&["word", "n"], "n"), (&["n", "n"], "n")] {
        let column = column.to_owned();
        assert_eq!(with_key(Operation::Dedup, key), Err(RelationPlanError::KeyColumn { column }));
    }
    // Of all operations one has a k, which is not 0.
    for (operation, k) in
        [(Operation::KAnonymous, None), (Operation::KAnonymous, Some(0)), (Operation::Unique, Some(2))]
    {
        let details = Details { k, ..Details::default() };
        let plan = RelationPlan::with(operation, &details, vec![&tables[0].plan], &columns());
        assert_eq!(plan.err(), Some(RelationPlanError::K { operation }));
    }
    let details = Details { k: Some(2), ..Details::default() };
    let plan = RelationPlan::with(Operation::KAnonymous, &details, vec![&tables[0].plan], &columns());
    assert_eq!(plan.map(|plan| plan.details().k), Ok(Some(2)));
}
