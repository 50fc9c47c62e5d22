//! Hashed text in every relation: its circuits read nothing of it in the seal, and the committed digests decide.

use zkl_argument::ScanError;
use zkl_core::ark::{Fr, ff::One as _};
use zkl_snark::{
    proof_system::{COMPACT, UNIVERSAL},
    testing,
};

use super::{
    fixture::{Row, Setting, Table, context, details_with, shift, split, srs},
    kinds::circuit,
    simulator::check_simulated,
};
use crate::relation::{
    Details, Operation, ProveRelationError, RelationPlan, RelationPlanError, RelationStatement, VerifyRelationError,
    prove::prove_with, relation_circuit_id,
};

const ROWS: [Row; 4] = [(Some(1), Some("a")), (None, Some("b")), (Some(3), None), (Some(0), Some("b"))];

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn columns_of(operation: Operation) -> Vec<String> {
    match operation {
        Operation::Unique | Operation::Disjoint => names(&["id"]),
        _ => names(&["n", "id"]),
    }
}

fn details_of(operation: Operation) -> Details {
    let mut details = details_with(operation, "id");
    if operation.has_key() {
        details.key = names(&["id"]);
    }
    details
}

fn setting<'a>(operation: Operation, tables: &'a [Table]) -> Setting<'a> {
    Setting::with(UNIVERSAL, operation, &details_of(operation), &columns_of(operation), tables)
}

/// 200 rows in two segments.
fn whole(rows: &[Row]) -> Table {
    Table::new(&(0..200).map(|i| rows[i % rows.len()]).collect::<Vec<_>>(), 7, 1)
}

/// Tables of a true relation, and others of the same form of which it is false.
fn cases() -> Vec<(Operation, Vec<Table>, Vec<Table>)> {
    let part = |rows: &[Row], byte| Table::new(rows, 7, byte);
    let kept = |is_kept: &dyn Fn(&Row) -> bool| (0..200).map(|i| ROWS[i % 4]).filter(is_kept).collect::<Vec<Row>>();
    let mut filtered = kept(&|row| row.0.is_some_and(|n| n >= 1));
    let mut rest = kept(&|row| *row != ROWS[3]);
    let (filter, erase) = (part(&filtered, 2), part(&rest, 3));
    // Another word in one row.
    (filtered[0].1, rest[0].1) = (Some("b"), None);
    let words: Vec<String> = (0..150).map(|i| format!("patient {i}")).collect();
    let words: &'static [String] = words.leak();
    let ids = |twice: usize| -> Vec<Row> {
        let id = |i: usize| words.get(if i == 149 { twice } else { i }).map(String::as_str);
        (0..150).map(|i| (Some(1), id(i).filter(|_| i != 7))).collect()
    };
    let [present, lost] = [Some("b"), Some("a")].map(|word| whole(&[ROWS[0], ROWS[1], (Some(1), word)]));
    vec![
        (Operation::SameRows, vec![whole(&ROWS), whole(&ROWS)], {
            let mut rows = kept(&|_| true);
            rows[130].1 = Some("b");
            vec![whole(&ROWS), Table::new(&rows, 7, 2)]
        }),
        (
            Operation::Subset,
            vec![whole(&ROWS), part(&[ROWS[1], ROWS[0]], 4)],
            vec![whole(&ROWS), part(&[ROWS[1], (Some(1), Some("b"))], 4)],
        ),
        (Operation::Filter, vec![whole(&ROWS), filter], vec![whole(&ROWS), part(&filtered, 2)]),
        (Operation::Erase, vec![whole(&ROWS), erase], vec![whole(&ROWS), part(&rest, 3)]),
        (Operation::Present, vec![present.clone()], vec![lost.clone()]),
        (Operation::Absent, vec![lost], vec![present]),
        (Operation::KAnonymous, vec![whole(&ROWS)], {
            let mut rows = kept(&|_| true);
            rows[0].1 = Some("c");
            vec![Table::new(&rows, 7, 5)]
        }),
        (
            Operation::Disjoint,
            vec![whole(&ROWS), part(&[(Some(1), Some("c")), (None, Some("d"))], 6)],
            vec![whole(&ROWS), part(&[(Some(1), Some("c")), (None, Some("a"))], 6)],
        ),
        (
            Operation::Dedup,
            vec![whole(&ROWS), part(&[ROWS[3], ROWS[2], ROWS[0]], 7)],
            vec![whole(&ROWS), part(&[ROWS[3], ROWS[2], ROWS[3]], 7)],
        ),
        (Operation::Unique, vec![Table::new(&ids(149), 7, 8)], vec![Table::new(&ids(148), 7, 8)]),
    ]
}

#[test]
fn every_relation_is_proved_over_digests_and_false_ones_are_not() {
    for (operation, tables, other) in cases() {
        let setting = setting(operation, &tables);
        let statement = setting.statement();
        let proof = setting.prove().unwrap();
        setting.verify(&statement, &proof).unwrap();
        let elsewhere = setting.verify(&RelationStatement { context: context(2), ..statement }, &proof);
        assert!(matches!(elsewhere, Err(VerifyRelationError::Proof(_))), "{operation}: {elsewhere:?}");
        // Of a table that differs in the digest of a row nothing is proved, and the proof is not about it.
        let false_one = Setting { keys: setting.keys.clone(), ..self::setting(operation, &other) };
        let check = match operation {
            Operation::Absent => ScanError::RootDenominator,
            _ => ScanError::PostingSum,
        };
        let refused = false_one.prove().unwrap_err();
        assert!(matches!(&refused, ProveRelationError::False(error) if *error == check), "{operation}: {refused:?}");
        let refused = setting.verify(&RelationStatement { roles: &false_one.roles, ..statement }, &proof);
        assert!(matches!(refused, Err(VerifyRelationError::Proof(_))), "{operation}: {refused:?}");
    }
}

#[test]
fn forged_columns_of_keys_are_refused() {
    let (operation, tables, _) = cases().pop().unwrap();
    let setting = setting(operation, &tables);
    let secrets: Vec<_> = tables.iter().map(Table::secrets).collect();
    // A gap of either segment, and the multiplicities.
    for (unit, column) in [(0, 0), (1, 3), (0, 32)] {
        let forge = |extra: &mut zkl_argument::relation::ExtraCells| shift(extra, unit, column, 3, Fr::one());
        let refused = prove_with(srs(), setting.keys.as_ref(), &setting.statement(), &secrets, &forge);
        assert!(matches!(refused, Err(ProveRelationError::False(_))), "{unit} {column}");
    }
}

/// No record of text is opened, so its circuit is smaller than that of a dictionary, and has another name.
#[test]
fn circuits_read_nothing_of_hashed_columns() {
    let tables = split();
    let plans = || tables.iter().map(|table| &table.plan).collect();
    let plan = |columns: &[&str]| RelationPlan::new(Operation::Split, plans(), &names(columns)).unwrap();
    let (word, id, both) = (plan(&["n", "word"]), plan(&["n", "id"]), plan(&["n", "word", "id"]));
    let ids = [&word, &id, &both].map(|plan| relation_circuit_id(plan.shape()).to_string());
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
    let size = |columns: &[&str]| {
        testing::satisfied(&circuit(Operation::Split, &tables, &names(columns), &|_| (), &|_, _| ()))
    };
    let sizes = [&["id"][..], &["n", "id"], &["n", "word"]].map(size);
    assert!(sizes.is_sorted() && sizes[1] + 1_000 < sizes[2], "{sizes:?}");
    assert_eq!(id.leaves(0).len() + 1, word.leaves(0).len());
    assert_eq!((id.fresh_columns(0), word.fresh_columns(0)), (0, 1));
    // Nothing at all is read where all columns are text.
    let only = plan(&["id"]);
    assert!(only.leaves(0).is_empty());
}

#[test]
fn keys_have_room_for_one_digest() {
    let table = Table::new(&[ROWS[0], ROWS[1]], 7, 1);
    let plan = |columns: &[&str]| {
        RelationPlan::new(Operation::Unique, vec![&table.plan], &names(columns)).map(|plan| plan.shape().extra(0).len())
    };
    // 32 limbs of 4 bits and the multiplicities; a nullable number has 17 bits beside 128.
    assert_eq!(plan(&["id"]), Ok(33));
    assert!(matches!(plan(&["n", "id"]), Err(RelationPlanError::Shape(_))));
    assert_eq!(plan(&["word", "id"]), Ok(34));
}

#[test]
fn a_simulator_without_tables_makes_proofs_about_digests() {
    let (operation, tables, other) = cases().swap_remove(1);
    let setting = Setting::with(COMPACT, operation, &details_of(operation), &columns_of(operation), &tables);
    check_simulated(&setting, &other);
}
