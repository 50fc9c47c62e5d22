//! Scan proofs of whole tables: made while a table is read, published as one blob.

mod columns;
mod prove;
mod segments;

pub(crate) use prove::{ProvedScan, ScanJob, commit_again};
