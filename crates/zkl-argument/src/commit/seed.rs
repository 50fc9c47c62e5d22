//! The one secret of a notarization.

use std::sync::Arc;

use sha2::{Digest, Sha512};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};
use zkl_core::{
    ark::{Fr, ff::PrimeField},
    random::{self, RandomnessError},
};

/// 32 fresh bytes per notarization, from which all blinders and profile salts are derived.
///
/// ```text
/// digest = SHA-512("zkp-dataset-ledger/seed/v1\0" || kind (1 byte) || seed || a (u32) || b (u32))
/// value  = digest mod r                    kind 0: blinder of column a, group b;  kind 1: salt
/// seed'  = first 32 bytes of digest        kind 2: seed of segment a;  kind 3: seed of the dictionaries;  kind 4: seed of group a
/// ```
///
/// Integers are little-endian. Every input has the same length, so that no two uses collide; 512 bits modulo the
/// 254-bit `r` are uniform up to 2^-258.
///
/// # Soundness
/// A seed is used for ONE table. Two tables under one seed reveal the commitment to their difference.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct CommitmentSeed {
    seed: [u8; 32],
    table: Option<OfTable>,
}

/// The seed of the table that a group of columns is of.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct OfTable {
    seed: [u8; 32],
    /// By column of the group: its number in the table, `None` for what is the group's own.
    #[zeroize(skip)]
    numbers: Arc<[Option<u32>]>,
}

impl CommitmentSeed {
    /// A fresh seed from the operating system.
    ///
    /// # Errors
    /// [`RandomnessError`] when the system has no randomness to give.
    pub fn generate() -> Result<Self, RandomnessError> {
        let mut seed = Self::from_bytes([0; 32]);
        random::fill(&mut seed.seed)?;
        Ok(seed)
    }

    /// A seed read from an opening file.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { seed: bytes, table: None }
    }

    /// The seed, for the opening file.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.seed
    }

    /// `r_{c,g}`: the blinder of row group `group` of column `column`.
    pub fn blinder(&self, column: u32, group: u32) -> Fr {
        let number = |table: &OfTable| table.numbers.get(column as usize).copied().flatten();
        match self.table.as_ref().and_then(|table| Some((&table.seed, number(table)?))) {
            Some((seed, number)) => derive(seed, 0, number, group),
            None => derive(&self.seed, 0, column, group),
        }
    }

    /// The salt of record `record` of the sealed profile; `part` tells the salts of one record apart.
    pub fn salt(&self, record: u32, part: u32) -> Fr {
        derive(&self.seed, 1, record, part)
    }

    /// The seed of row segment `segment` of a table that is committed to in several: its columns and groups are numbered
    /// from 0 like those of every other segment.
    pub fn segment(&self, segment: u32) -> Self {
        let of_table =
            |table: &OfTable| OfTable { seed: part(&table.seed, 2, segment), numbers: Arc::clone(&table.numbers) };
        Self { seed: part(&self.seed, 2, segment), table: self.table.as_ref().map(of_table) }
    }

    /// The seed of what is committed about the dictionaries of a whole table.
    pub fn dictionaries(&self) -> Self {
        Self::from_bytes(part(&self.seed, 3, 0))
    }

    /// The seed of group `group` of the table's columns. Columns that have a number have the blinders that are theirs in the whole table, in
    /// whichever group they stand: numbers are unique in the table, a column's in all groups one. All else is blinded for this group alone.
    pub fn group(&self, group: u32, numbers: Arc<[Option<u32>]>) -> Self {
        Self { seed: part(&self.seed, 4, group), table: Some(OfTable { seed: self.seed, numbers }) }
    }
}

/// A seed that is derived from another.
fn part(seed: &[u8; 32], kind: u8, index: u32) -> [u8; 32] {
    let digest = digest(seed, kind, index, 0);
    let mut part = [0; 32];
    part.copy_from_slice(&digest[..32]);
    part
}

fn derive(seed: &[u8; 32], kind: u8, a: u32, b: u32) -> Fr {
    Fr::from_le_bytes_mod_order(&*digest(seed, kind, a, b))
}

fn digest(seed: &[u8; 32], kind: u8, a: u32, b: u32) -> Zeroizing<[u8; 64]> {
    let mut input = Zeroizing::new(b"zkp-dataset-ledger/seed/v1\0".to_vec());
    // The capacity is reserved first: growing would leave a copy of the seed behind.
    input.reserve_exact(1 + 32 + 8);
    input.push(kind);
    input.extend_from_slice(seed);
    input.extend_from_slice(&a.to_le_bytes());
    input.extend_from_slice(&b.to_le_bytes());
    Zeroizing::new(Sha512::digest(&*input).into())
}

/// Where the blinders of committed columns come from.
pub trait Blinders {
    /// `r_{c,g}`.
    fn blinder(&self, column: u32, group: u32) -> Fr;
}

impl Blinders for CommitmentSeed {
    fn blinder(&self, column: u32, group: u32) -> Fr {
        Self::blinder(self, column, group)
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
    fn segments_and_dictionaries_have_seeds_of_their_own() {
        let seed = CommitmentSeed::from_bytes([1; 32]);
        let mut seen = HashSet::from([*seed.expose(), *seed.dictionaries().expose()]);
        assert_eq!(seen.len(), 2);
        for segment in 0..8 {
            assert!(seen.insert(*seed.segment(segment).expose()));
            assert_eq!(seed.segment(segment).expose(), seed.segment(segment).expose());
        }
        // SHA-512 of the documented bytes, computed with Python.
        let seed = CommitmentSeed::from_bytes([7; 32]);
        assert_eq!(hex(seed.segment(3).expose()), SEGMENT);
        assert_eq!(hex(seed.dictionaries().expose()), DICTIONARIES);
    }

    #[test]
    fn columns_of_groups_have_the_blinders_of_the_table_and_the_rest_has_none_that_occur_elsewhere() {
        let seed = CommitmentSeed::from_bytes([1; 32]);
        let numbers = |numbers: &[Option<u32>]| numbers.to_vec().into();
        let (one, other) =
            (seed.group(0, numbers(&[Some(8), None])), seed.group(1, numbers(&[Some(9), Some(8), None])));
        assert_eq!(one.blinder(0, 3), other.blinder(1, 3));
        assert_eq!(one.segment(2).blinder(0, 3), other.segment(2).blinder(1, 3));
        let mut seen = HashSet::new();
        for seed in [&one, &other, &one.segment(0), &one.segment(1), &one.dictionaries(), &other.dictionaries()] {
            assert!(seen.insert(seed.blinder(2, 0)));
        }
        for seed in [&one, &one.segment(0), &one.segment(1)] {
            assert!(seen.insert(seed.blinder(0, 0)) && seen.insert(seed.blinder(1, 0)));
        }
        assert!(seen.insert(other.blinder(0, 0)));
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    const SEGMENT: &str = "34bcd84e2948b09ec69e7c96af0625ce19f0297834ed2a956bcaf9dc3b64c8f4";
    const DICTIONARIES: &str = "7efc8f8853c3120e0142111b06c7e25c3f9c82d3c4ce2b88c412e37d86aeec72";

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
