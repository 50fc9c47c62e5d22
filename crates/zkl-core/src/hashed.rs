//! Text as a few small integers: what is committed to of a value of a [hashed](crate::layout::Encoding::Hashed) column.

use sha2::{Digest as _, Sha512};

use crate::column::ColumnType;

/// Number of [`DigestCells`].
pub const DIGEST_CELLS: usize = 8;

/// The first 16 bytes of the digest of a value, as 16-bit little-endian integers. Null is all zeros, which is the digest of no value that
/// anybody can find: such a value would count as null.
pub type DigestCells = [u16; DIGEST_CELLS];

/// Digests of the values of one type: `SHA-512("zkl/value/v1" || 0x00 || type || 0x00 || value)`, type and value as UTF-8.
#[derive(Clone, Debug)]
pub struct ValueHasher(Sha512);

impl ValueHasher {
    /// For values of type `ty`.
    pub fn new(ty: ColumnType) -> Self {
        Self(Sha512::new_with_prefix("zkl/value/v1\0").chain_update(ty.to_string()).chain_update([0]))
    }

    /// The cells of a value.
    pub fn cells(&self, value: &str) -> DigestCells {
        let digest = self.0.clone().chain_update(value).finalize();
        std::array::from_fn(|cell| u16::from_le_bytes([digest[2 * cell], digest[2 * cell + 1]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_the_start_of_the_documented_digest() {
        let cells = ValueHasher::new(ColumnType::Text).cells("abc");
        let digest = Sha512::digest(b"zkl/value/v1\0text\0abc");
        let bytes: Vec<u8> = cells.iter().flat_map(|cell| cell.to_le_bytes()).collect();
        assert_eq!(bytes[..], digest[..16]);
        assert_ne!(ValueHasher::new(ColumnType::Category).cells("abc"), cells, "the type is a part of what is hashed");
        assert_ne!(ValueHasher::new(ColumnType::Text).cells(""), [0; DIGEST_CELLS], "an empty text is no null");
    }
}
