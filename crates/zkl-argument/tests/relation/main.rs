//! The plain protocol of relations: completeness, oracles that sort rows or add up weights, dishonest provers, tampered messages.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod bounds;
mod cheating;
mod classes;
mod completeness;
mod conditions;
mod dedup;
mod disjoint;
mod fixture;
mod hashed;
mod naive;
mod naive_conditions;
mod presence;
#[path = "../common/scripted.rs"]
mod scripted;
mod subset;
mod tamper;
mod unique;
