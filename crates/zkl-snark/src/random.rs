//! Randomness of provers.

use rand_chacha::ChaCha20Rng;
use zeroize::Zeroize as _;
use zkl_core::random::{self, RandomnessError};

use crate::ark::std::rand::SeedableRng as _;

/// A generator seeded by the operating system. Blinding that repeats between two proofs reveals the witness.
pub(crate) fn fresh_rng() -> Result<ChaCha20Rng, RandomnessError> {
    let mut seed = [0; 32];
    random::fill(&mut seed)?;
    let rng = ChaCha20Rng::from_seed(seed);
    seed.zeroize();
    Ok(rng)
}
