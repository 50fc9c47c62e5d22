//! The native transcript of openings.
//!
//! # Absorb order
//! | # | label | bytes |
//! |---|---|---|
//! | 0 | protocol string | `open/v1` or `masked/v1` |
//! | 1 | `context` | what the caller binds the opening to: `t0`, all public inputs |
//! | 2 | `s` | blinder of the combination, 32 (masked openings only) |
//! | 3 | `srs` | digest of the reference string, 32 |
//! | 4 | `commitment` | `C`, 32 |
//! | 5 | `point` | `x_0 .. x_{kappa-1}`, 32 each |
//! | 6 | `value` | `y`, 32 |
//! | 7 | `folds` | commitments to `f_1 .. f_{kappa-1}`, 32 each; then `r` |
//! | 8 | `evaluations` | `f_i(r), f_i(-r), f_i(r^2)` for each `i`, 32 each; then `q` |
//! | 9 | `witnesses` | three commitments, 32 each; then `d` |
//!
//! Steps and challenges are those of [`HashChain`].

use zkl_core::ark::{Fr, ff::Zero};

use super::{
    error::{Challenge, HyperKzgError},
    proof::Evaluations,
};
use crate::{
    chain::{HashChain, points_bytes, scalar_bytes, scalars_bytes},
    commit::Commitment,
    srs::SrsVerifierKey,
};

/// Protocol string of plain openings.
pub(super) const OPEN: &str = "zkp-dataset-ledger/hyperkzg/open/v1";
/// Protocol string of masked openings.
pub(super) const MASKED: &str = "zkp-dataset-ledger/hyperkzg/masked/v1";

/// Prover and verifier drive the same object through the same methods, so that they cannot absorb in different orders.
pub(super) struct Transcript(HashChain);

impl Transcript {
    pub(super) fn new(protocol: &str, context: &[u8]) -> Self {
        let mut chain = HashChain::new(protocol);
        chain.absorb("context", context);
        Self(chain)
    }

    /// Absorbs the blinder of a combination.
    pub(super) fn blinder(&mut self, s: &Fr) {
        self.0.absorb("s", &scalar_bytes(s));
    }

    /// Absorbs the statement.
    pub(super) fn statement(&mut self, key: &SrsVerifierKey, commitment: &Commitment, point: &[Fr], value: &Fr) {
        self.0.absorb("srs", key.digest().as_bytes());
        self.0.absorb("commitment", &commitment.to_bytes());
        self.0.absorb("point", &scalars_bytes(point));
        self.0.absorb("value", &scalar_bytes(value));
    }

    /// Absorbs the fold commitments and draws `r`.
    pub(super) fn folds(&mut self, folds: &[Commitment]) -> Result<Fr, HyperKzgError> {
        self.0.absorb("folds", &points_bytes(folds));
        self.challenge(Challenge::R)
    }

    /// Absorbs the evaluations and draws `q`.
    pub(super) fn evaluations(&mut self, evaluations: &[Evaluations]) -> Result<Fr, HyperKzgError> {
        let values: Vec<Fr> = evaluations.iter().flat_map(Evaluations::scalars).collect();
        self.0.absorb("evaluations", &scalars_bytes(&values));
        self.challenge(Challenge::Q)
    }

    /// Absorbs the witnesses and draws `d`.
    pub(super) fn witnesses(&mut self, witnesses: &[Commitment; 3]) -> Result<Fr, HyperKzgError> {
        self.0.absorb("witnesses", &points_bytes(witnesses));
        self.challenge(Challenge::D)
    }

    fn challenge(&mut self, challenge: Challenge) -> Result<Fr, HyperKzgError> {
        let label = match challenge {
            Challenge::R => "r",
            Challenge::Q => "q",
            Challenge::D => "d",
        };
        nonzero(self.0.challenge(label), challenge)
    }
}

/// `r = 0` would divide by zero, `q = 0` drop all folds but the first, `d = 0` all openings but the first.
pub(super) fn nonzero(value: Fr, challenge: Challenge) -> Result<Fr, HyperKzgError> {
    if value.is_zero() { Err(HyperKzgError::ZeroChallenge { challenge }) } else { Ok(value) }
}
