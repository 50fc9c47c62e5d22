//! Keys that a program knows by circuit and digest.

use std::{collections::HashMap, sync::Arc};

use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::KeyDigest,
};

use super::{Setup, dev_seed};
use crate::{groth16::Groth16, proof_system::ProofSystem as _};

/// Digests of the dev verifying keys of circuits that a program comes with: a value that key stores and verifiers are given.
///
/// A store refuses to make or use another dev key for such a circuit, which would mean that the circuit changed and kept
/// its id. A verifier that meets a pinned key knows that it was made from the public dev seed.
#[derive(Clone, Debug, Default)]
pub struct PinnedKeys(Arc<HashMap<CircuitId, KeyDigest>>);

impl PinnedKeys {
    /// Digest of the dev verifying key of circuit `id`, when that is pinned.
    pub fn digest(&self, id: &CircuitId) -> Option<KeyDigest> {
        self.0.get(id).copied()
    }

    /// How the key with `digest` for circuit `id` was made, when it is a pinned one.
    pub fn setup(&self, id: &CircuitId, digest: KeyDigest) -> Option<Setup> {
        (self.digest(id)? == digest).then_some(Setup::Dev)
    }

    /// Takes over the keys of `other`, also for circuits that are pinned already.
    pub(super) fn extend(&mut self, other: &Self) {
        Arc::make_mut(&mut self.0).extend(other.0.iter().map(|(id, digest)| (id.clone(), *digest)));
    }
}

impl FromIterator<(CircuitId, KeyDigest)> for PinnedKeys {
    fn from_iter<I: IntoIterator<Item = (CircuitId, KeyDigest)>>(keys: I) -> Self {
        Self(Arc::new(keys.into_iter().collect()))
    }
}

/// Whether the key with `digest` is the dev key of `circuit`, found out by making it: some seconds for a large circuit. For
/// circuits that follow from a layout and are too many to pin.
pub fn is_dev_key(circuit: &dyn Circuit, digest: KeyDigest) -> bool {
    let keys = Groth16.danger_setup_from_seed(circuit, dev_seed(&circuit.id()));
    keys.is_ok_and(|(_, verifying)| verifying.digest() == digest)
}
