//! How much about a dataset the ledger's entries publish.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::error::ParseError;

/// What a notarization publishes about the file itself. The sealed profile is hidden at every level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrivacyLevel {
    /// Only salted digests of the file: nobody can test a guess of its content. The default.
    #[default]
    Private,
    /// The plain sha256, sha3-256 and blake3 digests: anybody who has the file can recognise it.
    Public,
}

impl fmt::Display for PrivacyLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Private => "private",
            Self::Public => "public",
        })
    }
}

impl FromStr for PrivacyLevel {
    type Err = ParseError;

    fn from_str(s: &str) -> Result<Self, ParseError> {
        match s {
            "private" => Ok(Self::Private),
            "public" => Ok(Self::Public),
            _ => Err(ParseError::PrivacyLevel { got: s.to_owned() }),
        }
    }
}
