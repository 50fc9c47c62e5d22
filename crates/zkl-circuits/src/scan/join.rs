//! Tables of any width: groups of columns that are proved as tables of their own, joined by their leaves.
//!
//! # Statement
//! Given a layout of n rows and a seal h: the profile sealed in h is that of the committed columns over all n rows, the columns cut into groups
//! as [`JoinedPlan`] says. With one group this is the statement of its table proof, and there is nothing else.
//!
//! # Relation
//! ```text
//! h_g    a table proof per group: h_g is the profile of the columns and pairs of group g
//! L_i    the leaf of every record of the layout, published; likewise the header's leaf of every h_g, and the nonce of h
//! h      root of (header(layout, n, nonce), L_1 .. L_(K + P))
//! h_g    root of (header's leaf of g, L_i of the records of group g, in its order)
//! ```
//! A column that stands in a second group, because a pair spans groups, has the commitments there that it has in its own.
//!
//! # Soundness
//! That of table proofs, and Poseidon's resistance to collisions: a verifier computes h and every h_g from the same leaves, so the record of a leaf
//! is the record that a group's proof ties to the committed columns. Where a record sits follows from the layout. That columns of a pair are those
//! of their own groups, row by row, is that their commitments are equal. A context binds the proof of a group to its place in this table.
//!
//! A leaf hides its record, whose salt nobody else knows, and is the same in h and in the seals of groups: published once, it tells nothing more in
//! the second place. Seals of segments have other leaves, which are not published, below a header with a secret nonce.
//!
//! | symbol | here |
//! |---|---|
//! | K, P | columns and pairs of the layout |
//! | h, h_g | seals; `docs/seal.md` |

mod commit;
mod plan;
mod proof;
mod prover;
#[cfg(test)]
mod tests;
mod verify;

pub use commit::JoinedCommitter;
pub use plan::{ColumnGroup, JoinedPlan};
pub use proof::{Join, JoinedProof};
pub use prover::{JoinedProver, JoinedTable};
pub use verify::{JoinedStatement, verify_joined};
