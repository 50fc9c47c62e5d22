//! Proving and verifying keys.

use std::{fmt, sync::OnceLock};

use zkl_argument::msm::MsmBases;
use zkl_core::digest::KeyDigest;
use zkl_kernel::{Domain, selection};

use super::{DecodeError, Query};
use crate::{
    ark::{
        Bn254, G1Affine,
        bn254::{g1, g2},
        ec::AffineRepr as _,
        groth16::{self, PreparedVerifyingKey},
        serialize::{CanonicalDeserialize as _, CanonicalSerialize as _},
    },
    matrices::Matrices,
};

/// A proving key: arkworks' with its queries sorted for the prover, and the matrices that it was made for.
pub struct ProvingKey {
    pub(super) verifying: VerifyingKey,
    pub(super) beta_g1: G1Affine,
    pub(super) delta_g1: G1Affine,
    pub(super) a: Query<g1::Config>,
    pub(super) b_g1: Query<g1::Config>,
    pub(super) b_g2: Query<g2::Config>,
    pub(super) l: Query<g1::Config>,
    pub(super) h: MsmBases,
    pub(super) matrices: Matrices,
    /// Made for the first proof.
    pub(super) domain: OnceLock<Option<Domain>>,
}

impl ProvingKey {
    /// arkworks' key for the constraints in `matrices`.
    ///
    /// # Errors
    /// [`DecodeError::Matrices`] when the key is for another number of variables or constraints, [`DecodeError`] when its
    /// verifying key is none.
    pub(super) fn from_ark(key: &groth16::ProvingKey<Bn254>, matrices: Matrices) -> Result<Self, DecodeError> {
        let variables = matrices.num_variables;
        let lengths = [key.a_query.len(), key.b_g1_query.len(), key.b_g2_query.len(), key.l_query.len()];
        if lengths != [variables, variables, variables, variables - matrices.num_inputs] {
            return Err(DecodeError::Matrices);
        }
        let bits = matrices.bits();
        let key = Self {
            verifying: VerifyingKey::from_ark(&key.vk)?,
            beta_g1: key.beta_g1,
            delta_g1: key.delta_g1,
            a: Query::new(&key.a_query, 0, &bits),
            b_g1: Query::new(&key.b_g1_query, 0, &bits),
            b_g2: Query::new(&key.b_g2_query, 0, &bits),
            l: Query::new(&key.l_query, matrices.num_inputs, &bits),
            h: MsmBases::new(key.h_query.clone()),
            matrices,
            domain: OnceLock::new(),
        };
        if key.fits() { Ok(key) } else { Err(DecodeError::Matrices) }
    }

    /// Whether the points are for the variables and constraints of the matrices.
    pub(super) fn fits(&self) -> bool {
        let variables = self.matrices.num_variables;
        self.verifying.num_inputs() + 1 == self.matrices.num_inputs
            && self.matrices.num_inputs <= variables
            && [&self.a, &self.b_g1, &self.l].into_iter().all(|query| query.is_within(variables))
            && self.b_g2.is_within(variables)
            && self.h.len() + 1 == 1 << self.matrices.log_domain()
    }

    /// The evaluation domain; `None` when the field has no domain of that size.
    pub(super) fn domain(&self) -> Option<&Domain> {
        self.domain.get_or_init(|| Domain::new(selection().choice, self.matrices.log_domain())).as_ref()
    }

    /// The key as arkworks' own prover takes it.
    #[cfg(test)]
    pub(crate) fn to_ark(&self) -> groth16::ProvingKey<Bn254> {
        let (inputs, variables) = (self.matrices.num_inputs, self.matrices.num_variables);
        groth16::ProvingKey {
            vk: self.verifying.prepared.vk.clone(),
            beta_g1: self.beta_g1,
            delta_g1: self.delta_g1,
            a_query: self.a.points(0, variables),
            b_g1_query: self.b_g1.points(0, variables),
            b_g2_query: self.b_g2.points(0, variables),
            h_query: self.h.points().to_vec(),
            l_query: self.l.points(inputs, variables),
        }
    }

    /// The verifying key inside.
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Number of constraints.
    pub fn num_constraints(&self) -> usize {
        self.matrices.num_constraints()
    }
}

impl fmt::Debug for ProvingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvingKey").field("constraints", &self.num_constraints()).finish_non_exhaustive()
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
