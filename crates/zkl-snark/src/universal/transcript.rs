//! The transcript: what is absorbed before which challenge.
//!
//! | # | label | bytes, field elements and points 32 each | then drawn |
//! |---|---|---|---|
//! | 0 | protocol string | `zkp-dataset-ledger/universal/v1` | |
//! | 1 | `key` | digest of the universal key | |
//! | 2 | `srs` | digest of the reference string | |
//! | 3 | `link` | nothing, or variables (1), `r*_lo`, `y`, weight and commitment of every term | |
//! | 4 | `x` | public inputs | |
//! | 5 | `witness` | `C_{W_0}` .. `C_{W_{K-1}}` | |
//! | 6 | `masks` | `C_U`, `C_V`, `C_D` | |
//! | 7 | `sigma` | sum of the inner mask | `t`, `sx` times |
//! | 8 | `outer` | two coefficients, `sx` times | `rx` |
//! | 9 | `ab` | `a`, `b` | `rho`, `gamma`, `alpha != 0` |
//! | 10 | `inner` | two coefficients, `kappa` times | `ry` |
//! | 11 | `d` | `D~(r_y)` | `delta != 0` |
//!
//! Steps and challenges are those of [`HashChain`]. The state after the last one is the context of the masked opening. Lengths follow
//! from the key and the link. `gamma` is drawn without a link, too.

use zkl_argument::{
    chain::{HashChain, points_bytes, scalar_bytes, scalars_bytes},
    commit::Commitment,
};
use zkl_core::digest::KeyDigest;

use super::masks::MaskCommitments;
use crate::{
    ark::{Fr, ff::Zero as _},
    proof_system::{Challenge, Linked, VerifyError},
};

const PROTOCOL: &str = "zkp-dataset-ledger/universal/v1";

/// What answers with challenges: the hash chain, and in tests something weaker.
pub(super) trait Oracle {
    /// Absorbs `bytes`.
    fn absorb(&mut self, label: &'static str, bytes: &[u8]);

    /// Draws a field element.
    fn challenge(&mut self, label: &'static str) -> Fr;

    /// What the opening starts from.
    fn context(&self) -> [u8; 64];
}

impl Oracle for HashChain {
    fn absorb(&mut self, label: &'static str, bytes: &[u8]) {
        Self::absorb(self, label, bytes);
    }

    fn challenge(&mut self, label: &'static str) -> Fr {
        Self::challenge(self, label)
    }

    fn context(&self) -> [u8; 64] {
        *self.state()
    }
}

/// Prover and verifier drive the same object through the same methods, so that they cannot absorb in different orders.
pub(super) struct Transcript<O>(O);

impl Transcript<HashChain> {
    pub(super) fn chain() -> HashChain {
        HashChain::new(PROTOCOL)
    }
}

/// What every proof is about.
pub(super) struct Statement<'a> {
    pub(super) key: KeyDigest,
    pub(super) srs: KeyDigest,
    pub(super) link: Option<&'a Linked>,
    pub(super) x: &'a [Fr],
}

/// Challenges that batch the claims of the inner sumcheck.
#[derive(Clone, Copy)]
pub(super) struct Batch {
    pub(super) rho: Fr,
    pub(super) gamma: Fr,
    pub(super) alpha: Fr,
}

impl<O: Oracle> Transcript<O> {
    pub(super) fn new(mut oracle: O, statement: &Statement<'_>) -> Self {
        let Statement { key, srs, link, x } = statement;
        oracle.absorb("key", key.as_bytes());
        oracle.absorb("srs", srs.as_bytes());
        oracle.absorb("link", &link.map(Linked::to_bytes).unwrap_or_default());
        oracle.absorb("x", &scalars_bytes(x));
        Self(oracle)
    }

    /// Absorbs all commitments and the sum of the inner mask; draws the outer point, `rounds` coordinates.
    pub(super) fn committed(
        &mut self,
        witness: &[Commitment],
        masks: &MaskCommitments,
        sigma: &Fr,
        rounds: usize,
    ) -> Vec<Fr> {
        self.0.absorb("witness", &points_bytes(witness));
        self.0.absorb("masks", &points_bytes(&masks.to_array()));
        self.0.absorb("sigma", &scalar_bytes(sigma));
        (0..rounds).map(|_| self.0.challenge("t")).collect()
    }

    pub(super) fn outer(&mut self, message: &[Fr; 2]) -> Fr {
        self.0.absorb("outer", &scalars_bytes(message));
        self.0.challenge("rx")
    }

    pub(super) fn ends(&mut self, ends: &[Fr; 2]) -> Result<Batch, VerifyError> {
        self.0.absorb("ab", &scalars_bytes(ends));
        let (rho, gamma) = (self.0.challenge("rho"), self.0.challenge("gamma"));
        Ok(Batch { rho, gamma, alpha: nonzero(self.0.challenge("alpha"), Challenge::Alpha)? })
    }

    pub(super) fn inner(&mut self, message: &[Fr; 2]) -> Fr {
        self.0.absorb("inner", &scalars_bytes(message));
        self.0.challenge("ry")
    }

    pub(super) fn mask(&mut self, d: &Fr) -> Result<Fr, VerifyError> {
        self.0.absorb("d", &scalar_bytes(d));
        nonzero(self.0.challenge("delta"), Challenge::Delta)
    }

    pub(super) fn context(&self) -> [u8; 64] {
        self.0.context()
    }
}

/// With `alpha = 0` the inner rounds, with `delta = 0` the opening would show the witness.
fn nonzero(value: Fr, challenge: Challenge) -> Result<Fr, VerifyError> {
    if value.is_zero() { Err(VerifyError::ZeroChallenge { challenge }) } else { Ok(value) }
}
