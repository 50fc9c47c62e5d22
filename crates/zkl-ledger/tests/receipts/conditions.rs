//! Relations with constants from end to end: they verify from a receipt, for their constants alone.

use zkl_circuits::{
    claims::language::Comparison,
    relation::{Condition, ConditionProblem, RelationPlanError, VerifyRelationError},
};
use zkl_ledger::{
    LedgerError,
    receipt::{Nonce, RelationRecord, VerifiedStatement, VerifyError},
    relation::{BrokenRow, Operation, RelateError},
    requests::{EvidenceRequest, ProofSetting},
};

use crate::{
    common::Fixture,
    proved::signer,
    relations::{changed, check, notarized, table},
};

fn condition(column: &str, is: Comparison<&str>) -> Condition {
    let is: Result<_, std::convert::Infallible> = is.try_map(|value| Ok(value.to_owned()));
    Condition { column: column.to_owned(), is: is.unwrap() }
}

fn csv(rows: &[(usize, String)]) -> String {
    let rows: Vec<&str> = rows.iter().map(|(_, row)| row.as_str()).collect();
    format!("id,price,kind,day\n{}\n", rows.join("\n"))
}

#[tokio::test]
async fn a_filter_an_erasure_and_bounds_verify_for_their_constants_alone() {
    let fixture = Fixture::with(signer(), ProofSetting::Universal);
    let ledger = &fixture.ledger;
    let row = |i: usize| {
        let price = if i.is_multiple_of(7) { String::new() } else { format!("{}.25", i * 37 % 50) };
        (i, format!("{},{price},{},2024-0{}-11", i / 2, ["oak", "ash"][i % 2], 1 + i % 4))
    };
    let rows: Vec<_> = (0..60).map(row).collect();
    let is_dear = |i: usize| !i.is_multiple_of(7) && i * 37 % 50 >= 20 && i % 4 >= 1;
    let dear: Vec<_> = rows.iter().filter(|(i, _)| is_dear(*i)).rev().cloned().collect();
    let rest: Vec<_> = rows.iter().filter(|(i, _)| i / 2 != 17).cloned().collect();
    let sample: Vec<_> = rows.iter().filter(|(i, _)| !is_dear(*i) && i % 7 > 0).cloned().collect();
    let [whole, dear, rest, sample] = [&rows, &dear, &rest, &sample].map(|rows| csv(rows));
    let few = notarized(&fixture, "few", &sample, EvidenceRequest::Proof).await;
    let all = notarized(&fixture, "all", &whole, EvidenceRequest::Proof).await;
    let filtered = notarized(&fixture, "dear", &dear, EvidenceRequest::Proof).await;
    let erased = notarized(&fixture, "rest", &rest, EvidenceRequest::Proof).await;

    let filter = |price: &'static str| {
        ledger
            .relate(Operation::Filter)
            .table(&all, table(&whole))
            .table(&filtered, table(&dear))
            .condition(condition("price", Comparison::AtLeast(price)))
            .condition(condition("day", Comparison::Above("2024-01-11")))
    };
    let receipt = ledger.receipt(&filter("20.250").await.unwrap()).await.unwrap();
    let verified = check(&receipt).unwrap();
    let VerifiedStatement::Relation { report, .. } = &verified.subject().unwrap().statement else {
        panic!("a relation")
    };
    assert_eq!(
        report.to_string(),
        "dear has the rows of all with price >= 20.25 and day > 2024-01-11, all of them and no others, each as often, \
         compared in id, price, kind, day"
    );
    changed(&receipt, &|_, _| ()).expect("the test's log is as good");
    let refused = |change: &dyn Fn(&mut RelationRecord)| changed(&receipt, &|record, _| change(record)).unwrap_err();
    let unproved = |change: &dyn Fn(&mut RelationRecord)| {
        let refused = refused(change);
        assert!(matches!(refused, VerifyError::Relation(VerifyRelationError::Proof(_))), "{refused:?}");
    };
    unproved(&|record| record.nonce = Nonce::generate().unwrap());
    // Another constant, of the same rows or not, has the same circuit.
    for price in ["20", "20.26", "-1"] {
        unproved(&|record| record.terms.details.conditions[0] = condition("price", Comparison::AtLeast(price)));
    }
    unproved(&|record| record.terms.details.conditions[0] = condition("price", Comparison::Above("20.24")));
    let circuit = |change: &dyn Fn(&mut RelationRecord)| {
        let refused = refused(change);
        assert!(matches!(refused, VerifyError::Circuit { .. }), "{refused:?}");
    };
    circuit(&|record| record.terms.details.conditions.truncate(1));
    circuit(&|record| record.terms.details.conditions[0] = condition("price", Comparison::AtMost("20.25")));
    let plan = |change: &dyn Fn(&mut RelationRecord)| match refused(change) {
        VerifyError::RelationPlan(error) => error,
        other => panic!("{other:?}"),
    };
    let canonical =
        plan(&|record| record.terms.details.conditions[0] = condition("price", Comparison::AtLeast("20.250")));
    let problem = ConditionProblem::NotCanonical;
    assert_eq!(canonical, RelationPlanError::Condition { column: "price".to_owned(), problem });
    let operation = Operation::Filter;
    assert_eq!(plan(&|record| record.terms.details.conditions.clear()), RelationPlanError::Conditions { operation });

    let false_one = |error: LedgerError| match error {
        LedgerError::Relation(RelateError::False { rows, more, .. }) => (rows, more),
        other => panic!("{other:?}"),
    };
    let (rows, _) = false_one(filter("30").await.unwrap_err());
    assert!(rows.iter().all(|row| row.dataset == "dear"), "{rows:?}");

    let erase = |id: &'static str| {
        let request = ledger.relate(Operation::Erase).table(&all, table(&whole)).table(&erased, table(&rest));
        request.condition(condition("id", Comparison::Equal(id)))
    };
    let receipt = ledger.receipt(&erase("17").await.unwrap()).await.unwrap();
    check(&receipt).unwrap();
    let other = changed(&receipt, &|record, _| {
        record.terms.details.conditions[0] = condition("id", Comparison::Equal("18"));
    });
    assert!(matches!(other, Err(VerifyError::Relation(VerifyRelationError::Proof(_)))), "{other:?}");
    // Two rows of 18 are still there, and two of 17 are not.
    let row = |dataset: &str, row| BrokenRow { dataset: dataset.to_owned(), row };
    let (rows, more) = false_one(erase("18").await.unwrap_err());
    assert_eq!((rows, more), (vec![row("all", 35), row("all", 36), row("rest", 35), row("rest", 36)], 0));

    // The two have other rows, and days in common.
    let disjoint = |columns: &[&'static str]| {
        let request = ledger.relate(Operation::Disjoint).table(&filtered, table(&dear)).table(&few, table(&sample));
        request.columns(columns.to_vec())
    };
    let receipt = ledger.receipt(&disjoint(&["price", "id"]).await.unwrap()).await.unwrap();
    let verified = check(&receipt).unwrap();
    let VerifiedStatement::Relation { report, .. } = &verified.subject().unwrap().statement else {
        panic!("a relation")
    };
    assert_eq!(report.to_string(), "no row of dear is equal to one of few in id, price");
    let (rows, more) = false_one(disjoint(&["day"]).await.unwrap_err());
    assert!(rows.iter().all(|row| row.dataset == "few") && more > 0, "{rows:?}");
    let refused = disjoint(&["kind"]).await.unwrap_err();
    assert!(
        matches!(refused, LedgerError::Relation(RelateError::Plan(RelationPlanError::Column { .. }))),
        "{refused:?}"
    );

    let bounds = |upper: &'static str| {
        let request = ledger.relate(Operation::Bounds).table(&all, table(&whole));
        request.condition(condition("day", Comparison::Between("2024-01-11", upper)))
    };
    let receipt = ledger.receipt(&bounds("2024-04-11").await.unwrap()).await.unwrap();
    let verified = check(&receipt).unwrap();
    let VerifiedStatement::Relation { report, .. } = &verified.subject().unwrap().statement else {
        panic!("a relation")
    };
    assert_eq!(report.to_string(), "every row of all has day between 2024-01-11 and 2024-04-11");
    let other = changed(&receipt, &|record, _| {
        record.terms.details.conditions[0] = condition("day", Comparison::Between("2024-01-11", "2024-04-10"));
    });
    assert!(matches!(other, Err(VerifyError::Relation(VerifyRelationError::Proof(_)))), "{other:?}");
    let (rows, more) = false_one(bounds("2024-04-10").await.unwrap_err());
    assert_eq!((rows[0].clone(), more), (row("all", 4), 10));
}

#[tokio::test]
async fn one_row_of_every_key_verifies_for_its_key_alone() {
    let fixture = Fixture::with(signer(), ProofSetting::Universal);
    let ledger = &fixture.ledger;
    let row = |i: usize| {
        let price = if i.is_multiple_of(7) { String::new() } else { format!("{}.25", i * 37 % 50) };
        (i, format!("{},{price},{},2024-0{}-11", i / 2, ["oak", "ash"][i / 2 % 2], 1 + i % 4))
    };
    let rows: Vec<_> = (0..60).map(row).collect();
    // Of two rows with an id now the first, now the second, in another order.
    let kept: Vec<_> = rows.iter().filter(|(i, _)| i % 2 == i / 2 % 2).rev().cloned().collect();
    let mut lost = kept.clone();
    lost.remove(12);
    let mut twice = kept.clone();
    twice.push(rows[1].clone());
    twice.push(rows[0].clone());
    let mut foreign = kept.clone();
    foreign[3].1 = "28,1.25,oak,2024-01-11".to_owned();
    let [whole, once, lost, twice, foreign] = [&rows, &kept, &lost, &twice, &foreign].map(|rows| csv(rows));
    let all = notarized(&fixture, "all", &whole, EvidenceRequest::Proof).await;
    let by_id = notarized(&fixture, "once", &once, EvidenceRequest::Proof).await;

    let dedup = |key: &[&'static str]| {
        let request = ledger.relate(Operation::Dedup).table(&all, table(&whole)).table(&by_id, table(&once));
        request.key(key.to_vec())
    };
    let receipt = ledger.receipt(&dedup(&["kind", "id"]).await.unwrap()).await.unwrap();
    let verified = check(&receipt).unwrap();
    let VerifiedStatement::Relation { report, .. } = &verified.subject().unwrap().statement else {
        panic!("a relation")
    };
    assert_eq!(
        report.to_string(),
        "once has one row for every id, kind that all has: its rows are rows of all, compared in id, price, kind, day"
    );
    changed(&receipt, &|_, _| ()).expect("the test's log is as good");
    let refused = |change: &dyn Fn(&mut RelationRecord)| changed(&receipt, &|record, _| change(record)).unwrap_err();
    let other = refused(&|record| record.nonce = Nonce::generate().unwrap());
    assert!(matches!(other, VerifyError::Relation(VerifyRelationError::Proof(_))), "{other:?}");
    // Another key is another circuit, one in another order no statement.
    let other = refused(&|record| record.terms.details.key = vec!["id".to_owned()]);
    assert!(matches!(other, VerifyError::Circuit { .. }), "{other:?}");
    let other = refused(&|record| record.terms.details.key.reverse());
    let expected = RelationPlanError::KeyColumn { column: "kind".to_owned() };
    assert!(matches!(other, VerifyError::RelationPlan(error) if error == expected));
    let other = refused(&|record| record.terms.details.key.clear());
    let expected = RelationPlanError::Key { operation: Operation::Dedup };
    assert!(matches!(other, VerifyError::RelationPlan(error) if error == expected));

    let false_one = |error: LedgerError| match error {
        LedgerError::Relation(RelateError::False { rows, more, .. }) => (rows, more),
        other => panic!("{other:?}"),
    };
    let row = |dataset: &str, row| BrokenRow { dataset: dataset.to_owned(), row };
    // By the day too every row is one of its own.
    assert_eq!(false_one(dedup(&["id", "day"]).await.unwrap_err()).1, 25);
    for (name, rows, expected) in [
        ("lost", &lost, vec![row("all", 35), row("all", 36)]),
        ("twice", &twice, vec![row("twice", 30), row("twice", 31), row("twice", 32)]),
        ("foreign", &foreign, vec![row("foreign", 4), row("all", 53), row("all", 54)]),
    ] {
        let other = notarized(&fixture, name, rows, EvidenceRequest::Proof).await;
        let request = ledger.relate(Operation::Dedup).table(&all, table(&whole)).table(&other, table(rows));
        assert_eq!(false_one(request.key(["id"]).await.unwrap_err()).0, expected, "{name}");
    }
}
