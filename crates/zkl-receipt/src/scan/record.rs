//! What an entry says about its scan proof.

use serde::{Deserialize, Serialize};
use zkl_core::{
    circuit::CircuitId,
    digest::{BlobDigest, KeyDigest, Sha256Digest},
};

use crate::scheme::Scheme;

/// The scan proof of a notarization. Everything that the proof's bytes could choose is named here or follows from the
/// layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanRecord {
    /// The proof system.
    pub scheme: Scheme,
    /// The dataset commitment: RFC 6962 root over the layout and the commitments of every column.
    pub commitments: Sha256Digest,
    /// Digest of the reference string of the commitments.
    pub srs: KeyDigest,
    /// The circuits of the proof with the keys that check them, each once, in the order in which the layout calls for them.
    pub keys: Vec<ScanKey>,
    /// Digest of commitments and proof.
    pub proof: BlobDigest,
}

/// A circuit and the key that checks its proofs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanKey {
    /// The circuit.
    pub circuit: CircuitId,
    /// Digest of its verifying key.
    pub key: KeyDigest,
}
