//! What the writers of a ledger know about it, and the check of a store against that.

use std::collections::{BTreeMap, HashSet};

use zkl_core::{
    digest::{BlobDigest, RootHash},
    name::DatasetName,
    storage::{DatasetSummary, Head, Query, StorageBackend, StorageBackendExt as _},
    time::Timestamp,
    transaction::{OperationKind, StoredTransaction},
    tree::{LeafIndex, TreeSize},
};

use super::{patiently, tree};
use crate::log::TestLog;

/// An entry before it has a place in the log.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) kind: OperationKind,
    pub(super) dataset: Option<DatasetName>,
    pub(super) recorded_at: Timestamp,
    pub(super) entry: Vec<u8>,
}

impl Draft {
    pub(super) fn at(&self, index: u64) -> StoredTransaction {
        StoredTransaction {
            index: LeafIndex(index),
            id: tree::leaf_hash(&self.entry),
            kind: self.kind.clone(),
            dataset: self.dataset.clone(),
            recorded_at: self.recorded_at,
            entry: self.entry.clone(),
        }
    }
}

/// What a writer knows about a batch in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// An append of it returned: its first entry is at this index.
    Acknowledged(u64),
    /// An append of it failed, and the writer then found it at this index.
    Found(u64),
    /// An append failed in a way that leaves its outcome open, and the writer stopped.
    Unknown,
    /// The store refused it.
    Refused,
}

/// Entries that were appended together, and the blob that they name.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) drafts: Vec<Draft>,
    pub(super) blob: BlobDigest,
    pub(super) fate: Fate,
}

/// Everything that the writers of one ledger were told.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) batches: Vec<Batch>,
    /// Heads that were read or acknowledged, by size.
    pub(super) heads: BTreeMap<u64, Head>,
    /// Acknowledged blobs.
    pub(super) blobs: Vec<(BlobDigest, Vec<u8>)>,
    /// Acknowledged cosigned checkpoints.
    pub(super) cosigned: Vec<(TreeSize, String)>,
}

impl History {
    /// Records that somebody saw `head`. Two heads of one size are two histories.
    pub(super) fn saw(&mut self, head: &Head, at: &str) {
        let size = head.size.0;
        let before = self.heads.entry(size).or_insert_with(|| head.clone());
        assert_eq!(before, head, "{at}: two heads of {size} entries: the log forked");
    }

    pub(super) fn join(&mut self, other: Self, at: &str) {
        self.batches.extend(other.batches);
        self.blobs.extend(other.blobs);
        self.cosigned.extend(other.cosigned);
        for head in other.heads.into_values() {
            self.saw(&head, at);
        }
    }

    /// An entry of the log and the blob that it names.
    pub(super) fn sample(&self) -> Option<(StoredTransaction, BlobDigest)> {
        self.batches.iter().rev().find_map(|batch| match batch.fate {
            Fate::Acknowledged(index) | Fate::Found(index) => Some((batch.drafts.first()?.at(index), batch.blob)),
            Fate::Unknown | Fate::Refused => None,
        })
    }

    /// Checks the whole store: the tree from the stored entries, tiles and indexes against them, and everything that
    /// writers were told against all of it. Returns the number of entries.
    pub(super) async fn check(&self, store: &dyn StorageBackend, at: &str) -> u64 {
        let head = patiently!(store.head(), at);
        let size = head.as_ref().map_or(0, |head| head.size.0);
        let log = all(store, Query { index: Some(0..size), ..Query::default() }, at).await;
        assert_eq!(log.len() as u64, size, "{at}: entries");
        let mut ids = HashSet::new();
        for (index, entry) in (0..).zip(&log) {
            assert_eq!(entry.index.0, index, "{at}: the log has a gap");
            assert_eq!(entry.id, tree::leaf_hash(&entry.entry), "{at}: entry {index} does not have its id");
            assert!(ids.insert(entry.id), "{at}: entry {index} is in the log twice");
            let found = patiently!(store.transaction(entry.id), at);
            assert_eq!(found.as_ref(), Some(entry), "{at}: entry {index} by its id");
        }
        let leaves: Vec<[u8; 32]> = log.iter().map(|entry| *entry.id.as_bytes()).collect();
        self.check_heads(head.as_ref(), &tree::roots(&leaves), at);
        for (id, expected) in tree::tiles(0, &leaves) {
            assert_eq!(patiently!(store.tile(id), at), Some(expected), "{at}: {id:?}");
        }
        self.check_fates(&log, at);
        check_indexes(store, &log, at).await;
        for (digest, bytes) in &self.blobs {
            let found = patiently!(store.blob(*digest), at);
            assert!(found.as_ref() == Some(bytes), "{at}: blob {digest} was acknowledged and is not there");
        }
        for (size, text) in &self.cosigned {
            let found = patiently!(store.cosigned(*size), at);
            let expected = Some((*size, text.clone()));
            assert_eq!(found, expected, "{at}: the acknowledged cosigned checkpoint of {size} entries");
        }
        size
    }

    fn check_heads(&self, newest: Option<&Head>, roots: &[RootHash], at: &str) {
        let (largest, last) = (self.heads.keys().next_back().copied().unwrap_or(0), roots.len() as u64 - 1);
        assert!(largest <= last, "{at}: a head of {largest} entries was seen, {last} are there");
        let root = |size: u64| usize::try_from(size).ok().and_then(|size| roots.get(size)).copied();
        for head in self.heads.values().chain(newest) {
            assert_eq!(Some(head.root), root(head.size.0), "{at}: the log is not a continuation of {:?}", head.size);
        }
        if let Some(seen) = self.heads.get(&last) {
            assert_eq!(Some(seen), newest, "{at}: the head is not the one that was acknowledged");
        }
    }

    /// Every batch is where its writer was told, whole; and nobody else wrote.
    fn check_fates(&self, log: &[StoredTransaction], at: &str) {
        let places: BTreeMap<&[u8], u64> = log.iter().map(|stored| (stored.entry.as_slice(), stored.index.0)).collect();
        let mut known = 0;
        for Batch { drafts, fate, .. } in &self.batches {
            let first = drafts.first().and_then(|draft| places.get(draft.entry.as_slice())).copied();
            match (fate, first) {
                (Fate::Acknowledged(index) | Fate::Found(index), found) => {
                    assert_eq!(found, Some(*index), "{at}: an acknowledged entry is not in its place");
                }
                (Fate::Refused, found) => assert_eq!(found, None, "{at}: an entry that the store refused is there"),
                (Fate::Unknown, _) => {}
            }
            for (offset, draft) in (0..).zip(drafts) {
                let stored = first.and_then(|first| log.get(usize::try_from(first + offset).ok()?));
                let expected = first.map(|first| draft.at(first + offset));
                assert_eq!(stored, expected.as_ref(), "{at}: an entry of a batch that is not whole");
                let alone = places.contains_key(draft.entry.as_slice());
                assert_eq!(alone, first.is_some(), "{at}: a batch landed in part");
                known += u64::from(alone);
            }
        }
        assert_eq!(known, log.len() as u64, "{at}: the log holds entries that nobody wrote");
    }
}

/// The indexes answer what a filter over the log answers.
async fn check_indexes(store: &dyn StorageBackend, log: &[StoredTransaction], at: &str) {
    let mut names: Vec<DatasetName> = log.iter().filter_map(|entry| entry.dataset.clone()).collect();
    names.sort();
    names.dedup();
    let time = log.get(log.len() / 3).zip(log.last()).map(|(first, last)| first.recorded_at..last.recorded_at);
    let kinds: Vec<_> = TestLog::kinds().into_iter().map(Some).collect();
    let mut queries = vec![Query { time, ..Query::default() }];
    queries.extend(kinds.iter().cloned().map(|kind| Query { kind, ..Query::default() }));
    for name in &names {
        let dataset = Some(name.clone());
        queries.extend([None, kinds[0].clone()].map(|kind| Query {
            dataset: dataset.clone(),
            kind,
            ..Query::default()
        }));
    }
    let whole = Some(0..log.len() as u64);
    for query in queries {
        let query = Query { index: whole.clone(), ..query };
        let expected: Vec<_> = log.iter().filter(|entry| query.matches(entry)).cloned().collect();
        assert_eq!(all(store, query.clone(), at).await, expected, "{at}: {query:?}");
    }
    let summary = |name: &DatasetName| {
        let entries = || log.iter().filter(|entry| entry.dataset.as_ref() == Some(name));
        let latest = entries().next_back().map_or(LeafIndex(0), |entry| entry.index);
        DatasetSummary { name: name.clone(), transactions: entries().count() as u64, latest }
    };
    let expected: Vec<_> = names.iter().map(summary).collect();
    assert_eq!(patiently!(store.datasets(None, 0), at), expected, "{at}: datasets");
}

async fn all(store: &dyn StorageBackend, query: Query, at: &str) -> Vec<StoredTransaction> {
    let mut pages = store.pages(query);
    let mut found = Vec::new();
    while let Some(page) = patiently!(pages.next(), at) {
        found.extend(page);
    }
    found
}

/// The head of a log of `leaves`, as `writer` signs it in its `attempt`: no two heads are alike.
pub(super) fn head(leaves: &[[u8; 32]], writer: &str, attempt: u64) -> Head {
    let (size, root) = (leaves.len() as u64, tree::root(leaves));
    let checkpoint = format!("trials.example/log\n{size}\n{root}\n\n— {writer} {attempt}\n");
    Head { size: TreeSize(size), root, checkpoint }
}
