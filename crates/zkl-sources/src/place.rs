//! What a place means.

use std::path::Path;

use url::Url;
use zkl_dataset::Source;

use crate::{error::SourceError, http};

/// The table at a place: a URL, or what [`Source::at`] finds. Of a network nothing is asked yet but which objects there are, for a
/// prefix or a pattern of keys.
///
/// # Errors
/// [`SourceError`].
pub fn at(place: &Path) -> Result<Source, SourceError> {
    let Some((scheme, text)) = scheme(place) else { return Ok(Source::at(place)?) };
    let url = Url::parse(text).map_err(|source| SourceError::Url { scheme: scheme.to_owned(), source })?;
    match url.scheme() {
        "https" | "http" => http::source(url),
        #[cfg(feature = "cloud")]
        "s3" | "s3a" | "gs" | "az" | "abfs" | "abfss" => crate::cloud::source(&url),
        #[cfg(feature = "sql")]
        "postgres" | "postgresql" => Err(SourceError::NoQuery),
        #[cfg(feature = "adbc")]
        "adbc" => Err(SourceError::NoQuery),
        other => Err(refused(other)),
    }
}

/// The table that a query answers on the database at a place.
///
/// # Errors
/// [`SourceError`]: [`SourceError::NoDatabase`] for a place that is none.
pub fn answer(place: &Path, query: &str) -> Result<Source, SourceError> {
    let (scheme, text) = scheme(place).ok_or(SourceError::NoDatabase)?;
    let url = Url::parse(text).map_err(|source| SourceError::Url { scheme: scheme.to_owned(), source })?;
    match url.scheme() {
        #[cfg(feature = "sql")]
        "postgres" | "postgresql" => crate::sql::postgres(&url, query),
        #[cfg(feature = "adbc")]
        "adbc" => crate::adbc::source(&url, query),
        other => {
            let _ = query;
            Err(match refused(other) {
                absent @ SourceError::NotCompiledIn { feature: "sql" | "adbc", .. } => absent,
                _ => SourceError::NoDatabase,
            })
        }
    }
}

/// Why places of a scheme that is not read here are refused: nobody reads them, or this program was built without what does.
fn refused(scheme: &str) -> SourceError {
    let feature = match scheme {
        "s3" | "s3a" | "gs" | "az" | "abfs" | "abfss" if !cfg!(feature = "cloud") => "cloud",
        "postgres" | "postgresql" if !cfg!(feature = "sql") => "sql",
        "adbc" if !cfg!(feature = "adbc") => "adbc",
        _ => return SourceError::Scheme { scheme: scheme.to_owned() },
    };
    SourceError::NotCompiledIn { scheme: scheme.to_owned(), feature }
}

/// Whether a place is a URL, and no path.
pub fn is_url(place: &Path) -> bool {
    scheme(place).is_some()
}

/// The scheme of a place that has one, and the place.
fn scheme(place: &Path) -> Option<(&str, &str)> {
    let text = place.to_str()?;
    let (scheme, _) = text.split_once("://")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    (scheme.bytes().all(plain) && scheme.starts_with(|c: char| c.is_ascii_alphabetic())).then_some((scheme, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_no_urls() {
        for place in ["table.csv", "a:b.csv", "://x", "1://x", "dir/x://y", "C:\\x.csv"] {
            assert!(!is_url(Path::new(place)), "{place}");
        }
        assert!(is_url(Path::new("https://example.com/t.csv")) && is_url(Path::new("s3+x://b/k")));
    }

    #[test]
    fn places_that_name_no_source_are_refused_without_credentials() {
        for place in
            ["ftp://me:secret@example.com/t.csv", "https://me:secret@[/t.csv", "http://me:secret@example.com/t.csv"]
        {
            let error = at(Path::new(place)).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(!error.is_empty() && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn what_was_left_out_of_the_build_is_named() {
        for (place, feature, there) in [
            ("s3://bucket/t.csv", "cloud", cfg!(feature = "cloud")),
            ("postgres://localhost/db", "sql", cfg!(feature = "sql")),
            ("adbc://sqlite?uri=t.db", "adbc", cfg!(feature = "adbc")),
        ] {
            let absent = |error: Option<SourceError>| matches!(error, Some(SourceError::NotCompiledIn { feature: named, .. }) if named == feature);
            assert_eq!(absent(at(Path::new(place)).err()), !there, "{place}");
            let database = feature != "cloud";
            assert_eq!(absent(answer(Path::new(place), "select").err()), !there && database, "{place}");
        }
    }

    #[test]
    fn names_hold_neither_credentials_nor_queries() {
        let source = at(Path::new("https://me:secret@example.com/a/t.csv.gz?token=secret#secret")).unwrap();
        assert_eq!(source.name(), Path::new("https://example.com/a/t.csv.gz"));
    }
}
