//! The scan proof: a sealed profile is the profile of committed columns, over every row.
//!
//! # Statement
//! Given a layout, commitments to columns and a seal `h`: the prover knows openings of the commitments and a profile
//! sealed in `h` that is theirs. [`zkl_argument`] shows it with messages in the clear; here the messages stay private.
//!
//! # Relation
//! ```text
//! transcript circuit (any proof system)    messages exist that zkl_argument::verify accepts, Fiat-Shamir included, for the profile
//!                                          in h and the layout in lay; they end in the public claim (r*, z_blk, beta, eta, rho, y)
//! link of that circuit                     the committed columns open to y, with weights that everybody derives
//! ```
//!
//! # Soundness
//! That of the scan argument (below 2^-200), of the proof system and of the commitments, and Poseidon as an oracle although it is
//! proved in a circuit, which is a heuristic. `t0` binds whatever is fixed before the first challenge; `lay` the slots, so
//! that a prover chooses nothing about them; the keys and the reference string are the caller's to trust.
//!
//! | symbol | here |
//! |---|---|
//! | `t0`, `h`, `lay`, `n` | fields of [`ScanInputs`] |
//! | the claim | [`zkl_argument::Opening`] |

mod circuit;
mod error;
mod join;
mod lay;
mod merge;
mod profile;
mod proof;
mod prove;
mod shapes;
mod statement;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod wire;

pub use circuit::{ScanInputs, TranscriptCircuit, scan_circuit_id};
pub use error::{CommitmentsError, ProveScanError, ScanDecodeError, VerifyScanError};
pub use join::{
    ColumnGroup, Join, JoinedCommitter, JoinedPlan, JoinedProof, JoinedProver, JoinedStatement, JoinedTable,
    verify_joined,
};
pub use lay::layout_element;
pub use merge::{MERGE_FAN_IN, MergeCircuit, MergeInputs, merge_circuit_id};
pub use proof::ScanProof;
pub use prove::{VerifiedScan, prove_scan, verify_scan};
pub use shapes::{SEGMENT_LOG_ROWS, shape_for, standard_circuits, standard_slots};
pub use statement::{ColumnCommitments, ScanContext, ScanStatement, layout_bytes};
pub(crate) use statement::{read_points, scalar_bytes};
pub(crate) use table::segment_seed;
pub use table::{
    CommittedTable, DictionaryProof, KeySource, MergeProof, PartDecodeError, ProveTableError, ProvedTable, RefusedPart,
    Segment, SegmentPart, SegmentProof, SegmentProver, TableCommitter, TableDecodeError, TableKeys, TablePlan,
    TablePlanError, TableProof, TableProver, TableProverState, TableSecrets, TableStatement, VerifiedTable,
    VerifyTableError, segment_rows, standard_table_circuits, verify_table,
};
pub(crate) use wire::{CircuitVerifier, Wire};
