//! Bytes and labels into field elements.

use sha2::{Digest as _, Sha512};
use zkl_core::ark::{Fr, ff::PrimeField as _};

/// First bytes of every hash-to-field input, so that no other use of SHA-512 shares an input with it.
const HASH_TO_FIELD: &[u8] = b"zkl/hash-to-field/v1";

/// A label that separates one use of a hash from every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Domain(&'static str);

impl Domain {
    /// The domain called `label`. Labels are constants of the program and never repeat between two uses.
    pub const fn new(label: &'static str) -> Self {
        Self(label)
    }

    /// The label.
    pub const fn label(self) -> &'static str {
        self.0
    }

    /// The element that stands for the domain in the capacity of a sponge:
    /// `hash_to_field("zkl/poseidon/domain", label)`.
    pub fn element(self) -> Fr {
        hash_to_field(Self("zkl/poseidon/domain"), self.0.as_bytes())
    }
}

/// Maps `bytes` to a field element: `SHA-512("zkl/hash-to-field/v1" || len(label) || label || bytes)`, the length as
/// 8 little-endian bytes and the 64 output bytes read as a little-endian integer, modulo r. The result is within
/// 2^-256 of uniform, and collisions are as hard as for SHA-512 truncated to 254 bits.
pub fn hash_to_field(domain: Domain, bytes: &[u8]) -> Fr {
    let label = domain.label().as_bytes();
    let digest = Sha512::new()
        .chain_update(HASH_TO_FIELD)
        .chain_update((label.len() as u64).to_le_bytes())
        .chain_update(label)
        .chain_update(bytes)
        .finalize();
    Fr::from_le_bytes_mod_order(&digest)
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use zkl_core::ark::ff::PrimeField as _;

    use super::*;

    #[test]
    fn hash_to_field_is_sha512_of_the_documented_bytes_modulo_r() {
        let mut message = b"zkl/hash-to-field/v1".to_vec();
        message.extend_from_slice(&[3, 0, 0, 0, 0, 0, 0, 0]);
        message.extend_from_slice(b"abc");
        message.extend_from_slice(b"value");
        let digest = BigUint::from_bytes_le(&Sha512::digest(&message));
        let expected = digest % BigUint::from(Fr::MODULUS);
        assert_eq!(BigUint::from(hash_to_field(Domain::new("abc"), b"value").into_bigint()), expected);
    }

    #[test]
    fn label_and_message_cannot_be_shifted_into_each_other() {
        assert_ne!(hash_to_field(Domain::new("ab"), b"c"), hash_to_field(Domain::new("a"), b"bc"));
        assert_ne!(hash_to_field(Domain::new("abc"), b""), hash_to_field(Domain::new(""), b"abc"));
        assert_ne!(Domain::new("a").element(), Domain::new("b").element());
    }
}
