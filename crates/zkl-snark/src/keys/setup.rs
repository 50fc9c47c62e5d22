//! How keys were made.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a key was made, which is what its proofs are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setup {
    /// From a public seed: every machine makes the same keys, and anybody can forge proofs for them.
    Dev,
    /// Elsewhere; the verifier trusts it by its digest.
    External,
    /// By a public ceremony whose digest this program knows: sound when one contributor forgot their secret.
    Ceremony,
}

impl Setup {
    /// Whether anybody can forge proofs for keys of this setup.
    pub const fn is_forgeable(self) -> bool {
        matches!(self, Self::Dev)
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dev => "dev setup: forgeable, for evaluation only",
            Self::External => "key trusted by digest",
            Self::Ceremony => "public ceremony",
        })
    }
}
