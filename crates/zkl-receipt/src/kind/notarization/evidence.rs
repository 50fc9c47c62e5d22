//! Digests of the notarized table's bytes, plain or salted.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zkl_core::{
    digest::{DigestRule, FileDigests, Sha256Digest},
    privacy::PrivacyLevel,
};

/// Digests of the notarized file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FileEvidence {
    /// The digests themselves.
    Plain(FileDigests),
    /// Digests of salt and digest: only the holder of the opening can show that a file matches.
    Salted(SaltedDigests),
}

/// `SHA-256("zkl salted digest v1" || 0x00 || salt || algorithm || 0x00 || digest)` for each of the file's digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaltedDigests {
    /// Of the SHA-256.
    pub sha256: Sha256Digest,
    /// Of the SHA3-256.
    #[serde(rename = "sha3-256")]
    pub sha3_256: Sha256Digest,
    /// Of the BLAKE3.
    pub blake3: Sha256Digest,
}

impl FileEvidence {
    /// What an entry of this privacy level publishes about a file.
    pub fn new(privacy: PrivacyLevel, digests: &FileDigests, salt: &[u8; 32]) -> Self {
        match privacy {
            PrivacyLevel::Public => Self::Plain(*digests),
            PrivacyLevel::Private => Self::Salted(SaltedDigests {
                sha256: salted(salt, "sha256", digests.sha256.as_bytes()),
                sha3_256: salted(salt, "sha3-256", digests.sha3_256.as_bytes()),
                blake3: salted(salt, "blake3", digests.blake3.as_bytes()),
            }),
        }
    }

    /// The privacy level that publishes this.
    pub const fn privacy(&self) -> PrivacyLevel {
        match self {
            Self::Plain(_) => PrivacyLevel::Public,
            Self::Salted(_) => PrivacyLevel::Private,
        }
    }

    /// What the dataset id binds; since version 3 of notarizations together with what the digests cover.
    pub(super) fn digest(&self, covers: Option<DigestRule>) -> Sha256Digest {
        let mut hasher = Sha256::new();
        let mut begin = |kind: &[u8]| {
            hasher.update(kind);
            if let Some(covers) = covers {
                hasher.update(covers.as_str());
                hasher.update([0]);
            }
        };
        match self {
            Self::Plain(digests) => {
                begin(b"plain\0");
                hasher.update(digests.sha256.as_bytes());
                hasher.update(digests.sha3_256.as_bytes());
                hasher.update(digests.blake3.as_bytes());
                hasher.update(digests.bytes.to_be_bytes());
            }
            Self::Salted(digests) => {
                begin(b"salted\0");
                hasher.update(digests.sha256.as_bytes());
                hasher.update(digests.sha3_256.as_bytes());
                hasher.update(digests.blake3.as_bytes());
            }
        }
        Sha256Digest::new(hasher.finalize().into())
    }
}

fn salted(salt: &[u8; 32], algorithm: &str, digest: &[u8; 32]) -> Sha256Digest {
    let mut hasher = Sha256::new();
    hasher.update(b"zkl salted digest v1\0");
    hasher.update(salt);
    hasher.update(algorithm.as_bytes());
    hasher.update([0]);
    hasher.update(digest);
    Sha256Digest::new(hasher.finalize().into())
}
