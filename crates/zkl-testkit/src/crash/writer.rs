//! Kills of writing processes.

use std::{
    io::{BufRead as _, BufReader},
    process::Child,
    sync::mpsc,
    thread,
    time::Duration,
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::{
    digest::BlobDigest,
    storage::{StorageBackend as _, StorageBackendExt as _, StorageErrorKind},
    tree::TreeSize,
};

use super::{Ledgers, Workload, child::run_child, number_after};
use crate::conformance::{assert_holds, block_on};

/// What [`kill_writers`] does.
#[derive(Clone, Copy, Debug)]
pub struct Kills {
    /// The name of the test that is the child.
    pub child: &'static str,
    /// What it appends.
    pub work: Workload,
    /// Number of kills.
    pub trials: u64,
    /// Seed of their moments.
    pub seed: u64,
    /// A kill comes after 1 to this many acknowledged writes, however fast the machine is,
    pub steps: u32,
    /// and then after up to this time. One kill in four comes that soon after the start, while the ledger is opened or made.
    pub pause: Duration,
    /// A ledger longer than this is replaced by a new one, so that trials stay short.
    pub longest: u64,
}

/// Kills a writer again and again. Every time all that was acknowledged must be there, with at most the append in flight beside it,
/// whole; and the next writer must be able to go on.
///
/// # Panics
/// When something is missing, or when no child came to append.
#[expect(clippy::print_stdout, clippy::unwrap_used, reason = "trials report like tests")]
pub fn kill_writers<L: Ledgers>(ledgers: &L, kills: &Kills) {
    let Kills { work, trials, seed, .. } = *kills;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut place = ledgers.fresh();
    let (mut known, mut appends, mut in_flight) = (0, 0, 0);
    for trial in 0..trials {
        let steps = if trial.is_multiple_of(4) { 0 } else { 1 + rng.next_u32() % kills.steps };
        let pause = Duration::from_micros(rng.next_u64() % kills.pause.as_micros() as u64);
        let child = run_child(kills.child, &place, ledgers.environment()).unwrap();
        let text = killed(child, steps, pause);
        let at = format!("trial {trial}, seed {seed}: {text}");
        assert!(number_after(&text, "conflict").is_none() || L::LINGERS, "{at}");
        for word in ["\nopen ", "\nfailed ", "panicked"] {
            assert!(!text.contains(word), "{at}");
        }

        let acknowledged = number_after(&text, "size").or(number_after(&text, "conflict")).unwrap_or(known);
        block_on(async {
            let backend = match ledgers.open(&place).await {
                Ok(backend) => backend,
                Err(error) => {
                    // Killed while the ledger was being made, before anything was acknowledged.
                    assert_eq!((error.kind, acknowledged), (StorageErrorKind::NotFound, 0), "{at}");
                    return;
                }
            };
            // Of a writer that lingers, an append may still land.
            let mut size = backend.size().await.unwrap().0;
            while let Err(error) = backend.append(TreeSize(size), work.log.batch(size, 1)).await {
                assert!(L::LINGERS && matches!(error.kind, StorageErrorKind::Conflict { .. }), "{error:?}, {at}");
                size = backend.size().await.unwrap().0;
            }
            let possible = [acknowledged, acknowledged + work.batch_len(acknowledged)];
            assert!(possible.contains(&size), "{size} entries, {acknowledged} acknowledged, {at}");
            assert_holds(&backend, work.log, size + 1).await;
            if let Some(written) = number_after(&text, "blob") {
                let blob = work.blob(written);
                assert!(backend.blob(BlobDigest::of(&blob)).await.unwrap() == Some(blob), "blob {written}, {at}");
            }
            appends += u64::from(size > known);
            in_flight += u64::from(size > acknowledged);
            known = size + 1;
        });
        if known > kills.longest {
            place = ledgers.fresh();
            known = 0;
        }
    }
    println!("{trials} kills (seed {seed}): {appends} after appends, {in_flight} with an append in flight that landed");
    assert!(appends > 0 || trials < 8, "no child came to append: the moments are too early");
}

/// Kills `child` after it has acknowledged some writes, and returns what it said.
#[expect(clippy::unwrap_used, reason = "trials fail like tests")]
fn killed(mut child: Child, steps: u32, pause: Duration) -> String {
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (said, words) = mpsc::channel();
    let output = thread::spawn(move || {
        let mut text = String::new();
        for line in stdout.lines().map(Result::unwrap) {
            if line.starts_with("blob ") || line.starts_with("size ") {
                // The parent may have stopped listening.
                let _ = said.send(());
            }
            text = text + &line + "\n";
        }
        text
    });
    for _ in 0..steps {
        let _ = words.recv_timeout(Duration::from_secs(60));
    }
    thread::sleep(pause);
    child.kill().unwrap();
    child.wait().unwrap();
    output.join().unwrap()
}
