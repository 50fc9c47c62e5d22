//! Objects of Amazon S3 and what is compatible with it, Google Cloud Storage and Azure Blob Storage.
//!
//! A place is one object, every object below a prefix that ends with `/`, or every object that matches a pattern. An object is read once; when
//! the connection breaks, the rest of the same version is asked for. An object that is replaced after it was listed is an error.

mod object;

use std::{io::Read, str::FromStr, sync::Arc, time::Duration};

use futures::TryStreamExt as _;
use object_store::{
    ClientOptions, ObjectMeta, ObjectStore, ObjectStoreScheme, RetryConfig, aws::AmazonS3Builder,
    azure::MicrosoftAzureBuilder, gcp::GoogleCloudStorageBuilder, path::Path as Key,
};
use url::Url;
use zkl_dataset::{Part, Source};

use self::object::{Object, work};
use crate::error::SourceError;

/// How long a store may take to be reached, and to go on.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a request or the rest of an object is asked for, and for how long.
const RETRIES: usize = 5;
const RETRY_TIMEOUT: Duration = Duration::from_secs(60);

/// Why objects could not be listed or read. What the store says is not repeated: it may hold credentials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CloudError {
    /// There is no such object.
    #[error("there is no such object or bucket")]
    NotFound,
    /// The store knows no such user, or the user may not.
    #[error("access is denied")]
    Denied,
    /// The object was replaced after it was listed, or while it was being read.
    #[error("the object was replaced while it was being read")]
    Replaced,
    /// Fewer or more bytes came than the object has.
    #[error("{got} bytes came of an object of {expected}")]
    Length {
        /// Length of the object in bytes.
        expected: u64,
        /// Bytes that came.
        got: u64,
    },
    /// Another answer than one to the question, or none.
    #[error("the store cannot be asked: {0}")]
    Store(&'static str),
}

impl CloudError {
    fn of(error: &object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound,
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => Self::Denied,
            object_store::Error::Precondition { .. } => Self::Replaced,
            error => Self::Store(why(error)),
        }
    }

    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Denied | Self::Store(_) => Some(
                "credentials come from the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SKIP_SIGNATURE=true for what is public), \
                 GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// What went wrong with a request, in words that hold nothing of it.
fn why(error: &object_store::Error) -> &'static str {
    use object_store::client::{HttpError, HttpErrorKind as Kind};
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return match error.kind() {
                Kind::Connect => "no connection is made",
                Kind::Timeout => "it takes too long to answer",
                Kind::Interrupted => "the connection ended",
                _ => "the request failed",
            };
        }
        cause = error.source();
    }
    "its answer is none to the question, or there are no credentials"
}

/// The objects at `url`, with settings such as `AWS_REGION` from the environment.
pub(crate) fn source(url: &Url) -> Result<Source, SourceError> {
    let environment = std::env::vars_os();
    open(url, environment.filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))))
}

/// The objects at `url`, with settings that are called like the variables of the environment: `AWS_REGION` and whatever else the
/// builders of `object_store` read there. A prefix or pattern is listed now; this blocks.
///
/// # Errors
/// [`SourceError::Credentials`] for a URL that holds any, [`SourceError::Query`] for one with a query or fragment; [`SourceError::Settings`] when they do not suffice, [`SourceError::Cloud`] when the
/// objects cannot be listed or there are none.
pub fn open(url: &Url, settings: impl IntoIterator<Item = (String, String)>) -> Result<Source, SourceError> {
    let (place, key) = place(url, settings)?;
    let is_pattern = key.as_ref().contains(['*', '?', '[']);
    let some = |objects: Vec<ObjectMeta>| {
        if objects.is_empty() { Err(SourceError::Cloud(CloudError::NotFound)) } else { Ok(objects.into_iter()) }
    };
    if is_pattern {
        let pattern = glob::Pattern::new(key.as_ref()).map_err(|_| SourceError::Pattern)?;
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let before = key.as_ref().split(['*', '?', '[']).next().unwrap_or_default();
        let prefix = before.rsplit_once('/').map(|(prefix, _)| Key::from(prefix));
        let mut objects = place.list(prefix)?;
        objects.retain(|object| pattern.matches_with(object.location.as_ref(), options));
        let parts = some(objects)?.map(|object| Part { source: place.object(&object), values: Vec::new() });
        return Ok(Source::parts(place.name(&key), parts));
    }
    if url.path().is_empty() || url.path().ends_with('/') {
        let mut objects = place.list((!key.as_ref().is_empty()).then(|| key.clone()))?;
        objects.retain(|object| below(object, &key).iter().all(|name| !name.starts_with(['.', '_'])));
        let parts = some(objects)?.map(|object| {
            let mut directories = below(&object, &key);
            directories.pop();
            Part::below(place.object(&object), directories)
        });
        return Ok(Source::parts(format!("{}/", place.name(&key).trim_end_matches('/')), parts));
    }
    let name = place.name(&key);
    Ok(Source::reader(Object::new(place.store, key)).named(name))
}

/// The one object at `url`, whatever its key looks like, as `bounded` gives its bytes. Settings are those of the environment.
///
/// # Errors
/// As [`open`]. Nothing is asked of the store.
pub(crate) fn object(
    url: &Url,
    bounded: impl FnOnce(Box<dyn Read + Send>) -> Box<dyn Read + Send>,
) -> Result<Source, SourceError> {
    let environment = std::env::vars_os();
    let settings = environment.filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
    let (place, key) = place(url, settings)?;
    let name = place.name(&key);
    Ok(Source::reader(bounded(Box::new(Object::new(place.store, key)))).named(name))
}

/// The store of `url`, and the key in it.
fn place(url: &Url, settings: impl IntoIterator<Item = (String, String)>) -> Result<(Place, Key), SourceError> {
    let scheme = url.scheme().to_owned();
    // Azure's URLs of this kind have the container there.
    let is_container = scheme.starts_with("abfs") && url.password().is_none();
    if !(url.username().is_empty() && url.password().is_none() || is_container) {
        return Err(SourceError::Credentials { scheme });
    }
    // A version or a signature that is left out would be another object.
    if url.query().or(url.fragment()).is_some() {
        return Err(SourceError::Query { scheme });
    }
    let (kind, key) = ObjectStoreScheme::parse(url).map_err(|_| SourceError::Key { scheme: scheme.clone() })?;
    let settings: Vec<_> = settings.into_iter().collect();
    let store = store(&kind, url, &settings).map_err(|_| SourceError::Settings { scheme })?;
    Ok((Place { store, root: root(url) }, key))
}

/// Names of the directories and of the object below `prefix`.
fn below<'o>(object: &'o ObjectMeta, prefix: &Key) -> Vec<&'o str> {
    let rest = object.location.as_ref().strip_prefix(prefix.as_ref()).unwrap_or_default();
    rest.split('/').filter(|name| !name.is_empty()).collect()
}

/// A bucket, and how its URL begins.
struct Place {
    store: Arc<dyn ObjectStore>,
    root: String,
}

impl Place {
    /// The objects below a prefix, in the order of the bytes of their names, component by component.
    fn list(&self, prefix: Option<Key>) -> Result<Vec<ObjectMeta>, CloudError> {
        let store = Arc::clone(&self.store);
        let mut objects: Vec<_> = work(async move { store.list(prefix.as_ref()).try_collect::<Vec<_>>().await })?;
        objects.sort_by(|a, b| a.location.parts().cmp(b.location.parts()));
        // Consoles mark an empty directory by an object of no bytes.
        let is_marker = |at: usize| {
            let prefix = objects[at].location.as_ref();
            let next = objects.get(at + 1).and_then(|next| next.location.as_ref().strip_prefix(prefix));
            objects[at].size == 0 && next.is_some_and(|rest| rest.starts_with('/'))
        };
        let markers: Vec<bool> = (0..objects.len()).map(is_marker).collect();
        let mut marked = markers.into_iter();
        objects.retain(|_| !marked.next().unwrap_or_default());
        Ok(objects)
    }

    fn object(&self, object: &ObjectMeta) -> Source {
        let name = self.name(&object.location);
        Source::reader(Object::listed(Arc::clone(&self.store), object.clone())).named(name)
    }

    fn name(&self, key: &Key) -> String {
        format!("{}/{key}", self.root)
    }
}

/// The URL before its path, without what stands after it.
fn root(url: &Url) -> String {
    let user = if url.username().is_empty() { String::new() } else { format!("{}@", url.username()) };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{user}{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

fn store(
    kind: &ObjectStoreScheme,
    url: &Url,
    settings: &[(String, String)],
) -> object_store::Result<Arc<dyn ObjectStore>> {
    // Clients take the provider of TLS that they find when they are built. Another one that the program chose is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The time that an object takes depends on its size.
    let client =
        ClientOptions::new().with_timeout_disabled().with_connect_timeout(PATIENCE).with_read_timeout(PATIENCE);
    let retry = RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() };
    Ok(match kind {
        ObjectStoreScheme::GoogleCloudStorage => {
            let builder = GoogleCloudStorageBuilder::new().with_client_options(client).with_retry(retry);
            let settings = named(settings, "GOOGLE_").into_iter();
            Arc::new(
                settings
                    .fold(builder, |builder, (key, value)| builder.with_config(key, value))
                    .with_url(url.as_str())
                    .build()?,
            )
        }
        ObjectStoreScheme::MicrosoftAzure => {
            let builder = MicrosoftAzureBuilder::new().with_client_options(client).with_retry(retry);
            let settings = named(settings, "AZURE_").into_iter();
            Arc::new(
                settings
                    .fold(builder, |builder, (key, value)| builder.with_config(key, value))
                    .with_url(url.as_str())
                    .build()?,
            )
        }
        _ => {
            let builder = AmazonS3Builder::new().with_client_options(client).with_retry(retry);
            let settings = named(settings, "AWS_").into_iter();
            Arc::new(
                settings
                    .fold(builder, |builder, (key, value)| builder.with_config(key, value))
                    .with_url(url.as_str())
                    .build()?,
            )
        }
    })
}

/// The settings that begin so and that the builder knows.
fn named<K: FromStr>(settings: &[(String, String)], prefix: &str) -> Vec<(K, String)> {
    let named = settings.iter().filter(|(key, _)| key.starts_with(prefix));
    named.filter_map(|(key, value)| Some((key.to_ascii_lowercase().parse().ok()?, value.clone()))).collect()
}
