//! What an entry says about the proof of its statement.

use serde::{Deserialize, Serialize};
use zkl_core::{
    circuit::CircuitId,
    digest::{BlobDigest, KeyDigest},
};

use crate::scheme::Scheme;

/// The proof of a statement, by reference. The entry says how a proof is read; the bytes of the proof never do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofRecord {
    /// The proof system.
    pub scheme: Scheme,
    /// The circuit that the proof satisfies.
    pub circuit: CircuitId,
    /// Digest of the verifying key that checks the proof.
    pub key: KeyDigest,
    /// Digest of the reference string, exactly under a proof system that needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub srs: Option<KeyDigest>,
    /// Digest of the proof, and of the string's verifier's part before it.
    pub digest: BlobDigest,
}

impl ProofRecord {
    /// A proof of the one proof system of the first entries, which do not name it.
    pub const fn unnamed(circuit: CircuitId, key: KeyDigest, digest: BlobDigest) -> Self {
        Self { scheme: Scheme::UNNAMED, circuit, key, srs: None, digest }
    }

    /// Whether an entry that does not name a proof system can speak of this proof.
    pub(crate) fn is_unnamed(&self) -> bool {
        self.scheme == Scheme::UNNAMED && self.srs.is_none()
    }
}
