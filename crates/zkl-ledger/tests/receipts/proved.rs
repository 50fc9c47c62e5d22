//! Scan proofs from end to end: what `notarize` proves, `verify` finds proved, and a notary who lies is found out by the
//! check that the lie breaks.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::sync::OnceCell;
use zkl_argument::srs::SrsVerifierKey;
use zkl_core::digest::{BlobDigest, Sha256Digest};
use zkl_ledger::{
    Table, Trust,
    circuit::{KeyStore, Setup},
    data::{DataMismatch, check_data},
    openings::Opening,
    receipt::{
        Assurance, Notarization, Predicate, ProfileEvidence, Receipt, SignedEntry, VerifiedStatement, VerifyError,
    },
    requests::{EvidenceRequest, Notarized},
    transparency::{keys::SigningKey, note::NoteSigner},
    verify,
};
use zkl_merkle::statement::{Statement, Subject};

use crate::common::{Fixture, logged_again, penguins};

const ORIGIN: &str = "example.com/notary";
/// Seed of the notary's key.
pub(crate) const KEY_SEED: [u8; 32] = [9; 32];

pub(crate) fn signer() -> NoteSigner {
    NoteSigner::new(ORIGIN.parse().unwrap(), SigningKey::from_seed(&KEY_SEED))
}

pub(crate) struct Proved {
    pub(crate) fixture: Fixture,
    pub(crate) notarized: Notarized,
    pub(crate) receipt: Receipt,
    pub(crate) claim: Receipt,
}

/// Proving takes seconds, so the tests share one proved table.
pub(crate) async fn proved() -> &'static Proved {
    static PROVED: OnceCell<Proved> = OnceCell::const_new();
    PROVED
        .get_or_init(|| async {
            let fixture = Fixture::signed_by(signer());
            let notarized = fixture.notarize(&penguins(), "penguins", EvidenceRequest::Proof).await;
            let receipt = fixture.ledger.receipt(&notarized.entry).await.unwrap();
            let latest = fixture.ledger.dataset("penguins").await.unwrap();
            let entry = latest.prove(&"rows >= 300".parse().unwrap()).await.unwrap();
            let claim = fixture.ledger.receipt(&entry).await.unwrap();
            Proved { fixture, notarized, receipt, claim }
        })
        .await
}

/// What the receipt's one subject says, verified.
fn subject(receipt: &Receipt, trust: &Trust) -> Result<VerifiedStatement, VerifyError> {
    let verified = verify(&receipt.encode().unwrap(), trust)?;
    Ok(verified.subject().unwrap().statement.clone())
}

fn evidence(receipt: &Receipt) -> ProfileEvidence {
    match subject(receipt, &Trust::default()).unwrap() {
        VerifiedStatement::Notarization { profile, .. } | VerifiedStatement::Claim { profile, .. } => profile,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_notarization_and_its_claims_verify_as_proved() {
    let Proved { receipt, claim, notarized, fixture } = proved().await;
    assert_eq!(notarized.notarization.assurance, Assurance::Proved);
    for receipt in [receipt, claim] {
        let ProfileEvidence::Proved(report) = evidence(receipt) else { panic!("not proved") };
        assert_eq!(report.setup, Setup::Dev);
        assert_eq!(report.keys.len(), 1);
        assert_eq!(Some(report.commitments), notarized.notarization.scan.as_ref().map(|scan| scan.commitments));
    }
    let short = fixture.ledger.receipt_without_scan(&notarized.entry).await.unwrap();
    assert_eq!(evidence(&short), ProfileEvidence::ProofLeftOut { forgeable: true });
    assert!(short.encode().unwrap().len() * 2 < receipt.encode().unwrap().len());
}

#[tokio::test]
async fn the_owner_shows_the_table_and_the_commitments_are_made_again() {
    let Proved { notarized, .. } = proved().await;
    let opening = Arc::new(Opening::read(notarized.opening.as_ref()).unwrap());
    let keys = Arc::new(KeyStore::open(crate::common::key_dir()).unwrap());
    let check = async |record: &Notarization| {
        let (opening, keys) = (Arc::clone(&opening), Arc::clone(&keys));
        check_data(Table::path(penguins()), opening, record.clone(), keys, ()).await.unwrap()
    };
    assert_eq!(check(&notarized.notarization).await.unwrap().rows, 344);
    let mut other = notarized.notarization.clone();
    other.scan.as_mut().unwrap().commitments = Sha256Digest::new([1; 32]);
    assert_eq!(check(&other).await, Err(DataMismatch::Commitments));
}

/// A receipt in which the notary's entry says something else, signed and logged with the notary's own keys.
async fn logged(change: impl FnOnce(&mut Notarization), receipt: &Receipt) -> Receipt {
    let Predicate::Notarization(mut record) =
        SignedEntry::open(&receipt.entries[0].envelope).unwrap().predicate().clone()
    else {
        panic!("a notarization")
    };
    change(&mut record);
    record.dataset_id = record.derived_id();
    let entry = SignedEntry::sign(Predicate::Notarization(record), &SigningKey::from_seed(&KEY_SEED)).unwrap();
    let mut receipt = receipt.clone();
    receipt.entries[0].envelope = entry.envelope().to_owned();
    logged_again(&signer(), &receipt)
}

fn refused(receipt: &Receipt) -> VerifyError {
    verify(&receipt.encode().unwrap(), &Trust::default()).unwrap_err()
}

#[tokio::test]
async fn a_proof_is_for_one_entry() {
    let Proved { receipt, .. } = proved().await;
    assert!(
        matches!(evidence(&logged(|_| {}, receipt).await), ProfileEvidence::Proved(_)),
        "the test's log is as good"
    );

    let renamed = logged(|record| record.dataset = "seals".parse().unwrap(), receipt).await;
    assert!(matches!(refused(&renamed), VerifyError::Scan(_)));
    let other = proved().await.fixture.penguins().await.notarization;
    let nonce = logged(|record| record.nonce = other.nonce, receipt).await;
    assert!(matches!(refused(&nonce), VerifyError::Scan(_)));
    let seal = logged(|record| record.seal = other.seal, receipt).await;
    assert!(matches!(refused(&seal), VerifyError::Scan(_)), "the seal of another notarization");
}

#[tokio::test]
async fn every_part_of_the_record_is_checked() {
    let Proved { receipt, .. } = proved().await;
    let scan = |change: fn(&mut zkl_ledger::receipt::ScanRecord)| {
        logged(move |record| change(record.scan.as_mut().unwrap()), receipt)
    };
    let error = refused(&scan(|scan| scan.commitments = Sha256Digest::new([1; 32])).await);
    assert!(matches!(error, VerifyError::Commitments { .. }), "{error:?}");
    let error = refused(&scan(|scan| scan.srs = zkl_ledger::circuit::KeyDigest::new([1; 32])).await);
    assert!(matches!(error, VerifyError::SrsDigest { .. }), "{error:?}");
    let error = refused(&scan(|scan| scan.proof = BlobDigest::new([1; 32])).await);
    assert!(matches!(error, VerifyError::ScanDigest { .. }), "{error:?}");
    let error = refused(&scan(|scan| scan.keys.clear()).await);
    assert!(matches!(error, VerifyError::ScanKeys { expected: 1, logged: 0, got: 1 }), "{error:?}");
    let error = refused(&scan(|scan| scan.keys[0].circuit = "claim/mean@1".parse().unwrap()).await);
    assert!(matches!(error, VerifyError::Circuit { .. }), "{error:?}");
    let error = refused(&scan(|scan| scan.keys[0].key = zkl_ledger::circuit::KeyDigest::new([1; 32])).await);
    assert!(matches!(error, VerifyError::KeyDigest { .. }), "{error:?}");
}

/// A receipt whose proof is `bytes`, as the notary logged it.
async fn with_proof(bytes: Vec<u8>) -> Receipt {
    let Proved { receipt, .. } = proved().await;
    let digest = BlobDigest::of(&bytes);
    let mut receipt = logged(|record| record.scan.as_mut().unwrap().proof = digest, receipt).await;
    receipt.entries[0].evidence.scan.as_mut().unwrap().proof = BASE64_STANDARD.encode(bytes);
    receipt
}

#[tokio::test]
async fn a_proof_that_was_changed_is_refused_by_the_part_that_was() {
    let Proved { receipt, .. } = proved().await;
    let bytes = BASE64_STANDARD.decode(&receipt.entries[0].evidence.scan.as_ref().unwrap().proof).unwrap();
    let flipped = |at: usize| {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        with_proof(changed)
    };
    // The reference string, then the commitments, then the proof; whatever part a bit is in, the receipt is refused.
    let error = refused(&flipped(0).await);
    assert!(matches!(error, VerifyError::SrsDigest { .. } | VerifyError::Srs(_)), "{error:?}");
    let srs_bytes = SrsVerifierKey::encoded_bytes_at(&bytes).unwrap();
    for at in (srs_bytes..bytes.len()).step_by(997).chain([bytes.len() - 1]) {
        let error = refused(&flipped(at).await);
        let expected =
            matches!(error, VerifyError::Commitments { .. } | VerifyError::ScanEncoding(_) | VerifyError::Scan(_));
        assert!(expected, "byte {at}: {error:?}");
    }
    for bytes in [&bytes[..bytes.len() - 1], &[], &[&bytes[..], &[0]].concat()] {
        assert!(matches!(refused(&with_proof(bytes.to_vec()).await), VerifyError::ScanLength { .. }));
    }
}

#[tokio::test]
async fn a_scan_proof_where_none_is_called_for_is_refused() {
    let Proved { receipt, fixture, .. } = proved().await;
    let attested = fixture.penguins().await;
    let mut mixed = fixture.ledger.receipt(&attested.entry).await.unwrap();
    mixed.entries[0].evidence.scan = receipt.entries[0].evidence.scan.clone();
    assert!(matches!(refused(&mixed), VerifyError::EvidenceSuperfluous { part: "scan proof", .. }));
}

#[tokio::test]
async fn an_entry_cannot_call_itself_proved_without_a_record() {
    let fixture = Fixture::signed_by(signer());
    let attested = fixture.penguins().await.notarization;
    let proved = proved().await.notarized.notarization.clone();
    let key = SigningKey::from_seed(&KEY_SEED);
    let sign = |record| SignedEntry::sign(Predicate::Notarization(record), &key);
    // Signed by somebody who does not ask the library.
    let open = |record: Notarization| {
        let subject = Subject::new(record.dataset.as_str()).with_digest("zklDataset", record.dataset_id.as_bytes());
        let predicate = Predicate::Notarization(record);
        let type_uri = predicate.type_uri().to_owned();
        let envelope = Statement::new(vec![subject], &type_uri, predicate).unwrap().sign(&key).unwrap().encode();
        SignedEntry::open(&String::from_utf8(envelope.unwrap()).unwrap())
    };
    sign(attested.clone()).unwrap();
    open(attested.clone()).unwrap();
    for record in [
        Notarization { assurance: Assurance::Proved, ..attested },
        Notarization { assurance: Assurance::Attested, ..proved },
    ] {
        let error = sign(record.clone()).unwrap_err();
        assert!(matches!(error, zkl_ledger::receipt::EntryError::Assurance), "{error:?}");
        let error = open(record).unwrap_err();
        assert!(matches!(error, zkl_ledger::receipt::EntryError::Assurance), "{error:?}");
    }
}
