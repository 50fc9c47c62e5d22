//! Concurrent callers of one ledger: entries per second, what each caller waits, and how many appends it took.

use std::{error::Error, path::Path, sync::Arc, time::Duration};

use zkl_core::{
    digest::{BlobDigest, KeyDigest},
    storage::StorageBackend,
    time::Timestamp,
};
use zkl_ledger::{
    Ledger, LedgerError,
    circuit::{CircuitId, KeyStore, Setup},
    openings::OpeningStore,
    receipt::{About, CustomRecord, Nonce, Predicate, ProofRecord, SignedEntry},
    transparency::{keys::SigningKey, note::NoteSigner},
};
use zkl_testkit::faults::{FaultPlan, FaultyBackend, Operation};

use crate::clock::{Clock, Spent};

/// Characters of the description that bring an envelope to about 2,000 bytes: a typical entry.
const DESCRIPTION_LEN: usize = 800;

/// What a number of callers achieved.
#[derive(Clone, Debug)]
pub struct GroupCommit {
    /// Callers, each of which appended one entry after the other.
    pub callers: u64,
    /// Entries appended.
    pub entries: u64,
    /// Bytes of an entry.
    pub entry_len: usize,
    /// Appends of the store that it took.
    pub appends: u64,
    /// Wall and CPU time, signing left aside.
    pub spent: Spent,
    /// What each entry's caller waited.
    pub waits: Vec<Duration>,
}

impl GroupCommit {
    /// Entries per second of wall time.
    pub fn entries_per_second(&self) -> f64 {
        self.entries as f64 / self.spent.wall.as_secs_f64()
    }
}

/// Appends `entries` signed entries to a new ledger over `store` through `callers` concurrent callers. `dir` receives the
/// ledger's other files. Entries are signed before the clock starts; the checkpoint of each append is signed while it runs.
///
/// # Errors
/// Whatever the ledger answers.
pub async fn group_commit<S: StorageBackend + Clone + 'static>(
    store: S,
    dir: &Path,
    callers: u64,
    entries: u64,
) -> Result<GroupCommit, Box<dyn Error>> {
    let key = SigningKey::from_seed(&[1; 32]);
    let share = entries / callers;
    let mut queues = Vec::new();
    for caller in 0..callers {
        let queue: Result<Vec<_>, Box<dyn Error>> = (0..share).map(|n| entry(&key, caller * share + n)).collect();
        queues.push(queue?);
    }
    let entry_len = queues.iter().flatten().next().map_or(0, |entry| entry.envelope().len());
    let log = NoteSigner::new("example.com/bench".parse()?, key);
    let keys = KeyStore::open(dir.join("keys"))?;
    // The injector injects nothing here: it counts the appends.
    let counted = Arc::new(FaultyBackend::new(store, FaultPlan::none()));
    let openings = OpeningStore::new(dir.join("openings"));
    let ledger = Ledger::builder().store(Arc::clone(&counted)).keys(keys).openings(openings).build(log)?;

    let clock = Clock::start();
    let running: Vec<_> = queues
        .into_iter()
        .map(|queue| {
            let ledger = ledger.clone();
            tokio::spawn(async move {
                let mut waits = Vec::with_capacity(queue.len());
                for entry in queue {
                    let start = std::time::Instant::now();
                    ledger.append(entry).await?;
                    waits.push(start.elapsed());
                }
                Ok::<_, LedgerError>(waits)
            })
        })
        .collect();
    let mut waits = Vec::new();
    for caller in running {
        waits.extend(caller.await??);
    }
    let spent = clock.spent();
    let appends = counted.calls(Operation::Append);
    Ok(GroupCommit { callers, entries: share * callers, entry_len, appends, spent, waits })
}

fn entry(key: &SigningKey, number: u64) -> Result<SignedEntry, Box<dyn Error>> {
    let proof = BlobDigest::of(b"proof");
    let record = CustomRecord {
        about: About::Named(format!("set-{}", number % 7).parse().ok()),
        description: format!("{number:0>DESCRIPTION_LEN$}"),
        setup: Setup::External,
        public_inputs: Vec::new(),
        proof: ProofRecord::unnamed(CircuitId::new("bench/append", 1)?, KeyDigest::of(b"key"), proof),
        notary: key.verifying_key(),
        recorded_at: Timestamp(1_700_000_000_000 + number),
        nonce: Nonce::generate()?,
    };
    Ok(SignedEntry::sign(Predicate::Custom(record), key)?)
}
