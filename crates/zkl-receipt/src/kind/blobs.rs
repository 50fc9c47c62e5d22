//! The blobs that an entry names, by the part of a receipt's evidence that they become.

use zkl_core::digest::BlobDigest;

use crate::{proof_record::ProofRecord, receipt::key_blob};

/// The blobs that an entry names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvidenceBlobs {
    /// The manifest.
    pub manifest: Option<BlobDigest>,
    /// The scan proof, which a receipt may leave out.
    pub scan: Option<ScanBlobs>,
    /// The proof of the statement.
    pub proof: Option<ProofBlobs>,
    /// For a statement of an unknown kind: digests that stand in it and may be those of blobs. Whoever copies a log copies those
    /// that are there; nothing is missed when one is not.
    pub possible: Vec<BlobDigest>,
}

/// A scan proof and its verifying keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanBlobs {
    /// Reference string, commitments and proof.
    pub proof: BlobDigest,
    /// The keys, in the order of the record.
    pub keys: Vec<BlobDigest>,
}

/// A proof and its verifying key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofBlobs {
    /// The proof.
    pub proof: BlobDigest,
    /// The key.
    pub key: BlobDigest,
}

impl EvidenceBlobs {
    /// A proof and its key alone.
    pub(super) fn of_proof(record: &ProofRecord) -> Self {
        let proof = ProofBlobs { proof: record.digest, key: key_blob(record.key) };
        Self { proof: Some(proof), ..Self::default() }
    }

    /// Every blob that must be there.
    pub fn required(&self) -> Vec<BlobDigest> {
        let scan = self.scan.iter().flat_map(|scan| std::iter::once(scan.proof).chain(scan.keys.iter().copied()));
        let proof = self.proof.iter().flat_map(|proof| [proof.proof, proof.key]);
        self.manifest.into_iter().chain(scan).chain(proof).collect()
    }
}
