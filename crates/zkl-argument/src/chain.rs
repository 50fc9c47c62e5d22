//! The hash chain of native transcripts: SHA-512, separate from the sponge of the scan argument.
//!
//! ```text
//! state_0   = SHA-512(protocol string)
//! absorb    : state := SHA-512(state || 0x00 || label length (u8) || label || byte length (u64) || bytes)
//! challenge : digest = SHA-512(state || 0x01 || label length (u8) || label);  state := digest;  value = digest mod r
//! ```
//!
//! Integers are little-endian; 512 bits modulo the 254-bit `r` are uniform up to 2^-258. Every step has a label and a length, so
//! that no two sequences of steps hash the same bytes.

use sha2::{Digest, Sha512};
use zkl_core::ark::{
    Fr,
    ff::{BigInt, BigInteger, PrimeField},
};

use crate::commit::Commitment;

/// The state of a transcript.
#[derive(Clone)]
pub struct HashChain {
    state: [u8; 64],
}

impl HashChain {
    /// The chain of a protocol. The string names its version.
    pub fn new(protocol: &str) -> Self {
        Self { state: Sha512::digest(protocol).into() }
    }

    /// Absorbs `bytes`. Labels are constants of at most 255 bytes.
    pub fn absorb(&mut self, label: &'static str, bytes: &[u8]) {
        self.state =
            self.step(0, label).chain_update((bytes.len() as u64).to_le_bytes()).chain_update(bytes).finalize().into();
    }

    /// Draws a field element, which depends on everything that was absorbed or drawn before.
    pub fn challenge(&mut self, label: &'static str) -> Fr {
        self.state = self.step(1, label).finalize().into();
        Fr::from_le_bytes_mod_order(&self.state)
    }

    /// The state, which another transcript can start from.
    pub const fn state(&self) -> &[u8; 64] {
        &self.state
    }

    fn step(&self, kind: u8, label: &str) -> Sha512 {
        Sha512::new().chain_update(self.state).chain_update([kind, label.len() as u8]).chain_update(label)
    }
}

/// Canonical encoding of a field element: 32 bytes, little-endian.
pub fn scalar_bytes(value: &Fr) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (slot, byte) in bytes.iter_mut().zip(value.into_bigint().to_bytes_le()) {
        *slot = byte;
    }
    bytes
}

/// Reads [`scalar_bytes`]; `None` for what is not below the modulus.
pub fn read_scalar(bytes: &[u8; 32]) -> Option<Fr> {
    let mut limbs = [0u64; 4];
    let (chunks, _) = bytes.as_chunks::<8>();
    for (limb, chunk) in limbs.iter_mut().zip(chunks) {
        *limb = u64::from_le_bytes(*chunk);
    }
    Fr::from_bigint(BigInt(limbs))
}

/// Field elements one after another.
pub fn scalars_bytes(values: &[Fr]) -> Vec<u8> {
    values.iter().flat_map(scalar_bytes).collect()
}

/// Commitments one after another.
pub fn points_bytes(points: &[Commitment]) -> Vec<u8> {
    points.iter().flat_map(Commitment::to_bytes).collect()
}
