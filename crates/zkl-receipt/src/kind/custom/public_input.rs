//! Public inputs as texts.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use zkl_core::{
    ark::{
        Fr,
        serialize::{CanonicalDeserialize as _, CanonicalSerialize as _},
    },
    digest::Sha256Digest,
};

/// A public input: an element of the scalar field of BN254, written as 64 hexadecimal digits, least significant byte
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicInput(Fr);

impl PublicInput {
    /// The public input with this value.
    pub const fn new(value: Fr) -> Self {
        Self(value)
    }

    /// The value.
    pub const fn value(&self) -> Fr {
        self.0
    }
}

impl fmt::Display for PublicInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0u8; 32];
        self.0.serialize_compressed(bytes.as_mut_slice()).map_err(|_| fmt::Error)?;
        f.write_str(&hex::encode(bytes))
    }
}

impl Serialize for PublicInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicInput {
    /// Refuses numbers that are not below the field's modulus.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = *Sha256Digest::deserialize(deserializer)?.as_bytes();
        let value = Fr::deserialize_compressed(bytes.as_slice());
        value.map(Self).map_err(|_| D::Error::custom("not an element of the scalar field"))
    }
}
