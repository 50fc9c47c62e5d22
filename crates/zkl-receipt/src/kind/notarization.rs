//! Notarizations: a table was read, its profile sealed and, unless the notary only attests it, proved over every row.
//!
//! ```text
//! notarization:v1   attested
//! notarization:v2   with a scan proof
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zkl_circuits::seal::SealCommitment;
use zkl_core::{
    digest::{BlobDigest, DatasetId, FileDigests, Sha256Digest},
    layout::Layout,
    name::DatasetName,
    privacy::PrivacyLevel,
    time::Timestamp,
    transaction::OperationKind,
};
use zkl_merkle::{keys::VerifyingKey, statement::Subject};

use super::{EvidenceBlobs, ScanBlobs, StatementKind};
use crate::{
    entry::EntryError,
    nonce::Nonce,
    receipt::{Evidence, Manifest, key_blob},
    scan::{ProfileEvidence, ScanRecord, check_scan},
    verify::{Scope, VerifiedStatement, VerifyError},
};

/// Without a scan proof.
const ATTESTED: &str = "urn:zkp-dataset-ledger:notarization:v1";
/// With a scan proof.
const PROVED: &str = "urn:zkp-dataset-ledger:notarization:v2";

/// Why the sealed profile should be believed to be that of the table, by what the notary published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// The notary's signature says so; nothing else does.
    Attested,
    /// The entry names a proof over every row.
    Proved,
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Attested => "attested",
            Self::Proved => "proved",
        })
    }
}

/// A table was read and its profile sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Notarization {
    /// Name under which the table is notarized.
    pub dataset: DatasetName,
    /// Digest of manifest, file evidence, seal and dataset commitment: see [`Notarization::derive_dataset_id`].
    pub dataset_id: DatasetId,
    /// Why the seal should be believed: follows from the presence of a scan record.
    pub assurance: Assurance,
    /// What is published about the file.
    pub privacy: PrivacyLevel,
    /// Commitment to the profile.
    pub seal: SealCommitment,
    /// Digest of the manifest: the table's layout as canonical JSON.
    pub manifest: BlobDigest,
    /// Digests of the file, plain or salted.
    pub file: FileEvidence,
    /// The scan proof; present exactly in statements of type `notarization:v2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan: Option<ScanRecord>,
    /// Key of the notary, who signs this entry.
    #[serde(with = "crate::text")]
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness of this notarization, bound into its scan proof.
    pub nonce: Nonce,
}

impl Notarization {
    pub(crate) const TYPES: &[&str] = &[ATTESTED, PROVED];

    /// The dataset id that follows from the other fields; `commitments` is the dataset commitment of a table with a scan
    /// proof.
    pub fn derive_dataset_id(
        manifest: BlobDigest,
        file: &FileEvidence,
        seal: &SealCommitment,
        commitments: Option<Sha256Digest>,
    ) -> DatasetId {
        let mut hasher = Sha256::new();
        hasher.update(if commitments.is_some() { b"zkl dataset id v2\0" } else { b"zkl dataset id v1\0" });
        hasher.update(manifest.as_bytes());
        hasher.update(file.digest().as_bytes());
        hasher.update(seal.to_bytes());
        if let Some(commitments) = commitments {
            hasher.update(commitments.as_bytes());
        }
        DatasetId::new(hasher.finalize().into())
    }

    /// What the notary published follows from the record.
    pub const fn assurance_of(scan: Option<&ScanRecord>) -> Assurance {
        if scan.is_some() { Assurance::Proved } else { Assurance::Attested }
    }
}

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

    fn digest(&self) -> Sha256Digest {
        let mut hasher = Sha256::new();
        match self {
            Self::Plain(digests) => {
                hasher.update(b"plain\0");
                hasher.update(digests.sha256.as_bytes());
                hasher.update(digests.sha3_256.as_bytes());
                hasher.update(digests.blake3.as_bytes());
                hasher.update(digests.bytes.to_be_bytes());
            }
            Self::Salted(digests) => {
                hasher.update(b"salted\0");
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

impl StatementKind for Notarization {
    fn type_uri(&self) -> &str {
        if self.scan.is_some() { PROVED } else { ATTESTED }
    }

    fn kind(&self) -> OperationKind {
        OperationKind::NOTARIZATION
    }

    /// Digests of the file itself stand there only at the public privacy level.
    fn subject(&self) -> Subject {
        let subject = Subject::new(self.dataset.as_str()).with_digest("zklDataset", self.dataset_id.as_bytes());
        match &self.file {
            FileEvidence::Plain(digests) => subject
                .with_digest("sha256", digests.sha256.as_bytes())
                .with_digest("sha3_256", digests.sha3_256.as_bytes())
                .with_digest("blake3", digests.blake3.as_bytes()),
            FileEvidence::Salted(_) => subject,
        }
    }

    fn dataset(&self) -> Option<&DatasetName> {
        Some(&self.dataset)
    }

    fn blobs(&self) -> EvidenceBlobs {
        let scan = self.scan.as_ref().map(|scan| ScanBlobs {
            proof: scan.proof,
            keys: scan.keys.iter().map(|key| key_blob(key.verifying_key)).collect(),
        });
        EvidenceBlobs { manifest: Some(self.manifest), scan, ..EvidenceBlobs::default() }
    }

    fn notary(&self) -> &VerifyingKey {
        &self.notary
    }

    fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    fn check(&self, type_uri: &str) -> Result<(), EntryError> {
        let agrees = self.type_uri() == type_uri && self.assurance == Self::assurance_of(self.scan.as_ref());
        if agrees { Ok(()) } else { Err(EntryError::Assurance) }
    }

    fn verify(&self, scope: &Scope<'_>) -> Result<VerifiedStatement, VerifyError> {
        let Evidence { manifest, scan, proof } = scope.evidence;
        scope.absent("proof", proof.as_ref())?;
        let manifest = scope.present("manifest", manifest.as_ref())?;
        let layout = self.check_manifest(manifest)?;
        let profile = match (&self.scan, scan) {
            (None, scan) => {
                scope.absent("scan proof", scan.as_ref())?;
                ProfileEvidence::Attested
            }
            (Some(_), None) => ProfileEvidence::ProofLeftOut,
            (Some(record), Some(part)) => {
                ProfileEvidence::Proved(check_scan(self, record, layout, scope.origin, part, scope.trust)?)
            }
        };
        Ok(VerifiedStatement::Notarization {
            notarization: Box::new(self.clone()),
            layout: layout.clone(),
            notes: manifest.notes().to_vec(),
            profile,
        })
    }
}

impl Notarization {
    /// Checks that the notarization is consistent in itself and with its manifest, and returns the layout.
    fn check_manifest<'a>(&self, manifest: &'a Manifest) -> Result<&'a Layout, VerifyError> {
        if !(1..=Manifest::VERSION).contains(&manifest.version) {
            return Err(VerifyError::ManifestVersion { expected: Manifest::VERSION, got: manifest.version });
        }
        if !manifest.is_of_its_version() {
            return Err(VerifyError::ManifestFields { version: manifest.version });
        }
        let got = manifest.digest().map_err(|source| VerifyError::NotAReceipt { source })?;
        if got != self.manifest {
            return Err(VerifyError::Manifest { expected: self.manifest, got });
        }
        if self.file.privacy() != self.privacy {
            return Err(VerifyError::Privacy);
        }
        let commitments = self.scan.as_ref().map(|scan| scan.commitments);
        let expected = Self::derive_dataset_id(self.manifest, &self.file, &self.seal, commitments);
        if expected != self.dataset_id {
            return Err(VerifyError::DatasetId { expected, got: self.dataset_id });
        }
        Ok(&manifest.layout)
    }
}
