//! Groth16 over BN254 (Groth, eprint 2016/260).
//!
//! Statement: for a circuit with constraints `(A z) o (B z) = C z`, the prover knows `z = (1, public, private)`.
//! Soundness rests on the knowledge of exponent in bilinear groups and on nobody knowing the trapdoor of the keys; zero
//! knowledge is perfect when the proving key is well-formed. Proofs can be re-randomised by anybody, so a claim binds its
//! context as a public input.

mod ceremony;
mod encoding;
mod error;
mod file;
mod generate;
mod key;
mod proof;
mod prove;
mod query;
mod store;
mod system;
#[cfg(test)]
mod tests;

use rand_chacha::ChaCha20Rng;
use zkl_core::circuit::Circuit;

pub use crate::proof_system::{ProveError, VerifyError};
pub use error::DecodeError;
pub use key::{ProvingKey, VerifyingKey};
pub use proof::Proof;
use query::{Part, Query};

use crate::{
    ark::{Bn254, Fr, groth16::Groth16 as ArkGroth16, snark::SNARK as _, std::rand::SeedableRng as _},
    matrices::Matrices,
};

/// Groth16 over BN254.
#[derive(Clone, Copy, Debug, Default)]
pub struct Groth16;

/// Makes keys for the constraints of `circuit`; its assignment is not read. Whoever knows `seed` can forge proofs for these keys.
///
/// # Errors
/// [`ProveError::Synthesis`].
pub fn danger_setup_from_seed(circuit: &dyn Circuit, seed: [u8; 32]) -> Result<(ProvingKey, VerifyingKey), ProveError> {
    let proving = danger_setup(circuit, seed, &mut |_| ())?;
    let verifying = proving.verifying_key().clone();
    Ok((proving, verifying))
}

/// [`danger_setup_from_seed`] that tells `progress` the share of the work that is done, from 0 to 1.
pub(crate) fn danger_setup(
    circuit: &dyn Circuit,
    seed: [u8; 32],
    progress: &mut dyn FnMut(f64),
) -> Result<ProvingKey, ProveError> {
    let matrices = Matrices::of(circuit)?;
    let key = generate::generate(&matrices, &mut ChaCha20Rng::from_seed(seed), progress)?;
    ProvingKey::from_ark(&key, matrices).map_err(|error| ProveError::Setup(error.of_key()))
}

/// Verifies `proof` for `public_inputs`: one pairing product.
///
/// # Soundness
/// Says nothing about where `key` came from: see [`PinnedKeys`](crate::keys::PinnedKeys).
///
/// # Errors
/// [`VerifyError::Inputs`] when the key is for another number of inputs, [`VerifyError::Invalid`] when the equation does
/// not hold.
pub fn verify(key: &VerifyingKey, public_inputs: &[Fr], proof: &Proof) -> Result<(), VerifyError> {
    // arkworks zips inputs with the key's points: a short list would silently verify another statement.
    if public_inputs.len() != key.num_inputs() {
        return Err(VerifyError::Inputs { expected: key.num_inputs(), got: public_inputs.len() });
    }
    match ArkGroth16::<Bn254>::verify_with_processed_vk(key.prepared(), public_inputs, proof.ark()) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(VerifyError::Invalid),
    }
}

/// Whether the assignment of `circuit` satisfies the constraints that `key` was made for: what [`prove`] does before it
/// computes anything with points.
///
/// # Errors
/// [`ProveError`], as [`prove`].
pub fn check(key: &ProvingKey, circuit: &dyn Circuit) -> Result<(), ProveError> {
    prove::satisfied(key, circuit, &circuit.public_inputs()).map(|_| ())
}

/// Proves `circuit` with fresh randomness and verifies the result, as [`prove`](crate::proof_system::ProvingKey::prove).
///
/// # Errors
/// [`ProveError`].
pub fn prove(key: &ProvingKey, circuit: &dyn Circuit) -> Result<Proof, ProveError> {
    prove::prove(key, circuit)
}
