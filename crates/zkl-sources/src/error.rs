//! Why a place is no table.

use zkl_dataset::DatasetError;

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
    /// HTTP without TLS, to another machine.
    #[error("http://{host} is refused: without TLS, whoever is on the way decides what is notarized")]
    PlainHttp {
        /// The host.
        host: String,
    },
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
            Self::Dataset(error) => error.hint(),
            Self::Url { .. } => None,
        }
    }
}
