//! Two processes that append to one ledger: one history, in which each acknowledged entry occurs once.
//!
//! `ZKL_S3_ENTRIES` sets the number of entries that both together append (400 by default).

use std::{collections::BTreeMap, env};

use zkl_core::{
    storage::{Query, StorageBackend, StorageBackendExt, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_s3::{S3Backend, S3Config};
use zkl_testkit::{
    conformance::block_on,
    crash::{PLACE, number, run_child},
    log::TestLog,
};

use crate::support::{CEPH, config, environment, fresh_prefix, url};

const SALTS: [u64; 2] = [1_000_001, 1_000_002];

#[test]
#[ignore = "the child of the other test; does nothing by itself"]
fn child_appends_its_share() {
    // URL, a salt that is the process's own, and the number of entries to append.
    let Ok(task) = env::var(PLACE) else {
        return;
    };
    let mut parts = task.split(' ');
    let mut next = || parts.next().unwrap();
    let (url, salt, entries): (&str, u64, u64) = (next(), next().parse().unwrap(), next().parse().unwrap());
    let log = TestLog::salted(salt);
    block_on(async {
        let backend = S3Backend::open(url, &S3Config::default()).await.unwrap();
        let (mut done, mut conflicts) = (0, 0);
        while done < entries {
            let size = backend.size().await.unwrap().0;
            let count = (1 + (size + salt) % 7).min(entries - done);
            match backend.append(TreeSize(size), log.batch(size, count)).await {
                Ok(()) => {
                    done += count;
                    println!("\nappended {size} {count}");
                }
                Err(error) if matches!(error.kind, StorageErrorKind::Conflict { .. }) => conflicts += 1,
                Err(error) => panic!("{error:?}"),
            }
        }
        println!("\nconflicts {conflicts}");
    });
}

#[test]
fn two_processes_make_one_history() {
    let entries = number("ZKL_S3_ENTRIES", 400);
    let url = url(CEPH.endpoint(), &fresh_prefix());
    let backend = block_on(async { S3Backend::create(&url, &config(&CEPH)).await.unwrap() });
    let children = SALTS.map(|salt| {
        let task = format!("{url} {salt} {}", entries / 2);
        (salt, run_child("writers::child_appends_its_share", &task, environment(&CEPH)).unwrap())
    });
    let mut owner: BTreeMap<u64, u64> = BTreeMap::new();
    let (mut batches, mut conflicts) = (0, 0_u64);
    for (salt, child) in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "a writer failed");
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["appended", from, count] => {
                    let (from, count): (u64, u64) = (from.parse().unwrap(), count.parse().unwrap());
                    for index in from..from + count {
                        assert_eq!(owner.insert(index, salt), None, "entry {index} was acknowledged twice");
                    }
                    batches += 1;
                }
                ["conflicts", number] => conflicts += number.parse::<u64>().unwrap(),
                _ => {}
            }
        }
    }
    assert_eq!(owner.len() as u64, entries / 2 * 2);
    block_on(async {
        assert_eq!(backend.size().await.unwrap().0, owner.len() as u64);
        let mut pages = backend.pages(Query::default());
        let mut next = 0;
        while let Some(page) = pages.next().await.unwrap() {
            for transaction in page {
                let expected = TestLog::salted(owner[&next]).transaction(next);
                assert_eq!(transaction, expected, "entry {next}");
                next += 1;
            }
        }
        assert_eq!(next, owner.len() as u64);
        // Every index agrees with the log.
        for (index, salt) in owner.iter().step_by(37) {
            let expected = TestLog::salted(*salt).transaction(*index);
            assert_eq!(backend.transaction(expected.id).await.unwrap(), Some(expected));
        }
        let summaries = backend.datasets(None, 0).await.unwrap();
        let named = owner.iter().filter(|(index, salt)| TestLog::salted(**salt).transaction(**index).dataset.is_some());
        assert_eq!(summaries.iter().map(|summary| summary.transactions).sum::<u64>(), named.count() as u64);
    });
    println!("{} entries in {batches} appends of two processes, {conflicts} conflicts", owner.len());
    assert!(conflicts > 0 || entries < 100, "the writers never met");
}
