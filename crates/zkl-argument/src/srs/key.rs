//! The part of a reference string that a verifier needs.

use std::fmt;

use zkl_core::{
    ark::{
        Bn254, G1Affine, G2Affine,
        ec::{AffineRepr, pairing::Pairing},
        ff::One,
    },
    digest::KeyDigest,
};

use super::{
    check,
    error::{SrsError, SrsFault},
    hiding_base::hiding_base,
};
use crate::coordinates::{Form, G1_BYTES, G2_BYTES, decode_g1, decode_g2, encode_g1, encode_g2};

/// Where a reference string comes from. Part of its digest: a `dev` string cannot pass as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setup {
    /// Made from a public seed: whoever reads the seed can forge every proof. For development and tests.
    Dev,
    /// Imported from a ceremony with at least one contributor who is trusted to have forgotten a secret.
    Ceremony,
    /// The powers of a ceremony's secret over a base point that was derived from what the ceremony's users published.
    DerivedBase,
}

impl Setup {
    pub(super) const fn code(self) -> u32 {
        match self {
            Self::Dev => 0,
            Self::Ceremony => 1,
            Self::DerivedBase => 2,
        }
    }

    /// # Errors
    /// [`SrsError::UnknownSetup`].
    pub(super) const fn from_code(code: u32) -> Result<Self, SrsError> {
        match code {
            0 => Ok(Self::Dev),
            1 => Ok(Self::Ceremony),
            2 => Ok(Self::DerivedBase),
            got => Err(SrsError::UnknownSetup { got }),
        }
    }

    /// Whether the base point is part of the key, instead of the generator.
    const fn has_own_base(self) -> bool {
        matches!(self, Self::DerivedBase)
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dev => "dev setup: forgeable",
            Self::Ceremony => "ceremony",
            Self::DerivedBase => "ceremony, derived base",
        })
    }
}

/// The part of a reference string that a verifier needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SrsVerifierKey {
    setup: Setup,
    base: G1Affine,
    tau_g2: G2Affine,
    h: G1Affine,
    digest: KeyDigest,
}

impl SrsVerifierKey {
    /// A key; `base` is the first power.
    ///
    /// # Errors
    /// [`SrsFault`] when the base is not the one that the setup asks for: the generator, and with a derived base any other point.
    ///
    /// # Soundness
    /// The points must be non-zero elements of their groups, as everything is that was decoded.
    pub(super) fn new(setup: Setup, base: G1Affine, tau_g2: G2Affine) -> Result<Self, SrsFault> {
        check::base(setup.has_own_base(), &base)?;
        let h = hiding_base();
        let digest = digest_of(setup, &h, &base, &tau_g2);
        Ok(Self { setup, base, tau_g2, h, digest })
    }

    /// The key of a string over the generator.
    pub(super) fn over_generator(setup: Setup, tau_g2: G2Affine) -> Result<Self, SrsFault> {
        Self::new(setup, G1Affine::generator(), tau_g2)
    }

    /// Bytes of the encoded key that `bytes` begin with. A key is the first part of a longer message, whose length follows
    /// from the kind of string.
    ///
    /// # Errors
    /// [`SrsError::Truncated`] for fewer than 4 bytes, [`SrsError::UnknownSetup`].
    pub fn encoded_bytes_at(bytes: &[u8]) -> Result<usize, SrsError> {
        let code = bytes.first_chunk::<4>().ok_or(SrsError::Truncated { expected: 4, got: bytes.len() })?;
        Ok(Self::encoded_bytes(Setup::from_code(u32::from_le_bytes(*code))?))
    }

    /// Bytes of an encoded key: the setup (u32, little-endian), the base if it is not the generator, and `[tau]_2`, points
    /// uncompressed.
    pub const fn encoded_bytes(setup: Setup) -> usize {
        4 + if setup.has_own_base() { G1_BYTES } else { 0 } + G2_BYTES
    }

    /// Reads [`SrsVerifierKey::to_bytes`].
    ///
    /// # Errors
    /// [`SrsError::Truncated`] or [`SrsError::TrailingBytes`] for another length, [`SrsError::UnknownSetup`], and
    /// [`SrsError::Invalid`] for a point that is not canonical, not a non-zero element of its group, or a base that the setup
    /// does not allow.
    ///
    /// # Soundness
    /// Anybody can encode a key whose secret they know: compare [`SrsVerifierKey::digest`] with a trusted one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SrsError> {
        let expected = Self::encoded_bytes_at(bytes)?;
        let truncated = SrsError::Truncated { expected, got: bytes.len() };
        if bytes.len() > expected {
            return Err(SrsError::TrailingBytes { extra: bytes.len() - expected });
        }
        let Some((code, points)) = bytes.split_first_chunk::<4>() else { return Err(truncated) };
        let setup = Setup::from_code(u32::from_le_bytes(*code))?;
        let (base, points) = if setup.has_own_base() {
            let Some((base, points)) = points.split_first_chunk::<G1_BYTES>() else { return Err(truncated) };
            (decode_g1(base, Form::Plain, 0)?, points)
        } else {
            (G1Affine::generator(), points)
        };
        let Some(tau_g2) = points.first_chunk::<G2_BYTES>() else { return Err(truncated) };
        Ok(Self::new(setup, base, decode_g2(tau_g2, Form::Plain, 1)?)?)
    }

    /// Canonical encoding, [`SrsVerifierKey::encoded_bytes`] long.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::encoded_bytes(self.setup));
        bytes.extend_from_slice(&self.setup.code().to_le_bytes());
        if self.setup.has_own_base() {
            bytes.extend_from_slice(&encode_g1(&self.base));
        }
        bytes.extend_from_slice(&encode_g2(&self.tau_g2));
        bytes
    }

    /// Where the string comes from.
    pub const fn setup(&self) -> Setup {
        self.setup
    }

    /// `G`, the first power: what constants are multiples of.
    pub const fn base(&self) -> G1Affine {
        self.base
    }

    /// `[1]_2`.
    pub fn g2(&self) -> G2Affine {
        G2Affine::generator()
    }

    /// `[tau]_2`.
    pub const fn tau_g2(&self) -> G2Affine {
        self.tau_g2
    }

    /// The hiding base `H`.
    pub const fn h(&self) -> G1Affine {
        self.h
    }

    /// SHA-256 over a protocol string, `H`, and the encoded key.
    pub const fn digest(&self) -> KeyDigest {
        self.digest
    }

    /// Whether `sum_k e(p_k, q_k)` over `(on_g2, [1]_2)` and `(on_tau, [tau]_2)` is the neutral element.
    pub(crate) fn pairing_is_neutral(&self, on_g2: G1Affine, on_tau: G1Affine) -> bool {
        Bn254::multi_pairing([on_g2, on_tau], [self.g2(), self.tau_g2]).0.is_one()
    }
}

/// A string with a base of its own has another label: its key is longer, and no bytes may mean two strings.
fn digest_of(setup: Setup, h: &G1Affine, base: &G1Affine, tau_g2: &G2Affine) -> KeyDigest {
    let label: &[u8] =
        if setup.has_own_base() { b"zkp-dataset-ledger/srs/v2\0" } else { b"zkp-dataset-ledger/srs/v1\0" };
    let mut bytes = label.to_vec();
    bytes.extend_from_slice(&encode_g1(h));
    bytes.extend_from_slice(&setup.code().to_le_bytes());
    if setup.has_own_base() {
        bytes.extend_from_slice(&encode_g1(base));
    }
    bytes.extend_from_slice(&encode_g2(tau_g2));
    KeyDigest::of(&bytes)
}
