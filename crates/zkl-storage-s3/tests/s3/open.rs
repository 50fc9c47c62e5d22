//! Making and opening: what is there, who may, and which endpoints are refused.

use zkl_core::{
    storage::{StorageBackend, StorageError, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_s3::{S3Backend, S3Config, S3Credentials, S3Error};
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    http_proxy::{HttpFault, HttpProxy},
    log::TestLog,
    s3::S3Server,
};

use crate::support::{BUCKET, CEPH, MOTO, config, fresh_prefix, url};

const LOG: TestLog = TestLog::salted(80);

fn kind<T>(answer: Result<T, StorageError>) -> StorageErrorKind {
    answer.err().expect("an error").kind
}

fn source<T>(answer: Result<T, StorageError>) -> S3Error {
    *answer.err().expect("an error").source.expect("a source").downcast().expect("an error of this backend")
}

#[test]
fn a_missing_ledger_or_bucket_is_not_found() {
    block_on(async {
        for url in [url(CEPH.endpoint(), &fresh_prefix()), format!("s3://absent/x?endpoint={}", CEPH.endpoint())] {
            assert_eq!(kind(S3Backend::open(&url, &config(&CEPH)).await), StorageErrorKind::NotFound, "{url}");
            let reading = S3Backend::open_read_only(&url, &config(&CEPH)).await;
            assert_eq!(kind(reading), StorageErrorKind::NotFound, "{url}");
        }
        let url = format!("s3://absent/x?endpoint={}", CEPH.endpoint());
        assert_eq!(kind(S3Backend::create(&url, &config(&CEPH)).await), StorageErrorKind::NotFound);
    });
}

#[test]
fn create_refuses_a_place_that_has_a_ledger_and_open_or_create_does_both() {
    block_on(async {
        let url = url(CEPH.endpoint(), &fresh_prefix());
        let backend = S3Backend::open_or_create(&url, &config(&CEPH)).await.unwrap();
        backend.append(TreeSize(0), LOG.batch(0, 3)).await.unwrap();
        let refused = kind(S3Backend::create(&url, &config(&CEPH)).await);
        assert_eq!(refused, StorageErrorKind::Invalid("there is already a ledger at this place"));
        let again = S3Backend::open_or_create(&url, &config(&CEPH)).await.unwrap();
        assert_holds(&again, LOG, 3).await;
    });
}

#[test]
fn of_several_creators_exactly_one_succeeds() {
    block_on(async {
        let url = url(CEPH.endpoint(), &fresh_prefix());
        let creators = (0..4).map(|_| {
            let url = url.clone();
            tokio::spawn(async move { S3Backend::create(&url, &config(&CEPH)).await })
        });
        let mut created = 0;
        for creator in creators.collect::<Vec<_>>() {
            match creator.await.unwrap() {
                Ok(_) => created += 1,
                Err(error) => assert!(matches!(error.kind, StorageErrorKind::Invalid(_)), "{error:?}"),
            }
        }
        assert_eq!(created, 1);
    });
}

#[test]
fn ledgers_of_one_bucket_do_not_see_one_another() {
    block_on(async {
        // One prefix is the beginning of the other.
        let prefix = fresh_prefix();
        let (short, long) = (url(CEPH.endpoint(), &prefix), url(CEPH.endpoint(), &format!("{prefix}/head")));
        let first = S3Backend::create(&short, &config(&CEPH)).await.unwrap();
        let second = S3Backend::create(&long, &config(&CEPH)).await.unwrap();
        first.append(TreeSize(0), LOG.batch(0, 2)).await.unwrap();
        let other = TestLog::salted(81);
        second.append(TreeSize(0), other.batch(0, 70)).await.unwrap();
        assert_holds(&S3Backend::open(&short, &config(&CEPH)).await.unwrap(), LOG, 2).await;
        assert_holds(&S3Backend::open(&long, &config(&CEPH)).await.unwrap(), other, 70).await;
    });
}

#[test]
fn a_reader_follows_the_writer_and_cannot_write() {
    block_on(async {
        let url = url(CEPH.endpoint(), &fresh_prefix());
        let writer = S3Backend::create(&url, &config(&CEPH)).await.unwrap();
        let reader = S3Backend::open_read_only(&url, &config(&CEPH)).await.unwrap();
        let mut size = 0;
        for count in [1, 1, 100, 7] {
            writer.append(TreeSize(size), LOG.batch(size, count)).await.unwrap();
            size += count;
            assert_holds(&reader, LOG, size).await;
        }
        assert_eq!(kind(reader.append(TreeSize(size), LOG.batch(size, 1)).await), StorageErrorKind::ReadOnly);
        assert_eq!(kind(reader.put_blob(b"x").await), StorageErrorKind::ReadOnly);
        assert_holds(&writer, LOG, size).await;
    });
}

#[test]
fn an_endpoint_that_ignores_conditional_writes_is_refused() {
    let server = S3Server::s3rver().unwrap();
    block_on(async {
        server.create_bucket(BUCKET, false).await.unwrap();
        let url = url(server.endpoint(), "here");
        let created = S3Backend::create(&url, &config(&server)).await;
        assert!(created.as_ref().is_err_and(|error| error.to_string().contains("does not honour conditional writes")));
        assert!(matches!(source(created), S3Error::ConditionsIgnored));
        assert_eq!(kind(S3Backend::open(&url, &config(&server)).await), StorageErrorKind::NotFound);

        // Also when the ledger was made where conditions are honoured, and was copied.
        let description = br#"{"format":1,"id":"00"}"#.to_vec();
        let put = server.client().put_object().bucket(BUCKET).key("here/ledger.json").body(description.into());
        put.send().await.unwrap();
        assert!(matches!(source(S3Backend::open(&url, &config(&server)).await), S3Error::ConditionsIgnored));
        let reader = S3Backend::open_read_only(&url, &config(&server)).await.unwrap();
        assert_eq!(reader.head().await.unwrap(), None);
    });
}

#[test]
fn a_bucket_whose_versioning_ignores_conditional_writes_is_refused() {
    block_on(async {
        let bucket = format!("versioned-{}", std::process::id());
        CEPH.create_bucket(&bucket, true).await.unwrap();
        let url = format!("s3://{bucket}/here?endpoint={}", CEPH.endpoint());
        assert!(matches!(source(S3Backend::create(&url, &config(&CEPH)).await), S3Error::ConditionsIgnored));
    });
}

#[test]
fn an_endpoint_where_several_racing_writes_win_is_refused() {
    let proxy = HttpProxy::start(CEPH.endpoint()).unwrap();
    // The first two writes of the race are told that they won, the others reach the server.
    proxy.set_rule(|request| (request.conditional && request.number < 3).then(|| HttpFault::Answer(Vec::new())));
    block_on(async {
        let created = S3Backend::create(&url(&proxy.endpoint(), &fresh_prefix()), &config(&CEPH)).await;
        let error = source(created);
        assert!(matches!(error, S3Error::ConditionsNotAtomic { winners: 2.., racers: 8 }), "{error:?}");
    });
}

#[test]
fn a_bucket_with_versioning_that_honours_conditions_is_accepted() {
    block_on(async {
        let url = url(MOTO.endpoint(), &fresh_prefix());
        let backend = S3Backend::create(&url, &config(&MOTO)).await.unwrap();
        backend.append(TreeSize(0), LOG.batch(0, 65)).await.unwrap();
        assert_holds(&S3Backend::open(&url, &config(&MOTO)).await.unwrap(), LOG, 65).await;
    });
}

#[test]
fn wrong_credentials_and_silent_endpoints_are_unavailable() {
    block_on(async {
        let place = url(CEPH.endpoint(), &fresh_prefix());
        for credentials in [S3Credentials::new(CEPH.access_key(), "wrong"), S3Credentials::new("nobody", "wrong")] {
            let config = S3Config { credentials: Some(credentials), ..config(&CEPH) };
            let error = S3Backend::create(&place, &config).await.unwrap_err();
            assert_eq!((&error.kind, error.retryable), (&StorageErrorKind::Unavailable, false), "{error:?}");
        }
        let nobody_listens = url("http://127.0.0.1:1", "x");
        let error = S3Backend::open(&nobody_listens, &config(&CEPH)).await.unwrap_err();
        assert_eq!((&error.kind, error.retryable), (&StorageErrorKind::Unavailable, true), "{error:?}");
    });
}

#[test]
fn an_unknown_format_is_named_and_a_damaged_description_is_corrupt() {
    block_on(async {
        let prefix = fresh_prefix();
        let place = url(CEPH.endpoint(), &prefix);
        S3Backend::create(&place, &config(&CEPH)).await.unwrap();
        let write = |text: &'static str| {
            let put = CEPH.client().put_object().bucket(BUCKET).key(format!("{prefix}/ledger.json"));
            put.body(text.as_bytes().to_vec().into()).send()
        };
        write(r#"{"format":7,"id":"00"}"#).await.unwrap();
        let expected = StorageErrorKind::Format { expected: 1, got: 7 };
        assert_eq!(kind(S3Backend::open(&place, &config(&CEPH)).await), expected);
        assert_eq!(kind(S3Backend::open_read_only(&place, &config(&CEPH)).await), expected);
        assert_eq!(kind(S3Backend::create(&place, &config(&CEPH)).await), expected);
        write("{").await.unwrap();
        let opened = kind(S3Backend::open(&place, &config(&CEPH)).await);
        assert!(matches!(opened, StorageErrorKind::Corrupt(_)), "{opened:?}");
    });
}

#[test]
fn a_url_that_cannot_be_used_is_invalid() {
    block_on(async {
        for url in ["rocks:dir", "s3://", "s3://bucket/x?endpoint=nonsense"] {
            let opened = kind(S3Backend::open(url, &S3Config::default()).await);
            assert!(matches!(opened, StorageErrorKind::Invalid(_)), "{url}: {opened:?}");
        }
    });
}
