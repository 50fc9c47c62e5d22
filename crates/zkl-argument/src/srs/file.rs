//! The file format of reference strings. All integers are little-endian.
//!
//! ```text
//! magic     8   "zkl-srs\0"
//! version   4   1
//! setup     4   0 dev, 1 ceremony, 2 ceremony with a derived base
//! powers    4   n, 2 to 2^18
//! tau_g2  128   [tau]_2: x_0, x_1, y_0, y_1, canonical
//! G_i    64 n   x, y, canonical, from G_0 = G: the generator, with setup 2 any other point
//! sha256   32   of all bytes before
//! ```

use sha2::{Digest, Sha256};
use zkl_kernel::threads::prelude::*;

use super::{Setup, Srs, SrsVerifierKey, dev::check_count, error::SrsError};
use crate::coordinates::{Form, G1_BYTES, G2_BYTES, decode_g1, decode_g2, encode_g1, encode_g2};

const MAGIC: &[u8; 8] = b"zkl-srs\0";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 8 + 4 + 4 + 4;
const DIGEST_BYTES: usize = 32;

impl Srs {
    /// The string as a file; see `docs/srs.md`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let powers = self.powers();
        let mut bytes = Vec::with_capacity(file_bytes(powers.len()));
        bytes.extend_from_slice(MAGIC);
        for field in [VERSION, self.setup().code(), powers.len() as u32] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(&encode_g2(&self.verifier_key().tau_g2()));
        for point in powers {
            bytes.extend_from_slice(&encode_g1(point));
        }
        let digest = Sha256::digest(&bytes);
        bytes.extend_from_slice(&digest);
        bytes
    }

    /// Reads [`Srs::to_bytes`]. Points are checked one by one; their relation is not: see [`Srs::check_powers`].
    ///
    /// # Errors
    /// [`SrsError`], one per check. Nothing is allocated before the length was compared with the header.
    ///
    /// # Soundness
    /// The checksum tells damage, not forgery: compare [`Srs::digest`] with a trusted one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SrsError> {
        let (magic, rest) = split(bytes, bytes.len(), MAGIC.len())?;
        if magic != MAGIC {
            return Err(SrsError::Magic);
        }
        let (fields, rest) = split(rest, bytes.len(), HEADER_BYTES - MAGIC.len())?;
        let (fields, _) = fields.as_chunks::<4>();
        let field = |index: usize| fields.get(index).map_or(0, |field| u32::from_le_bytes(*field));
        if field(0) != VERSION {
            return Err(SrsError::Version { expected: VERSION, got: field(0) });
        }
        let setup = Setup::from_code(field(1))?;
        let count = check_count(u64::from(field(2)))?;
        check_length(bytes, file_bytes(count))?;

        let (content, digest) = bytes.split_at(bytes.len() - DIGEST_BYTES);
        if Sha256::digest(content)[..] != *digest {
            return Err(SrsError::Checksum);
        }
        let (tau_g2, rest) = rest.split_first_chunk::<G2_BYTES>().ok_or(SrsError::Checksum)?;
        let tau_g2 = decode_g2(tau_g2, Form::Plain, 1)?;
        let (points, _) = rest[..rest.len() - DIGEST_BYTES].as_chunks::<G1_BYTES>();
        let powers = points
            .par_iter()
            .enumerate()
            .with_min_len(1 << 10)
            .map(|(index, bytes)| decode_g1(bytes, Form::Plain, index))
            .collect::<Result<Vec<_>, _>>()?;
        let base = powers.first().copied().unwrap_or_default();
        Ok(Self::new(SrsVerifierKey::new(setup, base, tau_g2)?, powers))
    }
}

const fn file_bytes(powers: usize) -> usize {
    HEADER_BYTES + G2_BYTES + G1_BYTES * powers + DIGEST_BYTES
}

const fn check_length(bytes: &[u8], expected: usize) -> Result<(), SrsError> {
    if bytes.len() < expected {
        return Err(SrsError::Truncated { expected, got: bytes.len() });
    }
    if bytes.len() > expected {
        return Err(SrsError::TrailingBytes { extra: bytes.len() - expected });
    }
    Ok(())
}

fn split(bytes: &[u8], total: usize, at: usize) -> Result<(&[u8], &[u8]), SrsError> {
    bytes.split_at_checked(at).ok_or(SrsError::Truncated { expected: HEADER_BYTES, got: total })
}
