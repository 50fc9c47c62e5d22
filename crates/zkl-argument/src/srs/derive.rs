//! Powers of a ceremony's secret out of a Groth16 key that somebody made after the ceremony.
//!
//! The points for the quotient in such a key are `n` consecutive powers of tau over the base `P_0 = ((tau^n - 1)/delta) G`, whose logarithm
//! nobody knows ([`Zkey::quotients`]). That they are is checked against `[tau]_2` from the ceremony; nothing is believed of the key.

use std::io::{Read, Seek};

use super::{Setup, Srs, SrsVerifierKey, check::g1_powers, error::DeriveError};
use crate::snarkjs::Zkey;

/// Derives as many powers as the domain of a Groth16 key of snarkjs has points.
///
/// `ceremony` is the verifier's part of a string of the same ceremony, from a `.ptau` file of any size.
///
/// # Errors
/// [`DeriveError`]: the file is no Groth16 key over BN254, its domain is larger than [`Srs::MAX_POWERS`], a point is invalid, or the
/// derived points are not consecutive powers of the secret of `ceremony`.
pub fn derive_powers<R: Read + Seek>(zkey: R, ceremony: &SrsVerifierKey) -> Result<Srs, DeriveError> {
    let mut zkey = Zkey::open(zkey)?;
    let got = zkey.sizes().domain;
    if !(Srs::MIN_POWERS..=Srs::MAX_POWERS).contains(&got) {
        return Err(DeriveError::Domain { min: Srs::MIN_POWERS, max: Srs::MAX_POWERS, got });
    }
    let powers = zkey.quotients()?;
    let base = powers.first().copied().unwrap_or_default();
    let key = SrsVerifierKey::new(Setup::DerivedBase, base, ceremony.tau_g2())?;
    g1_powers(&powers, &key)?;
    Ok(Srs::new(key, powers))
}
