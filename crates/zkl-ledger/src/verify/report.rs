//! What a verification found, as evidence and for printing.

use serde::Serialize;
use zkl_core::{
    circuit::CircuitId,
    claim::Claim,
    digest::{KeyDigest, RootHash, TransactionId},
    layout::Layout,
    time::Timestamp,
    tree::{LeafIndex, TreeSize},
};
use zkl_merkle::keys::VerifyingKey;
use zkl_snark::keys::Setup;

use crate::{
    predicate::{CustomRecord, Notarization},
    scan::ProfileEvidence,
};

/// A receipt that verified. Only [`crate::verify()`] makes one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VerifiedReceipt {
    /// Id of the entry.
    pub id: TransactionId,
    /// Key of the notary who signed it.
    pub notary: VerifyingKey,
    /// Time by the notary's clock: an assertion of the notary.
    pub recorded_at: Timestamp,
    /// Where the entry is.
    pub log: InLog,
    /// What the entry says and what was verified of it.
    pub statement: VerifiedStatement,
}

/// The place of an entry in a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InLog {
    /// The log's name.
    pub origin: String,
    /// The log's key.
    pub key: String,
    /// Whether the key is one that the caller pinned. If not, anybody may have made this log.
    pub pinned: bool,
    /// Position of the entry.
    pub index: LeafIndex,
    /// Entries in the log at the checkpoint.
    pub size: TreeSize,
    /// Root of the tree at the checkpoint.
    pub root: RootHash,
    /// Names of witnesses that cosigned the checkpoint: with a policy those that it knows, and they are a quorum;
    /// otherwise those that the receipt names, whose keys nobody vouched for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub witnesses: Vec<String>,
    /// Whether a policy was given, which the checkpoint then satisfies.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub policy: bool,
}

/// What was verified, by kind of entry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum VerifiedStatement {
    /// The notary notarized a table of this layout.
    Notarization {
        /// The entry.
        notarization: Box<Notarization>,
        /// The table's public shape.
        layout: Layout,
        /// Why the sealed profile should be believed.
        profile: ProfileEvidence,
    },
    /// The claim holds for the profile that the notarization sealed.
    Claim {
        /// The claim.
        claim: Box<Claim>,
        /// The notarization that it is about.
        notarization: Box<Notarization>,
        /// Its id.
        notarization_id: TransactionId,
        /// The table's public shape.
        layout: Layout,
        /// Why the sealed profile should be believed.
        profile: ProfileEvidence,
        /// The proof that was verified.
        proof: ProofReport,
    },
    /// An embedder's circuit is satisfied with these public inputs.
    Custom {
        /// The entry.
        record: Box<CustomRecord>,
        /// The proof that was verified.
        proof: ProofReport,
    },
}

/// A proof that was verified, and what that rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProofReport {
    /// The circuit.
    pub circuit: CircuitId,
    /// Where its key comes from.
    pub setup: Setup,
    /// Digest of the verifying key.
    pub verifying_key: KeyDigest,
}
