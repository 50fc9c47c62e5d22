//! 32-byte digests as distinct types, so that a tree root can never be passed where a dataset id is meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::error::ParseError;

macro_rules! digest_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps 32 bytes that are already a digest of this kind.
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            /// Reads 64 lower-case hexadecimal digits; upper case is refused, so that every digest has one spelling.
            fn from_str(s: &str) -> Result<Self, ParseError> {
                let canonical = s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                let mut bytes = [0u8; 32];
                if !canonical || hex::decode_to_slice(s, &mut bytes).is_err() {
                    return Err(ParseError::Digest { what: stringify!($name) });
                }
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

digest_type! {
    /// Root hash of the RFC 6962 tree.
    RootHash
}
digest_type! {
    /// Id of a ledger entry: its RFC 6962 leaf hash, `SHA-256(0x00 || entry)`.
    TransactionId
}
digest_type! {
    /// Id of one notarized version of a table: digest of what was committed to and of its sealed profile.
    DatasetId
}
digest_type! {
    /// SHA-256 of a blob: a proof or a manifest kept outside the entry.
    BlobDigest
}
digest_type! {
    /// SHA-256 of a canonically encoded verifying key.
    KeyDigest
}
digest_type! {
    /// SHA-256 of anything that has no type of its own.
    Sha256Digest
}
digest_type! {
    /// SHA3-256 of a file.
    Sha3Digest
}
digest_type! {
    /// BLAKE3 of a file.
    Blake3Digest
}

impl BlobDigest {
    /// Digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl KeyDigest {
    /// Digest of a canonically encoded key.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl Sha256Digest {
    /// SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// What the digests of a table are digests of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DigestRule {
    /// The bytes of the table as they are stored, compressed if they are.
    #[default]
    #[serde(rename = "stored-bytes")]
    StoredBytes = 1,
    /// The canonical stream of record batches, version 1, which `docs/formats.md` defines.
    #[serde(rename = "arrow-stream/1")]
    ArrowStream = 2,
    /// The list of the digests of the table's parts, version 1, which `docs/formats.md` defines.
    #[serde(rename = "parts/1")]
    Parts = 3,
}

impl DigestRule {
    /// The rule's name, as entries have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StoredBytes => "stored-bytes",
            Self::ArrowStream => "arrow-stream/1",
            Self::Parts => "parts/1",
        }
    }
}

/// The digests of one file, or of what stands for it under a [`DigestRule`], computed in one pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigests {
    /// SHA-256.
    pub sha256: Sha256Digest,
    /// SHA3-256.
    #[serde(rename = "sha3-256")]
    pub sha3_256: Sha3Digest,
    /// BLAKE3, 32-byte output.
    pub blake3: Blake3Digest,
    /// Length in bytes of what is digested.
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_exactly_one_spelling() {
        let digest = BlobDigest::of(b"abc");
        let text = digest.to_string();
        assert_eq!(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(text.parse::<BlobDigest>().unwrap(), digest);
        for bad in [text.to_uppercase(), text[1..].to_owned(), format!("{text}0"), format!(" {}", &text[1..])] {
            assert!(bad.parse::<BlobDigest>().is_err(), "{bad}");
        }
    }
}
