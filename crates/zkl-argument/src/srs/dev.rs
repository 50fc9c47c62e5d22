//! Development strings, whose secret is public.

use sha2::{Digest, Sha512};
use zkl_core::ark::{
    Fr, G1Projective, G2Affine,
    ec::{AffineRepr, CurveGroup, PrimeGroup, ScalarMul},
    ff::{Field, PrimeField},
};

use super::{Setup, Srs, SrsVerifierKey, error::SrsError};

impl Srs {
    /// The seed of the development string that the project uses.
    pub const DEV_SEED: &'static [u8] = b"zkp-dataset-ledger/dev";

    /// A development string of `powers` powers, always the same for the same seed: `tau = SHA-512(TAG || seed) mod r`.
    ///
    /// # Errors
    /// [`SrsError::PowerCount`] outside [`Srs::MIN_POWERS`] to [`Srs::MAX_POWERS`].
    ///
    /// # Soundness
    /// None: the secret follows from the seed. [`Srs::setup`] says so, and the digest depends on it.
    pub fn dev(powers: usize, seed: &[u8]) -> Result<Self, SrsError> {
        check_count(powers as u64)?;
        let digest = Sha512::new().chain_update(b"zkp-dataset-ledger/srs/dev/v1\0").chain_update(seed).finalize();
        let tau = Fr::from_le_bytes_mod_order(&digest);
        let key = SrsVerifierKey::over_generator(Setup::Dev, (G2Affine::generator() * tau).into_affine())?;
        let scalars: Vec<_> = std::iter::successors(Some(Fr::ONE), |power| Some(*power * tau)).take(powers).collect();
        Ok(Self::new(key, G1Projective::generator().batch_mul(&scalars)))
    }
}

/// The number of powers as a length that is safe to allocate.
pub(super) fn check_count(got: u64) -> Result<usize, SrsError> {
    match usize::try_from(got) {
        Ok(count) if (Srs::MIN_POWERS..=Srs::MAX_POWERS).contains(&count) => Ok(count),
        _ => Err(SrsError::PowerCount { min: Srs::MIN_POWERS, max: Srs::MAX_POWERS, got }),
    }
}
