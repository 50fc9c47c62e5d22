//! The structured reference string: powers of one secret `tau` in G1, and `tau` in G2.
//!
//! | symbol | here |
//! |---|---|
//! | `G` | the generator `(1, 2)` of G1 |
//! | `G_i = tau^i G` | [`Srs::powers`] |
//! | `[1]_2`, `[tau]_2` | the generator of G2 and [`SrsVerifierKey::tau_g2`] |
//! | `H` | the hiding base, [`hiding_base`]: hashed to the curve, recomputed by whoever loads a string |
//!
//! # What it rests on
//! Commitments are binding as long as nobody knows `tau` and nobody knows a relation between `H` and the powers. They
//! hide whatever `tau` is: a blinder times `H` is uniform, so that a dishonest setup can forge and still learns
//! nothing.
//!
//! `[tau]_2` determines every power. That is why [`Srs::digest`], over the verifier's part alone, identifies the string
//! whatever its length, and why a verifier needs no powers. Longer strings do no harm either: see
//! [`hyperkzg`](crate::hyperkzg) on commitments of higher degree.
//!
//! The file format and the import of `.ptau` files are in `docs/srs.md`.

mod check;
mod coordinates;
mod dev;
mod error;
mod file;
mod hiding_base;
mod ptau;

use std::fmt;

use zkl_core::{
    ark::{Bn254, G1Affine, G2Affine, ec::AffineRepr, ec::pairing::Pairing},
    digest::KeyDigest,
};

pub use self::{
    error::{PtauError, SrsError, SrsFault},
    hiding_base::hiding_base,
    ptau::import_ptau,
};
use crate::msm::MsmBases;

/// Where a reference string comes from. Part of its digest: a `dev` string cannot pass as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setup {
    /// Made from a public seed: whoever reads the seed can forge every proof. For development and tests.
    Dev,
    /// Imported from a ceremony with at least one contributor who is trusted to have forgotten a secret.
    Ceremony,
}

impl Setup {
    const fn code(self) -> u32 {
        match self {
            Self::Dev => 0,
            Self::Ceremony => 1,
        }
    }

    const fn from_code(code: u32) -> Option<Self> {
        match code {
            0 => Some(Self::Dev),
            1 => Some(Self::Ceremony),
            _ => None,
        }
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dev => "dev setup: forgeable",
            Self::Ceremony => "ceremony",
        })
    }
}

/// The part of a reference string that a verifier needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SrsVerifierKey {
    setup: Setup,
    tau_g2: G2Affine,
    h: G1Affine,
    digest: KeyDigest,
}

impl SrsVerifierKey {
    /// Bytes of an encoded key: the setup (u32, little-endian) and `[tau]_2` uncompressed.
    pub const ENCODED_BYTES: usize = 4 + coordinates::G2_BYTES;

    /// # Errors
    /// [`SrsFault`] when the point is not a non-zero element of G2.
    pub(crate) fn new(setup: Setup, tau_g2: G2Affine) -> Result<Self, SrsFault> {
        check::element_of_g2(&tau_g2)?;
        Ok(Self { setup, tau_g2, h: hiding_base(), digest: Self::digest_of(setup, &tau_g2) })
    }

    /// Reads [`SrsVerifierKey::to_bytes`].
    ///
    /// # Errors
    /// [`SrsError::Truncated`] or [`SrsError::TrailingBytes`] for another length, [`SrsError::UnknownSetup`], and
    /// [`SrsError::Invalid`] for a point that is not a non-zero element of G2.
    ///
    /// # Soundness
    /// Anybody can encode a key whose secret they know: compare [`SrsVerifierKey::digest`] with a trusted one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SrsError> {
        file::decode_verifier_key(bytes)
    }

    /// Canonical encoding, [`SrsVerifierKey::ENCODED_BYTES`] long.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::ENCODED_BYTES);
        bytes.extend_from_slice(&self.setup.code().to_le_bytes());
        bytes.extend_from_slice(&coordinates::encode_g2(&self.tau_g2));
        bytes
    }

    /// Where the string comes from.
    pub const fn setup(&self) -> Setup {
        self.setup
    }

    /// `G`.
    pub fn g1(&self) -> G1Affine {
        G1Affine::generator()
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
        Bn254::multi_pairing([on_g2, on_tau], [self.g2(), self.tau_g2]).0 == zkl_core::ark::ff::One::one()
    }

    fn digest_of(setup: Setup, tau_g2: &G2Affine) -> KeyDigest {
        let mut bytes = b"zkp-dataset-ledger/srs/v1\0".to_vec();
        bytes.extend_from_slice(&coordinates::encode_g1(&hiding_base()));
        bytes.extend_from_slice(&setup.code().to_le_bytes());
        bytes.extend_from_slice(&coordinates::encode_g2(tau_g2));
        KeyDigest::of(&bytes)
    }
}

/// A reference string: what a prover needs.
#[derive(Clone)]
pub struct Srs {
    key: SrsVerifierKey,
    powers: MsmBases,
}

impl Srs {
    /// Most powers of a string: twice the largest row group, so that a length read from a file is bounded.
    pub const MAX_POWERS: usize = 1 << 18;
    /// Fewest powers: `G` and `tau G`.
    pub const MIN_POWERS: usize = 2;

    /// `powers` must be elements of G1, the first of them `G`.
    fn new(key: SrsVerifierKey, powers: Vec<G1Affine>) -> Self {
        Self { key, powers: MsmBases::new(powers) }
    }

    /// The verifier's part.
    pub const fn verifier_key(&self) -> &SrsVerifierKey {
        &self.key
    }

    /// Where the string comes from.
    pub const fn setup(&self) -> Setup {
        self.key.setup
    }

    /// Identifies the string: see [`SrsVerifierKey::digest`].
    pub const fn digest(&self) -> KeyDigest {
        self.key.digest
    }

    /// `G_i = tau^i G`, from `i = 0`.
    pub fn powers(&self) -> &[G1Affine] {
        self.powers.points()
    }

    /// The powers, prepared for multi-scalar multiplication.
    pub const fn bases(&self) -> &MsmBases {
        &self.powers
    }

    /// The hiding base `H`.
    pub const fn h(&self) -> G1Affine {
        self.key.h
    }
}

impl fmt::Debug for Srs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Srs")
            .field("setup", &self.key.setup)
            .field("digest", &self.key.digest)
            .field("powers", &self.powers.len())
            .finish()
    }
}
