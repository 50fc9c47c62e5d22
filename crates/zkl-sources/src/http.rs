//! A file over HTTP. It is read once. When the connection breaks, the rest is asked for, if the server pins the version that was begun with a
//! strong `ETag`: what is read is one version of the file, whole, or an error.

use std::{
    io::{self, Read},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ureq::{
    Agent, Body,
    config::ConfigBuilder,
    http::{
        Response, StatusCode,
        header::{AUTHORIZATION, CONTENT_RANGE, ETAG, IF_MATCH, RANGE},
    },
    typestate::AgentScope,
    unversioned::transport::DefaultConnector,
};
use url::{Host, Url};
use zkl_dataset::Source;

use crate::{allow::Guard, error::SourceError};

/// The environment's variable with the `Authorization` header of requests, which no URL needs to hold then.
pub const AUTHORIZATION_VARIABLE: &str = "ZKL_SOURCE_AUTHORIZATION";

/// How long a server may take to be reached, to answer, and to go on.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the rest of a file is asked for.
const RESUMES: u32 = 5;

/// Why a file could not be read. Neither the URL nor what the server says is repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// An answer other than the file.
    #[error("the server answered {0}")]
    Status(StatusCode),
    /// The file was replaced while it was being read.
    #[error("the file was replaced while it was being read")]
    Replaced,
    /// Fewer bytes came than were announced, and the server cannot be asked for the rest of the same version.
    #[error("the connection ended after {got} of {expected} bytes")]
    CutOff {
        /// The announced length in bytes.
        expected: u64,
        /// Bytes that came.
        got: u64,
    },
    /// The host has an address that is not of the public internet.
    #[error("the host has an address that is not public")]
    NotPublic,
    /// More bytes came than are taken.
    #[error("there are more bytes than are taken")]
    TooLong,
    /// There was no answer.
    #[error("the server cannot be reached: {0}")]
    Request(&'static str),
}

/// The file at `url`. Nothing is asked before it is read.
pub(crate) fn source(url: Url) -> Result<Source, SourceError> {
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "http" && !here {
        return Err(SourceError::PlainHttp { host: url.host_str().unwrap_or_default().to_owned() });
    }
    let name = format!("{}://{}{}", url.scheme(), host(&url), url.path());
    Ok(Source::reader(Download::new(url)).named(name))
}

/// The bytes at `url`, from addresses that `guard` gives, without credentials, proxies and redirections.
pub(crate) fn guarded(url: Url, guard: Guard) -> impl Read + Send + use<> {
    let config = config(&url).max_redirects(0).max_redirects_will_error(false).proxy(None).build();
    let agent = Agent::with_parts(config, DefaultConnector::default(), guard);
    Download { agent, url: url.into(), authorization: None, begun: None, resumes: 0 }
}

/// The host, with its port if one is given.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn config(url: &Url) -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .https_only(url.scheme() == "https")
        .http_status_as_error(false)
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE))
        // What is digested are the bytes of the file, not of a way of sending it.
        .accept_encoding("identity")
        .user_agent(concat!("zkl/", env!("CARGO_PKG_VERSION")))
}

/// The bytes of a file, from the first request to the last byte.
struct Download {
    agent: Agent,
    url: String,
    authorization: Option<String>,
    begun: Option<Begun>,
    resumes: u32,
}

struct Begun {
    body: Box<dyn Read + Send + Sync>,
    /// Announced length of the whole file.
    length: Option<u64>,
    /// A strong tag of the version.
    etag: Option<String>,
    /// Bytes that came.
    got: u64,
}

impl Download {
    fn new(mut url: Url) -> Self {
        let given = std::env::var(AUTHORIZATION_VARIABLE).ok().filter(|value| !value.is_empty());
        let basic = (!url.username().is_empty()).then(|| {
            let pair = [url.username(), url.password().unwrap_or_default()].map(decoded);
            format!("Basic {}", BASE64_STANDARD.encode(pair.join(&b':')))
        });
        // Of a URL with a host these do not fail.
        let _ = (url.set_username(""), url.set_password(None));
        let config = config(&url).build();
        Self { agent: config.into(), url: url.into(), authorization: basic.or(given), begun: None, resumes: 0 }
    }

    /// Asks for the file, or for what follows the first `from` bytes of the version `etag`.
    fn ask(&self, rest: Option<(u64, &str)>) -> io::Result<Response<Body>> {
        let mut request = self.agent.get(&self.url);
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value);
        }
        if let Some((from, etag)) = rest {
            request = request.header(RANGE, format!("bytes={from}-")).header(IF_MATCH, etag);
        }
        let response = request.call().map_err(|error| request_error(&error))?;
        match (response.status(), rest) {
            (StatusCode::OK, None) | (StatusCode::PARTIAL_CONTENT, Some(_)) => Ok(response),
            (StatusCode::PRECONDITION_FAILED | StatusCode::OK, Some(_)) => Err(other(HttpError::Replaced)),
            (status, _) => Err(other(HttpError::Status(status))),
        }
    }

    fn begin(&self) -> io::Result<Begun> {
        let response = self.ask(None)?;
        let etag = header(&response, ETAG.as_str()).filter(|etag| !etag.starts_with("W/"));
        let body = response.into_body();
        let length = body.content_length();
        Ok(Begun { length, etag, got: 0, body: Box::new(body.into_reader()) })
    }

    /// Goes on where the connection ended.
    fn resume(&mut self) -> io::Result<()> {
        let Some(begun) = &self.begun else { return Ok(()) };
        let expected = begun.length.unwrap_or_default();
        let cut_off = || other(HttpError::CutOff { expected, got: begun.got });
        let Some(etag) = &begun.etag else { return Err(cut_off()) };
        if self.resumes == RESUMES {
            return Err(cut_off());
        }
        let response = self.ask(Some((begun.got, etag)))?;
        let same = header(&response, ETAG.as_str()).is_none_or(|again| again == *etag);
        let range = format!("bytes {}-{}/{expected}", begun.got, expected.saturating_sub(1));
        if !same || header(&response, CONTENT_RANGE.as_str()).as_deref() != Some(range.as_str()) {
            return Err(other(HttpError::Replaced));
        }
        self.resumes += 1;
        if let Some(begun) = &mut self.begun {
            begun.body = Box::new(response.into_body().into_reader());
        }
        Ok(())
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.begun.is_none() {
            self.begun = Some(self.begin()?);
        }
        loop {
            let Some(begun) = &mut self.begun else { return Ok(0) };
            let (read, broken) = match begun.body.read(buffer) {
                Ok(read) => (read, None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => (0, Some(error)),
            };
            begun.got += read as u64;
            match (begun.length, broken) {
                (Some(length), _) if begun.got > length => return Err(other(HttpError::Replaced)),
                (Some(length), _) if read == 0 && begun.got < length && !buffer.is_empty() => self.resume()?,
                // Without a length nobody can tell whether it was the end.
                (None, Some(error)) => {
                    return Err(io::Error::new(error.kind(), HttpError::Request("it stopped sending")));
                }
                _ => return Ok(read),
            }
        }
    }
}

fn header(response: &Response<Body>, name: &str) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

fn other(error: HttpError) -> io::Error {
    io::Error::other(error)
}

/// What went wrong with a request, in words that hold nothing of it.
fn request_error(error: &ureq::Error) -> io::Error {
    let why = match error {
        ureq::Error::Other(source) if matches!(source.downcast_ref::<HttpError>(), Some(HttpError::NotPublic)) => {
            return other(HttpError::NotPublic);
        }
        ureq::Error::HostNotFound => "there is no such host",
        ureq::Error::Timeout(_) => "it takes too long to answer",
        ureq::Error::TooManyRedirects | ureq::Error::RedirectFailed => "it sends elsewhere and elsewhere",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => {
            "TLS failed, as with an unknown certificate"
        }
        ureq::Error::RequireHttpsOnly(_) => "it sends to a place without TLS",
        ureq::Error::Io(source) if source.get_ref().is_some() => {
            "the connection failed, perhaps for an unknown certificate"
        }
        _ => "the connection failed",
    };
    other(HttpError::Request(why))
}

/// Bytes of a text with percent signs, as a URL has its credentials.
fn decoded(text: &str) -> Vec<u8> {
    percent_encoding::percent_decode_str(text).collect()
}
