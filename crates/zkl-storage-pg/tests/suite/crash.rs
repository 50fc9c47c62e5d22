//! Servers, connections and processes that die while appends are under way.
//!
//! `ZKL_PG_SERVER_KILLS` (4 by default), `ZKL_PG_CONNECTION_KILLS` (60) and `ZKL_PG_PROCESS_KILLS` (6) set the numbers of trials,
//! `ZKL_PG_SEED` the seed of their moments.

use std::{
    env,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::{
    digest::BlobDigest,
    storage::{StorageBackend, StorageBackendExt, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_pg::PgBackend;
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    log::TestLog,
    postgres::{Server, ServerConfig, shared},
};

use crate::support::{config, fresh, number, reopen_verify_append};

const LOG: TestLog = TestLog::salted(67);
const URL: &str = "ZKL_PG_CRASH_URL";
/// A ledger of this size is replaced by a new one, so that trials stay short.
const LONGEST: u64 = 2_000;
const WRITERS: usize = 3;

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(number("ZKL_PG_SEED", 1))
}

fn batch_len(size: u64) -> u64 {
    1 + size % 3
}

fn blob(size: u64) -> Vec<u8> {
    size.to_be_bytes().repeat(1 + (size as usize * 37) % 4_000)
}

/// What several writers have done.
#[derive(Default)]
struct Tally {
    acknowledged: AtomicU64,
    appends: AtomicU64,
    poisoned: AtomicU64,
    failed: AtomicU64,
}

/// Appends until it is told to stop, as a service would: it opens the ledger again when the handle is poisoned, and otherwise goes on.
async fn write(url: String, stop: Arc<AtomicBool>, tally: Arc<Tally>) {
    let open = async || loop {
        match PgBackend::open(&url, &config()).await {
            Ok(backend) => return backend,
            Err(error) => assert!(error.retryable, "{error:?}"),
        }
    };
    let mut backend = open().await;
    while !stop.load(Ordering::Acquire) {
        let Ok(size) = backend.size().await else {
            continue;
        };
        let size = size.0;
        match backend.append(TreeSize(size), LOG.batch(size, batch_len(size))).await {
            Ok(()) => {
                tally.acknowledged.fetch_max(size + batch_len(size), Ordering::AcqRel);
                tally.appends.fetch_add(1, Ordering::AcqRel);
            }
            Err(error) => match &error.kind {
                StorageErrorKind::Conflict { .. } => {}
                // Of this append the outcome is unknown, and the next one would be refused.
                StorageErrorKind::Io | StorageErrorKind::Poisoned => {
                    tally.poisoned.fetch_add(1, Ordering::AcqRel);
                    backend = open().await;
                }
                StorageErrorKind::Unavailable | StorageErrorKind::Timeout => {
                    tally.failed.fetch_add(1, Ordering::AcqRel);
                }
                _ => panic!("{error:?}"),
            },
        }
    }
}

#[test]
fn a_server_killed_during_commits_loses_nothing_that_was_acknowledged() {
    let trials = number("ZKL_PG_SERVER_KILLS", 4);
    let server = Server::start(ServerConfig::default()).unwrap();
    let mut rng = rng();
    let tally = Arc::new(Tally::default());
    let mut in_flight = 0;
    block_on(async {
        let mut url = server.fresh_url();
        PgBackend::create(&url, &config()).await.unwrap();
        for trial in 0..trials {
            let stop = Arc::new(AtomicBool::new(false));
            let before = tally.acknowledged.load(Ordering::Acquire);
            let writers: Vec<_> =
                (0..WRITERS).map(|_| tokio::spawn(write(url.clone(), Arc::clone(&stop), Arc::clone(&tally)))).collect();
            // Somewhere behind the first append of this trial.
            while tally.acknowledged.load(Ordering::Acquire) == before {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            tokio::time::sleep(Duration::from_micros(u64::from(rng.next_u32() % 100_000))).await;
            tokio::task::block_in_place(|| server.kill()).unwrap();
            let at_kill = tally.acknowledged.load(Ordering::Acquire);
            tokio::task::block_in_place(|| server.start_again()).unwrap();
            // Half of the time the same handles go on before they are stopped.
            if trial.is_multiple_of(2) {
                while tally.acknowledged.load(Ordering::Acquire) == at_kill {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
            stop.store(true, Ordering::Release);
            for writer in writers {
                writer.await.unwrap();
            }
            let acknowledged = tally.acknowledged.load(Ordering::Acquire);
            let size = reopen_verify_append(&url, LOG, acknowledged, &format!("trial {trial}")).await;
            in_flight += u64::from(size - 1 > acknowledged);
            tally.acknowledged.store(size, Ordering::Release);
            if size > LONGEST {
                url = server.fresh_url();
                PgBackend::create(&url, &config()).await.unwrap();
                tally.acknowledged.store(0, Ordering::Release);
            }
        }
    });
    println!(
        "{trials} kills of the server: {} appends acknowledged, none missing; {in_flight} landed without an answer, {} handles \
         were poisoned, {} calls failed",
        tally.appends.load(Ordering::Acquire),
        tally.poisoned.load(Ordering::Acquire),
        tally.failed.load(Ordering::Acquire),
    );
}

#[test]
fn connections_ended_by_an_administrator_lose_nothing_that_was_acknowledged() {
    let trials = number("ZKL_PG_CONNECTION_KILLS", 60);
    block_on(async {
        let (url, _) = fresh().await;
        let name = zkl_testkit::postgres::fresh_name();
        let named = format!("{url}&application_name={name}");
        let (stop, tally) = (Arc::new(AtomicBool::new(false)), Arc::new(Tally::default()));
        let writers: Vec<_> =
            (0..WRITERS).map(|_| tokio::spawn(write(named.clone(), Arc::clone(&stop), Arc::clone(&tally)))).collect();
        while tally.appends.load(Ordering::Acquire) == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // Each round ends every connection that is in a transaction at that moment.
        let sql = format!(
            "create temp table ended (n bigint); \
             do $$ declare ended bigint := 0; now bigint; begin while ended < {trials} loop \
             perform pg_stat_clear_snapshot(); \
             select count(*) into now from (select pg_terminate_backend(pid) as gone from pg_stat_activity \
             where application_name = '{name}' and backend_xid is not null) t where gone; ended := ended + now; \
             perform pg_sleep(random() * 0.02); end loop; insert into ended values (ended); end $$; select n from ended"
        );
        let ended = tokio::task::spawn_blocking(move || shared().psql("postgres", &sql)).await.unwrap().unwrap();
        stop.store(true, Ordering::Release);
        for writer in writers {
            writer.await.unwrap();
        }
        let acknowledged = tally.acknowledged.load(Ordering::Acquire);
        let size = reopen_verify_append(&url, LOG, acknowledged, "ended connections").await;
        println!(
            "{} connections ended inside a transaction: {} appends acknowledged, {size} entries, none missing; {} calls failed",
            ended.trim(),
            tally.appends.load(Ordering::Acquire),
            tally.failed.load(Ordering::Acquire),
        );
        assert_eq!(tally.poisoned.load(Ordering::Acquire), 0, "every outcome could be found out");
    });
}

fn child(url: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::child_appends_until_it_is_killed", "--ignored", "--nocapture"])
        .env(URL, url)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "the child of the other tests; does nothing by itself"]
fn child_appends_until_it_is_killed() {
    let Ok(url) = env::var(URL) else {
        return;
    };
    block_on(async {
        let backend = PgBackend::connect(&url, &config()).await.unwrap();
        let mut size = backend.size().await.unwrap().0;
        loop {
            backend.put_blob(&blob(size)).await.unwrap();
            println!("\nblob {size}");
            let count = batch_len(size);
            match backend.append(TreeSize(size), LOG.batch(size, count)).await {
                Ok(()) => size += count,
                // The server was still ending the transaction of a child that was killed.
                Err(error) if matches!(error.kind, StorageErrorKind::Conflict { .. }) => {
                    size = backend.size().await.unwrap().0;
                    continue;
                }
                Err(error) => panic!("{error:?}"),
            }
            println!("\nsize {size}");
        }
    });
}

/// The last number behind `word` in `text`.
fn last(text: &str, word: &str) -> Option<u64> {
    text.lines().rev().find_map(|line| line.strip_prefix(word)?.trim().parse().ok())
}

#[test]
fn a_killed_writer_process_loses_nothing_that_was_acknowledged_and_blocks_nobody() {
    let trials = number("ZKL_PG_PROCESS_KILLS", 6);
    let mut rng = rng();
    let mut url = shared().fresh_url();
    let (mut known, mut appends, mut in_flight) = (0, 0, 0);
    for trial in 0..trials {
        let mut child = child(&url);
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (progress, steps) = mpsc::channel();
        let output = thread::spawn(move || {
            let mut text = String::new();
            for line in stdout.lines().map(Result::unwrap) {
                if line.starts_with("blob ") || line.starts_with("size ") {
                    // The parent may have stopped listening.
                    let _ = progress.send(());
                }
                text = text + &line + "\n";
            }
            text
        });
        // One kill in four comes while the ledger is opened or made, the others after some steps, however fast the machine is.
        let wanted = if trial.is_multiple_of(4) { 0 } else { 1 + rng.next_u32() % 8 };
        for _ in 0..wanted {
            let _ = steps.recv_timeout(Duration::from_secs(60));
        }
        thread::sleep(Duration::from_micros(u64::from(rng.next_u32() % 20_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let text = output.join().unwrap();
        assert!(!text.contains("panicked"), "trial {trial}: {text}");

        let acknowledged = last(&text, "size ").unwrap_or(known);
        block_on(async {
            let backend = match PgBackend::open(&url, &config()).await {
                Ok(backend) => backend,
                Err(error) => {
                    // Killed while the ledger was being made, before anything was acknowledged.
                    assert_eq!((error.kind, acknowledged), (StorageErrorKind::NotFound, 0), "trial {trial}");
                    return;
                }
            };
            // The server may not have noticed yet: appending waits for the transaction of the dead, if it holds the head.
            let mut size = backend.size().await.unwrap().0;
            while let Err(error) = backend.append(TreeSize(size), LOG.batch(size, 1)).await {
                assert!(matches!(error.kind, StorageErrorKind::Conflict { .. }), "trial {trial}: {error:?}");
                size = backend.size().await.unwrap().0;
            }
            let possible = [acknowledged, acknowledged + batch_len(acknowledged)];
            assert!(possible.contains(&size), "trial {trial}: {size} entries, {acknowledged} acknowledged");
            assert_holds(&backend, LOG, size + 1).await;
            if let Some(written) = last(&text, "blob ") {
                let stored = backend.blob(BlobDigest::of(&blob(written))).await.unwrap();
                assert!(stored == Some(blob(written)), "trial {trial}: blob {written}");
            }
            appends += u64::from(size > known);
            in_flight += u64::from(size > acknowledged);
            known = size + 1;
        });
        if known > LONGEST {
            url = shared().fresh_url();
            known = 0;
        }
    }
    println!("{trials} kills of a writer: {appends} after appends, {in_flight} with an append in flight that landed");
    assert!(appends > 0, "no child came to append: the moments are too early");
}
