//! Tests of tables beyond one segment.

mod fixture;
mod merge;
mod proofs;
