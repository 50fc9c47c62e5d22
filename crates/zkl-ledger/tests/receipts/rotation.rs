//! Keys of a log that change: receipts lead from the key that somebody pinned to the one that the log has, and nowhere else.

use serde_json::json;
use zkl_ledger::{
    Trust,
    receipt::{
        DistrustError, EntryError, Evidence, KeyChange, KeyRecord, Nonce, Predicate, ProofPart, Receipt, Requirement,
        ScanPart, SignedEntry, TrustStore, VerifiedReceipt, VerifiedStatement, VerifyError,
    },
    transparency::{
        checkpoint::SignedCheckpoint,
        cosignature::WitnessSigner,
        keys::SigningKey,
        note::{NoteSigner, NoteVerifier},
        policy::{Policy, PolicyError},
    },
    types::{LeafIndex, Timestamp, TreeSize},
    verify,
};
use zkl_merkle::statement::{Statement, Subject};

use crate::{common::log_of, require::receipt};

const ORIGIN: &str = "example.com/log";

fn secret(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn signer(seed: u8) -> NoteSigner {
    NoteSigner::new(ORIGIN.parse().unwrap(), secret(seed))
}

fn key(seed: u8) -> NoteVerifier {
    signer(seed).verifier()
}

fn record(change: KeyChange, old: u8, new: u8, from: Option<u64>) -> KeyRecord {
    let signed_by = if change == KeyChange::Revocation { new } else { old };
    KeyRecord {
        log: ORIGIN.parse().unwrap(),
        change,
        old: secret(old).verifying_key(),
        new: secret(new).verifying_key(),
        from: from.map(TreeSize),
        notary: secret(signed_by).verifying_key(),
        recorded_at: Timestamp(1_800_000_000_000),
        nonce: Nonce::generate().unwrap(),
    }
}

/// An entry that `seed` signs, who is the notary in it. Whether it may is for the reader to say.
fn signed(record: KeyRecord, seed: u8) -> String {
    let record = KeyRecord { notary: secret(seed).verifying_key(), ..record };
    let subject = Subject::new(record.log.as_str()).with_digest("zklKey", record.old.as_bytes());
    let statement = Statement::new(vec![subject], "urn:zkp-dataset-ledger:key:v1", record).unwrap();
    String::from_utf8(statement.sign(&secret(seed)).unwrap().encode().unwrap()).unwrap()
}

/// Key `old` names key `new`.
fn rotation(old: u8, new: u8) -> String {
    signed(record(KeyChange::Rotation, old, new, None), old)
}

/// A receipt of these entries about keys and of an attested table after them, in a log that is signed by `seed`.
fn under(seed: u8, entries: &[String]) -> Receipt {
    let table = receipt("v5/public-notarization.receipt").entries.remove(0);
    let mut envelopes: Vec<&str> = entries.iter().map(String::as_str).collect();
    envelopes.push(&table.envelope);
    let mut receipt = log_of(&signer(seed), &envelopes);
    receipt.entries.last_mut().unwrap().evidence = table.evidence;
    receipt
}

fn verified(receipt: &Receipt, trust: &Trust) -> Result<VerifiedReceipt, VerifyError> {
    verify(&receipt.encode().unwrap(), trust)
}

fn pinned(seed: u8) -> Trust {
    Trust::default().with_log(key(seed))
}

fn untrusted(receipt: &Receipt, trust: &Trust) {
    let error = verified(receipt, trust).unwrap_err();
    assert!(matches!(error, VerifyError::LogNotTrusted { .. }), "{error:?}");
}

#[test]
fn a_receipt_leads_from_a_pinned_key_to_the_newest() {
    let receipt = under(3, &[rotation(1, 2), rotation(2, 3)]);
    for (seed, from) in [(1, Some(key(1))), (2, Some(key(2))), (3, None)] {
        let verified = verified(&receipt, &pinned(seed)).unwrap();
        assert_eq!((verified.log.pinned, verified.log.key.clone()), (true, key(3).to_string()));
        assert_eq!(verified.log.followed_from, from.map(|key| key.to_string()));
        verified.require(&[Requirement::Pinned]).unwrap();
        // The rotations are evidence for the key: the receipt is for the table.
        let subjects: Vec<u64> = verified.subjects().map(|subject| subject.index.0).collect();
        assert_eq!(subjects, [2]);
        assert_eq!(verified.grounds().concat().contains("named by one that you trust"), seed != 3);
    }
    let unpinned = verified(&receipt, &Trust::default()).unwrap();
    assert_eq!((unpinned.log.pinned, unpinned.log.followed_from), (false, None));
    untrusted(&receipt, &pinned(4));
}

#[test]
fn a_chain_with_a_gap_or_out_of_order_leads_nowhere() {
    untrusted(&under(3, &[rotation(2, 3)]), &pinned(1));
    untrusted(&under(3, &[rotation(1, 2)]), &pinned(1));
    untrusted(&under(3, &[rotation(2, 3), rotation(1, 2)]), &pinned(1));
    untrusted(&under(3, &[]), &pinned(1));
    // The entries are there, and not in the tree.
    let mut elsewhere = under(2, &[rotation(1, 2)]);
    elsewhere.entries[0].envelope = rotation(1, 2);
    let error = verified(&elsewhere, &pinned(1)).unwrap_err();
    assert!(matches!(error, VerifyError::Inclusion { index: LeafIndex(0), .. }), "{error:?}");
}

#[test]
fn an_old_key_that_goes_on_signing_is_refused_where_the_rotation_shows() {
    let receipt = under(1, &[rotation(1, 2)]);
    for trust in [pinned(1), Trust::default()] {
        let error = verified(&receipt, &trust).unwrap_err();
        assert!(matches!(error, VerifyError::Superseded { index: LeafIndex(0) }), "{error:?}");
    }
    // Also in the middle of a chain.
    let error = verified(&under(2, &[rotation(1, 2), rotation(2, 3)]), &pinned(2)).unwrap_err();
    assert!(matches!(error, VerifyError::Superseded { index: LeafIndex(1) }), "{error:?}");
}

#[test]
fn a_stolen_old_key_names_no_second_successor() {
    let both = under(9, &[rotation(1, 2), rotation(1, 9)]);
    untrusted(&both, &pinned(1));
    untrusted(&both, &pinned(2));
}

#[test]
fn a_forged_tree_of_a_stolen_key_is_refused_where_the_key_ends_or_witnesses_count() {
    // Whoever holds a pinned key can make a tree, and so name anybody in one.
    let forged = under(9, &[rotation(1, 9)]);
    assert!(verified(&forged, &pinned(1)).unwrap().log.pinned);
    let store = |first: serde_json::Value| -> Trust {
        let store = json!({"version": 1, "log": [first, {"key": key(2).to_string(), "from": 1}]});
        Trust::default().with_trust_store(serde_json::from_value::<TrustStore>(store).unwrap())
    };
    let trust = store(json!({"key": key(1).to_string(), "until": 100}));
    let error = verified(&forged, &trust).unwrap_err();
    let expected =
        |error: &DistrustError| matches!(error, DistrustError::Ended { key: ended } if *ended == key(1).to_string());
    assert!(matches!(&error, VerifyError::Distrusted(error) if expected(error)), "{error:?}");
    // Another source that pins the key does not help.
    let error = verified(&forged, &trust.with_log(key(1))).unwrap_err();
    assert!(matches!(error, VerifyError::Distrusted(DistrustError::Ended { .. })), "{error:?}");
    let trust = store(json!({"key": key(1).to_string(), "from": 5}));
    let error = verified(&forged, &trust).unwrap_err();
    let expected = |error: &DistrustError| matches!(error, DistrustError::LogRange { size: TreeSize(1), .. });
    assert!(matches!(&error, VerifyError::Distrusted(error) if expected(error)), "{error:?}");

    let witness = WitnessSigner::new("w.example/1".parse().unwrap(), secret(50));
    let policy = format!("log {}\nwitness w {}\nquorum w\n", key(1), witness.verifier());
    let trust = Trust::default().with_policy(Policy::parse(policy.as_bytes()).unwrap());
    let error = verified(&forged, &trust).unwrap_err();
    assert!(matches!(error, VerifyError::Policy(PolicyError::Quorum { .. })), "{error:?}");
    // The policy names the old key and no other, and goes on.
    let mut cosigned = under(2, &[rotation(1, 2)]);
    let mut checkpoint = SignedCheckpoint::parse(cosigned.checkpoint.as_bytes()).unwrap();
    let line = witness.cosign(&checkpoint.open(&key(2)).unwrap(), 1_800_000_000).unwrap();
    checkpoint.add_signature(line).unwrap();
    cosigned.checkpoint = checkpoint.to_string();
    cosigned.witnesses = vec![witness.verifier().to_string()];
    let verified = verified(&cosigned, &trust).unwrap();
    assert_eq!(verified.log.followed_from, Some(key(1).to_string()));
    verified.require(&[Requirement::Pinned, Requirement::Cosigned]).unwrap();
}

#[test]
fn a_rotation_says_nothing_in_another_log() {
    let mut other = record(KeyChange::Rotation, 1, 2, None);
    other.log = "example.com/other".parse().unwrap();
    let replayed = under(2, &[signed(other, 1)]);
    untrusted(&replayed, &pinned(1));
    for trust in [pinned(2), Trust::default()] {
        let error = verified(&replayed, &trust).unwrap_err();
        assert!(matches!(&error, VerifyError::OtherLog { index: LeafIndex(0), got } if got == "example.com/other"));
    }
}

#[test]
fn nobody_but_the_key_itself_names_its_successor() {
    let rotation = record(KeyChange::Rotation, 1, 2, None);
    let revocation = record(KeyChange::Revocation, 1, 2, Some(5));
    let of_notary = record(KeyChange::NotaryRotation, 1, 2, None);
    for (record, seed) in [
        (of_notary.clone(), 2),
        (KeyRecord { from: Some(TreeSize(5)), ..of_notary }, 1),
        (rotation.clone(), 2),
        (rotation.clone(), 9),
        (KeyRecord { from: Some(TreeSize(5)), ..rotation.clone() }, 1),
        (KeyRecord { new: rotation.old, ..rotation }, 1),
        (revocation.clone(), 1),
        (revocation.clone(), 9),
        (KeyRecord { from: None, ..revocation }, 2),
    ] {
        // No library signs it, and no reader takes it from somebody who did.
        let record = KeyRecord { notary: secret(seed).verifying_key(), ..record };
        let unsigned = SignedEntry::sign(Predicate::Key(record.clone()), &secret(seed)).unwrap_err();
        assert!(matches!(unsigned, EntryError::KeyChange), "{unsigned:?}");
        let error = verified(&under(2, &[signed(record, seed)]), &pinned(2)).unwrap_err();
        let expected = |error: &EntryError| matches!(error, EntryError::KeyChange);
        assert!(matches!(&error, VerifyError::Entry { index: LeafIndex(0), source } if expected(source)), "{error:?}");
    }
}

#[test]
fn a_receipt_can_be_for_a_rotation_or_a_revocation() {
    let mut rotated = under(2, &[rotation(1, 2)]);
    let table = rotated.entries.pop().unwrap();
    let verified_rotation = verified(&rotated, &pinned(1)).unwrap();
    let subject = verified_rotation.subject().unwrap();
    assert!(matches!(&subject.statement, VerifiedStatement::Key { record } if record.new_verifier() == key(2)));
    let summary = serde_json::to_value(verified_rotation.summary()).unwrap();
    assert_eq!((&summary["kind"], &summary["key"]["change"]), (&"key".into(), &"rotation".into()));
    assert_eq!(summary["key"]["new"], key(2).to_string());
    assert_eq!(summary["log"]["followed_from"], key(1).to_string());

    // A revocation is a statement of its own, beside whatever the receipt is for.
    let revocation = signed(record(KeyChange::Revocation, 1, 2, Some(7)), 2);
    let receipt = under(2, &[revocation]);
    let verified_revocation = verified(&receipt, &pinned(2)).unwrap();
    assert_eq!(verified_revocation.subjects().count(), 2);
    let summary = serde_json::to_value(verified_revocation.summary()).unwrap();
    assert_eq!(summary["statements"][0]["key"]["from"], 7);

    for evidence in [
        Evidence { manifest: table.evidence.manifest, ..Evidence::default() },
        Evidence { scan: Some(ScanPart { proof: String::new(), keys: Vec::new() }), ..Evidence::default() },
        Evidence { proof: Some(ProofPart { bytes: String::new(), key: String::new() }), ..Evidence::default() },
    ] {
        let mut more = receipt.clone();
        more.entries[0].evidence = evidence;
        let error = verified(&more, &pinned(2)).unwrap_err();
        assert!(matches!(error, VerifyError::EvidenceSuperfluous { index: LeafIndex(0), .. }), "{error:?}");
    }
}

/// A receipt of these entries about keys and of an attested table after them, which the notary `notary` signed, in a log of key 1.
fn by_notary(notary: u8, entries: &[String]) -> Receipt {
    let table = receipt("v5/public-notarization.receipt").entries.remove(0);
    let Predicate::Notarization(mut record) = SignedEntry::open(&table.envelope).unwrap().predicate().clone() else {
        panic!("a notarization")
    };
    record.notary = secret(notary).verifying_key();
    let table_again = SignedEntry::sign(Predicate::Notarization(record), &secret(notary)).unwrap();
    let mut envelopes: Vec<&str> = entries.iter().map(String::as_str).collect();
    envelopes.push(table_again.envelope());
    let mut receipt = log_of(&signer(1), &envelopes);
    receipt.entries.last_mut().unwrap().evidence = table.evidence;
    receipt
}

fn notary_rotation(old: u8, new: u8) -> String {
    signed(record(KeyChange::NotaryRotation, old, new, None), old)
}

/// Trust in the log of key 1, and in one notary.
fn listing(notary: u8, until: Option<u64>) -> Trust {
    let key_of_notary = secret(notary).verifying_key().to_string();
    let mut listed = json!({"key": key_of_notary, "log": ORIGIN});
    if let Some(until) = until {
        listed["until"] = until.into();
    }
    let store = json!({"version": 1, "log": [{"key": key(1).to_string()}], "notary": [listed]});
    Trust::default().with_trust_store(serde_json::from_value::<TrustStore>(store).unwrap())
}

fn distrusted(receipt: &Receipt, trust: &Trust) -> DistrustError {
    match verified(receipt, trust).unwrap_err() {
        VerifyError::Distrusted(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_listed_notary_leads_to_its_successors() {
    for chain in [vec![notary_rotation(5, 6)], vec![notary_rotation(5, 7), notary_rotation(7, 6)]] {
        let receipt = by_notary(6, &chain);
        let verified = verified(&receipt, &listing(5, None)).unwrap();
        // The rotations are evidence: the receipt is for the table.
        assert_eq!(verified.subjects().map(|subject| subject.index.0).collect::<Vec<_>>(), [chain.len() as u64]);
    }
    // Where the log's key signs entries, its rotation is the notary's.
    let store = json!({
        "version": 1,
        "log": [{"key": key(1).to_string()}],
        "notary": [{"key": secret(1).verifying_key().to_string()}],
    });
    let trust = Trust::default().with_trust_store(serde_json::from_value::<TrustStore>(store).unwrap());
    let mut receipt = by_notary(2, &[rotation(1, 2)]);
    let envelopes: Vec<&str> = receipt.entries.iter().map(|entry| entry.envelope.as_str()).collect();
    let again = log_of(&signer(2), &envelopes);
    receipt = Receipt {
        entries: again
            .entries
            .into_iter()
            .zip(receipt.entries)
            .map(|(new, old)| zkl_ledger::receipt::ReceiptEntry { evidence: old.evidence, ..new })
            .collect(),
        ..again
    };
    verified(&receipt, &trust).unwrap();
}

#[test]
fn a_chain_of_notaries_begins_with_a_listed_one_and_leads_forwards() {
    let nobody = |error: DistrustError| matches!(error, DistrustError::Notary { .. });
    for chain in [
        vec![],
        vec![notary_rotation(5, 7)],
        vec![notary_rotation(7, 6)],
        vec![notary_rotation(7, 6), notary_rotation(5, 7)],
    ] {
        assert!(nobody(distrusted(&by_notary(6, &chain), &listing(5, None))), "{}", chain.len());
    }
}

#[test]
fn a_notary_that_ends_is_not_followed() {
    let receipt = by_notary(6, &[notary_rotation(5, 6)]);
    let error = distrusted(&receipt, &listing(5, Some(9)));
    assert!(matches!(error, DistrustError::NotaryEnded { index: LeafIndex(1), .. }), "{error:?}");
}

#[test]
fn a_notary_that_named_its_successor_signs_nothing_more() {
    let receipt = by_notary(5, &[notary_rotation(5, 6)]);
    let error = distrusted(&receipt, &listing(5, None));
    let expected = |error: &DistrustError| {
        matches!(error, DistrustError::NotaryReplaced { index: LeafIndex(1), by: LeafIndex(0), .. })
    };
    assert!(expected(&error), "{error:?}");
    // Nor one that was itself named.
    let receipt = by_notary(6, &[notary_rotation(5, 6), notary_rotation(6, 7)]);
    assert!(matches!(distrusted(&receipt, &listing(5, None)), DistrustError::NotaryReplaced { by: LeafIndex(1), .. }));
    // Where nobody lists notaries, anybody signs.
    verified(&receipt, &pinned(1)).unwrap();
}
