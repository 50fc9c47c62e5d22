//! Names of constraint systems, for whoever keeps or reads them without proving anything.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ParseError;

/// Stable name and version of one constraint system. Two circuits of one id must have identical constraints, whatever
/// their witness: keys are generated, cached and pinned by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CircuitId {
    name: String,
    version: u32,
}

impl CircuitId {
    /// Longest name in bytes.
    pub const MAX_LEN: usize = 96;

    /// An id out of a name (`a-z 0-9 - /`, starting with a letter, at most [`Self::MAX_LEN`] bytes) and a version from 1.
    ///
    /// # Errors
    /// [`ParseError::CircuitId`] for any other name or version 0.
    pub fn new(name: &str, version: u32) -> Result<Self, ParseError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'/');
        let valid = (1..=Self::MAX_LEN).contains(&name.len())
            && name.as_bytes()[0].is_ascii_lowercase()
            && name.bytes().all(allowed)
            && name.split('/').all(|part| !part.is_empty())
            && version >= 1;
        if !valid {
            return Err(ParseError::CircuitId { got: format!("{name}@{version}") });
        }
        Ok(Self { name: name.to_owned(), version })
    }

    /// The name, as `claim/mean`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version, from 1.
    pub const fn version(&self) -> u32 {
        self.version
    }
}

impl fmt::Display for CircuitId {
    /// `claim/mean@1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

impl FromStr for CircuitId {
    type Err = ParseError;

    fn from_str(s: &str) -> Result<Self, ParseError> {
        let unknown = || ParseError::CircuitId { got: s.chars().take(Self::MAX_LEN + 12).collect() };
        let (name, version) = s.split_once('@').ok_or_else(unknown)?;
        let id = Self::new(name, version.parse().map_err(|_| unknown())?)?;
        if id.to_string() == s { Ok(id) } else { Err(unknown()) }
    }
}

impl Serialize for CircuitId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CircuitId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circuit_ids_have_one_spelling() {
        assert_eq!("claim/mean@1".parse::<CircuitId>().unwrap().to_string(), "claim/mean@1");
        for bad in
            ["", "claim", "claim@0", "claim@01", "claim@+1", "Claim@1", "/a@1", "a//b@1", "a@b@1", "../a@1", "1a@1"]
        {
            assert!(bad.parse::<CircuitId>().is_err(), "{bad}");
        }
    }
}
