//! Randomness of provers.

use rand_chacha::ChaCha20Rng;
use zeroize::Zeroize as _;

use crate::ark::std::rand::SeedableRng as _;

/// A generator seeded by the operating system. Blinding that repeats between two proofs reveals the witness.
pub(crate) fn fresh_rng() -> Result<ChaCha20Rng, getrandom::Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    let rng = ChaCha20Rng::from_seed(seed);
    seed.zeroize();
    Ok(rng)
}
