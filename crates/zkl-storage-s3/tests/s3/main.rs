//! The S3 backend on real servers. One program, so that each server starts once.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail like tests")]

mod conformance;
mod crash;
mod damage;
mod faults;
mod heads;
mod open;
mod outage;
mod requests;
mod support;
mod writers;
