//! Attacks by whoever holds the keys: statements that are signed and logged, and still say more than is proved.

use zkl_ledger::{
    LedgerError, Trust,
    circuit::{
        Circuit, CircuitId, CircuitType,
        ark::{
            Fr,
            relations::gr1cs::{ConstraintSystemRef, SynthesisError},
        },
    },
    receipt::{About, CustomRecord, Predicate, Receipt, SignedEntry, VerifyError},
    transparency::{keys::SigningKey, note::NoteSigner},
    types::LeafIndex,
    verify,
};

use crate::common::{Fixture, log_of, logged_again};

const ORIGIN: &str = "example.com/dishonest";

fn signer() -> NoteSigner {
    NoteSigner::new(ORIGIN.parse().unwrap(), SigningKey::from_seed(&[7; 32]))
}

async fn dishonest_claim() -> Receipt {
    let fixture = Fixture::signed_by(signer());
    fixture.penguins().await;
    let ledger = &fixture.ledger;
    let penguins = ledger.dataset("penguins").await.unwrap();
    let entry = penguins.prove(&"rows >= 300".parse().unwrap()).await.unwrap();
    ledger.receipt(&entry).await.unwrap()
}

fn check(receipt: &Receipt) -> Result<(), VerifyError> {
    let trust = Trust::default().with_log(signer().verifier());
    verify(&receipt.encode().unwrap(), &trust).map(drop)
}

#[tokio::test]
async fn a_claim_that_was_logged_before_its_notarization_is_refused() {
    let receipt = dishonest_claim().await;
    check(&logged_again(&signer(), &receipt)).expect("the test's own log is as good as the ledger's");

    let mut reversed = receipt;
    reversed.entries.reverse();
    let mut refused = logged_again(&signer(), &reversed);
    assert!(matches!(check(&refused), Err(VerifyError::NotBefore { index: LeafIndex(0), .. })));
    refused.entries.reverse();
    assert!(matches!(check(&refused), Err(VerifyError::Order { index: LeafIndex(0), before: LeafIndex(1) })));
}

#[tokio::test]
async fn two_histories_of_one_log_do_not_make_a_receipt() {
    let receipt = dishonest_claim().await;
    let (notarization, claim) = (&receipt.entries[0].envelope, &receipt.entries[1].envelope);
    let with_claim = log_of(&signer(), &["something else", claim]);
    let with_notarization = log_of(&signer(), &[notarization, "something else"]);
    let mut mixed = receipt.clone();
    mixed.checkpoint = with_claim.checkpoint;
    mixed.entries[0].inclusion = with_notarization.entries[0].inclusion.clone();
    mixed.entries[1].inclusion = with_claim.entries[1].inclusion.clone();
    assert!(matches!(check(&mixed), Err(VerifyError::Inclusion { index: LeafIndex(0), .. })));
}

/// Calls itself the circuit of a claim and shows nothing.
struct Impostor;

impl Circuit for Impostor {
    fn id(&self) -> CircuitId {
        CircuitId::new("claim/mean", 1).unwrap()
    }

    fn public_inputs(&self) -> Vec<Fr> {
        Vec::new()
    }

    fn synthesize(&self, _: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        Ok(())
    }
}

#[tokio::test]
async fn the_circuits_of_claims_prove_nothing_but_claims() {
    let fixture = Fixture::new("example.com/a");
    let circuit = CircuitType::Custom(Box::new(Impostor));
    let error = fixture.ledger.prove_circuit(circuit, "mean(age) >= 30").await.unwrap_err();
    assert!(matches!(error, LedgerError::ClaimCircuit { .. }), "{error:?}");
    assert!(fixture.ledger.checkpoint().await.unwrap().is_none());

    // A notary who does not ask the library: the proof of a claim, as a statement in the notary's own words.
    let receipt = dishonest_claim().await;
    let envelope = SignedEntry::open(&receipt.entries[1].envelope).unwrap();
    let Predicate::Claim(claim) = envelope.predicate().clone() else { unreachable!("it is a claim") };
    let record = CustomRecord {
        about: About::Notarized(vec![claim.dataset]),
        description: "rows >= 1000000".to_owned(),
        setup: zkl_ledger::circuit::Setup::External,
        public_inputs: Vec::new(),
        proof: claim.proof,
        notary: claim.notary,
        recorded_at: claim.recorded_at,
        nonce: claim.nonce,
    };
    let entry = SignedEntry::sign(Predicate::Custom(record), &SigningKey::from_seed(&[7; 32])).unwrap();
    let mut forged = receipt.clone();
    forged.entries[1].envelope = entry.envelope().to_owned();
    let forged = logged_again(&signer(), &forged);
    assert!(matches!(check(&forged), Err(VerifyError::ClaimCircuit { .. })));
}

#[tokio::test]
async fn a_ledger_that_was_set_back_does_not_publish_a_second_history() {
    let dir = tempfile::tempdir().unwrap();
    let public = dir.path().join("public");
    let (first, second) = (Fixture::signed_by(signer()), Fixture::signed_by(signer()));
    first.penguins().await;
    first.penguins().await;
    first.ledger.export(&public).await.unwrap();
    for _ in 0..2 {
        // Shorter than what was published, then of its length, then longer, and never what it grew from.
        second.penguins().await;
        let error = second.ledger.export(&public).await.unwrap_err();
        assert!(matches!(error, LedgerError::Diverged { .. }), "{error:?}");
    }
    second.penguins().await;
    assert!(matches!(second.ledger.export(&public).await, Err(LedgerError::Diverged { .. })));
    first.penguins().await;
    assert_eq!(first.ledger.export(&public).await.unwrap().entries.0, 3);
}
