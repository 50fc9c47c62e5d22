//! Several processes that write to one ledger.
//!
//! `ZKL_PG_WRITER_ENTRIES` sets the entries in all (400 by default; 10,000 in a long run).

use std::{
    env,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    process::{Command, Stdio},
};

use zkl_core::{
    storage::{AppendBatch, Query, StorageBackend, StorageBackendExt, StorageErrorKind},
    transaction::StoredTransaction,
    tree::{LeafIndex, TreeSize},
};
use zkl_storage_pg::PgBackend;
use zkl_testkit::{conformance::block_on, crash::number, log::TestLog};

use crate::support::{config, fresh};

/// Tiles and heads are functions of the size, whoever writes them.
const LOG: TestLog = TestLog::salted(66);
const WRITERS: u64 = 2;
const URL: &str = "ZKL_PG_WRITER_URL";
const NAME: &str = "ZKL_PG_WRITER_NAME";
const SHARE: &str = "ZKL_PG_WRITER_SHARE";

/// Entry number `count` of the writer `name`, at `index`: no two are alike.
fn entry(name: u64, count: u64, index: u64) -> StoredTransaction {
    StoredTransaction { index: LeafIndex(index), ..TestLog::salted(1_000 + name).transaction(count) }
}

#[test]
#[ignore = "the child of the other test; does nothing by itself"]
fn child_appends_its_share() {
    let Ok(url) = env::var(URL) else {
        return;
    };
    let (name, share) = (number(NAME, 0), number(SHARE, 0));
    block_on(async {
        let backend = PgBackend::open(&url, &config()).await.unwrap();
        println!("\nready");
        io::stdin().read_line(&mut String::new()).unwrap();
        let (mut done, mut conflicts) = (0, 0_u64);
        while done < share {
            let size = backend.size().await.unwrap().0;
            let count = (1 + done % 4).min(share - done);
            let transactions = (0..count).map(|i| entry(name, done + i, size + i)).collect();
            let batch =
                AppendBatch { transactions, tiles: LOG.tiles(size, size + count), head: LOG.head(size + count) };
            match backend.append(TreeSize(size), batch).await {
                Ok(()) => done += count,
                Err(error) => {
                    assert!(matches!(error.kind, StorageErrorKind::Conflict { .. }), "{error:?}");
                    conflicts += 1;
                }
            }
        }
        println!("\nconflicts {conflicts}");
    });
}

#[test]
fn two_processes_make_one_linear_history_without_loss_or_duplicate() {
    let entries = number("ZKL_PG_WRITER_ENTRIES", 400);
    let share = entries / WRITERS;
    block_on(async {
        let (url, backend) = fresh().await;
        let children: Vec<_> = (0..WRITERS)
            .map(|name| {
                Command::new(env::current_exe().unwrap())
                    .args(["--exact", "writers::child_appends_its_share", "--ignored", "--nocapture"])
                    .env(URL, &url)
                    .env(NAME, name.to_string())
                    .env(SHARE, share.to_string())
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        let mut started = Vec::new();
        for mut child in children {
            let mut output = BufReader::new(child.stdout.take().unwrap());
            let mut line = String::new();
            while line != "ready\n" {
                line.clear();
                assert!(output.read_line(&mut line).unwrap() > 0, "a writer did not start");
            }
            started.push((child, output));
        }
        for (child, _) in &mut started {
            child.stdin.take().unwrap().write_all(b"go\n").unwrap();
        }
        let mut conflicts = Vec::new();
        for (mut child, mut output) in started {
            let mut text = String::new();
            output.read_to_string(&mut text).unwrap();
            assert!(child.wait().unwrap().success(), "a writer failed: {text}");
            conflicts.extend(text.lines().filter_map(|line| line.strip_prefix("conflicts ")?.parse::<u64>().ok()));
        }

        let size = backend.size().await.unwrap().0;
        assert_eq!(size, share * WRITERS);
        assert_eq!(backend.head().await.unwrap(), Some(LOG.head(size)));
        // Each writer's entries stand in its own order, without a hole between them.
        let mut next = [0; WRITERS as usize];
        let mut turns = 0;
        let mut last = None;
        let mut pages = backend.pages(Query::default());
        let mut index = 0;
        while let Some(page) = pages.next().await.unwrap() {
            for found in page {
                let writer = (0..WRITERS).find(|writer| found == entry(*writer, next[*writer as usize], index));
                let writer = writer.unwrap_or_else(|| panic!("entry {index} is nobody's next one: {found:?}"));
                next[writer as usize] += 1;
                turns += u64::from(last != Some(writer));
                last = Some(writer);
                index += 1;
            }
        }
        assert_eq!(next, [share; WRITERS as usize]);
        for (id, bytes) in LOG.tiles(0, size) {
            assert_eq!(backend.tile(id).await.unwrap(), Some(bytes), "{id:?}");
        }
        assert!(turns > WRITERS, "the writers took no turns");
        println!("{size} entries by {WRITERS} processes in {turns} turns, conflicts {conflicts:?}: one history");
    });
}
