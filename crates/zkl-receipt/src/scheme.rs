//! The proof system that an entry names.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use zkl_snark::proof_system::{self, ProofSystem};

/// A proof system by the name that entries have for it. How a proof is read follows from it, never from the proof's bytes.
#[derive(Clone, Copy)]
pub struct Scheme(&'static dyn ProofSystem);

impl Scheme {
    /// That of the first entries, which do not name it.
    pub(crate) const UNNAMED: Self = Self(proof_system::COMPACT);

    /// The name of a proof system.
    pub const fn of(system: &'static dyn ProofSystem) -> Self {
        Self(system)
    }

    /// The proof system of this name.
    pub const fn system(self) -> &'static dyn ProofSystem {
        self.0
    }

    /// The name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for Scheme {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Scheme {}

impl Serialize for Scheme {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Scheme {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        proof_system::by_name(&name).map(Self).ok_or_else(|| D::Error::custom("not the name of a proof system"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_system_is_known_by_its_name_alone() {
        for (system, name) in [(proof_system::COMPACT, "\"groth16\""), (proof_system::UNIVERSAL, "\"universal\"")] {
            assert_eq!(serde_json::to_string(&Scheme::of(system)).unwrap(), name);
            assert_eq!(serde_json::from_str::<Scheme>(name).unwrap(), Scheme::of(system));
        }
        for refused in ["\"plonk\"", "\"Universal\"", "\"compact\"", "\"\"", "1"] {
            assert!(serde_json::from_str::<Scheme>(refused).is_err(), "{refused}");
        }
    }
}
