//! Statements name the notarized tables that they are about, by role.

use tokio::sync::OnceCell;
use zkl_ledger::{
    LedgerError, Trust,
    circuit::{CircuitType, proof_system},
    claim::TextForm,
    receipt::{
        About, CustomRecord, EntryError, Evidence, MAX_DATASETS, Predicate, Receipt, Role, ScanPart, Scheme,
        SignedEntry, VerifiedReceipt, VerifiedStatement, VerifyError,
    },
    requests::{EvidenceRequest, ProofSetting},
    transparency::keys::SigningKey,
    types::DatasetId,
    verify,
};

use crate::{
    common::{Fixture, logged_again, penguins},
    proved::{KEY_SEED, signer},
    universal::Root,
};

fn role(text: &str) -> Role {
    text.parse().unwrap()
}

/// A custom statement about two attested tables, and a claim about the first.
async fn stated() -> &'static (Receipt, Receipt) {
    static STATED: OnceCell<(Receipt, Receipt)> = OnceCell::const_new();
    STATED
        .get_or_init(|| async {
            let fixture = Fixture::with(signer(), ProofSetting::Universal);
            let ledger = &fixture.ledger;
            let attested = EvidenceRequest::Attestation;
            let train = fixture.notarize(&penguins(), "train", attested).await.dataset;
            let test = fixture.notarize(&penguins(), "test", attested).await.dataset;
            let circuit = || CircuitType::Custom(Box::new(Root));
            let statement = ledger.prove_circuit(circuit(), "a root");
            let entry = statement.about(role("train"), &train).about(role("test"), &test).await.unwrap();
            let size = ledger.checkpoint().await.unwrap().unwrap().size();
            let twice = ledger.prove_circuit(circuit(), "a root").about(role("train"), &train);
            let refused = twice.about(role("train"), &test).await.unwrap_err();
            assert!(matches!(refused, LedgerError::Sign(EntryError::Datasets)), "{refused:?}");
            assert_eq!(ledger.checkpoint().await.unwrap().unwrap().size(), size, "nothing was appended");
            let claim = train.prove(&"rows >= 300".parse().unwrap()).await.unwrap();
            (ledger.receipt(&entry).await.unwrap(), ledger.receipt(&claim).await.unwrap())
        })
        .await
}

fn check(receipt: &Receipt) -> Result<VerifiedReceipt, VerifyError> {
    verify(&receipt.encode().unwrap(), &Trust::default().with_circuit(Root))
}

/// The receipt with another statement as its last entry, signed and logged with the notary's own keys.
fn logged(receipt: &Receipt, predicate: Predicate) -> Receipt {
    let entry = SignedEntry::sign(predicate, &SigningKey::from_seed(&KEY_SEED)).unwrap();
    let mut receipt = receipt.clone();
    receipt.entries.last_mut().unwrap().envelope = entry.envelope().to_owned();
    logged_again(&signer(), &receipt)
}

fn custom(receipt: &Receipt) -> CustomRecord {
    match receipt.entries.last().unwrap().open().unwrap().predicate() {
        Predicate::Custom(record) => record.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_custom_statement_stands_with_the_notarizations_that_it_names() {
    let (receipt, _) = stated().await;
    let verified = check(receipt).unwrap();
    let VerifiedStatement::Custom { record, .. } = &verified.subject().unwrap().statement else {
        panic!("a statement")
    };
    let roles: Vec<&str> = record.about.datasets().iter().map(|dataset| dataset.role.as_str()).collect();
    assert_eq!((roles, verified.entries.len()), (vec!["train", "test"], 3));

    let with = |change: &dyn Fn(&mut CustomRecord)| {
        let mut record = custom(receipt);
        change(&mut record);
        check(&logged(receipt, Predicate::Custom(record))).map(drop)
    };
    with(&|_| {}).expect("the test's log is as good");
    let datasets = |change: fn(&mut Vec<zkl_ledger::receipt::DatasetRef>)| {
        with(&|record| match &mut record.about {
            About::Notarized(datasets) => change(datasets),
            About::Named(_) => unreachable!("version 2"),
        })
    };
    let field = |answer: Result<(), VerifyError>| match answer.unwrap_err() {
        VerifyError::DatasetMismatch { field } => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(datasets(|datasets| datasets[1].name = "validation".parse().unwrap())), "dataset");
    assert_eq!(field(datasets(|datasets| datasets[1].id = DatasetId::new([1; 32]))), "dataset id");
    let absent = datasets(|datasets| datasets[1].entry = zkl_ledger::types::TransactionId::new([1; 32])).unwrap_err();
    assert!(matches!(absent, VerifyError::NotBefore { .. }), "{absent:?}");

    // Nothing stands beside its proof.
    let beside = |change: &dyn Fn(&mut Evidence)| {
        let mut more = receipt.clone();
        change(&mut more.entries.last_mut().unwrap().evidence);
        check(&more).unwrap_err()
    };
    let manifest = beside(&|evidence| evidence.manifest.clone_from(&receipt.entries[0].evidence.manifest));
    assert!(matches!(manifest, VerifyError::EvidenceSuperfluous { part: "manifest", .. }), "{manifest:?}");
    let scan = beside(&|evidence| evidence.scan = Some(ScanPart { proof: String::new(), keys: Vec::new() }));
    assert!(matches!(scan, VerifyError::EvidenceSuperfluous { part: "scan proof", .. }), "{scan:?}");
}

#[tokio::test]
async fn roles_are_distinct_bounded_and_those_of_the_kind() {
    let (receipt, claimed) = stated().await;
    let opened = |predicate| {
        let entry = SignedEntry::sign(predicate, &SigningKey::from_seed(&KEY_SEED)).unwrap();
        SignedEntry::open(entry.envelope()).map(drop)
    };
    let record = custom(receipt);
    let about =
        |datasets| opened(Predicate::Custom(CustomRecord { about: About::Notarized(datasets), ..record.clone() }));
    let one = record.about.datasets()[0].clone();
    let many = |count: usize| {
        (0..count).map(|i| zkl_ledger::receipt::DatasetRef { role: role(&format!("r{i}")), ..one.clone() }).collect()
    };
    about(Vec::new()).unwrap();
    about(many(MAX_DATASETS)).unwrap();
    for refused in [many(MAX_DATASETS + 1), vec![one.clone(), one.clone()]] {
        assert!(matches!(about(refused), Err(EntryError::Datasets)));
    }
    let entry = claimed.entries.last().unwrap().open().unwrap();
    let Predicate::Claim(mut claim) = entry.predicate().clone() else { panic!("a claim") };
    opened(Predicate::Claim(claim.clone())).unwrap();
    claim.dataset.role = role("train");
    assert!(matches!(opened(Predicate::Claim(claim)), Err(EntryError::Datasets)));
}

#[tokio::test]
async fn records_of_version_1_do_not_speak_of_another_proof_system() {
    let (receipt, claimed) = stated().await;
    let signed = |predicate| SignedEntry::sign(predicate, &SigningKey::from_seed(&KEY_SEED));
    let entry = claimed.entries.last().unwrap().open().unwrap();
    let Predicate::Claim(mut claim) = entry.predicate().clone() else { panic!("a claim") };
    claim.text = TextForm::V1;
    assert!(matches!(signed(Predicate::Claim(claim.clone())), Err(EntryError::Statement(_))));
    let mut record = custom(receipt);
    record.about = About::Named(None);
    assert!(matches!(signed(Predicate::Custom(record.clone())), Err(EntryError::Statement(_))));
    // Of the one that they mean they do, and what is said of the proof is read back.
    claim.proof.scheme = Scheme::of(proof_system::COMPACT);
    claim.proof.srs = None;
    record.proof = claim.proof.clone();
    for predicate in [Predicate::Claim(claim), Predicate::Custom(record)] {
        let read = SignedEntry::open(signed(predicate.clone()).unwrap().envelope()).unwrap();
        assert_eq!(*read.predicate(), predicate);
        assert!(predicate.type_uri().ends_with(":v1"));
    }
}

#[tokio::test]
async fn a_claim_is_tied_to_the_version_of_its_text() {
    let fixture = Fixture::with(signer(), ProofSetting::Dev);
    let table = fixture.notarize(&penguins(), "train", EvidenceRequest::Attestation).await.dataset;
    let entry = table.prove(&"rows >= 300".parse().unwrap()).await.unwrap();
    let receipt = fixture.ledger.receipt(&entry).await.unwrap();
    let Predicate::Claim(mut claim) = entry.predicate().clone() else { panic!("a claim") };
    check(&logged(&receipt, Predicate::Claim(claim.clone()))).expect("the test's log is as good");
    assert_eq!(claim.text, TextForm::V2);
    claim.text = TextForm::V1;
    let error = check(&logged(&receipt, Predicate::Claim(claim))).unwrap_err();
    assert!(matches!(error, VerifyError::Proof(_)), "{error:?}");
}
