//! The root of everything that was committed to.

use sha2::{Digest, Sha256};
use zkl_core::digest::Sha256Digest;

use super::{CommitError, Commitment, RowGroups};

/// Leaves of the dataset commitment: the shape and the canonical layout, then every commitment, column by column and
/// group by group.
///
/// ```text
/// leaf 0             0x00 || kappa (u32) || groups (u32) || columns (u32) || layout bytes         little-endian
/// leaf 1 + c G + g   0x01 || c (u32) || g (u32) || C_{c,g} (32 bytes)                            G = number of groups
/// ```
///
/// # Errors
/// [`CommitError::GroupCount`] when a column has not one commitment per group, [`CommitError::ColumnCount`] for 2^32
/// columns or more.
pub fn commitment_leaves(
    layout: &[u8],
    groups: RowGroups,
    columns: &[Vec<Commitment>],
) -> Result<Vec<Vec<u8>>, CommitError> {
    let count = u32::try_from(columns.len()).map_err(|_| CommitError::ColumnCount { got: columns.len() })?;
    let mut header = vec![0];
    for size in [groups.log_rows, groups.groups, count] {
        header.extend_from_slice(&size.to_le_bytes());
    }
    header.extend_from_slice(layout);
    let mut leaves = vec![header];
    for (c, column) in (0..count).zip(columns) {
        if column.len() != groups.count() {
            return Err(CommitError::GroupCount { column: c, expected: groups.count(), got: column.len() });
        }
        for (g, commitment) in (0..groups.groups).zip(column) {
            let mut leaf = vec![1];
            leaf.extend_from_slice(&c.to_le_bytes());
            leaf.extend_from_slice(&g.to_le_bytes());
            leaf.extend_from_slice(&commitment.to_bytes());
            leaves.push(leaf);
        }
    }
    Ok(leaves)
}

/// RFC 6962 Merkle root (SHA-256) over [`commitment_leaves`].
///
/// The tree is written out here, because this crate and the transparency log know nothing of one another; whoever has
/// both can hash the leaves with the log's code and make inclusion proofs for single groups.
///
/// # Errors
/// Those of [`commitment_leaves`].
pub fn commitment_root(
    layout: &[u8],
    groups: RowGroups,
    columns: &[Vec<Commitment>],
) -> Result<Sha256Digest, CommitError> {
    Ok(merkle_root(&commitment_leaves(layout, groups, columns)?))
}

/// RFC 6962 Merkle root (SHA-256) over any leaves.
pub fn merkle_root(leaves: &[Vec<u8>]) -> Sha256Digest {
    let hashes: Vec<_> = leaves.iter().map(|leaf| hash(0, &[leaf])).collect();
    Sha256Digest::new(tree_root(&hashes))
}

/// Splits at the largest power of two below the number of leaves; there is at least one leaf.
fn tree_root(hashes: &[[u8; 32]]) -> [u8; 32] {
    match hashes {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = hashes.split_at(hashes.len().next_power_of_two() / 2);
            hash(1, &[&tree_root(left), &tree_root(right)])
        }
    }
}

fn hash(prefix: u8, parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Sha256::new().chain_update([prefix]), Digest::chain_update).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leaves and roots of the reference implementation's test (transparency-dev/merkle, testonly/constants.go).
    #[test]
    fn roots_match_the_published_rfc_6962_vectors() {
        let leaves: [&[u8]; 8] = [
            b"",
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let hashes: Vec<_> = leaves.iter().map(|leaf| hash(0, &[leaf])).collect();
        let root = |n: usize| Sha256Digest::new(tree_root(&hashes[..n])).to_string();
        assert_eq!(root(0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(root(1), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assert_eq!(root(3), "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77");
        assert_eq!(root(7), "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c");
        assert_eq!(root(8), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
    }
}
