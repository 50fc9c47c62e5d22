//! Group commit: entries that are waiting while an append is under way go into the next one together.
//!
//! An append names the head it builds on, so two appends cannot share a sync; two entries in one append do. Each caller puts
//! its entry into a queue. The first one to find nobody leading takes the whole queue, appends it as one batch with one
//! checkpoint, and tells everybody. Nobody waits for company: a caller alone appends alone.
//!
//! The append runs in a task of its own, so that a leader whose future is dropped still tells the others.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, oneshot};
use tracing::Instrument as _;
use zkl_core::{
    storage::{StorageError, StorageErrorKind},
    transaction::StoredTransaction,
};
use zkl_merkle::note::NoteSigner;
use zkl_receipt::SignedEntry;

use crate::{
    entry::Entry,
    error::LedgerError,
    home::Seen,
    log::{Log, Newest},
    store_url::AnyStore,
};

/// Most entries of one batch: what one leader makes the others wait for.
const MAX_BATCH_ENTRIES: usize = 1_024;
/// Bytes of entries after which a batch is closed.
const MAX_BATCH_BYTES: usize = 4 << 20;

/// The one place through which a ledger appends.
pub(crate) struct Appender {
    storage: AnyStore,
    signer: Arc<NoteSigner>,
    seen: Option<Seen>,
    waiting: Mutex<Vec<Waiting>>,
    /// Held by who leads, with what the last batch left.
    lead: Arc<AsyncMutex<Option<Newest>>>,
}

/// An entry that is not yet part of a batch.
struct Waiting {
    entry: SignedEntry,
    done: oneshot::Sender<Result<StoredTransaction, LedgerError>>,
}

impl Appender {
    pub(crate) fn new(storage: AnyStore, signer: Arc<NoteSigner>, seen: Option<Seen>) -> Self {
        Self { storage, signer, seen, waiting: Mutex::default(), lead: Arc::default() }
    }

    /// The same for another way to the store.
    pub(crate) fn over(&self, storage: AnyStore) -> Self {
        Self::new(storage, Arc::clone(&self.signer), self.seen.clone())
    }

    /// Appends `entry`, together with whatever else is waiting. Durable on return.
    ///
    /// When the returned future is dropped, the entry has either not been taken into a batch and never will be, or its batch
    /// lands or fails as a whole.
    ///
    /// # Errors
    /// [`LedgerError::EntryTooLong`] for this entry alone; [`LedgerError::Storage`] and errors about the stored tree for every
    /// entry of the batch.
    pub(crate) async fn append(&self, entry: SignedEntry) -> Result<Entry, LedgerError> {
        let got = entry.envelope().len();
        if got > StoredTransaction::MAX_ENTRY_LEN {
            return Err(LedgerError::EntryTooLong { got, max: StoredTransaction::MAX_ENTRY_LEN });
        }
        let signed = entry.clone();
        let (done, mut answer) = oneshot::channel();
        self.queue().push(Waiting { entry, done });
        let stored = loop {
            tokio::select! {
                // The answer first: who has one need not lead.
                biased;
                told = &mut answer => break told.map_err(|_| LedgerError::AppendCancelled)??,
                lead = Arc::clone(&self.lead).lock_owned() => self.lead(lead),
            }
        };
        Ok(Entry { index: stored.index, id: stored.id, signed })
    }

    /// Appends the next batch in the background. `lead` is held until everybody is told.
    fn lead(&self, mut lead: OwnedMutexGuard<Option<Newest>>) {
        let batch = self.next_batch();
        if batch.is_empty() {
            return;
        }
        let (storage, signer, seen) = (Arc::clone(&self.storage), Arc::clone(&self.signer), self.seen.clone());
        let batch = async move {
            let log = Log { storage: &*storage, signer: &signer, seen: seen.as_ref() };
            append_batch(&log, batch, &mut lead).await;
        };
        // Of all who wait it is the leader's.
        tokio::spawn(batch.in_current_span());
    }

    /// Takes the oldest entries whose callers still wait.
    fn next_batch(&self) -> Vec<Waiting> {
        let mut waiting = self.queue();
        waiting.retain(|waiting| !waiting.done.is_closed());
        let mut bytes = 0;
        let fits = |waiting: &&Waiting| {
            let fits = bytes < MAX_BATCH_BYTES;
            bytes += waiting.entry.envelope().len();
            fits
        };
        let count = waiting.iter().take(MAX_BATCH_ENTRIES).take_while(fits).count();
        waiting.drain(..count).collect()
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        // Pushes and drains leave nothing half done.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Appends `batch` and answers everybody in it.
async fn append_batch(log: &Log<'_>, batch: Vec<Waiting>, newest: &mut Option<Newest>) {
    let (entries, callers): (Vec<_>, Vec<_>) = batch.into_iter().map(|waiting| (waiting.entry, waiting.done)).unzip();
    match log.append(&entries, newest).await {
        Ok(stored) => {
            for (done, stored) in callers.into_iter().zip(stored) {
                // Who no longer waits does not mind.
                let _ = done.send(Ok(stored));
            }
        }
        // Nothing was written. One entry must not spoil the others: each is tried alone, so that its own caller is told.
        Err(LedgerError::Storage(StorageError { kind: StorageErrorKind::Invalid(_), .. })) if entries.len() > 1 => {
            for (done, entry) in callers.into_iter().zip(entries) {
                let alone = log.append(&[entry], newest).await;
                let stored = alone.and_then(|mut stored| stored.pop().ok_or(LedgerError::AppendCancelled));
                let _ = done.send(stored);
            }
        }
        Err(error) => {
            for (done, error) in callers.into_iter().zip(error.for_each_caller(entries.len())) {
                let _ = done.send(Err(error));
            }
        }
    }
}
