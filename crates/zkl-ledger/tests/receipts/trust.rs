//! What a verifier does not trust, and what an entry says against itself: signed, logged, and refused.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zkl_argument::srs::{Srs, SrsVerifierKey};
use zkl_core::digest::{BlobDigest, DatasetId, KeyDigest};
use zkl_ledger::{
    Trust,
    circuit::Setup,
    receipt::{
        Notarization, Predicate, ProfileEvidence, Receipt, ScanRecord, SignedEntry, VerifiedStatement, VerifyError,
    },
    transparency::keys::SigningKey,
    types::PrivacyLevel,
    verify,
};

use crate::{
    common::logged_again,
    proved::{KEY_SEED, Proved, proved, signer},
};

/// The verifying key of the claim's circuit: well-formed, and of another circuit than those that it stands for below.
fn foreign_key(receipt: &Receipt) -> (KeyDigest, String) {
    let bytes = BASE64_STANDARD.decode(&receipt.entries[1].evidence.proof.as_ref().unwrap().key).unwrap();
    (KeyDigest::of(&bytes), BASE64_STANDARD.encode(bytes))
}

fn sign(receipt: &mut Receipt, at: usize, predicate: Predicate) {
    let signed = SignedEntry::sign(predicate, &SigningKey::from_seed(&KEY_SEED)).unwrap();
    receipt.entries[at].envelope = signed.envelope().to_owned();
}

/// A receipt of the notarization alone that says something else; with `follow` its dataset id follows from the rest.
fn changed(receipt: &Receipt, change: impl FnOnce(&mut Notarization), follow: bool) -> Receipt {
    let mut receipt = receipt.clone();
    receipt.entries.truncate(1);
    let Predicate::Notarization(mut record) = receipt.entries[0].open().unwrap().predicate().clone() else { panic!() };
    change(&mut record);
    if follow {
        record.dataset_id = record.derived_id();
    }
    sign(&mut receipt, 0, Predicate::Notarization(record));
    logged_again(&signer(), &receipt)
}

fn answer(receipt: &Receipt, trust: &Trust) -> Result<VerifiedStatement, VerifyError> {
    let verified = verify(&receipt.encode().unwrap(), trust)?;
    Ok(verified.subject().unwrap().statement.clone())
}

fn refused(receipt: &Receipt) -> VerifyError {
    answer(receipt, &Trust::default()).unwrap_err()
}

#[tokio::test]
async fn a_claim_is_proved_with_a_key_that_the_verifier_trusts() {
    let Proved { claim, receipt, .. } = proved().await;
    let part = receipt.entries[0].evidence.scan.as_ref().unwrap().keys[0].clone();
    let digest = KeyDigest::of(&BASE64_STANDARD.decode(&part).unwrap());
    let mut other = claim.clone();
    let Predicate::Claim(mut record) = other.entries[1].open().unwrap().predicate().clone() else { panic!() };
    record.proof.key = digest;
    let circuit = record.proof.circuit.clone();
    sign(&mut other, 1, Predicate::Claim(record));
    other.entries[1].evidence.proof.as_mut().unwrap().key = part;
    let other = logged_again(&signer(), &other);
    let error = refused(&other);
    assert!(matches!(&error, VerifyError::KeyNotTrusted { circuit: of, .. } if *of == circuit), "{error:?}");
    // Trusted, it is used, and checks nothing of this circuit.
    let error = answer(&other, &Trust::default().with_verifying_key(circuit, digest)).unwrap_err();
    assert!(matches!(error, VerifyError::Proof(_)), "{error:?}");
}

#[tokio::test]
async fn a_scan_proof_is_checked_with_keys_that_the_verifier_trusts() {
    let Proved { claim, .. } = proved().await;
    let (digest, key) = foreign_key(claim);
    let mut other = changed(claim, |record| record.scan.as_mut().unwrap().keys[0].key = digest, true);
    other.entries[0].evidence.scan.as_mut().unwrap().keys[0] = key;
    let error = refused(&other);
    assert!(matches!(error, VerifyError::KeyNotTrusted { .. }), "{error:?}");
}

/// The receipt with another reference string in its scan proof.
fn with_string(receipt: &Receipt, string: &Srs) -> Receipt {
    let scan = receipt.entries[0].evidence.scan.clone().unwrap();
    let mut bytes = BASE64_STANDARD.decode(&scan.proof).unwrap();
    let replaced = SrsVerifierKey::encoded_bytes_at(&bytes).unwrap();
    bytes.splice(..replaced, string.verifier_key().to_bytes());
    let set = |scan: &mut ScanRecord| {
        scan.srs = string.digest();
        scan.proof = BlobDigest::of(&bytes);
    };
    let mut other = changed(receipt, |record| set(record.scan.as_mut().unwrap()), true);
    other.entries[0].evidence.scan.as_mut().unwrap().proof = BASE64_STANDARD.encode(&bytes);
    other
}

#[tokio::test]
async fn a_scan_proof_is_under_a_reference_string_that_the_verifier_trusts() {
    let Proved { receipt, .. } = proved().await;
    let string = Srs::dev(16, b"a string that nobody pins").unwrap();
    let other = with_string(receipt, &string);
    let error = refused(&other);
    assert!(matches!(error, VerifyError::SrsNotTrusted { digest } if digest == string.digest()), "{error:?}");
    let error = answer(&other, &Trust::default().with_srs(string.digest())).unwrap_err();
    assert!(matches!(error, VerifyError::Scan(_)), "{error:?}");
}

/// An unknown string is refused at once: before keys are made, which is work.
#[tokio::test]
async fn the_string_of_a_universal_scan_is_looked_at_before_its_keys() {
    let receipt = &crate::universal::proved().await.notarization;
    let string = Srs::dev(16, b"a string that nobody pins").unwrap();
    let other = with_string(receipt, &string);
    let other = changed(&other, |record| record.scan.as_mut().unwrap().keys[0].key = KeyDigest::of(b"another"), true);
    let error = refused(&other);
    assert!(matches!(error, VerifyError::SrsNotTrusted { digest } if digest == string.digest()), "{error:?}");
}

#[tokio::test]
async fn trust_by_digest_does_not_make_dev_keys_and_strings_good() {
    let Proved { receipt, .. } = proved().await;
    let Predicate::Notarization(record) = receipt.entries[0].open().unwrap().predicate().clone() else { panic!() };
    let scan = record.scan.unwrap();
    let mut trust = Trust::default().with_srs(scan.srs);
    for key in scan.keys {
        trust = trust.with_verifying_key(key.circuit, key.key);
    }
    let VerifiedStatement::Notarization { profile: ProfileEvidence::Proved(report), .. } =
        answer(receipt, &trust).unwrap()
    else {
        panic!("not proved")
    };
    assert_eq!(report.setup, Setup::Dev);
}

#[tokio::test]
async fn a_notarization_does_not_contradict_itself() {
    let Proved { receipt, .. } = proved().await;
    let error = refused(&changed(receipt, |record| record.dataset_id = DatasetId::new([1; 32]), false));
    assert!(matches!(error, VerifyError::DatasetId { .. }), "{error:?}");
    let error = refused(&changed(receipt, |record| record.privacy = PrivacyLevel::Public, true));
    assert!(matches!(error, VerifyError::Privacy), "{error:?}");
    let error = refused(&changed(receipt, |record| record.manifest = BlobDigest::new([1; 32]), true));
    assert!(matches!(error, VerifyError::Manifest { .. }), "{error:?}");
    let version = |version| {
        let mut other = receipt.clone();
        other.entries[0].evidence.manifest.as_mut().unwrap().version = version;
        refused(&other)
    };
    for got in [0, 3] {
        let error = version(got);
        assert!(matches!(error, VerifyError::ManifestVersion { expected: 2, got: it } if it == got), "{error:?}");
    }
    // Version 1 has no notes.
    let error = version(1);
    assert!(matches!(error, VerifyError::ManifestFields { version: 1 }), "{error:?}");
}
