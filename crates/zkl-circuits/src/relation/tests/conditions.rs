//! Relations with constants: their circuits, proofs for one statement, plans.

use zkl_argument::{
    ScanError,
    relation::{ExtraCells, RelationKind, Test},
};
use zkl_core::{
    ark::{Fr, ff::One as _},
    circuit::Circuit as _,
    column::ColumnType,
    hashed::ValueHasher,
    layout::{ColumnLayout, Encoding, Layout},
};
use zkl_snark::{proof_system::UNIVERSAL, testing};

use super::{
    fixture::{Row, Setting, Table, columns, columns_of, context, details_of, shift},
    kinds::{circuit, is_satisfied},
};
use crate::{
    claims::language::Comparison,
    relation::{
        Condition, ConditionProblem, Details, Operation, ProveRelationError, RelationCircuit, RelationInputs,
        RelationPlan, RelationPlanError, RelationStatement, VerifyRelationError,
        circuit::{RecordOpening, Secret},
        hashed_element,
        prove::prove_with,
        relation_circuit_id,
    },
    seal::value_digest,
};

const ROWS: [Row; 4] = [(Some(1), Some("a")), (None, Some("b")), (Some(3), None), (Some(0), Some("b"))];

fn rows(is_kept: impl Fn(&Row) -> bool) -> Vec<Row> {
    (0..20).map(|i| ROWS[i % 4]).filter(is_kept).collect()
}

/// The tables of a true relation, the first in two segments. What is asked for is that of [`details_of`].
fn tables(operation: Operation) -> Vec<Table> {
    let whole = Table::new(&rows(|_| true), 4, 11);
    let part = |is_kept: fn(&Row) -> bool| Table::new(&rows(is_kept), 4, 12);
    match operation {
        Operation::Filter => vec![whole, part(|row| row.0.is_some_and(|n| n >= 1))],
        Operation::Erase => vec![whole, part(|row| *row != ROWS[3])],
        Operation::Present => vec![Table::new(&[rows(|_| true), vec![(Some(1), Some("b"))]].concat(), 4, 13)],
        _ => vec![whole],
    }
}

const OPERATIONS: [Operation; 5] =
    [Operation::Bounds, Operation::Filter, Operation::Erase, Operation::Present, Operation::Absent];

/// A change of these numbers is a change of every proof: a new version of the circuits.
#[test]
fn the_circuits_are_satisfied_and_have_the_pinned_numbers_of_constraints() {
    let constraints = OPERATIONS.map(|operation| {
        let names = columns_of(operation);
        testing::satisfied(&circuit(operation, &tables(operation), &names, &|_| (), &|_, _| ()))
    });
    assert_eq!(constraints, [8_266, 22_517, 22_719, 10_578, 10_574]);
}

#[test]
fn every_variable_of_the_circuits_matters() {
    for operation in OPERATIONS {
        testing::assert_tight(&circuit(operation, &tables(operation), &columns_of(operation), &|_| (), &|_, _| ()));
    }
}

#[test]
fn rejects_columns_that_are_forged_and_messages_records_and_inputs_that_are_changed() {
    for operation in OPERATIONS {
        let tables = tables(operation);
        let holds = |forge: &dyn Fn(&mut ExtraCells), change: &dyn Fn(&mut RelationInputs, &mut Secret)| {
            is_satisfied(operation, &tables, forge, change)
        };
        assert!(holds(&|_| (), &|_, _| ()), "{operation}");
        if operation != Operation::Absent {
            for unit in [0, 1] {
                assert!(!holds(&|extra| shift(extra, unit, 0, 1, Fr::one()), &|_, _| ()), "{operation}");
            }
        }
        assert!(!holds(&|_| (), &|_, secret| secret.messages[0] += Fr::one()), "{operation}");
        assert!(!holds(&|_| (), &|_, secret| *secret.messages.last_mut().unwrap() += Fr::one()), "{operation}");
        assert!(!holds(&|_| (), &|inputs, _| inputs.opening.value += Fr::one()), "{operation}");
        assert!(!holds(&|_| (), &|inputs, _| inputs.opening.tuple += Fr::one()), "{operation}");
        let minimum = |_: &mut RelationInputs, secret: &mut Secret| {
            let RecordOpening::Numeric(opening) = &mut secret.records[0][0] else { unreachable!() };
            opening.record.min += 1;
        };
        assert!(!holds(&|_| (), &minimum), "{operation}");
        let rows = |inputs: &mut RelationInputs, _: &mut Secret| inputs.tables[0].rows[0] -= 1;
        assert!(!holds(&|_| (), &rows), "{operation}");
    }
}

#[test]
fn they_are_proved_for_their_constants_and_false_ones_are_not() {
    for operation in [Operation::Bounds, Operation::Erase, Operation::Absent] {
        let own: Vec<Table> = match operation {
            Operation::Erase => {
                let wide = |is_kept: fn(&Row) -> bool, byte| Table::new(&rows(is_kept), 7, byte);
                vec![wide(|_| true, 11), wide(|row| *row != ROWS[3], 12)]
            }
            _ => vec![Table::new(&rows(|_| true), 7, 11)],
        };
        let setting = Setting::new(UNIVERSAL, operation, &own);
        let statement = setting.statement();
        let proof = setting.prove().unwrap();
        setting.verify(&statement, &proof).unwrap();
        let is_false = |answer: Result<(), VerifyRelationError>| {
            assert!(matches!(answer, Err(VerifyRelationError::Proof(_))), "{operation}: {answer:?}");
        };
        is_false(setting.verify(&RelationStatement { context: context(2), ..statement }, &proof));
        // The same circuit, and other constants, in a statement that says so or not.
        let mut details = details_of(operation);
        details.conditions[0].is = match operation {
            Operation::Bounds => Comparison::Between("-5".to_owned(), "9".to_owned()),
            Operation::Erase => Comparison::AtMost("2".to_owned()),
            _ => Comparison::Equal("2".to_owned()),
        };
        let plans = || own.iter().map(|table| &table.plan).collect();
        let other = RelationPlan::with(operation, &details, plans(), &columns_of(operation)).unwrap();
        assert_eq!(relation_circuit_id(other.shape()), relation_circuit_id(setting.plan.shape()));
        is_false(setting.verify(&RelationStatement { plan: &other, ..statement }, &proof));
        // Constants of which it is false.
        let mut details = details_of(operation);
        details.conditions[0].is = match operation {
            Operation::Bounds => Comparison::Between("1".to_owned(), "16".to_owned()),
            Operation::Erase => Comparison::AtMost("-1".to_owned()),
            _ => Comparison::Equal("0".to_owned()),
        };
        let plan = RelationPlan::with(operation, &details, plans(), &columns_of(operation)).unwrap();
        let check = match operation {
            Operation::Absent => ScanError::RootDenominator,
            _ => ScanError::PostingSum,
        };
        let false_one = Setting { tables: &own, plan, roles: setting.roles.clone(), keys: setting.keys.clone() };
        let refused = false_one.prove().unwrap_err();
        assert!(matches!(&refused, ProveRelationError::False(error) if *error == check), "{operation}: {refused:?}");
        if operation == Operation::Erase {
            let secrets: Vec<_> = own.iter().map(Table::secrets).collect();
            let forge = |extra: &mut ExtraCells| shift(extra, 0, 0, 3, -Fr::one());
            let srs = super::fixture::srs();
            let refused = prove_with(srs, setting.keys.as_ref(), &statement, &secrets, &forge);
            assert!(matches!(refused, Err(ProveRelationError::False(ScanError::PostingSum))));
        }
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn plan(operation: Operation, conditions: Vec<Condition>, names: &[String]) -> Result<RelationKind, RelationPlanError> {
    let own = tables(operation);
    let details = Details { conditions, ..Details::default() };
    let plans = own.iter().map(|table| &table.plan).collect();
    RelationPlan::with(operation, &details, plans, names).map(|plan| plan.shape().kind())
}

#[test]
fn constants_are_read_in_the_units_of_their_columns() {
    let own = tables(Operation::Filter);
    let tests = |is: &[(&str, Comparison<String>)]| -> Vec<(usize, Test)> {
        let condition = |(column, is): &(&str, Comparison<String>)| Condition { column: text(column), is: is.clone() };
        let details = Details { conditions: is.iter().map(condition).collect(), ..Details::default() };
        let plans = own.iter().map(|table| &table.plan).collect();
        let names = [columns(), vec![text("id")]].concat();
        let plan = RelationPlan::with(Operation::Filter, &details, plans, &names).unwrap();
        plan.shape().tests().iter().map(|test| (test.column, test.test)).collect()
    };
    let number = |is| tests(&[("n", is)]);
    assert_eq!(number(Comparison::AtLeast(text("2"))), [(0, Test::AtLeast(2))]);
    assert_eq!(number(Comparison::AtLeast(text("1.5"))), [(0, Test::AtLeast(2))]);
    assert_eq!(number(Comparison::Above(text("2"))), [(0, Test::AtLeast(3))]);
    assert_eq!(number(Comparison::Below(text("-1.5"))), [(0, Test::AtMost(-2))]);
    assert_eq!(number(Comparison::Below(text("2"))), [(0, Test::AtMost(1))]);
    assert_eq!(number(Comparison::Equal(text("-3"))), [(0, Test::Equal(-Fr::from(3)))]);
    assert_eq!(number(Comparison::Between(text("-1"), text("4"))), [(0, Test::AtLeast(-1)), (0, Test::AtMost(4))]);
    assert_eq!(number(Comparison::Between(text("4"), text("4"))), [(0, Test::Equal(Fr::from(4)))]);
    let word = value_digest(ColumnType::Category, "b");
    let id = hashed_element(&ValueHasher::new(ColumnType::Text).cells("b"));
    assert_eq!(tests(&[("id", Comparison::Equal(text("b")))]), [(2, Test::Equal(id))]);
    let both = tests(&[("word", Comparison::Equal(text("b"))), ("n", Comparison::AtMost(text("0")))]);
    assert_eq!(both, [(1, Test::Equal(word)), (0, Test::AtMost(0))]);
    let bounds = plan(Operation::Bounds, details_of(Operation::Bounds).conditions, &columns()[..1]);
    assert_eq!(bounds, Ok(RelationKind::Bounds { lower: -6, upper: 9, nulls: false }));
}

#[test]
fn conditions_that_no_column_can_meet_are_refused() {
    let problem = |column: &str, is: Comparison<String>| match plan(
        Operation::Filter,
        vec![Condition { column: text(column), is }],
        &[columns(), vec![text("id")]].concat(),
    ) {
        Err(RelationPlanError::Condition { column: got, problem }) if got == column => problem,
        other => panic!("{other:?}"),
    };
    assert_eq!(problem("note", Comparison::Equal(text("x"))), ConditionProblem::NotCompared);
    assert_eq!(problem("m", Comparison::Equal(text("x"))), ConditionProblem::NotCompared);
    assert_eq!(problem("word", Comparison::AtLeast(text("b"))), ConditionProblem::NoOrder);
    assert_eq!(problem("id", Comparison::AtLeast(text("b"))), ConditionProblem::NoOrder);
    let ty = ConditionProblem::Type { ty: ColumnType::Int };
    assert_eq!(problem("n", Comparison::AtLeast(text("b"))), ty);
    assert_eq!(problem("n", Comparison::AtLeast(text("2024-01-01"))), ty);
    for other in ["01", "1.0", "+1", "-0"] {
        let refused = problem("n", Comparison::AtLeast(text(other)));
        assert!([ConditionProblem::NotCanonical, ty].contains(&refused), "{other}: {refused:?}");
    }
    assert_eq!(problem("n", Comparison::Equal(text("1.5"))), ConditionProblem::NoValue);
    assert_eq!(problem("n", Comparison::Between(text("4"), text("3"))), ConditionProblem::NoValue);
    for size in ["9223372036854775808", "-9223372036854775809"] {
        assert_eq!(problem("n", Comparison::Equal(text(size))), ConditionProblem::Size);
        assert_eq!(problem("n", Comparison::AtLeast(text(size))), ConditionProblem::Size);
    }

    let conditions = |operation, conditions, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| text(name)).collect();
        assert_eq!(plan(operation, conditions, &names), Err(RelationPlanError::Conditions { operation }));
    };
    let equal = |column: &str| Condition { column: text(column), is: Comparison::Equal(text("1")) };
    let range = || Condition { column: text("n"), is: Comparison::Between(text("1"), text("2")) };
    conditions(Operation::Filter, vec![], &["n"]);
    conditions(Operation::Bounds, vec![], &["n"]);
    conditions(Operation::Bounds, vec![equal("n")], &["n"]);
    conditions(Operation::Bounds, vec![range(), range()], &["n"]);
    conditions(Operation::Bounds, vec![range()], &["n", "word"]);
    conditions(Operation::Absent, vec![range()], &["n"]);
    conditions(Operation::Present, vec![equal("n")], &["n", "word"]);
    conditions(Operation::Unique, vec![equal("n")], &["n"]);
    let repeated = plan(Operation::Present, vec![equal("n"), equal("n")], &columns());
    let problem = ConditionProblem::Repeated;
    assert_eq!(repeated, Err(RelationPlanError::Condition { column: text("n"), problem }));
    let word = Condition { column: text("word"), ..range() };
    let problem = ConditionProblem::NotNumeric;
    let refused = plan(Operation::Bounds, vec![word], &columns()[1..]);
    assert_eq!(refused, Err(RelationPlanError::Condition { column: text("word"), problem }));
    // No whole number is in between, as rounding the ends shows.
    let narrow = Condition { column: text("n"), is: Comparison::Between(text("0.4"), text("0.6")) };
    let refused = plan(Operation::Bounds, vec![narrow], &columns()[..1]);
    let problem = ConditionProblem::NoValue;
    assert_eq!(refused, Err(RelationPlanError::Condition { column: text("n"), problem }));
    // Of a column of truth values there are two.
    let flag = ColumnLayout::new("flag", ColumnType::Bool, Encoding::Category { capacity: 4 });
    let layout = Layout::new(3, vec![flag], Vec::new()).unwrap();
    for (value, is_one) in [("true", true), ("false", true), ("yes", false), ("True", false)] {
        let conditions = vec![Condition { column: text("flag"), is: Comparison::Equal(text(value)) }];
        let details = Details { conditions, ..Details::default() };
        let resolved = details.resolve(Operation::Filter, &layout, &[text("flag")]).map(|_| ());
        let refused = RelationPlanError::Condition { column: text("flag"), problem };
        assert_eq!(resolved, if is_one { Ok(()) } else { Err(refused) }, "{value}");
    }
    // Nulls are allowed by bounds alone.
    let own = tables(Operation::Absent);
    let details = Details { conditions: vec![equal("n")], nulls: true, ..Details::default() };
    let refused = RelationPlan::with(Operation::Absent, &details, vec![&own[0].plan], &columns()[..1]);
    assert_eq!(refused.err(), Some(RelationPlanError::Conditions { operation: Operation::Absent }));
}

#[test]
fn constants_have_one_form_in_a_statement() {
    let own = tables(Operation::Absent);
    let layout = own[0].plan.layout();
    let canonical = |column: &str, is: &str| {
        let condition = Condition { column: text(column), is: Comparison::Equal(text(is)) };
        let details = Details { conditions: vec![condition], ..Details::default() };
        let Comparison::Equal(is) = details.canonical(layout).conditions[0].is.clone() else { unreachable!() };
        is
    };
    assert_eq!([canonical("n", "1.50"), canonical("n", "007"), canonical("n", "x")], ["1.5", "7", "x"]);
    assert_eq!([canonical("word", "007"), canonical("nothing", "1.50")], ["007", "1.50"]);
}

/// The id shortens this text, by which keys are kept.
#[test]
fn a_circuit_is_described_by_its_whole_shape() {
    let own = tables(Operation::Absent);
    let plans = own.iter().map(|table| &table.plan).collect();
    let plan = RelationPlan::with(Operation::Absent, &details_of(Operation::Absent), plans, &columns()).unwrap();
    let circuit = RelationCircuit::blank(plan.shape().clone());
    assert_eq!(circuit.description(), format!("{} 4 l2:n1?,c4 0= 1=", circuit.id()));
}

/// What differs in the circuit differs in its id; constants do not.
#[test]
fn circuits_are_told_apart_by_what_they_depend_on() {
    let id = |operation, change: &dyn Fn(&mut Details)| {
        let own = tables(operation);
        let mut details = details_of(operation);
        change(&mut details);
        let plans = own.iter().map(|table| &table.plan).collect();
        let plan = RelationPlan::with(operation, &details, plans, &columns_of(operation)).unwrap();
        relation_circuit_id(plan.shape()).to_string()
    };
    let is = |is: Comparison<&str>| {
        let is = is.try_map(|value| Ok::<_, std::convert::Infallible>(text(value))).unwrap();
        move |details: &mut Details| details.conditions[0].is = is.clone()
    };
    let bounds = |change: &dyn Fn(&mut Details)| id(Operation::Bounds, change);
    let own = bounds(&|_| ());
    assert_eq!(own, bounds(&is(Comparison::Between("0", "10"))));
    assert_ne!(own, bounds(&is(Comparison::Between("0", "16"))));
    assert_ne!(own, bounds(&|details| details.nulls = false));
    let erase = |change: &dyn Fn(&mut Details)| id(Operation::Erase, change);
    let own = erase(&|_| ());
    assert_eq!(own, erase(&is(Comparison::AtMost("7"))));
    assert_ne!(own, erase(&is(Comparison::AtLeast("1"))));
    assert_ne!(own, erase(&is(Comparison::Equal("1"))));
    assert_ne!(own, erase(&|details| details.conditions.swap(0, 1)));
    assert_ne!(own, erase(&|details| details.conditions.truncate(1)));
}
