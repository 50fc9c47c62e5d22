//! A writer that follows the contract: it looks, appends, and finds out what became of an append that failed.

use std::time::Duration;

use rand_chacha::{ChaCha8Rng, rand_core::RngCore as _};
use zkl_core::{
    digest::BlobDigest,
    storage::{AppendBatch, Query, StorageBackend, StorageError, StorageErrorKind},
    time::Timestamp,
    transaction::StoredTransaction,
    tree::{TileId, TreeSize},
};

use super::{
    history::{Batch, Draft, Fate, History, head},
    patiently,
    report::TrialReport,
    tree,
};
use crate::{
    faults::{Fault, FaultyBackend, InjectedFault},
    log::TestLog,
};

/// Attempts at one batch before the trial counts as stuck.
const ATTEMPTS: u32 = 400;
const LONGEST_BLOB: u32 = 3_000;

/// One writer with a handle of its own.
pub(super) struct Writer<S> {
    pub(super) store: FaultyBackend<S>,
    pub(super) name: String,
    pub(super) rng: ChaCha8Rng,
    pub(super) history: History,
    pub(super) report: TrialReport,
    /// Attempts so far: makes heads distinct.
    attempts: u64,
}

/// What an error of a writing call means to the writer.
enum Failure {
    /// The call may have done its work.
    Open,
    /// The store writes no more until it is reopened, for real.
    Ended { open: bool },
}

impl<S: StorageBackend + Clone + 'static> Writer<S> {
    pub(super) fn new(store: FaultyBackend<S>, name: String, rng: ChaCha8Rng) -> Self {
        let (history, report) = Default::default();
        Self { store, name, rng, history, report, attempts: 0 }
    }

    /// Appends batches of `lens` entries, each with a blob that it names, and reads everything back. `known` is an entry,
    /// and the blob that it names, which was there before.
    pub(super) async fn run(mut self, lens: Vec<u64>, known: Option<(StoredTransaction, BlobDigest)>) -> Self {
        if let Some((entry, blob)) = known {
            self.look_around(&entry, blob).await;
        }
        for (number, len) in (0..).zip(lens) {
            let Some(blob) = self.put_blob(number).await else {
                self.report.stopped += 1;
                break;
            };
            let drafts = self.drafts(number, len, blob);
            let fate = self.append(&drafts).await;
            self.history.batches.push(Batch { drafts: drafts.clone(), blob, fate });
            match fate {
                Fate::Acknowledged(index) => {
                    self.read_back(&drafts, index, blob).await;
                    if !self.cosign(TreeSize(index + len)).await {
                        self.report.stopped += 1;
                        break;
                    }
                }
                // A store may be behind with what it did not acknowledge.
                Fate::Found(_) => {}
                Fate::Unknown | Fate::Refused => {
                    self.report.stopped += 1;
                    break;
                }
            }
        }
        self.store.settle().await;
        let injected = self.store.injected();
        self.report.count_faults(&injected);
        self
    }

    /// Reads what others wrote. A store may be behind with it, but what it shows is right.
    async fn look_around(&self, entry: &StoredTransaction, blob: BlobDigest) {
        let at = self.name.as_str();
        let found = patiently!(self.store.transaction(entry.id), at);
        assert!(found.is_none_or(|found| found == *entry), "{at}: another entry than was asked for");
        let query = Query { index: Some(entry.index.0..entry.index.0 + 1), ..Query::default() };
        let found = patiently!(self.store.find(&query), at);
        assert!(found.iter().all(|found| found == entry), "{at}: another entry than was asked for");
        let found = patiently!(self.store.blob(blob), at);
        assert!(found.is_none_or(|bytes| BlobDigest::of(&bytes) == blob), "{at}: another blob than was asked for");
        let found = patiently!(self.store.cosigned(TreeSize(u64::MAX)), at);
        assert!(found.is_none_or(|(size, text)| text.contains(&format!(" {size}\n"))), "{at}: a text of another size");
        let names = patiently!(self.store.datasets(None, 0), at);
        assert!(names.is_sorted_by(|a, b| a.name < b.name), "{at}: dataset names out of order");
    }

    async fn put_blob(&mut self, number: u64) -> Option<BlobDigest> {
        let mut bytes = vec![0; (self.rng.next_u32() % LONGEST_BLOB) as usize];
        self.rng.fill_bytes(&mut bytes);
        bytes.extend_from_slice(format!("{} {number}", self.name).as_bytes());
        for _ in 0..ATTEMPTS {
            match self.store.put_blob(&bytes).await {
                Ok(digest) => {
                    assert_eq!(digest, BlobDigest::of(&bytes), "{}", self.name);
                    self.history.blobs.push((digest, bytes));
                    return Some(digest);
                }
                Err(error) => match self.failed(error).await {
                    Failure::Open => {}
                    Failure::Ended { .. } => return None,
                },
            }
        }
        self.stuck("put_blob")
    }

    /// Stores what a witness signed for the head of `size`, which this writer appended. False when the store ended writing.
    async fn cosign(&mut self, size: TreeSize) -> bool {
        let text = format!("{} {size}\n", self.name);
        for _ in 0..ATTEMPTS {
            match self.store.put_cosigned(size, &text).await {
                Ok(()) => {
                    let found = patiently!(self.store.cosigned(size), &self.name);
                    assert_eq!(found, Some((size, text.clone())), "{}: a cosigned checkpoint", self.name);
                    self.history.cosigned.push((size, text));
                    return true;
                }
                Err(error) => match self.failed(error).await {
                    Failure::Open => {}
                    Failure::Ended { .. } => return false,
                },
            }
        }
        self.stuck("put_cosigned")
    }

    /// `len` entries that no other batch has.
    fn drafts(&mut self, number: u64, len: u64, blob: BlobDigest) -> Vec<Draft> {
        let (names, kinds) = (TestLog::names(), TestLog::kinds());
        let draft = |part| {
            let (choice, padding) = (self.rng.next_u32() as usize, self.rng.next_u32() % 200);
            let text = format!("{} {number}.{part} {blob} {}", self.name, "x".repeat(padding as usize));
            Draft {
                kind: kinds[choice % kinds.len()].clone(),
                dataset: names.get(choice / 8 % (names.len() + 1)).cloned(),
                recorded_at: Timestamp(1_000 + u64::from(self.rng.next_u32() % 10_000)),
                entry: text.into_bytes(),
            }
        };
        (0..len).map(draft).collect()
    }

    /// Appends until it is known what became of the batch, or the store ends writing.
    async fn append(&mut self, drafts: &[Draft]) -> Fate {
        // Whether an earlier attempt may have landed, or may still.
        let mut open = false;
        for _ in 0..ATTEMPTS {
            if open && let Some(index) = self.landed(drafts).await {
                self.report.landed += 1;
                return Fate::Found(index);
            }
            let Some(leaves) = self.leaves().await else {
                self.report.refused_to_guess += 1;
                continue;
            };
            let (size, batch) = self.batch(leaves, drafts);
            let acknowledged = batch.head.clone();
            match self.store.append(TreeSize(size), batch).await {
                Ok(()) => {
                    self.report.acknowledged += 1;
                    self.report.repeated += u64::from(open);
                    self.history.saw(&acknowledged, &self.name);
                    return Fate::Acknowledged(size);
                }
                Err(StorageError { kind: StorageErrorKind::Conflict { expected, actual }, .. }) => {
                    assert!(expected == size && actual != size, "{}: conflict at {size}: {actual}", self.name);
                    self.report.conflicts += 1;
                    self.pause().await;
                }
                // The store knows the ids of an earlier attempt that landed; the next look may see them too.
                Err(StorageError { kind: StorageErrorKind::Invalid(_), .. }) if open => {
                    self.report.duplicates_refused += 1;
                    self.pause().await;
                }
                Err(error) => match self.failed(error).await {
                    Failure::Open => open = true,
                    Failure::Ended { open: now } => return if open || now { Fate::Unknown } else { Fate::Refused },
                },
            }
        }
        self.stuck("append")
    }

    /// Index of the batch, if the store shows it.
    async fn landed(&self, drafts: &[Draft]) -> Option<u64> {
        let at = self.name.as_str();
        let id = tree::leaf_hash(&drafts.first()?.entry);
        let first = patiently!(self.store.transaction(id), at)?.index.0;
        assert_eq!(drafts[0].at(first).id, id, "{at}: another entry than was asked for");
        Some(first)
    }

    /// The leaves of the newest tree that the store shows; `None` when it does not show all of them.
    async fn leaves(&mut self) -> Option<Vec<[u8; 32]>> {
        let at = self.name.clone();
        let Some(head) = patiently!(self.store.head(), &at) else {
            return Some(Vec::new());
        };
        let mut leaves = Vec::new();
        for index in 0..head.size.0.div_ceil(u64::from(TileId::FULL_WIDTH)) {
            let id = TileId { level: 0, index, width: 0 };
            let id = TileId { width: id.width_in(head.size), ..id };
            leaves.extend_from_slice(patiently!(self.store.tile(id), &at)?.as_chunks::<32>().0);
        }
        assert_eq!(tree::root(&leaves), head.root, "{at}: the tiles do not have the root of the head");
        self.history.saw(&head, &at);
        Some(leaves)
    }

    fn batch(&mut self, mut leaves: Vec<[u8; 32]>, drafts: &[Draft]) -> (u64, AppendBatch) {
        let size = leaves.len() as u64;
        let transactions: Vec<_> = (size..).zip(drafts).map(|(index, draft)| draft.at(index)).collect();
        leaves.extend(transactions.iter().map(|transaction| transaction.id.as_bytes()));
        self.attempts += 1;
        let head = head(&leaves, &self.name, self.attempts);
        (size, AppendBatch { transactions, tiles: tree::tiles(size, &leaves), head })
    }

    /// Decides how to go on after a writing call failed, and checks that a poisoned store refuses to write.
    async fn failed(&mut self, error: StorageError) -> Failure {
        let injected = error.source.as_ref().and_then(|source| source.downcast_ref::<InjectedFault>());
        if matches!(injected, Some(InjectedFault { fault: Fault::Poison { .. }, .. })) {
            let drafts = self.drafts(u64::MAX, 1, BlobDigest::of(b""));
            let (size, batch) = self.batch(Vec::new(), &drafts);
            let refused = [
                self.store.append(TreeSize(size), batch).await.err().map(|error| error.kind),
                self.store.put_blob(b"").await.err().map(|error| error.kind),
                self.store.put_cosigned(TreeSize(1), "").await.err().map(|error| error.kind),
            ];
            assert_eq!(refused, [const { Some(StorageErrorKind::Poisoned) }; 3], "{}", self.name);
            self.report.refused_after_poisoning += 3;
            self.store.reopen();
            return Failure::Open;
        }
        match error.kind {
            StorageErrorKind::Poisoned => Failure::Ended { open: false },
            StorageErrorKind::Io | StorageErrorKind::Full => Failure::Ended { open: true },
            _ => {
                assert!(error.retryable, "{}: {error:?}", self.name);
                self.pause().await;
                Failure::Open
            }
        }
    }

    /// What this handle has acknowledged shows in each of its reads.
    async fn read_back(&self, drafts: &[Draft], index: u64, blob: BlobDigest) {
        let at = self.name.as_str();
        for (index, draft) in (index..).zip(drafts) {
            let expected = draft.at(index);
            let found = patiently!(self.store.transaction(expected.id), at);
            assert_eq!(found.as_ref(), Some(&expected), "{at}: entry {index} by its id");
            let (dataset, kind, index) = (draft.dataset.clone(), Some(draft.kind.clone()), Some(index..index + 1));
            let query = Query { dataset, kind, index, ..Query::default() };
            let found = patiently!(self.store.find(&query), at);
            assert_eq!(found, [expected], "{at}: {query:?}");
        }
        let summaries = patiently!(self.store.datasets(None, 0), at);
        let (last, digest) = (index + drafts.len() as u64 - 1, patiently!(self.store.blob(blob), at));
        if let Some(name) = drafts.last().and_then(|draft| draft.dataset.as_ref()) {
            let shown = summaries.iter().any(|summary| summary.name == *name && summary.latest.0 >= last);
            assert!(shown, "{at}: the summary of {name} does not show entry {last}");
        }
        assert_eq!(digest.map(|bytes| BlobDigest::of(&bytes)), Some(blob), "{at}: blob");
    }

    async fn pause(&mut self) {
        tokio::time::sleep(Duration::from_micros(u64::from(self.rng.next_u32() % 3_000))).await;
    }

    #[expect(clippy::panic, reason = "a suite reports by panicking")]
    fn stuck(&self, what: &str) -> ! {
        panic!("{}: {what} made no progress in {ATTEMPTS} attempts", self.name)
    }
}
