//! Receipts from end to end: what is proved verifies elsewhere, and nothing about it can be changed.

use zkl_ledger::{
    EntryRef, LedgerError, Trust,
    circuit::Setup,
    claim::ClaimError,
    receipt::{Assurance, Receipt, VerifiedStatement, VerifyError},
    types::LeafIndex,
    verify,
};
use zkl_testkit::tamper::ByteTampering;

use crate::common::Fixture;

async fn claim_receipt(fixture: &Fixture, claim: &str) -> Receipt {
    let penguins = fixture.ledger.dataset("penguins").await.unwrap();
    let entry = penguins.prove(&claim.parse().unwrap()).await.unwrap();
    fixture.ledger.receipt(&entry).await.unwrap()
}

#[tokio::test]
async fn a_claim_verifies_from_its_receipt_alone() {
    let fixture = Fixture::new("example.com/a");
    fixture.penguins().await;
    let receipt = claim_receipt(&fixture, "mean(body_mass_g) between 4000 and 4500").await;
    let bytes = receipt.encode().unwrap();

    let verified = verify(&bytes, &Trust::default()).unwrap();
    assert!(!verified.log.pinned);
    let subject = verified.subject().unwrap().statement.clone();
    let VerifiedStatement::Claim { claim, notarization, layout, proof, .. } = subject else { panic!() };
    assert_eq!(claim.to_string(), "mean(body_mass_g) between 4000 and 4500");
    assert_eq!(notarization.assurance, Assurance::Attested);
    assert_eq!(layout.rows(), 344);
    assert_eq!(proof.setup, Setup::Dev);

    let pinned = Trust::default().with_log(fixture.ledger.log_key());
    assert!(verify(&bytes, &pinned).unwrap().log.pinned);
    let other = Fixture::new("example.com/a").ledger.log_key();
    assert!(matches!(verify(&bytes, &Trust::default().with_log(other)), Err(VerifyError::LogNotTrusted { .. })));
}

#[tokio::test]
async fn every_kind_of_claim_proves_and_verifies() {
    let fixture = Fixture::new("example.com/a");
    fixture.penguins().await;
    for claim in [
        "rows >= 344",
        "count(sex) = 333",
        "nulls(sex) <= 3.2%",
        "mean(bill_length_mm) between 43.9 and 44",
        "sum(body_mass_g) > 1000000",
        "var(flipper_length_mm) <= 200",
        "std(bill_depth_mm) < 2",
        "values(body_mass_g) between 2700 and 6300",
        "share(species = 'Adelie') >= 44%",
        "gap(sex = 'MALE' by species: 'Adelie', 'Gentoo') <= 2%",
        "min_group(island) >= 52",
        "min_group(species, sex) >= 34",
        "balance(species) >= 0.44",
        "corr(bill_length_mm, body_mass_g) between 0.59 and 0.6",
    ] {
        let receipt = claim_receipt(&fixture, claim).await;
        if let Err(error) = verify(&receipt.encode().unwrap(), &Trust::default()) {
            panic!("{claim}: {error:?}");
        }
    }
    assert_eq!(fixture.ledger.verify_log().await.unwrap().0, 15);
}

#[tokio::test]
async fn a_false_claim_is_refused_and_nothing_is_recorded() {
    let fixture = Fixture::new("example.com/a");
    fixture.penguins().await;
    let penguins = fixture.ledger.dataset("penguins").await.unwrap();
    let claim = "mean(body_mass_g) <= 4000".parse().unwrap();
    let error = penguins.prove(&claim).await.unwrap_err();
    assert!(matches!(error, LedgerError::Claim(ClaimError::False)), "{error:?}");
    // The message must not help to find the value.
    assert!(!error.to_string().contains("42"), "{error}");
    assert_eq!(fixture.ledger.checkpoint().await.unwrap().unwrap().size().0, 1);
}

#[tokio::test]
async fn no_byte_of_a_receipt_can_be_changed() {
    let fixture = Fixture::new("example.com/a");
    let notarized = fixture.penguins().await;
    let claim = claim_receipt(&fixture, "rows >= 300").await.encode().unwrap();
    let notarization = fixture.ledger.receipt(&notarized.entry).await.unwrap().encode().unwrap();
    for bytes in [notarization, claim] {
        verify(&bytes, &Trust::default()).unwrap();
        ByteTampering::default()
            .run(&bytes, |changed| verify(changed, &Trust::default()).map(drop))
            .assert_all_rejected();
    }
}

#[tokio::test]
async fn parts_of_two_receipts_do_not_mix() {
    let fixture = Fixture::new("example.com/a");
    fixture.penguins().await;
    let mean = claim_receipt(&fixture, "mean(body_mass_g) between 4000 and 4500").await;
    let rows = claim_receipt(&fixture, "rows >= 300").await;
    let other = Fixture::new("example.com/b");
    other.penguins().await;
    let foreign = claim_receipt(&other, "mean(body_mass_g) between 4000 and 4500").await;

    let check = |receipt: &Receipt| verify(&receipt.encode().unwrap(), &Trust::default()).unwrap_err();
    let with = |change: &dyn Fn(&mut Receipt)| {
        let mut receipt = mean.clone();
        change(&mut receipt);
        check(&receipt)
    };
    let (first, second) = (LeafIndex(0), LeafIndex(1));
    let proof = |receipt: &Receipt| receipt.entries[1].evidence.proof.clone();
    let error = with(&|receipt| receipt.entries[1].evidence.proof = proof(&rows));
    assert!(matches!(error, VerifyError::KeyDigest { .. }), "{error:?}");
    let error = with(&|receipt| receipt.entries[1].evidence.proof = proof(&foreign));
    assert!(matches!(error, VerifyError::ProofDigest { .. }), "{error:?}");
    let error = with(&|receipt| receipt.entries[0] = foreign.entries[0].clone());
    assert!(matches!(error, VerifyError::Inclusion { index, .. } if index == first), "{error:?}");
    let error = with(&|receipt| receipt.log = foreign.log.clone());
    assert!(matches!(error, VerifyError::Checkpoint(_)), "{error:?}");
    let error = with(&|receipt| receipt.entries[1].envelope = rows.entries[1].envelope.clone());
    assert!(matches!(error, VerifyError::Inclusion { index, .. } if index == second), "{error:?}");
    let error = with(&|receipt| drop(receipt.entries.remove(0)));
    assert!(matches!(error, VerifyError::NotBefore { index, .. } if index == second), "{error:?}");
    let error = with(&|receipt| receipt.entries[1].evidence.proof = None);
    assert!(matches!(error, VerifyError::EvidenceMissing { index, part: "proof" } if index == second), "{error:?}");
    let error = with(&|receipt| receipt.entries[0].evidence.manifest = None);
    assert!(matches!(error, VerifyError::EvidenceMissing { index, part: "manifest" } if index == first), "{error:?}");
    let error = with(&|receipt| receipt.entries[0].evidence.proof = proof(&mean));
    assert!(matches!(error, VerifyError::EvidenceSuperfluous { index, part: "proof" } if index == first), "{error:?}");
    let error = with(&|receipt| receipt.entries[1].evidence.manifest = receipt.entries[0].evidence.manifest.clone());
    assert!(
        matches!(error, VerifyError::EvidenceSuperfluous { index, part: "manifest" } if index == second),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_claim_about_one_version_is_not_one_about_another() {
    let fixture = Fixture::new("example.com/a");
    let first = fixture.penguins().await;
    let receipt = claim_receipt(&fixture, "rows >= 300").await;
    let second = fixture.penguins().await;
    assert_ne!(first.notarization.seal, second.notarization.seal, "salts are fresh");
    assert_ne!(first.notarization.file, second.notarization.file, "the file's salt is fresh");

    let claim = fixture.ledger.entry(EntryRef::Index(LeafIndex(1))).await.unwrap();
    let mut mixed = fixture.ledger.receipt_of(&[claim, second.entry], true).await.unwrap();
    assert_eq!(mixed.entries.len(), 3);
    // The first version is cut out: the claim is not about the second.
    mixed.entries.remove(0);
    let error = verify(&mixed.encode().unwrap(), &Trust::default()).unwrap_err();
    assert!(matches!(error, VerifyError::NotBefore { named, .. } if named == first.entry.id), "{error:?}");
    assert_eq!(receipt.entries[0].envelope, first.entry.signed.envelope());

    // The history keeps both; the name means the newer one, and the older one can still be spoken about.
    let older = fixture.ledger.dataset_at(EntryRef::Id(first.entry.id)).await.unwrap();
    older.prove(&"rows >= 300".parse().unwrap()).await.unwrap();
}
