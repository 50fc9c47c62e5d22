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
mod predicate;
mod prove;
mod receipt;
mod reference_string;
mod scan;
mod source;
mod stage;
mod store_url;
mod table;
mod transfer;
mod verify;

pub use audit::{AddedEntry, Audit, AuditError, AuditRequest, read_checkpoint};
pub use cosign::{CosignError, CosignOutcome, Cosigned, TransportError, WitnessAnswer, WitnessClient};
pub use data::{DataCheck, DataMismatch, check_data};
pub use entry::{Entry, SignedEntry};
pub use error::{EntryError, LedgerError};
pub use export::{ExportDir, Exported};
pub use fsck::{Finding, FsckReport};
pub use home::{LedgerHome, WitnessSetting};
pub use ledger::{EntryRef, Ledger, NotarizedEntry};
pub use notarize::{EvidenceRequest, NotarizeRequest, Notarized};
pub use opening::{OPENING_FORMAT, Opening, OpeningStore};
pub use predicate::{
    Assurance, ClaimRecord, CustomRecord, FileEvidence, Nonce, Notarization, Predicate, SaltedDigests,
};
pub use prove::CustomStatement;
pub use receipt::{
    LoggedEntry, MAX_RECEIPT_LEN, Manifest, ProofPart, RECEIPT_FORMAT, Receipt, SCAN_RECEIPT_FORMAT, ScanPart,
    WITNESSED_RECEIPT_FORMAT,
};
pub use reference_string::{ImportedSrs, import_reference_string};
pub use scan::{ProfileEvidence, ScanKey, ScanRecord, ScanReport};
pub use stage::{SharedReporter, Stage, StageReporter};
pub use store_url::{AnyStore, StoreUrl, StoreUrlError};
pub use table::ReadOptions;
pub use transfer::{Copied, copy_log};
pub use verify::{InLog, ProofReport, Trust, TrustParseError, VerifiedReceipt, VerifiedStatement, VerifyError, verify};

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
pub use zkl_merkle::{checkpoint, cosignature, keys, note, policy, witness};
pub use zkl_snark::{
    ark,
    keys::{KeyStore, Setup},
};
#[cfg(feature = "rocks")]
pub use zkl_storage_rocks::RocksBackend;
