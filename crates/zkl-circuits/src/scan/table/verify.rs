//! What a table's proof is about, and its verifier.

use zkl_argument::{ScanPlan, commit::RowGroups, shape::LIMB_BITS, srs::SrsVerifierKey};
use zkl_core::{
    circuit::CircuitId,
    digest::{KeyDigest, Sha256Digest},
};
use zkl_poseidon::{Domain, hash_to_field};
use zkl_snark::proof_system::VerifyingKey;

use super::{
    super::{
        circuit::scan_circuit_id,
        merge::{MergeInputs, MergeStep, merge_circuit_id, place_words},
        prove::verify_any_limbs,
        statement::{ScanContext, ScanStatement, scalar_bytes},
    },
    dictionaries,
    error::{TablePlanError, VerifyTableError},
    keys::TableKeys,
    plan::{Segment, TablePlan},
    proof::{SegmentProof, TableProof},
    root::dataset_root,
};
use crate::{
    scan::ColumnCommitments,
    seal::{SealCommitment, layout_digest},
};

const SEGMENT: &[u8] = b"zkl/scan/segment/v1\0";
const DICTIONARIES: &[u8] = b"zkl/scan/dictionaries/v1\0";
const MERGE: Domain = Domain::new("zkl/merge/t0/v1");
const TAGGED_MERGE: Domain = Domain::new("zkl/merge/t0/v2");

/// What a table's proof is about.
#[derive(Clone, Copy)]
pub struct TableStatement<'a> {
    /// The entry that the proof is for.
    pub context: ScanContext,
    /// How the table is cut.
    pub plan: &'a TablePlan,
    /// The sealed profile of the whole table.
    pub h: SealCommitment,
}

/// Evidence that a table's proof was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedTable {
    context: ScanContext,
    h: SealCommitment,
    commitment_root: Sha256Digest,
    rows: u64,
}

impl VerifiedTable {
    pub(in crate::scan) const fn new(
        context: ScanContext,
        h: SealCommitment,
        commitment_root: Sha256Digest,
        rows: u64,
    ) -> Self {
        Self { context, h, commitment_root, rows }
    }

    /// The entry that the proof is for.
    pub const fn context(&self) -> ScanContext {
        self.context
    }

    /// The seal of the profile that was shown to be true.
    pub const fn h(&self) -> SealCommitment {
        self.h
    }

    /// Root over the layout, the segments and the commitments of the columns that it is true of.
    pub const fn commitment_root(&self) -> Sha256Digest {
        self.commitment_root
    }

    /// Rows of the table.
    pub const fn rows(&self) -> u64 {
        self.rows
    }
}

/// Verifies `proof`: counts and rows, then the scan proof of every segment and of the dictionaries, then the merges.
///
/// `keys` are the verifying keys that the caller trusts, by circuit.
///
/// # Errors
/// [`VerifyTableError`], one variant per check, in their order.
///
/// # Soundness
/// `srs` and every key must be trusted by their digests, a key for the circuit that it is asked for; the plan must be
/// [`TablePlan::new`] of the entry's layout and kappa.
pub fn verify_table(
    srs: &SrsVerifierKey,
    keys: &TableKeys<'_>,
    statement: &TableStatement<'_>,
    proof: &TableProof,
) -> Result<VerifiedTable, VerifyTableError> {
    let limb_bits = statement.plan.segment(0).map_or(LIMB_BITS, |segment| segment.scan.shape().limb_bits());
    if limb_bits != LIMB_BITS {
        return Err(VerifyTableError::LimbBits { expected: LIMB_BITS, got: limb_bits });
    }
    verify_any_limbs_table(srs, keys, statement, proof)
}

pub(in crate::scan) fn verify_any_limbs_table(
    srs: &SrsVerifierKey,
    keys: &TableKeys<'_>,
    statement: &TableStatement<'_>,
    proof: &TableProof,
) -> Result<VerifiedTable, VerifyTableError> {
    let TableStatement { context, plan, h } = *statement;
    check_form(statement, proof)?;
    if proof.tag != keys.system().tag() {
        return Err(VerifyTableError::OtherSystem);
    }
    let key = |circuit: CircuitId| keys.get(&circuit).ok_or(VerifyTableError::MissingKey { circuit });

    let commitment_root = root(plan, proof)?;
    for (segment, own) in plan.segments().zip(&proof.segments) {
        verify_segment(srs, key(scan_circuit_id(segment.scan.shape()))?, context, plan, &segment, own)?;
    }
    if let (Some((scan, groups)), Some(own)) = (plan.dictionaries(), &proof.dictionaries) {
        let commitments = dictionary_commitments(srs, plan, proof, scan, groups, &own.columns)?;
        let statement = dictionary_statement(context, plan, scan, own.h, &commitments);
        verify_any_limbs(srs, key(scan_circuit_id(scan.shape()))?, &statement, &own.scan)
            .map_err(VerifyTableError::DictionaryScan)?;
    }
    if let Some(segment) = plan.segment(0)
        && !proof.merges.is_empty()
    {
        let slots = segment.scan.shape().slots();
        let key = key(merge_circuit_id(slots))?;
        let frame = MergeFrame::new(*statement, Seals::new(proof), commitment_root, srs.digest(), key);
        for (index, (step, merge)) in plan.merges().into_iter().zip(&proof.merges).enumerate() {
            let inputs = frame.inputs(index, step)?;
            key.verify(&inputs.to_vec(slots), Some(srs), None, &merge.proof)
                .map_err(|source| VerifyTableError::Merge { index, source })?;
        }
    }
    Ok(VerifiedTable { context, h, commitment_root, rows: plan.layout().rows() })
}

/// Numbers and rows of everything, before any of it is looked at.
fn check_form(statement: &TableStatement<'_>, proof: &TableProof) -> Result<(), VerifyTableError> {
    let plan = statement.plan;
    let (expected, got) = (plan.len(), proof.segments.len());
    if expected != got {
        return Err(VerifyTableError::SegmentCount { expected, got });
    }
    for (segment, own) in plan.segments().zip(&proof.segments) {
        check_segment(&segment, own)?;
    }
    let (expected, got) = (plan.dictionaries().is_some(), proof.dictionaries.is_some());
    if expected != got {
        return Err(VerifyTableError::Dictionaries { expected, got });
    }
    let (expected, got) = (plan.merges().len(), proof.merges.len());
    if expected != got {
        return Err(VerifyTableError::MergeCount { expected, got });
    }
    let merged = proof.merges.last().map(|merge| merge.h);
    let last = merged.or_else(|| proof.segments.first().map(|segment| segment.h));
    if last == Some(statement.h) { Ok(()) } else { Err(VerifyTableError::OtherSeal) }
}

/// Rows and commitments of a segment, before its proof is looked at.
pub(super) fn check_segment(segment: &Segment<'_>, own: &SegmentProof) -> Result<(), VerifyTableError> {
    let (index, expected, got) = (segment.index, segment.rows(), own.rows.into());
    if expected != got {
        return Err(VerifyTableError::SegmentRows { index, expected, got });
    }
    own.commitments.check(segment.scan).map_err(|source| VerifyTableError::Commitments { index, source })?;
    let (expected, got) = (segment.groups.kappa(), own.commitments.groups().kappa());
    if expected == got { Ok(()) } else { Err(VerifyTableError::RowGroups { index, expected, got }) }
}

/// The scan proof of one segment of the table that `context` is the context of.
pub(super) fn verify_segment(
    srs: &SrsVerifierKey,
    key: &dyn VerifyingKey,
    context: ScanContext,
    plan: &TablePlan,
    segment: &Segment<'_>,
    own: &SegmentProof,
) -> Result<(), VerifyTableError> {
    let SegmentProof { h, commitments, scan, .. } = own;
    let context = segment_context(context, plan, segment);
    let statement = ScanStatement { context, plan: segment.scan, h: *h, commitments };
    verify_any_limbs(srs, key, &statement, scan)
        .map_err(|source| VerifyTableError::Segment { index: segment.index, source })?;
    Ok(())
}

/// The dataset commitment of a proof.
pub(super) fn root(plan: &TablePlan, proof: &TableProof) -> Result<Sha256Digest, VerifyTableError> {
    Ok(dataset_root(plan, proof.segments.iter().map(|segment| &segment.commitments))?)
}

/// The context of a segment's scan proof: SHA-256 of
///
/// ```text
/// "zkl/scan/segment/v1\0", context (32), layout digest of the table (32), segments (u32), segment (u32), rows (u64)
/// ```
///
/// With one segment the context of the table: its proof is a plain scan proof.
pub(super) fn segment_context(context: ScanContext, plan: &TablePlan, segment: &Segment<'_>) -> ScanContext {
    if plan.len() == 1 {
        return context;
    }
    let layout = scalar_bytes(&layout_digest(plan.layout()));
    let place = [plan.len() as u32, segment.index as u32].map(u32::to_le_bytes).concat();
    context.part(SEGMENT, &[&layout, &place, &segment.rows().to_le_bytes()])
}

/// What the scan over the dictionaries is about. Its context: SHA-256 of `"zkl/scan/dictionaries/v1\0"`, the context (32),
/// and the layout digest of the table (32).
pub(super) fn dictionary_statement<'a>(
    context: ScanContext,
    plan: &TablePlan,
    scan: &'a ScanPlan,
    h: SealCommitment,
    commitments: &'a ColumnCommitments,
) -> ScanStatement<'a> {
    let layout = scalar_bytes(&layout_digest(plan.layout()));
    ScanStatement { context: context.part(DICTIONARIES, &[&layout]), plan: scan, h, commitments }
}

fn dictionary_commitments(
    srs: &SrsVerifierKey,
    plan: &TablePlan,
    proof: &TableProof,
    scan: &ScanPlan,
    groups: RowGroups,
    own: &[Vec<zkl_argument::commit::Commitment>],
) -> Result<ColumnCommitments, VerifyTableError> {
    let segments: Vec<&ColumnCommitments> = proof.segments.iter().map(|segment| &segment.commitments).collect();
    dictionaries::commitments(srs.base(), plan, scan, groups, &segments, own)
        .map_err(|source| VerifyTableError::Commitments { index: plan.len(), source })
}

/// Every seal of a proof.
pub(super) struct Seals {
    pub(super) segments: Vec<SealCommitment>,
    pub(super) dictionaries: Option<SealCommitment>,
    /// Outputs of the merges.
    pub(super) merges: Vec<SealCommitment>,
}

impl Seals {
    fn new(proof: &TableProof) -> Self {
        Self {
            segments: proof.segments.iter().map(|segment| segment.h).collect(),
            dictionaries: proof.dictionaries.as_ref().map(|dictionaries| dictionaries.h),
            merges: proof.merges.iter().map(|merge| merge.h).collect(),
        }
    }
}

/// What every merge of one proof is bound to.
pub(super) struct MergeFrame<'a> {
    pub(super) statement: TableStatement<'a>,
    pub(super) seals: Seals,
    digest: Sha256Digest,
    tag: Option<u8>,
}

impl<'a> MergeFrame<'a> {
    pub(super) fn new(
        statement: TableStatement<'a>,
        seals: Seals,
        root: Sha256Digest,
        srs: KeyDigest,
        key: &dyn VerifyingKey,
    ) -> Self {
        let mut message = statement.context.digest().as_bytes().to_vec();
        message.extend_from_slice(srs.as_bytes());
        message.extend_from_slice(key.digest().as_bytes());
        message.extend_from_slice(root.as_bytes());
        message.extend_from_slice(&scalar_bytes(&layout_digest(statement.plan.layout())));
        message.extend_from_slice(&(statement.plan.len() as u32).to_le_bytes());
        message.extend(seals.segments.iter().flat_map(|h| h.to_bytes()));
        message.extend(seals.dictionaries.map_or([0; 32], SealCommitment::to_bytes));
        message.extend(seals.merges.iter().flat_map(|h| h.to_bytes()));
        Self { statement, seals, digest: Sha256Digest::of(&message), tag: key.system().tag() }
    }

    /// Public inputs of merge `index`. Its t0 is hash-to-field of the tag of the proof system (1 byte, in the domain v2; absent in
    /// v1, of the system that has none), the merge's number (u32, little-endian) and the SHA-256 of, in this order,
    ///
    /// ```text
    /// context                     32 bytes
    /// reference string            32, its digest
    /// verifying key               32, its digest
    /// dataset commitment          32
    /// layout digest of the table  32
    /// segments                    4
    /// seals of the segments       32 each
    /// seal of the dictionaries    32, zeros when there is none
    /// seals of the merges         32 each, the table's last
    /// ```
    pub(super) fn inputs(&self, index: usize, step: MergeStep) -> Result<MergeInputs, TablePlanError> {
        let (plan, seals) = (self.statement.plan, &self.seals);
        let mut message: Vec<u8> = self.tag.into_iter().collect();
        message.extend((index as u32).to_le_bytes());
        message.extend_from_slice(self.digest.as_bytes());
        let domain = if self.tag.is_some() { TAGGED_MERGE } else { MERGE };
        let before = index.checked_sub(1).and_then(|before| seals.merges.get(before));
        let added = seals.segments.get(step.first..step.end).unwrap_or_default();
        let is_last = step.end == plan.len();
        let layout = plan.prefix(step.end)?;
        Ok(MergeInputs {
            t0: hash_to_field(domain, &message),
            layout: layout_digest(&layout),
            rows: layout.rows(),
            h: seals.merges.get(index).copied().unwrap_or(self.statement.h),
            places: plan.segment(0).map(|segment| place_words(segment.scan)).unwrap_or_default(),
            parts: before.into_iter().chain(added).copied().collect(),
            dictionaries: if is_last { seals.dictionaries } else { None },
        })
    }
}
