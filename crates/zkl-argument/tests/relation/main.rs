//! The plain protocol of relations: completeness, an oracle of sorted rows, dishonest provers, tampered messages.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod cheating;
mod completeness;
mod fixture;
mod tamper;
