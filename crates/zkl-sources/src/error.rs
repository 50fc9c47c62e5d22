//! Why a place is no table.

use zkl_dataset::DatasetError;

#[cfg(feature = "adbc")]
use crate::adbc::AdbcError;
#[cfg(feature = "cloud")]
use crate::cloud::CloudError;
#[cfg(feature = "sql")]
use crate::sql::SqlError;

/// Why a place names no source. What the source itself answers is told when it is read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A text with a scheme that is no URL. The text is not repeated: it may hold credentials.
    #[error("the place begins like a URL of the scheme {scheme}, and is none")]
    Url {
        /// The scheme.
        scheme: String,
        /// Why.
        source: url::ParseError,
    },
    /// A scheme that is not known.
    #[error("tables are not read from {scheme}://")]
    Scheme {
        /// The scheme.
        scheme: String,
    },
    /// A scheme that this program was built without.
    #[error("this program was built without tables from {scheme}://")]
    NotCompiledIn {
        /// The scheme.
        scheme: String,
        /// The feature of this crate that reads them.
        feature: &'static str,
    },
    /// HTTP without TLS, to another machine.
    #[error("http://{host} is refused: without TLS, whoever is on the way decides what is notarized")]
    PlainHttp {
        /// The host.
        host: String,
    },
    /// Credentials in a URL that is no place for them.
    #[cfg(feature = "cloud")]
    #[error("a {scheme}:// URL holds no credentials")]
    Credentials {
        /// The scheme.
        scheme: String,
    },
    /// What a URL of an object has no place for. It may hold credentials, and is not repeated.
    #[cfg(feature = "cloud")]
    #[error("a {scheme}:// URL has no query and no fragment")]
    Query {
        /// The scheme.
        scheme: String,
    },
    /// Settings from which no request can be made.
    #[cfg(feature = "cloud")]
    #[error("the settings for {scheme}:// are not enough, or one of them is malformed")]
    Settings {
        /// The scheme.
        scheme: String,
    },
    /// A key that no object can have.
    #[cfg(feature = "cloud")]
    #[error("the key of a {scheme}:// URL has an empty or relative component")]
    Key {
        /// The scheme.
        scheme: String,
    },
    /// A pattern that is none.
    #[cfg(feature = "cloud")]
    #[error("the pattern is malformed")]
    Pattern,
    /// Objects that cannot be listed.
    #[cfg(feature = "cloud")]
    #[error("the objects cannot be listed")]
    Cloud(#[from] CloudError),
    /// A database without a query.
    #[error("a database is no table")]
    NoQuery,
    /// A query for what is no database.
    #[error("a query is answered by a database, and the place is none")]
    NoDatabase,
    /// A URL of a database with parameters that are none.
    #[cfg(feature = "sql")]
    #[error("the URL of the database has a parameter that means nothing, or is malformed")]
    DatabaseUrl,
    /// A query that is not answered.
    #[cfg(feature = "sql")]
    #[error("the query is not answered")]
    Sql(#[from] SqlError),
    /// A URL that names no driver, or something that is no option of its database.
    #[cfg(feature = "adbc")]
    #[error("an adbc:// URL names a driver and options of its database, and nothing else")]
    AdbcUrl,
    /// A query that no driver answers.
    #[cfg(feature = "adbc")]
    #[error("the query is not answered")]
    Adbc(#[from] AdbcError),
    /// A place on this machine.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

impl SourceError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::PlainHttp { .. } => Some("use https://, or download the file yourself".to_owned()),
            Self::Scheme { .. } => Some("pipe the table: zkl notarize - --name NAME".to_owned()),
            Self::NotCompiledIn { feature, .. } => Some(format!("build it with the feature {feature}")),
            Self::Dataset(error) => error.hint(),
            #[cfg(feature = "cloud")]
            Self::Credentials { .. } | Self::Settings { .. } => CloudError::Denied.hint(),
            #[cfg(feature = "cloud")]
            Self::Query { .. } => Some("in a key, `?` is written %3F and `#` %23".to_owned()),
            #[cfg(feature = "cloud")]
            Self::Cloud(error) => error.hint(),
            #[cfg(feature = "cloud")]
            Self::Pattern | Self::Key { .. } => None,
            Self::NoQuery => Some("say which rows: --sql 'SELECT ...'".to_owned()),
            Self::NoDatabase => {
                Some("give a place as postgres://USER@HOST/DATABASE or adbc://DRIVER?uri=URI".to_owned())
            }
            #[cfg(feature = "sql")]
            Self::DatabaseUrl => SqlError::Connect.hint(),
            #[cfg(feature = "sql")]
            Self::Sql(error) => error.hint(),
            #[cfg(feature = "adbc")]
            Self::AdbcUrl => Some("write adbc://DRIVER?uri=URI, or adbc:///PATH/TO/LIBRARY?uri=URI".to_owned()),
            #[cfg(feature = "adbc")]
            Self::Adbc(error) => error.hint(),
            Self::Url { .. } => None,
        }
    }
}
