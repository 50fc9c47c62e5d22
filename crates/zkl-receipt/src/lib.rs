#![doc = include_str!("../README.md")]

mod entry;
mod kind;
mod nonce;
mod receipt;
mod scan;
mod text;
mod verify;
mod witness_client;

pub use entry::{EntryError, SignedEntry};
pub use kind::{
    Assurance, ClaimRecord, CustomRecord, FileEvidence, Notarization, Predicate, PublicInput, SaltedDigests,
};
pub use nonce::Nonce;
pub use receipt::{
    LoggedEntry, MAX_RECEIPT_LEN, Manifest, ProofPart, RECEIPT_FORMAT, Receipt, SCAN_RECEIPT_FORMAT, ScanPart,
    WITNESSED_RECEIPT_FORMAT, key_blob,
};
pub use scan::{ProfileEvidence, ScanBundle, ScanKey, ScanRecord, ScanReport, table_plan};
pub use verify::{InLog, ProofReport, Trust, TrustParseError, VerifiedReceipt, VerifiedStatement, VerifyError, verify};
pub use witness_client::{TransportError, WitnessAnswer, WitnessClient};

pub use zkl_merkle::{checkpoint, cosignature, keys, note, policy, witness};
