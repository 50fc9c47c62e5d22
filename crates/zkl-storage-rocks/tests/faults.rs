//! The fault injector, over RocksDB: each fault does what it says, and a caller that follows the contract loses nothing.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::time::{Duration, Instant};

use tempfile::TempDir;
use zkl_core::{
    storage::{Query, StorageBackend, StorageBackendExt, StorageErrorKind},
    tree::{TileId, TreeSize},
};
use zkl_storage_rocks::{RocksBackend, RocksConfig};
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    faults::{Fault, FaultPlan, FaultyBackend, InjectedFault, Operation},
    log::TestLog,
};

const LOG: TestLog = TestLog::salted(50);

fn faulty(plan: FaultPlan) -> (TempDir, FaultyBackend<RocksBackend>) {
    let dir = tempfile::tempdir().unwrap();
    let backend = RocksBackend::create(dir.path(), &RocksConfig::default()).unwrap();
    (dir, FaultyBackend::new(backend, plan))
}

#[test]
fn an_append_fails_with_and_without_having_persisted() {
    block_on(async {
        for persisted in [false, true] {
            for (fault, kind, retryable) in [
                (Fault::Fail { persisted }, StorageErrorKind::Unavailable, true),
                (Fault::TimeOut { persisted }, StorageErrorKind::Timeout, true),
                (Fault::Poison { persisted }, StorageErrorKind::Io, false),
            ] {
                let (_dir, backend) = faulty(FaultPlan::none().with(Operation::Append, 1, fault));
                backend.append(TreeSize(0), LOG.batch(0, 2)).await.unwrap();
                let error = backend.append(TreeSize(2), LOG.batch(2, 3)).await.unwrap_err();
                assert_eq!((error.kind, error.retryable), (kind, retryable), "{fault:?}");
                let source = error.source.unwrap().downcast::<InjectedFault>().unwrap();
                assert_eq!(*source, InjectedFault { operation: Operation::Append, call: 1, fault });
                assert_eq!(backend.injected(), [*source]);
                assert_eq!(backend.calls(Operation::Append), 2);
                assert_holds(backend.inner(), LOG, if persisted { 5 } else { 2 }).await;
            }
        }
    });
}

#[test]
fn a_poisoned_backend_reads_but_does_not_write_until_it_is_reopened() {
    block_on(async {
        let plan = FaultPlan::none().with(Operation::Append, 1, Fault::Poison { persisted: false });
        let (_dir, backend) = faulty(plan);
        backend.append(TreeSize(0), LOG.batch(0, 2)).await.unwrap();
        assert_eq!(backend.append(TreeSize(2), LOG.batch(2, 1)).await.unwrap_err().kind, StorageErrorKind::Io);
        for _ in 0..2 {
            let refused = backend.append(TreeSize(2), LOG.batch(2, 1)).await.unwrap_err();
            assert_eq!(refused.kind, StorageErrorKind::Poisoned);
            assert_eq!(backend.put_blob(b"x").await.unwrap_err().kind, StorageErrorKind::Poisoned);
        }
        assert_holds(&backend, LOG, 2).await;
        backend.reopen();
        backend.append(TreeSize(2), LOG.batch(2, 1)).await.unwrap();
        assert_holds(&backend, LOG, 3).await;
    });
}

#[test]
fn every_operation_can_fail_and_is_counted() {
    block_on(async {
        let plan = Operation::ALL
            .into_iter()
            .fold(FaultPlan::none(), |plan, operation| plan.with(operation, 0, Fault::TimeOut { persisted: true }));
        let (_dir, backend) = faulty(plan);
        let tile = TileId { level: 0, index: 0, width: 1 };
        for call in 1..3 {
            let kinds = [
                backend.head().await.err(),
                backend.append(TreeSize(call - 1), LOG.batch(call - 1, 1)).await.err(),
                backend.transaction(LOG.transaction(0).id).await.err(),
                backend.find(&Query::default()).await.err(),
                backend.datasets(None, 0).await.err(),
                backend.tile(tile).await.err(),
                backend.put_blob(b"x").await.err(),
                backend.blob(zkl_core::digest::BlobDigest::of(b"x")).await.err(),
                backend.put_cosigned(TreeSize(call), "text").await.err(),
                backend.cosigned(TreeSize(call)).await.err(),
            ]
            .map(|error| error.map(|error| error.kind));
            let expected = (call == 1).then_some(StorageErrorKind::Timeout);
            assert!(kinds.iter().all(|kind| *kind == expected), "{kinds:?}");
            assert!(Operation::ALL.iter().all(|operation| backend.calls(*operation) == call));
        }
        assert_holds(backend.inner(), LOG, 2).await;
    });
}

#[test]
fn a_refusal_of_the_store_is_not_hidden_by_a_fault() {
    block_on(async {
        let plan = FaultPlan::none().with(Operation::Append, 0, Fault::Fail { persisted: true });
        let (_dir, backend) = faulty(plan);
        let kind = backend.append(TreeSize(3), LOG.batch(3, 1)).await.unwrap_err().kind;
        assert_eq!(kind, StorageErrorKind::Conflict { expected: 3, actual: 0 });
        backend.set_plan(FaultPlan::none().with(Operation::Append, 1, Fault::Poison { persisted: true }));
        let kind = backend.append(TreeSize(3), LOG.batch(3, 1)).await.unwrap_err().kind;
        assert_eq!(kind, StorageErrorKind::Conflict { expected: 3, actual: 0 });
        backend.append(TreeSize(0), LOG.batch(0, 1)).await.unwrap();
    });
}

#[test]
fn a_delayed_call_succeeds_late() {
    block_on(async {
        let delay = Duration::from_millis(30);
        let (_dir, backend) = faulty(FaultPlan::none().with(Operation::Append, 0, Fault::Delay(delay)));
        let start = Instant::now();
        backend.append(TreeSize(0), LOG.batch(0, 1)).await.unwrap();
        assert!(start.elapsed() >= delay);
        assert_holds(&backend, LOG, 1).await;
    });
}

#[test]
fn random_faults_repeat_with_their_seed_and_lose_nothing() {
    let faults = [
        Fault::Fail { persisted: false },
        Fault::Fail { persisted: true },
        Fault::TimeOut { persisted: false },
        Fault::TimeOut { persisted: true },
        Fault::Poison { persisted: false },
        Fault::Poison { persisted: true },
    ];
    let run = |seed: u64| {
        block_on(async {
            let plan = FaultPlan::none().randomly(seed, &[Operation::Append, Operation::Head], 300, &faults);
            let (_dir, backend) = faulty(plan);
            let mut acknowledged = 0;
            while acknowledged < 40 {
                let Ok(size) = backend.size().await else {
                    backend.reopen();
                    continue;
                };
                assert!(size.0 >= acknowledged, "acknowledged entries are gone");
                match backend.append(size, LOG.batch(size.0, 1)).await {
                    Ok(()) => acknowledged = size.0 + 1,
                    Err(error) if error.kind == StorageErrorKind::Poisoned => backend.reopen(),
                    Err(error) => assert!(error.source.is_some(), "{error:?}"),
                }
            }
            backend.set_plan(FaultPlan::none());
            assert_holds(&backend, LOG, backend.size().await.unwrap().0).await;
            backend.injected()
        })
    };
    let first = run(1);
    assert!(first.len() > 10, "{} faults", first.len());
    assert_eq!(first, run(1));
    assert_ne!(first, run(2));
}
