//! Errors of the ledger's operations. Failed verification has its own type, [`crate::VerifyError`].

use std::{error::Error as StdError, io, path::PathBuf, sync::Arc};

use thiserror::Error;
use zkl_argument::{
    PlanError,
    srs::{DeriveError, SnarkjsError},
};
use zkl_circuits::claims::language::ClaimError;
use zkl_circuits::{
    scan::{PartDecodeError, ProveTableError, TablePlanError},
    seal::SealError,
};
use zkl_core::{
    circuit::CircuitId,
    digest::{BlobDigest, TransactionId},
    error::ParseError,
    name::DatasetName,
    storage::StorageError,
    tree::{LeafIndex, TreeSize},
};
use zkl_dataset::DatasetError;
use zkl_merkle::{
    error::{CheckpointError, DsseError, KeyError, NoteError, StatementError, TileError, TreeError},
    signer::SignerError,
};
use zkl_receipt::{EntryError, VerifyError};
use zkl_signer::{KeyPlaceError, UriError};
use zkl_snark::{
    keys,
    proof_system::{ImportKeyError, ProveError},
};

use crate::{
    fsck::Finding,
    relate::{DerivationError, RelateError},
    store_url::StoreUrlError,
    vault::{OpeningKeyError, VaultError},
};

mod hint;
mod kind;

pub use kind::ErrorKind;

/// Why an operation of the ledger failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The store failed.
    #[error("the ledger's store failed")]
    Storage(#[from] StorageError),
    /// The table could not be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The claim does not fit the table, is false, or cannot be proved.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The profile could not be sealed.
    #[error("the profile could not be sealed")]
    Seal(#[from] SealError),
    /// Keys could not be made or loaded.
    #[error("the proving key is not available")]
    Keys(#[from] keys::KeyError),
    /// The proof could not be made.
    #[error("the proof could not be made")]
    Prove(#[from] ProveError),
    /// The scan proof could not be made, or the columns not be committed to.
    #[error("the proof over every row could not be made")]
    Scan(#[from] ProveTableError),
    /// A relation could not be proved.
    #[error(transparent)]
    Relation(#[from] RelateError),
    /// No table was made of another one.
    #[error(transparent)]
    Derivation(#[from] DerivationError),
    /// The table has no place in a shape of the scan argument.
    #[error("the table does not fit the proof over every row")]
    Plan(#[from] PlanError),
    /// A table with more columns and pairs than one proof of this proof system is about that others can verify.
    #[error("the table has too many columns ({columns}) for a proof over every row that others can verify")]
    TooWide {
        /// Its columns.
        columns: usize,
    },
    /// A table in parts that is wider than one circuit.
    #[error("the table has too many columns ({columns}) to be proved in parts")]
    TooWideInParts {
        /// Its columns.
        columns: usize,
    },
    /// The table cannot be cut into segments.
    #[error("the table does not fit the proof over every row")]
    TablePlan(#[from] TablePlanError),
    /// Bytes from a worker that are no part of the table.
    #[error("the bytes are no part of this table")]
    Part(#[from] PartDecodeError),
    /// The segments were proved of other rows than those that were observed.
    #[error("the rows that were proved are not those that were observed")]
    OtherRows,
    /// The reader of the table stopped before its first row.
    #[error("the table was not read")]
    NoRows,
    /// The thread that reads the table ended abnormally.
    #[error("the reader of the table ended abnormally")]
    Reader,
    /// Compact proofs were asked for, and nobody made the keys of this circuit in a ceremony.
    #[error("there is no key from a ceremony for {circuit}, and a compact proof would be forgeable")]
    NoCeremonyKey {
        /// The circuit.
        circuit: CircuitId,
    },
    /// The key of a circuit could not be taken from a ceremony's file.
    #[error("the key cannot be imported")]
    ImportKey(#[from] ImportKeyError),
    /// A reference string could not be imported.
    #[error("the ceremony's file cannot be imported")]
    Ptau(#[from] SnarkjsError),
    /// A reference string could not be derived.
    #[error("no reference string can be derived")]
    DeriveSrs(#[from] DeriveError),
    /// A file could not be read or written.
    #[error("cannot {action} {path}", path = path.display())]
    Io {
        /// `read`, `write`, `create`, ...
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// There is no ledger at the place given.
    #[error("there is no ledger in {dir}", dir = dir.display())]
    NoLedger {
        /// The directory.
        dir: PathBuf,
    },
    /// There already is a ledger at the place given.
    #[error("there already is a ledger in {dir}", dir = dir.display())]
    LedgerExists {
        /// The directory.
        dir: PathBuf,
    },
    /// The ledger's settings file cannot be used.
    #[error("{path} is not a ledger's settings file of this version", path = path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// The ledger's key cannot be used.
    #[error("the ledger's signing key cannot be used")]
    Key(#[from] KeyError),
    /// A private key cannot be used where it is.
    #[error("the private key cannot be used")]
    KeyPlace(#[from] KeyPlaceError),
    /// A key that cannot be taken from where it is.
    #[error("the key at {place} cannot leave its token")]
    KeyStays {
        /// Its place.
        place: String,
    },
    /// There is no notary's key to do something with.
    #[error("the ledger's entries are signed by the log's key: its notary has none")]
    NoNotary,
    /// A file that does not hold the public key that it should.
    #[error("{path} does not hold this ledger's public key", path = path.display())]
    PublicKey {
        /// The file.
        path: PathBuf,
    },
    /// The log's or the notary's signer did not sign, or not with its key. Nothing was recorded.
    #[error("the ledger's signer did not do its work")]
    Signer(#[source] SignerError),
    /// An operation that signs was asked of a ledger opened without its key.
    #[error("the ledger was opened for reading: it has no signing key")]
    ReadOnly,
    /// A key cannot take over from itself, nor revoke itself.
    #[error("that is the log's key")]
    SameKey,
    /// The log's key named a successor, and that key does not sign here.
    #[error("the log's key has named a successor in entry {index}, which does not sign here")]
    Succeeded {
        /// Index of the entry.
        index: LeafIndex,
    },
    /// A key that the log had before cannot take over: what it signs from then on could not be told from what it signed before.
    #[error("that key was the log's and was replaced in entry {index}")]
    FormerKey {
        /// Index of the entry.
        index: LeafIndex,
    },
    /// A rotation was interrupted.
    #[error("a rotation to the key at {place} is under way")]
    RotationUnfinished {
        /// Where the new key is.
        place: String,
    },
    /// The key that was rotated away still signs.
    #[error("the log's key was replaced in entry {index}, and the former one still signs")]
    OverlapGoesOn {
        /// Index of the entry.
        index: LeafIndex,
    },
    /// The operating system has no randomness.
    #[error("the operating system has no randomness")]
    Randomness(#[source] Box<dyn StdError + Send + Sync>),
    /// The stored head is not one that this ledger's key signed.
    #[error("the stored checkpoint is not this ledger's")]
    Checkpoint(#[from] CheckpointError),
    /// The stored tree contradicts itself.
    #[error("the stored tree is damaged")]
    Tree(#[from] TreeError),
    /// The signed head and the stored one differ.
    #[error("the store says {stored} entries, its checkpoint {signed}, or their roots differ")]
    HeadMismatch {
        /// Entries by the store.
        stored: TreeSize,
        /// Entries by the checkpoint.
        signed: TreeSize,
    },
    /// A tile could not be named or encoded.
    #[error("a tile could not be encoded")]
    Tile(#[from] TileError),
    /// An entry could not be made.
    #[error("the entry could not be made")]
    Sign(#[source] EntryError),
    /// A stored entry is not what the log says it is.
    #[error("entry {id} is damaged")]
    Entry {
        /// The entry's id.
        id: TransactionId,
        /// The failed check.
        #[source]
        source: EntryError,
    },
    /// A blob that an entry names is not in the store.
    #[error("blob {digest}, which entry {id} names, is missing or damaged")]
    Blob {
        /// The entry.
        id: TransactionId,
        /// The blob.
        digest: BlobDigest,
    },
    /// The entry would be longer than an entry may be.
    #[error("the entry would have {got} bytes, an entry has at most {max}")]
    EntryTooLong {
        /// Bytes of the entry.
        got: usize,
        /// Most bytes.
        max: usize,
    },
    /// A statement could not be written as JSON.
    #[error("a statement could not be encoded")]
    Encode(#[from] serde_json::Error),
    /// No such dataset.
    #[error("no dataset is called {name:?}")]
    UnknownDataset {
        /// The name asked for.
        name: String,
        /// A name that exists and looks similar.
        similar: Option<DatasetName>,
    },
    /// The name has entries, but none of them is a notarization.
    #[error("{name} was never notarized in this ledger")]
    NotNotarized {
        /// The name.
        name: DatasetName,
    },
    /// No such entry.
    #[error("there is no entry {reference}")]
    UnknownEntry {
        /// The index or id asked for.
        reference: String,
    },
    /// The entry is of a kind or version that this program only shows.
    #[error("entry {id} is of type {got:?}, which this version does not know")]
    UnknownKind {
        /// The entry.
        id: TransactionId,
        /// Its statement's type.
        got: String,
    },
    /// A receipt of no entries, or of too many with all that they name.
    #[error("a receipt has 1 to {max} entries with those that they name, not {got}")]
    ReceiptEntries {
        /// Entries that it would have.
        got: usize,
        /// Most entries.
        max: usize,
    },
    /// A receipt with more scan proofs than a verifier checks.
    #[error("a receipt has at most {max} scan proofs, not {got}: make several, or leave scan proofs out")]
    ReceiptScans {
        /// Scan proofs that it would have.
        got: usize,
        /// Most scan proofs.
        max: usize,
    },
    /// A receipt with more relations than a verifier checks.
    #[error("a receipt has at most {max} relations, not {got}: make several")]
    ReceiptRelations {
        /// Relations that it would have.
        got: usize,
        /// Most relations.
        max: usize,
    },
    /// The entry is not a notarization.
    #[error("entry {id} is not a notarization")]
    NotANotarization {
        /// The entry.
        id: TransactionId,
    },
    /// The dataset's secrets are not there.
    #[error("the opening {place} is not there")]
    OpeningAbsent {
        /// Where it was expected.
        place: String,
    },
    /// What is not the opening it should be.
    #[error("{place} is not an opening of this dataset")]
    Opening {
        /// Where it is.
        place: String,
        /// What the JSON reader says.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// The vault of openings failed.
    #[error("cannot {action} the opening {place}")]
    Vault {
        /// `store` or `fetch`.
        action: &'static str,
        /// Where the opening is or would be.
        place: String,
        /// The vault's answer.
        #[source]
        source: VaultError,
    },
    /// Openings could not be encrypted or decrypted.
    #[error("the openings cannot be encrypted or decrypted")]
    OpeningKey(#[from] OpeningKeyError),
    /// The opening does not open the seal of the entry.
    #[error("the opening does not open the seal of entry {id}")]
    OpeningMismatch {
        /// The entry.
        id: TransactionId,
    },
    /// A circuit of the project where an embedder's own circuit is asked for.
    #[error("circuit {circuit} is not an embedder's; names that start with claim/, scan/ or merge/ are reserved")]
    ClaimCircuit {
        /// The circuit.
        circuit: CircuitId,
    },
    /// The ledger was used, and its store is gone.
    #[error("the ledger has openings, but no store at {store}")]
    StoreAbsent {
        /// Where the store was.
        store: String,
    },
    /// The store is an older copy of the log, or holds another history.
    #[error(
        "the store has {stored} entries, and not the {seen} that this ledger has had: it is an older copy, or another history"
    )]
    SetBack {
        /// Entries that the ledger's directory has seen.
        seen: TreeSize,
        /// Entries of the store.
        stored: TreeSize,
    },
    /// A file that was kept is neither a checkpoint nor a receipt with one.
    #[error("{path} is neither a checkpoint nor a receipt", path = path.display())]
    KeptReceipt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it as a receipt.
        #[source]
        source: Box<VerifyError>,
    },
    /// An entry that its ledger's notary cannot withdraw.
    #[error("entry {id} cannot be withdrawn: it is about keys, a withdrawal itself, or of another notary")]
    NotWithdrawable {
        /// The entry.
        id: TransactionId,
    },
    /// There is no log at a place.
    #[error("no log is published at {place}")]
    NotPublished {
        /// The place.
        place: String,
    },
    /// A file of a published log cannot be read.
    #[error("cannot read {place}")]
    Remote {
        /// The file.
        place: String,
        /// Why.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A log cannot be moved to where it is.
    #[error("the log is at {store} already")]
    SameStore {
        /// The store.
        store: String,
    },
    /// A text that names no store.
    #[error(transparent)]
    StoreUrl(#[from] StoreUrlError),
    /// A kind of store that this program was built without.
    #[error("this program was built without stores of the kind {scheme}")]
    NotCompiledIn {
        /// How URLs of this kind begin.
        scheme: &'static str,
        /// The feature that adds the kind.
        feature: &'static str,
    },
    /// A store that a copy has not finished.
    #[error("a copy into this store was interrupted: it is not a ledger yet")]
    Unfinished,
    /// A copy to a store that holds something else.
    #[error("the target holds {target} entries that the source, of {source_size}, does not begin with")]
    NotAPrefix {
        /// Entries of the target.
        target: TreeSize,
        /// Entries of the source.
        source_size: TreeSize,
    },
    /// The check of the log found something.
    #[error("{findings} finding(s) in the log")]
    Damaged {
        /// Number of findings.
        findings: u64,
        /// The first one.
        #[source]
        first: Box<Finding>,
    },
    /// A directory that holds no exported log.
    #[error("there is no exported log in {dir}", dir = dir.display())]
    NotAnExport {
        /// The directory.
        dir: PathBuf,
    },
    /// The exported log is not an earlier state of the ledger's.
    #[error("{path} holds a checkpoint of {exported} entries that this ledger, of {stored}, did not grow from", path = path.display())]
    Diverged {
        /// The directory of the export.
        path: PathBuf,
        /// Entries of the export.
        exported: TreeSize,
        /// Entries of the ledger.
        stored: TreeSize,
    },
    /// The directory to be written to is not empty.
    #[error("{path} is not empty", path = path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// The head moved more often than the append was repeated.
    #[error("other writers kept appending; gave up after {attempts} attempts")]
    Contention {
        /// Attempts made.
        attempts: u32,
    },
    /// The task that appended ended early, as when the runtime shuts down. Whether the entry landed is open.
    #[error("the append was cancelled; whether the entry was recorded is not known")]
    AppendCancelled,
    /// An append of several callers' entries failed.
    #[error(transparent)]
    Batch(Arc<LedgerError>),
    /// A name, id or type that cannot be read.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A task of this operation ended abnormally, or could not be started.
    #[error("an internal task ended abnormally")]
    Task(#[source] Box<dyn StdError + Send + Sync>),
    /// The future of the request was dropped.
    #[error("the request was cancelled")]
    Cancelled,
    /// A table without a name was to be notarized.
    #[error("the table has no name to be notarized under")]
    Unnamed,
    /// A ledger was to be made from parts, and one is missing.
    #[error("a ledger needs {what}")]
    Incomplete {
        /// What is missing.
        what: &'static str,
    },
}

impl From<UriError> for LedgerError {
    fn from(error: UriError) -> Self {
        Self::KeyPlace(error.into())
    }
}

impl LedgerError {
    pub(crate) fn task(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::Task(Box::new(source))
    }

    /// A checkpoint that could not be signed.
    pub(crate) fn checkpoint(error: CheckpointError) -> Self {
        match error {
            CheckpointError::Note(NoteError::Signer(error)) => Self::Signer(error),
            error => Self::Checkpoint(error),
        }
    }

    /// An entry that could not be made.
    pub(crate) fn entry(error: EntryError) -> Self {
        match error {
            EntryError::Statement(StatementError::Envelope(DsseError::Signer(error))) => Self::Signer(error),
            error => Self::Sign(error),
        }
    }

    pub(crate) fn randomness(source: impl StdError + Send + Sync + 'static) -> Self {
        Self::Randomness(Box::new(source))
    }

    /// This error once for each of `callers`. The store's errors keep their kind, so that every caller can act on it.
    pub(crate) fn for_each_caller(self, callers: usize) -> Vec<Self> {
        match self {
            error if callers == 1 => vec![error],
            Self::Storage(StorageError { kind, retryable, operation, source }) => {
                let source = source.map(Arc::<dyn StdError + Send + Sync>::from);
                let again = || StorageError {
                    kind: kind.clone(),
                    retryable,
                    operation,
                    source: source.clone().map(|source| Box::new(source) as Box<dyn StdError + Send + Sync>),
                };
                (0..callers).map(|_| Self::Storage(again())).collect()
            }
            error => {
                let error = Arc::new(error);
                (0..callers).map(|_| Self::Batch(Arc::clone(&error))).collect()
            }
        }
    }
}
