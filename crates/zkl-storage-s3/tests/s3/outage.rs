//! Networks and servers that fail: the answer to every request can be lost, late or an error, whether or not the request was
//! carried out. Above all the answer to the write of a head.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use zkl_core::{
    storage::{StorageBackend, StorageBackendExt, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_s3::{S3Backend, S3Config, S3Error};
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    http_proxy::{HttpFault, SeenRequest},
    log::TestLog,
};

use crate::support::Proxied;

const LOG: TestLog = TestLog::salted(83);
/// Longer than a try may take.
const TOO_LONG: Duration = Duration::from_millis(2_500);

fn writes_head(request: &SeenRequest) -> bool {
    request.method == "PUT" && request.conditional && request.target.contains("/head/")
}

/// Lets the next `times` requests that `applies` to meet `fault`.
fn fail_next(proxied: &Proxied, times: u64, fault: &HttpFault, applies: fn(&SeenRequest) -> bool) {
    let left = AtomicU64::new(times);
    let fault = fault.clone();
    proxied.proxy.set_rule(move |request| {
        let fails = applies(request)
            && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        fails.then(|| fault.clone())
    });
}

fn every_fault() -> [HttpFault; 11] {
    [
        HttpFault::LoseRequest,
        HttpFault::LoseResponse,
        HttpFault::ResetAfterwards,
        HttpFault::DelayRequest(TOO_LONG),
        HttpFault::DelayResponse(TOO_LONG),
        HttpFault::Refuse(500),
        HttpFault::Refuse(503),
        HttpFault::RefuseAfterwards(500),
        HttpFault::RefuseAfterwards(503),
        // What a proxy reports that has sent the request twice.
        HttpFault::RefuseAfterwards(412),
        HttpFault::DelayResponse(Duration::from_millis(100)),
    ]
}

#[test]
fn an_append_survives_every_fault_of_the_write_of_its_head() {
    block_on(async {
        let (proxied, backend) = Proxied::new().await;
        let mut size = 0;
        for fault in every_fault() {
            for times in [1, 2] {
                fail_next(&proxied, times, &fault, writes_head);
                let appended = backend.append(TreeSize(size), LOG.batch(size, 2)).await;
                assert!(appended.is_ok(), "{times} x {fault:?}: {appended:?}");
                size += 2;
                proxied.proxy.forward_everything();
                assert_eq!(backend.size().await.unwrap(), TreeSize(size), "{times} x {fault:?}");
            }
        }
        tokio::time::sleep(TOO_LONG).await;
        assert_holds(&proxied.open_directly().await, LOG, size).await;
    });
}

#[test]
fn a_lost_answer_is_not_taken_for_a_success_when_somebody_else_appended() {
    block_on(async {
        let (proxied, backend) = Proxied::new().await;
        let other = proxied.open_directly().await;
        let foreign = TestLog::salted(84);
        let mut size = 0;
        for fault in every_fault() {
            let before = size;
            other.append(TreeSize(size), foreign.batch(size, 1)).await.unwrap();
            size += 1;
            fail_next(&proxied, 1, &fault, writes_head);
            // This handle does not know yet that its head is old: the write of its head has to find out.
            let kind = backend.append(TreeSize(before), LOG.batch(before, 1)).await.unwrap_err().kind;
            let conflict = StorageErrorKind::Conflict { expected: before, actual: size };
            assert_eq!(kind, conflict, "{fault:?}");
        }
        tokio::time::sleep(TOO_LONG).await;
        assert_holds(&proxied.open_directly().await, foreign, size).await;
    });
}

#[test]
fn every_request_of_every_operation_can_fail_once() {
    block_on(async {
        let (proxied, backend) = Proxied::new().await;
        let (mut size, mut trials) = (0, 0);
        let faults = [HttpFault::LoseRequest, HttpFault::LoseResponse, HttpFault::Refuse(503)];
        // Twelve batches of eleven fill blocks and merge segments.
        for round in 0..12_usize {
            for (position, fault) in faults.iter().enumerate() {
                fail_next(
                    &proxied,
                    1,
                    fault,
                    match (round + position) % 3 {
                        0 => |request| request.method == "PUT" && !request.conditional,
                        1 => |request| request.method == "GET",
                        _ => writes_head,
                    },
                );
                backend.append(TreeSize(size), LOG.batch(size, 11)).await.unwrap();
                size += 11;
                let reader = proxied.open().await;
                assert_eq!(reader.head().await.unwrap(), Some(LOG.head(size)));
                let id = LOG.transaction(size / 2).id;
                assert_eq!(reader.transaction(id).await.unwrap(), Some(LOG.transaction(size / 2)));
                trials += 1;
            }
        }
        proxied.proxy.forward_everything();
        assert_holds(&proxied.open_directly().await, LOG, size).await;
        println!("{trials} appends with a fault each");
    });
}

/// A handle that gives up early.
async fn impatient(proxied: &Proxied) -> S3Backend {
    let config = S3Config { settle_timeout: Duration::from_millis(300), ..proxied.config() };
    S3Backend::open(&proxied.url(), &config).await.unwrap()
}

/// Loses every answer, and lets nobody read heads.
fn silence(proxied: &Proxied, write: &HttpFault) {
    let write = write.clone();
    proxied.proxy.set_rule(move |request| {
        let about_heads = request.target.contains("/head/");
        about_heads.then(|| if writes_head(request) { write.clone() } else { HttpFault::LoseRequest })
    });
}

#[test]
fn an_append_whose_outcome_stays_unknown_poisons_the_handle_until_it_is_reopened() {
    for (write, landed) in [(HttpFault::LoseResponse, true), (HttpFault::LoseRequest, false)] {
        block_on(async {
            let (proxied, first) = Proxied::new().await;
            first.append(TreeSize(0), LOG.batch(0, 5)).await.unwrap();
            let backend = impatient(&proxied).await;
            silence(&proxied, &write);
            let error = backend.append(TreeSize(5), LOG.batch(5, 2)).await.unwrap_err();
            assert!(!error.retryable, "{error:?}");
            let source = error.source.unwrap().downcast::<S3Error>().unwrap();
            assert!(matches!(*source, S3Error::OutcomeUnknown(_)), "{source:?}");
            proxied.proxy.forward_everything();
            for _ in 0..2 {
                let refused = backend.append(TreeSize(5), LOG.batch(5, 2)).await.unwrap_err();
                assert_eq!(refused.kind, StorageErrorKind::Poisoned);
            }
            let size = if landed { 7 } else { 5 };
            assert_holds(&backend, LOG, size).await;
            let reopened = proxied.open().await;
            assert_holds(&reopened, LOG, size).await;
            reopened.append(TreeSize(size), LOG.batch(size, 1)).await.unwrap();
            assert_holds(&proxied.open_directly().await, LOG, size + 1).await;
        });
    }
}

#[test]
fn a_head_that_arrives_after_its_writer_gave_up_lands_or_loses_but_never_forks() {
    for overtaken in [false, true] {
        block_on(async {
            let (proxied, first) = Proxied::new().await;
            first.append(TreeSize(0), LOG.batch(0, 5)).await.unwrap();
            let backend = impatient(&proxied).await;
            silence(&proxied, &HttpFault::DelayRequest(Duration::from_secs(8)));
            backend.append(TreeSize(5), LOG.batch(5, 2)).await.unwrap_err();
            proxied.proxy.forward_everything();
            let other = proxied.open_directly().await;
            assert_eq!(other.size().await.unwrap(), TreeSize(5), "nothing has arrived yet");
            let foreign = TestLog::salted(85);
            if overtaken {
                other.append(TreeSize(5), foreign.batch(5, 1)).await.unwrap();
            }
            tokio::time::sleep(Duration::from_secs(9)).await;
            let reopened = proxied.open().await;
            let (log, size) = if overtaken { (foreign, 6) } else { (LOG, 7) };
            assert_eq!(reopened.head().await.unwrap(), Some(log.head(size)));
            assert_eq!(reopened.transaction(log.transaction(5).id).await.unwrap(), Some(log.transaction(5)));
            reopened.append(TreeSize(size), LOG.batch(size, 1)).await.unwrap();
        });
    }
}

#[test]
fn an_endpoint_that_is_gone_for_a_while_loses_nothing() {
    block_on(async {
        let (proxied, mut backend) = Proxied::new().await;
        let proxied = Arc::new(proxied);
        let outages = tokio::spawn({
            let proxied = Arc::clone(&proxied);
            async move {
                for round in 0..6_u64 {
                    tokio::time::sleep(Duration::from_millis(150 + 70 * round)).await;
                    proxied.proxy.go_away();
                    tokio::time::sleep(Duration::from_millis(100 + 200 * round)).await;
                    proxied.proxy.come_back();
                }
            }
        });
        let (mut acknowledged, mut failures) = (0, 0);
        while !outages.is_finished() || failures == 0 {
            let Ok(size) = backend.size().await else {
                failures += 1;
                continue;
            };
            assert!(size.0 >= acknowledged, "{} entries, {acknowledged} acknowledged", size.0);
            match backend.append(size, LOG.batch(size.0, 3)).await {
                Ok(()) => acknowledged = size.0 + 3,
                Err(error) if error.kind == StorageErrorKind::Poisoned => {
                    failures += 1;
                    if let Ok(reopened) = S3Backend::open(&proxied.url(), &proxied.config()).await {
                        backend = reopened;
                    }
                }
                Err(error) => {
                    failures += 1;
                    let kinds = [StorageErrorKind::Unavailable, StorageErrorKind::Timeout];
                    assert!(kinds.contains(&error.kind), "{error:?}");
                }
            }
        }
        outages.await.unwrap();
        println!("6 outages: {acknowledged} entries acknowledged, {failures} failures reported");
        let size = proxied.open_directly().await.size().await.unwrap().0;
        assert!(size >= acknowledged);
        assert_holds(&proxied.open_directly().await, LOG, size).await;
    });
}

/// Whatever an endpoint sends in place of an object, it does not fill the memory, and it is not believed.
#[test]
fn answers_that_are_too_long_are_corrupt() {
    block_on(async {
        let (proxied, backend) = Proxied::new().await;
        let digest = backend.put_blob(b"a blob").await.unwrap();
        for size in [0, 100] {
            backend.append(TreeSize(size), LOG.batch(size, 100)).await.unwrap();
        }
        backend.put_cosigned(TreeSize(100), "cosigned\n").await.unwrap();
        let cold = S3Config { cache_bytes: 0, ..proxied.config() };
        let reader = S3Backend::open_read_only(&proxied.url(), &cold).await.unwrap();
        // More than any head, and much more than an entry.
        let answer = vec![b'x'; 17 << 20];
        proxied.proxy.set_rule(move |request| {
            let object = request.method == "GET" && !request.target.contains("list-type=2");
            object.then(|| HttpFault::Answer(answer.clone()))
        });
        let corrupt =
            |kind: Option<StorageErrorKind>| assert!(matches!(kind, Some(StorageErrorKind::Corrupt(_))), "{kind:?}");
        corrupt(S3Backend::open_read_only(&proxied.url(), &cold).await.err().map(|error| error.kind));
        corrupt(reader.transaction(LOG.transaction(3).id).await.err().map(|error| error.kind));
        corrupt(reader.transaction(LOG.transaction(150).id).await.err().map(|error| error.kind));
        corrupt(reader.blob(digest).await.err().map(|error| error.kind));
        corrupt(reader.cosigned(TreeSize(200)).await.err().map(|error| error.kind));
        proxied.proxy.forward_everything();
        assert_holds(&reader, LOG, 200).await;
    });
}
