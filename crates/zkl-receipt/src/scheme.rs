//! The proof system that an entry names.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use zkl_snark::proof_system::{self, ProofSystem};

/// A proof system by the name that entries have for it. How a proof is read follows from it, never from the proof's bytes.
///
/// The system of the first entries has no mark and is never named: `Option<Scheme>` in a record is absent for it, and its name
/// is refused, so that one statement has one spelling.
#[derive(Clone, Copy)]
pub struct Scheme(&'static dyn ProofSystem);

impl Scheme {
    /// What a record says of a proof system.
    pub fn of(system: &'static dyn ProofSystem) -> Option<Self> {
        system.tag().map(|_| Self(system))
    }

    /// The proof system of a record that says this.
    pub fn system(scheme: Option<Self>) -> &'static dyn ProofSystem {
        scheme.map_or(proof_system::COMPACT, |scheme| scheme.0)
    }

    /// The name.
    pub fn name(&self) -> &'static str {
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
        let system = proof_system::by_name(&name).and_then(Self::of);
        system.ok_or_else(|| D::Error::custom("not the name of a proof system that entries name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_without_a_mark_is_never_named() {
        assert_eq!(Scheme::of(proof_system::COMPACT), None);
        assert_eq!(Scheme::system(None).name(), "groth16");
        let universal = Scheme::of(proof_system::UNIVERSAL).unwrap();
        assert_eq!(serde_json::to_string(&universal).unwrap(), "\"universal\"");
        assert_eq!(serde_json::from_str::<Scheme>("\"universal\"").unwrap(), universal);
        for refused in ["\"groth16\"", "\"plonk\"", "\"Universal\"", "\"\"", "1"] {
            assert!(serde_json::from_str::<Scheme>(refused).is_err(), "{refused}");
        }
    }
}
