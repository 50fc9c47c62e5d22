//! Scan proofs of whole tables: made while a table is read, published as one blob.

mod columns;
mod prove;
mod segments;

pub(crate) use prove::{ProvedScan, ScanJob, SegmentTools, commit_again, side_by_side, witness};
pub(crate) use segments::{SegmentRows, SegmentSink, TablePart};
