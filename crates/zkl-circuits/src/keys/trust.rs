//! Which keys a verifier trusts.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use zkl_core::{circuit::CircuitId, digest::KeyDigest};

use super::builtin_setup;

/// How a key was made, which is what its proofs are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setup {
    /// From a public seed: every machine makes the same keys, and anybody can forge proofs for them.
    Dev,
    /// Elsewhere; the verifier trusts it by its digest.
    External,
}

impl Setup {
    /// Whether anybody can forge proofs for keys of this set-up.
    pub const fn is_forgeable(self) -> bool {
        matches!(self, Self::Dev)
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dev => "dev setup: forgeable, for evaluation only",
            Self::External => "key trusted by digest",
        })
    }
}

/// The verifying keys that a verifier accepts. A key in a receipt is only ever looked up here, never trusted for being
/// there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKeys {
    builtin: bool,
    extra: BTreeMap<KeyDigest, Setup>,
}

impl TrustedKeys {
    /// The keys that this version of the program pins.
    pub const fn builtin() -> Self {
        Self { builtin: true, extra: BTreeMap::new() }
    }

    /// No key at all.
    pub const fn none() -> Self {
        Self { builtin: false, extra: BTreeMap::new() }
    }

    /// Also trusts the key with `digest`, made by `setup`.
    #[must_use]
    pub fn with(mut self, digest: KeyDigest, setup: Setup) -> Self {
        self.extra.insert(digest, setup);
        self
    }

    /// How the key with `digest` for circuit `id` was made, or `None` when it is not trusted. A pinned dev key is reported
    /// as such even when it was also trusted by digest.
    pub fn setup_of(&self, id: &CircuitId, digest: KeyDigest) -> Option<Setup> {
        let extra = self.extra.get(&digest).copied();
        match builtin_setup(id, digest) {
            Some(setup) if self.builtin || extra.is_some() => Some(setup),
            _ => extra,
        }
    }
}

impl Default for TrustedKeys {
    fn default() -> Self {
        Self::builtin()
    }
}
