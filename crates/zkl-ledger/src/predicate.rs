//! What an entry says: the predicates of its in-toto statement.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use zkl_circuits::seal::SealCommitment;
use zkl_core::{
    ark::{
        Fr,
        serialize::{CanonicalDeserialize as _, CanonicalSerialize as _},
    },
    circuit::CircuitId,
    claim::Claim,
    digest::{BlobDigest, DatasetId, FileDigests, KeyDigest, Sha256Digest, TransactionId},
    name::DatasetName,
    privacy::PrivacyLevel,
    time::Timestamp,
    transaction::OperationKind,
};
use zkl_merkle::keys::VerifyingKey;
use zkl_snark::keys::Setup;

use crate::{receipt::key_blob, scan::ScanRecord};

/// Statement type of a notarization without a scan proof.
pub(crate) const ATTESTED_NOTARIZATION_TYPE: &str = "urn:zkp-dataset-ledger:notarization:v1";
/// Statement type of a notarization with a scan proof.
pub(crate) const PROVED_NOTARIZATION_TYPE: &str = "urn:zkp-dataset-ledger:notarization:v2";
/// Statement type of a proved claim.
pub(crate) const CLAIM_TYPE: &str = "urn:zkp-dataset-ledger:claim:v1";
/// Statement type of a proof of an embedder's own circuit.
pub(crate) const CUSTOM_TYPE: &str = "urn:zkp-dataset-ledger:custom:v1";

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
    #[serde(with = "as_text")]
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness of this notarization, bound into its scan proof.
    pub nonce: Nonce,
}

impl Notarization {
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
    pub(crate) const fn assurance_of(scan: Option<&ScanRecord>) -> Assurance {
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

/// A claim about a notarized table was proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimRecord {
    /// Name of the dataset.
    pub dataset: DatasetName,
    /// Id of the notarized version.
    pub dataset_id: DatasetId,
    /// The entry that notarized it.
    pub notarization: TransactionId,
    /// What is claimed.
    pub claim: Claim,
    /// The circuit that the proof satisfies.
    pub circuit: CircuitId,
    /// Digest of the verifying key that checks the proof.
    pub verifying_key: KeyDigest,
    /// Digest of the proof.
    pub proof: BlobDigest,
    /// Key of the notary, who signs this entry.
    #[serde(with = "as_text")]
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness, bound into the proof.
    pub nonce: Nonce,
}

/// An embedder's own circuit was proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomRecord {
    /// The dataset that the statement is about, if it is about one.
    pub dataset: Option<DatasetName>,
    /// What the statement means, in the embedder's words.
    pub description: String,
    /// The circuit.
    pub circuit: CircuitId,
    /// How the notary says that the key was made.
    pub setup: Setup,
    /// Digest of the verifying key that checks the proof.
    pub verifying_key: KeyDigest,
    /// The public inputs, in the circuit's order.
    pub public_inputs: Vec<PublicInput>,
    /// Digest of the proof.
    pub proof: BlobDigest,
    /// Key of the notary, who signs this entry.
    #[serde(with = "as_text")]
    pub notary: VerifyingKey,
    /// Time by the notary's clock.
    pub recorded_at: Timestamp,
    /// Fresh randomness of this entry.
    pub nonce: Nonce,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Predicate {
    /// See [`Notarization`].
    Notarization(Notarization),
    /// See [`ClaimRecord`].
    Claim(ClaimRecord),
    /// See [`CustomRecord`].
    Custom(CustomRecord),
}

impl Predicate {
    /// The statement type.
    pub const fn type_uri(&self) -> &'static str {
        match self {
            Self::Notarization(Notarization { scan: None, .. }) => ATTESTED_NOTARIZATION_TYPE,
            Self::Notarization(Notarization { scan: Some(_), .. }) => PROVED_NOTARIZATION_TYPE,
            Self::Claim(_) => CLAIM_TYPE,
            Self::Custom(_) => CUSTOM_TYPE,
        }
    }

    /// The kind under which stores index the entry.
    pub const fn kind(&self) -> OperationKind {
        match self {
            Self::Notarization(_) => OperationKind::Notarization,
            Self::Claim(_) => OperationKind::Claim,
            Self::Custom(_) => OperationKind::Custom,
        }
    }

    /// The dataset that the entry is about.
    pub const fn dataset(&self) -> Option<&DatasetName> {
        match self {
            Self::Notarization(record) => Some(&record.dataset),
            Self::Claim(record) => Some(&record.dataset),
            Self::Custom(record) => record.dataset.as_ref(),
        }
    }

    /// The blobs that the entry names: manifest, proofs, verifying keys.
    pub fn blobs(&self) -> Vec<BlobDigest> {
        match self {
            Self::Notarization(record) => {
                let scan = record.scan.iter();
                let scan = scan.flat_map(|scan| {
                    let keys = scan.keys.iter().map(|key| key_blob(key.verifying_key));
                    std::iter::once(scan.proof).chain(keys)
                });
                std::iter::once(record.manifest).chain(scan).collect()
            }
            Self::Claim(ClaimRecord { proof, verifying_key, .. })
            | Self::Custom(CustomRecord { proof, verifying_key, .. }) => vec![*proof, key_blob(*verifying_key)],
        }
    }

    /// The notary's clock when the entry was made.
    pub const fn recorded_at(&self) -> Timestamp {
        match self {
            Self::Notarization(record) => record.recorded_at,
            Self::Claim(record) => record.recorded_at,
            Self::Custom(record) => record.recorded_at,
        }
    }

    /// The key that must have signed the entry.
    pub const fn notary(&self) -> &VerifyingKey {
        match self {
            Self::Notarization(record) => &record.notary,
            Self::Claim(record) => &record.notary,
            Self::Custom(record) => &record.notary,
        }
    }
}

/// A public input: an element of the scalar field of BN254, written as 64 hexadecimal digits, least significant byte
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicInput(Fr);

impl PublicInput {
    /// The public input with this value.
    pub const fn new(value: Fr) -> Self {
        Self(value)
    }

    /// The value.
    pub const fn value(&self) -> Fr {
        self.0
    }
}

impl fmt::Display for PublicInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0u8; 32];
        self.0.serialize_compressed(bytes.as_mut_slice()).map_err(|_| fmt::Error)?;
        f.write_str(&hex::encode(bytes))
    }
}

impl Serialize for PublicInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicInput {
    /// Refuses numbers that are not below the field's modulus.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = *Sha256Digest::deserialize(deserializer)?.as_bytes();
        let value = Fr::deserialize_compressed(bytes.as_slice());
        value.map(Self).map_err(|_| serde::de::Error::custom("not an element of the scalar field"))
    }
}

/// 32 bytes of fresh randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce([u8; 32]);

impl Nonce {
    /// A nonce from the operating system.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Sha256Digest::new(self.0))
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Sha256Digest::deserialize(deserializer).map(|digest| Self(*digest.as_bytes()))
    }
}

/// Values by their one text form.
mod as_text {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
