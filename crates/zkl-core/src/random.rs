//! Randomness of the operating system, through which every secret, blinder and nonce comes.

use thiserror::Error;

/// The operating system has no randomness to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the operating system has no randomness")]
pub struct RandomnessError(#[source] getrandom::Error);

/// Fills `bytes`.
///
/// # Errors
/// [`RandomnessError`].
pub fn fill(bytes: &mut [u8]) -> Result<(), RandomnessError> {
    getrandom::fill(bytes).map_err(RandomnessError)
}
