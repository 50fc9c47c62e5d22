//! Requests that nobody waits for any more: they stop soon and leave nothing behind.

#![expect(clippy::unwrap_used, reason = "a test that fails should stop")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use zkl_ledger::{
    ErrorKind, Ledger, LedgerError, Table,
    circuit::KeyStore,
    openings::OpeningStore,
    progress::Stage,
    requests::EvidenceRequest,
    storage::{Query, StorageBackend as _, memory::MemoryBackend},
    transparency::{keys::SigningKey, note::NoteSigner},
};

fn ledger(dir: &std::path::Path) -> (Ledger, MemoryBackend) {
    let store = MemoryBackend::new();
    let log = NoteSigner::new("example.com/cancelled".parse().unwrap(), SigningKey::from_seed(&[3; 32]));
    let builder = Ledger::builder()
        .store(store.clone())
        .openings(OpeningStore::new(dir.join("openings")))
        .keys(KeyStore::open(dir.join("keys")).unwrap());
    (builder.build(log).unwrap(), store)
}

#[tokio::test]
async fn a_dropped_notarization_stops_reading_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, store) = ledger(dir.path());
    let text = format!("id\n{}", (0..2_000_000).map(|id| format!("{id}\n")).collect::<String>());
    let table = Table::bytes(text).named("large".parse().unwrap());
    let rows = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&rows);
    let running = tokio::spawn(async move {
        let request = ledger.notarize(table).evidence(EvidenceRequest::Attestation);
        let progress = move |stage| {
            if let Stage::Read { rows, .. } = stage {
                seen.store(rows, Ordering::Relaxed);
            }
        };
        request.progress(progress).await.map(drop)
    });
    while rows.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    // The work is on a thread of its own: it has stopped when two looks at it see the same.
    let stopped = async {
        loop {
            let before = rows.load(Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(300)).await;
            if rows.load(Ordering::Relaxed) == before {
                return before;
            }
        }
    };
    let last = tokio::time::timeout(Duration::from_secs(60), stopped).await.unwrap();
    assert!(last < 2_000_000, "the table was read to its end");
    assert!(store.find(&Query::default()).await.unwrap().is_empty());
    assert!(!dir.path().join("openings").exists());
}

#[tokio::test]
async fn errors_have_a_kind() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = ledger(dir.path());
    let unnamed = ledger.notarize(Table::bytes("a\n1\n")).await.err().unwrap();
    assert!(matches!(unnamed, LedgerError::Unnamed));
    assert_eq!(unnamed.kind(), ErrorKind::InvalidInput);
    assert_eq!(ledger.dataset("nothing").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(Ledger::builder().build_read_only(ledger.log_key()).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(Ledger::open(dir.path().join("none")).await.unwrap_err().kind(), ErrorKind::NotFound);
    let table = Table::bytes("age\n30\n40\n").named("people".parse().unwrap());
    let people = ledger.notarize(table).evidence(EvidenceRequest::Attestation).await.unwrap().dataset;
    let false_claim = people.prove(&"mean(age) >= 50".parse().unwrap()).await.unwrap_err();
    assert_eq!(false_claim.kind(), ErrorKind::FalseClaim);
    assert!(people.evaluate(&"mean(age) between 35 and 35".parse().unwrap()).await.unwrap().holds);
    assert_eq!(people.history().await.unwrap().len(), 1);
    assert_eq!(people.profile().await.unwrap().rows, 2);
}
