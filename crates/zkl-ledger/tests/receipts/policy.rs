//! Policies of servers: what an entry must say, and by whom and on which log it counts.

use zkl_core::{
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout},
};
use zkl_ledger::{
    Trust,
    receipt::{
        AccessPolicy, EntryError, Manifest, Nonce, PolicyLine, PolicyRecord, Predicate, ProofPart, Receipt, ScanPart,
        SignedEntry, VerifiedReceipt, VerifyError,
    },
    transparency::keys::SigningKey,
    types::{LeafIndex, Sha256Digest, Timestamp},
    verify,
};
use zkl_merkle::statement::{Statement, Subject};

use crate::{
    common::{Fixture, logged_again},
    proved::{KEY_SEED, signer},
};

const SERVER: &str = "5b1f0c2d3e4f5a6b7c8d9e0f";

fn line(text: &str) -> PolicyLine {
    PolicyLine::try_from(text.to_owned()).unwrap()
}

fn policy(lines: &[&str]) -> AccessPolicy {
    lines.iter().map(|text| line(text)).collect()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// A change from `{a, b}` to `{b, c, d}`.
fn record() -> PolicyRecord {
    let key = SigningKey::from_seed(&KEY_SEED);
    PolicyRecord {
        log: signer().name().clone(),
        server: line(SERVER),
        before: Some(policy(&["a", "b"]).digest()),
        removed: vec![line("a")],
        added: vec![line("c"), line("d")],
        after: policy(&["b", "c", "d"]).digest(),
        by: line("operator"),
        notary: key.verifying_key(),
        recorded_at: Timestamp(0),
        nonce: Nonce::generate().unwrap(),
    }
}

fn verified(receipt: &Receipt) -> Result<VerifiedReceipt, VerifyError> {
    verify(&receipt.encode().unwrap(), &Trust::default())
}

async fn receipt_of(record: PolicyRecord) -> Receipt {
    let fixture = Fixture::signed_by(signer());
    let entry = SignedEntry::sign(Predicate::Policy(record), &SigningKey::from_seed(&KEY_SEED)).unwrap();
    let entry = fixture.ledger.append(entry).await.unwrap();
    fixture.ledger.receipt(&entry).await.unwrap()
}

#[tokio::test]
async fn a_change_of_a_policy_has_a_receipt_without_evidence() {
    let receipt = receipt_of(record()).await;
    assert_eq!(verified(&receipt).unwrap().subjects().count(), 1);
    let mut with_proof = receipt.clone();
    with_proof.entries[0].evidence.proof = Some(ProofPart { bytes: String::new(), key: String::new() });
    let mut with_scan = receipt.clone();
    with_scan.entries[0].evidence.scan = Some(ScanPart { proof: String::new(), keys: Vec::new() });
    let mut with_manifest = receipt.clone();
    let column = ColumnLayout::new("a", ColumnType::Int, Encoding::Numeric { limbs: 1 });
    let layout = Layout::new(1, vec![column], Vec::new()).unwrap();
    with_manifest.entries[0].evidence.manifest = Some(Manifest::new(layout, Vec::new()));
    for receipt in [with_proof, with_scan, with_manifest] {
        let error = verified(&receipt).unwrap_err();
        assert!(matches!(error, VerifyError::EvidenceSuperfluous { index: LeafIndex(0), .. }), "{error:?}");
    }
}

#[tokio::test]
async fn logged_elsewhere_it_says_nothing() {
    let other = PolicyRecord { log: "example.com/other".parse().unwrap(), ..record() };
    let mut receipt = receipt_of(record()).await;
    let entry = SignedEntry::sign(Predicate::Policy(other), &SigningKey::from_seed(&KEY_SEED)).unwrap();
    receipt.entries[0].envelope = entry.envelope().to_owned();
    let error = verified(&logged_again(&signer(), &receipt)).unwrap_err();
    assert!(matches!(error, VerifyError::OtherLog { index: LeafIndex(0), .. }), "{error:?}");
}

#[test]
fn an_entry_says_one_thing_and_its_digests_are_those_of_its_lines() {
    let (key, good) = (SigningKey::from_seed(&KEY_SEED), record());
    let none = Sha256Digest::of(b"zkl-policy-v1\n");
    let begins = |added: &[&str], after: Sha256Digest| PolicyRecord {
        before: None,
        removed: Vec::new(),
        added: added.iter().map(|text| line(text)).collect(),
        after,
        ..record()
    };
    for good in [good.clone(), begins(&["a", "b"], policy(&["a", "b"]).digest()), begins(&[], none)] {
        SignedEntry::sign(Predicate::Policy(good), &key).unwrap();
    }
    for bad in [
        PolicyRecord { added: Vec::new(), removed: Vec::new(), ..good.clone() },
        PolicyRecord { before: Some(good.after), ..good.clone() },
        PolicyRecord { added: vec![line("d"), line("c")], ..good.clone() },
        PolicyRecord { added: vec![line("c"), line("c")], ..good.clone() },
        PolicyRecord { removed: vec![line("b"), line("a")], ..good.clone() },
        PolicyRecord { removed: vec![line("a"), line("c")], ..good.clone() },
        // A beginning.
        PolicyRecord { before: None, ..good.clone() },
        begins(&["a", "b"], policy(&["a"]).digest()),
        begins(&[], policy(&["a"]).digest()),
    ] {
        let unsigned = SignedEntry::sign(Predicate::Policy(bad.clone()), &key).unwrap_err();
        assert!(matches!(unsigned, EntryError::Policy), "{unsigned:?}");
        let subject = Subject::new(SERVER).with_digest("zklPolicy", bad.after.as_bytes());
        let forged = Statement::new(vec![subject], "urn:zkp-dataset-ledger:policy:v1", bad).unwrap();
        let forged = String::from_utf8(forged.sign(&key).unwrap().encode().unwrap()).unwrap();
        assert!(matches!(SignedEntry::open(&forged), Err(EntryError::Policy)));
    }
}

#[tokio::test]
async fn nobody_says_what_another_notarys_server_does() {
    let fixture = Fixture::signed_by(signer());
    let (server, by) = (line(SERVER), line("operator"));
    let (before, after) = (policy(&["a", "b"]), policy(&["b", "c", "d"]));
    fixture.ledger.record_policy(&server, None, &before, &by).await.unwrap();
    let stranger = key(8);
    let own = PolicyRecord { notary: stranger.verifying_key(), ..record() };
    fixture.ledger.append(SignedEntry::sign(Predicate::Policy(own), &stranger).unwrap()).await.unwrap();
    let found = fixture.ledger.server_policy(&server).await.unwrap().unwrap();
    assert_eq!((&found.policy, found.is_whole), (&before, true), "{found:?}");
    // It is shown apart, as what does not follow from anything.
    let all = fixture.ledger.server_policies(None).await.unwrap();
    assert_eq!((all.len(), all[1].is_whole, all[1].policy.is_empty()), (2, false, true));
    // Another log's entry is no entry of any server here.
    let other = PolicyRecord { log: "example.com/other".parse().unwrap(), ..record() };
    let entry = SignedEntry::sign(Predicate::Policy(other), &SigningKey::from_seed(&KEY_SEED)).unwrap();
    fixture.ledger.append(entry).await.unwrap();
    fixture.ledger.record_policy(&server, Some(&before), &after, &by).await.unwrap();
    let found = fixture.ledger.server_policy(&server).await.unwrap().unwrap();
    assert!(found.policy == after && found.is_whole && found.entries == 2);
}
