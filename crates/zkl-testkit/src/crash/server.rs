//! Kills of a server under writers of this process.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use tokio::{
    task::{JoinHandle, block_in_place},
    time::sleep,
};
use zkl_core::{
    storage::{StorageBackend as _, StorageBackendExt as _, StorageErrorKind},
    tree::TreeSize,
};

use super::{Ledgers, Workload};
use crate::conformance::{assert_holds, block_on};

const WRITERS: usize = 3;
const GLANCE: Duration = Duration::from_millis(2);

/// What several writers have been told.
#[derive(Debug, Default)]
pub struct Tally {
    /// Entries of the longest log that was acknowledged.
    pub acknowledged: AtomicU64,
    /// Acknowledged appends.
    pub appends: AtomicU64,
    /// Handles that were opened again because the outcome of an append stayed unknown.
    pub reopened: AtomicU64,
    /// Calls that failed and could be repeated.
    pub failed: AtomicU64,
}

impl Tally {
    fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Acquire)
    }

    /// Waits until a log of more than `size` entries is acknowledged.
    pub async fn more_than(&self, size: u64) {
        while self.acknowledged() <= size {
            sleep(GLANCE).await;
        }
    }
}

/// What [`kill_server`] does.
#[derive(Clone, Copy, Debug)]
pub struct ServerKills {
    /// What the writers append; they store no blobs.
    pub work: Workload,
    /// Number of kills.
    pub trials: u64,
    /// Seed of their moments.
    pub seed: u64,
    /// A kill comes at most this long after the first append of its trial.
    pub pause: Duration,
    /// A ledger longer than this is replaced by a new one.
    pub longest: u64,
}

/// Starts writers that append at `place`, as services would, until `stop` is set.
pub fn append_until_told<L: Ledgers>(
    ledgers: &Arc<L>,
    place: &str,
    work: Workload,
    stop: &Arc<AtomicBool>,
    tally: &Arc<Tally>,
) -> Vec<JoinHandle<()>> {
    let write = |_| {
        let (ledgers, stop, tally) = (Arc::clone(ledgers), Arc::clone(stop), Arc::clone(tally));
        let place = place.to_owned();
        tokio::spawn(async move { write(&*ledgers, &place, work, &stop, &tally).await })
    };
    (0..WRITERS).map(write).collect()
}

/// Opens as often as it takes; every failure must be one that may pass.
async fn opened<L: Ledgers>(ledgers: &L, place: &str) -> L::Backend {
    loop {
        match ledgers.open(place).await {
            Ok(backend) => return backend,
            Err(error) => assert!(error.retryable, "{error:?}"),
        }
    }
}

#[expect(clippy::panic, reason = "trials report by panicking")]
async fn write<L: Ledgers>(ledgers: &L, place: &str, work: Workload, stop: &AtomicBool, tally: &Tally) {
    let mut backend = opened(ledgers, place).await;
    while !stop.load(Ordering::Acquire) {
        let appended = match backend.size().await {
            Ok(TreeSize(size)) => {
                let count = work.batch_len(size);
                backend.append(TreeSize(size), work.log.batch(size, count)).await.map(|()| size + count)
            }
            Err(error) => Err(error),
        };
        match appended {
            Ok(size) => {
                tally.acknowledged.fetch_max(size, Ordering::AcqRel);
                tally.appends.fetch_add(1, Ordering::AcqRel);
            }
            Err(error) => match &error.kind {
                StorageErrorKind::Conflict { .. } => {}
                _ if error.retryable => {
                    tally.failed.fetch_add(1, Ordering::AcqRel);
                }
                // Of this append the outcome is unknown, and the next one would be refused.
                StorageErrorKind::Io
                | StorageErrorKind::Unavailable
                | StorageErrorKind::Timeout
                | StorageErrorKind::Poisoned => {
                    tally.reopened.fetch_add(1, Ordering::AcqRel);
                    backend = opened(ledgers, place).await;
                }
                _ => panic!("{error:?}"),
            },
        }
    }
}

/// Kills a server under several writers, again and again, by `kill` and `start_again`. All that was acknowledged must be there.
///
/// # Panics
/// When something is missing.
#[expect(clippy::print_stdout, clippy::unwrap_used, reason = "trials report like tests")]
pub fn kill_server<L: Ledgers>(ledgers: L, kills: &ServerKills, kill: impl Fn(), start_again: impl Fn()) {
    let ServerKills { work, trials, seed, .. } = *kills;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (ledgers, tally) = (Arc::new(ledgers), Arc::new(Tally::default()));
    let mut in_flight = 0;
    block_on(async {
        let mut place = String::new();
        for trial in 0..trials {
            if place.is_empty() || tally.acknowledged() > kills.longest {
                place = ledgers.fresh();
                drop(ledgers.open_or_create(&place).await.unwrap());
                tally.acknowledged.store(0, Ordering::Release);
            }
            let stop = Arc::new(AtomicBool::new(false));
            let before = tally.acknowledged();
            let writers = append_until_told(&ledgers, &place, work, &stop, &tally);
            // Some time after the first append of this trial.
            tally.more_than(before).await;
            sleep(Duration::from_micros(rng.next_u64() % kills.pause.as_micros() as u64)).await;
            block_in_place(&kill);
            let at_kill = tally.acknowledged();
            block_in_place(&start_again);
            // Half of the time the same handles go on before they are stopped.
            if trial.is_multiple_of(2) {
                tally.more_than(at_kill).await;
            }
            stop.store(true, Ordering::Release);
            for writer in writers {
                writer.await.unwrap();
            }
            let backend = opened(&*ledgers, &place).await;
            let (told, size) = (tally.acknowledged(), backend.size().await.unwrap().0);
            assert!(size >= told, "trial {trial}: {size} entries, {told} acknowledged");
            assert_holds(&backend, work.log, size).await;
            let count = work.batch_len(size);
            backend.append(TreeSize(size), work.log.batch(size, count)).await.unwrap();
            in_flight += u64::from(size > told);
            tally.acknowledged.store(size + count, Ordering::Release);
        }
    });
    println!(
        "{trials} kills of the server: {} appends acknowledged, none missing; {in_flight} landed without an answer, {} handles \
         were reopened, {} calls failed",
        tally.appends.load(Ordering::Acquire),
        tally.reopened.load(Ordering::Acquire),
        tally.failed.load(Ordering::Acquire),
    );
}
