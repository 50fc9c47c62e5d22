//! Committing to a table again: what an auditor does who holds the table and the secrets of its notarization.

use zkl_argument::{ColumnData, commit::CommitmentSeed, srs::Srs};
use zkl_core::profile::Profile;

use super::{
    super::table::{CommittedTable, ProveTableError, TableCommitter},
    plan::JoinedPlan,
    prover::{in_group, joined_profile, witness},
    verify::joined_root,
};

/// Commits to a table group by group and segment by segment, as [`JoinedProver`](super::JoinedProver) does.
pub struct JoinedCommitter<'a> {
    plan: &'a JoinedPlan,
    committers: Vec<TableCommitter<'a>>,
}

impl<'a> JoinedCommitter<'a> {
    /// A committer to a table of which no row was seen yet, with the blinders of `seed`.
    pub fn new(srs: &'a Srs, plan: &'a JoinedPlan, seed: &CommitmentSeed) -> Self {
        let committers = plan
            .groups()
            .iter()
            .enumerate()
            .map(|(index, group)| TableCommitter::new(srs, group.plan(), plan.commitment_seed(seed, index)));
        Self { plan, committers: committers.collect() }
    }

    /// Commits to the next segment: `columns` are the columns of the table, `profile` is that of its rows, in the frame of the table.
    ///
    /// # Errors
    /// [`ProveTableError`], of a table in groups in [`ProveTableError::Group`].
    pub fn push_segment(&mut self, columns: &[ColumnData<'_>], profile: &Profile) -> Result<(), ProveTableError> {
        let groups = self.committers.len();
        for (index, (group, committer)) in self.plan.groups().iter().zip(&mut self.committers).enumerate() {
            let mut commit = || {
                let expected = group.plan().len();
                let segment = committer.next_segment().ok_or(ProveTableError::TooManySegments { expected })?;
                let profile = group.profile(profile);
                committer.push_segment(&witness(group, &segment, columns, &profile)?, &profile)
            };
            commit().map_err(|source| in_group(groups, index, source))?;
        }
        Ok(())
    }

    /// The dataset commitment and the profile of the table.
    ///
    /// # Errors
    /// As [`TableCommitter::finish`]; of a table in groups in [`ProveTableError::Group`].
    pub fn finish(self) -> Result<CommittedTable, ProveTableError> {
        let groups = self.committers.len();
        let finish = |(index, committer): (usize, TableCommitter<'_>)| {
            committer.finish().map_err(|source| in_group(groups, index, source))
        };
        let committed = self.committers.into_iter().enumerate().map(finish).collect::<Result<Vec<_>, _>>()?;
        let committed = match <[CommittedTable; 1]>::try_from(committed) {
            Ok([only]) => return Ok(only),
            Err(groups) => groups,
        };
        let roots: Vec<_> = committed.iter().map(|group| group.commitment_root).collect();
        let profile = joined_profile(self.plan, committed.iter().map(|group| &group.profile));
        Ok(CommittedTable { commitment_root: joined_root(self.plan, &roots), profile })
    }
}
