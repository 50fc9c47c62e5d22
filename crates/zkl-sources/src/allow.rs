//! Places that somebody else names, such as the clients of a server: only those that its operator allows, and no way from there into a network
//! that is not the client's to look into.
//!
//! ```text
//! text --no user, no query, no tricks in the path--> URL --below an allowed prefix--> addresses of its host --all public--> request, no redirection
//! ```
//!
//! Addresses are looked at when the connection is made, and the connection is made to those: what a name means cannot change in between.

use std::{
    io::{self, Read},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use ureq::{
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};
use url::{Host, Url};
use zkl_dataset::Source;

use crate::{error::SourceError, http, http::HttpError};

/// Why a place is not allowed, or a prefix is none. Nothing of the place is repeated: it may hold credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AllowError {
    /// A text that is no URL, or of a scheme that tables are not read from.
    #[error("the source is no URL of a scheme that tables are read from")]
    Url,
    /// A URL with a user, a password, a query or a fragment.
    #[error("the URL of a source has neither credentials nor a query nor a fragment")]
    Parts,
    /// A path in which a separator or a dot is hidden, or that names more than one file.
    #[error("the path of a source is that of one file, without escapes for separators and dots")]
    Path,
    /// No allowed prefix is the beginning of it.
    #[error("no source that is allowed begins so")]
    NotAllowed,
    /// A prefix that allows more than is read from its beginning.
    #[error("a prefix is a URL whose path ends with /, or that of one file")]
    Prefix,
}

/// A place and what is below it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Prefix {
    url: Url,
    /// Whether its host may be at an address that is not public.
    private: bool,
}

/// Places that may be read from: none, unless said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedSources(Vec<Prefix>);

/// A prefix as it is written in settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePrefix(Url);

impl FromStr for SourcePrefix {
    type Err = AllowError;

    fn from_str(text: &str) -> Result<Self, AllowError> {
        let url = plain(text)?;
        // Within a name of a host or of a directory nothing ends: `https://a.example` is no prefix of `https://a.example.org`, nor is /a of /ab.
        if url.path().is_empty() || url.path() == "/" && !text.ends_with('/') {
            return Err(AllowError::Prefix);
        }
        Ok(Self(url))
    }
}

impl AllowedSources {
    /// The same, and what is below `prefix`, on a host all of whose addresses are public.
    #[must_use]
    pub fn public(self, prefix: SourcePrefix) -> Self {
        self.with(prefix, false)
    }

    /// The same, and what is below `prefix`, whatever addresses its host has.
    #[must_use]
    pub fn private(self, prefix: SourcePrefix) -> Self {
        self.with(prefix, true)
    }

    fn with(mut self, prefix: SourcePrefix, private: bool) -> Self {
        self.0.push(Prefix { url: prefix.0, private });
        self
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The place that `text` names, if it is allowed. Nothing is asked of anybody.
    ///
    /// # Errors
    /// [`AllowError`].
    pub fn check(&self, text: &str) -> Result<AllowedSource, AllowError> {
        let url = plain(text)?;
        if url.path().is_empty() || url.path().ends_with('/') {
            return Err(AllowError::Path);
        }
        let found = self.0.iter().filter(|prefix| prefix.covers(&url));
        // Of two that cover it, the one that allows more.
        let private =
            found.map(|prefix| prefix.private).reduce(|one, other| one || other).ok_or(AllowError::NotAllowed)?;
        Ok(AllowedSource { url, private })
    }
}

impl Prefix {
    fn covers(&self, url: &Url) -> bool {
        let same =
            |one: &Url| (one.scheme().to_owned(), one.host().map(|host| host.to_owned()), one.port_or_known_default());
        let path = self.url.path();
        same(&self.url) == same(url)
            && if path.ends_with('/') { url.path().starts_with(path) } else { url.path() == path }
    }
}

/// A URL that is only a place.
fn plain(text: &str) -> Result<Url, AllowError> {
    // What the parser would leave out or turn around is not what was meant.
    if text.bytes().any(|byte| byte.is_ascii_control() || matches!(byte, b' ' | b'\\')) {
        return Err(AllowError::Url);
    }
    let url = Url::parse(text).map_err(|_| AllowError::Url)?;
    let known = match url.scheme() {
        "https" => true,
        "http" => is_here(&url),
        #[cfg(feature = "cloud")]
        "s3" | "gs" | "az" => true,
        _ => false,
    };
    if !known || url.host().is_none() {
        return Err(AllowError::Url);
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(AllowError::Parts);
    }
    let path = url.path().to_ascii_lowercase();
    let hidden = ["%2f", "%5c", "%2e", "%00", "*", "?", "[", "//"];
    // `..` is resolved by the parser, and then it is not below what it was written below.
    if hidden.iter().any(|hidden| path.contains(hidden)) || text.contains("/../") || text.contains("/./") {
        return Err(AllowError::Path);
    }
    Ok(url)
}

/// Whether a URL names this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A place that is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedSource {
    url: Url,
    private: bool,
}

impl AllowedSource {
    /// The URL, which holds no credentials.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The table there, of at most `max` bytes. Nothing is asked before it is read. Of a server of HTTP no credentials are shown; those of
    /// object stores are this process's.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn source(&self, max: u64) -> Result<Source, SourceError> {
        match self.url.scheme() {
            #[cfg(feature = "cloud")]
            "s3" | "gs" | "az" => {
                crate::cloud::object(&self.url, |object| Box::new(Bounded { reader: object, left: max }))
            }
            _ => {
                let name = self.url.to_string();
                let reader = http::guarded(self.url.clone(), Guard { private: self.private });
                Ok(Source::reader(Bounded { reader: Box::new(reader), left: max }).named(name))
            }
        }
    }
}

/// Bytes, of which there are no more than so many.
struct Bounded {
    reader: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other(HttpError::TooLong))?;
        Ok(read)
    }
}

/// Resolves names as usual, and gives no address that is not public, unless that is allowed.
#[derive(Debug)]
pub(crate) struct Guard {
    private: bool,
}

impl Resolver for Guard {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        // One that is not public is enough: which of them answers is not ours to choose.
        if !self.private && !found.iter().all(|address| is_public(address.ip())) {
            return Err(ureq::Error::Other(Box::new(HttpError::NotPublic)));
        }
        Ok(found)
    }
}

/// Whether an address is one of the public internet (IANA's special-purpose registries: <https://www.iana.org/assignments/iana-ipv4-special-registry>,
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        // By which an IPv4 address is reached from IPv6 (RFC 6052).
        (0x64, 0xff9b) => (c, d, e, f) == (0, 0, 0, 0) && embedded(g, h),
        // Protocol assignments, Teredo and documentation.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        (0x2002, _) => false,
        (0x2000..=0x3fff, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(prefixes: &[&str]) -> AllowedSources {
        prefixes.iter().fold(AllowedSources::default(), |all, prefix| all.public(prefix.parse().unwrap()))
    }

    #[test]
    fn nothing_is_allowed_that_is_not_below_a_prefix() {
        let sources = allowed(&["https://data.example.com/team/", "https://one.example.com:8443/a.csv"]);
        for good in [
            "https://data.example.com/team/a.csv",
            "https://DATA.example.com:443/team/x/b%20c.csv",
            "https://one.example.com:8443/a.csv",
        ] {
            assert!(sources.check(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("https://data.example.com/teams/a.csv", AllowError::NotAllowed),
            ("https://data.example.com/other.csv", AllowError::NotAllowed),
            ("https://data.example.com:8443/team/a.csv", AllowError::NotAllowed),
            ("https://data.example.com.evil.org/team/a.csv", AllowError::NotAllowed),
            ("https://one.example.com:8443/a.csv.gz", AllowError::NotAllowed),
            ("https://one.example.com/a.csv", AllowError::NotAllowed),
            ("https://data.example.com/team/", AllowError::Path),
            ("https://data.example.com/team/../other.csv", AllowError::Path),
            ("https://data.example.com/team/%2e%2e/other.csv", AllowError::NotAllowed),
            ("https://data.example.com/team/..%2fother.csv", AllowError::Path),
            ("https://data.example.com/team/%5c..%5cother.csv", AllowError::Path),
            ("https://data.example.com/team//a.csv", AllowError::Path),
            ("https://data.example.com/team/*.csv", AllowError::Path),
            ("https://data.example.com\\@evil.org/team/a.csv", AllowError::Url),
            ("https://data.example.com/team/a.csv\n", AllowError::Url),
            ("https://me:secret@data.example.com/team/a.csv", AllowError::Parts),
            ("https://data.example.com@evil.org/team/a.csv", AllowError::Parts),
            ("https://data.example.com/team/a.csv?token=secret", AllowError::Parts),
            ("https://data.example.com/team/a.csv#x", AllowError::Parts),
            ("http://data.example.com/team/a.csv", AllowError::Url),
            ("file:///etc/passwd", AllowError::Url),
            ("postgres://data.example.com/team/a.csv", AllowError::Url),
            ("team/a.csv", AllowError::Url),
            ("", AllowError::Url),
        ] {
            let error = sources.check(bad).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
            // However it is refused.
            let parsed_away = bad.contains("%2e%2e") && error == AllowError::Path;
            assert!(error == why || parsed_away, "{bad}: {error:?}");
        }
        assert_eq!(AllowedSources::default().check("https://data.example.com/a.csv"), Err(AllowError::NotAllowed));
    }

    #[test]
    fn a_prefix_does_not_end_within_a_name() {
        for bad in [
            "https://data.example.com",
            "https://me@data.example.com/",
            "https://data.example.com/?a",
            "data",
            "ftp://a/",
        ] {
            assert!(bad.parse::<SourcePrefix>().is_err(), "{bad}");
        }
        assert!(allowed(&["https://data.example.com/"]).check("https://data.example.com/a.csv").is_ok());
    }

    #[test]
    fn addresses_that_are_not_of_the_public_internet_are_told_from_those_that_are() {
        for public in [
            "1.1.1.1",
            "93.184.216.34",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for other in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "3fff::1",
        ] {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }
}
