//! The file of one key pair.
//!
//! ```text
//! magic           8 bytes   "zkl-key\n"
//! version         4         little-endian, 1
//! circuit id      2 + n     little-endian length, then NAME@VERSION
//! vk digest      32         SHA-256
//! pk digest      32         SHA-256
//! vk length       8         little-endian
//! pk length       8         little-endian
//! vk                        compressed
//! pk                        uncompressed
//! ```
//!
//! Every byte is checked: the header against what is expected, the keys against their digests, the length against the
//! header. The proving key is decoded without checks of its points only after its digest matched.

use zkl_core::{
    circuit::CircuitId,
    digest::{KeyDigest, Sha256Digest},
};

use super::FileFault;
use crate::groth16::{ProvingKey, VerifyingKey};

const MAGIC: &[u8; 8] = b"zkl-key\n";
const VERSION: u32 = 1;

/// The bytes of a key file.
pub(super) fn encode(id: &CircuitId, proving: &[u8], verifying: &VerifyingKey) -> Vec<u8> {
    let id = id.to_string();
    let verifying_bytes = verifying.as_bytes();
    let mut bytes = Vec::with_capacity(256 + id.len() + verifying_bytes.len() + proving.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&(id.len() as u16).to_le_bytes());
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(verifying.digest().as_bytes());
    bytes.extend_from_slice(Sha256Digest::of(proving).as_bytes());
    bytes.extend_from_slice(&(verifying_bytes.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&(proving.len() as u64).to_le_bytes());
    bytes.extend_from_slice(verifying_bytes);
    bytes.extend_from_slice(proving);
    bytes
}

/// The keys in a file for circuit `id`.
pub(super) fn decode(id: &CircuitId, bytes: &[u8]) -> Result<(ProvingKey, VerifyingKey), FileFault> {
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
    let proving_digest = Sha256Digest::new(reader.array()?);
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
    if Sha256Digest::of(proving) != proving_digest {
        return Err(FileFault::Digest { part: "proving" });
    }
    let verifying = VerifyingKey::from_bytes(verifying).map_err(|_| FileFault::Decode { part: "verifying" })?;
    let proving = ProvingKey::from_bytes_unchecked(proving).map_err(|_| FileFault::Decode { part: "proving" })?;
    let paired = proving.verifying_key().is_ok_and(|inside| inside == verifying);
    if paired { Ok((proving, verifying)) } else { Err(FileFault::Pair) }
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
