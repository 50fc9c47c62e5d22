//! Making a scan proof, and checking one.

use rand_chacha::ChaCha20Rng;
use tracing::info_span;
use zeroize::Zeroize as _;
use zkl_argument::{
    ScanPlan, ScanWitness, TranscriptSeed,
    commit::{Blinders, CommitmentSeed},
    hyperkzg::Mask,
    open_columns, prove_plain,
    shape::LIMB_BITS,
    srs::{Srs, SrsVerifierKey},
    verify_columns, verify_plain,
};
use zkl_core::{
    ark::{Fr, ff::UniformRand as _, std::rand::SeedableRng as _},
    digest::Sha256Digest,
};
use zkl_kernel::threads;
use zkl_snark::{
    groth16::{self, VerifyingKey},
    keys::KeyPair,
};

use super::{
    circuit::{ScanInputs, TranscriptCircuit, opening_elements, opening_len},
    error::{ProveScanError, VerifyScanError},
    proof::ScanProof,
    records::Records,
    statement::{ScanContext, ScanStatement, scalar_bytes},
};
use crate::seal::{Seal, SealCommitment, layout_digest};

/// Proves `statement` about `witness`, sealed in `seal` and committed to under `seed`, and verifies the result.
///
/// `keys` are those of [`scan_circuit_id`](super::scan_circuit_id) of the plan's shape. Mask and salt are fresh
/// randomness of the operating system: proofs of one table have nothing in common.
///
/// # Errors
/// [`ProveScanError`]; [`ProveScanError::False`] says which check of the argument the profile fails.
pub fn prove_scan(
    srs: &Srs,
    keys: &KeyPair,
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
    keys: &KeyPair,
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
    let mut rng = fresh_rng()?;
    let mask = Mask::sample(groups, &mut rng);
    let mask_commitment = mask.commit(srs)?;
    let t0 = statement.t0(srs.digest(), keys.verifying().digest(), &mask_commitment)?;
    let transcript = TranscriptSeed { t0, salt: Fr::rand(&mut rng) };

    let sealed = Records::new(plan, seal)?.sealed(plan);
    let proof = prove_plain(plan, witness, &sealed, mask.values(), &transcript)?;
    // Cheap beside what follows, and it names the check that a false profile fails.
    verify_plain(plan, &sealed, &transcript, &proof.messages).map_err(ProveScanError::False)?;

    let circuit = TranscriptCircuit::new(plan, seal, t0, transcript.salt, &proof)?;
    let groth16 = info_span!("groth16").in_scope(|| keys.prove(&circuit))?;
    let claim = proof.opening.clone();
    let context = opening_context(&statement.inputs(t0, &claim));
    let columns = statement.commitments.columns();
    let opening = open_columns(srs, &context, groups, plan, witness, blinders, columns, mask, &claim)?;

    let proof = ScanProof { mask: mask_commitment, claim, groth16, opening };
    info_span!("self-check").in_scope(|| verify_any_limbs(srs.verifier_key(), keys.verifying(), statement, &proof))?;
    Ok(proof)
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

/// Verifies `proof`: lengths, then the transcript proof for public inputs that are recomputed from `statement`, then
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
    key: &VerifyingKey,
    statement: &ScanStatement<'_>,
    proof: &ScanProof,
) -> Result<VerifiedScan, VerifyScanError> {
    check_limbs(statement.plan)?;
    verify_any_limbs(srs, key, statement, proof)
}

pub(super) fn verify_any_limbs(
    srs: &SrsVerifierKey,
    key: &VerifyingKey,
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

    let t0 = statement.t0(srs.digest(), key.digest(), &proof.mask)?;
    let inputs = statement.inputs(t0, &proof.claim);
    let (groups, columns) = (commitments.groups(), commitments.columns());
    let absorbed = opening_context(&inputs);
    let (transcript, opening) = threads::join(
        || groth16::verify(key, &inputs.to_vec(), &proof.groth16),
        || verify_columns(srs, &absorbed, groups, plan, columns, &proof.mask, &proof.claim, &proof.opening),
    );
    transcript.map_err(VerifyScanError::Groth16)?;
    opening.map_err(VerifyScanError::Columns)?;
    Ok(VerifiedScan { context, h, commitment_root: commitments.root(plan.layout())? })
}

/// What the opening's own transcript absorbs first: every public input, t0 among them, 32 bytes each.
pub(super) fn opening_context(inputs: &ScanInputs) -> Vec<u8> {
    inputs.to_vec().iter().flat_map(scalar_bytes).collect()
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
    getrandom::fill(&mut seed).map_err(ProveScanError::Entropy)?;
    let rng = ChaCha20Rng::from_seed(seed);
    seed.zeroize();
    Ok(rng)
}
