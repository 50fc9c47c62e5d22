//! The check of a store: each kind of damage, found by its own finding, and none where there is none.

use zkl_core::{digest::BlobDigest, transaction::StoredTransaction, tree::TreeSize};
use zkl_ledger::{
    LedgerError,
    fsck::Finding,
    storage::{StorageBackend, StorageErrorKind, memory::MemoryBackend},
    transparency::keys::SigningKey,
    types::LeafIndex,
};

use crate::{
    altered::{Alteration, Altered, By, other_kind, other_time},
    cosign::{FakeWitness, clients, witness_key},
    log::{Custody, entry, grow, ledger, proof, signer},
};

const SIZE: u64 = 700;

/// A log of 700 entries in three appends, cosigned at two sizes.
async fn sound() -> MemoryBackend {
    let store = MemoryBackend::new();
    let custody = ledger(store.clone(), 1);
    for count in [1, 255, 144, 300] {
        grow(&store, &signer(1), count, 0).await;
        if count > 100 {
            custody.ledger.cosign(&clients(&[FakeWitness::honest(1)])).await.unwrap();
        }
    }
    store
}

async fn findings(store: MemoryBackend, alteration: Alteration) -> Vec<Finding> {
    let custody: Custody = ledger(Altered { inner: store, alteration }, 1);
    let report = custody.ledger.with_witnesses(vec![witness_key(1)]).fsck(&()).await.unwrap();
    assert_eq!(report.more, 0);
    report.findings
}

#[tokio::test]
async fn a_sound_log_has_no_finding() {
    let custody = ledger(sound().await, 1);
    let report = custody.ledger.fsck(&()).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!((report.entries, report.cosigned, report.indexes), (SIZE, 3, true));
    // Three tiles of leaves and one above; eight proofs and a key.
    assert_eq!((report.tiles, report.blobs), (4, 9));
    assert_eq!(custody.ledger.verify_log().await.unwrap(), TreeSize(SIZE));
    let empty = ledger(MemoryBackend::new(), 1);
    assert!(empty.ledger.fsck(&()).await.unwrap().is_sound());
}

fn other_entry(stored: &mut StoredTransaction) {
    let other = entry(stored.index.0, 9, &SigningKey::from_seed(&[1; 32]));
    stored.entry = other.envelope().as_bytes().to_vec();
}

fn no_entry(stored: &mut StoredTransaction) {
    stored.entry.pop();
}

#[tokio::test]
async fn each_kind_of_damage_has_its_finding() {
    use Alteration as A;
    let store = sound().await;
    let key = BlobDigest::of(crate::log::VERIFYING_KEY);
    let cases: Vec<(Alteration, &[&str])> = vec![
        (A::Head(|head| head.checkpoint.push('x')), &["Checkpoint("]),
        (A::Head(|head| head.checkpoint = head.checkpoint.replace("\n700\n", "\n701\n")), &["Checkpoint(", "Head {"]),
        (A::Head(|head| head.root = zkl_core::digest::RootHash::new([1; 32])), &["Head {", "Root {"]),
        (A::Head(|head| head.size = TreeSize(699)), &["Head {", "TileTooWide {", "Root {", "EntryBehindHead {"]),
        (A::Tile(0, 0), &["EntryBytes { index: 0 }", "Tile { id: TileId { level: 1, index: 0", "Root {"]),
        (A::Tile(1, 0), &["Tile { id: TileId { level: 1, index: 0"]),
        (A::TileAbsent(0, 1), &["TileAbsent { id: TileId { level: 0, index: 1"]),
        (A::TileAbsent(1, 0), &["TileAbsent { id: TileId { level: 1, index: 0"]),
        (A::TileWider(0, 2), &["TileTooWide { id: TileId { level: 0, index: 2"]),
        (A::TileWider(1, 0), &["TileTooWide { id: TileId { level: 1, index: 0"]),
        (A::Entry(300, other_entry), &["EntryBytes { index: 300 }", "EntryField { index: 300, field: \"id\" }"]),
        (A::Entry(300, no_entry), &["EntryBytes { index: 300 }", "Entry { index: 300"]),
        (A::Entry(299, other_kind), &["EntryField { index: 299, field: \"kind\" }", "NotFound { index: 299"]),
        (A::Entry(299, other_time), &["EntryField { index: 299, field: \"time\" }", "NotFound { index: 299"]),
        (A::Entry(299, |stored| stored.dataset = None), &["EntryField { index: 299, field: \"dataset\" }"]),
        (A::Entry(299, |stored| stored.index = LeafIndex(300)), &["EntryAbsent { index: 299 }"]),
        (A::EntryAbsent(511), &["EntryAbsent { index: 511 }"]),
        (A::EntryBehindHead, &["EntryBehindHead { index: 700 }"]),
        (A::IdUnknown(31), &["NotFound { index: 31, by: \"id\" }"]),
        (A::Unlisted(31, By::Time), &["NotFound { index: 31, by: \"time\" }"]),
        (A::Unlisted(31, By::Dataset), &["Answer { by: \"dataset\", of: \"a\" }", "Summary { name: \"a\" }"]),
        (A::Unlisted(31, By::Kind), &["Answer { by: \"kind\", of: \"custom\" }", "Count { by: \"kind\""]),
        (
            A::Unlisted(31, By::DatasetAndKind),
            &["Answer { by: \"dataset and kind\"", "Count { by: \"dataset and kind\""],
        ),
        // Entry 30 has no name: no name of its bundle lists it.
        (A::Listed(30, By::Dataset), &["Answer { by: \"dataset\""]),
        (A::Listed(31, By::Kind), &["Answer { by: \"kind\", of: \"notarization\" }"]),
        (A::Summary, &["Summary { name: \"a\" }"]),
        (A::NameAbsent, &["Count { by: \"dataset\", of: \"\""]),
        (A::NamesRepeat, &["Answer { by: \"dataset names\""]),
        (A::Blob(BlobDigest::of(&proof(3))), &["Blob { index: 3"]),
        (A::BlobAbsent(BlobDigest::of(&proof(3))), &["BlobAbsent { index: 3"]),
        (A::BlobCorrupt(key), &["Blob { index: 0"]),
        (A::Cosigned(|_, text| format!("{text}\n")), &["Cosigned { size: TreeSize(700)"]),
        (A::Cosigned(|size, text| text.replace(&format!("\n{size}\n"), "\n5\n")), &["Cosigned { size: TreeSize(700)"]),
        (A::Cosigned(|_, text| flip_last_signature(text)), &["Cosignature { witness: \"witness1.example/w\""]),
    ];
    for (alteration, expected) in cases {
        let found = findings(store.clone(), alteration.clone()).await;
        let shown: Vec<_> = found.iter().map(|finding| format!("{finding:?}")).collect();
        for expected in expected {
            assert!(
                shown.iter().any(|found| found.starts_with(expected)),
                "{alteration:?}: no {expected} in {shown:#?}"
            );
        }
        assert!(found.iter().all(|finding| !finding.to_string().is_empty()));
    }
}

/// The text with another character in the middle of its last signature.
fn flip_last_signature(text: &str) -> String {
    let position = text.len() - 40;
    let other = if text.as_bytes()[position] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &text[..position], &text[position + 1..])
}

#[tokio::test]
async fn one_damaged_entry_is_not_many_findings() {
    let found = findings(sound().await, Alteration::EntryAbsent(5)).await;
    assert!(found.iter().all(|finding| !matches!(finding, Finding::Root { .. } | Finding::Tile { .. })), "{found:?}");
    assert!(found.iter().any(|finding| matches!(finding, Finding::EntryAbsent { index: 5 })));
}

#[tokio::test]
async fn every_finding_is_reported_not_only_the_first() {
    let store = sound().await;
    let found = findings(store, Alteration::BlobAbsent(BlobDigest::of(crate::log::VERIFYING_KEY))).await;
    // All entries name this key, and none of them is left out.
    assert_eq!(found.len() as u64, SIZE);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_an_error_and_no_finding() {
    let custody = ledger(Altered { inner: sound().await, alteration: Alteration::Unavailable }, 1);
    match custody.ledger.fsck(&()).await {
        Err(LedgerError::Storage(error)) => assert_eq!(error.kind, StorageErrorKind::Unavailable),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_log_under_another_key_is_not_sound() {
    let custody = ledger(sound().await, 2);
    let report = custody.ledger.fsck(&()).await.unwrap();
    let of = |kind: fn(&Finding) -> bool| report.findings.iter().filter(|finding| kind(finding)).count();
    assert_eq!(of(|finding| matches!(finding, Finding::Checkpoint(_))), 1);
    assert_eq!(of(|finding| matches!(finding, Finding::Cosigned { .. })), 3);
    assert_eq!(report.findings.len(), 4);
    match custody.ledger.verify_log().await {
        Err(LedgerError::Damaged { findings: 4, first }) => assert!(matches!(*first, Finding::Checkpoint(_))),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_fork_signed_by_the_log_itself_is_found_by_its_root() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 300, 0).await;
    let fork = MemoryBackend::new();
    grow(&fork, &signer(1), 200, 7).await;
    // A cosigned checkpoint of another history, signed by the same key.
    let head = fork.head().await.unwrap().unwrap();
    store.put_cosigned(TreeSize(200), &head.checkpoint).await.unwrap();
    let report = ledger(store, 1).ledger.fsck(&()).await.unwrap();
    assert!(matches!(report.findings.as_slice(), [Finding::Root { size: TreeSize(200), .. }]), "{:?}", report.findings);
}

#[tokio::test]
async fn a_log_that_grows_during_the_check_is_still_sound() {
    let store = sound().await;
    let custody = ledger(store.clone(), 1);
    let grower = tokio::spawn(async move {
        for _ in 0..40 {
            grow(&store, &signer(1), 3, 0).await;
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..3 {
        let report = custody.ledger.fsck(&()).await.unwrap();
        assert!(report.is_sound(), "{:?}", report.findings);
    }
    grower.await.unwrap();
}
