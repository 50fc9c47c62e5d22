//! Openings of Poseidon Merkle trees.

use super::{BoolVar, Cs, FieldVar, GadgetError, hash2_var};

/// Root of the tree in which `leaf` sits at the position whose bits, lowest first, are `position`, with `siblings` from the
/// leaf's level up: 241 constraints per level.
///
/// # Errors
/// [`GadgetError::Length`] when there is not one sibling per position bit.
pub fn merkle_root(
    cs: &Cs,
    leaf: &FieldVar,
    position: &[BoolVar],
    siblings: &[FieldVar],
) -> Result<FieldVar, GadgetError> {
    if position.len() != siblings.len() {
        return Err(GadgetError::Length { expected: position.len(), got: siblings.len() });
    }
    let mut node = leaf.clone();
    for (bit, sibling) in position.iter().zip(siblings) {
        let left = bit.select(cs, sibling, &node)?;
        let right = &(&node + sibling) - &left;
        node = hash2_var(cs, &left, &right)?;
    }
    Ok(node)
}
