//! What a notary, or whoever holds receipts, can try with relations that are true: put them into other entries and logs, exchange what belongs to them, ask a
//! verifier for too much, or record what looks like one.

use zkl_circuits::{
    claims::language::Comparison,
    relation::{Condition, VerifyRelationError},
};
use zkl_core::digest::{BlobDigest, Sha256Digest, TransactionId};
use zkl_ledger::{
    Dataset, Entry, LedgerError,
    lineage::{Lineage, ProofState},
    receipt::{
        DatasetRef, Disclosure, Evidence, Nonce, Predicate, ProofRecord, Receipt, RelationRecord, SignedEntry,
        StatementPart, VerifiedStatement, VerifyError,
    },
    relation::Operation,
    requests::{ClosedRelation, EvidenceRequest, ProofSetting},
    transparency::{keys::SigningKey, note::NoteSigner},
    types::LeafIndex,
};
use zkl_merkle::dsse::Envelope;

use crate::{
    common::{Fixture, logged_again},
    proved::{KEY_SEED, signer},
    relations::{changed, check, notarized, table, terms},
};

fn equal(column: &str, value: &str) -> Condition {
    Condition { column: column.to_owned(), is: Comparison::Equal(value.to_owned()) }
}

/// Trees with numbers from `first` on.
fn csv(first: usize) -> String {
    let row = |i: usize| format!("{i},{}\n", ["oak", "ash", "oak and id = 3"][i % 3]);
    format!("id,kind\n{}", (first..first + 30).map(row).collect::<String>())
}

fn record(receipt: &Receipt) -> RelationRecord {
    match receipt.entries.last().unwrap().open().unwrap().predicate() {
        Predicate::Relation(record) => record.clone(),
        other => panic!("{other:?}"),
    }
}

fn named(dataset: &Dataset, role: &str) -> DatasetRef {
    DatasetRef {
        role: role.parse().unwrap(),
        name: dataset.name().clone(),
        id: dataset.notarization().dataset_id,
        entry: dataset.entry().id,
    }
}

fn signed(record: RelationRecord) -> SignedEntry {
    SignedEntry::sign(Predicate::Relation(record), &SigningKey::from_seed(&KEY_SEED)).unwrap()
}

fn is_unproved(refused: &Result<(), VerifyError>) -> bool {
    matches!(refused, Err(VerifyError::Relation(VerifyRelationError::Proof(_))))
}

struct Trees {
    fixture: Fixture,
    low: (Dataset, String),
    high: (Dataset, String),
}

impl Trees {
    /// Two tables of one shape, one from 0 and one from 10 on.
    async fn new() -> Self {
        let fixture = Fixture::with(signer(), ProofSetting::Universal);
        let (low, high) = (csv(0), csv(10));
        let low = (notarized(&fixture, "low", &low, EvidenceRequest::Proof).await, low);
        let high = (notarized(&fixture, "high", &high, EvidenceRequest::Proof).await, high);
        Self { fixture, low, high }
    }

    async fn entry(
        &self,
        operation: Operation,
        (dataset, text): &(Dataset, String),
        conditions: &[Condition],
    ) -> Entry {
        let request = self.fixture.ledger.relate(operation).table(dataset, table(text));
        conditions.iter().fold(request, |request, condition| request.condition(condition.clone())).await.unwrap()
    }

    async fn receipt(&self, operation: Operation, of: &(Dataset, String), conditions: &[Condition]) -> Receipt {
        let entry = self.entry(operation, of, conditions).await;
        self.fixture.ledger.receipt(&entry).await.unwrap()
    }

    async fn closed(&self, id: &str) -> (ClosedRelation, Receipt) {
        let (dataset, text) = &self.low;
        let request = self.fixture.ledger.relate(Operation::Absent).table(dataset, table(text));
        let closed = request.condition(equal("id", id)).closed().await.unwrap();
        let receipt = self.fixture.ledger.receipt_of_closed(&closed).await.unwrap();
        (closed, receipt)
    }
}

#[tokio::test]
async fn a_presence_and_an_absence_verify_for_their_tables_and_values_alone() {
    let trees = Trees::new().await;
    let absent = trees.receipt(Operation::Absent, &trees.low, &[equal("id", "35")]).await;
    let present = trees.receipt(Operation::Present, &trees.high, &[equal("id", "35")]).await;
    let report = |receipt: &Receipt| match &check(receipt).unwrap().subject().unwrap().statement {
        VerifiedStatement::Relation { report, .. } => report.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(report(&absent), "no row of low has id = 35");
    assert_eq!(report(&present), "a row of high has id = 35");
    // Values of which it is true as well, or false.
    for (receipt, value) in [(&absent, "36"), (&absent, "7"), (&present, "34"), (&present, "7")] {
        let other = changed(receipt, &|record, _| terms(record).details.conditions[0] = equal("id", value));
        assert!(is_unproved(&other), "{value}: {other:?}");
    }
    for (receipt, operation) in [(&absent, Operation::Present), (&present, Operation::Absent)] {
        let other = changed(receipt, &|record, _| terms(record).operation = operation).unwrap_err();
        assert!(matches!(other, VerifyError::Circuit { .. }), "{other:?}");
    }
    // The proof of one table in an entry about the other, of which it is false. Both circuits are the same.
    for (receipt, other) in [(&absent, &trees.high), (&present, &trees.low)] {
        let mut moved = receipt.clone();
        moved.entries[0] = trees.fixture.ledger.receipt(other.0.entry()).await.unwrap().entries[0].clone();
        let moved = changed(&moved, &|record, _| {
            let role = record.datasets[0].role.clone();
            record.datasets[0] = named(&other.0, role.as_str());
        });
        assert!(is_unproved(&moved), "{moved:?}");
        // Or under the name of the other one.
        let named = changed(receipt, &|record, _| record.datasets[0].name = other.0.name().clone()).unwrap_err();
        assert!(matches!(named, VerifyError::DatasetMismatch { field: "dataset" }), "{named:?}");
    }
}

/// A notary chooses names and values: one value reads as two conditions, unless it is quoted.
#[tokio::test]
async fn values_do_not_read_as_conditions_that_were_not_proved() {
    let trees = Trees::new().await;
    let receipt = trees.receipt(Operation::Present, &trees.low, &[equal("kind", "oak and id = 3")]).await;
    let verified = check(&receipt).unwrap();
    let VerifiedStatement::Relation { report, .. } = &verified.subject().unwrap().statement else {
        panic!("a relation")
    };
    // No oak has the number 3.
    assert_eq!(report.to_string(), r#"a row of low has kind = "oak and id = 3""#);
}

#[tokio::test]
async fn tables_of_another_log_or_after_the_relation_are_none_of_its() {
    let trees = Trees::new().await;
    let receipt = trees.receipt(Operation::Absent, &trees.low, &[equal("id", "35")]).await;
    check(&logged_again(&signer(), &receipt)).unwrap();
    let mut without = receipt.clone();
    without.entries.remove(0);
    let mut after = receipt.clone();
    after.entries.swap(0, 1);
    for receipt in [without, after] {
        let refused = check(&logged_again(&signer(), &receipt)).unwrap_err();
        assert!(matches!(refused, VerifyError::NotBefore { index: LeafIndex(0), .. }), "{refused:?}");
    }
    // The table's proof names the log, and so does the relation's.
    let elsewhere = NoteSigner::new("example.com/elsewhere".parse().unwrap(), SigningKey::from_seed(&KEY_SEED));
    let refused = check(&logged_again(&elsewhere, &receipt)).unwrap_err();
    assert!(matches!(refused, VerifyError::Scan(_)), "{refused:?}");
    // An entry that is no table.
    let mut relation = receipt.clone();
    let first = receipt.entries.last().unwrap().open().unwrap().id();
    let second = RelationRecord { nonce: Nonce::generate().unwrap(), ..record(&receipt) };
    let mut datasets = second.datasets.clone();
    datasets[0].entry = first;
    let mut entry = receipt.entries.last().unwrap().clone();
    entry.envelope = signed(RelationRecord { datasets, ..second }).envelope().to_owned();
    relation.entries.push(entry);
    let refused = check(&logged_again(&signer(), &relation)).unwrap_err();
    assert!(
        matches!(refused, VerifyError::NotANotarization { index: LeafIndex(2), named: LeafIndex(1) }),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_closed_relations_say_is_not_exchanged_and_not_guessed() {
    let trees = Trees::new().await;
    let ((first, own), (second, other)) = (trees.closed("35").await, trees.closed("36").await);
    let evidence = |relation: &ClosedRelation| relation.evidence.clone();
    let with = |change: &dyn Fn(&mut Evidence)| {
        let mut receipt = own.clone();
        change(&mut receipt.entries.last_mut().unwrap().evidence);
        receipt
    };
    let index = first.entry.index;
    let all = check(&with(&|own| *own = evidence(&second))).unwrap_err();
    assert!(matches!(all, VerifyError::Statement { index: at } if at == index), "{all:?}");
    let statement = with(&|own| own.statement = evidence(&second).statement);
    let refused = check(&statement).unwrap_err();
    assert!(matches!(refused, VerifyError::Statement { index: at } if at == index), "{refused:?}");
    let proof = check(&with(&|own| own.proof = evidence(&second).proof)).unwrap_err();
    assert!(matches!(proof, VerifyError::ProofDigest { .. }), "{proof:?}");
    // The notary signs another digest over the same proof, and hands out what that stands for.
    let disclosure = record(&other).disclosure;
    let replaced = changed(&statement, &|record, _| record.disclosure = disclosure.clone());
    assert!(is_unproved(&replaced), "{replaced:?}");
    let again = changed(&own, &|record, _| record.nonce = Nonce::generate().unwrap());
    assert!(is_unproved(&again), "{again:?}");

    // Of a salt there is one spelling and one value, and without it nothing is read.
    let part = serde_json::to_value(first.evidence.statement.as_ref().unwrap()).unwrap();
    let salt = part["salt"].as_str().unwrap().to_owned();
    let other_salt = serde_json::to_value(second.evidence.statement.as_ref().unwrap()).unwrap()["salt"].clone();
    let read = |salt: Option<serde_json::Value>| {
        let mut part = part.clone();
        match salt {
            Some(salt) => part["salt"] = salt,
            None => drop(part.as_object_mut().unwrap().remove("salt")),
        }
        serde_json::from_value::<StatementPart>(part)
    };
    for salt in [None, Some("".into()), Some(serde_json::Value::Null), Some(serde_json::Value::from(&salt[2..]))] {
        assert!(read(salt.clone()).is_err(), "{salt:?}");
    }
    let replaced = read(Some(other_salt)).unwrap();
    let refused = check(&with(&|own| own.statement = Some(replaced.clone()))).unwrap_err();
    assert!(matches!(refused, VerifyError::Statement { .. }), "{refused:?}");

    // Said again it has another digest, and whatever else is in the entry is that of any absence of a number in this table.
    let (_, again) = trees.closed("35").await;
    let entries = [&own, &again, &other].map(record);
    let digests = entries.each_ref().map(|record| record.disclosure.digest(&record.entries()));
    assert!(digests[0] != digests[1] && digests[0] != digests[2]);
    let alike = |record: &RelationRecord| RelationRecord {
        disclosure: Disclosure::Closed { operation: Operation::Absent, digest: Sha256Digest::new([7; 32]) },
        proof: ProofRecord { digest: BlobDigest::of(b"any"), ..record.proof.clone() },
        nonce: entries[0].nonce,
        recorded_at: entries[0].recorded_at,
        ..record.clone()
    };
    let payloads = entries.each_ref().map(|record| {
        let entry = signed(alike(record));
        Envelope::decode(entry.envelope().as_bytes()).unwrap().unverified_payload().to_vec()
    });
    assert!(payloads[0] == payloads[1] && payloads[0] == payloads[2]);
}

/// Each relation may have a circuit of its own, which a verifier makes: true ones too cost time.
#[tokio::test]
async fn a_receipt_has_64_relations_at_most() {
    let trees = Trees::new().await;
    let receipt = trees.receipt(Operation::Absent, &trees.low, &[equal("id", "35")]).await;
    let relation = || RelationRecord { nonce: Nonce::generate().unwrap(), ..record(&receipt) };
    let many = |count: usize| {
        let mut many = receipt.clone();
        let last = many.entries.pop().unwrap();
        many.entries.extend((0..count).map(|_| {
            let mut entry = last.clone();
            entry.envelope = signed(relation()).envelope().to_owned();
            entry
        }));
        check(&logged_again(&signer(), &many)).unwrap_err()
    };
    let refused = many(65);
    assert!(matches!(refused, VerifyError::Relations { got: 65, max: 64 }), "{refused:?}");
    let refused = many(64);
    assert!(matches!(refused, VerifyError::Relation(_)), "{refused:?}");
    // Nor does a ledger make one that nobody verifies.
    let ledger = &trees.fixture.ledger;
    let mut entries = Vec::new();
    for _ in 0..65 {
        entries.push(ledger.append(signed(relation())).await.unwrap());
    }
    let refused = ledger.receipt_of(&entries, true).await.unwrap_err();
    assert!(matches!(refused, LedgerError::ReceiptRelations { got: 65, max: 64 }), "{refused:?}");
}

/// What cannot be checked, or is nonsense, hides nothing else in a lineage, and shows nothing.
#[tokio::test]
async fn closed_relations_and_ones_of_nothing_leave_a_lineage_readable() {
    let trees = Trees::new().await;
    let (ledger, name) = (&trees.fixture.ledger, "low".parse().unwrap());
    let absent = trees.entry(Operation::Absent, &trees.low, &[equal("id", "35")]).await;
    let (closed, _) = trees.closed("36").await;
    // From an entry that is not there, and of another table under this one's name.
    let receipt = ledger.receipt(&absent).await.unwrap();
    let subset = |whole: DatasetRef| {
        let mut record = record(&receipt);
        terms(&mut record).operation = Operation::Subset;
        terms(&mut record).details.conditions.clear();
        record.datasets = vec![DatasetRef { role: "whole".parse().unwrap(), ..whole }, named(&trees.low.0, "subset")];
        signed(RelationRecord { nonce: Nonce::generate().unwrap(), ..record })
    };
    let low = named(&trees.low.0, "whole");
    let nothing = DatasetRef { entry: TransactionId::new([7; 32]), ..low.clone() };
    let misnamed = DatasetRef { entry: trees.high.0.entry().id, ..low };
    let nothing = ledger.append(subset(nothing)).await.unwrap();
    let misnamed = ledger.append(subset(misnamed)).await.unwrap();

    let mut lost = RelationRecord { nonce: Nonce::generate().unwrap(), ..record(&receipt) };
    lost.proof.digest = BlobDigest::of(b"a proof that the store lacks");
    let lost = ledger.append(signed(lost)).await.unwrap();
    let mut lineage = ledger.lineage(&name).await.unwrap();
    let state = |lineage: &Lineage, entry: &Entry| {
        lineage.statements.iter().find(|statement| statement.entry == entry.id).unwrap().proof
    };
    let all = [&absent, &closed.entry, &nothing, &misnamed, &lost];
    assert_eq!(all.map(|entry| state(&lineage, entry)), [ProofState::Recorded; 5]);
    let versions: Vec<_> = lineage.versions.iter().map(|version| version.dataset.as_str()).collect();
    assert_eq!(versions, ["low", "high"]);
    // Who may not see a table is not shown it by one who calls it by another name.
    let sees = |predicate: &Predicate| predicate.datasets().iter().all(|dataset| **dataset == name);
    let seen = ledger.lineage_of_seen(&name, usize::MAX, sees).await.unwrap();
    assert!(seen.versions.iter().all(|version| version.dataset == name), "{:?}", seen.versions);
    ledger.verify_lineage(&mut lineage).await.unwrap();
    let (unproved, of_receipt) = (ProofState::NotVerified, ProofState::Recorded);
    let expected = [ProofState::Verified, of_receipt, unproved, unproved, unproved];
    assert_eq!(all.map(|entry| state(&lineage, entry)), expected);
    let text = lineage.to_text();
    assert!(text.contains("NOT PROVED") && text.contains("(closed)"), "{text}");

    // Off receipts: one that leaves a proof out takes nothing from another one, in whatever order they come.
    let short = ledger.receipt_without_scan(trees.low.0.entry()).await.unwrap();
    let [full, short] = [&receipt, &short].map(|receipt| check(receipt).unwrap());
    for receipts in [[full.clone(), short.clone()], [short, full]] {
        let lineage = Lineage::of_receipts(&name, &receipts).unwrap();
        assert!(lineage.versions[0].is_proved);
    }
}
