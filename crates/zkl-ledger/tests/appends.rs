//! Group commit: what callers who append at once may rely on.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that fails should stop, and trials are counted"
)]

use std::{collections::BTreeMap, env, sync::Arc, time::Duration};

use tempfile::TempDir;
use tokio::task::JoinHandle;
use zkl_ledger::{
    Entry, EntryRef, Ledger, LedgerError,
    circuit::{CircuitId, KeyStore, Setup},
    openings::OpeningStore,
    receipt::{About, CustomRecord, Nonce, Predicate, ProofRecord, SignedEntry},
    storage::{RocksBackend, StorageBackend, StorageError, StorageErrorKind, memory::MemoryBackend},
    transparency::{keys::SigningKey, note::NoteSigner},
    types::Timestamp,
};
use zkl_storage_rocks::RocksConfig;
use zkl_testkit::faults::{Fault, FaultPlan, FaultyBackend, InjectedFault, Operation};

/// A ledger, and the faulty store that it is in.
struct Faulty<S = MemoryBackend> {
    ledger: Ledger,
    store: Arc<FaultyBackend<S>>,
}

impl<S> Faulty<S> {
    fn storage(&self) -> &FaultyBackend<S> {
        &self.store
    }
}

impl<S> std::ops::Deref for Faulty<S> {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        &self.ledger
    }
}

fn signing_key() -> SigningKey {
    SigningKey::from_seed(&[9; 32])
}

/// A ledger whose store follows `plan`. All of them have one key, so that several can share a store.
fn ledger<S: StorageBackend + Clone + 'static>(store: S, plan: FaultPlan) -> (Arc<Faulty<S>>, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let log = NoteSigner::new("example.com/appends".parse().unwrap(), signing_key());
    let keys = KeyStore::open(dir.path().join("keys")).unwrap();
    let openings = OpeningStore::new(dir.path().join("openings"));
    let store = Arc::new(FaultyBackend::new(store, plan));
    let ledger = Ledger::builder().store(Arc::clone(&store)).keys(keys).openings(openings).build(log).unwrap();
    (Arc::new(Faulty { ledger, store }), dir)
}

/// A signed entry that no other one equals, about a dataset that `number` chooses.
fn entry(number: u64) -> SignedEntry {
    let key = signing_key();
    let proof = zkl_core::digest::BlobDigest::of(b"proof");
    let record = CustomRecord {
        about: About::Named(format!("set-{}", number % 5).parse().ok()),
        description: format!("entry {number}"),
        setup: Setup::External,
        public_inputs: Vec::new(),
        proof: ProofRecord::unnamed(
            CircuitId::new("test/append", 1).unwrap(),
            zkl_ledger::circuit::KeyDigest::of(b"key"),
            proof,
        ),
        notary: key.verifying_key(),
        recorded_at: Timestamp(1_700_000_000_000 + number),
        nonce: Nonce::generate().unwrap(),
    };
    SignedEntry::sign(Predicate::Custom(record), &key).unwrap()
}

/// Checks the log from its stored bytes. The entries name two blobs that nobody stored: what is tested is how entries are appended.
async fn verified(ledger: &Ledger) -> Result<zkl_core::tree::TreeSize, LedgerError> {
    for blob in [b"key".as_slice(), b"proof"] {
        for _ in 0..100 {
            if ledger.storage().put_blob(blob).await.is_ok() {
                break;
            }
        }
    }
    ledger.verify_log().await
}

type Answer = Result<Entry, LedgerError>;

/// Callers that all come at once: on a runtime of one thread, the first one leads and the others wait.
fn callers<S: StorageBackend + Clone + 'static>(
    ledger: &Arc<Faulty<S>>,
    entries: impl IntoIterator<Item = SignedEntry>,
) -> Vec<JoinHandle<Answer>> {
    let call = |entry| {
        let ledger = Arc::clone(ledger);
        tokio::spawn(async move { ledger.append(entry).await })
    };
    entries.into_iter().map(call).collect()
}

async fn answers(callers: Vec<JoinHandle<Answer>>) -> Vec<Answer> {
    let mut answers = Vec::new();
    for caller in callers {
        answers.push(caller.await.expect("no caller panics"));
    }
    answers
}

fn storage_error(answer: &Answer) -> &StorageError {
    match answer {
        Err(LedgerError::Storage(error)) => error,
        other => panic!("expected an error of the store, got {other:?}"),
    }
}

#[tokio::test]
async fn entries_that_wait_are_appended_together_in_the_order_in_which_they_came() {
    let (ledger, _dir) = ledger(MemoryBackend::new(), FaultPlan::none());
    let entries: Vec<_> = (0..40).map(entry).collect();
    let answers = answers(callers(&ledger, entries.clone())).await;
    for (index, (answer, sent)) in (0..).zip(answers.into_iter().zip(entries)) {
        let entry = answer.unwrap();
        assert_eq!((entry.index.0, entry.id, entry.signed.envelope()), (index, sent.id(), sent.envelope()));
        assert_eq!(ledger.entry(EntryRef::Index(entry.index)).await.unwrap().id, sent.id());
    }
    assert_eq!(ledger.storage().calls(Operation::Append), 2, "one for the leader and one for all others");
    assert_eq!(verified(&ledger).await.unwrap().0, 40);
}

#[tokio::test]
async fn a_caller_alone_is_appended_alone_and_at_once() {
    let (ledger, _dir) = ledger(MemoryBackend::new(), FaultPlan::none());
    for number in 0..5 {
        assert_eq!(ledger.append(entry(number)).await.unwrap().index.0, number);
        assert_eq!(ledger.storage().calls(Operation::Append), number + 1);
    }
}

#[tokio::test]
async fn a_batch_is_bounded_in_entries_and_in_bytes() {
    let (ledger, _dir) = ledger(MemoryBackend::new(), FaultPlan::none());
    let all = answers(callers(&ledger, (0..1_500).map(entry))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(ledger.storage().calls(Operation::Append), 3, "batches of 1, 1,024 and 475 entries");

    let long = |number| {
        let key = signing_key();
        let short = entry(number);
        let Predicate::Custom(record) = short.predicate().clone() else { unreachable!() };
        let record = CustomRecord { description: "x".repeat(40_000), ..record };
        SignedEntry::sign(Predicate::Custom(record), &key).unwrap()
    };
    let bytes = long(0).envelope().len();
    assert!(bytes > 50_000, "{bytes}");
    let all = answers(callers(&ledger, (0..151).map(long))).await;
    assert!(all.iter().all(Result::is_ok));
    let batches = 1 + 150_usize.div_ceil((4_usize << 20).div_ceil(bytes));
    assert_eq!(ledger.storage().calls(Operation::Append), 3 + batches as u64, "batches of 4 MiB");
    assert_eq!(verified(&ledger).await.unwrap().0, 1_651);
}

#[tokio::test]
async fn an_error_reaches_every_caller_of_the_batch_and_nobody_else() {
    for persisted in [false, true] {
        let fault = Fault::TimeOut { persisted };
        let (ledger, _dir) = ledger(MemoryBackend::new(), FaultPlan::none().with(Operation::Append, 1, fault));
        let mut answers = answers(callers(&ledger, (0..20).map(entry))).await;
        assert_eq!(answers.remove(0).unwrap().index.0, 0, "the leader's own batch had no fault");
        for answer in &answers {
            let error = storage_error(answer);
            assert_eq!((&error.kind, error.retryable), (&StorageErrorKind::Timeout, true));
            let cause = error.source.as_ref().expect("a cause").to_string();
            assert_eq!(cause, InjectedFault { operation: Operation::Append, call: 1, fault }.to_string());
        }
        let size = if persisted { 20 } else { 1 };
        assert_eq!(verified(&ledger).await.unwrap().0, size);
        assert_eq!(ledger.append(entry(99)).await.unwrap().index.0, size);
    }
}

#[tokio::test]
async fn an_error_about_the_stored_tree_reaches_every_caller_too() {
    let (ledger, _dir) = ledger(MemoryBackend::new(), FaultPlan::none());
    ledger.append(entry(0)).await.unwrap();
    // A ledger of another name at the same store: the head is not one that it signed.
    let foreign = NoteSigner::new("example.com/other".parse().unwrap(), signing_key());
    let dir = tempfile::tempdir().unwrap();
    let keys = KeyStore::open(dir.path().join("keys")).unwrap();
    let store = FaultyBackend::new(ledger.storage().inner().clone(), FaultPlan::none());
    let openings = OpeningStore::new(dir.path().join("openings"));
    let store = Arc::new(store);
    let builder = Ledger::builder().store(Arc::clone(&store)).keys(keys).openings(openings);
    let other = Arc::new(Faulty { ledger: builder.build(foreign).unwrap(), store });
    let answers = answers(callers(&other, (1..6).map(entry))).await;
    assert!(matches!(answers[0], Err(LedgerError::Checkpoint(_))), "{:?}", answers[0]);
    for answer in &answers[1..] {
        let Err(LedgerError::Batch(error)) = answer else { panic!("{answer:?}") };
        assert!(matches!(**error, LedgerError::Checkpoint(_)), "{error:?}");
    }
    assert_eq!(verified(&ledger).await.unwrap().0, 1);
}

#[tokio::test]
async fn an_entry_that_is_in_the_log_already_does_not_spoil_those_beside_it() {
    let (ledger, _dir) = ledger(MemoryBackend::new(), FaultPlan::none());
    let old = entry(0);
    ledger.append(old.clone()).await.unwrap();
    let twin = entry(1);
    let entries = [entry(2), old, entry(3), twin.clone(), twin, entry(4)];
    let answers = answers(callers(&ledger, entries)).await;
    let indices: Vec<_> = answers.iter().map(|answer| answer.as_ref().ok().map(|entry| entry.index.0)).collect();
    assert_eq!(indices, [Some(1), None, Some(2), Some(3), None, Some(4)]);
    for refused in [&answers[1], &answers[4]] {
        assert!(matches!(storage_error(refused).kind, StorageErrorKind::Invalid(_)), "{refused:?}");
    }
    assert_eq!(verified(&ledger).await.unwrap().0, 5);
}

#[tokio::test]
async fn a_leader_that_is_dropped_leaves_nobody_waiting() {
    let delay = Fault::Delay(Duration::from_millis(40));
    let (ledger, _dir) = ledger(MemoryBackend::new(), FaultPlan::none().with(Operation::Append, 0, delay));
    let mut callers = callers(&ledger, (0..10).map(entry));
    while ledger.storage().calls(Operation::Append) == 0 {
        tokio::task::yield_now().await;
    }
    let leader = callers.remove(0);
    leader.abort();
    assert!(leader.await.is_err_and(|error| error.is_cancelled()));
    for (index, answer) in (1..).zip(answers(callers).await) {
        assert_eq!(answer.unwrap().index.0, index, "the leader's entry was under way and came first");
    }
    assert_eq!(verified(&ledger).await.unwrap().0, 10);
}

#[tokio::test]
async fn an_entry_whose_caller_left_before_its_turn_is_not_appended() {
    let delay = Fault::Delay(Duration::from_millis(40));
    let (ledger, _dir) = ledger(MemoryBackend::new(), FaultPlan::none().with(Operation::Append, 0, delay));
    let entries: Vec<_> = (0..10).map(entry).collect();
    let mut callers = callers(&ledger, entries.clone());
    while ledger.storage().calls(Operation::Append) == 0 {
        tokio::task::yield_now().await;
    }
    callers.remove(4).abort();
    assert!(answers(callers).await.iter().all(Result::is_ok));
    assert_eq!(verified(&ledger).await.unwrap().0, 9);
    let gone = ledger.entry(EntryRef::Id(entries[4].id())).await;
    assert!(matches!(gone, Err(LedgerError::UnknownEntry { .. })), "{gone:?}");
}

#[tokio::test]
async fn a_ledger_without_its_key_does_not_append() {
    let dir = tempfile::tempdir().unwrap();
    let log = NoteSigner::new("example.com/appends".parse().unwrap(), signing_key()).verifier();
    let keys = KeyStore::open(dir.path().join("keys")).unwrap();
    let openings = OpeningStore::new(dir.path().join("openings"));
    let builder = Ledger::builder().store(MemoryBackend::new()).keys(keys).openings(openings);
    let ledger = builder.build_read_only(log).unwrap();
    assert!(matches!(ledger.append(entry(0)).await, Err(LedgerError::ReadOnly)));
}

#[tokio::test]
async fn tiles_are_loaded_again_only_after_another_writer_or_a_fault() {
    let store = MemoryBackend::new();
    let fault = Fault::Fail { persisted: true };
    let (ledger, _dir) = ledger(store.clone(), FaultPlan::none().with(Operation::Append, 3, fault));
    let loads = || ledger.storage().calls(Operation::Tile);
    for number in 0..3 {
        ledger.append(entry(number)).await.unwrap();
        assert_eq!(loads(), 0, "the empty tree and what this ledger appended itself");
    }
    // This one lands, but the ledger does not know.
    assert!(ledger.append(entry(3)).await.is_err());
    assert_eq!(ledger.append(entry(4)).await.unwrap().index.0, 4);
    let after_fault = loads();
    assert!(after_fault > 0);
    let (other, _other_dir) = self::ledger(store, FaultPlan::none());
    assert_eq!(other.append(entry(5)).await.unwrap().index.0, 5);
    assert_eq!(ledger.append(entry(6)).await.unwrap().index.0, 6);
    assert!(loads() > after_fault);
    assert_eq!(verified(&ledger).await.unwrap().0, 7);
}

/// Ledgers over one store, as processes that share it: one linear history, no loss, no duplicate.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ledgers_that_share_a_store_write_one_history() {
    const LEDGERS: u64 = 3;
    const ENTRIES: u64 = 60;
    let store = MemoryBackend::new();
    let ledgers: Vec<_> = (0..LEDGERS).map(|_| ledger(store.clone(), FaultPlan::none())).collect();
    let calls = ledgers.iter().map(|(ledger, _)| callers(ledger, (0..ENTRIES).map(entry)));
    let mut indices = Vec::new();
    for calls in calls.collect::<Vec<_>>() {
        indices.extend(answers(calls).await.into_iter().map(|answer| answer.unwrap().index.0));
    }
    indices.sort_unstable();
    assert_eq!(indices, (0..LEDGERS * ENTRIES).collect::<Vec<_>>());
    assert_eq!(verified(&ledgers[0].0).await.unwrap().0, LEDGERS * ENTRIES);
}

/// Callers at a store with faults everywhere. Whoever was told an index finds the entry there; who was told of an error
/// finds it once or not at all; the log verifies from its stored bytes; and it goes on.
async fn ledger_trial<S: StorageBackend + Clone + 'static>(store: S, trial: u64) -> [usize; 4] {
    // One fault is certain, so that a few trials see both outcomes.
    let first = Fault::TimeOut { persisted: trial.is_multiple_of(2) };
    let plan = FaultPlan::none().everywhere(trial, 60).with(Operation::Append, trial % 3, first);
    let (ledger, _dir) = ledger(store, plan);
    let mut told: BTreeMap<u64, SignedEntry> = BTreeMap::new();
    let mut untold = Vec::new();
    for round in 0..3 {
        let entries: Vec<_> = (0..12).map(|number| entry(round * 12 + number)).collect();
        for (answer, sent) in answers(callers(&ledger, entries.clone())).await.into_iter().zip(entries) {
            match answer {
                Ok(entry) => assert!(told.insert(entry.index.0, sent).is_none(), "trial {trial}: an index twice"),
                Err(LedgerError::Storage(error)) => {
                    assert!(error.retryable || error.source.is_some() || error.kind == StorageErrorKind::Poisoned);
                    untold.push(sent);
                }
                // Stale tiles under a fresh head: the ledger refuses to build on them.
                Err(LedgerError::Tree(_) | LedgerError::Batch(_)) => untold.push(sent),
                Err(error) => panic!("trial {trial}: {error:?}"),
            }
        }
        ledger.storage().reopen();
    }
    ledger.storage().settle().await;
    ledger.storage().set_plan(FaultPlan::none());
    let size = verified(&ledger).await.unwrap().0;
    for (index, sent) in &told {
        let stored = ledger.entry(EntryRef::Id(sent.id())).await.unwrap();
        assert_eq!(stored.index.0, *index, "trial {trial}");
    }
    let mut landed = 0;
    for sent in &untold {
        landed += usize::from(ledger.entry(EntryRef::Id(sent.id())).await.is_ok());
    }
    assert_eq!(size, (told.len() + landed) as u64, "trial {trial}: the log holds what somebody appended");
    assert_eq!(ledger.append(entry(1_000)).await.unwrap().index.0, size, "trial {trial}");
    [told.len(), untold.len(), landed, ledger.storage().injected().len()]
}

fn trials(default: u64) -> u64 {
    env::var("ZKL_FAULT_TRIALS").map_or(default, |text| text.parse().unwrap())
}

fn report(store: &str, trials: u64, counts: &[[usize; 4]]) {
    let sum = |which: usize| counts.iter().map(|counts| counts[which]).sum::<usize>();
    println!(
        "{store}: {trials} trials of group commit, {} faults: {} entries acknowledged and there, {} failed, of which {} \
         had landed whole",
        sum(3),
        sum(0),
        sum(1),
        sum(2),
    );
    assert!(trials < 10 || (sum(2) > 0 && sum(1) > sum(2)), "both outcomes of a failed append occur");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn group_commit_survives_faults_in_memory() {
    let trials = trials(60);
    let mut counts = Vec::new();
    for trial in 0..trials {
        counts.push(ledger_trial(MemoryBackend::new(), trial).await);
    }
    report("memory", trials, &counts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn group_commit_survives_faults_over_rocksdb() {
    let trials = trials(12);
    let mut counts = Vec::new();
    for trial in 0..trials {
        let dir = tempfile::tempdir().unwrap();
        let store = RocksBackend::create(dir.path(), &RocksConfig::default()).unwrap();
        counts.push(ledger_trial(store, trial).await);
    }
    report("rocks", trials, &counts);
}
