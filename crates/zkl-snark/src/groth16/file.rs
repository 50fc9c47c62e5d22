//! The file of one key pair.
//!
//! ```text
//! magic           8 bytes   "zkl-key\n"
//! version         4         little-endian, 2
//! circuit id      2 + n     little-endian length, then NAME@VERSION
//! vk digest      32         SHA-256
//! pk digest      32         SHA-256 of the vk digest and the pk
//! vk length       8         little-endian
//! pk length       8         little-endian
//! vk                        compressed
//! pk                        points and matrices, as `encoding.rs` writes them
//! ```
//!
//! Every byte is checked: the header against what is expected, the keys against their digests, the length against the
//! header. Points of the proving key are not checked to lie on their curve: its digest, and with it the verifying key that
//! it was made with, says that this program wrote it. Whoever can write here can write a consistent file of his own, and
//! then make proofs that fail their self-check or tell about the witness: the directory is the prover's to guard.

use sha2::{Digest as _, Sha256};
use zkl_core::{
    circuit::CircuitId,
    digest::{KeyDigest, Sha256Digest},
};
use zkl_kernel::threads;

use super::{DecodeError, ProvingKey, VerifyingKey};
use crate::keys::FileFault;

const MAGIC: &[u8; 8] = b"zkl-key\n";
const VERSION: u32 = 2;

/// The bytes of a key file.
pub(super) fn encode(id: &CircuitId, key: &ProvingKey) -> Vec<u8> {
    let id = id.to_string();
    let (verifying, proving) = (key.verifying_key(), key.to_bytes());
    let verifying_bytes = verifying.as_bytes();
    let mut bytes = Vec::with_capacity(256 + id.len() + verifying_bytes.len() + proving.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(id.len() as u16).to_le_bytes());
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(verifying.digest().as_bytes());
    bytes.extend_from_slice(proving_digest(verifying.digest(), &proving).as_bytes());
    bytes.extend_from_slice(&(verifying_bytes.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&(proving.len() as u64).to_le_bytes());
    bytes.extend_from_slice(verifying_bytes);
    bytes.extend_from_slice(&proving);
    bytes
}

/// The key in a file for circuit `id`.
pub(super) fn decode(id: &CircuitId, bytes: &[u8]) -> Result<ProvingKey, FileFault> {
    let mut reader = Reader(bytes);
    if reader.array::<8>().ok() != Some(*MAGIC) {
        return Err(FileFault::Magic);
    }
    let version = u32::from_le_bytes(reader.array()?);
    if version != VERSION {
        return Err(FileFault::Version { expected: VERSION, got: version });
    }
    let id_len = u16::from_le_bytes(reader.array()?);
    if reader.take(u64::from(id_len))? != id.to_string().as_bytes() {
        return Err(FileFault::Circuit);
    }
    let verifying_digest = KeyDigest::new(reader.array()?);
    let expected_digest = Sha256Digest::new(reader.array()?);
    let verifying_len = u64::from_le_bytes(reader.array()?);
    let proving_len = u64::from_le_bytes(reader.array()?);
    let verifying = reader.take(verifying_len)?;
    let proving = reader.take(proving_len)?;
    if !reader.0.is_empty() {
        return Err(FileFault::Length);
    }
    if KeyDigest::of(verifying) != verifying_digest {
        return Err(FileFault::Digest { part: "verifying" });
    }
    let verifying = VerifyingKey::from_bytes(verifying).map_err(|_| FileFault::Decode { part: "verifying" })?;
    // Hashing costs as much as decoding; what was decoded counts for nothing unless the digest matches.
    let (digest, key) = threads::join(
        || proving_digest(verifying_digest, proving),
        || ProvingKey::from_bytes_unchecked(proving, verifying),
    );
    if digest != expected_digest {
        return Err(FileFault::Digest { part: "proving" });
    }
    key.map_err(|error| match error {
        DecodeError::Matrices => FileFault::Pair,
        _ => FileFault::Decode { part: "proving" },
    })
}

fn proving_digest(verifying: KeyDigest, proving: &[u8]) -> Sha256Digest {
    let digest = Sha256::new().chain_update(verifying.as_bytes()).chain_update(proving).finalize();
    Sha256Digest::new(digest.into())
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: u64) -> Result<&'a [u8], FileFault> {
        let len = usize::try_from(len).map_err(|_| FileFault::Length)?;
        let (head, tail) = self.0.split_at_checked(len).ok_or(FileFault::Length)?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FileFault> {
        let (head, tail) = self.0.split_first_chunk::<N>().ok_or(FileFault::Length)?;
        self.0 = tail;
        Ok(*head)
    }
}
