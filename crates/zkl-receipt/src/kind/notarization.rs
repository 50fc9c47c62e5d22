//! Notarizations: a table was read, its profile sealed and, unless the notary only attests it, proved over every row.

mod evidence;
mod wire;

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zkl_circuits::seal::SealCommitment;
use zkl_core::{
    digest::{BlobDigest, DatasetId, DigestRule},
    layout::Layout,
    name::DatasetName,
    privacy::PrivacyLevel,
    time::Timestamp,
    transaction::OperationKind,
};
use zkl_merkle::{dsse::Envelope, keys::VerifyingKey, statement::Subject};

pub use evidence::{FileEvidence, SaltedDigests};

use super::{EvidenceBlobs, Record, ScanBlobs, StatementKind, open};
use crate::{
    entry::EntryError,
    nonce::Nonce,
    receipt::{Evidence, Manifest, key_blob},
    scan::{ProfileEvidence, ScanRecord, check_scan},
    verify::{Scope, VerifiedStatement, VerifyError},
};

/// Without a scan proof.
const V1: &str = "urn:zkp-dataset-ledger:notarization:v1";
/// With a scan proof.
const V2: &str = "urn:zkp-dataset-ledger:notarization:v2";
/// With or without a scan proof.
const V3: &str = "urn:zkp-dataset-ledger:notarization:v3";

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notarization {
    /// Name under which the table is notarized.
    pub dataset: DatasetName,
    /// Digest of manifest, file evidence, seal and dataset commitment: see [`Notarization::derived_id`].
    pub dataset_id: DatasetId,
    /// Why the seal should be believed: follows from the presence of a scan record.
    pub assurance: Assurance,
    /// What is published about the file.
    pub privacy: PrivacyLevel,
    /// Commitment to the profile.
    pub seal: SealCommitment,
    /// Digest of the manifest: the table's layout as canonical JSON.
    pub manifest: BlobDigest,
    /// What the digests cover. Versions 1 and 2 do not say; it was what is stored, or what a program handed over.
    pub covers: Option<DigestRule>,
    /// Digests of the table's bytes, plain or salted.
    pub file: FileEvidence,
    /// The scan proof.
    pub scan: Option<ScanRecord>,
    /// Key of the notary, who signs this entry.
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness of this notarization, bound into its scan proof.
    pub nonce: Nonce,
}

impl Notarization {
    /// The dataset id that follows from the other fields.
    pub fn derived_id(&self) -> DatasetId {
        let commitments = self.scan.as_ref().map(|scan| scan.commitments);
        let mut hasher = Sha256::new();
        hasher.update(match (self.covers, commitments) {
            (None, None) => b"zkl dataset id v1\0",
            (None, Some(_)) => b"zkl dataset id v2\0",
            (Some(_), _) => b"zkl dataset id v3\0",
        });
        hasher.update(self.manifest.as_bytes());
        hasher.update(self.file.digest(self.covers).as_bytes());
        hasher.update(self.seal.to_bytes());
        match (self.covers, commitments) {
            (_, Some(commitments)) => hasher.update(commitments.as_bytes()),
            (Some(_), None) => hasher.update([0; 32]),
            (None, None) => {}
        }
        DatasetId::new(hasher.finalize().into())
    }

    /// What the notary published follows from the record.
    const fn assurance_of(scan: Option<&ScanRecord>) -> Assurance {
        if scan.is_some() { Assurance::Proved } else { Assurance::Attested }
    }
}

impl Record for Notarization {
    fn open(envelope: &Envelope, type_uri: &str) -> Option<Result<Self, EntryError>> {
        match type_uri {
            V1 | V2 => Some(open::<wire::NotarizationV1, _>(envelope, type_uri)),
            V3 => Some(open::<wire::NotarizationV3, _>(envelope, type_uri)),
            _ => None,
        }
    }
}

impl StatementKind for Notarization {
    fn type_uri(&self) -> &str {
        match (self.covers, &self.scan) {
            (None, None) => V1,
            (None, Some(_)) => V2,
            (Some(_), _) => V3,
        }
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

    fn in_words(&self) -> String {
        format!("{}, {}", self.assurance, self.privacy)
    }

    fn blobs(&self) -> EvidenceBlobs {
        let scan = self
            .scan
            .as_ref()
            .map(|scan| ScanBlobs { proof: scan.proof, keys: scan.keys.iter().map(|key| key_blob(key.key)).collect() });
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
        let Evidence { manifest, scan, proof, statement: _ } = scope.evidence;
        scope.absent("proof", proof.as_ref())?;
        let manifest = scope.present("manifest", manifest.as_ref())?;
        let layout = self.check_manifest(manifest)?;
        let profile = match (&self.scan, scan) {
            (None, scan) => {
                scope.absent("scan proof", scan.as_ref())?;
                ProfileEvidence::Attested
            }
            (Some(record), None) => ProfileEvidence::ProofLeftOut { forgeable: record.names_dev_material() },
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
        let expected = self.derived_id();
        if expected != self.dataset_id {
            return Err(VerifyError::DatasetId { expected, got: self.dataset_id });
        }
        Ok(&manifest.layout)
    }
}
