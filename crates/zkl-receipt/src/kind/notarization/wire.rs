//! How a notarization is written, by version.
//!
//! ```text
//! notarization:v1   attested
//! notarization:v2   with a scan proof of one proof system, which is not named
//! notarization:v3   either; says what the digests cover, and the proof system by name
//! ```

use serde::{Deserialize, Serialize, Serializer, ser::Error as _};
use zkl_circuits::seal::SealCommitment;
use zkl_core::{
    circuit::CircuitId,
    digest::{BlobDigest, DatasetId, DigestRule, KeyDigest, Sha256Digest},
    name::DatasetName,
    privacy::PrivacyLevel,
    time::Timestamp,
};
use zkl_merkle::keys::VerifyingKey;

use super::{Assurance, FileEvidence, Notarization};
use crate::{
    nonce::Nonce,
    scan::{ScanKey, ScanRecord},
    scheme::Scheme,
};

/// Versions 1 and 2: the second has `scan`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NotarizationV1 {
    dataset: DatasetName,
    dataset_id: DatasetId,
    assurance: Assurance,
    privacy: PrivacyLevel,
    seal: SealCommitment,
    manifest: BlobDigest,
    file: FileEvidence,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scan: Option<ScanV2>,
    #[serde(with = "crate::text")]
    notary: VerifyingKey,
    recorded_at: Timestamp,
    nonce: Nonce,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScanV2 {
    commitments: Sha256Digest,
    srs: KeyDigest,
    keys: Vec<ScanKeyV2>,
    proof: BlobDigest,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScanKeyV2 {
    circuit: CircuitId,
    verifying_key: KeyDigest,
}

/// Version 3.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NotarizationV3 {
    dataset: DatasetName,
    dataset_id: DatasetId,
    assurance: Assurance,
    privacy: PrivacyLevel,
    seal: SealCommitment,
    manifest: BlobDigest,
    source: Source,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scan: Option<ScanRecord>,
    #[serde(with = "crate::text")]
    notary: VerifyingKey,
    recorded_at: Timestamp,
    nonce: Nonce,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Source {
    covers: DigestRule,
    digests: FileEvidence,
}

impl From<NotarizationV1> for Notarization {
    fn from(wire: NotarizationV1) -> Self {
        Self {
            dataset: wire.dataset,
            dataset_id: wire.dataset_id,
            assurance: wire.assurance,
            privacy: wire.privacy,
            seal: wire.seal,
            manifest: wire.manifest,
            covers: None,
            file: wire.file,
            scan: wire.scan.map(ScanRecord::from),
            notary: wire.notary,
            recorded_at: wire.recorded_at,
            nonce: wire.nonce,
        }
    }
}

impl From<NotarizationV3> for Notarization {
    fn from(wire: NotarizationV3) -> Self {
        Self {
            dataset: wire.dataset,
            dataset_id: wire.dataset_id,
            assurance: wire.assurance,
            privacy: wire.privacy,
            seal: wire.seal,
            manifest: wire.manifest,
            covers: Some(wire.source.covers),
            file: wire.source.digests,
            scan: wire.scan,
            notary: wire.notary,
            recorded_at: wire.recorded_at,
            nonce: wire.nonce,
        }
    }
}

impl From<ScanV2> for ScanRecord {
    fn from(wire: ScanV2) -> Self {
        let keys = wire.keys.into_iter().map(|key| ScanKey { circuit: key.circuit, key: key.verifying_key });
        Self {
            scheme: Scheme::UNNAMED,
            commitments: wire.commitments,
            srs: wire.srs,
            keys: keys.collect(),
            proof: wire.proof,
        }
    }
}

impl From<ScanRecord> for ScanV2 {
    fn from(record: ScanRecord) -> Self {
        let keys = record.keys.into_iter().map(|key| ScanKeyV2 { circuit: key.circuit, verifying_key: key.key });
        Self { commitments: record.commitments, srs: record.srs, keys: keys.collect(), proof: record.proof }
    }
}

impl Serialize for Notarization {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { dataset, dataset_id, assurance, privacy, seal, manifest, .. } = self.clone();
        let Self { covers, file, scan, notary, recorded_at, nonce, .. } = self.clone();
        match covers {
            None if scan.as_ref().is_some_and(|scan| scan.scheme != Scheme::UNNAMED) => {
                Err(S::Error::custom("versions 1 and 2 do not name a proof system"))
            }
            None => {
                let scan = scan.map(ScanV2::from);
                NotarizationV1 {
                    dataset,
                    dataset_id,
                    assurance,
                    privacy,
                    seal,
                    manifest,
                    file,
                    scan,
                    notary,
                    recorded_at,
                    nonce,
                }
                .serialize(serializer)
            }
            Some(covers) => {
                let source = Source { covers, digests: file };
                NotarizationV3 {
                    dataset,
                    dataset_id,
                    assurance,
                    privacy,
                    seal,
                    manifest,
                    source,
                    scan,
                    notary,
                    recorded_at,
                    nonce,
                }
                .serialize(serializer)
            }
        }
    }
}
