//! The plain scan protocol: completeness, a naive verifier, dishonest provers, tampered messages.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests, one of which says what it cannot compare"
)]

mod cheating;
mod circuit;
mod completeness;
mod dictionaries;
mod edges;
mod hashed;
mod kernels;
mod naive;
mod opening;
#[path = "../common/scripted.rs"]
mod scripted;
mod statement;
mod table;
mod tamper;
mod zero_knowledge;
