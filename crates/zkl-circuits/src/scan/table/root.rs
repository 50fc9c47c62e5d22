//! The dataset commitment of a table: one root over its segments and everything that was committed to.

use zkl_argument::commit::{CommitError, merkle_root};
use zkl_core::digest::Sha256Digest;

use super::{super::statement::layout_bytes, plan::TablePlan};
use crate::scan::ColumnCommitments;

/// RFC 6962 root over these leaves, integers little-endian; with one segment the root of its commitments, as
/// [`ColumnCommitments::root`] has it.
///
/// ```text
/// leaf 0          0x02 || segments (u32) || columns (u32) || layout bytes
/// per segment     0x03 || segment (u32) || rows (u64) || kappa (u32) || groups (u32)
///   per column and group   0x04 || segment (u32) || column (u32) || group (u32) || commitment (32 bytes)
/// ```
pub(super) fn dataset_root<'a>(
    plan: &TablePlan,
    commitments: impl Iterator<Item = &'a ColumnCommitments>,
) -> Result<Sha256Digest, CommitError> {
    let commitments: Vec<&ColumnCommitments> = commitments.collect();
    if let [only] = commitments.as_slice() {
        return only.root(plan.layout());
    }
    let columns = commitments.first().map_or(0, |first| first.columns().len());
    let mut leaves = vec![[vec![2], u32_bytes(plan.len()), u32_bytes(columns), layout_bytes(plan.layout())].concat()];
    for (segment, commitments) in plan.segments().zip(commitments) {
        let (index, groups) = (u32_bytes(segment.index), commitments.groups());
        let rows = segment.rows().to_le_bytes().to_vec();
        leaves.push([vec![3], index.clone(), rows, u32_bytes(groups.kappa()), u32_bytes(groups.count())].concat());
        for (column, commitments) in commitments.columns().iter().enumerate() {
            for (group, commitment) in commitments.iter().enumerate() {
                let position = [vec![4], index.clone(), u32_bytes(column), u32_bytes(group)].concat();
                leaves.push([position, commitment.to_bytes().to_vec()].concat());
            }
        }
    }
    Ok(merkle_root(&leaves))
}

/// Numbers of segments, columns and groups are far below 2^32.
fn u32_bytes(value: usize) -> Vec<u8> {
    (value as u32).to_le_bytes().to_vec()
}
