//! The secret that every salt of a seal comes from.

use std::sync::Arc;

use zeroize::{Zeroize, ZeroizeOnDrop};
use zkl_core::ark::{Fr, ff::PrimeField as _};

use super::{RecordIndex, SealError};

/// Some of the segments of a table, but not all of them: the seal of all is the table's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentRange {
    /// The first segment, from 0.
    pub first: u32,
    /// How many, at least 1.
    pub count: u32,
}

/// 32 secret bytes, fresh for every notarization. Whoever holds them and guesses a profile can confirm the guess; without
/// them the commitment says nothing about the profile.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealSeed {
    seed: [u8; 32],
    #[zeroize(skip)]
    group: Option<GroupRecords>,
}

/// Which group of a table's columns a seal is of, and where its records sit in the seal of the table, in order.
#[derive(Clone)]
struct GroupRecords {
    group: u32,
    records: Arc<[RecordIndex]>,
}

impl SealSeed {
    /// A seed read back from where it was kept.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { seed: bytes, group: None }
    }

    /// A fresh seed from the operating system.
    ///
    /// # Errors
    /// [`SealError::Entropy`] when the operating system has no randomness.
    pub fn generate() -> Result<Self, SealError> {
        let mut bytes = [0; 32];
        zkl_core::random::fill(&mut bytes).map_err(SealError::Entropy)?;
        Ok(Self::from_bytes(bytes))
    }

    /// The bytes, to be kept where only the owner reads them.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.seed
    }

    /// This seed for the seals of group `group` of a table's columns. A record has the salt that it has in the seal of the table, so that its leaf is
    /// the same; nonces are the group's own.
    pub(crate) fn group(&self, group: u32, records: Arc<[RecordIndex]>) -> Self {
        Self { seed: self.seed, group: Some(GroupRecords { group, records }) }
    }

    /// The nonce of the header of a table's seal.
    pub(super) fn nonce(&self) -> Fr {
        match &self.group {
            None => self.element(b"zkl/seal/v1/nonce", &0u16.to_le_bytes()),
            Some(own) => self.element(b"zkl/seal/v1/group-nonce", &own.group.to_le_bytes()),
        }
    }

    /// The nonce of the header of a row range's seal.
    pub(super) fn range_nonce(&self, range: SegmentRange) -> Fr {
        let [first, count] = [range.first, range.count].map(u32::to_le_bytes);
        match &self.group {
            None => self.element(b"zkl/seal/v1/range-nonce", &[first, count].concat()),
            Some(own) => {
                let place = [own.group.to_le_bytes(), first, count].concat();
                self.element(b"zkl/seal/v1/group-range-nonce", &place)
            }
        }
    }

    /// The nonce of the header of the seal of a table's large dictionaries.
    pub(super) fn dictionaries_nonce(&self) -> Fr {
        match &self.group {
            None => self.element(b"zkl/seal/v1/dictionaries-nonce", &[]),
            Some(own) => self.element(b"zkl/seal/v1/group-dictionaries-nonce", &own.group.to_le_bytes()),
        }
    }

    /// The salt of the record at `index`.
    pub(super) fn salt(&self, index: RecordIndex) -> Fr {
        let place = |own: &GroupRecords| own.records.get(usize::from(index.get()).checked_sub(1)?).copied();
        let index = self.group.as_ref().and_then(place).unwrap_or(index);
        self.element(b"zkl/seal/v1/salt", &index.get().to_le_bytes())
    }

    /// 64 bytes of keyed BLAKE3 output for `label || index`, as a little-endian integer modulo r.
    fn element(&self, label: &[u8], index: &[u8]) -> Fr {
        let mut output = [0; 64];
        let mut hasher = blake3::Hasher::new_keyed(&self.seed);
        hasher.update(label).update(index);
        hasher.finalize_xof().fill(&mut output);
        let element = Fr::from_le_bytes_mod_order(&output);
        output.zeroize();
        element
    }
}
