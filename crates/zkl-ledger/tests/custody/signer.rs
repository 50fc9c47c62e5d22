//! Keys that are not in memory: whatever signs, nothing is recorded that it did not sign properly.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use zkl_core::storage::StorageBackendExt as _;
use zkl_ledger::{
    Entry, ErrorKind, Ledger, LedgerError, Table, Trust,
    circuit::KeyStore,
    openings::MemoryVault,
    requests::EvidenceRequest,
    storage::memory::MemoryBackend,
    transparency::{
        keys::{SIGNATURE_LEN, SigningKey, VerifyingKey},
        note::NoteSigner,
        signer::{Signer, SignerError},
    },
    verify,
};

/// What a hardware module is to the ledger: a public key, and signatures that may fail to come.
struct Module {
    key: SigningKey,
    manner: Manner,
    signed: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
enum Manner {
    Good,
    /// Signs with a key that is not the one it names.
    OtherKey,
    /// Signs something else than it was asked to.
    OtherMessage,
    Offline,
}

impl Signer for Module {
    fn verifying_key(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], SignerError> {
        self.signed.fetch_add(1, Ordering::Relaxed);
        match self.manner {
            Manner::Good => Ok(self.key.sign(message)),
            Manner::OtherKey => Ok(SigningKey::from_seed(&[99; 32]).sign(message)),
            Manner::OtherMessage => Ok(self.key.sign(&message[1..])),
            Manner::Offline => Err(SignerError::failed("the module is offline")),
        }
    }
}

fn module(seed: u8, manner: Manner) -> (Module, Arc<AtomicUsize>) {
    let signed = Arc::default();
    (Module { key: SigningKey::from_seed(&[seed; 32]), manner, signed: Arc::clone(&signed) }, signed)
}

async fn notarize(ledger: &Ledger) -> Result<Entry, LedgerError> {
    let table = Table::bytes("id\n1\n2\n").named("ids".parse().unwrap());
    Ok(ledger.notarize(table).evidence(EvidenceRequest::Attestation).await?.entry)
}

fn ledger(store: &MemoryBackend, log: Module, notary: Option<Module>, keys: &tempfile::TempDir) -> Ledger {
    let builder = Ledger::builder()
        .store(store.clone())
        .openings(MemoryVault::default())
        .keys(KeyStore::open(keys.path()).unwrap());
    let builder = match notary {
        Some(notary) => builder.notary(notary),
        None => builder,
    };
    builder.build(NoteSigner::new("example.com/module".parse().unwrap(), log)).unwrap()
}

#[tokio::test]
async fn a_custom_signer_signs_checkpoints_and_entries() {
    let (dir, store) = (tempfile::tempdir().unwrap(), MemoryBackend::new());
    let ((log, signed), key) = (module(1, Manner::Good), SigningKey::from_seed(&[1; 32]).verifying_key());
    let ledger = ledger(&store, log, None, &dir);
    let entry = notarize(&ledger).await.unwrap();
    assert_eq!(signed.load(Ordering::Relaxed), 2, "an entry and a checkpoint");
    let receipt = ledger.receipt(&entry).await.unwrap().encode().unwrap();
    let verified = verify(&receipt, &Trust::default().with_log(ledger.log_key())).unwrap();
    assert!(verified.log.pinned);
    assert_eq!(verified.subject().unwrap().notary, key);
}

#[tokio::test]
async fn a_notary_may_have_a_key_of_its_own() {
    let (dir, store) = (tempfile::tempdir().unwrap(), MemoryBackend::new());
    let ((log, logged), (notary, notarized)) = (module(1, Manner::Good), module(2, Manner::Good));
    let ledger = ledger(&store, log, Some(notary), &dir);
    let entry = notarize(&ledger).await.unwrap();
    assert_eq!((logged.load(Ordering::Relaxed), notarized.load(Ordering::Relaxed)), (1, 1));
    let receipt = ledger.receipt(&entry).await.unwrap().encode().unwrap();
    let verified = verify(&receipt, &Trust::default().with_log(ledger.log_key())).unwrap();
    assert_eq!(verified.subject().unwrap().notary, SigningKey::from_seed(&[2; 32]).verifying_key());
    assert_eq!(ledger.log_key().key(), &SigningKey::from_seed(&[1; 32]).verifying_key());
}

#[tokio::test]
async fn nothing_is_recorded_under_a_signature_that_is_not_the_signers() {
    let key = SigningKey::from_seed(&[1; 32]).verifying_key();
    for manner in [Manner::OtherKey, Manner::OtherMessage] {
        // As the log, whose notary signs well, and as the notary of a log that signs well.
        for (log, notary) in [(manner, Manner::Good), (Manner::Good, manner)] {
            let (dir, store) = (tempfile::tempdir().unwrap(), MemoryBackend::new());
            let ledger = ledger(&store, module(1, log).0, Some(module(1, notary).0), &dir);
            let error = notarize(&ledger).await.unwrap_err();
            let LedgerError::Signer(error) = innermost(&error) else { panic!("{error:?}") };
            assert_eq!(*error, SignerError::WrongSignature { key: key.fingerprint() });
            assert_eq!(store.size().await.unwrap().0, 0);
        }
    }
}

#[tokio::test]
async fn a_signer_that_does_not_answer_is_told_with_its_reason() {
    let (dir, store) = (tempfile::tempdir().unwrap(), MemoryBackend::new());
    let ledger = ledger(&store, module(1, Manner::Offline).0, Some(module(2, Manner::Good).0), &dir);
    let error = notarize(&ledger).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let LedgerError::Signer(error) = innermost(&error) else { panic!("{error:?}") };
    assert_eq!(*error, SignerError::failed("the module is offline"));
    assert_eq!(store.size().await.unwrap().0, 0);
}

/// What failed, when the error is one that all callers of a batch are told.
fn innermost(error: &LedgerError) -> &LedgerError {
    match error {
        LedgerError::Batch(error) => innermost(error),
        error => error,
    }
}
