//! The few requests that the backend makes of S3, with their answers sorted out.

use std::{error::Error as StdError, io, ops::Range, time::Duration};

use aws_config::{
    BehaviorVersion, environment::region::EnvironmentVariableRegionProvider, meta::region::RegionProviderChain,
    profile::region::ProfileFileRegionProvider, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_credential_types::{Credentials, provider::error::CredentialsError};
use aws_sdk_s3::{
    Client,
    config::{Builder, Region, RequestChecksumCalculation, ResponseChecksumValidation},
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use bytes::{Bytes, BytesMut};

use zkl_core::storage::StorageErrorKind::Corrupt;

use crate::{config::S3Config, error::S3Error, location::Location};

/// Most bytes of the ledger's description, of a head and of a cosigned checkpoint: some kilobytes in practice.
pub(crate) const SMALL: u64 = 16 << 20;
/// Most bytes of any other object: what offsets within one can express.
pub(crate) const LARGE: u64 = u32::MAX as u64;

const WRONG_LENGTH: S3Error =
    S3Error::Contract(Corrupt("a stored object does not have the length that what refers to it says"));

/// The objects below one prefix of one bucket.
#[derive(Clone)]
pub(crate) struct Objects {
    pub(crate) client: Client,
    pub(crate) bucket: String,
    prefix: String,
    max_attempts: u32,
}

impl Objects {
    /// Makes a client; sends nothing to the endpoint.
    pub(crate) async fn new(location: &Location, config: &S3Config) -> Self {
        let http =
            aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let given = location.region.clone().or_else(|| config.region.clone());
        let region = RegionProviderChain::first_try(given.map(Region::new))
            .or_else(EnvironmentVariableRegionProvider::new())
            .or_else(ProfileFileRegionProvider::new())
            .or_else(Region::from_static("us-east-1"));
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(config.connect_timeout)
            .operation_attempt_timeout(config.attempt_timeout)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(config.max_attempts.max(1))
            .with_initial_backoff(Duration::from_millis(50));
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .region(region)
            .timeout_config(timeouts)
            .retry_config(retries);
        if let Some(given) = &config.credentials {
            let (key, secret) = (given.access_key.clone(), given.secret_key.clone());
            loader = loader.credentials_provider(Credentials::new(
                key,
                secret,
                given.session_token.clone(),
                None,
                "zkl-storage-s3",
            ));
        }
        let endpoint = location.endpoint.clone().or_else(|| config.endpoint.clone());
        if let Some(endpoint) = &endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        let shared = loader.load().await;
        // Servers other than AWS rarely have a host name per bucket.
        let foreign = shared.endpoint_url().is_some() || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
        // Older servers do not know the checksums that newer clients add on their own account.
        let mut s3 = aws_sdk_s3::config::Builder::from(&shared)
            .force_path_style(location.path_style.unwrap_or(foreign))
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        if let Some(endpoint) = &endpoint {
            s3 = s3.endpoint_url(endpoint);
        }
        Self {
            client: Client::from_conf(s3.build()),
            bucket: location.bucket.clone(),
            prefix: location.prefix.clone(),
            max_attempts: config.max_attempts.max(1),
        }
    }

    pub(crate) fn full_key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// The object called `key`, or `None`. A longer one than `most` bytes is corrupt, and is not read to its end.
    pub(crate) async fn get(&self, key: &str, most: u64) -> Result<Option<Bytes>, S3Error> {
        self.read(key, None, most).await
    }

    /// The bytes `range` of the object called `key`, or `None`.
    pub(crate) async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Option<Bytes>, S3Error> {
        let len = range.end.saturating_sub(range.start);
        if len == 0 {
            return Err(WRONG_LENGTH);
        }
        let range = format!("bytes={}-{}", range.start, range.end - 1);
        let bytes = self.read(key, Some(range), len).await?;
        if bytes.as_ref().is_some_and(|bytes| bytes.len() as u64 != len) {
            return Err(WRONG_LENGTH);
        }
        Ok(bytes)
    }

    async fn read(&self, key: &str, range: Option<String>, most: u64) -> Result<Option<Bytes>, S3Error> {
        let mut attempt = 1;
        loop {
            let Some(body) = self.body(key, range.clone()).await? else {
                return Ok(None);
            };
            match collect(body, most).await {
                Ok(bytes) => return Ok(Some(bytes)),
                // The client library repeats requests, but not bodies that break off.
                Err(S3Error::NoAnswer { .. }) if attempt < self.max_attempts => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    async fn body(&self, key: &str, range: Option<String>) -> Result<Option<ByteStream>, S3Error> {
        let request = self.client.get_object().bucket(&self.bucket).key(self.full_key(key)).set_range(range);
        match request.send().await {
            Ok(output) => Ok(Some(output.body)),
            Err(error) => match classify("GetObject", error) {
                S3Error::Refused { status: 404, code, .. } if code != "NoSuchBucket" => Ok(None),
                S3Error::Refused { status: 416, .. } => Err(WRONG_LENGTH),
                error => Err(error),
            },
        }
    }

    /// The length of the object called `key`, or `None`.
    pub(crate) async fn len(&self, key: &str) -> Result<Option<u64>, S3Error> {
        let request = self.client.head_object().bucket(&self.bucket).key(self.full_key(key));
        match request.send().await {
            Ok(output) => Ok(Some(output.content_length().and_then(|len| u64::try_from(len).ok()).unwrap_or(0))),
            Err(error) => match classify("HeadObject", error) {
                S3Error::Refused { status: 404, .. } => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Writes an object whose content follows from its name: it does not matter how often.
    pub(crate) async fn put(&self, key: &str, bytes: Bytes) -> Result<(), S3Error> {
        let request = self.client.put_object().bucket(&self.bucket).key(self.full_key(key)).body(bytes.into());
        request.send().await.map(drop).map_err(|error| classify("PutObject", error))
    }

    /// Writes `key` if it does not exist, in one try. `false` means that it exists.
    pub(crate) async fn create(&self, key: &str, bytes: Bytes) -> Result<bool, S3Error> {
        let request =
            self.client.put_object().bucket(&self.bucket).key(self.full_key(key)).if_none_match("*").body(bytes.into());
        // A repetition inside the client library would turn its own success into a refusal.
        let once = request.customize().config_override(Builder::new().retry_config(RetryConfig::disabled()));
        match once.send().await {
            Ok(_) => Ok(true),
            Err(error) => match classify("PutObject", error) {
                S3Error::Refused { status: 412, .. } => Ok(false),
                error => Err(error),
            },
        }
    }

    /// Removes `key`, if it is there.
    pub(crate) async fn delete(&self, key: &str) -> Result<(), S3Error> {
        let request = self.client.delete_object().bucket(&self.bucket).key(self.full_key(key));
        request.send().await.map(drop).map_err(|error| classify("DeleteObject", error))
    }

    /// What the endpoint lists first below `folder` and behind `after`, both left out of the answer: a hint, since listings
    /// may be late.
    pub(crate) async fn first_below(&self, folder: &str, after: Option<&str>) -> Result<Option<String>, S3Error> {
        let folder = self.full_key(folder);
        let after = after.map(|after| format!("{folder}{after}"));
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(&folder).max_keys(1);
        let output = request.set_start_after(after).send().await.map_err(|error| classify("ListObjectsV2", error))?;
        let first = output.contents().first().and_then(|object| object.key());
        Ok(first.and_then(|key| key.strip_prefix(&folder)).map(str::to_owned))
    }
}

/// Reads a body to its end, unless it is longer than `most`: an endpoint must not fill the memory.
async fn collect(mut body: ByteStream, most: u64) -> Result<Bytes, S3Error> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| S3Error::NoAnswer { request: "GetObject", source: error.into() })?;
        if (bytes.len() + chunk.len()) as u64 > most {
            return Err(WRONG_LENGTH);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// What an error of the client library says about the request.
pub(crate) fn classify<E>(request: &'static str, error: SdkError<E>) -> S3Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    let code = error.as_service_error().and_then(|error| error.code()).unwrap_or_default().to_owned();
    if chain(&error).any(<dyn StdError>::is::<CredentialsError>) {
        return S3Error::NoCredentials { source: error.into() };
    }
    let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    let unsent = chain(&error).any(|cause| cause.downcast_ref::<io::Error>().is_some_and(refused));
    match &error {
        SdkError::ConstructionFailure(_) => S3Error::NotSent { request, transient: false, source: error.into() },
        SdkError::DispatchFailure(_) if unsent => S3Error::NotSent { request, transient: true, source: error.into() },
        SdkError::TimeoutError(_) => S3Error::Timeout { request, source: error.into() },
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            S3Error::Timeout { request, source: error.into() }
        }
        SdkError::ServiceError(_) => {
            S3Error::Refused { request, status: status.unwrap_or_default(), code, source: error.into() }
        }
        _ => S3Error::NoAnswer { request, source: error.into() },
    }
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
}
