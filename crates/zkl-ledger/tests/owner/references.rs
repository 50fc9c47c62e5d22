//! Entries as people name them.

use std::collections::BTreeMap;

use tempfile::TempDir;
use zkl_ledger::{
    Entry, Ledger, LedgerError, ReferenceError,
    circuit::{CircuitId, KeyDigest, KeyStore, Setup},
    openings::MemoryVault,
    receipt::{About, CustomRecord, Nonce, Predicate, ProofRecord, SignedEntry},
    storage::{Query, StorageBackendExt as _, memory::MemoryBackend},
    transparency::{keys::SigningKey, note::NoteSigner},
    types::Timestamp,
};

/// Fewest digits that an id may be cut to.
const MIN_PREFIX: usize = 4;
/// Digits of an id.
const ID_LEN: usize = 64;

/// A log with this many entries, of which no two are equal.
async fn log(entries: u64) -> (Ledger, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let key = || SigningKey::from_seed(&[5; 32]);
    let signer = NoteSigner::new("example.com/references".parse().unwrap(), key());
    let keys = KeyStore::open(dir.path()).unwrap();
    let builder = Ledger::builder().store(MemoryBackend::default()).keys(keys);
    let ledger = builder.openings(MemoryVault::default()).build(signer).unwrap();
    for number in 0..entries {
        let record = CustomRecord {
            about: About::Named(Some("set".parse().unwrap())),
            description: format!("entry {number}"),
            setup: Setup::External,
            public_inputs: Vec::new(),
            proof: ProofRecord::unnamed(
                CircuitId::new("test/reference", 1).unwrap(),
                KeyDigest::of(b"key"),
                zkl_core::digest::BlobDigest::of(b"proof"),
            ),
            notary: key().verifying_key(),
            recorded_at: Timestamp(1_700_000_000_000 + number),
            nonce: serde_json::from_value::<Nonce>("07".repeat(32).into()).unwrap(),
        };
        ledger.append(SignedEntry::sign(Predicate::Custom(record), &key()).unwrap()).await.unwrap();
    }
    (ledger, dir)
}

#[tokio::test]
async fn an_entry_is_found_by_how_its_id_begins_and_two_are_refused() {
    // By the birthday bound two of so many ids agree in four digits; the entries are the same in every run.
    let (ledger, _dir) = log(700).await;
    let mut by_prefix: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let mut pages = ledger.storage().pages(Query::default());
    while let Some(page) = pages.next().await.unwrap() {
        for stored in &page {
            let entry = Entry::from_stored(stored).unwrap();
            by_prefix.entry(entry.id.to_string()[..MIN_PREFIX].to_owned()).or_default().push(entry);
        }
    }
    // A number that is an index is one, whatever ids begin with it.
    by_prefix.retain(|prefix, _| prefix.starts_with(|digit: char| digit.is_ascii_alphabetic()));
    let (prefix, alone) = by_prefix.iter().find(|(_, entries)| entries.len() == 1).unwrap();
    assert_eq!(ledger.find_entry(prefix).await.unwrap().id, alone[0].id);
    assert!(matches!(
        ledger.find_entry(&prefix[..3]).await,
        Err(ReferenceError::Ledger(LedgerError::UnknownDataset { .. }))
    ));

    let (prefix, several) = by_prefix.iter().find(|(_, entries)| entries.len() > 1).unwrap();
    let Err(ReferenceError::Ambiguous { reference, candidates }) = ledger.find_entry(prefix).await else {
        panic!("{prefix} is ambiguous");
    };
    assert_eq!(&reference, prefix);
    assert!(candidates.iter().map(|candidate| candidate.id).eq(several.iter().map(|entry| entry.id)));
    for entry in several {
        assert_eq!(ledger.find_entry(&entry.id.to_string()).await.unwrap().id, entry.id);
        assert_eq!(ledger.find_entry(&entry.id.to_string()[..ID_LEN - 1]).await.unwrap().id, entry.id);
    }
}

#[tokio::test]
async fn words_and_numbers_name_entries_and_others_are_told_why_not() {
    let (ledger, _dir) = log(3).await;
    assert_eq!(ledger.find_entry("last").await.unwrap().index.0, 2);
    assert_eq!(ledger.find_entry("1").await.unwrap().index.0, 1);
    assert!(matches!(ledger.find_entry("3").await, Err(ReferenceError::Ledger(LedgerError::UnknownEntry { .. }))));
    assert!(matches!(ledger.find_entry("set").await, Err(ReferenceError::Ledger(LedgerError::NotNotarized { .. }))));
    assert!(matches!(
        ledger.find_entry("sett").await,
        Err(ReferenceError::Ledger(LedgerError::UnknownDataset { similar: Some(_), .. }))
    ));
    assert!(matches!(
        ledger.find_entry("no name").await,
        Err(ReferenceError::Ledger(LedgerError::UnknownEntry { .. }))
    ));
    assert!(matches!(ledger.find_entry("").await, Err(ReferenceError::Ledger(LedgerError::UnknownEntry { .. }))));
    let (empty, _dir) = log(0).await;
    assert!(matches!(empty.find_entry("last").await, Err(ReferenceError::Ledger(LedgerError::UnknownEntry { .. }))));
}
