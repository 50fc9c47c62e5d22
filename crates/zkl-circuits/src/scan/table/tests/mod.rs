//! Tests of tables beyond one segment.

mod fixture;
mod merge;
mod parts;
mod plan;
mod proofs;
mod tamper;
mod universal;
