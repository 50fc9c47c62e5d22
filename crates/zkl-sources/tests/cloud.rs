//! Objects of S3 and Azure, from servers that others wrote. No server of Google's interface is at hand.

#![cfg(feature = "cloud")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails should stop")]

use std::{error::Error, path::Path, str::FromStr, sync::Arc};

use object_store::{ObjectStore, ObjectStoreExt as _, aws::AmazonS3Builder, azure::MicrosoftAzureBuilder};
use tokio::runtime::Runtime;
use url::Url;
use zkl_dataset::{DatasetError, Fault, Scan, ScanOutput, Source};
use zkl_sources::{
    SourceError,
    cloud::{self, CloudError},
};
use zkl_testkit::{clouds::CloudServer, s3::S3Server};

/// A bucket, and how a program's environment names it.
struct Bucket {
    url: String,
    settings: Vec<(String, String)>,
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
}

fn named<K: FromStr>(settings: &[(String, String)]) -> impl Iterator<Item = (K, String)> {
    settings.iter().map(|(key, value)| {
        (key.to_ascii_lowercase().parse().unwrap_or_else(|_| panic!("{key} is no setting")), value.clone())
    })
}

impl Bucket {
    fn new(url: &str, settings: Vec<(String, String)>) -> Self {
        // The one that stores are asked through here and in the library.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store: Arc<dyn ObjectStore> = match url.split(':').next() {
            Some("s3") => {
                let builder = AmazonS3Builder::new().with_url(url);
                Arc::new(named(&settings).fold(builder, |b, (key, value)| b.with_config(key, value)).build().unwrap())
            }
            _ => {
                let builder = MicrosoftAzureBuilder::new().with_url(url);
                Arc::new(named(&settings).fold(builder, |b, (key, value)| b.with_config(key, value)).build().unwrap())
            }
        };
        Self { url: url.to_owned(), settings, store, runtime: Runtime::new().unwrap() }
    }

    fn s3(server: &S3Server) -> Self {
        let settings = [
            ("AWS_ENDPOINT_URL", server.endpoint()),
            ("AWS_ACCESS_KEY_ID", server.access_key()),
            ("AWS_SECRET_ACCESS_KEY", server.secret_key()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ALLOW_HTTP", "true"),
        ];
        let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
        let bucket = Self::new("s3://tables", settings);
        bucket.runtime.block_on(server.create_bucket("tables", false)).unwrap();
        bucket
    }

    fn put(&self, key: &str, content: impl Into<Vec<u8>>) {
        let key = key.into();
        let put = self.store.put(&key, content.into().into());
        self.runtime.block_on(put).unwrap();
    }

    fn open(&self, key: &str) -> Result<Source, SourceError> {
        let url = Url::parse(&format!("{}/{key}", self.url)).unwrap();
        // Also from code that is itself asynchronous.
        self.runtime.block_on(async { cloud::open(&url, self.settings.clone()) })
    }
}

fn read(source: Source) -> Result<ScanOutput, DatasetError> {
    Scan::new(source).run(&[0; 32], &mut ())
}

fn columns(output: &ScanOutput) -> Vec<&str> {
    output.layout.columns().iter().map(|column| &*column.name).collect()
}

/// The innermost cause.
fn cause(error: &DatasetError) -> Option<&CloudError> {
    let Fault::Io(error) = error.fault() else { return None };
    error.get_ref()?.downcast_ref()
}

fn everything_is_read(bucket: &Bucket) {
    bucket.put("one table.csv", "n,w\n1,x\n2,y\n");
    let output = read(bucket.open("one%20table.csv").unwrap()).unwrap();
    assert_eq!((output.layout.rows(), columns(&output)), (2, vec!["n", "w"]));
    let local = read(Source::bytes(&b"n,w\n1,x\n2,y\n"[..]).named("t.csv")).unwrap();
    assert_eq!(output.digests, local.digests, "of the bytes as they are stored");

    // Several of one prefix: what lies beside it or begins with a dot or an underscore is left out.
    for (key, content) in [
        ("sales/year=2024/b.csv", "n\n3\n"),
        ("sales/year=2024/a.csv", "n\n1\n2\n"),
        ("sales/year=2025/c.csv", "n\n4\n"),
        ("sales/_SUCCESS", ""),
        ("sales/.hidden/d.csv", "n\n5\n"),
        ("sales-old/e.csv", "n\n6\n"),
    ] {
        bucket.put(key, content);
    }
    let output = read(bucket.open("sales/").unwrap()).unwrap();
    assert_eq!((output.layout.rows(), columns(&output)), (4, vec!["year", "n"]));
    let output = read(bucket.open("sales/year=*/[ab].csv").unwrap()).unwrap();
    assert_eq!((output.layout.rows(), columns(&output)), (3, vec!["n"]));

    // More than is sent in one piece.
    let rows: String = (0..400_000).map(|n| format!("{n},{}\n", n % 7)).collect();
    bucket.put("large.csv", format!("n,w\n{rows}"));
    assert_eq!(read(bucket.open("large.csv").unwrap()).unwrap().layout.rows(), 400_000);

    let absent = read(bucket.open("absent.csv").unwrap()).err().unwrap();
    assert!(matches!(cause(&absent), Some(CloudError::NotFound)), "{absent:?}");
    for nothing in ["absent/", "absent*.csv"] {
        let error = bucket.open(nothing).unwrap_err();
        assert!(matches!(error, SourceError::Cloud(CloudError::NotFound)), "{nothing}: {error}");
    }

    // Replaced between the list and the reading.
    let listed = bucket.open("sales/").unwrap();
    bucket.put("sales/year=2025/c.csv", "n\n9\n");
    let error = read(listed).err().unwrap();
    assert!(matches!(cause(&error), Some(CloudError::Replaced)), "{error:?}");
    assert!(error.to_string().contains("sales/year=2025/c.csv"), "{error}");
}

#[test]
fn objects_of_s3_are_read() {
    let server = S3Server::moto().unwrap();
    everything_is_read(&Bucket::s3(&server));
}

#[test]
fn objects_of_azure_are_read() {
    let server = CloudServer::azurite().unwrap();
    everything_is_read(&Bucket::new(server.url(), server.settings().to_vec()));
}

#[test]
fn wrong_credentials_are_told_and_shown_nowhere() {
    let server = CloudServer::azurite().unwrap();
    let mut bucket = Bucket::new(server.url(), server.settings().to_vec());
    bucket.put("t.csv", "n\n1\n");
    let key = bucket.settings.iter_mut().find(|(name, _)| name.ends_with("_KEY")).unwrap();
    key.1 = "c2VjcmV0IHNlY3JldCBzZWNyZXQ=".to_owned();
    let error = read(bucket.open("t.csv").unwrap()).err().unwrap();
    assert!(matches!(cause(&error), Some(CloudError::Denied)), "{error:?}");
    let mut shown = format!("{error:?}");
    let mut source: Option<&dyn Error> = Some(&error);
    while let Some(error) = source {
        shown += &error.to_string();
        source = error.source();
    }
    assert!(!shown.contains("c2VjcmV0") && !shown.contains("secret"), "{shown}");
    let error = bucket.open("dir/").unwrap_err();
    // Of a list the reason is not told apart.
    assert!(matches!(error, SourceError::Cloud(CloudError::Denied | CloudError::Store(_))), "{error:?}");
    assert!(error.hint().unwrap().contains("AZURE_STORAGE_ACCOUNT_KEY"));
}

#[test]
fn urls_hold_neither_credentials_nor_queries() {
    let open = |url: &str| cloud::open(&Url::parse(url).unwrap(), []);
    let error = open("s3://key:secret@tables/t.csv").unwrap_err();
    assert!(matches!(error, SourceError::Credentials { .. }), "{error}");
    assert!(!error.to_string().contains("secret"));
    for url in ["s3://tables/dir/t.csv?versionId=secret", "gs://tables/t.csv#secret"] {
        let error = open(url).unwrap_err();
        assert!(matches!(error, SourceError::Query { .. }) && !error.to_string().contains("secret"), "{error}");
    }
    for url in ["s3://tables/dir/t.csv", "gs://tables/dir/t.csv"] {
        assert_eq!(open(url).unwrap().name(), Path::new(url));
    }
    let error = open("az://tables/t.csv").unwrap_err();
    assert!(matches!(error, SourceError::Settings { .. }), "{error}");
    let error = open("s3://tables/a//t.csv").unwrap_err();
    assert!(error.to_string().contains("empty or relative component"), "{error}");
}
