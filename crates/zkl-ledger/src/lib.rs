#![doc = include_str!("../README.md")]

mod appender;
mod audit;
mod cosign;
mod data;
mod entry;
mod error;
mod export;
mod fsck;
mod home;
mod ledger;
mod log;
pub mod memory;
mod notarize;
mod open;
mod opening;
mod prove;
mod receipt;
mod reference_string;
mod scan;
mod source;
mod stage;
mod store_url;
mod table;
mod transfer;

pub use audit::{AddedEntry, Audit, AuditError, AuditRequest, read_checkpoint};
pub use cosign::{CosignError, CosignOutcome, Cosigned};
pub use data::{DataCheck, DataMismatch, check_data};
pub use entry::Entry;
pub use error::LedgerError;
pub use export::{ExportDir, Exported};
pub use fsck::{Finding, FsckReport};
pub use home::{LedgerHome, WitnessSetting};
pub use ledger::{EntryRef, Ledger, NotarizedEntry};
pub use notarize::{EvidenceRequest, NotarizeRequest, Notarized};
pub use opening::{OPENING_FORMAT, Opening, OpeningStore};
pub use prove::CustomStatement;
pub use reference_string::{ImportedSrs, import_reference_string};
pub use stage::{SharedReporter, Stage, StageReporter};
pub use store_url::{AnyStore, StoreUrl, StoreUrlError};
pub use table::ReadOptions;
pub use transfer::{Copied, copy_log};

pub use zkl_argument::field_kernel;
pub use zkl_circuits::claims::Evaluation;
pub use zkl_core::{
    circuit::{self, Circuit, CircuitId, CircuitType},
    claim,
    column::{ColumnType, Schema},
    digest::{DatasetId, KeyDigest, TransactionId},
    error::ParseError,
    layout::{Encoding, Layout},
    name::DatasetName,
    privacy::PrivacyLevel,
    storage,
    time::Timestamp,
    transaction::OperationKind,
    tree::LeafIndex,
};
pub use zkl_dataset as dataset;
pub use zkl_receipt::{
    Assurance, ClaimRecord, CustomRecord, EntryError, Evidence, FileEvidence, MAX_RECEIPT_ENTRIES, MAX_RECEIPT_LEN,
    Manifest, Nonce, Notarization, Predicate, ProfileEvidence, ProofPart, ProofReport, PublicInput, RECEIPT_FORMAT,
    Receipt, ReceiptEntry, SaltedDigests, ScanKey, ScanPart, ScanRecord, ScanReport, SignedEntry, TransportError,
    Trust, TrustParseError, UnknownStatement, VerifiedEntry, VerifiedLog, VerifiedReceipt, VerifiedStatement,
    VerifyError, WitnessAnswer, WitnessClient, checkpoint, cosignature, keys, note, policy, verify, witness,
};
pub use zkl_snark::{
    ark,
    keys::{KeyStore, Setup},
};
#[cfg(feature = "rocks")]
pub use zkl_storage_rocks::RocksBackend;
