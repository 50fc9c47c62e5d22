//! Relations whose keys are text: what they show verifies from a receipt, with the word of the notary that it rests on.

use zkl_circuits::{
    claims::language::Comparison,
    relation::{Condition, Reason, RelationPlanError, VerifyRelationError},
};
use zkl_ledger::{
    Dataset, ErrorKind, LedgerError, ReadOptions, Table,
    dataset::{Format, TextEncoding},
    receipt::{Receipt, RelationReport, VerifiedStatement, VerifyError},
    relation::{BrokenRow, Operation, RelateError},
    requests::{ProofSetting, Relate},
};

use crate::{
    common::Fixture,
    proved::signer,
    relations::{changed, check, table, terms},
};

/// Visits of patients, some of which are not named.
fn rows() -> Vec<String> {
    let patient = |i: usize| if i.is_multiple_of(9) { String::new() } else { format!("P-{}", i / 2) };
    (0..60).map(|i| format!("{},{},{}", patient(i), i % 7, ["oak", "ash"][i % 2])).collect()
}

fn csv<'a>(rows: impl IntoIterator<Item = &'a String>) -> String {
    let rows: Vec<&str> = rows.into_iter().map(String::as_str).collect();
    format!("patient,visits,ward\n{}\n", rows.join("\n"))
}

async fn notarized(fixture: &Fixture, name: &str, text: &str, encoding: TextEncoding) -> Dataset {
    let mut read = ReadOptions { format: Some(Format::Csv), ..ReadOptions::default() };
    read.text_column("patient", encoding);
    let table = Table::bytes(text).options(read).named(name.parse().unwrap());
    let notarized = fixture.ledger.notarize(table).await.unwrap();
    assert_eq!(TextEncoding::of(&notarized.layout.columns()[0]), Some(encoding));
    notarized.dataset
}

fn is(column: &str, value: &str) -> Condition {
    Condition { column: column.to_owned(), is: Comparison::Equal(value.to_owned()) }
}

fn report(receipt: &Receipt) -> RelationReport {
    let verified = check(receipt).unwrap();
    match &verified.subject().unwrap().statement {
        VerifiedStatement::Relation { report, .. } => (**report).clone(),
        other => panic!("{other:?}"),
    }
}

async fn refused(relate: Relate<'_>) -> Vec<BrokenRow> {
    match relate.await.unwrap_err() {
        LedgerError::Relation(RelateError::False { rows, .. }) => rows,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn keys_of_text_are_erased_told_apart_and_looked_up() {
    let fixture = Fixture::with(signer(), ProofSetting::Universal);
    let ledger = &fixture.ledger;
    let rows = rows();
    let erased: Vec<String> = rows.iter().filter(|row| !row.starts_with("P-7,")).cloned().collect();
    let others: Vec<String> = (0..5).map(|i| format!("Q-{i},1,oak")).collect();
    let (whole, rest, others) = (csv(&rows), csv(erased.iter().rev()), csv(&others));
    let all = notarized(&fixture, "all", &whole, TextEncoding::Hashed).await;
    let without = notarized(&fixture, "rest", &rest, TextEncoding::Hashed).await;
    let foreign = notarized(&fixture, "foreign", &others, TextEncoding::Hashed).await;

    let erase = |patient: &str| {
        let tables = ledger.relate(Operation::Erase).table(&all, table(&whole)).table(&without, table(&rest));
        tables.condition(is("patient", patient))
    };
    let receipt = ledger.receipt(&erase("P-7").await.unwrap()).await.unwrap();
    let report = report(&receipt);
    assert_eq!(
        report.to_string(),
        "rest has the rows of all but those with patient = P-7: these are gone, all others are there, each as often, \
         compared in patient, visits, ward"
    );
    assert_eq!((report.hashed.as_slice(), report.uncompared()), (&["patient".to_owned()][..], None));
    let words = report.by_digest().unwrap();
    assert!(words.starts_with("patient (") && words.contains("the notary's word"), "{words}");
    // Another patient, whose digest is another constant of the same circuit; and the same digest in another statement.
    for patient in ["P-8", "p-7", "P-7 ", ""] {
        let refused = changed(&receipt, &|record, _| terms(record).details.conditions[0] = is("patient", patient));
        let refused = refused.unwrap_err();
        assert!(matches!(refused, VerifyError::Relation(VerifyRelationError::Proof(_))), "{patient}: {refused:?}");
    }
    let swapped = changed(&receipt, &|record, _| terms(record).columns.swap(0, 1)).unwrap_err();
    assert!(matches!(swapped, VerifyError::RelationPlan(RelationPlanError::Order { .. })), "{swapped:?}");
    let rows = refused(erase("P-8")).await;
    assert!(rows.iter().any(|row| row.dataset == "rest"), "{rows:?}");

    let absent = |dataset: &'static str, patient: &str| {
        let (own, text) = if dataset == "all" { (&all, &whole) } else { (&without, &rest) };
        ledger.relate(Operation::Absent).table(own, table(text)).condition(is("patient", patient))
    };
    let entry = absent("rest", "P-7").await.unwrap();
    assert_eq!(self::report(&ledger.receipt(&entry).await.unwrap()).to_string(), "no row of rest has patient = P-7");
    assert_eq!(refused(absent("all", "P-7")).await.len(), 2);

    let disjoint = |other: &'static str| {
        let (own, text) = if other == "foreign" { (&foreign, &others) } else { (&without, &rest) };
        ledger.relate(Operation::Disjoint).table(&all, table(&whole)).table(own, table(text)).columns(["patient"])
    };
    let entry = disjoint("foreign").await.unwrap();
    let receipt = ledger.receipt(&entry).await.unwrap();
    assert_eq!(self::report(&receipt).to_string(), "no row of all is equal to one of foreign in patient");
    assert_eq!(refused(disjoint("rest")).await.len(), 5);

    // Every patient has two rows.
    let unique = |dataset: &'static str| {
        let (own, text) = if dataset == "all" { (&all, &whole) } else { (&foreign, &others) };
        ledger.relate(Operation::Unique).table(own, table(text)).columns(["patient"])
    };
    check(&ledger.receipt(&unique("foreign").await.unwrap()).await.unwrap()).unwrap();
    assert!(!refused(unique("all")).await.is_empty());
    // One key has room for one text.
    let long = ledger.relate(Operation::Unique).table(&foreign, table(&others)).columns(["patient", "visits"]);
    check(&ledger.receipt(&long.await.unwrap()).await.unwrap()).unwrap();
    let too_long = ledger.relate(Operation::Disjoint).table(&all, table(&whole)).table(&foreign, table(&others));
    let refused = too_long.columns(["patient", "visits"]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert!(refused.hint().unwrap().contains("a key holds one of text"), "{refused}");
}

#[tokio::test]
async fn text_that_is_opaque_is_proved_as_before_and_compared_in_nothing() {
    let fixture = Fixture::with(signer(), ProofSetting::Universal);
    let ledger = &fixture.ledger;
    let rows = rows();
    let (whole, part) = (csv(&rows), csv(&rows[..20]));
    let all = notarized(&fixture, "all", &whole, TextEncoding::Opaque).await;
    let some = notarized(&fixture, "some", &part, TextEncoding::Hashed).await;
    let subset = || ledger.relate(Operation::Subset).table(&all, table(&whole)).table(&some, table(&part));
    let receipt = ledger.receipt(&subset().await.unwrap()).await.unwrap();
    let report = report(&receipt);
    assert_eq!(report.columns, ["visits", "ward"]);
    assert_eq!(report.uncompared().as_deref(), Some("patient (all does not commit to its values)"));
    assert_eq!((report.hashed.len(), report.by_digest()), (0, None));
    let refused = subset().columns(["patient", "visits"]).await.unwrap_err();
    let LedgerError::Relation(RelateError::Plan(plan)) = &refused else { panic!("{refused:?}") };
    let expected = RelationPlanError::Column { column: "patient".to_owned(), table: 0, reason: Reason::NoValues };
    assert_eq!(*plan, expected);
    assert!(refused.hint().unwrap().contains("--hash"), "{refused}");
}
