//! Dataset names.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

use crate::error::ParseError;

/// The name under which versions of a dataset are notarized: 1 to 128 characters out of `a-z A-Z 0-9 . _ - /`, the first
/// a letter or digit. Safe in file names after `/`, in URLs and in index keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DatasetName(String);

impl DatasetName {
    /// Longest name in bytes.
    pub const MAX_LEN: usize = 128;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatasetName {
    type Err = ParseError;

    fn from_str(s: &str) -> Result<Self, ParseError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/');
        let valid = (1..=Self::MAX_LEN).contains(&s.len())
            && s.as_bytes()[0].is_ascii_alphanumeric()
            && s.bytes().all(allowed)
            && !s.ends_with('/')
            && s.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
        if !valid {
            let got = s.chars().take(Self::MAX_LEN + 1).collect();
            return Err(ParseError::DatasetName { max: Self::MAX_LEN, got });
        }
        Ok(Self(s.to_owned()))
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for DatasetName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for DatasetName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_escape_a_directory_or_a_key() {
        for good in ["penguins", "a", "team/penguins-2024.v1", "0", &"x".repeat(128)] {
            assert!(good.parse::<DatasetName>().is_ok(), "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", "a/../b", "../a", ".a", "a b", "a\0", "é", "a\n", &"x".repeat(129)] {
            assert!(bad.parse::<DatasetName>().is_err(), "{bad}");
        }
    }
}
