//! A proof and its one encoding.

use std::fmt;

use super::DecodeError;
use crate::ark::{
    Bn254, groth16,
    serialize::{CanonicalDeserialize as _, CanonicalSerialize as _},
};

/// A Groth16 proof: points A in G1, B in G2, C in G1, in the subgroup.
#[derive(Clone, PartialEq)]
pub struct Proof(groth16::Proof<Bn254>);

impl Proof {
    /// Length of the encoding in bytes.
    pub const LEN: usize = 128;

    /// Reads the compressed points A (32 bytes), B (64) and C (32).
    ///
    /// # Errors
    /// [`DecodeError::Length`], [`DecodeError::Point`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() != Self::LEN {
            return Err(DecodeError::Length { expected: Self::LEN, got: bytes.len() });
        }
        let proof = Self(groth16::Proof::deserialize_compressed(bytes).map_err(|_| DecodeError::Point)?);
        // The decoder ignores the coordinate of a point at infinity: a second spelling of one proof.
        if proof.to_bytes() == bytes { Ok(proof) } else { Err(DecodeError::Point) }
    }

    /// The encoding.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        // Three compressed points fill the buffer exactly; writing into it cannot fail.
        let written = self.0.serialize_compressed(bytes.as_mut_slice());
        debug_assert!(written.is_ok());
        bytes
    }

    pub(super) const fn from_ark(proof: groth16::Proof<Bn254>) -> Self {
        Self(proof)
    }

    pub(super) const fn ark(&self) -> &groth16::Proof<Bn254> {
        &self.0
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proof({})", hex::encode(self.to_bytes()))
    }
}
