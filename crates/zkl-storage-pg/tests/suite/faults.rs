//! The fault injector over PostgreSQL: for each operation and fault, several writers follow the contract and lose nothing.
//!
//! `ZKL_PG_FAULT_APPENDS` sets the appends of each combination (8 by default).

use std::{sync::Arc, time::Duration};

use zkl_core::{
    digest::BlobDigest,
    storage::{Query, StorageBackend, StorageBackendExt, StorageErrorKind},
    tree::{TileId, TreeSize},
};
use zkl_storage_pg::PgBackend;
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    faults::{Fault, FaultPlan, FaultyBackend, Operation},
    log::TestLog,
};

use crate::support::{fresh, number, reopen_verify_append};

const LOG: TestLog = TestLog::salted(68);
const WRITERS: u64 = 3;

const FAULTS: [Fault; 7] = [
    Fault::Fail { persisted: false },
    Fault::Fail { persisted: true },
    Fault::TimeOut { persisted: false },
    Fault::TimeOut { persisted: true },
    Fault::Poison { persisted: false },
    Fault::Poison { persisted: true },
    Fault::Delay(Duration::from_millis(3)),
];

/// What a service does with one entry: stores a blob, reads a little, appends. Failed calls are repeated; a poisoned handle is
/// reopened. Returns the size that was acknowledged.
async fn record(backend: &FaultyBackend<PgBackend>, writer: u64, number: u64) -> u64 {
    let blob = [writer.to_be_bytes(), number.to_be_bytes()].concat();
    loop {
        let Ok(size) = backend.size().await else {
            continue;
        };
        let size = size.0;
        let reads = [
            backend.put_blob(&blob).await.err(),
            backend.blob(BlobDigest::of(&blob)).await.err(),
            backend.transaction(LOG.transaction(size / 2).id).await.err(),
            backend.find(&Query { limit: 3, ..Query::default() }).await.err(),
            backend.datasets(None, 2).await.err(),
            backend.tile(TileId { level: 0, index: 0, width: 1 }).await.err(),
            backend.cosigned(TreeSize(size)).await.err(),
            if size > 0 { backend.put_cosigned(TreeSize(size), "signed\n").await.err() } else { None },
        ];
        for error in reads.into_iter().flatten() {
            assert!(error.source.is_some() || error.kind == StorageErrorKind::Poisoned, "{error:?}");
        }
        match backend.append(TreeSize(size), LOG.batch(size, 1)).await {
            Ok(()) => return size + 1,
            Err(error) if error.kind == StorageErrorKind::Poisoned => backend.reopen(),
            Err(error) => assert!(error.source.is_some(), "{error:?}"),
        }
    }
}

#[test]
fn every_fault_of_every_operation_loses_nothing_that_was_acknowledged() {
    let per_writer = number("ZKL_PG_FAULT_APPENDS", 8);
    let (mut combinations, mut injected) = (0, 0);
    block_on(async {
        for operation in Operation::ALL {
            let (url, backend) = fresh().await;
            let mut acknowledged = 0;
            for fault in FAULTS {
                let plan = FaultPlan::none().randomly(combinations, &[operation], 300, &[fault]);
                let faulty = Arc::new(FaultyBackend::new(backend.clone(), plan));
                let writers = (0..WRITERS).map(|writer| {
                    let faulty = Arc::clone(&faulty);
                    tokio::spawn(async move {
                        let mut last = 0;
                        for number in 0..per_writer {
                            last = record(&faulty, writer, number).await;
                        }
                        last
                    })
                });
                for writer in writers.collect::<Vec<_>>() {
                    acknowledged = acknowledged.max(writer.await.unwrap());
                }
                let at = format!("{operation:?}, {fault:?}");
                acknowledged = reopen_verify_append(&url, LOG, acknowledged, &at).await;
                combinations += 1;
                injected += faulty.injected().len();
            }
        }
    });
    println!("{combinations} combinations, {injected} faults injected: nothing acknowledged was lost");
    assert!(injected as u64 > combinations, "too few faults");
}

#[test]
fn an_append_fails_with_and_without_having_persisted() {
    block_on(async {
        for persisted in [false, true] {
            let (_, backend) = fresh().await;
            let plan = FaultPlan::none().with(Operation::Append, 1, Fault::Fail { persisted });
            let faulty = FaultyBackend::new(backend, plan);
            faulty.append(TreeSize(0), LOG.batch(0, 2)).await.unwrap();
            let error = faulty.append(TreeSize(2), LOG.batch(2, 3)).await.unwrap_err();
            assert_eq!((error.kind, error.retryable), (StorageErrorKind::Unavailable, true));
            assert_holds(faulty.inner(), LOG, if persisted { 5 } else { 2 }).await;
            // What the contract says about repeating it.
            let again = faulty.append(TreeSize(2), LOG.batch(2, 3)).await.map_err(|error| error.kind);
            let expected = if persisted { Err(StorageErrorKind::Conflict { expected: 2, actual: 5 }) } else { Ok(()) };
            assert_eq!(again, expected);
            assert_holds(&faulty, LOG, 5).await;
        }
    });
}
