//! The prover of the plain protocol.

use tracing::info_span;
use zeroize::Zeroize as _;
use zkl_core::ark::Fr;

use crate::{
    error::PlanError,
    lookup::{self, LookupInput},
    moments::{self, MomentsInput},
    opening::{self, Opening, OpeningInput},
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

/// Proves that `sealed` is the profile of `witness`. `mask` are the `2^kappa` random entries committed before `t0`.
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
    if !mask.len().is_power_of_two() || mask.len() > plan.shape().rows() {
        return Err(PlanError::Size { what: "mask", got: mask.len(), min: 1, max: plan.shape().rows() });
    }
    let mut tape = ProverTape::new(seed);
    let lookups =
        info_span!("lookups").in_scope(|| lookup::prove(&mut tape, &LookupInput { plan, witness, sealed }))?;
    let input = MomentsInput { plan, witness, sealed, z_row: &lookups.z_row };
    let moments = info_span!("moments").in_scope(|| moments::prove(&mut tape, &input))?;
    let input = OpeningInput { plan, witness, mask };
    let opening = info_span!("opening").in_scope(|| opening::prove(&mut tape, &input, &lookups, &moments))?;
    Ok(PlainProof { messages: tape.into_messages(), opening })
}
