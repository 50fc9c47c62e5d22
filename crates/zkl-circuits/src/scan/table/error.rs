//! Errors of tables.

use thiserror::Error;
use zkl_argument::{PlanError, commit::CommitError};
use zkl_core::{circuit::CircuitId, error::ParseError};
use zkl_snark::{keys::KeyError, proof_system};

use crate::{
    scan::{CommitmentsError, ProveScanError, ScanDecodeError, VerifyScanError},
    seal::SealError,
};

/// A layout that cannot be cut into segments.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TablePlanError {
    /// No shape holds the layout.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// No row groups of this size.
    #[error(transparent)]
    Commitments(#[from] CommitmentsError),
    /// The layout of some rows.
    #[error(transparent)]
    Layout(#[from] ParseError),
}

/// Bytes that are no proof of a table.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TableDecodeError {
    /// Written by another version of the format.
    #[error("version {got} of table proofs, expected {expected}")]
    Version {
        /// The version of proofs of the keys' proof system.
        expected: u8,
        /// The version of the bytes.
        got: u8,
    },
    /// Too short or too long.
    #[error("expected {expected} bytes, got {got}")]
    Length {
        /// Bytes of a proof of the table.
        expected: usize,
        /// Bytes that were given.
        got: usize,
    },
    /// Another number of segments.
    #[error("the proof has {got} segments, the table {expected}")]
    Segments {
        /// Segments of the table.
        expected: usize,
        /// Segments of the proof.
        got: u32,
    },
    /// A seal that is no field element.
    #[error("seal {index} of the proof cannot be read")]
    Seal {
        /// Position: segments, then the dictionaries, then merges.
        index: usize,
        /// Why.
        #[source]
        source: SealError,
    },
    /// A commitment.
    #[error("commitments of segment {segment} cannot be read")]
    Commitments {
        /// The segment; the number of segments for the dictionaries.
        segment: usize,
        /// Why.
        #[source]
        source: CommitmentsError,
    },
    /// A scan proof.
    #[error("the scan proof of segment {segment} cannot be read")]
    Scan {
        /// The segment; the number of segments for the dictionaries.
        segment: usize,
        /// Why.
        #[source]
        source: ScanDecodeError,
    },
    /// There is no proof of a merge.
    #[error("there is no merge proof under this key")]
    Merge(#[source] proof_system::VerifyError),
    /// A circuit for which the caller has no key.
    #[error("there is no verifying key for {circuit}")]
    MissingKey {
        /// The circuit.
        circuit: CircuitId,
    },
    /// Made with another proof system.
    #[error("proof system {got} of table proofs, expected {expected}")]
    System {
        /// Tag of the keys' system.
        expected: u8,
        /// Tag in the bytes.
        got: u8,
    },
    /// What joins the groups is no field element.
    #[error("element {index} of what joins the groups cannot be read")]
    Join {
        /// Position: the nonce, then the headers' leaves, then those of records.
        index: usize,
        /// Why.
        #[source]
        source: SealError,
    },
    /// The table proof of a group of columns.
    #[error("the proof of group {index} cannot be read")]
    Group {
        /// Position, from 0.
        index: usize,
        /// Why.
        #[source]
        source: Box<Self>,
    },
}

/// Bytes that are no part of a table.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PartDecodeError {
    /// Too short or too long.
    #[error("expected {expected} bytes, got {got}")]
    Length {
        /// Bytes of a part of this segment; of the head of any part when there are fewer.
        expected: usize,
        /// Bytes that were given.
        got: usize,
    },
    /// Written by another version of the format.
    #[error("version {got} of parts, expected {expected}")]
    Version {
        /// The version that is read.
        expected: u8,
        /// The version of the bytes.
        got: u8,
    },
    /// Made with another proof system.
    #[error("proof system {got} of parts, expected {expected}")]
    System {
        /// Tag of the keys' system, 0 without one.
        expected: u8,
        /// Tag in the bytes.
        got: u8,
    },
    /// Made in another frame: of another table, for another entry, or with other secrets.
    #[error("the part is of another frame")]
    OtherFrame,
    /// The table has no such segment.
    #[error("the table has {expected} segments, and none at {index}")]
    NoSegment {
        /// Position that was given, from 0.
        index: u32,
        /// Segments of the table.
        expected: usize,
    },
    /// The proof, or a key for it.
    #[error("the proof of the segment cannot be read")]
    Proof(#[source] TableDecodeError),
}

/// A table's proof that does not show what it should, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerifyTableError {
    /// The plan's limbs are not those of a seal.
    #[error("limbs of {got} bits, a seal's have {expected}")]
    LimbBits {
        /// Bits of a limb of a seal.
        expected: usize,
        /// Bits of a limb of the plan.
        got: usize,
    },
    /// Segments are missing, or there are too many.
    #[error("the proof has {got} segments, the table {expected}")]
    SegmentCount {
        /// Segments of the table.
        expected: usize,
        /// Segments of the proof.
        got: usize,
    },
    /// A segment of another size.
    #[error("segment {index} has {got} rows, expected {expected}")]
    SegmentRows {
        /// The segment.
        index: usize,
        /// Rows that the table has there.
        expected: u64,
        /// Rows of the proof's segment.
        got: u64,
    },
    /// A segment was committed to in row groups of another size.
    #[error("segment {index} has row groups of 2^{got} rows, expected 2^{expected}")]
    RowGroups {
        /// The segment.
        index: usize,
        /// Binary logarithm of the rows of a group of the table.
        expected: usize,
        /// Binary logarithm of the rows of a group of the proof.
        got: usize,
    },
    /// A scan over large dictionaries is missing, or there are none to scan.
    #[error("the proof scans dictionaries: {got}, the table needs it: {expected}")]
    Dictionaries {
        /// Whether the table has one.
        expected: bool,
        /// Whether the proof has one.
        got: bool,
    },
    /// Merges are missing, or there are too many.
    #[error("the proof has {got} merges, the table {expected}")]
    MergeCount {
        /// Merges of the table.
        expected: usize,
        /// Merges of the proof.
        got: usize,
    },
    /// The proof is of another proof system than the keys.
    #[error("the proof and the keys are of different proof systems")]
    OtherSystem,
    /// The proof is about another seal.
    #[error("the proof ends in another seal than the statement's")]
    OtherSeal,
    /// A circuit for which the caller has no key.
    #[error("there is no verifying key for {circuit}")]
    MissingKey {
        /// The circuit.
        circuit: CircuitId,
    },
    /// Commitments that are not those of the layout.
    #[error("the commitments of segment {index} are not those of the table")]
    Commitments {
        /// The segment; the number of segments for the dictionaries.
        index: usize,
        /// Why.
        #[source]
        source: CommitmentsError,
    },
    /// The dataset commitment could not be computed.
    #[error(transparent)]
    Root(#[from] CommitError),
    /// The scan proof of a segment.
    #[error("the scan proof of segment {index} is invalid")]
    Segment {
        /// The segment.
        index: usize,
        /// Why.
        #[source]
        source: VerifyScanError,
    },
    /// The scan proof over the dictionaries.
    #[error("the scan proof of the dictionaries is invalid")]
    DictionaryScan(#[source] VerifyScanError),
    /// The layout of some of the segments.
    #[error(transparent)]
    Plan(#[from] TablePlanError),
    /// A merge proof.
    #[error("merge proof {index} is invalid")]
    Merge {
        /// Position among the merges.
        index: usize,
        /// Why.
        #[source]
        source: proof_system::VerifyError,
    },
    /// Groups of columns are missing, or there are too many.
    #[error("the proof has {got} groups of columns, the table {expected}")]
    GroupCount {
        /// Groups of the table.
        expected: usize,
        /// Groups of the proof.
        got: usize,
    },
    /// Leaves of records are missing, or there are too many; or headers' leaves, of which every group has one.
    #[error("the proof has {got} leaves, the table {expected}")]
    LeafCount {
        /// Records, or groups, of the table.
        expected: usize,
        /// Leaves of the proof.
        got: usize,
    },
    /// The seal of the table has other leaves, or another header.
    #[error("the leaves of the proof are not those of the sealed profile")]
    OtherLeaves,
    /// A column of a pair has other commitments in the pair's group than in its own.
    #[error("column {column} is committed to otherwise in group {group}, which has a pair of it")]
    OtherColumn {
        /// The group of the pair.
        group: usize,
        /// Position in the table.
        column: usize,
    },
    /// The table proof of a group of columns.
    #[error("the proof of group {index} of columns is invalid")]
    Group {
        /// Position, from 0.
        index: usize,
        /// Why.
        #[source]
        source: Box<Self>,
    },
}

/// A segment, proved elsewhere, that is not what it says, in the order of the checks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RefusedPart {
    /// It was proved with another proof system.
    #[error("it is of another proof system")]
    OtherSystem,
    /// Its sums are those of no rows of the table.
    #[error("its sums are impossible")]
    Sums(#[source] SealError),
    /// Its sums are not the sealed ones, or were sealed with other secrets, bounds or dictionaries.
    #[error("its sums are not the sealed ones")]
    OtherSums,
    /// Its counts of a large dictionary are not those that it commits to.
    #[error("its group counts of column {column} are not the committed ones")]
    GroupCounts {
        /// Position of the column.
        column: usize,
    },
    /// Its form or its proof: of other rows, another place, table or entry, or under another key or string.
    #[error("its proof does not verify")]
    Proof(#[source] VerifyTableError),
}

/// A table that was not proved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProveTableError {
    /// More segments than the table has.
    #[error("the table has {expected} segments, all of them were given")]
    TooManySegments {
        /// Segments of the table.
        expected: usize,
    },
    /// The table has no such segment.
    #[error("the table has {expected} segments, and none at {index}")]
    NoSegment {
        /// Position that was given, from 0.
        index: usize,
        /// Segments of the table.
        expected: usize,
    },
    /// A segment that was accepted before.
    #[error("segment {segment} was accepted before")]
    Repeated {
        /// The segment.
        segment: usize,
    },
    /// A segment that was proved elsewhere and is not what it says.
    #[error("the part of segment {segment} is refused")]
    Refused {
        /// The segment.
        segment: usize,
        /// Why.
        #[source]
        source: RefusedPart,
    },
    /// The table is not complete yet.
    #[error("{got} of {expected} segments were given")]
    Unfinished {
        /// Segments of the table.
        expected: usize,
        /// Segments that were given.
        got: usize,
    },
    /// A segment before failed: what was proved so far is of no use.
    #[error("an earlier segment failed")]
    Failed,
    /// A segment's profile has other bounds or another dictionary than the segments before it, or another form.
    #[error("record {record} of segment {segment} has other bounds or another dictionary than the segments before")]
    NotShared {
        /// The segment.
        segment: usize,
        /// Position among the columns, then the pairs.
        record: usize,
    },
    /// A plan.
    #[error(transparent)]
    Plan(#[from] TablePlanError),
    /// A segment, or the table, has no such profile.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Committing to columns.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// Commitments that are not those of the layout.
    #[error(transparent)]
    Commitments(#[from] CommitmentsError),
    /// Keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The scan proof of a segment.
    #[error("segment {index}")]
    Segment {
        /// The segment.
        index: usize,
        /// Why.
        #[source]
        source: ProveScanError,
    },
    /// The scan proof over the dictionaries.
    #[error("the dictionaries")]
    Dictionaries(#[source] ProveScanError),
    /// A group of columns.
    #[error("group {index} of columns")]
    Group {
        /// Position, from 0.
        index: usize,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// There is no such group of columns.
    #[error("the table has {expected} groups of columns, and none at {index}")]
    NoGroup {
        /// Position that was given, from 0.
        index: usize,
        /// Groups of the table.
        expected: usize,
    },
    /// The rows of a segment.
    #[error(transparent)]
    Rows(#[from] PlanError),
    /// A merge proof.
    #[error("merge {index}")]
    Merge {
        /// Position among the merges.
        index: usize,
        /// Why.
        #[source]
        source: proof_system::ProveError,
    },
}
