//! Tables of any length: segments proved one after another, and one seal for all of them.
//!
//! # Statement
//! Given a layout of n rows and a seal h: the profile sealed in h is that of the committed columns over all n rows, cut into
//! segments as [`TablePlan`] says.
//!
//! # Relation
//! ```text
//! h_s    a scan proof per segment: h_s is the profile of the columns of segment s
//! h_d    with large dictionaries: a scan proof over the sums of the segments' multiplicities
//! h      merges: h holds the sums of h_1 .. h_S, and smallest groups from h_d
//! ```
//! With one segment h is h_1, and there is nothing else.
//!
//! # Soundness
//! That of scan proofs and of the merge circuit. [`verify_table`] is the only verifier of merges, and it
//! verifies the proof of every seal that a merge adds. What a proof is about follows from the layout: the number of
//! segments, their rows, shapes and places. A context binds the proof of a segment to its place in this table, and t0 binds
//! every merge to the whole table.
//!
//! | symbol | here |
//! |---|---|
//! | S, n_s | [`TablePlan::segments`] |
//! | h, h_s, h_d | seals; `docs/seal.md` |
//! | kappa | binary logarithm of the rows of a row group |

mod commit;
mod dictionaries;
mod error;
mod keys;
mod part;
mod plan;
mod proof;
mod prover;
mod root;
mod segment;
#[cfg(test)]
pub(in crate::scan) mod tests;
mod verify;

pub(crate) use commit::segment_seed;
pub use commit::{CommittedTable, TableCommitter};
pub use error::{PartDecodeError, ProveTableError, RefusedPart, TableDecodeError, TablePlanError, VerifyTableError};
pub use keys::TableKeys;
pub use plan::{Segment, TablePlan, segment_rows, standard_table_circuits};
pub use proof::{DictionaryProof, MergeProof, SegmentProof, TableProof};
pub use prover::{KeySource, ProvedTable, TableProver, TableProverState, TableSecrets};
pub use segment::{SegmentPart, SegmentProver};
pub(in crate::scan) use verify::verify_any_limbs_table;
pub use verify::{TableStatement, VerifiedTable, verify_table};
