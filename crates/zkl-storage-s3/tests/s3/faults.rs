//! Several writers under random faults, of the network and of the contract: nothing acknowledged is lost, nothing forks.
//!
//! `ZKL_S3_TRIALS` sets the number of append attempts of each of the tests that count attempts (150 by default), `ZKL_S3_SEED` their seed;
//! `ZKL_FAULT_TRIALS` the number of the trials that all stores have in common (each method with each fault once by default).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::{
    storage::{Query, StorageBackend, StorageBackendExt, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_s3::{S3Backend, S3Config};
use zkl_testkit::{
    conformance::block_on,
    crash::number,
    faults::{Fault, FaultPlan, FaultyBackend, Operation},
    http_proxy::HttpFault,
    log::TestLog,
    trials::FaultTrials,
};

use crate::support::{CEPH, Ledgers, Proxied};

const WRITERS: u64 = 3;

/// An append that was tried. Each has a salt of its own, so that its entries are like no others.
struct Attempt {
    from: u64,
    count: u64,
    acknowledged: bool,
}

/// What the writers have done so far.
#[derive(Default)]
struct History {
    attempts: BTreeMap<u64, Attempt>,
}

/// Appends until the attempts are used up, or the handle is poisoned.
async fn write(backend: &dyn StorageBackend, history: &Mutex<History>, attempts: u64) {
    loop {
        let size = backend.size().await.map(|size| size.0);
        let (salt, from, count) = {
            let mut history = history.lock().unwrap();
            let number = history.attempts.len() as u64;
            if number >= attempts {
                return;
            }
            let Ok(size) = size else {
                continue;
            };
            let (salt, count) = (10_000 + number, 1 + number % 17);
            history.attempts.insert(salt, Attempt { from: size, count, acknowledged: false });
            (salt, size, count)
        };
        match backend.append(TreeSize(from), TestLog::salted(salt).batch(from, count)).await {
            Ok(()) => history.lock().unwrap().attempts.get_mut(&salt).unwrap().acknowledged = true,
            Err(error) => match error.kind {
                StorageErrorKind::Poisoned => return,
                StorageErrorKind::Conflict { .. }
                | StorageErrorKind::Unavailable
                | StorageErrorKind::Timeout
                | StorageErrorKind::Io => {}
                _ => panic!("{error:?}"),
            },
        }
    }
}

fn are_used_up(history: &Mutex<History>, attempts: u64) -> bool {
    history.lock().unwrap().attempts.len() as u64 >= attempts
}

/// Reads the whole log: it must consist of whole attempts, with every acknowledged one at its place.
async fn check(backend: &dyn StorageBackend, history: &History) -> (usize, usize) {
    let mut entries = Vec::new();
    let mut pages = backend.pages(Query::default());
    while let Some(page) = pages.next().await.unwrap() {
        entries.extend(page);
    }
    let size = backend.size().await.unwrap().0;
    assert_eq!(entries.len() as u64, size);
    let (mut landed, mut unacknowledged, mut covered) = (0, 0, 0);
    for (salt, attempt) in &history.attempts {
        let log = TestLog::salted(*salt);
        let present = backend.transaction(log.transaction(attempt.from).id).await.unwrap().is_some();
        assert!(present || !attempt.acknowledged, "an acknowledged append is gone");
        if present {
            for index in attempt.from..attempt.from + attempt.count {
                assert_eq!(entries[index as usize], log.transaction(index), "a part of an append");
            }
            landed += 1;
            covered += attempt.count;
            unacknowledged += usize::from(!attempt.acknowledged);
        }
    }
    assert_eq!(covered, size, "entries that nobody appended");
    let last = history.attempts.iter().find(|(salt, attempt)| {
        attempt.from + attempt.count == size
            && entries.last().is_some_and(|entry| *entry == TestLog::salted(**salt).transaction(size - 1))
    });
    let head = backend.head().await.unwrap();
    assert_eq!(head, last.map(|(salt, _)| TestLog::salted(*salt).head(size)), "the head of the last append");
    (landed, unacknowledged)
}

/// Writers with handles of their own, as processes that share a bucket. Ledgers are short, because every request takes milliseconds.
#[test]
fn faults_lose_nothing_and_fork_nothing() {
    let trials = FaultTrials { longest: 40, ..FaultTrials::from_env() };
    println!("{}", block_on(trials.run_shared(&Ledgers(&CEPH))));
}

#[test]
fn writers_under_random_network_faults_neither_lose_nor_fork() {
    let (trials, seed) = (number("ZKL_S3_TRIALS", 150), number("ZKL_S3_SEED", 1));
    block_on(async {
        let (proxied, _) = Proxied::new().await;
        let config = S3Config {
            attempt_timeout: Duration::from_millis(600),
            settle_timeout: Duration::from_millis(1_500),
            max_attempts: 2,
            ..proxied.config()
        };
        let rng = Mutex::new(ChaCha8Rng::seed_from_u64(seed));
        let injected = Arc::new(Mutex::new(0_u64));
        let count = Arc::clone(&injected);
        proxied.proxy.set_rule(move |_| {
            let draw = rng.lock().unwrap().next_u32();
            if draw % 1_000 >= 120 {
                return None;
            }
            *count.lock().unwrap() += 1;
            let millis = u64::from(draw >> 20) % 900;
            Some(match (draw >> 10) % 8 {
                0 => HttpFault::LoseRequest,
                1 | 2 => HttpFault::LoseResponse,
                3 => HttpFault::ResetAfterwards,
                4 => HttpFault::DelayRequest(Duration::from_millis(millis)),
                5 => HttpFault::DelayResponse(Duration::from_millis(millis)),
                6 => HttpFault::Refuse(503),
                _ => HttpFault::RefuseAfterwards(500),
            })
        });
        let proxied = Arc::new(proxied);
        let history = Arc::new(Mutex::new(History::default()));
        let writers = (0..WRITERS).map(|_| {
            let (proxied, config, history) = (Arc::clone(&proxied), config.clone(), Arc::clone(&history));
            tokio::spawn(async move {
                while !are_used_up(&history, trials) {
                    if let Ok(backend) = S3Backend::open(&proxied.url(), &config).await {
                        write(&backend, &history, trials).await;
                    }
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        proxied.proxy.forward_everything();
        // Delayed requests may still arrive.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let history = std::mem::take(&mut *history.lock().unwrap());
        let (landed, unacknowledged) = check(&proxied.open_directly().await, &history).await;
        let injected = *injected.lock().unwrap();
        println!(
            "{trials} attempts of {WRITERS} writers, {injected} network faults (seed {seed}): {landed} landed, \
             {unacknowledged} of them without having been acknowledged"
        );
        assert!(landed > 0 && injected > trials / 4);
    });
}

#[test]
fn writers_whose_calls_fail_in_every_way_of_the_contract_neither_lose_nor_fork() {
    let (trials, seed) = (number("ZKL_S3_TRIALS", 150), number("ZKL_S3_SEED", 1));
    let faults = [
        Fault::Fail { persisted: false },
        Fault::Fail { persisted: true },
        Fault::TimeOut { persisted: false },
        Fault::TimeOut { persisted: true },
        Fault::Poison { persisted: false },
        Fault::Poison { persisted: true },
        Fault::Delay(Duration::from_millis(20)),
    ];
    block_on(async {
        let (proxied, _) = Proxied::new().await;
        let history = Arc::new(Mutex::new(History::default()));
        let mut writers = Vec::new();
        for writer in 0..WRITERS {
            let plan = FaultPlan::none().randomly(seed + writer, &Operation::ALL, 250, &faults);
            let backend = FaultyBackend::new(proxied.open_directly().await, plan);
            let history = Arc::clone(&history);
            writers.push(tokio::spawn(async move {
                while !are_used_up(&history, trials) {
                    write(&backend, &history, trials).await;
                    backend.reopen();
                }
                backend.injected().len()
            }));
        }
        let mut injected = 0;
        for writer in writers {
            injected += writer.await.unwrap();
        }
        let history = std::mem::take(&mut *history.lock().unwrap());
        let (landed, unacknowledged) = check(&proxied.open_directly().await, &history).await;
        println!(
            "{trials} attempts of {WRITERS} writers, {injected} injected faults (seed {seed}): {landed} landed, \
             {unacknowledged} of them without having been acknowledged"
        );
        assert!(unacknowledged > 0 && landed > unacknowledged);
    });
}
