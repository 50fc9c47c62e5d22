//! Finding the newest head: behind other writers, and whatever listings say.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use zkl_core::{
    storage::{StorageBackend, StorageBackendExt},
    tree::TreeSize,
};
use zkl_storage_s3::S3Backend;
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    http_proxy::HttpFault,
    log::TestLog,
};

use crate::support::Proxied;

const LOG: TestLog = TestLog::salted(82);

async fn append_singly(backend: &S3Backend, from: u64, to: u64) {
    for size in from..to {
        backend.append(TreeSize(size), LOG.batch(size, 1)).await.unwrap();
    }
}

#[test]
fn a_handle_that_is_any_number_of_heads_behind_catches_up() {
    block_on(async {
        let (proxied, writer) = Proxied::patient().await;
        let mut size = 0;
        for behind in [1, 2, 3, 4, 5, 8, 13, 30] {
            let late = proxied.open().await;
            append_singly(&writer, size, size + behind).await;
            size += behind;
            assert_eq!(late.head().await.unwrap(), Some(LOG.head(size)), "{behind} heads behind");
            proxied.proxy.take_seen();
            assert_eq!(late.size().await.unwrap(), TreeSize(size));
            assert_eq!(proxied.proxy.take_seen().len(), 1, "a handle that is not behind asks once");
        }
    });
}

#[test]
fn a_handle_that_is_behind_finds_out_in_a_logarithm_of_requests() {
    block_on(async {
        let (proxied, writer) = Proxied::patient().await;
        let late = proxied.open().await;
        append_singly(&writer, 0, 60).await;
        proxied.proxy.take_seen();
        assert_eq!(late.size().await.unwrap(), TreeSize(60));
        let requests = proxied.proxy.take_seen().len();
        assert!(requests <= 14, "{requests} requests for 60 heads");
    });
}

#[test]
fn a_listing_that_is_late_empty_wrong_or_refused_changes_nothing() {
    block_on(async {
        let (proxied, writer) = Proxied::patient().await;
        append_singly(&writer, 0, 20).await;
        let listing = |keys: &[String]| {
            let contents: String = keys
                .iter()
                .map(|key| format!("<Contents><Key>{}/head/{key}</Key><Size>9</Size></Contents>", proxied.prefix))
                .collect();
            let (count, name) = (keys.len(), "ledgers");
            format!(
                "<?xml version=\"1.0\"?><ListBucketResult><Name>{name}</Name><KeyCount>{count}</KeyCount>\
                 <MaxKeys>1</MaxKeys><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
            )
        };
        let key = |number: u64| format!("{:016x}", !number);
        let lies = [
            HttpFault::Answer(listing(&[]).into_bytes()),
            HttpFault::Answer(listing(&[key(1)]).into_bytes()),
            HttpFault::Answer(listing(&[key(13)]).into_bytes()),
            HttpFault::Answer(listing(&[key(21)]).into_bytes()),
            HttpFault::Answer(listing(&[key(1 << 40)]).into_bytes()),
            HttpFault::Answer(listing(&[key(0)]).into_bytes()),
            HttpFault::Answer(listing(&["what-is-this".to_owned()]).into_bytes()),
            HttpFault::Refuse(403),
            HttpFault::Refuse(501),
        ];
        for lie in lies {
            let told = Arc::new(AtomicUsize::new(0));
            proxied.proxy.set_rule({
                let (lie, told) = (lie.clone(), Arc::clone(&told));
                move |request| {
                    let lists = request.target.contains("list-type=2");
                    told.fetch_add(usize::from(lists), Ordering::Relaxed);
                    lists.then(|| lie.clone())
                }
            });
            let backend = proxied.open().await;
            assert_eq!(told.load(Ordering::Relaxed), 1, "{lie:?}");
            assert_holds(&backend, LOG, 20).await;
        }
    });
}

#[test]
fn readers_and_a_writer_with_stale_listings_agree_while_another_writer_appends() {
    block_on(async {
        let (proxied, writer) = Proxied::patient().await;
        append_singly(&writer, 0, 3).await;
        // Every listing is the one of now.
        let stale = format!("{:016x}", !3_u64);
        let text = format!(
            "<?xml version=\"1.0\"?><ListBucketResult><Contents><Key>{}/head/{stale}</Key></Contents></ListBucketResult>",
            proxied.prefix
        );
        proxied.proxy.set_rule(move |request| {
            request.target.contains("list-type=2").then(|| HttpFault::Answer(text.clone().into_bytes()))
        });
        let task = tokio::spawn(async move {
            append_singly(&writer, 3, 80).await;
        });
        let mut last = 3;
        while !task.is_finished() {
            let size = proxied.open().await.size().await.unwrap().0;
            assert!(size >= last, "{size} after {last}");
            last = size;
        }
        task.await.unwrap();
        let backend = proxied.open().await;
        backend.append(TreeSize(80), LOG.batch(80, 1)).await.unwrap();
        assert_holds(&backend, LOG, 81).await;
    });
}
