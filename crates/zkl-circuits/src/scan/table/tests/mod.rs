//! Tests of tables beyond one segment.

mod fixture;
mod long;
mod merge;
mod plan;
mod proofs;
mod tamper;
mod universal;
