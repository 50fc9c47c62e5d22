//! What a verdict is worth, and what a caller can demand: over the stored receipts of every version.

use std::{
    fs,
    path::{Path, PathBuf},
};

use zkl_ledger::{
    Trust,
    circuit::Setup,
    receipt::{About, Predicate, Receipt, Requirement, RequirementError, SignedEntry, Verdict, VerifiedReceipt},
    transparency::{keys::SigningKey, note::NoteSigner, policy::Policy},
    types::LeafIndex,
    verify,
};

use crate::common::logged_again;

/// What the fixtures were signed with.
pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

pub(crate) fn log() -> NoteSigner {
    NoteSigner::new("example.com/fixtures".parse().unwrap(), key())
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub(crate) fn receipt(name: &str) -> Receipt {
    Receipt::decode(&fs::read(fixtures().join(name)).unwrap()).unwrap()
}

/// Trusts the keys of the fixtures' custom circuits, and no log.
fn trust() -> Trust {
    let mut trust = Trust::default();
    for name in ["v1/custom.receipt", "v4/custom.receipt", "v5/custom.receipt"] {
        let Predicate::Custom(record) = receipt(name).entries.last().unwrap().open().unwrap().predicate().clone()
        else {
            panic!("another kind")
        };
        trust = trust.with_verifying_key(record.proof.circuit, record.proof.key);
    }
    trust.with_circuit(crate::product::Product)
}

fn verified(receipt: &Receipt, trust: &Trust) -> VerifiedReceipt {
    verify(&receipt.encode().unwrap(), trust).unwrap()
}

fn stored(name: &str) -> VerifiedReceipt {
    verify(&fs::read(fixtures().join(name)).unwrap(), &trust()).unwrap()
}

/// Every stored receipt, by its name.
fn all() -> Vec<String> {
    let mut names = Vec::new();
    for version in fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.path().is_dir()) {
        for file in fs::read_dir(version.path()).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "receipt") {
                names.push(file.strip_prefix(fixtures()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    names.sort();
    names
}

#[test]
fn no_stored_receipt_with_dev_material_is_valid() {
    let names = all();
    assert!(names.len() >= 12, "{names:?}");
    for name in names {
        let receipt = stored(&name);
        // Groth16 keys of the fixtures were dev keys; version 5 is universal; what is attested has no proof.
        let is_dev = !name.starts_with("v5/") && !name.starts_with("v6/") && !name.ends_with("notarization.receipt")
            || name == "v2/notarization.receipt";
        let expected = if is_dev { Verdict::Forgeable } else { Verdict::Valid };
        assert_eq!(receipt.verdict(), expected, "{name}");
        let json = serde_json::to_value(receipt.summary()).unwrap();
        assert_eq!(json["verdict"], if is_dev { "forgeable" } else { "valid" }, "{name}");
        assert_eq!(receipt.verdict().to_string(), if is_dev { "FORGEABLE" } else { "VALID" });
        let said = json["trust"].to_string();
        assert_eq!(said.contains("whose secret is public"), is_dev, "{name}: {said}");
        assert_eq!(said.contains("public ceremony"), receipt.setup() == Some(Setup::Ceremony), "{name}: {said}");
        assert_eq!(receipt.require(&[Requirement::PublicSetup]).is_err(), is_dev, "{name}");
    }
}

/// Both receipts' entries in one log.
fn joined(first: &Receipt, second: &Receipt) -> Receipt {
    let mut both = first.clone();
    both.entries.extend(second.entries.iter().cloned());
    logged_again(&log(), &both)
}

#[test]
fn one_forgeable_statement_makes_the_receipt_forgeable() {
    let both = joined(&receipt("v5/claims.receipt"), &receipt("v4/claims.receipt"));
    let verified = verified(&both, &trust());
    assert_eq!((verified.entries.len(), verified.verdict()), (6, Verdict::Forgeable));
    let error = verified.require(&[Requirement::PublicSetup]).unwrap_err();
    assert_eq!(error, RequirementError::NotPublic { index: LeafIndex(3), setup: Setup::Dev });
}

#[test]
fn a_good_proof_about_a_table_with_a_forgeable_one_is_forgeable() {
    let (mut receipt, custom) = (receipt("v4/claims.receipt"), receipt("v5/custom.receipt"));
    receipt.entries.truncate(1);
    let table = receipt.entries[0].open().unwrap();
    let Predicate::Notarization(notarization) = table.predicate() else { panic!("another kind") };
    let mut entry = custom.entries[1].clone();
    let Predicate::Custom(mut record) = entry.open().unwrap().predicate().clone() else { panic!("another kind") };
    let About::Notarized(datasets) = &mut record.about else { panic!("another version") };
    datasets[0].entry = table.id();
    datasets[0].id = notarization.dataset_id;
    datasets[0].name = notarization.dataset.clone();
    entry.envelope = SignedEntry::sign(Predicate::Custom(record), &key()).unwrap().envelope().to_owned();
    receipt.entries.push(entry);
    let verified = verified(&logged_again(&log(), &receipt), &trust());
    assert_eq!(verified.subject().unwrap().statement.setup(), Some(Setup::Ceremony));
    assert_eq!((verified.setup(), verified.verdict()), (Some(Setup::Dev), Verdict::Forgeable));
    let error = verified.require(&[Requirement::PublicSetup]).unwrap_err();
    assert_eq!(error, RequirementError::NotPublic { index: LeafIndex(0), setup: Setup::Dev });
}

#[test]
fn a_log_that_nobody_vouched_for_is_not_pinned() {
    let receipt = receipt("v5/claims.receipt");
    let error = verified(&receipt, &trust()).require(&[Requirement::Pinned]).unwrap_err();
    assert_eq!(error, RequirementError::NotPinned);
    let pinned = verified(&receipt, &trust().with_log(log().verifier()));
    assert_eq!(pinned.require(&[Requirement::Pinned, Requirement::Proved, Requirement::PublicSetup]), Ok(()));
    let grounds = |receipt: &VerifiedReceipt| receipt.grounds().join("\n");
    assert!(grounds(&pinned).contains("one that you trust"));
    assert!(grounds(&verified(&receipt, &trust())).contains("anybody could have made this log"));
}

#[test]
fn an_attested_profile_and_a_proof_left_out_are_not_proved() {
    let attested = stored("v5/public-notarization.receipt");
    let error = attested.require(&[Requirement::PublicSetup, Requirement::Proved]).unwrap_err();
    assert_eq!(error, RequirementError::NotProved { index: attested.entries[0].index });
    assert!(attested.grounds().concat().contains("Nothing is proved"));
    // The claims are proved, and what they are about is not.
    let mut short = receipt("v5/claims.receipt");
    short.entries[0].evidence.scan = None;
    let short = verified(&short, &trust());
    let error = short.require(&[Requirement::Proved]).unwrap_err();
    assert_eq!(error, RequirementError::ProofLeftOut { index: LeafIndex(0) });
    assert!(short.grounds().concat().contains("the word of the notary alone"));
    assert_eq!(stored("v5/claims.receipt").require(&[Requirement::Proved]), Ok(()));
    assert_eq!(stored("v5/custom.receipt").require(&[Requirement::Proved]), Ok(()));
}

#[test]
fn a_key_that_the_caller_trusts_is_no_public_setup() {
    let custom = stored("v1/custom.receipt");
    let index = custom.entries[0].index;
    let error = custom.require(&[Requirement::PublicSetup]).unwrap_err();
    assert!(matches!(error, RequirementError::NotPublic { index: at, .. } if at == index), "{error:?}");
}

#[test]
fn witnesses_count_under_a_policy_only() {
    let receipt = receipt("v5/claims.receipt");
    let error = verified(&receipt, &trust()).require(&[Requirement::Cosigned]).unwrap_err();
    assert_eq!(error, RequirementError::NoPolicy);
    let text = format!("log {}\nwitness w {}\nquorum w\n", log().verifier(), receipt.witnesses[0]);
    let cosigned = verified(&receipt, &trust().with_policy(Policy::parse(text.as_bytes()).unwrap()));
    assert_eq!(cosigned.require(&Requirement::ALL), Ok(()));
}

#[test]
fn every_requirement_has_one_name_in_flags_and_files() {
    for requirement in Requirement::ALL {
        assert_eq!(requirement.name().parse(), Ok(requirement));
        assert_eq!(serde_json::from_value::<Requirement>(requirement.name().into()).unwrap(), requirement);
    }
    for refused in ["", "Pinned", "public", "public_setup", "pinned,proved", " pinned"] {
        assert!(refused.parse::<Requirement>().is_err(), "{refused:?}");
    }
    let errors = [
        RequirementError::NotPinned,
        RequirementError::NotProved { index: LeafIndex(0) },
        RequirementError::ProofLeftOut { index: LeafIndex(0) },
        RequirementError::NotPublic { index: LeafIndex(0), setup: Setup::Dev },
        RequirementError::NoPolicy,
    ];
    let of = errors.map(|error| error.requirement());
    assert_eq!(
        of,
        [
            Requirement::Pinned,
            Requirement::Proved,
            Requirement::Proved,
            Requirement::PublicSetup,
            Requirement::Cosigned
        ]
    );
}
