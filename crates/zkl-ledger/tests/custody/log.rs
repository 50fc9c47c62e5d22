//! A log of signed entries without proofs: everything that a log keeps, in milliseconds.

use std::collections::HashMap;

use tempfile::TempDir;
use zkl_core::{
    digest::{BlobDigest, KeyDigest},
    transaction::StoredTransaction,
    tree::TreeSize,
};
use zkl_ledger::{
    Ledger,
    circuit::{KeyStore, Setup},
    openings::OpeningStore,
    receipt::{About, CustomRecord, Nonce, Predicate, ProofRecord, SignedEntry},
    storage::{AnyStore, AppendBatch, Head, StorageBackend, StorageBackendExt as _},
    transparency::{checkpoint::Checkpoint, keys::SigningKey, note::NoteSigner, signer::Signer},
    types::{LeafIndex, OperationKind, Timestamp},
};
use zkl_merkle::tile::{RightEdge, right_edge_tiles};

pub(crate) const ORIGIN: &str = "example.com/log";
const FIRST_TIME: u64 = 1_700_000_000_000;

pub(crate) fn signer(seed: u8) -> NoteSigner {
    NoteSigner::new(ORIGIN.parse().unwrap(), SigningKey::from_seed(&[seed; 32]))
}

/// The proofs that entries name: one of eight.
pub(crate) fn proof(index: u64) -> Vec<u8> {
    vec![b'p', (index % 8) as u8]
}

pub(crate) const VERIFYING_KEY: &[u8] = b"a verifying key that all entries share";

/// Entry `index` of the log: its name, and time by a clock that steps back now and then. Entries of another `branch` are
/// other entries.
pub(crate) fn entry(index: u64, branch: u8, notary: &dyn Signer) -> SignedEntry {
    let name = match index % 5 {
        0 => None,
        1 | 2 => Some("a"),
        3 => Some("team/b"),
        _ => Some("a-b"),
    };
    let proof = BlobDigest::of(&proof(index));
    let record = CustomRecord {
        about: About::Named(name.map(|name| name.parse().unwrap())),
        description: format!("entry {index} of branch {branch}"),
        setup: Setup::Dev,
        public_inputs: Vec::new(),
        proof: ProofRecord::unnamed("test@1".parse().unwrap(), KeyDigest::of(VERIFYING_KEY), proof),
        notary: notary.verifying_key(),
        recorded_at: Timestamp(FIRST_TIME + 1_000 * index - if index % 7 == 6 { 9_500 } else { 0 }),
        nonce: Nonce::generate().unwrap(),
    };
    SignedEntry::sign(Predicate::Custom(record), notary).unwrap()
}

/// Appends `count` entries in one batch, with the blobs that they name.
pub(crate) async fn grow(store: &dyn StorageBackend, log: &NoteSigner, count: u64, branch: u8) {
    let size = store.size().await.unwrap();
    let root = store.merkle_root().await.unwrap();
    let edge = match root {
        None => RightEdge::empty(),
        Some(root) => {
            let mut tiles = HashMap::new();
            for id in right_edge_tiles(size) {
                tiles.insert(id, store.tile(id).await.unwrap().unwrap());
            }
            RightEdge::load(size, root, &tiles).unwrap()
        }
    };
    store.put_blob(VERIFYING_KEY).await.unwrap();
    for index in size.0..size.0 + count.min(8) {
        store.put_blob(&proof(index)).await.unwrap();
    }
    let mut transactions = Vec::new();
    for index in size.0..size.0 + count {
        let signed = entry(index, branch, log.key());
        transactions.push(StoredTransaction {
            index: LeafIndex(index),
            id: signed.id(),
            kind: OperationKind::CUSTOM,
            dataset: signed.predicate().dataset().cloned(),
            recorded_at: signed.predicate().recorded_at(),
            entry: signed.envelope().as_bytes().to_vec(),
        });
    }
    let leaves: Vec<_> = transactions.iter().map(|transaction| transaction.id).collect();
    let grown = edge.append(&leaves).unwrap();
    let (size_after, root) = (grown.edge.size(), grown.edge.root());
    let checkpoint = Checkpoint::new(log.name().clone(), size_after, root).unwrap().sign(log).unwrap();
    let head = Head { size: size_after, root, checkpoint: checkpoint.to_string() };
    store.append(size, AppendBatch { transactions, tiles: grown.tiles, head }).await.unwrap();
}

/// A ledger over `store`, signed by `signer(seed)`.
pub(crate) struct Custody {
    pub(crate) ledger: Ledger,
    _dir: TempDir,
}

pub(crate) fn ledger(store: impl StorageBackend + 'static, seed: u8) -> Custody {
    let dir = tempfile::tempdir().unwrap();
    let keys = KeyStore::open(dir.path().join("keys")).unwrap();
    let openings = OpeningStore::new(dir.path().join("openings"));
    let builder = Ledger::builder().store(store).keys(keys).openings(openings);
    Custody { ledger: builder.build(signer(seed)).unwrap(), _dir: dir }
}

/// Everything that a store can be asked about a log, for comparing two of them.
pub(crate) async fn content(store: &dyn StorageBackend) -> Vec<String> {
    let mut all = vec![format!("{:?}", store.head().await.unwrap())];
    let size = store.size().await.unwrap();
    let mut pages = store.pages(zkl_ledger::storage::Query::default());
    while let Some(page) = pages.next().await.unwrap() {
        all.extend(page.iter().map(|transaction| format!("{transaction:?}")));
    }
    for id in zkl_merkle::tile::tiles_between(TreeSize(0), size).unwrap() {
        all.push(format!("{id:?} {:?}", store.tile(id).await.unwrap()));
    }
    for bytes in (0..8).map(proof).chain([VERIFYING_KEY.to_vec()]) {
        all.push(format!("{:?}", store.blob(BlobDigest::of(&bytes)).await.unwrap()));
    }
    let mut at_most = size;
    while let Some((size, text)) = store.cosigned(at_most).await.unwrap() {
        all.push(format!("{size} {text}"));
        at_most = TreeSize(size.0 - 1);
    }
    all.push(format!("{:?}", store.datasets(None, 0).await.unwrap()));
    all
}

pub(crate) fn shared<S: StorageBackend + 'static>(store: S) -> AnyStore {
    std::sync::Arc::new(store)
}
