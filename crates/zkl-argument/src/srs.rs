//! The structured reference string: powers of one secret `tau` in G1, and `tau` in G2.
//!
//! | symbol | here |
//! |---|---|
//! | `G` | the base point of the powers, [`SrsVerifierKey::base`]: the generator `(1, 2)` of G1, or a point of its own |
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
//! The file format, the import of `.ptau` files and the public string that comes with the project are in `docs/srs.md`;
//! that a base point other than the generator is sound is shown in `docs/adr/0017-public-string.md`.

mod check;
mod coordinate_sums;
mod derive;
mod dev;
mod error;
mod file;
mod hiding_base;
mod key;
mod ptau;
mod public;

use std::fmt;

use zkl_core::{ark::G1Affine, digest::KeyDigest};

use self::coordinate_sums::CoordinateSums;
pub use self::{
    derive::derive_powers,
    error::{DeriveError, SrsError, SrsFault},
    hiding_base::hiding_base,
    key::{Setup, SrsVerifierKey},
    ptau::import_ptau,
    public::{CEREMONIES, Ceremony, ceremony},
};
use crate::msm::MsmBases;
pub use crate::snarkjs::SnarkjsError;

/// A reference string: what a prover needs.
#[derive(Clone)]
pub struct Srs {
    key: SrsVerifierKey,
    powers: MsmBases,
    coordinate_sums: CoordinateSums,
}

impl Srs {
    /// Maximum number of powers of a string: twice the largest row group, so that a length read from a file is bounded.
    pub const MAX_POWERS: usize = 1 << 18;
    /// Fewest powers: `G` and `tau G`.
    pub const MIN_POWERS: usize = 2;

    /// `powers` must be elements of G1, the first of them the base of `key`.
    fn new(key: SrsVerifierKey, powers: Vec<G1Affine>) -> Self {
        Self { key, powers: MsmBases::new(powers), coordinate_sums: CoordinateSums::default() }
    }

    /// The verifier's part.
    pub const fn verifier_key(&self) -> &SrsVerifierKey {
        &self.key
    }

    /// Where the string comes from.
    pub const fn setup(&self) -> Setup {
        self.key.setup()
    }

    /// Identifies the string: see [`SrsVerifierKey::digest`].
    pub const fn digest(&self) -> KeyDigest {
        self.key.digest()
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
        self.key.h()
    }
}

impl fmt::Debug for Srs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Srs")
            .field("setup", &self.key.setup())
            .field("digest", &self.key.digest())
            .field("powers", &self.powers.len())
            .finish()
    }
}
