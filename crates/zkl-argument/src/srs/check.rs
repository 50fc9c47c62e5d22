//! Checks on the points of a reference string.

use sha2::{Digest, Sha256};
use zkl_core::ark::{
    Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective,
    ec::{AffineRepr, CurveGroup, VariableBaseMSM, pairing::Pairing},
    ff::{BigInt, One, PrimeField},
};
use zkl_kernel::threads::prelude::*;

use super::{Srs, SrsVerifierKey, error::SrsFault};
use crate::coordinates::{encode_g1, encode_g2};

impl Srs {
    /// Checks that the powers are consecutive powers of the secret behind `[tau]_2`: for random `c_i`,
    ///
    /// ```text
    /// e(sum_i c_i G_{i+1}, [1]_2) = e(sum_i c_i G_i, [tau]_2)
    /// ```
    ///
    /// Reading a string does not do this, because a prover who uses other powers only makes proofs that do not verify.
    ///
    /// # Errors
    /// [`SrsFault::Powers`].
    pub fn check_powers(&self) -> Result<(), SrsFault> {
        g1_powers(self.powers(), self.verifier_key())
    }
}

/// Refuses a base that is not the generator, or, where the base is a point of its own, is the generator: a string over the generator has
/// one kind and one digest.
pub(super) fn base(own: bool, point: &G1Affine) -> Result<(), SrsFault> {
    match (own, *point == G1Affine::generator()) {
        (false, false) => Err(SrsFault::Generator { group: "G1" }),
        (true, true) => Err(SrsFault::BaseIsGenerator),
        _ => Ok(()),
    }
}

pub(super) fn g1_powers(powers: &[G1Affine], key: &SrsVerifierKey) -> Result<(), SrsFault> {
    if powers.first() != Some(&key.base()) {
        return Err(SrsFault::Generator { group: "G1" });
    }
    let mut seed = Sha256::new().chain_update(b"zkp-dataset-ledger/srs-check/g1/v1");
    for point in powers {
        seed.update(encode_g1(point));
    }
    let weights = weights(seed, powers.len() - 1);
    let low = G1Projective::msm_bigint(&powers[..powers.len() - 1], &weights);
    let high = G1Projective::msm_bigint(&powers[1..], &weights);
    let [low, high] = [(-low).into_affine(), high.into_affine()];
    if key.pairing_is_neutral(high, low) { Ok(()) } else { Err(SrsFault::Powers { group: "G1" }) }
}

/// The same in G2, against `tau G` in G1.
pub(super) fn g2_powers(powers: &[G2Affine], tau_g1: &G1Affine) -> Result<(), SrsFault> {
    if powers.first() != Some(&G2Affine::generator()) {
        return Err(SrsFault::Generator { group: "G2" });
    }
    let mut seed = Sha256::new().chain_update(b"zkp-dataset-ledger/srs-check/g2/v1");
    seed.update(encode_g1(tau_g1));
    for point in powers {
        seed.update(encode_g2(point));
    }
    let weights = weights(seed, powers.len() - 1);
    let low = G2Projective::msm_bigint(&powers[..powers.len() - 1], &weights);
    let high = G2Projective::msm_bigint(&powers[1..], &weights);
    let product = Bn254::multi_pairing([G1Affine::generator(), -*tau_g1], [high.into_affine(), low.into_affine()]);
    if product.0.is_one() { Ok(()) } else { Err(SrsFault::Powers { group: "G2" }) }
}

/// 128-bit weights that depend on every point: whoever wrote the points could not know them.
fn weights(seed: Sha256, count: usize) -> Vec<<Fr as PrimeField>::BigInt> {
    let seed: [u8; 32] = seed.finalize().into();
    (0..count as u64)
        .into_par_iter()
        .map(|index| {
            let digest: [u8; 32] = Sha256::new().chain_update(seed).chain_update(index.to_le_bytes()).finalize().into();
            let (limbs, _) = digest.as_chunks::<8>();
            BigInt([u64::from_le_bytes(limbs[0]), u64::from_le_bytes(limbs[1]), 0, 0])
        })
        .collect()
}
