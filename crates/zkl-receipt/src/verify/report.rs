//! What a verification found, as evidence and for printing.

use zkl_circuits::claims::language::Claim;
use zkl_core::{
    circuit::CircuitId,
    digest::{KeyDigest, RootHash, TransactionId},
    layout::Layout,
    table_note::TableNote,
    time::Timestamp,
    tree::{LeafIndex, TreeSize},
};
use zkl_merkle::keys::VerifyingKey;
use zkl_snark::keys::Setup;

use crate::{
    kind::{CustomRecord, KeyRecord, Notarization, PolicyRecord, RelationRecord, RelationReport, WithdrawalRecord},
    scan::ProfileEvidence,
};

/// A receipt that verified. Only [`crate::verify()`] makes one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VerifiedReceipt {
    /// The log, at the state under which all entries stand.
    pub log: VerifiedLog,
    /// Every entry, in the order of the log.
    pub entries: Vec<VerifiedEntry>,
}

impl VerifiedReceipt {
    /// The entries that the receipt is for: those that no other entry of it names. There is at least one.
    pub fn subjects(&self) -> impl Iterator<Item = &VerifiedEntry> {
        self.entries.iter().filter(|entry| entry.is_subject)
    }

    /// The subject of a receipt that has one, `None` for one that has several.
    pub fn subject(&self) -> Option<&VerifiedEntry> {
        let mut subjects = self.subjects();
        let first = subjects.next();
        if subjects.next().is_some() { None } else { first }
    }
}

/// An entry that was verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VerifiedEntry {
    /// Position in the log.
    pub index: LeafIndex,
    /// Id of the entry.
    pub id: TransactionId,
    /// Key of the notary who signed it.
    pub notary: VerifyingKey,
    /// Time by the notary's clock: an assertion of the notary.
    pub recorded_at: Timestamp,
    /// Whether the receipt is for this entry: no other one of it names it.
    pub is_subject: bool,
    /// What the entry says and what was verified of it.
    pub statement: VerifiedStatement,
}

/// A log at one of its states.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedLog {
    /// The log's name.
    pub origin: String,
    /// The log's key.
    pub key: String,
    /// Whether the key is one that the caller pinned, or followed from one. If not, anybody may have made this log.
    pub pinned: bool,
    /// The key that the caller pinned, where the log's key was followed from it.
    pub followed_from: Option<String>,
    /// What the caller's trust store calls the log.
    pub label: Option<String>,
    /// Entries in the log at the checkpoint.
    pub size: TreeSize,
    /// Root of the tree at the checkpoint.
    pub root: RootHash,
    /// Names of witnesses that cosigned the checkpoint: with a policy those that it knows, and they are a quorum;
    /// otherwise those that the receipt names, whose keys nobody vouched for.
    pub witnesses: Vec<String>,
    /// Whether a policy was given, which the checkpoint then satisfies.
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
        /// What the reader did to the table.
        notes: Vec<TableNote>,
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
        /// What the reader did to the table.
        notes: Vec<TableNote>,
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
    /// The rows of notarized tables are related as the statement says.
    Relation {
        /// The entry.
        record: Box<RelationRecord>,
        /// What it says of which tables and columns.
        report: Box<RelationReport>,
        /// The proof that was verified.
        proof: ProofReport,
    },
    /// A key of the log was rotated or revoked.
    Key {
        /// The entry.
        record: Box<KeyRecord>,
    },
    /// An earlier entry is not to be relied on any more.
    Withdrawal {
        /// The entry.
        record: Box<WithdrawalRecord>,
    },
    /// What a server lets others do changed.
    Policy {
        /// The entry.
        record: Box<PolicyRecord>,
    },
}

impl VerifiedStatement {
    /// What the weakest of all proofs that were verified for this statement rests on; `None` when there is none. A proof that was left
    /// out counts if the entry names dev material for it.
    pub fn setup(&self) -> Option<Setup> {
        let (profile, proof) = self.proofs();
        let scan = match profile {
            Some(ProfileEvidence::Proved(report)) => Some(report.setup),
            Some(ProfileEvidence::ProofLeftOut { forgeable: true }) => Some(Setup::Dev),
            _ => None,
        };
        scan.into_iter().chain(proof.map(|proof| proof.setup)).min()
    }

    /// The reference strings of the proofs that were verified.
    pub(super) fn strings(&self) -> impl Iterator<Item = KeyDigest> {
        let (profile, proof) = self.proofs();
        let scan = match profile {
            Some(ProfileEvidence::Proved(report)) => Some(report.srs),
            _ => None,
        };
        scan.into_iter().chain(proof.and_then(|proof| proof.srs))
    }

    const fn proofs(&self) -> (Option<&ProfileEvidence>, Option<&ProofReport>) {
        match self {
            Self::Notarization { profile, .. } => (Some(profile), None),
            Self::Claim { profile, proof, .. } => (Some(profile), Some(proof)),
            Self::Custom { proof, .. } | Self::Relation { proof, .. } => (None, Some(proof)),
            Self::Key { .. } | Self::Withdrawal { .. } | Self::Policy { .. } => (None, None),
        }
    }
}

/// A proof that was verified, and what that rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProofReport {
    /// Name of the proof system.
    pub scheme: &'static str,
    /// The circuit.
    pub circuit: CircuitId,
    /// Where the weaker of its key and its reference string comes from.
    pub setup: Setup,
    /// Digest of the verifying key.
    pub verifying_key: KeyDigest,
    /// Digest of the reference string, when the proof is under one.
    pub srs: Option<KeyDigest>,
}

/// A notarized table that another statement is about.
pub(crate) struct VerifiedTable<'a> {
    pub(crate) notarization: &'a Notarization,
    pub(crate) layout: &'a Layout,
    pub(crate) notes: &'a [TableNote],
    pub(crate) profile: &'a ProfileEvidence,
}
