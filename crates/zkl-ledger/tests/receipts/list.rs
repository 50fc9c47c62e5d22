//! The rules of the list of entries, each broken once by whoever holds the keys.

use zkl_core::digest::TransactionId;
use zkl_ledger::{
    Trust,
    receipt::{ClaimRecord, Predicate, Receipt, ReceiptEntry, ScanPart, SignedEntry, VerifyError},
    transparency::{keys::SigningKey, note::NoteSigner},
    types::LeafIndex,
    verify,
};
use zkl_merkle::{
    checkpoint::SignedCheckpoint,
    error::ProofError,
    statement::{Statement, Subject},
};

use crate::common::{Fixture, log_of, logged_again};

fn signer() -> NoteSigner {
    NoteSigner::new("example.com/list".parse().unwrap(), key())
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[5; 32])
}

/// A notarization and two claims about it.
async fn two_claims() -> (Fixture, Receipt) {
    let fixture = Fixture::signed_by(signer());
    fixture.penguins().await;
    let ledger = &fixture.ledger;
    let table = ledger.dataset("penguins").await.unwrap();
    let mut claims = Vec::new();
    for claim in ["rows >= 300", "rows >= 301"] {
        claims.push(table.prove(&claim.parse().unwrap()).await.unwrap());
    }
    let receipt = ledger.receipt_of(&claims, true).await.unwrap();
    (fixture, receipt)
}

fn refused(receipt: &Receipt) -> VerifyError {
    verify(&receipt.encode().unwrap(), &Trust::default()).unwrap_err()
}

/// The same receipt with one claim that says something else, signed and logged.
fn with_claim(receipt: &Receipt, change: impl FnOnce(&mut ClaimRecord)) -> Receipt {
    let mut receipt = receipt.clone();
    let Predicate::Claim(mut record) = receipt.entries[1].open().unwrap().predicate().clone() else { panic!() };
    change(&mut record);
    receipt.entries[1].envelope = SignedEntry::sign(Predicate::Claim(record), &key()).unwrap().envelope().to_owned();
    logged_again(&signer(), &receipt)
}

/// An entry of a kind that does not exist, as a later version would sign it.
pub(crate) fn unknown_entry(type_uri: &str) -> String {
    let predicate = serde_json::json!({
        "datasets": [{"name": "penguins"}],
        "notary": key().verifying_key().to_string(),
        "recordedAt": 1_800_000_000_000_u64,
    });
    let subject = Subject::new("penguins").with_digest("sha256", &[1; 32]);
    let statement = Statement::new(vec![subject], type_uri, predicate).unwrap();
    String::from_utf8(statement.sign(&key()).unwrap().encode().unwrap()).unwrap()
}

#[tokio::test]
async fn claims_about_one_table_share_its_notarization() {
    let (fixture, receipt) = two_claims().await;
    let verified = verify(&receipt.encode().unwrap(), &Trust::default()).unwrap();
    assert_eq!(verified.entries.iter().map(|entry| entry.is_subject).collect::<Vec<_>>(), [false, true, true]);
    assert!(verified.subject().is_none(), "there are two");
    // What nothing names is a subject, and is shown as one.
    let again = fixture.penguins().await;
    let claim = fixture.ledger.entry(zkl_ledger::EntryRef::Index(LeafIndex(1))).await.unwrap();
    let more = fixture.ledger.receipt_of(&[again.entry, claim.clone(), claim], true).await.unwrap();
    let verified = verify(&more.encode().unwrap(), &Trust::default()).unwrap();
    assert_eq!(verified.subjects().map(|subject| subject.index.0).collect::<Vec<_>>(), [1, 3]);
    assert!(fixture.ledger.receipt_of(&[], true).await.is_err());
}

#[tokio::test]
async fn the_list_is_in_the_order_of_the_log_and_repeats_nothing() {
    let (_, receipt) = two_claims().await;
    let changed = |change: fn(&mut Receipt)| {
        let mut receipt = receipt.clone();
        change(&mut receipt);
        refused(&receipt)
    };
    let swapped = changed(|receipt| receipt.entries.swap(1, 2));
    assert!(matches!(swapped, VerifyError::Order { index: LeafIndex(1), before: LeafIndex(2) }), "{swapped:?}");
    let repeated = changed(|receipt| receipt.entries.push(receipt.entries[2].clone()));
    assert!(matches!(repeated, VerifyError::Order { .. }), "{repeated:?}");
    let empty = changed(|receipt| receipt.entries.clear());
    assert!(matches!(empty, VerifyError::Entries { got: 0, .. }), "{empty:?}");
    let many = changed(|receipt| receipt.entries = vec![receipt.entries[0].clone(); 1_025]);
    assert!(matches!(many, VerifyError::Entries { got: 1_025, max: 1_024 }), "{many:?}");

    let scan = |entry: &ReceiptEntry, index: u64| {
        let mut entry = ReceiptEntry { index: LeafIndex(index), ..entry.clone() };
        entry.evidence.scan = Some(ScanPart { proof: String::new(), keys: Vec::new() });
        entry
    };
    let scans = |count: u64| {
        let mut receipt = receipt.clone();
        receipt.entries = (0..count).map(|index| scan(&receipt.entries[0], index)).collect();
        refused(&receipt)
    };
    assert!(matches!(scans(65), VerifyError::ScanProofs { got: 65, max: 64 }), "{:?}", scans(65));
    assert!(matches!(scans(64), VerifyError::Inclusion { .. }), "{:?}", scans(64));

    // One envelope under two indices of the log.
    let mut twice = receipt.clone();
    twice.entries.push(twice.entries[1].clone());
    let twice = refused(&logged_again(&signer(), &twice));
    assert!(matches!(twice, VerifyError::Repeated { index: LeafIndex(3) }), "{twice:?}");
}

/// What the log signs beside size and root would be believed by some and overlooked by others.
#[tokio::test]
async fn a_checkpoint_with_an_extension_line_is_refused_although_the_log_signed_it() {
    let (_, mut receipt) = two_claims().await;
    let signed = SignedCheckpoint::parse(receipt.checkpoint.as_bytes()).unwrap();
    receipt.checkpoint = signed.unverified().sign(&signer()).unwrap().to_string();
    assert!(verify(&receipt.encode().unwrap(), &Trust::default()).is_ok());
    let extended = signed.unverified().clone().with_extension("a claim of the log's").unwrap();
    receipt.checkpoint = extended.sign(&signer()).unwrap().to_string();
    let extended = refused(&receipt);
    assert!(matches!(extended, VerifyError::CheckpointExtensions { got: 1 }), "{extended:?}");
}

#[tokio::test]
async fn inclusion_is_that_of_the_entry_under_the_one_checkpoint() {
    let (_, receipt) = two_claims().await;
    let changed = |change: &dyn Fn(&mut Receipt)| {
        let mut receipt = receipt.clone();
        change(&mut receipt);
        refused(&receipt)
    };
    let other = changed(&|receipt| receipt.entries[1].inclusion = receipt.entries[0].inclusion.clone());
    assert!(matches!(other, VerifyError::Inclusion { index: LeafIndex(1), .. }), "{other:?}");
    let outside = changed(&|receipt| receipt.entries[2].index = LeafIndex(3));
    assert!(
        matches!(outside, VerifyError::Inclusion { source: ProofError::IndexOutOfRange { .. }, .. }),
        "{outside:?}"
    );
    let earlier = log_of(&signer(), &[&receipt.entries[0].envelope]);
    let earlier = changed(&|receipt| receipt.checkpoint = earlier.checkpoint.clone());
    assert!(matches!(earlier, VerifyError::Inclusion { index: LeafIndex(0), .. }), "{earlier:?}");
    let stranger = NoteSigner::new("example.com/list".parse().unwrap(), SigningKey::from_seed(&[6; 32]));
    let foreign = logged_again(&stranger, &receipt).checkpoint;
    let foreign = changed(&|receipt| receipt.checkpoint = foreign.clone());
    assert!(matches!(foreign, VerifyError::Checkpoint(_)), "{foreign:?}");
}

#[tokio::test]
async fn evidence_stands_with_its_own_entry() {
    let (_, receipt) = two_claims().await;
    let mut swapped = receipt.clone();
    swapped.entries[1].evidence = receipt.entries[2].evidence.clone();
    swapped.entries[2].evidence = receipt.entries[1].evidence.clone();
    assert!(matches!(refused(&swapped), VerifyError::ProofDigest { .. }));
    let mut moved = receipt.clone();
    moved.entries[1].evidence.scan = Some(zkl_ledger::receipt::ScanPart { proof: String::new(), keys: Vec::new() });
    let index = LeafIndex(1);
    assert!(
        matches!(refused(&moved), VerifyError::EvidenceSuperfluous { index: at, part: "scan proof" } if at == index)
    );
}

#[tokio::test]
async fn a_claim_is_about_a_notarization_that_is_there() {
    let (_, receipt) = two_claims().await;
    let absent = TransactionId::new([1; 32]);
    let absent = refused(&with_claim(&receipt, |record| record.dataset.entry = absent));
    assert!(matches!(absent, VerifyError::NotBefore { index: LeafIndex(1), .. }), "{absent:?}");

    // The second claim names the first instead of the notarization.
    let mut chained = receipt.clone();
    chained.entries.swap(1, 2);
    let chained = logged_again(&signer(), &chained);
    let first = chained.entries[1].open().unwrap().id();
    let mut second = chained.clone();
    let Predicate::Claim(mut record) = second.entries[2].open().unwrap().predicate().clone() else { panic!() };
    record.dataset.entry = first;
    second.entries[2].envelope = SignedEntry::sign(Predicate::Claim(record), &key()).unwrap().envelope().to_owned();
    let error = refused(&logged_again(&signer(), &second));
    assert!(matches!(error, VerifyError::NotANotarization { index: LeafIndex(2), named: LeafIndex(1) }), "{error:?}");
}

#[tokio::test]
async fn a_claim_agrees_with_its_notarization() {
    let (_, receipt) = two_claims().await;
    let mismatch = |error: VerifyError| match error {
        VerifyError::DatasetMismatch { field } => field,
        other => panic!("{other:?}"),
    };
    let other = with_claim(&receipt, |record| record.dataset.name = "seals".parse().unwrap());
    assert_eq!(mismatch(refused(&other)), "dataset");
    let other = with_claim(&receipt, |record| record.dataset.id = zkl_ledger::types::DatasetId::new([1; 32]));
    assert_eq!(mismatch(refused(&other)), "dataset id");

    // The proof of a circuit that is another claim's.
    let other = refused(&with_claim(&receipt, |record| record.proof.circuit = "claim/mean@1".parse().unwrap()));
    assert!(matches!(other, VerifyError::Circuit { .. }), "{other:?}");

    // A claim by whoever has the opening and is not the notary.
    let stranger = SigningKey::from_seed(&[6; 32]);
    let mut other = receipt.clone();
    let Predicate::Claim(mut record) = other.entries[1].open().unwrap().predicate().clone() else { panic!() };
    record.notary = stranger.verifying_key();
    other.entries[1].envelope = SignedEntry::sign(Predicate::Claim(record), &stranger).unwrap().envelope().to_owned();
    assert_eq!(mismatch(refused(&logged_again(&signer(), &other))), "notary");
}

#[tokio::test]
async fn what_is_not_understood_is_not_valid() {
    let (_, receipt) = two_claims().await;
    let unknown = unknown_entry("urn:zkp-dataset-ledger:relation:v9");
    let alone = log_of(&signer(), &[&unknown]);
    let error = refused(&alone);
    assert!(matches!(&error, VerifyError::UnknownKind { got, .. } if got.ends_with("relation:v9")), "{error:?}");

    // As what a claim is about.
    let id = alone.entries[0].open().unwrap().id();
    let mut named = with_claim(&receipt, |record| record.dataset.entry = id);
    named.entries[0].envelope = unknown;
    named.entries[0].evidence = zkl_ledger::receipt::Evidence::default();
    let error = refused(&logged_again(&signer(), &named));
    assert!(matches!(error, VerifyError::UnknownKind { index: LeafIndex(0), .. }), "{error:?}");
}

#[tokio::test]
async fn entries_of_unknown_kinds_are_shown_checked_and_copied() {
    let (fixture, _) = two_claims().await;
    let ledger = &fixture.ledger;
    let envelope = unknown_entry("urn:zkp-dataset-ledger:relation:v9");
    ledger.append(SignedEntry::open(&envelope).unwrap()).await.unwrap();
    let entry = ledger.entry(zkl_ledger::EntryRef::Index(LeafIndex(3))).await.unwrap();
    let Predicate::Unknown(statement) = entry.predicate() else { panic!() };
    assert_eq!(statement.predicate()["datasets"][0]["name"], "penguins");
    let predicate = entry.predicate();
    assert_eq!((predicate.kind().as_str(), predicate.type_uri()), ("relation", "urn:zkp-dataset-ledger:relation:v9"));
    assert_eq!(predicate.dataset().unwrap().as_str(), "penguins");
    let report = ledger.fsck(&()).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.entries, report.unknown), (4, 1));
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(ledger.export(&dir.path().join("log")).await.unwrap().entries.0, 4);
    let error = ledger.receipt(&entry).await.unwrap_err();
    assert!(matches!(error, zkl_ledger::LedgerError::UnknownKind { .. }), "{error:?}");

    let signed = SignedEntry::sign(predicate.clone(), &key()).unwrap_err();
    assert!(matches!(signed, zkl_ledger::receipt::EntryError::Type { .. }), "{signed:?}");

    // A type that is none of a log's, a forged signature, and no notary.
    for type_uri in ["urn:other:relation:v1", "urn:zkp-dataset-ledger:-a:v1", "urn:zkp-dataset-ledger:a:v01"] {
        let error = SignedEntry::open(&unknown_entry(type_uri)).unwrap_err();
        assert!(matches!(error, zkl_ledger::receipt::EntryError::Type { .. }), "{type_uri}: {error:?}");
    }
    let stranger = SigningKey::from_seed(&[6; 32]);
    let subject = Subject::new("x").with_digest("sha256", &[1; 32]);
    let predicate = statement.predicate().clone();
    let forged = Statement::new(vec![subject], "urn:zkp-dataset-ledger:relation:v9", predicate).unwrap();
    let forged = String::from_utf8(forged.sign(&stranger).unwrap().encode().unwrap()).unwrap();
    let error = SignedEntry::open(&forged).unwrap_err();
    assert!(matches!(error, zkl_ledger::receipt::EntryError::Envelope(_)), "{error:?}");
}
