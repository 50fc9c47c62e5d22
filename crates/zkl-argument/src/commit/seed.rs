//! The one secret of a notarization.

use sha2::{Digest, Sha512};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};
use zkl_core::ark::{Fr, ff::PrimeField};

/// 32 fresh bytes per notarization, from which all blinders and profile salts are derived.
///
/// ```text
/// value = SHA-512("zkp-dataset-ledger/seed/v1\0" || kind (1 byte) || seed || a (u32) || b (u32)) mod r
/// ```
///
/// Integers are little-endian. Every input has the same length, so that no two uses collide; 512 bits modulo the
/// 254-bit `r` are uniform up to 2^-258.
///
/// # Soundness
/// A seed is used for ONE table. Two tables under one seed reveal the commitment to their difference.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CommitmentSeed([u8; 32]);

impl CommitmentSeed {
    /// A fresh seed from the operating system.
    ///
    /// # Errors
    /// [`getrandom::Error`] when the system has no randomness to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut seed = Self([0; 32]);
        getrandom::fill(&mut seed.0)?;
        Ok(seed)
    }

    /// A seed read from an opening file.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The seed, for the opening file.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// `r_{c,g}`: the blinder of row group `group` of column `column`.
    pub fn blinder(&self, column: u32, group: u32) -> Fr {
        self.derive(0, column, group)
    }

    /// The salt of record `record` of the sealed profile; `part` tells the salts of one record apart.
    pub fn salt(&self, record: u32, part: u32) -> Fr {
        self.derive(1, record, part)
    }

    fn derive(&self, kind: u8, a: u32, b: u32) -> Fr {
        let mut input = Zeroizing::new(b"zkp-dataset-ledger/seed/v1\0".to_vec());
        // The capacity is reserved first: growing would leave a copy of the seed behind.
        input.reserve_exact(1 + 32 + 8);
        input.push(kind);
        input.extend_from_slice(&self.0);
        input.extend_from_slice(&a.to_le_bytes());
        input.extend_from_slice(&b.to_le_bytes());
        let digest: Zeroizing<[u8; 64]> = Zeroizing::new(Sha512::digest(&*input).into());
        Fr::from_le_bytes_mod_order(&*digest)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn derived_values_differ_by_kind_column_group_and_seed() {
        let mut seen = HashSet::new();
        for seed in [CommitmentSeed::from_bytes([1; 32]), CommitmentSeed::from_bytes([2; 32])] {
            for a in 0..8 {
                for b in 0..8 {
                    assert!(seen.insert(seed.blinder(a, b)));
                    assert!(seen.insert(seed.salt(a, b)));
                }
            }
        }
    }

    #[test]
    fn generated_seeds_differ() {
        let (a, b) = (CommitmentSeed::generate().unwrap(), CommitmentSeed::generate().unwrap());
        assert_ne!(a.expose(), b.expose());
        assert_ne!(a.expose(), &[0; 32]);
    }

    #[test]
    fn the_derivation_is_pinned() {
        // SHA-512 of the documented bytes modulo r, computed with Python integers.
        let seed = CommitmentSeed::from_bytes([7; 32]);
        assert_eq!(seed.blinder(3, 5).to_string(), BLINDER);
        assert_eq!(seed.salt(3, 5).to_string(), SALT);
    }

    const BLINDER: &str = "7867189241493162270315089306137432591058810538714232686755855004738470717325";
    const SALT: &str = "14337627538241872581267605994666468903015777180333773182091001533772301768386";
}
