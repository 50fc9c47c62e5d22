#![doc = include_str!("../README.md")]

mod appender;
mod audit;
mod builder;
mod cosign;
mod data;
mod dataset_version;
mod entry;
mod error;
mod export;
mod fsck;
mod home;
mod ledger;
mod log;
pub mod memory;
mod notarize;
mod opening;
mod proofs;
mod prove;
mod receipt;
mod reference_string;
mod scan;
pub mod segments;
mod source;
mod stage;
mod store_url;
mod table;
mod transfer;
mod vault;
mod work;

pub use audit::{AddedEntry, Audit, AuditError, AuditRequest, read_checkpoint};
pub use builder::{LedgerBuilder, default_key_dir};
pub use cosign::{CosignError, CosignOutcome, Cosigned};
pub use data::{DataCheck, DataMismatch, check_data};
pub use dataset_version::Dataset;
pub use entry::Entry;
pub use error::{ErrorKind, LedgerError};
pub use export::{ExportDir, Exported};
pub use fsck::{Finding, FsckReport};
pub use home::{LedgerHome, WitnessSetting};
pub use ledger::{EntryRef, Ledger, NotarizedEntry};
pub use notarize::{EvidenceRequest, Notarize, Notarized};
pub use opening::{OPENING_FORMAT, Opening, OpeningStore};
pub use proofs::{ProofSetting, ProofSettingError};
pub use prove::{Prove, ProveCircuit};
pub use reference_string::{
    ImportedSrs, KnownSrs, check_reference_string, derive_reference_string, import_reference_string,
    reference_string_digest, reference_strings,
};
pub use stage::{Stage, StageReporter};
pub use store_url::{AnyStore, StoreUrl, StoreUrlError};
pub use table::{ReadOptions, Table};
pub use transfer::{Copied, copy_log};
pub use vault::{MemoryVault, OpeningVault, VaultError};

pub use zkl_argument::field_kernel;
pub use zkl_circuits::claims::Evaluation;
pub use zkl_circuits::claims::language as claim;
pub use zkl_core::{
    circuit::{self, Circuit, CircuitId, CircuitType},
    column::{ColumnType, Schema},
    digest::{DatasetId, DigestRule, KeyDigest, TransactionId},
    error::ParseError,
    layout::{Encoding, Layout, Rounding, Zone},
    name::DatasetName,
    privacy::PrivacyLevel,
    storage,
    table_note::{TableNote, reading},
    text::visible,
    time::Timestamp,
    transaction::OperationKind,
    tree::LeafIndex,
};
pub use zkl_dataset as dataset;
pub use zkl_receipt::{
    About, Assurance, ClaimRecord, CustomRecord, DatasetRef, EntryError, Evidence, FileEvidence, MAX_DATASETS,
    MAX_RECEIPT_ENTRIES, MAX_RECEIPT_LEN, MAX_SCAN_PROOFS, Manifest, Nonce, Notarization, Predicate, ProfileEvidence,
    ProofPart, ProofRecord, ProofReport, PublicInput, RECEIPT_FORMAT, Receipt, ReceiptEntry, ReceiptSummary,
    Requirement, RequirementError, RequirementParseError, Role, RoleError, SaltedDigests, ScanKey, ScanPart,
    ScanRecord, ScanReport, Scheme, SignedEntry, StatementSummary, TransportError, Trust, TrustParseError,
    UnknownStatement, Verdict, VerifiedEntry, VerifiedLog, VerifiedReceipt, VerifiedStatement, VerifyError,
    WitnessAnswer, WitnessClient, checkpoint, cosignature, keys, note, policy, signer, verify, witness,
};
pub use zkl_snark::{
    ark,
    keys::{KeyError, KeyStore, Setup},
    proof_system,
};
#[cfg(feature = "rocks")]
pub use zkl_storage_rocks::RocksBackend;
