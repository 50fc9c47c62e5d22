//! Keys that a program knows by proof system, circuit and digest.

use std::{collections::HashMap, sync::Arc};

use zkl_core::{circuit::CircuitId, digest::KeyDigest};

use super::Setup;
use crate::proof_system::ProofSystem;

/// Name of the proof system, and the circuit.
type Place = (&'static str, CircuitId);

/// Digests of the verifying keys that anybody can make, of circuits that a program comes with: a value that key stores and
/// verifiers are given.
///
/// A store refuses to make or use another such key for such a circuit, which would mean that the circuit changed and kept its
/// id. A verifier that meets a pinned key knows how it was made.
#[derive(Clone, Debug, Default)]
pub struct PinnedKeys(Arc<HashMap<Place, (KeyDigest, Setup)>>);

impl PinnedKeys {
    /// Digests of keys of `system`, all of them made in one way.
    pub fn new(system: &dyn ProofSystem, setup: Setup, keys: impl IntoIterator<Item = (CircuitId, KeyDigest)>) -> Self {
        let name = system.name();
        Self(Arc::new(keys.into_iter().map(|(id, digest)| ((name, id), (digest, setup))).collect()))
    }

    /// These keys and those of `other`.
    #[must_use]
    pub fn with(mut self, other: &Self) -> Self {
        self.extend(other);
        self
    }

    /// Digest of the key of circuit `id` in `system`, when that is pinned.
    pub fn digest(&self, system: &dyn ProofSystem, id: &CircuitId) -> Option<KeyDigest> {
        self.0.get(&(system.name(), id.clone())).map(|(digest, _)| *digest)
    }

    /// How the key with `digest` for circuit `id` was made, when it is a pinned one.
    pub fn setup(&self, system: &dyn ProofSystem, id: &CircuitId, digest: KeyDigest) -> Option<Setup> {
        let (pinned, setup) = self.0.get(&(system.name(), id.clone()))?;
        (*pinned == digest).then_some(*setup)
    }

    /// Takes over the keys of `other`, also for circuits that are pinned already.
    pub(super) fn extend(&mut self, other: &Self) {
        let all = other.0.iter().map(|(place, key)| (place.clone(), *key));
        Arc::make_mut(&mut self.0).extend(all);
    }
}
