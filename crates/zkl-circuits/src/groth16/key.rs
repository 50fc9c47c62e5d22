//! Proving and verifying keys.

use std::fmt;

use zkl_core::{
    ark::{
        Bn254,
        ec::AffineRepr as _,
        groth16::{self, PreparedVerifyingKey},
        serialize::{CanonicalDeserialize as _, CanonicalSerialize as _, Compress, SerializationError, Validate},
    },
    digest::KeyDigest,
};

use super::DecodeError;

/// A proving key. Kept in the uncompressed encoding, which loads fast.
pub struct ProvingKey(groth16::ProvingKey<Bn254>);

impl ProvingKey {
    pub(super) const fn from_ark(key: groth16::ProvingKey<Bn254>) -> Self {
        Self(key)
    }

    pub(super) const fn ark(&self) -> &groth16::ProvingKey<Bn254> {
        &self.0
    }

    /// The uncompressed encoding: megabytes.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, SerializationError> {
        let mut bytes = Vec::with_capacity(self.0.uncompressed_size());
        self.0.serialize_uncompressed(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads an encoding without checking a point. For bytes whose digest was just compared with one that this program
    /// wrote.
    pub(crate) fn from_bytes_unchecked(mut bytes: &[u8]) -> Result<Self, DecodeError> {
        let key = groth16::ProvingKey::deserialize_with_mode(&mut bytes, Compress::No, Validate::No)
            .map_err(|_| DecodeError::Point)?;
        if bytes.is_empty() { Ok(Self(key)) } else { Err(DecodeError::Point) }
    }

    /// The verifying key inside.
    ///
    /// # Errors
    /// [`DecodeError`] when it is none.
    pub fn verifying_key(&self) -> Result<VerifyingKey, DecodeError> {
        VerifyingKey::from_ark(&self.0.vk)
    }
}

impl fmt::Debug for ProvingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvingKey").field("a_query", &self.0.a_query.len()).finish_non_exhaustive()
    }
}

/// A verifying key with its one encoding and the digest of that.
#[derive(Clone)]
pub struct VerifyingKey {
    prepared: PreparedVerifyingKey<Bn254>,
    bytes: Vec<u8>,
    digest: KeyDigest,
}

impl VerifyingKey {
    /// Bytes before the list of input points: one point of G1, three of G2, and the list's length.
    const FIXED_LEN: usize = 32 + 3 * 64 + 8;
    /// Bytes of one input point.
    const POINT_LEN: usize = 32;

    /// Reads the compressed points alpha (32 bytes), beta, gamma, delta (64 each), the number of input points as 8
    /// little-endian bytes, and the input points (32 each).
    ///
    /// # Errors
    /// [`DecodeError`] when the length is not the one that the number of points asks for, a point is not canonical, not on
    /// its curve or outside its subgroup, or alpha, beta, gamma or delta is the point at infinity.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let short = DecodeError::Length { expected: Self::FIXED_LEN + Self::POINT_LEN, got: bytes.len() };
        let (fixed, points) = bytes.split_at_checked(Self::FIXED_LEN).ok_or(short)?;
        let count = fixed.last_chunk::<8>().map_or(0, |count| u64::from_le_bytes(*count));
        // The length decides before anything is allocated.
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let expected = count.saturating_mul(Self::POINT_LEN);
        if count == 0 {
            return Err(short);
        }
        if points.len() != expected {
            return Err(DecodeError::Length { expected: expected.saturating_add(Self::FIXED_LEN), got: bytes.len() });
        }
        let key = groth16::VerifyingKey::deserialize_compressed(bytes).map_err(|_| DecodeError::Point)?;
        let key = Self::from_ark(&key)?;
        if key.bytes == bytes { Ok(key) } else { Err(DecodeError::Point) }
    }

    pub(super) fn from_ark(key: &groth16::VerifyingKey<Bn254>) -> Result<Self, DecodeError> {
        if key.alpha_g1.is_zero() || key.beta_g2.is_zero() || key.gamma_g2.is_zero() || key.delta_g2.is_zero() {
            return Err(DecodeError::Identity);
        }
        let mut bytes = Vec::with_capacity(key.compressed_size());
        key.serialize_compressed(&mut bytes).map_err(|_| DecodeError::Point)?;
        let digest = KeyDigest::of(&bytes);
        Ok(Self { prepared: groth16::prepare_verifying_key(key), bytes, digest })
    }

    /// The encoding.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the encoding.
    pub const fn digest(&self) -> KeyDigest {
        self.digest
    }

    /// Public inputs that proofs for this key have.
    pub fn num_inputs(&self) -> usize {
        self.prepared.vk.gamma_abc_g1.len().saturating_sub(1)
    }

    pub(super) const fn prepared(&self) -> &PreparedVerifyingKey<Bn254> {
        &self.prepared
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for VerifyingKey {}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({}, {} inputs)", self.digest, self.num_inputs())
    }
}
