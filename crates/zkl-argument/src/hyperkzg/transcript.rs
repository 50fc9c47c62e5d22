//! The native transcript of openings: SHA-512, separate from the sponge of the scan argument.
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
//! ```text
//! state_0   = SHA-512(protocol string)
//! absorb    : state := SHA-512(state || 0x00 || label length (u8) || label || byte length (u64) || bytes)
//! challenge : digest = SHA-512(state || 0x01 || label length (u8) || label);  state := digest;  value = digest mod r
//! ```
//!
//! Integers are little-endian; 512 bits modulo the 254-bit `r` are uniform up to 2^-258.

use sha2::{Digest, Sha512};
use zkl_core::ark::{
    Fr,
    ff::{BigInteger, PrimeField, Zero},
};

use super::{
    error::{Challenge, HyperKzgError},
    proof::Evaluations,
};
use crate::{commit::Commitment, srs::SrsVerifierKey};

/// Protocol string of plain openings.
pub(super) const OPEN: &str = "zkp-dataset-ledger/hyperkzg/open/v1";
/// Protocol string of masked openings.
pub(super) const MASKED: &str = "zkp-dataset-ledger/hyperkzg/masked/v1";

/// Prover and verifier drive the same object through the same methods, so that they cannot absorb in different orders.
pub(super) struct Transcript {
    state: [u8; 64],
}

impl Transcript {
    pub(super) fn new(protocol: &str, context: &[u8]) -> Self {
        let mut transcript = Self { state: Sha512::digest(protocol).into() };
        transcript.absorb("context", context);
        transcript
    }

    /// Absorbs the blinder of a combination.
    pub(super) fn blinder(&mut self, s: &Fr) {
        self.absorb("s", &scalar_bytes(s));
    }

    /// Absorbs the statement.
    pub(super) fn statement(&mut self, key: &SrsVerifierKey, commitment: &Commitment, point: &[Fr], value: &Fr) {
        self.absorb("srs", key.digest().as_bytes());
        self.absorb("commitment", &commitment.to_bytes());
        self.absorb("point", &point.iter().flat_map(scalar_bytes).collect::<Vec<_>>());
        self.absorb("value", &scalar_bytes(value));
    }

    /// Absorbs the fold commitments and draws `r`.
    pub(super) fn folds(&mut self, folds: &[Commitment]) -> Result<Fr, HyperKzgError> {
        self.absorb_points("folds", folds);
        self.challenge(Challenge::R)
    }

    /// Absorbs the evaluations and draws `q`.
    pub(super) fn evaluations(&mut self, evaluations: &[Evaluations]) -> Result<Fr, HyperKzgError> {
        let bytes: Vec<u8> = evaluations.iter().flat_map(Evaluations::scalars).flat_map(|v| scalar_bytes(&v)).collect();
        self.absorb("evaluations", &bytes);
        self.challenge(Challenge::Q)
    }

    /// Absorbs the witnesses and draws `d`.
    pub(super) fn witnesses(&mut self, witnesses: &[Commitment; 3]) -> Result<Fr, HyperKzgError> {
        self.absorb_points("witnesses", witnesses);
        self.challenge(Challenge::D)
    }

    fn absorb_points(&mut self, label: &str, points: &[Commitment]) {
        self.absorb(label, &points.iter().flat_map(Commitment::to_bytes).collect::<Vec<_>>());
    }

    fn absorb(&mut self, label: &str, bytes: &[u8]) {
        self.state =
            self.step(0, label).chain_update((bytes.len() as u64).to_le_bytes()).chain_update(bytes).finalize().into();
    }

    fn challenge(&mut self, challenge: Challenge) -> Result<Fr, HyperKzgError> {
        let label = match challenge {
            Challenge::R => "r",
            Challenge::Q => "q",
            Challenge::D => "d",
        };
        self.state = self.step(1, label).finalize().into();
        nonzero(Fr::from_le_bytes_mod_order(&self.state), challenge)
    }

    fn step(&self, kind: u8, label: &str) -> Sha512 {
        // Labels are the constants of this file, all shorter than 256 bytes.
        Sha512::new().chain_update(self.state).chain_update([kind, label.len() as u8]).chain_update(label)
    }
}

/// `r = 0` would divide by zero, `q = 0` drop all folds but the first, `d = 0` all openings but the first.
pub(super) fn nonzero(value: Fr, challenge: Challenge) -> Result<Fr, HyperKzgError> {
    if value.is_zero() { Err(HyperKzgError::ZeroChallenge { challenge }) } else { Ok(value) }
}

/// Canonical encoding of a field element: 32 bytes, little-endian.
pub(super) fn scalar_bytes(value: &Fr) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (slot, byte) in bytes.iter_mut().zip(value.into_bigint().to_bytes_le()) {
        *slot = byte;
    }
    bytes
}
