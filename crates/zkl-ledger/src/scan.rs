//! Scan proofs of whole tables: made while a table is read, published as one blob, verified from a receipt.

mod bundle;
mod columns;
mod prove;
mod record;
mod segments;
mod verify;

pub(crate) use prove::{ProvedScan, ScanJob, commitment_root};
pub use record::{ScanKey, ScanRecord};
pub(crate) use verify::check_scan;
pub use verify::{ProfileEvidence, ScanReport};
