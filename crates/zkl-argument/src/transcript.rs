//! The private Fiat-Shamir transcript: a Poseidon duplex that the transcript circuit repeats.
//!
//! # Absorb order
//! 1. `t0`, the public digest of the statement and of every commitment, and the private salt;
//! 2. challenges X, Y;
//! 3. the root of the lookup tree, p then q;
//! 4. per layer from the root: challenge lambda; per coordinate 4 coefficients `c_1..c_4`, one challenge; the children's
//!    p values, then their q values; the joining challenges;
//! 5. challenges theta, beta; per row coordinate 4 coefficients, one challenge; the values `val_i`, then `F(z2)`;
//! 6. the mask's value `w`; challenges eta, rho.
//!
//! What is absorbed between two challenges is one message, and a message of k elements costs one permutation of k + 1
//! ([`Duplex`]): a round of the 4-ary tree about 300 constraints, the end of a layer (8 elements) about 400.

use zeroize::{Zeroize as _, Zeroizing};
use zkl_core::{
    ark::{Fr, ff::PrimeField as _},
    random::{self, RandomnessError},
};
use zkl_poseidon::{Domain, Duplex};

/// Separates the transcript from every other use of the hash.
pub const TRANSCRIPT_DOMAIN: Domain = Domain::new("zkl/scan/transcript/v1");

/// What a transcript starts from.
///
/// # Soundness
/// `t0` must digest the protocol version, the context, the keys, the layout, every commitment and the sealed profile: what
/// it leaves out, the prover may choose after seeing challenges. `salt` must be fresh randomness of this attempt; it hides
/// what the public challenges would tell about the messages, and is never reused.
#[derive(Clone)]
pub struct TranscriptSeed {
    /// The public digest.
    pub t0: Fr,
    /// The private salt.
    pub salt: Fr,
}

impl TranscriptSeed {
    /// A seed for one attempt, its salt from the operating system's randomness.
    ///
    /// # Errors
    /// [`RandomnessError`] when the system has no randomness to give.
    pub fn fresh(t0: Fr) -> Result<Self, RandomnessError> {
        // 512 bits modulo the 254-bit r are uniform up to 2^-258.
        let mut bytes = Zeroizing::new([0u8; 64]);
        random::fill(bytes.as_mut_slice())?;
        Ok(Self { t0, salt: Fr::from_le_bytes_mod_order(bytes.as_slice()) })
    }
}

impl Drop for TranscriptSeed {
    fn drop(&mut self) {
        self.salt.zeroize();
    }
}

/// The transcript, run natively.
#[derive(Clone)]
pub struct Transcript {
    duplex: Duplex,
}

impl Transcript {
    /// A transcript that has absorbed the seed.
    pub fn new(seed: &TranscriptSeed) -> Self {
        Self::in_domain(TRANSCRIPT_DOMAIN, seed)
    }

    /// A transcript of another argument.
    pub fn in_domain(domain: Domain, seed: &TranscriptSeed) -> Self {
        let mut duplex = Duplex::new(domain);
        duplex.absorb(&[seed.t0, seed.salt]);
        Self { duplex }
    }

    /// Absorbs prover messages.
    pub fn absorb(&mut self, values: &[Fr]) {
        self.duplex.absorb(values);
    }

    /// The next challenge.
    pub fn challenge(&mut self) -> Fr {
        self.duplex.squeeze()
    }
}

/// The prover's end: what is sent is recorded and absorbed.
pub struct ProverTape {
    transcript: Transcript,
    messages: Vec<Fr>,
}

impl ProverTape {
    /// An empty tape.
    pub fn new(seed: &TranscriptSeed) -> Self {
        Self::in_domain(TRANSCRIPT_DOMAIN, seed)
    }

    /// An empty tape of another argument.
    pub fn in_domain(domain: Domain, seed: &TranscriptSeed) -> Self {
        Self { transcript: Transcript::in_domain(domain, seed), messages: Vec::new() }
    }

    /// Records and absorbs `values`.
    pub fn send(&mut self, values: &[Fr]) {
        self.messages.extend_from_slice(values);
        self.transcript.absorb(values);
    }

    /// Absorbs values that the verifier computes itself.
    pub fn absorb(&mut self, values: &[Fr]) {
        self.transcript.absorb(values);
    }

    /// The next challenge.
    pub fn challenge(&mut self) -> Fr {
        self.transcript.challenge()
    }

    /// Everything that was sent.
    pub fn into_messages(self) -> Vec<Fr> {
        self.messages
    }
}
