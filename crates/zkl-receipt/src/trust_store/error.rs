//! Stores that cannot be meant, and what a store does not let count.

use thiserror::Error;
use zkl_core::{
    circuit::CircuitId,
    digest::KeyDigest,
    tree::{LeafIndex, TreeSize},
};
use zkl_merkle::keys::VerifyingKey;

use super::SizeRange;

/// Why a trust store is refused. `table` is the name of the list, `number` the position in it, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TrustStoreError {
    /// A version that this program does not know.
    #[error("version {got} of trust stores is not supported, expected {expected}")]
    Version {
        /// The version that is read.
        expected: u32,
        /// The version found.
        got: u32,
    },
    /// No log: then every log would be as good as another.
    #[error("the store names no log, so it would trust none")]
    NoLog,
    /// More of one list than is read.
    #[error("[[{table}]] stands more than {max} times")]
    TooMany {
        /// The list.
        table: &'static str,
        /// Most.
        max: usize,
    },
    /// A text that is not what it should be.
    #[error("[[{table}]] {number}: {field} {got:?} is not {expected}")]
    Text {
        /// The list.
        table: &'static str,
        /// Position in it.
        number: usize,
        /// The field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
        /// The beginning of what it is.
        got: String,
    },
    /// What stands in the store before, for the same log.
    #[error("[[{table}]] {number} repeats number {first}: say once when it counts")]
    Repeated {
        /// The list.
        table: &'static str,
        /// Position of the repetition.
        number: usize,
        /// Position of the first.
        first: usize,
    },
    /// A range that holds no size.
    #[error("[[{table}]] {number}: no size is from {from} until {until}")]
    EmptyRange {
        /// The list.
        table: &'static str,
        /// Position in it.
        number: usize,
        /// The first size.
        from: u64,
        /// The last size.
        until: u64,
    },
    /// A range of sizes of no log in particular.
    #[error("[[{table}]] {number}: from and until are sizes of a log; say of which, as in log = \"ORIGIN\"")]
    RangeOfNoLog {
        /// The list.
        table: &'static str,
        /// Position in it.
        number: usize,
    },
    /// A log that the store does not name.
    #[error("[[{table}]] {number}: {origin:?} is not the origin of a [[log]] of this store")]
    OtherLog {
        /// The list.
        table: &'static str,
        /// Position in it.
        number: usize,
        /// The origin.
        origin: String,
    },
}

/// What a store does not let count.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DistrustError {
    /// A log's key that does not stand in the store.
    #[error("log key {got:?} does not stand in the trust store")]
    Log {
        /// The key.
        got: String,
    },
    /// A log's key that counts at other sizes.
    #[error("the log's key counts {range}, and the checkpoint is of {size}")]
    LogRange {
        /// Size of the checkpoint.
        size: TreeSize,
        /// Where the key counts.
        range: SizeRange,
    },
    /// A log's key that ends, and would have to be followed to a newer one.
    #[error(
        "log key {key:?} ends in the trust store, so it is not followed to a newer one: list its successor as well"
    )]
    Ended {
        /// The key.
        key: String,
    },
    /// A notary that does not stand in the store, which names others for this log.
    #[error("entry {index} is signed by notary {notary}, who is not among those of the trust store")]
    Notary {
        /// The entry.
        index: LeafIndex,
        /// Its notary.
        notary: VerifyingKey,
    },
    /// A notary whose key counts at other sizes.
    #[error("entry {index} is signed by notary {notary}, whose key counts {range}")]
    NotaryRange {
        /// The entry.
        index: LeafIndex,
        /// Its notary.
        notary: VerifyingKey,
        /// Where the key counts.
        range: SizeRange,
    },
    /// A notary that a listed one has named, which ends in the store.
    #[error(
        "the notary of entry {index} was named by notary {notary}, which ends in the trust store, so it is not followed: list its successor as well"
    )]
    NotaryEnded {
        /// The entry.
        index: LeafIndex,
        /// The listed notary.
        notary: VerifyingKey,
    },
    /// A notary that had named its successor before.
    #[error("entry {index} is signed by notary {notary}, who had named a successor in entry {by}")]
    NotaryReplaced {
        /// The entry.
        index: LeafIndex,
        /// Its notary.
        notary: VerifyingKey,
        /// The entry that names the successor.
        by: LeafIndex,
    },
    /// A circuit's key that counts at other sizes.
    #[error("key {key} of circuit {circuit} counts {range}, and the log had {size} with the entry")]
    CircuitRange {
        /// The circuit.
        circuit: CircuitId,
        /// Its key.
        key: KeyDigest,
        /// Size of the log with the entry.
        size: TreeSize,
        /// Where the key counts.
        range: SizeRange,
    },
    /// A reference string that counts at other sizes.
    #[error("reference string {digest} counts {range}, and the log had {size} with the entry")]
    StringRange {
        /// Its digest.
        digest: KeyDigest,
        /// Size of the log with the entry.
        size: TreeSize,
        /// Where it counts.
        range: SizeRange,
    },
}
