//! Withdrawals: by whom they count, and what their receipts must hold.

use zkl_ledger::{
    LedgerError, Trust,
    receipt::{
        EntryError, KeyChange, KeyRecord, Nonce, Predicate, ProofPart, Receipt, ScanPart, SignedEntry, VerifiedReceipt,
        VerifiedStatement, VerifyError, WithdrawalRecord,
    },
    transparency::keys::SigningKey,
    types::{LeafIndex, Timestamp},
    verify,
};
use zkl_merkle::statement::{Statement, Subject};

use crate::{
    common::{Fixture, log_of, logged_again},
    proved::{KEY_SEED, signer},
};

fn verified(receipt: &Receipt) -> Result<VerifiedReceipt, VerifyError> {
    verify(&receipt.encode().unwrap(), &Trust::default())
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// A table that was notarized, notarized anew, and withdrawn in favour of that.
async fn withdrawn() -> (Fixture, Receipt) {
    let fixture = Fixture::signed_by(signer());
    let (old, new) = (fixture.penguins().await.entry, fixture.penguins().await.entry);
    let withdrawal = fixture.ledger.withdraw(&old, Some(&new), "a clinic was missing").await.unwrap();
    let receipt = fixture.ledger.receipt(&withdrawal).await.unwrap();
    (fixture, receipt)
}

fn record(receipt: &Receipt) -> WithdrawalRecord {
    match receipt.entries.last().unwrap().open().unwrap().predicate() {
        Predicate::Withdrawal(record) => record.clone(),
        other => panic!("{other:?}"),
    }
}

/// The receipt with another withdrawal in it, signed by its notary and logged anew.
fn with_record(receipt: &Receipt, record: WithdrawalRecord, notary: &SigningKey) -> Receipt {
    let record = WithdrawalRecord { notary: notary.verifying_key(), ..record };
    let entry = SignedEntry::sign(Predicate::Withdrawal(record), notary).unwrap();
    let mut receipt = receipt.clone();
    receipt.entries.last_mut().unwrap().envelope = entry.envelope().to_owned();
    logged_again(&signer(), &receipt)
}

#[tokio::test]
async fn a_withdrawal_has_a_receipt_with_what_it_names() {
    let (fixture, receipt) = withdrawn().await;
    let verified = verified(&receipt).unwrap();
    assert_eq!(verified.entries.len(), 3);
    let subject = verified.subject().unwrap();
    let VerifiedStatement::Withdrawal { record } = &subject.statement else { panic!("another kind") };
    assert_eq!((record.entry, record.replacement), (verified.entries[0].id, Some(verified.entries[1].id)));
    let summary = serde_json::to_value(verified.summary()).unwrap();
    assert_eq!(
        (&summary["kind"], &summary["withdraws"]["reason"]),
        (&"withdrawal".into(), &"a clinic was missing".into())
    );
    let all = fixture.ledger.withdrawals().await.unwrap();
    let [(id, told)] = &all.into_iter().collect::<Vec<_>>()[..] else { panic!("one is withdrawn") };
    assert_eq!((*id, told.index, told.replacement), (record.entry, subject.index, record.replacement));
}

#[tokio::test]
async fn nobody_takes_back_what_another_notary_recorded() {
    let (fixture, receipt) = withdrawn().await;
    let stranger = key(6);
    let error = verified(&with_record(&receipt, record(&receipt), &stranger)).unwrap_err();
    assert!(matches!(error, VerifyError::OtherNotary { index: LeafIndex(2), named: LeafIndex(0) }), "{error:?}");

    // Nor in favour of somebody else's entry: of the notary there is only the first one.
    let mut foreign = receipt.clone();
    let Predicate::Notarization(mut table) = foreign.entries[1].open().unwrap().predicate().clone() else { panic!() };
    table.notary = stranger.verifying_key();
    let table = SignedEntry::sign(Predicate::Notarization(table), &stranger).unwrap();
    foreign.entries[1].envelope = table.envelope().to_owned();
    let replaced = WithdrawalRecord { replacement: Some(table.id()), ..record(&receipt) };
    let error = verified(&with_record(&foreign, replaced, &SigningKey::from_seed(&KEY_SEED))).unwrap_err();
    assert!(matches!(error, VerifyError::OtherNotary { named: LeafIndex(1), .. }), "{error:?}");

    // In a ledger it says nothing, and the ledger's own notary does not record one.
    let ledger = &fixture.ledger;
    let strangers = ledger.append(table).await.unwrap();
    let mine = ledger.entry(zkl_ledger::EntryRef::Index(LeafIndex(1))).await.unwrap();
    let in_favour = |replacement: Option<_>| WithdrawalRecord { entry: mine.id, replacement, ..record(&receipt) };
    for replacement in [strangers.id, zkl_core::digest::TransactionId::new([7; 32])] {
        let entry = Predicate::Withdrawal(in_favour(Some(replacement)));
        ledger.append(SignedEntry::sign(entry, &SigningKey::from_seed(&KEY_SEED)).unwrap()).await.unwrap();
        assert!(!ledger.withdrawals().await.unwrap().contains_key(&mine.id));
    }
    let first = ledger.entry(zkl_ledger::EntryRef::Index(LeafIndex(1))).await.unwrap();
    let own = WithdrawalRecord { entry: first.id, replacement: None, ..record(&receipt) };
    let own = WithdrawalRecord { notary: stranger.verifying_key(), ..own };
    let forged = ledger.append(SignedEntry::sign(Predicate::Withdrawal(own), &stranger).unwrap()).await.unwrap();
    assert!(!ledger.withdrawals().await.unwrap().contains_key(&first.id));
    for entry in [&forged, &ledger.entry(zkl_ledger::EntryRef::Index(LeafIndex(2))).await.unwrap()] {
        let error = ledger.withdraw(entry, None, "why").await.unwrap_err();
        assert!(matches!(error, LedgerError::NotWithdrawable { id } if id == entry.id), "{error:?}");
    }
}

#[tokio::test]
async fn a_notary_that_took_over_withdraws_what_its_predecessor_recorded() {
    let (_fixture, receipt) = withdrawn().await;
    let (old, new) = (SigningKey::from_seed(&KEY_SEED), key(6));
    let rotation = KeyRecord {
        log: signer().verifier().name().clone(),
        change: KeyChange::NotaryRotation,
        old: old.verifying_key(),
        new: new.verifying_key(),
        from: None,
        notary: old.verifying_key(),
        recorded_at: Timestamp(1_800_000_000_000),
        nonce: Nonce::generate().unwrap(),
    };
    let rotation = SignedEntry::sign(Predicate::Key(rotation), &old).unwrap();
    let later = WithdrawalRecord { notary: new.verifying_key(), ..record(&receipt) };
    let later = SignedEntry::sign(Predicate::Withdrawal(later), &new).unwrap();
    let tables = [&receipt.entries[0].envelope[..], &receipt.entries[1].envelope[..]];
    let again = |rotation: &[&str], tail: &[&str]| {
        let mut again = log_of(&signer(), &[&tables[..], rotation, tail].concat());
        again.entries[0].evidence = receipt.entries[0].evidence.clone();
        again.entries[1].evidence = receipt.entries[1].evidence.clone();
        verified(&again)
    };
    again(&[rotation.envelope()], &[later.envelope()]).unwrap();
    // It must have happened before.
    for entries in [vec![later.envelope()], vec![later.envelope(), rotation.envelope()]] {
        let error = again(&[], &entries).unwrap_err();
        assert!(matches!(error, VerifyError::OtherNotary { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn what_a_withdrawal_names_stands_before_it_and_it_has_no_evidence() {
    let (_fixture, receipt) = withdrawn().await;
    let mut alone = receipt.clone();
    alone.entries.remove(0);
    let error = verified(&alone).unwrap_err();
    assert!(matches!(error, VerifyError::NotBefore { index: LeafIndex(2), .. }), "{error:?}");

    let mut with_proof = receipt.clone();
    with_proof.entries[2].evidence.proof = Some(ProofPart { bytes: String::new(), key: String::new() });
    let mut with_manifest = receipt.clone();
    with_manifest.entries[2].evidence.manifest = receipt.entries[0].evidence.manifest.clone();
    let mut with_scan = receipt.clone();
    with_scan.entries[2].evidence.scan = Some(ScanPart { proof: String::new(), keys: Vec::new() });
    for receipt in [with_proof, with_manifest, with_scan] {
        let error = verified(&receipt).unwrap_err();
        assert!(matches!(error, VerifyError::EvidenceSuperfluous { index: LeafIndex(2), .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_withdrawal_gives_a_reason_and_does_not_replace_an_entry_by_itself() {
    let (_fixture, receipt) = withdrawn().await;
    let (key, good) = (SigningKey::from_seed(&KEY_SEED), record(&receipt));
    let longest = "x".repeat(WithdrawalRecord::MAX_REASON);
    verified(&with_record(&receipt, WithdrawalRecord { reason: longest.clone(), ..good.clone() }, &key)).unwrap();
    for bad in [
        WithdrawalRecord { reason: String::new(), ..good.clone() },
        WithdrawalRecord { reason: longest + "x", ..good.clone() },
        WithdrawalRecord { replacement: Some(good.entry), ..good.clone() },
    ] {
        let unsigned = SignedEntry::sign(Predicate::Withdrawal(bad.clone()), &key).unwrap_err();
        assert!(matches!(unsigned, EntryError::Withdrawal), "{unsigned:?}");
        let subject = Subject::new(&bad.entry.to_string()).with_digest("zklEntry", bad.entry.as_bytes());
        let forged = Statement::new(vec![subject], "urn:zkp-dataset-ledger:withdrawal:v1", bad).unwrap();
        let forged = String::from_utf8(forged.sign(&key).unwrap().encode().unwrap()).unwrap();
        assert!(matches!(SignedEntry::open(&forged), Err(EntryError::Withdrawal)));
    }
}
