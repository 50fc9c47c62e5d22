//! Committing to a table again: what an auditor does who holds the table and the secrets of its notarization.

use zkl_argument::{ScanWitness, commit::CommitmentSeed, commit_columns, srs::Srs};
use zkl_core::{digest::Sha256Digest, profile::Profile};

use super::{
    error::ProveTableError,
    plan::{Segment, TablePlan},
    root::dataset_root,
};
use crate::scan::ColumnCommitments;

/// Commits to a table segment by segment, as [`TableProver`](super::TableProver) does.
pub struct TableCommitter<'a> {
    srs: &'a Srs,
    plan: &'a TablePlan,
    seed: CommitmentSeed,
    commitments: Vec<ColumnCommitments>,
    total: Option<Profile>,
}

/// What [`TableCommitter::finish`] leaves.
pub struct CommittedTable {
    /// The dataset commitment.
    pub commitment_root: Sha256Digest,
    /// The profile of the whole table. Secret.
    pub profile: Profile,
}

impl<'a> TableCommitter<'a> {
    /// A committer to a table of which no row was seen yet, with the blinders of `seed`.
    pub fn new(srs: &'a Srs, plan: &'a TablePlan, seed: CommitmentSeed) -> Self {
        Self { srs, plan, seed, commitments: Vec::with_capacity(plan.len()), total: None }
    }

    /// The segment that is next, `None` when all were given.
    pub fn next_segment(&self) -> Option<Segment<'a>> {
        self.plan.segment(self.commitments.len())
    }

    /// Commits to the next segment. `witness` is made from the segment's plan; `profile` is that of its rows, in the frame of
    /// the table.
    ///
    /// # Errors
    /// [`ProveTableError::TooManySegments`], [`ProveTableError::Commit`], [`ProveTableError::NotShared`].
    pub fn push_segment(&mut self, witness: &ScanWitness<'_>, profile: &Profile) -> Result<(), ProveTableError> {
        let expected = self.plan.len();
        let segment = self.next_segment().ok_or(ProveTableError::TooManySegments { expected })?;
        if let Some(total) = &self.total {
            total
                .check_frame(profile)
                .map_err(|record| ProveTableError::NotShared { segment: segment.index, record })?;
        }
        self.total = Some(match self.total.take() {
            None => profile.clone(),
            Some(total) => total.plus(profile),
        });
        let seed = segment_seed(self.plan, &self.seed, segment.index);
        self.commitments.push(commit_segment(self.srs, &segment, witness, &seed)?);
        Ok(())
    }

    /// The dataset commitment and the profile of the table.
    ///
    /// # Errors
    /// [`ProveTableError::Unfinished`] when segments are missing.
    pub fn finish(self) -> Result<CommittedTable, ProveTableError> {
        let (expected, got) = (self.plan.len(), self.commitments.len());
        let Some(profile) = self.total.filter(|_| expected == got) else {
            return Err(ProveTableError::Unfinished { expected, got });
        };
        Ok(CommittedTable { commitment_root: dataset_root(self.plan, self.commitments.iter())?, profile })
    }
}

/// The commitments of one segment under its own seed.
pub(super) fn commit_segment(
    srs: &Srs,
    segment: &Segment<'_>,
    witness: &ScanWitness<'_>,
    seed: &CommitmentSeed,
) -> Result<ColumnCommitments, ProveTableError> {
    let columns = commit_columns(srs, segment.groups, witness, seed)?;
    Ok(ColumnCommitments::new(segment.scan, segment.groups, columns)?)
}

/// Seed of the blinders of segment `index`: segments number their columns and groups alike, so each has one of its own.
pub(crate) fn segment_seed(plan: &TablePlan, seed: &CommitmentSeed, index: usize) -> CommitmentSeed {
    if plan.len() == 1 { seed.clone() } else { seed.segment(index as u32) }
}
