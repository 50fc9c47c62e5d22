//! Objects that are gone, cut or changed: what is read is what was written, or `Corrupt`.

use aws_sdk_s3::Client;
use zkl_core::{
    digest::BlobDigest,
    storage::{Query, StorageBackend, StorageError, StorageErrorKind},
    tree::TreeSize,
};
use zkl_storage_s3::S3Backend;
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    log::TestLog,
};

use crate::support::{BUCKET, MOTO, config, fresh_prefix, url};

const LOG: TestLog = TestLog::salted(87);
const BLOB: &[u8] = b"a blob of some length";
const SIZE: u64 = 330;

/// A ledger with blocks, segments of two sizes, an open block, tiles of two levels and a blob.
async fn ledger() -> String {
    let prefix = fresh_prefix();
    let backend = S3Backend::create(&url(MOTO.endpoint(), &prefix), &config(&MOTO)).await.unwrap();
    let mut size = 0;
    for count in [200, 100, 25, 5] {
        backend.append(TreeSize(size), LOG.batch(size, count)).await.unwrap();
        size += count;
    }
    assert_eq!(size, SIZE);
    backend.put_blob(BLOB).await.unwrap();
    prefix
}

async fn keys(client: &Client, prefix: &str) -> Vec<String> {
    let listed = client.list_objects_v2().bucket(BUCKET).prefix(prefix).send().await.unwrap();
    listed.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
}

async fn read(client: &Client, key: &str) -> Vec<u8> {
    let object = client.get_object().bucket(BUCKET).key(key).send().await.unwrap();
    object.body.collect().await.unwrap().to_vec()
}

async fn write(client: &Client, key: &str, bytes: Vec<u8>) {
    client.put_object().bucket(BUCKET).key(key).body(bytes.into()).send().await.unwrap();
}

/// Reads everything in every way. `true` if all answers are right, `false` if some are refused as corrupt.
async fn reads_right_or_corrupt(prefix: &str) -> bool {
    fn corrupt(error: &StorageError) -> bool {
        // A changed digit in the description is another format.
        let noticed = matches!(error.kind, StorageErrorKind::Corrupt(_) | StorageErrorKind::Format { .. });
        assert!(noticed, "{error:?}");
        true
    }
    let backend = match S3Backend::open_read_only(&url(MOTO.endpoint(), prefix), &config(&MOTO)).await {
        Ok(backend) => backend,
        Err(error) => return !corrupt(&error),
    };
    let mut right = true;
    for index in (0..SIZE).step_by(31) {
        match backend.transaction(LOG.transaction(index).id).await {
            Ok(found) => assert_eq!(found, Some(LOG.transaction(index))),
            Err(error) => right &= !corrupt(&error),
        }
    }
    let name = TestLog::names().pop();
    for query in [Query::default(), Query { dataset: name, ..Query::default() }] {
        match backend.find(&query).await {
            Ok(found) => {
                let expected = (0..SIZE).map(|index| LOG.transaction(index)).filter(|entry| query.matches(entry));
                assert!(found.into_iter().eq(expected));
            }
            Err(error) => right &= !corrupt(&error),
        }
    }
    for (id, bytes) in LOG.tiles(0, SIZE) {
        match backend.tile(id).await {
            Ok(found) => assert_eq!(found, Some(bytes)),
            Err(error) => right &= !corrupt(&error),
        }
    }
    match backend.datasets(None, 0).await {
        Ok(found) => assert_eq!(found.len(), TestLog::names().len()),
        Err(error) => right &= !corrupt(&error),
    }
    match backend.blob(BlobDigest::of(BLOB)).await {
        Ok(found) => assert_eq!(found.as_deref(), Some(BLOB)),
        Err(error) => right &= !corrupt(&error),
    }
    right
}

#[test]
fn damaged_objects_are_noticed_or_do_not_matter() {
    block_on(async {
        let client = MOTO.client();
        let prefix = ledger().await;
        assert!(reads_right_or_corrupt(&prefix).await);
        let (mut changes, mut noticed) = (0, 0);
        for key in keys(&client, &format!("{prefix}/")).await {
            let whole = read(&client, &key).await;
            let mut damaged = vec![whole[..whole.len() / 2].to_vec(), Vec::new()];
            for part in 0..6 {
                let mut flipped = whole.clone();
                flipped[(whole.len() - 1) * part / 5] ^= 1 << part;
                damaged.push(flipped);
            }
            for bytes in damaged {
                write(&client, &key, bytes).await;
                noticed += u32::from(!reads_right_or_corrupt(&prefix).await);
                changes += 1;
            }
            write(&client, &key, whole).await;
            assert!(reads_right_or_corrupt(&prefix).await, "{key} was restored");
        }
        println!("{changes} damaged objects: {noticed} noticed, {} without effect on any answer", changes - noticed);
        assert!(noticed > changes / 3);
    });
}

#[test]
fn missing_objects_are_noticed() {
    block_on(async {
        let client = MOTO.client();
        let prefix = ledger().await;
        let mut noticed = 0;
        let objects = keys(&client, &format!("{prefix}/object/")).await;
        for key in &objects {
            let whole = read(&client, key).await;
            client.delete_object().bucket(BUCKET).key(key).send().await.unwrap();
            noticed += usize::from(!reads_right_or_corrupt(&prefix).await);
            write(&client, key, whole).await;
        }
        println!("{} objects removed one by one: {noticed} were missed", objects.len());
        // What earlier heads alone referred to is not missed.
        assert!(noticed >= 8, "{noticed}");
        assert!(reads_right_or_corrupt(&prefix).await);
    });
}

#[test]
fn a_writer_that_meets_damage_reports_it_and_appends_nothing() {
    block_on(async {
        let client = MOTO.client();
        let prefix = ledger().await;
        let place = url(MOTO.endpoint(), &prefix);
        let objects = keys(&client, &format!("{prefix}/object/")).await;
        let mut kept = Vec::new();
        for key in &objects {
            kept.push((key, read(&client, key).await));
            client.delete_object().bucket(BUCKET).key(key).send().await.unwrap();
        }
        // The next append looks for its ids in every segment.
        let backend = S3Backend::open(&place, &config(&MOTO)).await.unwrap();
        let kind = backend.append(TreeSize(SIZE), LOG.batch(SIZE, 60)).await.unwrap_err().kind;
        assert!(matches!(kind, StorageErrorKind::Corrupt(_)), "{kind:?}");
        for (key, bytes) in kept {
            write(&client, key, bytes).await;
        }
        assert_holds(&backend, LOG, SIZE).await;
        backend.append(TreeSize(SIZE), LOG.batch(SIZE, 60)).await.unwrap();
        assert_holds(&S3Backend::open(&place, &config(&MOTO)).await.unwrap(), LOG, SIZE + 60).await;
    });
}
