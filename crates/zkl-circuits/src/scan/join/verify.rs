//! What the proof of a table is about, and its verifier.

use zkl_argument::{
    commit::{Commitment, merkle_root},
    shape::LIMB_BITS,
    srs::SrsVerifierKey,
};
use zkl_core::{ark::Fr, digest::Sha256Digest};

use super::{
    super::{
        statement::{ScanContext, layout_bytes},
        table::{TableKeys, TableProof, TableStatement, VerifiedTable, VerifyTableError, verify_any_limbs_table},
    },
    plan::{ColumnGroup, JoinedPlan, pick},
    proof::{Join, JoinedProof},
};
use crate::seal::{HeaderRecord, Record as _, SealCommitment, layout_digest};

/// What a table's proof is about.
#[derive(Clone, Copy)]
pub struct JoinedStatement<'a> {
    /// The entry that the proof is for.
    pub context: ScanContext,
    /// How the table is cut.
    pub plan: &'a JoinedPlan,
    /// The sealed profile of the whole table.
    pub h: SealCommitment,
}

/// Verifies `proof`: leaves and shared columns, then the table proof of every group.
///
/// `keys` are the verifying keys that the caller trusts, by circuit.
///
/// # Errors
/// [`VerifyTableError`], one variant per check, in their order.
///
/// # Soundness
/// `srs` and every key must be trusted by their digests, a key for the circuit that it is asked for; the plan must follow from the entry's layout
/// and kappa.
pub fn verify_joined(
    srs: &SrsVerifierKey,
    keys: &TableKeys<'_>,
    statement: &JoinedStatement<'_>,
    proof: &JoinedProof,
) -> Result<VerifiedTable, VerifyTableError> {
    for group in statement.plan.groups() {
        let limb_bits = group.plan().segment(0).map_or(LIMB_BITS, |segment| segment.scan.shape().limb_bits());
        if limb_bits != LIMB_BITS {
            return Err(VerifyTableError::LimbBits { expected: LIMB_BITS, got: limb_bits });
        }
    }
    verify_any_limbs_joined(srs, keys, statement, proof)
}

pub(super) fn verify_any_limbs_joined(
    srs: &SrsVerifierKey,
    keys: &TableKeys<'_>,
    statement: &JoinedStatement<'_>,
    proof: &JoinedProof,
) -> Result<VerifiedTable, VerifyTableError> {
    let JoinedStatement { context, plan, h } = *statement;
    let (expected, got) = (plan.groups().len(), proof.groups.len());
    if expected != got {
        return Err(VerifyTableError::GroupCount { expected, got });
    }
    if let (Some(plan), Some(own)) = (plan.table(), proof.table()) {
        return verify_any_limbs_table(srs, keys, &TableStatement { context, plan, h }, own);
    }
    let join = proof.join.as_ref().ok_or(VerifyTableError::LeafCount { expected, got: 0 })?;
    let seals = seals(plan, h, join)?;
    for (index, (group, own)) in plan.groups().iter().zip(&proof.groups).enumerate() {
        if let Some(column) = other_column(group, own, &proof.groups) {
            return Err(VerifyTableError::OtherColumn { group: index, column });
        }
    }
    let mut roots = Vec::with_capacity(expected);
    for (index, ((group, h), own)) in plan.groups().iter().zip(seals).zip(&proof.groups).enumerate() {
        let statement = TableStatement { context: plan.context(context, index), plan: group.plan(), h };
        let verified = verify_any_limbs_table(srs, keys, &statement, own);
        let verified = verified.map_err(|source| VerifyTableError::Group { index, source: Box::new(source) })?;
        roots.push(verified.commitment_root());
    }
    Ok(VerifiedTable::new(context, h, joined_root(plan, &roots), plan.layout().rows()))
}

/// The seals of the groups, whose records have the leaves of those of the table's seal.
pub(super) fn seals(
    plan: &JoinedPlan,
    h: SealCommitment,
    join: &Join,
) -> Result<Vec<SealCommitment>, VerifyTableError> {
    let (columns, groups) = (plan.layout().columns().len(), plan.groups().len());
    let records = columns + plan.layout().pairs().len();
    for (expected, got) in [(groups, join.headers.len()), (records, join.leaves.len())] {
        if expected != got {
            return Err(VerifyTableError::LeafCount { expected, got });
        }
    }
    if table_seal(plan, join.nonce, &join.leaves) != h {
        return Err(VerifyTableError::OtherLeaves);
    }
    let (of_columns, of_pairs) = join.leaves.split_at(columns);
    let seal = |(group, &header): (&ColumnGroup, &Fr)| {
        let mut leaves = vec![header];
        leaves.extend(pick(group.columns(), of_columns));
        leaves.extend(pick(group.pairs(), of_pairs));
        SealCommitment::of_leaves(leaves)
    };
    Ok(plan.groups().iter().zip(&join.headers).map(seal).collect())
}

/// The seal of a table with these leaves of records.
pub(super) fn table_seal(plan: &JoinedPlan, nonce: Fr, records: &[Fr]) -> SealCommitment {
    let header = HeaderRecord { layout: layout_digest(plan.layout()), rows: plan.layout().rows(), nonce };
    SealCommitment::of_leaves(std::iter::once(header.leaf()).chain(records.iter().copied()).collect())
}

/// The first column of a group that has other commitments in its own group. Else the rows of a pair's columns could be in another order there: the
/// records of the columns would be the same.
fn other_column(group: &ColumnGroup, own: &TableProof, groups: &[TableProof]) -> Option<usize> {
    let commitments = |proof: &TableProof, segment: usize, position: usize| -> Option<Vec<Commitment>> {
        proof.segments().get(segment)?.commitments().columns().get(position).cloned()
    };
    for shared in group.shared() {
        let (home, position) = shared.home;
        for segment in 0..group.plan().len() {
            let here = commitments(own, segment, shared.position);
            let there = groups.get(home).and_then(|home| commitments(home, segment, position));
            if here.is_none() || here != there {
                return Some(shared.column);
            }
        }
    }
    None
}

/// The dataset commitment: that of the only group, else the RFC 6962 root over these leaves, integers u32, little-endian.
///
/// ```text
/// leaf 0       0x07 || groups || layout bytes
/// per group    0x08 || group || dataset commitment of the group (32 bytes)
/// ```
pub(super) fn joined_root(plan: &JoinedPlan, groups: &[Sha256Digest]) -> Sha256Digest {
    if let [only] = groups {
        return *only;
    }
    // A table has at most 1,023 groups of columns, and as many of pairs.
    let number = |value: usize| (value as u32).to_le_bytes().to_vec();
    let mut leaves = vec![[vec![7], number(groups.len()), layout_bytes(plan.layout())].concat()];
    for (index, root) in groups.iter().enumerate() {
        leaves.push([vec![8], number(index), root.as_bytes().to_vec()].concat());
    }
    merkle_root(&leaves)
}
