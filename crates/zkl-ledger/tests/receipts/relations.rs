//! Relations from end to end: what is proved of notarized tables verifies from a receipt alone, a false relation is refused, and whoever
//! changes something is found out by the check that it breaks.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::sync::OnceCell;
use zkl_argument::srs::SrsVerifierKey;
use zkl_circuits::relation::{RelationDecodeError, RelationPlanError, VerifyRelationError};
use zkl_core::digest::{BlobDigest, KeyDigest};
use zkl_ledger::{
    Dataset, LedgerError, Table, Trust,
    circuit::proof_system::VerifyError as ProofError,
    data::DataMismatch,
    dataset::Format,
    receipt::{
        Disclosure, EntryError, Nonce, Predicate, Receipt, RelationRecord, RelationTerms, Requirement, SaltedTerms,
        SignedEntry, VerifiedReceipt, VerifiedStatement, VerifyError,
    },
    relation::{BrokenRow, Operation, RelateError},
    requests::{EvidenceRequest, ProofSetting},
    transparency::keys::SigningKey,
    verify,
};

use crate::{
    common::{Fixture, logged_again},
    proved::{KEY_SEED, signer},
};

/// Numbers with nulls, dates, a text with few values, repeated rows; and a text with more values than are committed to.
fn rows() -> Vec<String> {
    let row = |i: usize| {
        let weight = if i.is_multiple_of(7) { String::new() } else { (i * 37 % 500).to_string() };
        let kind = ["oak", "ash", "elm"][i % 3];
        format!("{},{weight},{kind},2024-0{}-11,note {i}", i / 2, 1 + i % 4)
    };
    let mut rows: Vec<String> = (0..400).map(row).collect();
    rows.extend_from_within(10..14);
    rows
}

fn csv<'a>(rows: impl IntoIterator<Item = &'a String>) -> String {
    let rows: Vec<&str> = rows.into_iter().map(String::as_str).collect();
    format!("id,weight,kind,day,note\n{}\n", rows.join("\n"))
}

pub(crate) fn table(text: &str) -> Table {
    Table::bytes(text).format(Format::Csv)
}

struct Related {
    fixture: Fixture,
    /// The whole and its parts, with their texts.
    tables: Vec<(Dataset, String)>,
    split: Receipt,
}

pub(crate) async fn notarized(fixture: &Fixture, name: &str, text: &str, evidence: EvidenceRequest) -> Dataset {
    let table = table(text).named(name.parse().unwrap());
    fixture.ledger.notarize(table).evidence(evidence).await.unwrap().dataset
}

/// Three tables take seconds, so the tests share them.
async fn related() -> &'static Related {
    static RELATED: OnceCell<Related> = OnceCell::const_new();
    RELATED
        .get_or_init(|| async {
            let fixture = Fixture::with(signer(), ProofSetting::Universal);
            let rows = rows();
            let first = rows.iter().enumerate().filter(|(i, _)| i % 2 == 0).map(|(_, row)| row).rev();
            let second = rows.iter().enumerate().filter(|(i, _)| i % 2 == 1).map(|(_, row)| row);
            let mut tables = Vec::new();
            for (name, text) in [("all", csv(&rows)), ("train", csv(first)), ("test", csv(second))] {
                tables.push((notarized(&fixture, name, &text, EvidenceRequest::Proof).await, text));
            }
            let mut request = fixture.ledger.relate(Operation::Split);
            for (dataset, text) in &tables {
                request = request.table(dataset, table(text));
            }
            let entry = request.await.unwrap();
            let split = fixture.ledger.receipt(&entry).await.unwrap();
            Related { fixture, tables, split }
        })
        .await
}

pub(crate) fn check(receipt: &Receipt) -> Result<VerifiedReceipt, VerifyError> {
    verify(&receipt.encode().unwrap(), &Trust::default())
}

fn record(receipt: &Receipt) -> RelationRecord {
    match receipt.entries.last().unwrap().open().unwrap().predicate() {
        Predicate::Relation(record) => record.clone(),
        other => panic!("{other:?}"),
    }
}

/// What an open relation says, and with which salt, for a test to change.
fn said(record: &mut RelationRecord) -> &mut SaltedTerms {
    match &mut record.disclosure {
        Disclosure::Open(said) => said,
        Disclosure::Closed { .. } => panic!("an open relation"),
    }
}

pub(crate) fn terms(record: &mut RelationRecord) -> &mut RelationTerms {
    &mut said(record).terms
}

/// What becomes of the receipt when its last statement and the bytes of its proof are changed, signed and logged with the notary's own keys.
pub(crate) fn changed(
    receipt: &Receipt,
    change: &dyn Fn(&mut RelationRecord, &mut Vec<u8>),
) -> Result<(), VerifyError> {
    let mut receipt = receipt.clone();
    let mut record = record(&receipt);
    let entry = receipt.entries.last_mut().unwrap();
    let part = entry.evidence.proof.as_mut().unwrap();
    let mut bytes = BASE64_STANDARD.decode(&part.bytes).unwrap();
    change(&mut record, &mut bytes);
    part.bytes = BASE64_STANDARD.encode(&bytes);
    record.proof.digest = BlobDigest::of(&bytes);
    let signed = SignedEntry::sign(Predicate::Relation(record), &SigningKey::from_seed(&KEY_SEED)).unwrap();
    entry.envelope = signed.envelope().to_owned();
    check(&logged_again(&signer(), &receipt)).map(drop)
}

#[tokio::test]
async fn a_split_verifies_from_its_receipt_alone() {
    let Related { split, fixture, .. } = related().await;
    let verified = check(split).unwrap();
    let subject = verified.subject().unwrap();
    let VerifiedStatement::Relation { report, record, .. } = &subject.statement else { panic!("a relation") };
    assert_eq!(verified.entries.len(), 4);
    assert_eq!(
        report.to_string(),
        "all was split into train and test: its rows are theirs together, each as often, compared in id, weight, kind, day"
    );
    let rows: Vec<_> = report.tables.iter().map(|table| (table.role.as_str(), table.rows)).collect();
    assert_eq!(rows, [("whole", 404), ("part_1", 202), ("part_2", 202)]);
    assert_eq!(report.uncompared().as_deref(), Some("note (all does not commit to its values)"));
    assert_eq!(record.to_string(), "split: whole all, part_1 train, part_2 test");
    verified.require(&[Requirement::Proved, Requirement::PublicSetup]).unwrap();
    let summary = serde_json::to_value(verified.summary()).unwrap();
    assert_eq!((&summary["kind"], &summary["verdict"]), (&"relation".into(), &"valid".into()));
    assert_eq!(summary["relation"]["operation"], "split");

    // Nothing can be checked without the tables' proofs over every row.
    let entry = fixture.ledger.find_entry(&subject.id.to_string()).await.unwrap();
    let short = fixture.ledger.receipt_without_scan(&entry).await;
    assert!(matches!(short, Err(LedgerError::Relation(RelateError::ScansNeeded))));
    for (index, role) in ["whole", "part_1", "part_2"].iter().enumerate() {
        let mut receipt = split.clone();
        receipt.entries[index].evidence.scan = None;
        let refused = check(&receipt).unwrap_err();
        assert!(matches!(&refused, VerifyError::RelationNotProved { role: got } if got == role), "{refused:?}");
    }
}

#[tokio::test]
async fn every_part_of_a_relation_is_bound_to_its_proof() {
    let Related { split, .. } = related().await;
    changed(split, &|_, _| ()).expect("the test's log is as good");
    let unproved = |change: &dyn Fn(&mut RelationRecord)| {
        let refused = changed(split, &|record, _| change(record)).unwrap_err();
        assert!(matches!(refused, VerifyError::Relation(VerifyRelationError::Proof(_))), "{refused:?}");
    };
    // The same proof in another entry, of another statement, or of another operation.
    unproved(&|record| record.nonce = Nonce::generate().unwrap());
    unproved(&|record| said(record).salt = Nonce::generate().unwrap());
    unproved(&|record| terms(record).operation = Operation::Append);
    // Parts that stand in each other's roles.
    unproved(&|record| {
        record.datasets.swap(1, 2);
        let (first, second) = record.datasets.split_at_mut(2);
        std::mem::swap(&mut first[1].role, &mut second[0].role);
    });

    // Nobody signs a split into one part.
    let mut one = record(split);
    one.datasets.truncate(2);
    let signed = SignedEntry::sign(Predicate::Relation(one), &SigningKey::from_seed(&KEY_SEED));
    assert!(matches!(signed, Err(EntryError::Datasets)));

    let refused = |change: &dyn Fn(&mut RelationRecord, &mut Vec<u8>)| changed(split, change).unwrap_err();
    // Fewer columns are another circuit, columns in another order or that cannot be compared are no relation at all.
    let fewer = refused(&|record, _| drop(terms(record).columns.pop()));
    assert!(matches!(fewer, VerifyError::Circuit { .. }), "{fewer:?}");
    let plan = |change: &dyn Fn(&mut RelationRecord)| match refused(&|record, _| change(record)) {
        VerifyError::RelationPlan(error) => error,
        other => panic!("{other:?}"),
    };
    let order = plan(&|record| terms(record).columns.swap(0, 1));
    assert_eq!(order, RelationPlanError::Order { column: "id".to_owned() });
    let column = plan(&|record| terms(record).columns.push("note".to_owned()));
    assert!(matches!(column, RelationPlanError::Column { table: 0, .. }), "{column:?}");
    assert_eq!(plan(&|record| terms(record).columns.clear()), RelationPlanError::NoColumns);
}

fn two(dataset: &zkl_ledger::receipt::DatasetRef, role: &str) -> zkl_ledger::receipt::DatasetRef {
    zkl_ledger::receipt::DatasetRef { role: role.parse().unwrap(), ..dataset.clone() }
}

#[tokio::test]
async fn every_byte_of_the_proof_its_key_and_its_string_counts() {
    let Related { split, .. } = related().await;
    let refused = |change: &dyn Fn(&mut RelationRecord, &mut Vec<u8>)| changed(split, change).unwrap_err();
    let string = SrsVerifierKey::encoded_bytes_at(
        &BASE64_STANDARD.decode(&split.entries[3].evidence.proof.as_ref().unwrap().bytes).unwrap(),
    )
    .unwrap();
    let version = refused(&|_, bytes| bytes[string] = 2);
    let expected = RelationDecodeError::Version { expected: 1, got: 2 };
    assert!(matches!(&version, VerifyError::RelationEncoding(error) if *error == expected), "{version:?}");
    let last = refused(&|_, bytes| *bytes.last_mut().unwrap() ^= 1);
    assert!(matches!(last, VerifyError::Relation(VerifyRelationError::Proof(_))), "{last:?}");
    for change in [|bytes: &mut Vec<u8>| bytes.push(0), |bytes: &mut Vec<u8>| bytes.truncate(1_000)] {
        let length = refused(&|_, bytes| change(bytes));
        assert!(matches!(length, VerifyError::Proof(ProofError::Encoding(_))), "{length:?}");
    }
    let key = refused(&|record, _| record.proof.key = KeyDigest::of(b"another"));
    assert!(matches!(key, VerifyError::KeyDigest { .. }), "{key:?}");
    let circuit = refused(&|record, _| record.proof.circuit = "relation/rows-16-0@1".parse().unwrap());
    assert!(matches!(circuit, VerifyError::Circuit { .. }), "{circuit:?}");
    let none = refused(&|record, _| record.proof.srs = None);
    assert!(matches!(none, VerifyError::SrsNamed { needed: true }), "{none:?}");
    let string = refused(&|record, _| record.proof.srs = Some(KeyDigest::of(b"another")));
    assert!(matches!(&string, VerifyError::RelationString { role, .. } if role == "whole"), "{string:?}");
    // Another digest than that of the bytes.
    let mut receipt = split.clone();
    let part = receipt.entries[3].evidence.proof.as_mut().unwrap();
    part.bytes.replace_range(100..101, if &part.bytes[100..101] == "A" { "B" } else { "A" });
    assert!(matches!(check(&receipt), Err(VerifyError::ProofDigest { .. })));
    // Parts of a notarization beside it.
    let mut more = split.clone();
    more.entries[3].evidence.manifest.clone_from(&split.entries[0].evidence.manifest);
    assert!(matches!(check(&more), Err(VerifyError::EvidenceSuperfluous { part: "manifest", .. })));
    let mut more = split.clone();
    more.entries[3].evidence.scan.clone_from(&split.entries[0].evidence.scan);
    assert!(matches!(check(&more), Err(VerifyError::EvidenceSuperfluous { part: "scan proof", .. })));
}

#[tokio::test]
async fn equal_tables_of_one_row_have_the_same_rows_and_no_table_is_two() {
    let fixture = Fixture::with(signer(), ProofSetting::Universal);
    let text = "n,word\n,x\n";
    let (left, right) = (
        notarized(&fixture, "left", text, EvidenceRequest::Proof).await,
        notarized(&fixture, "right", text, EvidenceRequest::Proof).await,
    );
    let ledger = &fixture.ledger;
    let relate = |left, right| ledger.relate(Operation::SameRows).table(left, table(text)).table(right, table(text));
    let entry = relate(&left, &right).await.unwrap();
    let receipt = ledger.receipt(&entry).await.unwrap();
    let verified = check(&receipt).unwrap();
    let VerifiedStatement::Relation { report, .. } = &verified.subject().unwrap().statement else {
        panic!("a relation")
    };
    assert!(report.to_string().starts_with("left and right have the same rows, each as often"), "{report}");

    let refused = relate(&left, &left).await.unwrap_err();
    assert!(matches!(refused, LedgerError::Relation(RelateError::Repeated { .. })), "{refused:?}");
    let twice = changed(&receipt, &|record, _| record.datasets[1] = two(&record.datasets[0].clone(), "right"));
    assert!(
        matches!(twice, Err(VerifyError::Relation(VerifyRelationError::Repeated { first: 0, second: 1 }))),
        "{twice:?}"
    );
}

#[tokio::test]
async fn what_is_false_or_cannot_be_proved_is_refused_before_anything_is_recorded() {
    let Related { fixture, tables, .. } = related().await;
    let ledger = &fixture.ledger;
    let size = ledger.checkpoint().await.unwrap().unwrap().size();
    let [(all, whole), (train, first), (test, second)] = tables.as_slice() else { panic!("three tables") };
    let refusal = |error: LedgerError| match error {
        LedgerError::Relation(error) => error,
        other => panic!("{other:?}"),
    };
    // Two parts that are one another in no row but those that both have.
    let swapped = ledger.relate(Operation::SameRows).table(train, table(first)).table(test, table(second));
    let RelateError::False { rows, more, .. } = refusal(swapped.await.unwrap_err()) else { panic!("false") };
    assert_eq!((rows.len(), more > 100), (5, true));
    assert!(rows.contains(&BrokenRow { dataset: "train".to_owned(), row: 1 }), "{rows:?}");
    let rows = ledger.relate(Operation::SameRows).table(all, table(whole)).table(test, table(second));
    let error = refusal(rows.await.unwrap_err());
    assert!(matches!(error, RelateError::Plan(RelationPlanError::Rows { whole: 404, parts: 202 })), "{error:?}");

    let data = ledger.relate(Operation::SameRows).table(train, table(second)).table(test, table(second));
    let error = refusal(data.await.unwrap_err());
    assert!(matches!(error, RelateError::Data { source: DataMismatch::Digests, .. }), "{error:?}");
    let tables = ledger.relate(Operation::Split).table(all, table(whole));
    assert!(matches!(refusal(tables.await.unwrap_err()), RelateError::Tables { got: 1, .. }));
    let column = ledger
        .relate(Operation::SameRows)
        .table(train, table(first))
        .table(test, table(second))
        .columns(["id", "nothing"]);
    let error = refusal(column.await.unwrap_err());
    assert!(matches!(error, RelateError::Plan(RelationPlanError::Column { .. })), "{error:?}");
    assert!(error.hint().is_some());
    assert_eq!(ledger.checkpoint().await.unwrap().unwrap().size(), size, "nothing was appended");

    let fixture = Fixture::with(signer(), ProofSetting::Universal);
    let attested = notarized(&fixture, "attested", "n\n1\n", EvidenceRequest::Attestation).await;
    let other = notarized(&fixture, "other", "n\n1\n", EvidenceRequest::Attestation).await;
    let request = fixture.ledger.relate(Operation::SameRows).table(&attested, table("n\n1\n"));
    let error = refusal(request.table(&other, table("n\n1\n")).await.unwrap_err());
    assert!(matches!(error, RelateError::Attested { .. }), "{error:?}");
}

#[tokio::test]
async fn a_subset_verifies_from_its_receipt_and_for_its_tables_alone() {
    let Related { fixture, tables, .. } = related().await;
    let ledger = &fixture.ledger;
    let [(all, whole), (train, first), (test, _)] = tables.as_slice() else { panic!("three tables") };
    let entry = ledger.relate(Operation::Subset).table(all, table(whole)).table(train, table(first)).await.unwrap();
    let receipt = ledger.receipt(&entry).await.unwrap();
    let verified = check(&receipt).unwrap();
    let VerifiedStatement::Relation { report, .. } = &verified.subject().unwrap().statement else {
        panic!("a relation")
    };
    assert_eq!(
        report.to_string(),
        "train is a subset of all: its rows are rows of all, none more often than there, compared in id, weight, kind, day"
    );
    changed(&receipt, &|_, _| ()).expect("the test's log is as good");
    let refused = |change: &dyn Fn(&mut RelationRecord, &mut Vec<u8>)| changed(&receipt, change).unwrap_err();
    let unproved = |change: &dyn Fn(&mut RelationRecord)| {
        let refused = refused(&|record, _| change(record));
        assert!(matches!(refused, VerifyError::Relation(VerifyRelationError::Proof(_))), "{refused:?}");
    };
    unproved(&|record| record.nonce = Nonce::generate().unwrap());
    unproved(&|record| said(record).salt = Nonce::generate().unwrap());
    // A table that has more rows than the whole, or the two the other way round.
    let rows = refused(&|record, _| {
        record.datasets.swap(0, 1);
        record.datasets[0].role = "whole".parse().unwrap();
        record.datasets[1].role = "subset".parse().unwrap();
    });
    assert!(matches!(rows, VerifyError::RelationPlan(RelationPlanError::Rows { whole: 202, parts: 404 })), "{rows:?}");
    let last = refused(&|_, bytes| *bytes.last_mut().unwrap() ^= 1);
    assert!(matches!(last, VerifyError::Relation(VerifyRelationError::Proof(_))), "{last:?}");
    let fewer = refused(&|record, _| drop(terms(record).columns.pop()));
    assert!(matches!(fewer, VerifyError::Circuit { .. }), "{fewer:?}");
    // Nor is the proof one of other operations.
    let other = refused(&|record, _| {
        terms(record).operation = Operation::SameRows;
        record.datasets[0].role = "left".parse().unwrap();
        record.datasets[1].role = "right".parse().unwrap();
    });
    assert!(matches!(other, VerifyError::RelationPlan(RelationPlanError::Rows { .. })), "{other:?}");
    // The rows of another part are none of it.
    let wrong = ledger.relate(Operation::Subset).table(train, table(first)).table(test, table(&tables[2].1));
    let error = wrong.await.unwrap_err();
    let LedgerError::Relation(RelateError::False { operation: Operation::Subset, rows, .. }) = error else {
        panic!("{error:?}")
    };
    assert_eq!(rows[0], BrokenRow { dataset: "test".to_owned(), row: 1 });
}

#[tokio::test]
async fn unique_keys_verify_from_their_receipt_and_for_their_table_alone() {
    let fixture = Fixture::with(signer(), ProofSetting::Universal);
    let ledger = &fixture.ledger;
    let row = |i: usize| format!("{},{},{}", i % 20, ["north", "south"][i / 20], if i == 7 { "" } else { "4.5" });
    let rows: Vec<String> = (0..40).map(row).collect();
    let csv = |rows: &[String]| format!("id,site,dose\n{}\n", rows.join("\n"));
    // The same shape, and a key twice.
    let mut repeated = rows.clone();
    repeated[5].clone_from(&rows[6]);
    let (good, bad) = (csv(&rows), csv(&repeated));
    let visits = notarized(&fixture, "visits", &good, EvidenceRequest::Proof).await;
    let copies = notarized(&fixture, "copies", &bad, EvidenceRequest::Proof).await;
    let entry = ledger.relate(Operation::Unique).table(&visits, table(&good)).columns(["id", "site"]).await.unwrap();
    let receipt = ledger.receipt(&entry).await.unwrap();
    let verified = check(&receipt).unwrap();
    let VerifiedStatement::Relation { report, record: visits_record, .. } = &verified.subject().unwrap().statement
    else {
        panic!("a relation")
    };
    assert_eq!(report.to_string(), "no two rows of visits are equal in id, site");
    assert_eq!((visits_record.to_string().as_str(), report.uncompared()), ("unique: table visits", None));

    let relate = |columns: [&str; 2]| ledger.relate(Operation::Unique).table(&copies, table(&bad)).columns(columns);
    let error = relate(["id", "site"]).await.unwrap_err();
    let LedgerError::Relation(RelateError::False { operation: Operation::Unique, rows, more: 0 }) = error else {
        panic!("{error:?}")
    };
    assert_eq!(rows, [BrokenRow { dataset: "copies".to_owned(), row: 7 }]);
    let error = ledger.relate(Operation::Unique).table(&visits, table(&good)).columns(["dose"]).await.unwrap_err();
    assert!(matches!(error, LedgerError::Relation(RelateError::False { more: 33, .. })), "{error:?}");

    // Classes of a site have 20 rows, and are not told apart by what a row has besides.
    let classes = |k| ledger.relate(Operation::KAnonymous).table(&visits, table(&good)).columns(["site"]).k(k);
    let anonymous = ledger.receipt(&classes(20).await.unwrap()).await.unwrap();
    let verified = check(&anonymous).unwrap();
    let VerifiedStatement::Relation { report, .. } = &verified.subject().unwrap().statement else {
        panic!("a relation")
    };
    assert_eq!(report.to_string(), "every row of visits is equal to 19 others at least in site");
    let refused = |k| changed(&anonymous, &|record, _| terms(record).details.k = k).unwrap_err();
    let proof = refused(Some(21));
    assert!(matches!(proof, VerifyError::Relation(VerifyRelationError::Proof(_))), "{proof:?}");
    for k in [None, Some(0)] {
        let plan = refused(k);
        assert!(matches!(plan, VerifyError::RelationPlan(RelationPlanError::K { .. })), "{plan:?}");
    }
    let error = classes(21).await.unwrap_err();
    let LedgerError::Relation(RelateError::False { operation: Operation::KAnonymous, rows, more: 35 }) = error else {
        panic!("{error:?}")
    };
    assert_eq!(rows[0], BrokenRow { dataset: "visits".to_owned(), row: 1 });

    // The proof of a table whose keys differ, in an entry about one whose keys do not.
    let refused = |change: &dyn Fn(&mut RelationRecord)| changed(&receipt, &|record, _| change(record)).unwrap_err();
    let proof = refused(&|record| record.nonce = Nonce::generate().unwrap());
    assert!(matches!(proof, VerifyError::Relation(VerifyRelationError::Proof(_))), "{proof:?}");
    let circuit = refused(&|record| drop(terms(record).columns.pop()));
    assert!(matches!(circuit, VerifyError::Circuit { .. }), "{circuit:?}");
    let subset = ledger.relate(Operation::SameRows).table(&visits, table(&good)).table(&copies, table(&bad));
    assert!(matches!(subset.await, Err(LedgerError::Relation(RelateError::False { .. }))));
    let mut other = receipt.clone();
    let copies_receipt =
        ledger.receipt(&ledger.find_entry(&copies.entry().id.to_string()).await.unwrap()).await.unwrap();
    other.entries[0] = copies_receipt.entries[0].clone();
    let entry = copies.entry().id;
    let replaced = changed(&other, &|record, _| {
        record.datasets[0] = zkl_ledger::receipt::DatasetRef {
            name: "copies".parse().unwrap(),
            id: copies.notarization().dataset_id,
            entry,
            ..record.datasets[0].clone()
        };
    });
    let replaced = replaced.unwrap_err();
    assert!(matches!(replaced, VerifyError::Relation(VerifyRelationError::Proof(_))), "{replaced:?}");
}
