//! What an entry says about its scan proof.

use serde::{Deserialize, Serialize};
use zkl_core::{
    circuit::CircuitId,
    digest::{BlobDigest, KeyDigest, Sha256Digest},
};

use zkl_circuits::keys::builtin_keys;
use zkl_snark::keys::{Setup, builtin_srs_setup};

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

impl ScanRecord {
    /// Whether string or keys are dev material that is built in. Dev keys of circuits that are not pinned are not known by their digests.
    pub(crate) fn names_dev_material(&self) -> bool {
        let key = |named: &ScanKey| builtin_keys().setup(self.scheme.system(), &named.circuit, named.key);
        let setups = self.keys.iter().map(key).chain([builtin_srs_setup(self.srs)]);
        setups.flatten().any(Setup::is_forgeable)
    }
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
