#![doc = include_str!("../README.md")]

mod access_policy;
pub mod circuits;
mod dataset_ref;
mod entry;
mod kind;
mod nonce;
mod outline;
mod proof_record;
mod receipt;
mod rotation;
mod scan;
mod scheme;
mod text;
mod trust_store;
mod verify;
mod witness_client;

pub use access_policy::{AccessPolicy, PolicyLine, PolicyLineError};
pub use dataset_ref::{DatasetRef, MAX_DATASETS, Role, RoleError};
pub use entry::{EntryError, SignedEntry};
pub use kind::{
    About, Assurance, ClaimRecord, CustomRecord, Disclosure, EvidenceBlobs, FileEvidence, KeyChange, KeyRecord,
    LeftOut, Notarization, PolicyRecord, Predicate, ProofBlobs, PublicInput, RelatedTable, RelationRecord,
    RelationReport, RelationTerms, SaltedDigests, SaltedTerms, ScanBlobs, StatementPart, UnknownStatement,
    WithdrawalRecord,
};
pub use nonce::Nonce;
pub use outline::{EntryOutline, ReceiptOutline};
pub use proof_record::ProofRecord;
pub use receipt::{
    Evidence, MAX_RECEIPT_ENTRIES, MAX_RECEIPT_LEN, MAX_RELATIONS, MAX_SCAN_PROOFS, Manifest, ProofPart,
    RECEIPT_FORMAT, Receipt, ReceiptEntry, ScanPart, key_blob,
};
pub use rotation::{NotaryRotations, Rotation};
pub use scan::{ProfileEvidence, ScanBundle, ScanKey, ScanRecord, ScanReport, is_verifiable, table_plan};
pub use scheme::Scheme;
pub use trust_store::{DistrustError, SizeRange, TrustStore, TrustStoreError, Trusted};
pub use verify::{
    LogSummary, ProofReport, ProofSummary, ReceiptSummary, Requirement, RequirementError, RequirementParseError,
    ScanSummary, StatementSummary, Trust, TrustParseError, Verdict, VerifiedEntry, VerifiedLog, VerifiedReceipt,
    VerifiedStatement, VerifyError, verify,
};
pub use witness_client::{TransportError, WitnessAnswer, WitnessClient};

pub use zkl_merkle::{checkpoint, cosignature, keys, note, policy, signer, witness};
