//! Relations with constants from end to end: they verify from a receipt, for their constants alone.

use zkl_circuits::{
    claims::language::Comparison,
    relation::{Condition, ConditionProblem, RelationPlanError, VerifyRelationError},
};
use zkl_ledger::{
    LedgerError,
    receipt::{Evidence, Nonce, RelationRecord, VerifiedStatement, VerifyError},
    relation::{BrokenRow, Operation, RelateError},
    requests::{EvidenceRequest, ProofSetting},
};
use zkl_merkle::dsse::Envelope;

use crate::{
    common::Fixture,
    proved::signer,
    relations::{changed, check, notarized, table, terms},
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
        unproved(&|record| terms(record).details.conditions[0] = condition("price", Comparison::AtLeast(price)));
    }
    unproved(&|record| terms(record).details.conditions[0] = condition("price", Comparison::Above("20.24")));
    let circuit = |change: &dyn Fn(&mut RelationRecord)| {
        let refused = refused(change);
        assert!(matches!(refused, VerifyError::Circuit { .. }), "{refused:?}");
    };
    circuit(&|record| terms(record).details.conditions.truncate(1));
    circuit(&|record| terms(record).details.conditions[0] = condition("price", Comparison::AtMost("20.25")));
    let plan = |change: &dyn Fn(&mut RelationRecord)| match refused(change) {
        VerifyError::RelationPlan(error) => error,
        other => panic!("{other:?}"),
    };
    let canonical =
        plan(&|record| terms(record).details.conditions[0] = condition("price", Comparison::AtLeast("20.250")));
    let problem = ConditionProblem::NotCanonical;
    assert_eq!(canonical, RelationPlanError::Condition { column: "price".to_owned(), problem });
    let operation = Operation::Filter;
    assert_eq!(plan(&|record| terms(record).details.conditions.clear()), RelationPlanError::Conditions { operation });

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
        terms(record).details.conditions[0] = condition("id", Comparison::Equal("18"));
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
        terms(record).details.conditions[0] = condition("day", Comparison::Between("2024-01-11", "2024-04-10"));
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
    let other = refused(&|record| terms(record).details.key = vec!["id".to_owned()]);
    assert!(matches!(other, VerifyError::Circuit { .. }), "{other:?}");
    let other = refused(&|record| terms(record).details.key.reverse());
    let expected = RelationPlanError::KeyColumn { column: "id".to_owned() };
    assert!(matches!(other, VerifyError::RelationPlan(error) if error == expected));
    let other = refused(&|record| terms(record).details.key.clear());
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

/// What a closed relation says is in its receipt: neither the log nor the blobs have it, and another statement does not fit the entry.
#[tokio::test]
async fn a_closed_erasure_is_told_by_its_receipt_alone() {
    let fixture = Fixture::with(signer(), ProofSetting::Universal);
    let ledger = &fixture.ledger;
    let row = |i: usize| (i, format!("{},{}.25,{},2024-0{}-11", i / 2, i * 7 % 50, ["oak", "ash"][i % 2], 1 + i % 4));
    let rows: Vec<_> = (0..60).map(row).collect();
    let rest: Vec<_> = rows.iter().filter(|(i, _)| i / 2 != 17).cloned().collect();
    let [whole, rest] = [&rows, &rest].map(|rows| csv(rows));
    let all = notarized(&fixture, "all", &whole, EvidenceRequest::Proof).await;
    let erased = notarized(&fixture, "rest", &rest, EvidenceRequest::Proof).await;
    let request = ledger.relate(Operation::Erase).table(&all, table(&whole)).table(&erased, table(&rest));
    let closed = request.condition(condition("id", Comparison::Equal("17"))).closed().await.unwrap();
    let receipt = ledger.receipt_of_closed(&closed).await.unwrap();
    let verified = check(&receipt).unwrap();
    let VerifiedStatement::Relation { report, record, .. } = &verified.subject().unwrap().statement else {
        panic!("a relation")
    };
    assert_eq!(
        report.to_string(),
        "rest has the rows of all but those with id = 17: these are gone, all others are there, each as often, \
         compared in id, price, kind, day"
    );
    assert_eq!((record.to_string().as_str(), record.disclosure.open()), ("erase: whole all, rest rest (closed)", None));
    let envelope = Envelope::decode(closed.entry.signed.envelope().as_bytes()).unwrap();
    let payload = String::from_utf8(envelope.unverified_payload().to_vec()).unwrap();
    for secret in ["columns", "price", "salt", "equal", "where", "\"17\""] {
        assert!(!payload.contains(secret), "{secret}: {payload}");
    }
    // Nobody else has the statement, or the proof with which guesses could be tested.
    let error = ledger.receipt(&closed.entry).await.unwrap_err();
    assert!(matches!(error, LedgerError::Relation(RelateError::Closed { .. })), "{error:?}");
    assert_eq!(closed.entry.predicate().blobs().required(), []);

    let with = |change: &dyn Fn(&mut Evidence)| {
        let mut receipt = receipt.clone();
        change(&mut receipt.entries.last_mut().unwrap().evidence);
        check(&receipt).unwrap_err()
    };
    let index = closed.entry.index;
    let missing = with(&|evidence| evidence.statement = None);
    assert!(matches!(missing, VerifyError::EvidenceMissing { index: at, part: "statement" } if at == index));
    let missing = with(&|evidence| evidence.proof = None);
    assert!(matches!(missing, VerifyError::EvidenceMissing { index: at, part: "proof" } if at == index));
    let text = serde_json::to_string(closed.evidence.statement.as_ref().unwrap()).unwrap();
    for (from, to) in [("\"17\"", "\"18\""), ("\"erase\"", "\"filter\""), ("\"id\",\"price\"", "\"id\"")] {
        assert!(text.contains(from), "{text}");
        let other = with(&|evidence| evidence.statement = Some(serde_json::from_str(&text.replace(from, to)).unwrap()));
        assert!(matches!(other, VerifyError::Statement { index: at } if at == index), "{from}: {other:?}");
    }
    // Beside an entry of another kind, or an open one, nothing calls for it.
    let mut beside = receipt.clone();
    beside.entries[0].evidence.statement.clone_from(&closed.evidence.statement);
    let superfluous = check(&beside).unwrap_err();
    assert!(matches!(superfluous, VerifyError::EvidenceSuperfluous { part: "statement", .. }), "{superfluous:?}");
    let request = ledger.relate(Operation::Erase).table(&all, table(&whole)).table(&erased, table(&rest));
    let open = request.condition(condition("id", Comparison::Equal("17"))).await.unwrap();
    let mut beside = ledger.receipt(&open).await.unwrap();
    beside.entries.last_mut().unwrap().evidence.statement.clone_from(&closed.evidence.statement);
    let superfluous = check(&beside).unwrap_err();
    assert!(matches!(superfluous, VerifyError::EvidenceSuperfluous { part: "statement", .. }), "{superfluous:?}");
}
