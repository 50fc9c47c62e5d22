//! Tests of tables beyond one segment.

pub(in crate::scan) mod fixture;
mod merge;
mod parts;
mod plan;
pub(in crate::scan) mod proofs;
mod tamper;
mod universal;
