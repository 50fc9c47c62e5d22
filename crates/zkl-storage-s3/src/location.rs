//! Where a ledger lies: `s3://bucket/prefix?endpoint=URL&region=NAME&path_style=BOOL`.

use url::Url;

use crate::error::S3Error;

/// A parsed ledger URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) bucket: String,
    /// Empty, or ends with `/`.
    pub(crate) prefix: String,
    pub(crate) endpoint: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) path_style: Option<bool>,
}

impl Location {
    pub(crate) fn parse(text: &str) -> Result<Self, S3Error> {
        let wrong = |rule| S3Error::Location { rule };
        let url = Url::parse(text).map_err(|_| wrong("a ledger URL looks like s3://bucket/prefix"))?;
        if url.scheme() != "s3" {
            return Err(wrong("a ledger URL starts with s3://"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.port().is_some() || url.fragment().is_some() {
            return Err(wrong("credentials, ports and fragments do not belong into a ledger URL"));
        }
        let bucket = url.host_str().filter(|host| !host.is_empty()).ok_or(wrong("the URL names no bucket"))?;
        let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
        // Whatever a server, a proxy or a signature could spell in two ways is refused.
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if !bucket.bytes().all(plain) || !parts.iter().all(|part| part.bytes().all(plain)) {
            return Err(wrong("bucket and prefix consist of letters, digits, '.', '_', '-' and '/'"));
        }
        let prefix = parts.iter().flat_map(|part| [*part, "/"]).collect();
        let mut location = Self { bucket: bucket.to_owned(), prefix, endpoint: None, region: None, path_style: None };
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "endpoint" => {
                    let known = Url::parse(&value).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
                    if !known {
                        return Err(wrong("the endpoint is not an http or https URL"));
                    }
                    location.endpoint = Some(value.into_owned());
                }
                "region" => location.region = Some(value.into_owned()),
                "path_style" => {
                    let value = value.parse().map_err(|_| wrong("path_style is either true or false"))?;
                    location.path_style = Some(value);
                }
                _ => return Err(wrong("the URL's parameters are endpoint, region and path_style")),
            }
        }
        Ok(location)
    }

    /// The ledger's place without its parameters, for people.
    pub(crate) fn display(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_bucket_prefix_and_endpoint() {
        let location = Location::parse("s3://my-bucket/team//ledger/?endpoint=http://127.0.0.1:9000&region=eu-west-1");
        let expected = Location {
            bucket: "my-bucket".to_owned(),
            prefix: "team/ledger/".to_owned(),
            endpoint: Some("http://127.0.0.1:9000".to_owned()),
            region: Some("eu-west-1".to_owned()),
            path_style: None,
        };
        assert_eq!(location.unwrap(), expected);
        let whole_bucket = Location::parse("s3://b?path_style=false").unwrap();
        assert_eq!((whole_bucket.prefix.as_str(), whole_bucket.path_style), ("", Some(false)));
        assert_eq!(whole_bucket.display(), "s3://b/");
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for bad in [
            "bucket/prefix",
            "http://bucket/prefix",
            "s3:///prefix",
            "s3:bucket",
            "s3://user:secret@bucket/prefix",
            "s3://bucket:80/prefix",
            "s3://bucket/prefix#part",
            "s3://bucket/a b",
            "s3://bucket/a%2Fb",
            "s3://bucket/p?endpoint=ftp://host",
            "s3://bucket/p?endpoint=host:9000",
            "s3://bucket/p?path_style=maybe",
            "s3://bucket/p?Region=eu",
        ] {
            assert!(matches!(Location::parse(bad), Err(S3Error::Location { .. })), "{bad}");
        }
    }
}
