//! The prover of a table, group by group and segment by segment.

use zkl_argument::{ColumnData, ScanWitness, SealedProfile, srs::Srs};
use zkl_core::{digest::Sha256Digest, profile::Profile};

use super::{
    super::{
        statement::ScanContext,
        table::{self, KeySource, ProveTableError, Segment, TableProver, TableSecrets},
    },
    plan::{ColumnGroup, JoinedPlan, pick},
    proof::{Join, JoinedProof},
    verify::joined_root,
};
use crate::seal::Seal;

/// What [`JoinedProver::finish`] leaves.
pub struct JoinedTable {
    /// The proof.
    pub proof: JoinedProof,
    /// The dataset commitment.
    pub commitment_root: Sha256Digest,
    /// The seal of the whole table, for claims. Secret.
    pub seal: Seal,
    /// The profile of the whole table. Secret.
    pub profile: Profile,
}

/// A table that is not in groups.
impl From<table::ProvedTable> for JoinedTable {
    fn from(proved: table::ProvedTable) -> Self {
        let table::ProvedTable { proof, commitment_root, seal, profile } = proved;
        Self { proof: JoinedProof::whole(proof), commitment_root, seal, profile }
    }
}

/// Proves a table as its plan cuts it.
///
/// Memory: one group of one segment while it is proved; and per group what [`TableProver`] keeps.
pub struct JoinedProver<'a> {
    plan: &'a JoinedPlan,
    secrets: TableSecrets,
    provers: Vec<TableProver<'a>>,
}

impl<'a> JoinedProver<'a> {
    /// A prover of a table of which no row was seen yet.
    pub fn new(
        srs: &'a Srs,
        keys: KeySource<'a>,
        context: ScanContext,
        plan: &'a JoinedPlan,
        secrets: TableSecrets,
    ) -> Self {
        let prover = |(index, group): (usize, &'a ColumnGroup)| {
            TableProver::new(srs, keys, plan.context(context, index), group.plan(), plan.secrets(&secrets, index))
        };
        let provers = plan.groups().iter().enumerate().map(prover).collect();
        Self { plan, secrets, provers }
    }

    /// Commits to the columns of group `group` in the next segment and proves them. `columns` are all columns of the table in this
    /// segment, `profile` is that of its rows, with minima, maxima and dictionaries of the whole table. After an error the prover is of no use.
    ///
    /// # Errors
    /// As [`TableProver::push_segment`]; of a table in groups in [`ProveTableError::Group`].
    pub fn prove_group(
        &mut self,
        group: usize,
        columns: &[ColumnData<'_>],
        profile: &Profile,
    ) -> Result<(), ProveTableError> {
        let expected = self.provers.len();
        let (Some(own), Some(prover)) = (self.plan.groups().get(group), self.provers.get_mut(group)) else {
            return Err(ProveTableError::NoGroup { index: group, expected });
        };
        let mut prove = || {
            let expected = own.plan().len();
            let segment = prover.next_segment().ok_or(ProveTableError::TooManySegments { expected })?;
            let profile = own.profile(profile);
            prover.push_segment(&witness(own, &segment, columns, &profile)?, &profile)
        };
        prove().map_err(|source| in_group(expected, group, source))
    }

    /// Joins segments and groups.
    ///
    /// # Errors
    /// As [`TableProver::finish`]; of a table in groups in [`ProveTableError::Group`].
    pub fn finish(self) -> Result<JoinedTable, ProveTableError> {
        let Self { plan, secrets, provers } = self;
        let expected = provers.len();
        let mut proved = Vec::with_capacity(expected);
        for (index, prover) in provers.into_iter().enumerate() {
            proved.push(prover.finish().map_err(|source| in_group(expected, index, source))?);
        }
        let proved = match <[table::ProvedTable; 1]>::try_from(proved) {
            Ok([only]) => return Ok(only.into()),
            Err(groups) => groups,
        };
        let profile = joined_profile(plan, proved.iter().map(|group| &group.profile));
        let seal = Seal::new(plan.layout(), &profile, &secrets.seal)?;
        let roots: Vec<Sha256Digest> = proved.iter().map(|group| group.commitment_root).collect();
        let join = Join {
            nonce: seal.header().record.nonce,
            headers: proved.iter().map(|group| group.seal.header_leaf()).collect(),
            leaves: seal.record_leaves().to_vec(),
        };
        let groups = proved.into_iter().map(|group| group.proof).collect();
        let proof = JoinedProof { join: Some(join), groups };
        Ok(JoinedTable { proof, commitment_root: joined_root(plan, &roots), seal, profile })
    }
}

/// The committed columns of a group in one segment. `columns` are all columns of the table, `profile` is the group's.
pub(super) fn witness<'d>(
    group: &ColumnGroup,
    segment: &Segment<'_>,
    columns: &[ColumnData<'d>],
    profile: &Profile,
) -> Result<ScanWitness<'d>, ProveTableError> {
    let sealed = SealedProfile::from_profile(segment.scan, profile)?;
    Ok(ScanWitness::new(segment.scan, &pick(group.columns(), columns), &sealed)?)
}

/// The profile of the table whose groups, more than one, have these.
pub(super) fn joined_profile<'p>(plan: &JoinedPlan, groups: impl Iterator<Item = &'p Profile>) -> Profile {
    let mut table = Profile { rows: plan.layout().rows(), columns: Vec::new(), pairs: Vec::new() };
    for (group, profile) in plan.groups().iter().zip(groups) {
        // A column of a pair stands in a group before.
        if group.pairs().is_empty() {
            table.columns.extend_from_slice(&profile.columns);
        }
        table.pairs.extend_from_slice(&profile.pairs);
    }
    table
}

pub(super) fn in_group(groups: usize, index: usize, source: ProveTableError) -> ProveTableError {
    if groups == 1 { source } else { ProveTableError::Group { index, source: Box::new(source) } }
}
