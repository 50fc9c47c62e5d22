//! Keys that a program knows by circuit and digest.

use std::{collections::HashMap, sync::Arc};

use zkl_core::{circuit::CircuitId, digest::KeyDigest};

use super::Setup;

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
