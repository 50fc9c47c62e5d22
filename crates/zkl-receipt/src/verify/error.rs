//! Why a receipt does not verify.

use thiserror::Error;
use zkl_argument::srs::SrsError;
use zkl_circuits::claims::language::ClaimError;
use zkl_circuits::relation::{RelationDecodeError, RelationPlanError, VerifyRelationError};
use zkl_circuits::scan::{TableDecodeError, TablePlanError, VerifyTableError};
use zkl_core::{
    circuit::CircuitId,
    digest::{BlobDigest, DatasetId, KeyDigest, Sha256Digest, TransactionId},
    tree::LeafIndex,
};
use zkl_merkle::{
    error::{CheckpointError, NoteError, ProofError, ProofFileError},
    policy::PolicyError,
};
use zkl_snark::{keys::KeyError, proof_system};

use crate::{entry::EntryError, trust_store::DistrustError};

/// A receipt that does not verify, by the check that it fails.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Longer than any receipt.
    #[error("the file has {got} bytes, a receipt has at most {max}")]
    TooLong {
        /// Bytes of the file.
        got: usize,
        /// Most bytes.
        max: usize,
    },
    /// Not JSON of the right form.
    #[error("not a receipt, or a damaged one")]
    NotAReceipt {
        /// What the JSON reader says.
        #[source]
        source: serde_json::Error,
    },
    /// A receipt of another version.
    #[error("receipt format {got:?} is not supported, expected {expected:?}")]
    UnknownFormat {
        /// The format that is read.
        expected: &'static str,
        /// The beginning of the one found.
        got: String,
    },
    /// The same content in other bytes.
    #[error("the receipt was changed: byte {offset} is not as it was written")]
    NotCanonical {
        /// First byte that differs from the canonical form.
        offset: usize,
    },
    /// A part that the format demands is absent.
    #[error("the receipt has no {part}")]
    PartMissing {
        /// The absent part.
        part: &'static str,
    },
    /// A part that nothing binds.
    #[error("the receipt has a {part} that nothing in it calls for")]
    PartSuperfluous {
        /// The part.
        part: &'static str,
    },
    /// Evidence that the entry's kind demands is absent.
    #[error("the receipt has no {part} for entry {index}")]
    EvidenceMissing {
        /// The entry.
        index: LeafIndex,
        /// The absent part.
        part: &'static str,
    },
    /// A statement whose digest is not that of the closed relation beside which it stands.
    #[error("the statement beside entry {index} is not the one that the entry has the digest of")]
    Statement {
        /// The entry.
        index: LeafIndex,
    },
    /// Evidence that the entry's kind does not call for.
    #[error("the receipt has a {part} for entry {index}, which does not call for one")]
    EvidenceSuperfluous {
        /// The entry.
        index: LeafIndex,
        /// The part.
        part: &'static str,
    },
    /// No entries, or too many.
    #[error("the receipt has {got} entries, a receipt has 1 to {max}")]
    Entries {
        /// Entries of the receipt.
        got: usize,
        /// Most entries.
        max: usize,
    },
    /// More scan proofs than a verifier checks for one receipt.
    #[error("the receipt has {got} scan proofs, a receipt has at most {max}: leave some out, or make several receipts")]
    ScanProofs {
        /// Scan proofs of the receipt.
        got: usize,
        /// Most scan proofs.
        max: usize,
    },
    /// More relations than a verifier checks for one receipt.
    #[error("the receipt has {got} relations, a receipt has at most {max}: make several receipts")]
    Relations {
        /// Relations of the receipt.
        got: usize,
        /// Most relations.
        max: usize,
    },
    /// Entries that do not ascend.
    #[error("entry {index} stands after entry {before} in the receipt: entries come in the order of the log")]
    Order {
        /// Index of the entry that stands too late.
        index: LeafIndex,
        /// Index of the entry before it.
        before: LeafIndex,
    },
    /// An entry that stands in the receipt before, under another index.
    #[error("entry {index} is a repetition of an entry before it")]
    Repeated {
        /// Index of the repetition.
        index: LeafIndex,
    },
    /// What an entry names is not in the receipt, or not before the entry.
    #[error("entry {index} names {named}, which does not come before it in the receipt")]
    NotBefore {
        /// Index of the entry.
        index: LeafIndex,
        /// What it names.
        named: TransactionId,
    },
    /// A statement that this version does not understand.
    #[error("entry {index} is of type {got:?}, which this version does not know")]
    UnknownKind {
        /// The entry.
        index: LeafIndex,
        /// The statement's type.
        got: String,
    },
    /// The log's key cannot be read.
    #[error("the log's key in the receipt is not a verifier key")]
    LogKey(#[source] NoteError),
    /// The log's key is written in another way than this program writes it.
    #[error("the log's key in the receipt is not in its canonical form")]
    LogKeySpelling,
    /// The log is not one that the caller trusts.
    #[error("the receipt is from log {got:?}, which is not among the trusted keys")]
    LogNotTrusted {
        /// The receipt's log key.
        got: String,
    },
    /// A receipt under a key that named a successor in it.
    #[error("the log's key names a successor in entry {index}, which should have signed the checkpoint")]
    Superseded {
        /// The entry.
        index: LeafIndex,
    },
    /// A statement about what another notary recorded, which is not its signer's to change.
    #[error("entry {index} is about entry {named}, which is of another notary")]
    OtherNotary {
        /// The statement.
        index: LeafIndex,
        /// The entry that it names.
        named: LeafIndex,
    },
    /// A statement about keys or a policy of another log.
    #[error("entry {index} is about log {got:?}")]
    OtherLog {
        /// The entry.
        index: LeafIndex,
        /// The log that it is about.
        got: String,
    },
    /// Something that stands in the caller's trust store does not count here.
    #[error("the trust store does not let the receipt count")]
    Distrusted(#[from] DistrustError),
    /// A witness's key cannot be read.
    #[error("the key of witness {position} in the receipt is not a witness's key")]
    WitnessKey {
        /// Position in the list.
        position: usize,
        /// What is wrong with it.
        #[source]
        source: NoteError,
    },
    /// A witness's key stands in the list before.
    #[error("the key of witness {position} in the receipt is that of another one before it")]
    WitnessRepeated {
        /// Position in the list.
        position: usize,
    },
    /// The log's checkpoint is malformed, or not signed by the log.
    #[error("the checkpoint is not one that the log signed")]
    Checkpoint(#[source] CheckpointError),
    /// The log signed more than its size and root, which nobody here could interpret.
    #[error("the checkpoint has {got} extension lines, and this log's have none")]
    CheckpointExtensions {
        /// Extension lines.
        got: usize,
    },
    /// A witness that the receipt names has no cosignature in its place.
    #[error("the checkpoint has no cosignature of {witness} in its place")]
    CosignatureMissing {
        /// Name of the witness's key.
        witness: String,
    },
    /// A cosignature that does not verify.
    #[error("the cosignature of {witness} on the checkpoint is not valid")]
    Cosignature {
        /// Name of the witness's key.
        witness: String,
        /// The failed check.
        #[source]
        source: NoteError,
    },
    /// The checkpoint does not satisfy the caller's policy.
    #[error("the checkpoint does not satisfy the policy")]
    Policy(#[source] PolicyError),
    /// An entry that cannot be read, or that its notary did not sign.
    #[error("entry {index} is not a statement signed by the notary that it names")]
    Entry {
        /// The entry.
        index: LeafIndex,
        /// The failed check.
        #[source]
        source: EntryError,
    },
    /// A statement about an entry of another kind than it can be about.
    #[error("entry {index} is about entry {named}, which is no notarization")]
    NotANotarization {
        /// The entry.
        index: LeafIndex,
        /// The entry that it is about.
        named: LeafIndex,
    },
    /// The entry is not in the log.
    #[error("entry {index} is not proved to be in the log")]
    Inclusion {
        /// The entry.
        index: LeafIndex,
        /// The failed check.
        #[source]
        source: ProofError,
    },
    /// In a receipt of an older format, an inclusion proof that cannot be read.
    #[error("the inclusion proof is malformed")]
    TlogProof(#[source] ProofFileError),
    /// In a receipt of an older format, a claim and its notarization under two checkpoints.
    #[error("claim and notarization are in different checkpoints of the log")]
    Checkpoints,
    /// A notarization whose dataset id is not that of its parts.
    #[error("dataset id {got} does not follow from manifest, file digests and seal, expected {expected}")]
    DatasetId {
        /// The id that follows.
        expected: DatasetId,
        /// The entry's id.
        got: DatasetId,
    },
    /// A notarization whose privacy level and file digests disagree.
    #[error("the notarization's file digests are not those of its privacy level")]
    Privacy,
    /// Not the manifest that was notarized.
    #[error("the manifest has digest {got}, the notarization names {expected}")]
    Manifest {
        /// Digest in the entry.
        expected: BlobDigest,
        /// Digest of the receipt's manifest.
        got: BlobDigest,
    },
    /// A manifest of another version.
    #[error("manifest version {got} is not supported, expected {expected}")]
    ManifestVersion {
        /// The version that is read.
        expected: u32,
        /// The version found.
        got: u32,
    },
    /// A manifest with fields of another version, or with notes that are not about its table.
    #[error("the manifest is not as version {version} has it")]
    ManifestFields {
        /// The version found.
        version: u32,
    },
    /// A custom statement with the circuit of a claim.
    #[error("circuit {circuit} proves claims, and the entry is not one")]
    ClaimCircuit {
        /// The circuit.
        circuit: CircuitId,
    },
    /// A statement and the notarization that it names disagree about what they speak of.
    #[error("the statement's {field} is not that of the notarization that it names")]
    DatasetMismatch {
        /// The field.
        field: &'static str,
    },
    /// A claim that makes no sense for the table's layout.
    #[error("the claim does not fit the table's layout")]
    Claim(#[source] ClaimError),
    /// A claim for which there is no circuit.
    #[error("no circuit proves such a claim")]
    ClaimStatement(#[source] ClaimError),
    /// The proof is for another circuit than the claim's.
    #[error("the claim is proved with circuit {expected}, the entry names {got}")]
    Circuit {
        /// The claim's circuit.
        expected: CircuitId,
        /// The entry's circuit.
        got: CircuitId,
    },
    /// Text that is not canonical base64.
    #[error("the {part} is not base64")]
    Base64 {
        /// Which part.
        part: &'static str,
    },
    /// Not the proof that was logged.
    #[error("the proof has digest {got}, the entry names {expected}")]
    ProofDigest {
        /// Digest in the entry.
        expected: BlobDigest,
        /// Digest of the receipt's proof.
        got: BlobDigest,
    },
    /// Not the verifying key that the entry names.
    #[error("the verifying key has digest {got}, the entry names {expected}")]
    KeyDigest {
        /// Digest in the entry.
        expected: KeyDigest,
        /// Digest of the receipt's key.
        got: KeyDigest,
    },
    /// A verifying key that the caller has no reason to trust.
    #[error("verifying key {digest} of circuit {circuit} is neither built in nor trusted")]
    KeyNotTrusted {
        /// The circuit.
        circuit: CircuitId,
        /// The key's digest.
        digest: KeyDigest,
    },
    /// A circuit that the verifier does not have, and whose proofs it needs for its key.
    #[error("circuit {circuit} is neither built in nor was it handed in: its constraints are the key")]
    CircuitUnknown {
        /// The circuit.
        circuit: CircuitId,
    },
    /// The key that follows from a circuit could not be made.
    #[error("the circuit's key cannot be derived")]
    DerivedKey(#[source] KeyError),
    /// An entry that names a reference string where its proof system needs none, or none where it needs one.
    #[error("{}", if *.needed { "the proof system needs a reference string, and the entry names none" } else { "the entry names a reference string that its proof system has no use for" })]
    SrsNamed {
        /// Whether the proof system needs one.
        needed: bool,
    },
    /// Bytes that are no verifying key.
    #[error("the verifying key is malformed")]
    Key(#[source] proof_system::KeyDecodeError),
    /// The proof is none, or does not show the statement.
    #[error("the proof does not verify")]
    Proof(#[source] proof_system::VerifyError),
    /// Not the scan proof that the notarization names.
    #[error("the scan proof has digest {got}, the notarization names {expected}")]
    ScanDigest {
        /// Digest in the entry.
        expected: BlobDigest,
        /// Digest of the receipt's proof.
        got: BlobDigest,
    },
    /// A layout that no scan proof is about.
    #[error("there is no scan proof for a table of this layout")]
    ScanPlan(#[source] TablePlanError),
    /// A number of verifying keys that does not follow from the layout.
    #[error("the scan proof needs {expected} verifying keys; the entry names {logged}, the receipt has {got}")]
    ScanKeys {
        /// Keys that the layout calls for.
        expected: usize,
        /// Keys in the entry.
        logged: usize,
        /// Keys in the receipt.
        got: usize,
    },
    /// Too short or too long for the layout.
    #[error("the scan proof has {got} bytes, a table of this layout has {expected}")]
    ScanLength {
        /// Bytes that follow from the layout.
        expected: usize,
        /// Bytes in the receipt.
        got: usize,
    },
    /// The reference string's verifier key cannot be read.
    #[error("the reference string in the scan proof cannot be read")]
    Srs(#[source] SrsError),
    /// Not the reference string that the entry names.
    #[error("the proof is under reference string {got}, the entry names {expected}")]
    SrsDigest {
        /// Digest in the entry.
        expected: KeyDigest,
        /// Digest of the string in the proof.
        got: KeyDigest,
    },
    /// A reference string that the caller does not trust.
    #[error("reference string {digest} is neither built in nor trusted")]
    SrsNotTrusted {
        /// Its digest.
        digest: KeyDigest,
    },
    /// Other commitments than the notarized ones.
    #[error("the commitments to the columns have root {got}, the notarization names {expected}")]
    Commitments {
        /// Root in the entry.
        expected: Sha256Digest,
        /// Root of the receipt's commitments.
        got: Sha256Digest,
    },
    /// Bytes that are no scan proof.
    #[error("the scan proof cannot be read")]
    ScanEncoding(#[source] TableDecodeError),
    /// The scan proof does not verify.
    #[error("the scan proof does not show that the sealed profile is that of the committed columns")]
    Scan(#[source] VerifyTableError),
    /// A relation about a table without a scan proof in the receipt: its columns are not there, nor that they have the sealed profile.
    #[error(
        "the relation's {role} has no proof over every row in the receipt, without which nothing is proved of its rows"
    )]
    RelationNotProved {
        /// The table's role.
        role: String,
    },
    /// A relation about a table that is wider than one circuit: its columns are in several proofs.
    #[error("a relation of a table of {columns} columns, which is proved in groups of them, is not supported")]
    RelationInGroups {
        /// Its columns.
        columns: usize,
    },
    /// A relation under another reference string than a table of it.
    #[error("the relation is proved under reference string {expected}, its {role} is committed to under {got}")]
    RelationString {
        /// The table's role.
        role: String,
        /// The relation's string.
        expected: KeyDigest,
        /// The table's string.
        got: KeyDigest,
    },
    /// No relation is about these tables and columns.
    #[error("no such relation can be proved of these tables")]
    RelationPlan(#[source] RelationPlanError),
    /// The relation's proof cannot be read.
    #[error("the relation's proof cannot be read")]
    RelationEncoding(#[source] RelationDecodeError),
    /// The relation's proof does not verify.
    #[error("the relation is not proved of the tables that the entry names")]
    Relation(#[source] VerifyRelationError),
}

impl VerifyError {
    /// What the user can do about it, if there is something.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnknownFormat { .. } | Self::ManifestVersion { .. } | Self::UnknownKind { .. } => {
                Some("the receipt may have been made by a newer version of zkl; update and try again")
            }
            Self::NotAReceipt { .. } | Self::NotCanonical { .. } | Self::TooLong { .. } => {
                Some("ask for the receipt again; it must be passed on byte for byte")
            }
            Self::Policy(PolicyError::Quorum { .. }) => Some(
                "ask for a receipt that was made after the witnesses had cosigned (`zkl cosign`, then `zkl receipt`)",
            ),
            Self::Distrusted(_) => Some("if the trust store is mistaken, its owner can change it"),
            Self::LogNotTrusted { .. } => Some("compare the key with the one that the log's operator published"),
            Self::KeyNotTrusted { .. } => Some("pass --trust vk:CIRCUIT:DIGEST if you know who generated this key"),
            Self::SrsNotTrusted { .. } => Some("pass --trust srs:DIGEST if you know the ceremony that it comes from"),
            _ => None,
        }
    }
}
