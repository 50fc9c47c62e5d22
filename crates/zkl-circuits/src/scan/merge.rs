//! The merge circuit: one seal holds the sums of what up to four others hold.
//!
//! # Statement
//! Given seals `h_1 .. h_k` of row ranges and a seal h, all with their records at the places of one layout: salts, minima,
//! T, limbs, dictionaries and label capacities are equal in all of them; valid counts, sums, counts, joint counts and sums
//! of products of h are the sums of those of `h_1 .. h_k`; the header of h has the public layout digest and rows. The
//! smallest groups of h are the sums of the smallest groups, or those sealed in a further seal of the dictionaries.
//!
//! # Relation
//! ```text
//! root_i   = root of header_i and the records (common, summed_i) at the public places        i = 1..k
//! active_i (root_i - h_i) = 0
//! h        = root of (layout, rows, nonce) and the records (common, sum_i active_i summed_i)
//! ```
//!
//! | record | common | summed |
//! |---|---|---|
//! | numeric | salt, bounds (82 bits) | valid, `S1` (96 bits), `S2` |
//! | opaque | salt | valid |
//! | category | salt, digest of the values | valid, packed counts |
//! | joint | salt, label capacity | valid, packed counts |
//! | grouped | salt, `D` (32 bits) | valid, `k_min` (32 bits) |
//! | product | salt | valid, packed sums |
//!
//! Packed elements are added as they are. `docs/adr/0010-segments-and-merge.md` has the decisions.
//!
//! # Soundness
//! **A merge says nothing by itself.** The caller must have a proof for every `h_i` that its records are true of so many
//! rows, and check that the rows add up to those of h, below 2^32. Then no field of a packed element carries into
//! its neighbour: each is at most what 2^32 rows can sum to, which is how wide the fields of a seal are. Common elements
//! are one variable for all seals. Where common and summed values share an element, both are bit-checked, so that it has
//! one decomposition. Headers of the `h_i` are not opened: their proofs have tied them.

mod chain;
mod circuit;
mod places;
mod summed;

pub(super) use chain::{MergeStep, chain};
pub(super) use circuit::MergeParts;
pub use circuit::{MERGE_FAN_IN, MergeCircuit, MergeInputs, merge_circuit_id};
pub(super) use places::place_words;
