//! Tests of tables in groups of columns.

mod attacks;
mod fixture;
mod plan;
mod proofs;
