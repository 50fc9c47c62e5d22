//! Receipts of one entry, formats 1 to 3: what they may hold, and that it is verified as a list is.

use zkl_ledger::{
    Trust,
    receipt::{MAX_RECEIPT_LEN, Receipt, VerifyError},
    transparency::{keys::SigningKey, note::NoteSigner},
    verify,
};

use crate::{
    common::{Fixture, logged_again},
    single,
};

fn signer() -> NoteSigner {
    NoteSigner::new("example.com/older".parse().unwrap(), SigningKey::from_seed(&[4; 32]))
}

async fn claim() -> Receipt {
    let fixture = Fixture::signed_by(signer());
    fixture.penguins().await;
    let table = fixture.ledger.dataset("penguins").await.unwrap();
    let entry = table.prove(&"rows >= 300".parse().unwrap()).await.unwrap();
    fixture.ledger.receipt(&entry).await.unwrap()
}

fn answer(bytes: &[u8]) -> Result<(), VerifyError> {
    verify(bytes, &Trust::default()).map(drop)
}

#[tokio::test]
async fn two_spellings_of_one_receipt_are_not_both_accepted() {
    let receipt = claim().await;
    for bytes in [single::encode(&receipt, "zkl-receipt/1"), receipt.encode().unwrap()] {
        assert_eq!(Receipt::decode(&bytes).unwrap(), receipt);
        answer(&bytes).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let compact = serde_json::to_vec(&value).unwrap();
        assert!(matches!(answer(&compact), Err(VerifyError::NotCanonical { .. })));
        assert!(matches!(answer(&bytes[..bytes.len() - 1]), Err(VerifyError::NotCanonical { .. })));
        let text = String::from_utf8(bytes).unwrap();
        let escaped = text.replacen("\"log\": \"e", "\"log\": \"\\u0065", 1);
        assert_ne!(text, escaped);
        assert!(matches!(answer(escaped.as_bytes()), Err(VerifyError::NotCanonical { .. })));
        let newer = text.replacen("zkl-receipt/", "zkl-receipt/9", 1);
        assert!(matches!(answer(newer.as_bytes()), Err(VerifyError::UnknownFormat { .. })));
    }
}

#[test]
fn a_receipt_has_a_bound() {
    let bytes = vec![b' '; MAX_RECEIPT_LEN + 1];
    assert!(matches!(answer(&bytes), Err(VerifyError::TooLong { got, max }) if got == max + 1));
    assert!(matches!(answer(&bytes[1..]), Err(VerifyError::NotAReceipt { .. })));
}

#[tokio::test]
async fn a_format_has_the_parts_that_it_names() {
    let receipt = claim().await;
    let error = answer(&single::encode(&receipt, "zkl-receipt/2")).unwrap_err();
    assert!(matches!(error, VerifyError::PartMissing { part: "scan proof" }), "{error:?}");
    let error = answer(&single::encode(&receipt, "zkl-receipt/3")).unwrap_err();
    assert!(matches!(error, VerifyError::PartMissing { part: "witness" }), "{error:?}");
    let mut witnessed = receipt.clone();
    witnessed.witnesses.push("w".to_owned());
    let error = answer(&single::encode(&witnessed, "zkl-receipt/1")).unwrap_err();
    assert!(matches!(error, VerifyError::PartSuperfluous { part: "witness" }), "{error:?}");
    let mut scanned = receipt.clone();
    scanned.entries[0].evidence.scan = Some(zkl_ledger::receipt::ScanPart { proof: String::new(), keys: Vec::new() });
    let error = answer(&single::encode(&scanned, "zkl-receipt/1")).unwrap_err();
    assert!(matches!(error, VerifyError::PartSuperfluous { part: "scan proof" }), "{error:?}");
}

#[tokio::test]
async fn a_claim_and_its_notarization_stand_under_one_checkpoint() {
    let receipt = claim().await;
    let bytes = String::from_utf8(single::encode(&receipt, "zkl-receipt/1")).unwrap();
    // The log says something else to each of them.
    let mut other = receipt.clone();
    other.entries[1] = other.entries[0].clone();
    let other = logged_again(&signer(), &other);
    let of = |receipt: &Receipt, at: usize| {
        let proof = receipt.tlog_proof(&receipt.entries[at]).unwrap().encode();
        serde_json::to_string(&proof).unwrap()
    };
    let mixed = bytes.replace(&of(&receipt, 0), &of(&other, 0));
    assert_ne!(mixed, bytes);
    assert!(matches!(answer(mixed.as_bytes()), Err(VerifyError::Checkpoints)));
    // What nobody signed.
    let proof = receipt.tlog_proof(&receipt.entries[1]).unwrap().with_extra(b"a word".to_vec()).encode();
    let extra = bytes.replace(&of(&receipt, 1), &serde_json::to_string(&proof).unwrap());
    assert_ne!(extra, bytes);
    let error = answer(extra.as_bytes()).unwrap_err();
    assert!(matches!(error, VerifyError::PartSuperfluous { part: "line of extra data" }), "{error:?}");
}

#[tokio::test]
async fn a_notarization_that_the_entry_does_not_name_is_refused() {
    let fixture = Fixture::signed_by(signer());
    let (first, second) = (fixture.penguins().await, fixture.penguins().await);
    let two = fixture.ledger.receipt_of(&[first.entry, second.entry], true).await.unwrap();
    answer(&two.encode().unwrap()).unwrap();
    let mut two = two;
    // In these formats the manifest is the notarization's.
    two.entries[1].evidence = zkl_ledger::receipt::Evidence::default();
    let error = answer(&single::encode(&two, "zkl-receipt/1")).unwrap_err();
    assert!(matches!(error, VerifyError::PartSuperfluous { part: "notarization" }), "{error:?}");
}
