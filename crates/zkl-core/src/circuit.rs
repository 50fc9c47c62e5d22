//! The circuit contract: anything that can be proved and put on the ledger, the embedder's own circuits included.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    ark::{
        Fr,
        relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, SynthesisError},
    },
    error::ParseError,
};

/// Stable name and version of one constraint system. Two circuits of one id must have identical constraints, whatever
/// their witness: keys are generated, cached and pinned by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CircuitId {
    name: String,
    version: u32,
}

impl CircuitId {
    /// Longest name in bytes.
    pub const MAX_LEN: usize = 96;

    /// An id out of a name (`a-z 0-9 - /`, starting with a letter, at most [`Self::MAX_LEN`] bytes) and a version from 1.
    ///
    /// # Errors
    /// [`ParseError::CircuitId`] for any other name or version 0.
    pub fn new(name: &str, version: u32) -> Result<Self, ParseError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'/');
        let valid = (1..=Self::MAX_LEN).contains(&name.len())
            && name.as_bytes()[0].is_ascii_lowercase()
            && name.bytes().all(allowed)
            && name.split('/').all(|part| !part.is_empty())
            && version >= 1;
        if !valid {
            return Err(ParseError::CircuitId { got: format!("{name}@{version}") });
        }
        Ok(Self { name: name.to_owned(), version })
    }

    /// The name, as `claim/mean`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version, from 1.
    pub const fn version(&self) -> u32 {
        self.version
    }
}

impl fmt::Display for CircuitId {
    /// `claim/mean@1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

impl FromStr for CircuitId {
    type Err = ParseError;

    fn from_str(s: &str) -> Result<Self, ParseError> {
        let unknown = || ParseError::CircuitId { got: s.chars().take(Self::MAX_LEN + 12).collect() };
        let (name, version) = s.split_once('@').ok_or_else(unknown)?;
        let id = Self::new(name, version.parse().map_err(|_| unknown())?)?;
        if id.to_string() == s { Ok(id) } else { Err(unknown()) }
    }
}

impl Serialize for CircuitId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CircuitId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A constraint system over the scalar field of BN254 together with one assignment to it.
pub trait Circuit: Send + Sync {
    /// Which constraint system this is.
    fn id(&self) -> CircuitId;

    /// The public inputs, in the order in which [`Circuit::synthesize`] allocates them.
    fn public_inputs(&self) -> Vec<Fr>;

    /// Writes the constraints into `cs`. The constraints depend on [`Circuit::id`] only, never on values: in set-up mode
    /// assignments are not evaluated, and the key made then serves every later instance.
    ///
    /// # Errors
    /// Whatever the gadgets answer. An assignment that violates a constraint is not an error here; proving refuses it.
    fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError>;
}

macro_rules! forward_circuit {
    ($($wrapper:ty),*) => {
        $(impl<C: Circuit + ?Sized> Circuit for $wrapper {
            fn id(&self) -> CircuitId {
                (**self).id()
            }

            fn public_inputs(&self) -> Vec<Fr> {
                (**self).public_inputs()
            }

            fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
                (**self).synthesize(cs)
            }
        })*
    };
}

forward_circuit!(&C, Box<C>, std::sync::Arc<C>);

/// Makes any [`Circuit`] an arkworks [`ConstraintSynthesizer`], so that it proves with any `ark_snark::SNARK`.
#[derive(Clone, Copy)]
pub struct Synthesizer<'a>(pub &'a dyn Circuit);

impl ConstraintSynthesizer<Fr> for Synthesizer<'_> {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        self.0.synthesize(cs)
    }
}

impl fmt::Debug for Synthesizer<'_> {
    /// The id only: the assignment is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Synthesizer").field(&self.0.id()).finish()
    }
}

/// A circuit to be proved, by what it is for. All families go through the same keys, prover, verifier and ledger.
pub enum CircuitType {
    /// A table's sealed profile is the profile of its committed rows.
    DatasetNotarization(Box<dyn Circuit>),
    /// A table was derived from another one.
    TransformationProof(Box<dyn Circuit>),
    /// A statistic of a sealed profile lies in a range.
    StatisticalProperties(Box<dyn Circuit>),
    /// A privacy property of a sealed profile holds, as a smallest group.
    PrivacyPreserving(Box<dyn Circuit>),
    /// A circuit of the embedder's own.
    Custom(Box<dyn Circuit>),
}

impl CircuitType {
    /// The circuit, whatever it is for.
    pub fn circuit(&self) -> &dyn Circuit {
        match self {
            Self::DatasetNotarization(circuit)
            | Self::TransformationProof(circuit)
            | Self::StatisticalProperties(circuit)
            | Self::PrivacyPreserving(circuit)
            | Self::Custom(circuit) => circuit.as_ref(),
        }
    }
}

impl fmt::Debug for CircuitType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = match self {
            Self::DatasetNotarization(_) => "DatasetNotarization",
            Self::TransformationProof(_) => "TransformationProof",
            Self::StatisticalProperties(_) => "StatisticalProperties",
            Self::PrivacyPreserving(_) => "PrivacyPreserving",
            Self::Custom(_) => "Custom",
        };
        f.debug_tuple(family).field(&self.circuit().id()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circuit_ids_have_one_spelling() {
        assert_eq!("claim/mean@1".parse::<CircuitId>().unwrap().to_string(), "claim/mean@1");
        for bad in
            ["", "claim", "claim@0", "claim@01", "claim@+1", "Claim@1", "/a@1", "a//b@1", "a@b@1", "../a@1", "1a@1"]
        {
            assert!(bad.parse::<CircuitId>().is_err(), "{bad}");
        }
    }
}
