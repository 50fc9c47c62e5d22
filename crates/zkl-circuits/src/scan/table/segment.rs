//! One segment as a piece of work of its own: proved from the frame of the table and its rows, wherever they are, and checked by whoever
//! joins the segments.

use zkl_argument::msm::Scalars;
use zkl_argument::{ScanWitness, commit::commit_column, srs::Srs};
use zkl_core::profile::{ColumnStats, Profile};

use super::{
    super::{circuit::TranscriptCircuit, prove::prove_any_limbs, statement::ScanContext, statement::ScanStatement},
    commit::{commit_segment, segment_seed},
    dictionaries::multiplicity_columns,
    error::{ProveTableError, RefusedPart},
    plan::{Segment, TablePlan},
    proof::SegmentProof,
    prover::{KeySource, TableSecrets},
    verify::{check_segment, segment_context, verify_segment},
};
use crate::seal::{Seal, SealError, SegmentRange};

/// Proves segments of a table, each for itself and in any order.
///
/// Everything here is the same for every segment: whoever proves the same segment twice makes the same commitments and the same seal,
/// and another proof.
#[derive(Clone)]
pub struct SegmentProver<'a> {
    pub(super) srs: &'a Srs,
    pub(super) keys: KeySource<'a>,
    pub(super) context: ScanContext,
    pub(super) plan: &'a TablePlan,
    pub(super) secrets: TableSecrets,
}

/// A proved segment, with the sums that its seal hides: for whoever joins the segments. Secret.
#[derive(Clone)]
pub struct SegmentPart {
    pub(super) index: usize,
    /// Tag of the proof system.
    pub(super) tag: Option<u8>,
    pub(super) profile: Profile,
    pub(super) proof: SegmentProof,
}

impl SegmentPart {
    /// Position of the segment, from 0.
    pub const fn index(&self) -> usize {
        self.index
    }
}

impl<'a> SegmentProver<'a> {
    /// A prover of the segments of a table.
    pub fn new(
        srs: &'a Srs,
        keys: KeySource<'a>,
        context: ScanContext,
        plan: &'a TablePlan,
        secrets: TableSecrets,
    ) -> Self {
        Self { srs, keys, context, plan, secrets }
    }

    /// How the table is cut.
    pub const fn plan(&self) -> &'a TablePlan {
        self.plan
    }

    /// Commits to segment `index` and proves it.
    ///
    /// `witness` is made from the segment's plan; `profile` is that of its rows, with minima, maxima and dictionaries of the
    /// whole table: values that do not occur in it have count 0.
    ///
    /// # Errors
    /// [`ProveTableError`]; [`ProveTableError::Segment`] says which check of the argument the profile fails.
    pub fn prove(
        &self,
        index: usize,
        witness: &ScanWitness<'_>,
        profile: Profile,
    ) -> Result<SegmentPart, ProveTableError> {
        let segment = self.segment(index)?;
        let seal = self.seal(&segment, &profile)?;
        let seed = segment_seed(self.plan, &self.secrets.commitments, index);
        let commitments = commit_segment(self.srs, &segment, witness, &seed)?;
        let statement = ScanStatement {
            context: segment_context(self.context, self.plan, &segment),
            plan: segment.scan,
            h: seal.commitment(),
            commitments: &commitments,
        };
        let keys = (self.keys)(&TranscriptCircuit::blank(segment.scan.shape().clone()))?;
        let scan = prove_any_limbs(self.srs, keys.as_ref(), &statement, &seal, witness, &seed)
            .map_err(|source| ProveTableError::Segment { index, source })?;
        // A table has fewer than 2^32 rows.
        let proof = SegmentProof { rows: segment.rows() as u32, h: seal.commitment(), commitments, scan };
        Ok(SegmentPart { index, tag: keys.verifying().system().tag(), profile, proof })
    }

    pub(super) fn segment(&self, index: usize) -> Result<Segment<'a>, ProveTableError> {
        self.plan.segment(index).ok_or(ProveTableError::NoSegment { index, expected: self.plan.len() })
    }

    /// The seal of a segment's profile; that of the table when it has one segment.
    fn seal(&self, segment: &Segment<'_>, profile: &Profile) -> Result<Seal, SealError> {
        let layout = segment.scan.layout();
        if self.plan.len() == 1 {
            return Seal::new(layout, profile, &self.secrets.seal);
        }
        let range = SegmentRange { first: segment.index as u32, count: 1 };
        Seal::of_range(layout, profile, &self.secrets.seal, range)
    }

    /// Checks a part that was proved elsewhere, and returns the seal of its profile.
    ///
    /// The seal binds every sum but the counts of large dictionaries, whose commitments are made again; the scan proof binds seal,
    /// commitments, place, table and entry.
    pub(super) fn check(&self, part: &SegmentPart) -> Result<Seal, ProveTableError> {
        let segment = self.segment(part.index)?;
        let refused = |source| ProveTableError::Refused { segment: part.index, source };
        let keys = (self.keys)(&TranscriptCircuit::blank(segment.scan.shape().clone()))?;
        if part.tag != keys.verifying().system().tag() {
            return Err(refused(RefusedPart::OtherSystem));
        }
        check_segment(&segment, &part.proof).map_err(|source| refused(RefusedPart::Proof(source)))?;
        let seal = self.seal(&segment, &part.profile).map_err(|source| refused(RefusedPart::Sums(source)))?;
        if seal.commitment() != part.proof.h {
            return Err(refused(RefusedPart::OtherSums));
        }
        let seed = segment_seed(self.plan, &self.secrets.commitments, part.index);
        for (counts, position) in group_counts(&part.profile).zip(multiplicity_columns(segment.scan)) {
            let again = commit_column(self.srs, segment.groups, position as u32, Scalars::U32(&counts.by_code), &seed)?;
            if part.proof.commitments.columns().get(position) != Some(&again) {
                return Err(refused(RefusedPart::GroupCounts { column: counts.column }));
            }
        }
        verify_segment(self.srs.verifier_key(), keys.verifying(), self.context, self.plan, &segment, &part.proof)
            .map_err(|source| refused(RefusedPart::Proof(source)))?;
        Ok(seal)
    }
}

/// Rows by code of a large dictionary, code 0 for nulls.
pub(super) struct GroupCounts {
    /// Position in the layout.
    pub(super) column: usize,
    pub(super) by_code: Vec<u32>,
}

/// The counts of every large dictionary, in layout order.
pub(super) fn group_counts(profile: &Profile) -> impl Iterator<Item = GroupCounts> {
    // A table has fewer than 2^32 rows; of another one no seal is made.
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    profile.columns.iter().enumerate().filter_map(move |(column, own)| {
        let ColumnStats::Grouped(stats) = &own.stats else { return None };
        let nulls = small(profile.rows.saturating_sub(own.valid));
        let by_code = std::iter::once(nulls).chain(stats.entries.iter().map(|entry| small(entry.count))).collect();
        Some(GroupCounts { column, by_code })
    })
}
