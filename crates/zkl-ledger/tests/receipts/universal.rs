//! Receipts whose proofs have no setup: what they rest on is one public string, and what is changed in them is noticed.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::sync::OnceCell;
use zkl_argument::srs::{Srs, SrsVerifierKey};
use zkl_core::digest::BlobDigest;
use zkl_ledger::{
    Trust,
    circuit::{
        Circuit, CircuitId, CircuitType, KeyDigest, Setup,
        ark::{
            Fr,
            relations::gr1cs::{ConstraintSystemRef, SynthesisError},
        },
        proof_system::{self, VerifyError as ProofError},
    },
    receipt::{ClaimRecord, Predicate, ProfileEvidence, Receipt, Scheme, SignedEntry, VerifiedStatement, VerifyError},
    requests::{EvidenceRequest, ProofSetting},
    transparency::keys::SigningKey,
    verify,
};
use zkl_snark::gadgets::FieldVar;

use crate::{
    common::{Fixture, logged_again, penguins},
    proved::{KEY_SEED, signer},
};

pub(crate) struct Proved {
    pub(crate) notarization: Receipt,
    claim: Receipt,
    custom: Receipt,
}

/// Knows a square root of 49.
pub(crate) struct Root;

impl Circuit for Root {
    fn id(&self) -> CircuitId {
        CircuitId::new("example/root", 1).unwrap()
    }

    fn public_inputs(&self) -> Vec<Fr> {
        vec![Fr::from(49)]
    }

    fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let y = FieldVar::input(&cs, Some(Fr::from(49)))?;
        let x = FieldVar::witness(&cs, Some(Fr::from(7)))?;
        FieldVar::enforce_product(&cs, &x, &x, &y)?;
        Ok(())
    }
}

pub(crate) async fn proved() -> &'static Proved {
    static PROVED: OnceCell<Proved> = OnceCell::const_new();
    PROVED
        .get_or_init(|| async {
            let fixture = Fixture::with(signer(), ProofSetting::Universal);
            let notarized = fixture.notarize(&penguins(), "penguins", EvidenceRequest::Proof).await;
            let notarization = fixture.ledger.receipt(&notarized.entry).await.unwrap();
            let entry = notarized.dataset.prove(&"rows >= 300".parse().unwrap()).await.unwrap();
            let claim = fixture.ledger.receipt(&entry).await.unwrap();
            let entry = fixture.ledger.prove_circuit(CircuitType::Custom(Box::new(Root)), "a root").await.unwrap();
            let custom = fixture.ledger.receipt(&entry).await.unwrap();
            Proved { notarization, claim, custom }
        })
        .await
}

fn subject(receipt: &Receipt, trust: &Trust) -> Result<VerifiedStatement, VerifyError> {
    let verified = verify(&receipt.encode().unwrap(), trust)?;
    Ok(verified.subject().unwrap().statement.clone())
}

fn refused(receipt: &Receipt, trust: &Trust) -> VerifyError {
    subject(receipt, trust).unwrap_err()
}

#[tokio::test]
async fn nothing_in_a_universal_receipt_rests_on_a_dev_setup() {
    let public = SrsVerifierKey::public().unwrap().digest();
    for receipt in [&proved().await.notarization, &proved().await.claim] {
        let statement = subject(receipt, &Trust::default()).unwrap();
        assert_eq!(statement.setup(), Some(Setup::Ceremony));
        let (VerifiedStatement::Notarization { profile, .. } | VerifiedStatement::Claim { profile, .. }) = &statement
        else {
            panic!("{statement:?}")
        };
        let ProfileEvidence::Proved(report) = profile else { panic!("not proved") };
        assert_eq!((report.scheme, report.setup, report.srs), ("universal", Setup::Ceremony, public));
        if let VerifiedStatement::Claim { proof, .. } = &statement {
            assert_eq!((proof.scheme, proof.setup, proof.srs), ("universal", Setup::Ceremony, Some(public)));
        }
    }
}

#[tokio::test]
async fn a_custom_proof_is_checked_with_the_constraints_that_the_verifier_has() {
    let receipt = &proved().await.custom;
    let unknown = refused(receipt, &Trust::default());
    assert!(matches!(unknown, VerifyError::CircuitUnknown { ref circuit } if *circuit == Root.id()), "{unknown}");
    // A digest alone brings no constraints.
    let Predicate::Custom(record) = SignedEntry::open(&receipt.entries[0].envelope).unwrap().predicate().clone() else {
        panic!("a custom statement")
    };
    let digest = Trust::default().with_verifying_key(Root.id(), record.proof.key);
    assert!(matches!(refused(receipt, &digest), VerifyError::CircuitUnknown { .. }));
    let statement = subject(receipt, &Trust::default().with_circuit(Root)).unwrap();
    assert_eq!(statement.setup(), Some(Setup::Ceremony));
}

/// The claim's receipt in which the notary's entry says something else, signed and logged with the notary's own keys.
fn logged(receipt: &Receipt, change: impl FnOnce(&mut ClaimRecord)) -> Receipt {
    let last = receipt.entries.len() - 1;
    let Predicate::Claim(mut record) = SignedEntry::open(&receipt.entries[last].envelope).unwrap().predicate().clone()
    else {
        panic!("a claim")
    };
    change(&mut record);
    let entry = SignedEntry::sign(Predicate::Claim(record), &SigningKey::from_seed(&KEY_SEED)).unwrap();
    let mut receipt = receipt.clone();
    receipt.entries[last].envelope = entry.envelope().to_owned();
    logged_again(&signer(), &receipt)
}

/// The same with another blob, whose digest the entry names.
fn with_blob(receipt: &Receipt, change: impl FnOnce(&mut Vec<u8>), record: impl FnOnce(&mut ClaimRecord)) -> Receipt {
    let mut receipt = receipt.clone();
    let part = receipt.entries.last_mut().unwrap().evidence.proof.as_mut().unwrap();
    let mut blob = BASE64_STANDARD.decode(&part.bytes).unwrap();
    change(&mut blob);
    part.bytes = BASE64_STANDARD.encode(&blob);
    logged(&receipt, |claim| {
        claim.proof.digest = BlobDigest::of(&blob);
        record(claim);
    })
}

#[tokio::test]
async fn key_string_scheme_and_proof_of_a_universal_claim_are_all_checked() {
    let claim = &proved().await.claim;
    let trust = Trust::default();
    subject(&logged(claim, |_| {}), &trust).expect("the test's log is as good");

    // The scheme of the entry says how the proof is read: the bytes of a universal key are no key of the other system.
    let compact = logged(claim, |record| record.proof.scheme = Scheme::of(proof_system::COMPACT));
    assert!(matches!(refused(&compact, &trust), VerifyError::SrsNamed { needed: false }));
    let compact =
        logged(claim, |record| (record.proof.scheme, record.proof.srs) = (Scheme::of(proof_system::COMPACT), None));
    assert!(matches!(refused(&compact, &trust), VerifyError::KeyNotTrusted { .. }));
    let none = logged(claim, |record| record.proof.srs = None);
    assert!(matches!(refused(&none, &trust), VerifyError::SrsNamed { needed: true }));

    // Another string than the one that is logged, and one that nobody trusts.
    let other = logged(claim, |record| record.proof.srs = Some(KeyDigest::of(b"another string")));
    assert!(matches!(refused(&other, &trust), VerifyError::SrsDigest { .. }));
    let len = SrsVerifierKey::public().unwrap().to_bytes().len();
    let foreign = Srs::dev(16, b"whoever knows this forges").unwrap();
    let under = |srs: &Srs| {
        let (part, digest) = (srs.verifier_key().to_bytes(), srs.digest());
        let exchange = move |blob: &mut Vec<u8>| drop(blob.splice(..len, part));
        with_blob(claim, exchange, move |record| record.proof.srs = Some(digest))
    };
    assert!(matches!(refused(&under(&foreign), &trust), VerifyError::SrsNotTrusted { .. }));
    let trusting = Trust::default().with_srs(foreign.digest());
    let proof = refused(&under(&foreign), &trusting);
    assert!(matches!(proof, VerifyError::Proof(ProofError::Opening(_))), "{proof}");

    // Another key: it is the digest of matrices that the verifier makes itself.
    let key = logged(claim, |record| record.proof.key = KeyDigest::of(b"anything satisfies these"));
    assert!(matches!(refused(&key, &trust), VerifyError::KeyDigest { .. }));
    let mut planted = claim.clone();
    let part = planted.entries.last_mut().unwrap().evidence.proof.as_mut().unwrap();
    part.key = BASE64_STANDARD.encode(b"anything satisfies these");
    let planted = logged(&planted, |record| record.proof.key = KeyDigest::of(b"anything satisfies these"));
    assert!(matches!(refused(&planted, &trust), VerifyError::KeyNotTrusted { .. }));

    // The proof.
    let short = with_blob(claim, |blob| blob.truncate(blob.len() - 1), |_| {});
    let encoding = refused(&short, &trust);
    assert!(matches!(encoding, VerifyError::Proof(ProofError::Encoding(_))), "{encoding}");
    let changed = refused(&with_blob(claim, |blob| blob[len + 32 * 4 + 1] ^= 1, |_| {}), &trust);
    assert!(matches!(changed, VerifyError::Proof(_)), "{changed}");
    let digest = logged(claim, |record| record.proof.digest = BlobDigest::of(b"another proof"));
    assert!(matches!(refused(&digest, &trust), VerifyError::ProofDigest { .. }));
    // Another claim has another circuit or other inputs.
    let other = logged(claim, |record| record.claim = "rows >= 301".parse().unwrap());
    assert!(matches!(refused(&other, &trust), VerifyError::Proof(ProofError::Opening(_))));
}

/// Neither part of a scan proof hides what the other one rests on.
#[tokio::test]
async fn a_scan_proof_is_as_forgeable_as_its_weaker_part() {
    let report = |receipt: &Receipt| match subject(receipt, &Trust::default()).unwrap() {
        VerifiedStatement::Notarization { profile: ProfileEvidence::Proved(report), .. } => report,
        other => panic!("{other:?}"),
    };
    // Matrices that rest on nothing, under the dev string.
    let string = zkl_snark::keys::dev_srs_digest().unwrap();
    let fixture = Fixture::with(signer(), ProofSetting::Universal);
    let notarized = fixture.notarize(&penguins(), "penguins", EvidenceRequest::ProofUnder(string)).await;
    let universal = report(&fixture.ledger.receipt(&notarized.entry).await.unwrap());
    assert_eq!((universal.scheme, universal.srs, universal.setup), ("universal", string, Setup::Dev));
    // Dev keys, under the public string.
    let groth16 = report(&crate::proved::proved().await.receipt);
    assert_eq!((groth16.srs, groth16.setup), (SrsVerifierKey::public().unwrap().digest(), Setup::Dev));
}

#[tokio::test]
async fn a_dev_part_makes_all_of_a_statement_forgeable() {
    // A universal notarization, and a claim about it with a dev key.
    let fixture = Fixture::with(signer(), ProofSetting::Universal);
    let notarized = fixture.notarize(&penguins(), "penguins", EvidenceRequest::Proof).await;
    let dev = fixture.ledger.clone().with_proofs(ProofSetting::Dev);
    let entry = dev.dataset("penguins").await.unwrap().prove(&"rows >= 300".parse().unwrap()).await.unwrap();
    let receipt = dev.receipt(&entry).await.unwrap();
    let statement = subject(&receipt, &Trust::default()).unwrap();
    assert_eq!(statement.setup(), Some(Setup::Dev));
    assert_eq!(proof_system::UNIVERSAL.name(), "universal");
    // A compact proof needs a key from a ceremony, and there is none.
    let compact = fixture.ledger.clone().with_proofs(ProofSetting::Compact);
    let refused = compact.dataset("penguins").await.unwrap().prove(&"rows >= 300".parse().unwrap()).await;
    assert!(matches!(refused, Err(zkl_ledger::LedgerError::NoCeremonyKey { .. })));
    drop(notarized);
}
