//! The string that comes with the project, and the ceremonies whose digests it knows.
//!
//! `assets/hez-65536.points` holds 65,536 powers of the secret of the Perpetual Powers of Tau, as the preparation
//! `powersOfTau28_hez_final` (54 contributions and a beacon) fixed it, compressed, over a base that [`derive_powers`](super::derive_powers)
//! found; `assets/hez.key` the verifier's part. `scripts/check_string.sh` fetches what they were made from and makes them again.

use zkl_core::{
    ark::{G1Affine, serialize::CanonicalDeserialize as _},
    digest::KeyDigest,
};
use zkl_kernel::threads::prelude::*;

use super::{
    Srs, SrsVerifierKey,
    error::{SrsError, SrsFault},
};

const POINTS: &[u8] = include_bytes!("../../assets/hez-65536.points");
const KEY: &[u8] = include_bytes!("../../assets/hez.key");
/// Bytes of a compressed point.
const POINT_BYTES: usize = 32;

/// A ceremony that this program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// Short name.
    pub name: &'static str,
    /// Who took part, in words.
    pub description: &'static str,
    /// Digest of its string, 64 hexadecimal digits.
    digest: &'static str,
}

impl Ceremony {
    /// Digest of the string, as [`Srs::digest`].
    ///
    /// # Errors
    /// Never for the constants of this module.
    pub fn digest(&self) -> Result<KeyDigest, zkl_core::error::ParseError> {
        self.digest.parse()
    }
}

/// Ceremonies whose strings need no `--trust`, the default first. `docs/srs.md` says how each digest was checked.
pub const CEREMONIES: [Ceremony; 4] = [
    Ceremony {
        name: "hez-derived",
        description: "Perpetual Powers of Tau, 54 contributions and a beacon, over a derived base point",
        digest: "79f96ef5bbcf75fb204e4720126dd6b3ad4b092c6f42898e85f890c7c84fc086",
    },
    Ceremony {
        name: "hez",
        description: "Perpetual Powers of Tau, 54 contributions and a beacon (powersOfTau28_hez_final)",
        digest: "d814c27910638eb36239284b3cad51e11b7b7a122563261f7e2ab62a133ad683",
    },
    Ceremony {
        name: "ppot-80",
        description: "Perpetual Powers of Tau, 80 contributions (ppot_0080)",
        digest: "4f3e4099edcf61d6fcee9fe8b2bc8b01bac10447bd6fbc8ecc903efa68d63d0d",
    },
    Ceremony {
        name: "ignition",
        description: "Aztec Ignition, 176 contributions",
        digest: "51f827c3be65b4462b42c11ad5c8639c94923068c790ce0a17ac8fac292b95f2",
    },
];

/// The ceremony whose string has this digest.
pub fn ceremony(digest: KeyDigest) -> Option<&'static Ceremony> {
    CEREMONIES.iter().find(|ceremony| ceremony.digest() == Ok(digest))
}

impl SrsVerifierKey {
    /// The verifier's part of the public string.
    ///
    /// # Errors
    /// [`SrsError`], never for the bytes that come with the project.
    pub fn public() -> Result<Self, SrsError> {
        Self::from_bytes(KEY)
    }
}

impl Srs {
    /// The public string: 65,536 powers, one row group. Decompression takes about a second of CPU.
    ///
    /// # Errors
    /// [`SrsError`], never for the bytes that come with the project.
    pub fn public() -> Result<Self, SrsError> {
        let (points, _) = POINTS.as_chunks::<POINT_BYTES>();
        let decode = |(index, bytes): (usize, &[u8; POINT_BYTES])| {
            G1Affine::deserialize_compressed(bytes.as_slice()).map_err(|_| SrsFault::NotOnCurve { group: "G1", index })
        };
        let powers = points.par_iter().enumerate().map(decode).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::new(SrsVerifierKey::public()?, powers))
    }
}
