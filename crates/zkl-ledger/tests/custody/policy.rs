//! Receipts that carry cosignatures, and verification under a policy.

use zkl_ledger::{
    Trust,
    receipt::{Receipt, VerifyError},
    transparency::{
        checkpoint::SignedCheckpoint,
        keys::SigningKey,
        note::NoteSigner,
        policy::{Policy, PolicyError},
    },
    verify,
};

use crate::{
    common::Fixture,
    cosign::{FakeWitness, clients, witness_key},
    log::{ORIGIN, signer},
};

/// The policy "two of the witnesses 1, 2, 3", for the log of `signer(1)`.
fn two_of_three() -> Policy {
    let mut text = format!("log {}\n", signer(1).verifier());
    for number in 1..=3 {
        text += &format!("witness w{number} {}\n", witness_key(number));
    }
    Policy::parse(format!("{text}group g 2 w1 w2 w3\nquorum g\n").as_bytes()).unwrap()
}

/// A ledger with the bundled table attested, and the receipt after these witnesses have cosigned.
async fn receipt_cosigned_by(numbers: &[u8]) -> Receipt {
    let log = NoteSigner::new(ORIGIN.parse().unwrap(), SigningKey::from_seed(&[1; 32]));
    let mut fixture = Fixture::signed_by(log);
    let notarized = fixture.penguins().await;
    fixture.ledger = fixture.ledger.with_witnesses((1..=4).map(witness_key).collect());
    let witnesses: Vec<_> = numbers.iter().map(|number| FakeWitness::honest(*number)).collect();
    fixture.ledger.cosign(&clients(&witnesses)).await.unwrap();
    fixture.ledger.receipt(&notarized.entry).await.unwrap()
}

fn bytes(receipt: &Receipt) -> Vec<u8> {
    receipt.encode().unwrap()
}

#[tokio::test]
async fn a_quorum_makes_a_receipt_valid_under_a_policy_and_less_does_not() {
    let trust = Trust::default().with_policy(two_of_three());
    for (numbers, enough) in
        [(vec![], false), (vec![1], false), (vec![4, 1], false), (vec![1, 2], true), (vec![3, 2, 4], true)]
    {
        let receipt = receipt_cosigned_by(&numbers).await;
        assert_eq!(receipt.witnesses.len(), numbers.len());
        // Without a policy a receipt needs no witness, and reports who is named in it.
        let plain = verify(&bytes(&receipt), &Trust::default()).unwrap();
        assert_eq!(plain.log.witnesses.len(), numbers.len());
        assert!(!plain.log.policy && !plain.log.pinned);
        match verify(&bytes(&receipt), &trust) {
            Ok(verified) => {
                assert!(enough, "{numbers:?}");
                assert!(verified.log.policy && verified.log.pinned);
                // Witness 4 is not the policy's.
                assert_eq!(verified.log.witnesses.len(), numbers.iter().filter(|number| **number < 4).count());
            }
            Err(VerifyError::Policy(PolicyError::Quorum { quorum, .. })) => {
                assert!(!enough && quorum == "g", "{numbers:?}");
            }
            Err(error) => panic!("{numbers:?}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn a_policy_of_other_logs_refuses_the_receipt() {
    let receipt = receipt_cosigned_by(&[1, 2]).await;
    let text = format!("log {}\nwitness w {}\nquorum w\n", signer(2).verifier(), witness_key(1));
    let other = Policy::parse(text.as_bytes()).unwrap();
    let answer = verify(&bytes(&receipt), &Trust::default().with_policy(other));
    assert!(matches!(answer, Err(VerifyError::LogNotTrusted { .. })), "{answer:?}");
    // Pinned by hand, it still is not the policy's.
    let text = format!("log {}\nquorum none\n", signer(2).verifier());
    let both = Trust::default().with_policy(Policy::parse(text.as_bytes()).unwrap()).with_log(signer(1).verifier());
    let answer = verify(&bytes(&receipt), &both);
    assert!(matches!(answer, Err(VerifyError::Policy(PolicyError::UnknownLog { .. }))), "{answer:?}");
}

#[tokio::test]
async fn no_byte_of_a_witnessed_receipt_can_be_changed() {
    let original = bytes(&receipt_cosigned_by(&[1, 2]).await);
    assert!(verify(&original, &Trust::default()).is_ok());
    for position in 0..original.len() {
        for flip in [1, 4, 32] {
            let mut changed = original.clone();
            changed[position] ^= flip;
            assert!(verify(&changed, &Trust::default()).is_err(), "byte {position} ^ {flip}");
        }
    }
}

#[tokio::test]
async fn each_rule_about_witnesses_is_broken_once() {
    let receipt = receipt_cosigned_by(&[1, 2]).await;
    let answer = |receipt: &Receipt| verify(&bytes(receipt), &Trust::default()).map(|_| ()).unwrap_err();
    let changed = |change: fn(&mut Vec<String>)| {
        let mut changed = receipt.clone();
        change(&mut changed.witnesses);
        changed
    };

    let malformed = answer(&changed(|witnesses| witnesses[1] = "nobody".to_owned()));
    assert!(matches!(malformed, VerifyError::WitnessKey { position: 1, .. }), "{malformed:?}");
    let repeated = answer(&changed(|witnesses| witnesses[1] = witnesses[0].clone()));
    assert!(matches!(repeated, VerifyError::WitnessRepeated { position: 1 }), "{repeated:?}");
    let swapped = answer(&changed(|witnesses| witnesses.swap(0, 1)));
    assert!(matches!(swapped, VerifyError::CosignatureMissing { .. }), "{swapped:?}");
    let more = answer(&changed(|witnesses| witnesses.push(witness_key(3).to_string())));
    assert!(matches!(more, VerifyError::CosignatureMissing { .. }), "{more:?}");
    let fewer = answer(&changed(|witnesses| witnesses.truncate(1)));
    assert!(matches!(fewer, VerifyError::PartSuperfluous { part: "signature of another key" }), "{fewer:?}");
    let many = answer(&changed(|witnesses| witnesses.extend(vec![String::new(); 99])));
    assert!(matches!(many, VerifyError::PartSuperfluous { part: "list of too many witnesses" }), "{many:?}");

    // A cosignature of the same witness on another checkpoint of the same log.
    let other = receipt_cosigned_by(&[1, 2]).await;
    let line = |receipt: &Receipt, position: usize| {
        let signed = SignedCheckpoint::parse(receipt.checkpoint.as_bytes()).unwrap();
        signed.note().signatures()[position].to_string()
    };
    let mut replayed = receipt.clone();
    replayed.checkpoint = replayed.checkpoint.replace(&line(&receipt, 1), &line(&other, 1));
    let replayed = answer(&replayed);
    assert!(matches!(replayed, VerifyError::Cosignature { .. }), "{replayed:?}");

    // The same key under another name is another line to look for, and the same witness.
    let renamed = zkl_ledger::transparency::cosignature::WitnessVerifier::new(
        "other.example/w".parse().unwrap(),
        *witness_key(1).key(),
    );
    let mut twice = receipt.clone();
    twice.witnesses[1] = renamed.to_string();
    let twice = answer(&twice);
    assert!(matches!(twice, VerifyError::WitnessRepeated { position: 1 }), "{twice:?}");
}

#[tokio::test]
async fn a_receipt_uses_the_newest_cosigned_checkpoint_that_covers_its_entry() {
    let log = NoteSigner::new(ORIGIN.parse().unwrap(), SigningKey::from_seed(&[1; 32]));
    let mut fixture = Fixture::signed_by(log);
    let first = fixture.penguins().await;
    fixture.ledger = fixture.ledger.with_witnesses(vec![witness_key(1)]);
    let witness = FakeWitness::honest(1);
    fixture.ledger.cosign(&clients(std::slice::from_ref(&witness))).await.unwrap();
    let second = fixture.penguins().await;
    let log_of = |receipt: Receipt| verify(&bytes(&receipt), &Trust::default()).unwrap().log;

    // The head has no cosignature yet; the older checkpoint covers the first entry only.
    let covered = log_of(fixture.ledger.receipt(&first.entry).await.unwrap());
    assert_eq!((covered.size.0, covered.witnesses.len()), (1, 1));
    let fresh = log_of(fixture.ledger.receipt(&second.entry).await.unwrap());
    assert_eq!((fresh.size.0, fresh.witnesses.len()), (2, 0));
    fixture.ledger.cosign(&clients(&[witness])).await.unwrap();
    for entry in [&first.entry, &second.entry] {
        let newest = log_of(fixture.ledger.receipt(entry).await.unwrap());
        assert_eq!((newest.size.0, newest.witnesses.len()), (2, 1));
    }
}

#[tokio::test]
async fn while_a_witness_is_away_a_receipt_uses_the_checkpoint_that_more_of_them_cosigned() {
    let log = NoteSigner::new(ORIGIN.parse().unwrap(), SigningKey::from_seed(&[1; 32]));
    let mut fixture = Fixture::signed_by(log);
    let first = fixture.penguins().await;
    fixture.ledger = fixture.ledger.with_witnesses(vec![witness_key(1), witness_key(2)]);
    let witnesses = [FakeWitness::honest(1), FakeWitness::honest(2)];
    fixture.ledger.cosign(&clients(&witnesses)).await.unwrap();
    let second = fixture.penguins().await;
    fixture.ledger.cosign(&clients(&witnesses[..1])).await.unwrap();
    let log_of = |receipt: Receipt| verify(&bytes(&receipt), &Trust::default()).unwrap().log;
    let covered = log_of(fixture.ledger.receipt(&first.entry).await.unwrap());
    assert_eq!((covered.size.0, covered.witnesses.len()), (1, 2));
    let fresh = log_of(fixture.ledger.receipt(&second.entry).await.unwrap());
    assert_eq!((fresh.size.0, fresh.witnesses.len()), (2, 1));
    assert_eq!(fixture.ledger.cosigned_by(&witness_key(2)).await.unwrap().0, 1);
    // When it is back, the newest has as many as the one before.
    fixture.ledger.cosign(&clients(&witnesses[1..])).await.unwrap();
    let newest = log_of(fixture.ledger.receipt(&first.entry).await.unwrap());
    assert_eq!((newest.size.0, newest.witnesses.len()), (2, 2));
}
