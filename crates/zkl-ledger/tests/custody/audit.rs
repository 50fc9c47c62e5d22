//! Audits since a kept checkpoint, of a store and of an export.

use serde_json::json;
use zkl_core::tree::TreeSize;
use zkl_ledger::{
    audit::{Audit, AuditError, AuditRequest},
    export::ExportDir,
    receipt::{DistrustError, TrustStore},
    storage::{StorageBackend, memory::MemoryBackend},
    transparency::{
        checkpoint::{Checkpoint, SignedCheckpoint},
        policy::{Policy, PolicyError},
    },
};

use crate::{
    altered::{Alteration, Altered},
    cosign::{FakeWitness, clients, witness_key},
    log::{grow, ledger, signer},
};

async fn checkpoint(store: &MemoryBackend) -> SignedCheckpoint {
    SignedCheckpoint::parse(store.head().await.unwrap().unwrap().checkpoint.as_bytes()).unwrap()
}

fn since(since: &SignedCheckpoint) -> AuditRequest {
    AuditRequest { since: since.clone(), policy: None, trust: None, list: 5 }
}

/// Audits the store, and an export of it with nothing but the files.
async fn both(store: &MemoryBackend, request: &AuditRequest) -> [Result<Audit, AuditError>; 2] {
    let custody = ledger(store.clone(), 1);
    let dir = tempfile::tempdir().unwrap();
    custody.ledger.export(dir.path()).await.unwrap();
    let exported = ExportDir::open(dir.path()).unwrap().audit(&signer(1).verifier(), request, &()).await;
    [custody.ledger.audit(request, &()).await, exported]
}

#[tokio::test]
async fn a_log_that_has_only_grown_is_shown_to_have() {
    let store = MemoryBackend::new();
    let mut kept = Vec::new();
    for count in [1, 254, 1, 1, 255, 3, 300] {
        grow(&store, &signer(1), count, 0).await;
        kept.push(checkpoint(&store).await);
    }
    for old in &kept {
        for audit in both(&store, &since(old)).await {
            let audit = audit.unwrap();
            let (old, added) = (old.unverified().size(), 815 - old.unverified().size().0);
            assert_eq!((audit.since, audit.checkpoint.size()), (old, TreeSize(815)));
            assert_eq!(audit.added.values().sum::<u64>(), added);
            assert_eq!(audit.entries.len() as u64, added.min(5));
            assert_eq!(audit.entries.first().map(|entry| entry.index.0), (added > 0).then_some(old.0));
        }
    }
}

#[tokio::test]
async fn a_fork_is_told_whatever_its_size() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 10, 0).await;
    let common = checkpoint(&store).await;
    // Of sizes that are powers of two and of others: their proofs differ in form.
    let mut forks = Vec::new();
    for size in [11, 13, 16] {
        let fork = MemoryBackend::new();
        zkl_ledger::storage::copy_log(&store, &fork, &signer(1).verifier(), &()).await.unwrap();
        grow(&fork, &signer(1), size - 10, 7).await;
        forks.push((TreeSize(size), checkpoint(&fork).await));
    }
    for count in [6, 1, 250] {
        grow(&store, &signer(1), count, 0).await;
        for (size, forked) in &forks {
            for answer in both(&store, &since(forked)).await {
                assert!(matches!(answer, Err(AuditError::Fork { since, .. }) if since == *size), "{answer:?}");
            }
        }
        for answer in both(&store, &since(&common)).await {
            assert!(answer.is_ok(), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_log_that_shrank_or_is_empty_is_told() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 10, 0).await;
    let old = checkpoint(&store).await;
    let smaller = MemoryBackend::new();
    grow(&smaller, &signer(1), 9, 0).await;
    for answer in both(&smaller, &since(&old)).await {
        assert!(matches!(answer, Err(AuditError::Shrunk { since: TreeSize(10), now: TreeSize(9) })), "{answer:?}");
        assert!(answer.is_err_and(|error| error.is_verdict()));
    }
    let empty = ledger(MemoryBackend::new(), 1).ledger.audit(&since(&old), &()).await;
    assert!(matches!(empty, Err(AuditError::Empty { since: TreeSize(10) })), "{empty:?}");
}

#[tokio::test]
async fn checkpoints_of_other_keys_and_origins_are_refused() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 4, 0).await;
    let own = checkpoint(&store).await;
    let statement = Checkpoint::new(signer(1).name().clone(), TreeSize(2), own.unverified().root()).unwrap();
    let forged = statement.sign(&signer(2)).unwrap();
    for answer in both(&store, &since(&forged)).await {
        assert!(matches!(answer, Err(AuditError::Since(_))), "{answer:?}");
    }
    let dir = tempfile::tempdir().unwrap();
    ledger(store, 1).ledger.export(dir.path()).await.unwrap();
    // The auditor knows another key than the export has.
    let answer = ExportDir::open(dir.path()).unwrap().audit(&signer(2).verifier(), &since(&forged), &()).await;
    assert!(matches!(answer, Err(AuditError::Checkpoint(_))), "{answer:?}");
}

#[tokio::test]
async fn damage_is_not_taken_for_a_fork_nor_for_honesty() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 300, 0).await;
    let old = checkpoint(&store).await;
    grow(&store, &signer(1), 300, 0).await;
    let audit = |alteration| {
        let custody = ledger(Altered { inner: store.clone(), alteration }, 1);
        let request = since(&old);
        async move { custody.ledger.audit(&request, &()).await.map(|_| ()).unwrap_err() }
    };
    let absent = audit(Alteration::EntryAbsent(450)).await;
    assert!(matches!(absent, AuditError::EntryAbsent { index: 450 }), "{absent:?}");
    let other = audit(Alteration::Entry(450, |stored| {
        let other = crate::log::entry(450, 9, signer(1).key());
        stored.entry = other.envelope().as_bytes().to_vec();
    }))
    .await;
    assert!(matches!(other, AuditError::Entries { .. }), "{other:?}");
    let cut = audit(Alteration::Entry(450, |stored| stored.entry.truncate(9))).await;
    assert!(matches!(cut, AuditError::Entry { index: 450, .. }), "{cut:?}");
    let tile = audit(Alteration::TileAbsent(0, 1)).await;
    assert!(matches!(tile, AuditError::Tree(_)), "{tile:?}");
    // The one tile belongs to both trees, the other to the new one alone.
    for index in [1, 2] {
        let tile = audit(Alteration::Tile(0, index)).await;
        assert!(matches!(tile, AuditError::Tiles(_)), "{tile:?}");
    }
}

#[tokio::test]
async fn the_newest_checkpoint_must_satisfy_the_policy() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 4, 0).await;
    let old = checkpoint(&store).await;
    grow(&store, &signer(1), 4, 0).await;
    let text = format!("log {}\nwitness w {}\nquorum w\n", signer(1).verifier(), witness_key(1));
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let request = AuditRequest { policy: Some(policy), ..since(&old) };
    for answer in both(&store, &request).await {
        assert!(matches!(answer, Err(AuditError::Policy(PolicyError::Quorum { .. }))), "{answer:?}");
    }
    ledger(store.clone(), 1).ledger.cosign(&clients(&[FakeWitness::honest(1)])).await.unwrap();
    for answer in both(&store, &request).await {
        assert_eq!(answer.unwrap().witnesses, ["witness1.example/w"]);
    }
}

#[tokio::test]
async fn an_audit_holds_a_log_to_a_trust_store() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 3, 0).await;
    let kept = checkpoint(&store).await;
    grow(&store, &signer(1), 2, 0).await;
    let (log, notary) = (signer(1).verifier(), signer(1).key().verifying_key());
    let answers = async |trust: serde_json::Value| {
        let trust: TrustStore = serde_json::from_value(trust).unwrap();
        let mut answers = Vec::new();
        for answer in both(&store, &AuditRequest { trust: Some(trust), ..since(&kept) }).await {
            answers.push(answer.map(|audit| audit.checkpoint.size()));
        }
        answers
    };
    let listed = |until: u64| json!([{"key": log.to_string(), "until": until}]);
    let own = json!([{"key": notary.to_string()}]);
    for answer in answers(json!({"version": 1, "log": listed(5), "notary": own})).await {
        assert_eq!(answer.unwrap(), TreeSize(5));
    }
    for answer in answers(json!({"version": 1, "log": listed(4)})).await {
        let expected = |error: &DistrustError| matches!(error, DistrustError::LogRange { size: TreeSize(5), .. });
        assert!(matches!(&answer, Err(AuditError::Distrusted(error)) if expected(error)), "{answer:?}");
    }
    for answer in answers(json!({"version": 1, "log": [{"key": signer(2).verifier().to_string()}]})).await {
        assert!(matches!(&answer, Err(AuditError::Distrusted(DistrustError::Log { .. }))), "{answer:?}");
    }
    let origin = log.name().to_string();
    let late = json!([{"key": notary.to_string(), "log": origin, "until": 4}]);
    for answer in answers(json!({"version": 1, "log": listed(9), "notary": late})).await {
        let expected =
            |error: &DistrustError| matches!(error, DistrustError::NotaryRange { index, .. } if index.0 == 4);
        assert!(matches!(&answer, Err(AuditError::Distrusted(error)) if expected(error)), "{answer:?}");
    }
}
