//! The prover of the plain protocol.

use tracing::info_span;
use zeroize::Zeroize as _;
use zkl_core::ark::Fr;
use zkl_kernel::{Choice, Kernel, KernelTask};

use crate::{
    error::PlanError,
    lookup::{self, LookupInput},
    moments::{self, MomentsInput},
    opening::{self, Opening},
    plan::ScanPlan,
    statement::SealedProfile,
    transcript::{ProverTape, TranscriptSeed},
    witness::ScanWitness,
};

/// Private messages and what they leave to be opened.
pub struct PlainProof {
    /// All messages in absorb order; their number is `Shape::message_count`.
    pub messages: Vec<Fr>,
    /// The public claim about the committed columns.
    pub opening: Opening<Fr>,
}

impl Drop for PlainProof {
    fn drop(&mut self) {
        self.messages.zeroize();
    }
}

/// Proves that `sealed` is the profile of `witness`, with the field kernel that this process has chosen. `mask` are the
/// `2^kappa` random entries committed before `t0`.
///
/// The messages are computed from the columns, so a false profile yields a proof that does not verify, not an error.
///
/// # Errors
/// [`PlanError::Degenerate`] with probability about 2^-240: prove again with a fresh salt. Also when `mask` has no power of two of
/// entries or more than there are rows.
pub fn prove_plain(
    plan: &ScanPlan,
    witness: &ScanWitness<'_>,
    sealed: &SealedProfile<Fr>,
    mask: &[Fr],
    seed: &TranscriptSeed,
) -> Result<PlainProof, PlanError> {
    prove_plain_with(zkl_kernel::selection().choice, plan, witness, sealed, mask, seed)
}

/// [`prove_plain`] with a given field kernel. The messages are the same with any.
///
/// # Errors
/// As [`prove_plain`].
pub fn prove_plain_with(
    kernel: Choice,
    plan: &ScanPlan,
    witness: &ScanWitness<'_>,
    sealed: &SealedProfile<Fr>,
    mask: &[Fr],
    seed: &TranscriptSeed,
) -> Result<PlainProof, PlanError> {
    if !mask.len().is_power_of_two() || mask.len() > plan.shape().rows() {
        return Err(PlanError::Size { what: "mask", got: mask.len(), min: 1, max: plan.shape().rows() });
    }
    kernel.run(Prove { plan, witness, sealed, mask, seed })
}

struct Prove<'a> {
    plan: &'a ScanPlan,
    witness: &'a ScanWitness<'a>,
    sealed: &'a SealedProfile<Fr>,
    mask: &'a [Fr],
    seed: &'a TranscriptSeed,
}

impl KernelTask for Prove<'_> {
    type Output = Result<PlainProof, PlanError>;

    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let Self { plan, witness, sealed, mask, seed } = self;
        let mut tape = ProverTape::new(seed);
        let input = LookupInput { plan, witness, sealed };
        let lookups = info_span!("lookups").in_scope(|| lookup::prove(kernel, &mut tape, &input))?;
        let input = MomentsInput { plan, witness, sealed, lookups: &lookups };
        let moments = info_span!("moments").in_scope(|| moments::prove(kernel, &mut tape, &input))?;
        let opening = opening::prove(&mut tape, mask, lookups.z_blk, moments)?;
        Ok(PlainProof { messages: tape.into_messages(), opening })
    }
}
