//! Relations with columns of their own: proofs, circuits, and provers who fill these columns as they like.

use zkl_argument::{
    CellData, PlanError, ScanError, TranscriptSeed,
    relation::{ExtraCells, ExtraColumn, extra_columns, prove_relation as prove_plain},
};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, One as _},
};
use zkl_snark::{proof_system::UNIVERSAL, testing};

use super::fixture::{Row, Setting, Table, columns, columns_of, context, details_of, shift, split};
use crate::relation::{
    Details, Operation, ProveRelationError, RelationCircuit, RelationInputs, RelationPlan, RelationRole,
    RelationSecrets, RelationStatement, VerifyRelationError,
    circuit::{RecordOpening, Secret, relation_circuit_id},
    prove::{digests, inputs, prove_with, records, sealed, unit_cells},
};

type Forge<'a> = &'a dyn Fn(&mut ExtraCells);
type Change<'a> = &'a dyn Fn(&mut RelationInputs, &mut Secret);

/// The circuit over whatever a prover made of extra columns, messages and inputs.
pub(super) fn circuit(
    operation: Operation,
    tables: &[Table],
    names: &[String],
    forge: Forge<'_>,
    change: Change<'_>,
) -> RelationCircuit {
    let plans = tables.iter().map(|table| &table.plan).collect();
    let mut details = details_of(operation);
    details.key.retain(|column| names.contains(column));
    let plan = RelationPlan::with(operation, &details, plans, names).unwrap();
    let roles: Vec<RelationRole<'_>> = tables.iter().zip(1..).map(|(table, entry)| table.role(entry)).collect();
    let secrets: Vec<RelationSecrets<'_>> = tables.iter().map(Table::secrets).collect();
    let digest = zkl_core::digest::Sha256Digest::new([7; 32]);
    let statement = RelationStatement { context: context(1), digest, plan: &plan, roles: &roles };
    let records = records(&statement, &secrets).unwrap();
    let sealed = sealed(&plan, &records);
    let digests = digests(&plan, &secrets).unwrap();
    let mut units = unit_cells(&plan, &secrets, &digests).unwrap();
    let mut extra = extra_columns(plan.shape(), &sealed, &units).unwrap();
    forge(&mut extra);
    for (unit, columns) in units.iter_mut().zip(&extra.columns) {
        unit.cells.extend(columns.iter().cloned());
    }
    let seed = TranscriptSeed { t0: Fr::from(5), salt: Fr::from(6) };
    let mask = vec![Fr::from(3); plan.groups().rows()];
    let proof = prove_plain(plan.shape(), &sealed, &units, &extra.firsts, &mask, &seed).unwrap();
    let mut inputs = inputs(&statement, seed.t0, &proof.opening);
    let mut secret = Secret { salt: seed.salt, messages: proof.messages.clone(), records };
    change(&mut inputs, &mut secret);
    RelationCircuit::new(plan.shape().clone(), inputs, secret)
}

pub(super) fn is_satisfied(operation: Operation, tables: &[Table], forge: Forge<'_>, change: Change<'_>) -> bool {
    let circuit = circuit(operation, tables, &columns_of(operation), forge, change);
    testing::Instance::new(&circuit).unwrap().first_violated().is_none()
}

const ROWS: [Row; 4] = [(Some(1), Some("a")), (None, Some("b")), (Some(3), None), (Some(1), Some("b"))];

/// A whole of two segments, and a part of one.
fn subset() -> [Table; 2] {
    let rows: Vec<Row> = (0..20).map(|i| ROWS[i % 4]).collect();
    [Table::new(&rows, 4, 1), Table::new(&[ROWS[1], ROWS[0], ROWS[1]], 4, 3)]
}

/// Rows that all differ, in two segments.
fn unique() -> [Table; 1] {
    let words = ["a", "b", "c"];
    let row = |i: usize| -> Row { ((!i.is_multiple_of(7)).then_some((i % 7) as i64 - 3), words.get(i / 7).copied()) };
    [Table::new(&(0..28).map(row).collect::<Vec<_>>(), 4, 5)]
}

/// Classes of at least two rows, in two segments.
fn classes() -> [Table; 1] {
    [Table::new(&(0..20).map(|i| ROWS[i % 4]).collect::<Vec<_>>(), 4, 6)]
}

/// Numbers, null among them, that the other table lacks.
fn disjoint(log_rows: usize) -> [Table; 2] {
    let rows: Vec<Row> = (0..20).map(|i| ROWS[i % 4]).collect();
    let other = [(Some(2), Some("a")), (Some(-7), None), (Some(2), None)];
    [Table::new(&rows, log_rows, 7), Table::new(&other, log_rows, 8)]
}

#[test]
fn disjoint_keys_are_proved_and_forged_lists_and_common_keys_are_not() {
    let (operation, tables) = (Operation::Disjoint, disjoint(4));
    let honest = circuit(operation, &tables, &columns_of(operation), &|_| (), &|_, _| ());
    let constraints = testing::satisfied(&honest);
    testing::assert_tight(&honest);
    let holds = |forge: Forge<'_>, change: Change<'_>| is_satisfied(operation, &tables, forge, change);
    for unit in 0..3 {
        for column in 0..3 {
            assert!(!holds(&|extra| shift(extra, unit, column, 0, Fr::one()), &|_, _| ()), "{unit} {column}");
        }
    }
    for end in [0, 1] {
        assert!(!holds(&|extra| extra.firsts[end] += Fr::one(), &|_, _| ()));
        assert!(!holds(&|_| (), &|_, secret| secret.messages[end] += Fr::one()));
    }
    assert!(!holds(&|_| (), &|inputs, _| inputs.tables[1].rows[0] -= 1));
    let minimum = |_: &mut RelationInputs, secret: &mut Secret| {
        let RecordOpening::Numeric(opening) = &mut secret.records[1][0] else { unreachable!() };
        opening.record.min += 1;
    };
    assert!(!holds(&|_| (), &minimum));

    let tables = disjoint(7);
    let setting = Setting::new(UNIVERSAL, operation, &tables);
    let statement = setting.statement();
    let proof = setting.prove().unwrap();
    setting.verify(&statement, &proof).unwrap();
    let elsewhere = setting.verify(&RelationStatement { context: context(2), ..statement }, &proof);
    assert!(matches!(elsewhere, Err(VerifyRelationError::Proof(_))), "{elsewhere:?}");
    // A table of the same form that has a key of the first one.
    let common = [tables[0].clone(), Table::new(&[(Some(2), Some("a")), (Some(1), None), (Some(2), None)], 7, 9)];
    let false_one = Setting { tables: &common, ..Setting::new(UNIVERSAL, operation, &common) };
    assert!(matches!(false_one.prove(), Err(ProveRelationError::False(ScanError::PostingSum))));
    let refused = setting.verify(&RelationStatement { roles: &false_one.roles, ..statement }, &proof);
    assert!(matches!(refused, Err(VerifyRelationError::Proof(_))), "{refused:?}");
    // Codes of two tables are no keys.
    let plans = tables.iter().map(|table| &table.plan).collect();
    let refused = RelationPlan::new(operation, plans, &columns()).err();
    let (column, reason) = ("word".to_owned(), crate::relation::Reason::NoKey);
    assert_eq!(refused, Some(crate::relation::RelationPlanError::Column { column, table: 0, reason }));
    assert_eq!(constraints, 15_515);
}

/// A row for each combination of number and word, in segments on both sides.
fn dedup(log_rows: usize) -> [Table; 2] {
    let rows: Vec<Row> = (0..20).map(|i| ROWS[i % 4]).collect();
    [Table::new(&rows, log_rows, 10), Table::new(&[ROWS[3], ROWS[2], ROWS[1], ROWS[0]], log_rows, 13)]
}

#[test]
fn one_row_of_every_key_is_proved_and_forged_columns_and_dictionaries_are_not() {
    let (operation, tables) = (Operation::Dedup, dedup(4));
    let honest = circuit(operation, &tables, &columns(), &|_| (), &|_, _| ());
    let constraints = testing::satisfied(&honest);
    let holds = |forge: Forge<'_>, change: Change<'_>| is_satisfied(operation, &tables, forge, change);
    // The selector of either segment, multiplicities, what rows stand for, a gap.
    for (unit, column) in [(0, 0), (1, 0), (0, 1), (2, 0), (2, 1)] {
        assert!(!holds(&|extra| shift(extra, unit, column, 0, Fr::one()), &|_, _| ()), "{unit} {column}");
    }
    for end in [0, 1] {
        assert!(!holds(&|extra| extra.firsts[end] += Fr::one(), &|_, _| ()));
        assert!(!holds(&|_| (), &|_, secret| secret.messages[end] += Fr::one()));
    }
    assert!(!holds(&|_| (), &|inputs, _| inputs.tables[1].rows[0] -= 1));
    assert_eq!(constraints, 21_214);
    let tables = dedup(7);
    let setting = Setting::new(UNIVERSAL, operation, &tables);
    let statement = setting.statement();
    let proof = setting.prove().unwrap();
    setting.verify(&statement, &proof).unwrap();
    let elsewhere = setting.verify(&RelationStatement { context: context(2), ..statement }, &proof);
    assert!(matches!(elsewhere, Err(VerifyRelationError::Proof(_))), "{elsewhere:?}");
    // A table of the same form that lacks a key, and one that has one twice.
    for rows in [[ROWS[3], ROWS[2], ROWS[1], ROWS[1]], [ROWS[0], ROWS[2], ROWS[1], ROWS[0]]] {
        let other = [tables[0].clone(), Table::new(&rows, 7, 14)];
        let false_one = Setting { tables: &other, ..Setting::new(UNIVERSAL, operation, &other) };
        assert!(matches!(false_one.prove(), Err(ProveRelationError::False(ScanError::PostingSum))));
        let refused = setting.verify(&RelationStatement { roles: &false_one.roles, ..statement }, &proof);
        assert!(matches!(refused, Err(VerifyRelationError::Proof(_))), "{refused:?}");
    }
    // Another key is another circuit.
    let details = Details { key: columns()[..1].to_vec(), ..Details::default() };
    let plans = tables.iter().map(|table| &table.plan).collect();
    let other = RelationPlan::with(operation, &details, plans, &columns()).unwrap();
    assert_ne!(relation_circuit_id(other.shape()), relation_circuit_id(setting.plan.shape()));
}

/// A change of these numbers is a change of every proof: a new version of the circuits.
#[test]
fn the_circuits_are_satisfied_and_have_the_pinned_numbers_of_constraints() {
    let constraints =
        |operation, tables: &[Table]| testing::satisfied(&circuit(operation, tables, &columns(), &|_| (), &|_, _| ()));
    let of_one = [constraints(Operation::Unique, &unique()), constraints(Operation::KAnonymous, &classes())];
    assert_eq!((constraints(Operation::Subset, &subset()), of_one), (18_518, [13_084, 14_598]));
}

#[test]
fn every_variable_of_the_circuits_matters() {
    let tight = |operation, tables: &[Table]| {
        testing::assert_tight(&circuit(operation, tables, &columns(), &|_| (), &|_, _| ()));
    };
    tight(Operation::Subset, &subset());
    tight(Operation::KAnonymous, &classes());
    // Keys are numbers here: null's digest in a dictionary is 0, whose inverse the circuit takes from the prover and multiplies by 0.
    let row = |i: usize| -> Row { ((i > 0).then_some(i as i64), Some("a")) };
    let numbers = [Table::new(&(0..17).map(row).collect::<Vec<_>>(), 4, 5)];
    let names = &columns()[..1];
    testing::assert_tight(&circuit(Operation::Unique, &numbers, names, &|_| (), &|_, _| ()));
}

#[test]
fn rejects_selectors_and_gaps_that_are_forged_and_messages_that_are_changed() {
    let tables = subset();
    let holds = |forge: Forge<'_>, change: Change<'_>| is_satisfied(Operation::Subset, &tables, forge, change);
    let select = |extra: &mut ExtraCells, unit: usize, row: usize, value: Fr| {
        let cell = &mut extra.columns[unit][0];
        let mut values: Vec<Fr> = (0..16).map(|row| cell.value(row)).collect();
        values[row] = value;
        *cell = CellData::Field(values.into());
    };
    assert!(holds(&|_| (), &|_, _| ()));
    assert!(!holds(&|extra| select(extra, 0, 0, Fr::ZERO), &|_, _| ()));
    assert!(!holds(&|extra| select(extra, 0, 0, Fr::from(2)), &|_, _| ()));
    assert!(!holds(&|extra| select(extra, 1, 9, Fr::one()), &|_, _| ()));
    assert!(!holds(&|_| (), &|_, secret| secret.messages[0] += Fr::one()));
    assert!(!holds(&|_| (), &|_, secret| *secret.messages.last_mut().unwrap() += Fr::one()));
    assert!(!holds(&|_| (), &|inputs, _| inputs.tables[1].rows[0] = 2));
    assert!(!holds(&|_| (), &|inputs, _| inputs.opening.value += Fr::one()));

    let tables = unique();
    let holds = |forge: Forge<'_>, change: Change<'_>| is_satisfied(Operation::Unique, &tables, forge, change);
    assert!(holds(&|_| (), &|_, _| ()));
    assert!(!holds(&|extra| shift(extra, 1, 0, 0, Fr::one()), &|_, _| ()));
    let multiplicities = circuit_extra(&tables, 0).len() - 1;
    assert!(!holds(&|extra| shift(extra, 0, multiplicities, 0, Fr::one()), &|_, _| ()));
    for end in [0, 1] {
        assert!(!holds(&|extra| extra.firsts[end] += Fr::one(), &|_, _| ()));
        assert!(!holds(&|_| (), &|_, secret| secret.messages[end] += Fr::one()));
    }
    assert!(!holds(&|_| (), &|inputs, _| inputs.tables[0].rows[1] = 11));
    assert!(!holds(&|_| (), &|inputs, _| inputs.opening.tuple += Fr::one()));

    let tables = classes();
    let holds = |forge: Forge<'_>, change: Change<'_>| is_satisfied(Operation::KAnonymous, &tables, forge, change);
    assert!(holds(&|_| (), &|_, _| ()));
    for column in [0, 1] {
        assert!(!holds(&|extra| shift(extra, 0, column, 0, Fr::one()), &|_, _| ()));
    }
    assert!(!holds(&|extra| extra.firsts[0] += Fr::one(), &|_, _| ()));
    assert!(!holds(&|_| (), &|_, secret| secret.messages[0] += Fr::one()));
    assert!(!holds(&|_| (), &|inputs, _| inputs.tables[0].rows[1] = 3));
}

fn circuit_extra(tables: &[Table], unit: usize) -> Vec<ExtraColumn> {
    let plans = tables.iter().map(|table| &table.plan).collect();
    RelationPlan::new(Operation::Unique, plans, &columns()).unwrap().shape().extra(unit).to_vec()
}

/// A notary gives one value two codes, so that its rows look different. The record is sealed as it is, only the circuit stands in the way.
#[test]
fn rejects_a_sealed_dictionary_with_one_value_under_two_codes() {
    let table = Table::new(&[(None, Some("a")), (None, Some("b"))], 7, 2);
    let holds =
        |operation: Operation, table: usize, tables: &[Table], dictionary: &dyn Fn(&mut Vec<u64>, &mut Vec<Fr>)| {
            let reseal = |inputs: &mut RelationInputs, secret: &mut Secret| {
                let RecordOpening::Category(opening) = &mut secret.records[table][0] else { unreachable!() };
                dictionary(&mut opening.record.counts, &mut opening.record.values);
                let (leaf, index) = (crate::seal::Record::leaf(&opening.record), opening.index);
                inputs.tables[table].h = opening.path.root(leaf, index);
            };
            let circuit = circuit(operation, tables, &["word".to_owned()], &|_| (), &reseal);
            testing::Instance::new(&circuit).unwrap().first_violated().is_none()
        };
    let unique = |dictionary: &dyn Fn(&mut Vec<u64>, &mut Vec<Fr>)| {
        holds(Operation::Unique, 0, std::slice::from_ref(&table), dictionary)
    };
    assert!(unique(&|_, _| ()));
    assert!(unique(&|_, values| values[2] += Fr::one()));
    assert!(!unique(&|_, values| values[2] = values[1]));
    // Null again, under a code of its own.
    assert!(!unique(&|_, values| values[2] = Fr::ZERO));
    // Of two tables the codes of the second tell rows apart. Its third code is not used.
    let tables = [Table::new(&[(None, Some("a")), (None, Some("b")), (None, Some("a"))], 7, 1), table.clone()];
    let dedup = |table: usize, dictionary: &dyn Fn(&mut Vec<u64>, &mut Vec<Fr>)| {
        holds(Operation::Dedup, table, &tables, dictionary)
    };
    assert!(dedup(1, &|_, values| values[3] = Fr::from(77)));
    assert!(!dedup(1, &|_, values| values[3] = values[1]));
    assert!(dedup(0, &|_, values| values[3] = values[1]));
}

#[test]
fn subsets_and_unique_keys_are_proved_for_their_statement_and_false_ones_are_not() {
    let tables = split();
    let pair = [tables[0].clone(), tables[1].clone()];
    let setting = Setting::new(UNIVERSAL, Operation::Subset, &pair);
    let statement = setting.statement();
    let proof = setting.prove().unwrap();
    setting.verify(&statement, &proof).unwrap();
    let elsewhere = setting.verify(&RelationStatement { context: context(2), ..statement }, &proof);
    assert!(matches!(elsewhere, Err(VerifyRelationError::Proof(_))), "{elsewhere:?}");
    // The selector is bound, of every segment.
    for unit in [0, 1] {
        let mut other = proof.clone();
        let column = other.fresh[unit].len() - 1;
        other.fresh[unit][column] = other.fresh[unit][0].clone();
        let refused = setting.verify(&statement, &other);
        assert!(matches!(refused, Err(VerifyRelationError::Proof(_))), "{refused:?}");
    }
    let forged = |operation: &Setting<'_>, forge: Forge<'_>| {
        let secrets: Vec<_> = operation.tables.iter().map(Table::secrets).collect();
        prove_with(super::fixture::srs(), operation.keys.as_ref(), &operation.statement(), &secrets, forge)
    };
    let refused = forged(&setting, &|extra| extra.columns.swap(0, 1));
    assert!(matches!(refused, Err(ProveRelationError::False(ScanError::PostingSum))));

    let words = ["a", "b", "c"];
    let row = |i: usize| -> Row { ((!i.is_multiple_of(15)).then_some((i % 15) as i64), words.get(i / 15).copied()) };
    let rows: Vec<Row> = (0..60).map(row).collect();
    let own = [Table::new(&rows, 7, 8)];
    let setting = Setting::new(UNIVERSAL, Operation::Unique, &own);
    let statement = setting.statement();
    let proof = setting.prove().unwrap();
    setting.verify(&statement, &proof).unwrap();
    // The proof of one table says nothing of another.
    let repeated: Vec<Row> = rows.iter().map(|row| if row.0 == Some(14) { rows[1] } else { *row }).collect();
    let other = [Table::new(&repeated, 7, 8)];
    let roles = [other[0].role(1)];
    let refused = setting.verify(&RelationStatement { roles: &roles, ..statement }, &proof);
    assert!(matches!(refused, Err(VerifyRelationError::Proof(_))), "{refused:?}");
    let refused =
        Setting { tables: &other, roles: roles.to_vec(), ..Setting::new(UNIVERSAL, Operation::Unique, &other) }.prove();
    assert!(matches!(refused, Err(ProveRelationError::False(ScanError::PostingSum))));
    let refused = forged(&setting, &|extra| extra.firsts[1] += Fr::one());
    assert!(matches!(refused, Err(ProveRelationError::False(ScanError::PostingSum))));
    let rows: Vec<Row> = (0..60).map(|i| ROWS[i % 4]).collect();
    let own = [Table::new(&rows, 7, 9)];
    let anonymous = Setting::new(UNIVERSAL, Operation::KAnonymous, &own);
    let statement = anonymous.statement();
    let proof = anonymous.prove().unwrap();
    anonymous.verify(&statement, &proof).unwrap();
    // The same proof for another k, in a statement that says so or not.
    let with_k = |k| {
        let details = Details { k: Some(k), ..Details::default() };
        RelationPlan::with(Operation::KAnonymous, &details, vec![&own[0].plan], &columns()).unwrap()
    };
    let plan = with_k(3);
    let refused = anonymous.verify(&RelationStatement { plan: &plan, ..statement }, &proof);
    assert!(matches!(refused, Err(VerifyRelationError::Proof(_))), "{refused:?}");
    let plan = with_k(16);
    let false_one = Setting { tables: &own, plan, roles: vec![own[0].role(1)], keys: anonymous.keys.clone() };
    assert!(matches!(false_one.prove(), Err(ProveRelationError::False(ScanError::PostingSum))));
    let refused = forged(&setting, &|extra| extra.firsts.truncate(1));
    assert!(matches!(refused, Err(ProveRelationError::Plan(PlanError::Size { what: "number of first messages", .. }))));
}
