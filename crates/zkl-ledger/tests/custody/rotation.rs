//! The log's key is replaced: everything that is kept stays what it was, and the old key alone is told from the log.

use zkl_core::tree::TreeSize;
use zkl_ledger::{
    Ledger, LedgerError, Trust,
    audit::{Audit, AuditError, AuditRequest},
    circuit::KeyStore,
    export::ExportDir,
    openings::MemoryVault,
    receipt::{DistrustError, Rotation, TrustStore},
    storage::{StorageBackend, copy_log, memory::MemoryBackend},
    transparency::{checkpoint::SignedCheckpoint, keys::SigningKey, note::NoteSigner},
    types::LeafIndex,
};

use crate::{
    cosign::{FakeWitness, clients, witness_key},
    log::{grow, ledger, signer},
};

fn opened(store: &MemoryBackend, log: NoteSigner) -> (Ledger, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let keys = KeyStore::open(dir.path().join("keys")).unwrap();
    let builder = Ledger::builder().store(store.clone()).keys(keys).openings(MemoryVault::default());
    (builder.build(log).unwrap(), dir)
}

fn secret(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

/// Replaces key `old` by `new`.
async fn rotate(store: &MemoryBackend, old: u8, new: u8) -> LeafIndex {
    let (ledger, _dir) = opened(store, signer(old).with_also(secret(new)));
    ledger.name_successor(secret(new).verifying_key()).await.unwrap().index
}

async fn checkpoint(store: &MemoryBackend) -> SignedCheckpoint {
    SignedCheckpoint::parse(store.head().await.unwrap().unwrap().checkpoint.as_bytes()).unwrap()
}

fn since(since: &SignedCheckpoint) -> AuditRequest {
    AuditRequest { since: since.clone(), policy: None, trust: None, list: 5 }
}

async fn copy(store: &MemoryBackend, seed: u8) -> MemoryBackend {
    let copied = MemoryBackend::new();
    copy_log(store, &copied, &signer(seed).verifier(), &()).await.unwrap();
    copied
}

/// Audits an export of `store`, whose log has the key `now`, by somebody who knows the key `known`.
async fn audited(store: &MemoryBackend, now: u8, known: u8, request: &AuditRequest) -> Result<Audit, AuditError> {
    let dir = tempfile::tempdir().unwrap();
    ledger(store.clone(), now).ledger.export(dir.path()).await.unwrap();
    ExportDir::open(dir.path()).unwrap().audit(&signer(known).verifier(), request, &()).await
}

#[tokio::test]
async fn everything_kept_before_a_rotation_is_sound_after_it() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 4, 0).await;
    let witness = FakeWitness::honest(1);
    let before = ledger(store.clone(), 1).ledger.with_witnesses(vec![witness_key(1)]);
    before.cosign(&clients(std::slice::from_ref(&witness))).await.unwrap().unwrap();
    let dir = tempfile::tempdir().unwrap();
    before.export(dir.path()).await.unwrap();
    let kept = checkpoint(&store).await;
    assert_eq!(rotate(&store, 1, 2).await, LeafIndex(4));

    // During the overlap both sign, and whoever knows one of them goes on.
    let overlap = checkpoint(&store).await;
    assert!(overlap.open(&signer(1).verifier()).is_ok() && overlap.open(&signer(2).verifier()).is_ok());
    let (during, _keys) = opened(&store, signer(2).with_also(secret(1)));
    let during = during.with_witnesses(vec![witness_key(1)]);
    let cosigned = during.cosign(&clients(&[witness])).await.unwrap().unwrap();
    assert_eq!(cosigned.checkpoint.unwrap().note().signatures().len(), 3, "both keys and the witness");
    let published = during.published_head().await.unwrap().unwrap();
    assert!(published.open(&signer(1).verifier()).is_ok());

    grow(&store, &signer(2), 3, 0).await;
    let after = ledger(store.clone(), 2).ledger.with_witnesses(vec![witness_key(1)]);
    let step = Rotation { index: LeafIndex(4), old: signer(1).verifier(), new: signer(2).verifier() };
    assert_eq!(after.rotations().await.unwrap(), std::slice::from_ref(&step));
    assert_eq!(after.verify_log().await.unwrap(), TreeSize(8));
    after.export(dir.path()).await.unwrap();
    let export = ExportDir::open(dir.path()).unwrap();
    assert_eq!(export.unverified_log_key().unwrap(), signer(2).verifier());
    assert!(export.fsck(&signer(2).verifier(), &[witness_key(1)], &()).await.unwrap().findings.is_empty());
    assert_eq!(ledger(copy(&store, 2).await, 2).ledger.verify_log().await.unwrap(), TreeSize(8));

    for audit in [after.audit(&since(&kept), &()).await, audited(&store, 2, 1, &since(&kept)).await] {
        let audit = audit.unwrap();
        assert_eq!((audit.since, audit.log, audit.rotations), (TreeSize(4), signer(2).verifier(), vec![step.clone()]));
    }
    // The key goes with the kept checkpoint.
    assert!(audited(&store, 2, 2, &since(&overlap)).await.unwrap().rotations.is_empty());
}

#[tokio::test]
async fn an_audit_tells_the_old_key_alone_from_the_log() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 3, 0).await;
    let kept = checkpoint(&store).await;
    rotate(&store, 1, 2).await;
    let stolen = copy(&store, 1).await;
    // The thief appends to the real log.
    grow(&stolen, &signer(1), 2, 7).await;
    let answer = audited(&stolen, 1, 1, &since(&kept)).await;
    assert!(matches!(answer, Err(AuditError::Superseded { index: LeafIndex(3), .. })), "{answer:?}");
    // A second successor that the old key names is none.
    let named = copy(&store, 1).await;
    rotate(&named, 1, 9).await;
    grow(&named, &signer(9), 1, 7).await;
    let answer = audited(&named, 9, 1, &since(&kept)).await;
    assert!(matches!(answer, Err(AuditError::Checkpoint(_))), "{answer:?}");
}

#[tokio::test]
async fn a_log_set_back_to_before_a_rotation_is_told() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 3, 0).await;
    let old = copy(&store, 1).await;
    rotate(&store, 1, 2).await;
    grow(&store, &signer(2), 1, 0).await;
    let kept = checkpoint(&store).await;
    // With the new key, the old copy is not even the log's.
    let error = ledger(old.clone(), 2).ledger.audit(&since(&kept), &()).await.unwrap_err();
    assert!(matches!(error, AuditError::Ledger(LedgerError::Checkpoint(_))), "{error:?}");
    // With the old one, it goes on as a fork that whoever saw the rotation refuses.
    grow(&old, &signer(1), 4, 7).await;
    let answer = audited(&old, 1, 2, &since(&kept)).await;
    assert!(matches!(answer, Err(AuditError::Checkpoint(_))), "{answer:?}");
    let both = old.clone();
    let head = checkpoint(&both).await.unverified().clone();
    let forged = head.sign(&signer(2)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    ledger(both, 1).ledger.export(dir.path()).await.unwrap();
    std::fs::write(dir.path().join("checkpoint"), forged.to_string()).unwrap();
    let export = ExportDir::open(dir.path()).unwrap();
    let answer = export.audit(&signer(2).verifier(), &since(&kept), &()).await;
    assert!(matches!(answer, Err(AuditError::Fork { .. })), "{answer:?}");
}

#[tokio::test]
async fn a_revocation_refuses_what_the_key_signed_from_there_on() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 3, 0).await;
    let early = checkpoint(&store).await;
    grow(&store, &signer(1), 2, 0).await;
    let late = checkpoint(&store).await;
    rotate(&store, 1, 2).await;
    let (owner, _dir) = opened(&store, signer(2));
    // A key revokes neither itself nor, before it is the log's, another one.
    let own = owner.revoke_key(secret(2).verifying_key(), TreeSize(1)).await;
    assert!(matches!(own, Err(LedgerError::SameKey)), "{own:?}");
    let index = owner.revoke_key(secret(1).verifying_key(), TreeSize(4)).await.unwrap().index;
    let answer = audited(&store, 2, 1, &since(&late)).await;
    let expected = AuditError::Revoked { index, since: TreeSize(5), from: TreeSize(4) }.to_string();
    assert_eq!(answer.unwrap_err().to_string(), expected);
    assert_eq!(audited(&store, 2, 1, &since(&early)).await.unwrap().checkpoint.size(), TreeSize(7));

    // A revocation by a key that the log never had, or by the old one after it was replaced, says nothing.
    let stranger = MemoryBackend::new();
    grow(&stranger, &signer(1), 3, 0).await;
    let kept = checkpoint(&stranger).await;
    let (foreign, _dir) = opened(&MemoryBackend::new(), signer(9));
    let entry = foreign.revoke_key(secret(1).verifying_key(), TreeSize(1)).await.unwrap();
    let (real, _dir) = opened(&stranger, signer(1));
    real.append(entry.signed).await.unwrap();
    assert_eq!(audited(&stranger, 1, 1, &since(&kept)).await.unwrap().checkpoint.size(), TreeSize(4));
}

#[tokio::test]
async fn a_trust_store_speaks_of_followed_keys_in_an_audit() {
    let store = MemoryBackend::new();
    grow(&store, &signer(1), 3, 0).await;
    let kept = checkpoint(&store).await;
    rotate(&store, 1, 2).await;
    let answer = async |logs: serde_json::Value| {
        let trust: TrustStore = serde_json::from_value(serde_json::json!({"version": 1, "log": logs})).unwrap();
        audited(&store, 2, 1, &AuditRequest { trust: Some(trust), ..since(&kept) }).await
    };
    let (first, second) = (signer(1).verifier().to_string(), signer(2).verifier().to_string());
    answer(serde_json::json!([{"key": first}])).await.unwrap();
    answer(serde_json::json!([{"key": first, "until": 3}, {"key": second, "from": 4}])).await.unwrap();
    let ended = answer(serde_json::json!([{"key": first, "until": 9}])).await;
    assert!(matches!(ended, Err(AuditError::Distrusted(DistrustError::Ended { .. }))), "{ended:?}");
    let early = answer(serde_json::json!([{"key": first}, {"key": second, "from": 5}])).await;
    assert!(matches!(early, Err(AuditError::Distrusted(DistrustError::LogRange { .. }))), "{early:?}");
}

#[tokio::test]
async fn receipts_carry_the_way_from_the_old_key_to_the_new() {
    let store = MemoryBackend::new();
    let (before, _first) = opened(&store, signer(1));
    let revoked = before.revoke_key(secret(8).verifying_key(), TreeSize(1)).await.unwrap();
    let old = before.receipt(&revoked).await.unwrap();
    rotate(&store, 1, 2).await;
    let (during, _second) = opened(&store, signer(2).with_also(secret(1)));
    let new = during.receipt(&revoked).await.unwrap();
    assert_eq!(SignedCheckpoint::parse(new.checkpoint.as_bytes()).unwrap().note().signatures().len(), 1);
    let trust = Trust::default().with_log(signer(1).verifier());
    for (receipt, from) in [(old, None), (new, Some(signer(1).verifier().to_string()))] {
        let verified = zkl_ledger::verify(&receipt.encode().unwrap(), &trust).unwrap();
        assert_eq!(verified.log.followed_from, from);
        assert_eq!(verified.subject().unwrap().index, LeafIndex(0));
    }
}
