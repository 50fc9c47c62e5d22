//! The sealed profile: exact statistics of a table behind one field element `h`.
//!
//! ```text
//! h = root of a Poseidon Merkle tree of depth 10
//!     leaf 0          header: layout digest, rows, nonce
//!     leaf 1 + j      column j:  (kind, salt, valid, body)
//!     leaf 1 + K + p  pair p:    (kind, salt, valid, body)
//!     other leaves    a constant
//! ```
//!
//! A claim circuit opens the records it needs and proves something about them; the index of a record is a public input, so
//! that one key serves all columns. `docs/seal.md` fixes every byte.
//!
//! # Soundness
//! That a seal is the *true* profile of a table is the business of the scan proof. What this module guarantees is that `h`
//! binds one profile (Poseidon is collision resistant, the encodings are injective) and hides it (every record is salted),
//! and that a circuit which opens a record knows the exact bounds of every field it unpacked.

mod check;
mod error;
mod layout;
mod record;
mod seed;
#[cfg(test)]
mod tests;
mod tree;
mod whole;

pub use error::{ColumnFault, PairFault, SealError};
pub use layout::{LAYOUT_VERSION, layout_digest, layout_vector};
pub use record::{
    COUNT_BITS, COUNTS_PER_ELEMENT, CategoryRecord, CategoryRecordVar, GroupedRecord, GroupedRecordVar, HeaderRecord,
    HeaderVar, JointRecord, JointRecordVar, NumericRecord, NumericRecordVar, OpaqueRecord, Opening, ProductRecord,
    ProductRecordVar, Record, RecordHead, RecordHeadVar, RecordKind, SealedRecord, value_digest,
};
pub(crate) use record::{
    Form, Records, SlotRecord, SlotVars, Widths, blank_leaves, each_kind, header_leaf_var, record_leaf_var,
};
pub use seed::{SealSeed, SegmentRange};
pub use tree::{DEPTH, LEAVES, MerklePath, RecordIndex, RecordIndexVar, SealCommitment, empty_leaf};
pub use whole::Seal;
