//! Making a scan proof, and checking one.

use rand_chacha::ChaCha20Rng;
use zeroize::Zeroize as _;
use zkl_argument::{
    Opening, ScanPlan, ScanWitness, TranscriptSeed, combine_columns,
    commit::{Blinders, Commitment, CommitmentSeed},
    prove_plain,
    shape::LIMB_BITS,
    srs::{Srs, SrsVerifierKey},
    verify_plain, weighted_columns,
};
use zkl_core::{
    ark::{Fr, ff::UniformRand as _, std::rand::SeedableRng as _},
    digest::Sha256Digest,
};
use zkl_snark::proof_system::{Link, Linked, ProvingKey, VerifyingKey};

use super::{
    circuit::{TranscriptCircuit, opening_elements, opening_len},
    error::{ProveScanError, VerifyScanError},
    proof::ScanProof,
    statement::{ColumnCommitments, ScanContext, ScanStatement},
};
use crate::seal::{Records, Seal, SealCommitment, layout_digest};

/// Proves `statement` about `witness`, sealed in `seal` and committed to under `seed`, and verifies the result.
///
/// `keys` are those of [`scan_circuit_id`](super::scan_circuit_id) of the plan's shape. Mask and salt are fresh
/// randomness of the operating system: proofs of one table have nothing in common.
///
/// # Errors
/// [`ProveScanError`]; [`ProveScanError::False`] says which check of the argument the profile fails.
pub fn prove_scan(
    srs: &Srs,
    keys: &dyn ProvingKey,
    statement: &ScanStatement<'_>,
    seal: &Seal,
    witness: &ScanWitness<'_>,
    seed: &CommitmentSeed,
) -> Result<ScanProof, ProveScanError> {
    check_limbs(statement.plan)?;
    prove_any_limbs(srs, keys, statement, seal, witness, seed)
}

pub(super) fn prove_any_limbs(
    srs: &Srs,
    keys: &dyn ProvingKey,
    statement: &ScanStatement<'_>,
    seal: &Seal,
    witness: &ScanWitness<'_>,
    blinders: &dyn Blinders,
) -> Result<ScanProof, ProveScanError> {
    let (plan, groups) = (statement.plan, statement.commitments.groups());
    statement.commitments.check(plan).map_err(VerifyScanError::from)?;
    if seal.commitment() != statement.h || seal.header().record.layout != layout_digest(plan.layout()) {
        return Err(ProveScanError::OtherSeal);
    }
    let mask = keys.mask(groups)?;
    let mask_commitment = mask.commit(srs)?;
    let t0 = statement.t0(srs.digest(), keys.verifying(), &mask_commitment)?;
    let transcript = TranscriptSeed { t0, salt: Fr::rand(&mut fresh_rng()?) };

    let sealed = Records::new(plan, seal)?.sealed(plan);
    let proof = prove_plain(plan, witness, &sealed, mask.values(), &transcript)?;
    // Cheap beside what follows, and it names the check that a false profile fails.
    verify_plain(plan, &sealed, &transcript, &proof.messages).map_err(ProveScanError::False)?;

    let circuit = TranscriptCircuit::new(plan, seal, t0, transcript.salt, &proof)?;
    let claim = proof.opening.clone();
    let linked = link(statement.commitments, plan, &mask_commitment, &claim)?;
    let combined = combine_columns(groups, plan, witness, blinders, &claim)?;
    let proof = keys.prove(&circuit, Some(srs), Some(Link { linked, combined, mask }))?;
    Ok(ScanProof { mask: mask_commitment, claim, proof })
}

/// Evidence that a scan proof was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedScan {
    context: ScanContext,
    h: SealCommitment,
    commitment_root: Sha256Digest,
}

impl VerifiedScan {
    /// The entry that the proof is for.
    pub const fn context(&self) -> ScanContext {
        self.context
    }

    /// The seal of the profile that was shown to be true.
    pub const fn h(&self) -> SealCommitment {
        self.h
    }

    /// Root over the layout and the commitments of the columns that it is true of.
    pub const fn commitment_root(&self) -> Sha256Digest {
        self.commitment_root
    }
}

/// Verifies `proof`: lengths, then the transcript proof for public inputs that are recomputed from `statement`, with
/// the opening of the committed columns.
///
/// # Errors
/// [`VerifyScanError`], one variant per check, in their order.
///
/// # Soundness
/// `srs` and `key` must be trusted by their digests, `key` for the circuit of the plan's shape
/// ([`scan_circuit_id`](super::scan_circuit_id)); the plan must be made from the layout of the entry, in a shape that
/// the key is for.
pub fn verify_scan(
    srs: &SrsVerifierKey,
    key: &dyn VerifyingKey,
    statement: &ScanStatement<'_>,
    proof: &ScanProof,
) -> Result<VerifiedScan, VerifyScanError> {
    check_limbs(statement.plan)?;
    verify_any_limbs(srs, key, statement, proof)
}

pub(super) fn verify_any_limbs(
    srs: &SrsVerifierKey,
    key: &dyn VerifyingKey,
    statement: &ScanStatement<'_>,
    proof: &ScanProof,
) -> Result<VerifiedScan, VerifyScanError> {
    let ScanStatement { context, plan, h, commitments } = *statement;
    let shape = plan.shape();
    let lengths = [proof.claim.r_star.len(), proof.claim.z_blk.len()];
    if lengths != [shape.log_rows(), shape.block_bits()] {
        let got = opening_elements(&proof.claim).len();
        return Err(VerifyScanError::Claim { expected: opening_len(shape), got });
    }
    commitments.check(plan)?;

    let t0 = statement.t0(srs.digest(), key, &proof.mask)?;
    let inputs = statement.inputs(t0, &proof.claim).to_vec();
    let linked = link(commitments, plan, &proof.mask, &proof.claim)?;
    key.verify(&inputs, Some(srs), Some(&linked), &proof.proof).map_err(VerifyScanError::Proof)?;
    Ok(VerifiedScan { context, h, commitment_root: commitments.root(plan.layout())? })
}

/// What the circuit's proof says about the committed columns: that they have the claim's value. Point, weights and value are public
/// inputs or follow from them; t0 has bound columns and mask.
fn link(
    commitments: &ColumnCommitments,
    plan: &ScanPlan,
    mask: &Commitment,
    claim: &Opening<Fr>,
) -> Result<Linked, VerifyScanError> {
    let columns = weighted_columns(plan, commitments.columns(), claim).map_err(VerifyScanError::Columns)?;
    Ok(Linked::new(commitments.groups(), &claim.r_star, &columns, mask, claim.rho, claim.y)?)
}

/// The bounds of a seal are about limbs of 16 bits. A shape with others proves something else.
pub(super) fn check_limbs(plan: &ScanPlan) -> Result<(), VerifyScanError> {
    match plan.shape().limb_bits() {
        LIMB_BITS => Ok(()),
        got => Err(VerifyScanError::LimbBits { expected: LIMB_BITS, got }),
    }
}

fn fresh_rng() -> Result<ChaCha20Rng, ProveScanError> {
    let mut seed = [0; 32];
    zkl_core::random::fill(&mut seed).map_err(ProveScanError::Entropy)?;
    let rng = ChaCha20Rng::from_seed(seed);
    seed.zeroize();
    Ok(rng)
}
